//! Where bounces of one mail go: an address of our own that names the mail, and that nobody else can make.

use super::{Address, AddressError, EmailId, HostName, SecretKey};

/// What the key is for that signs such addresses.
const PURPOSE: &str = "selfmx return path 1";

/// How much of a signature is shown, in hex digits: 80 bits, guessed only by asking us.
const DIGITS: usize = 20;

/// Makes and reads variable envelope return paths (VERP): `<mail><signature>@<domain>`.
///
/// The local part has letters and digits alone, since relays on the way mangle others, and means the same in
/// upper and lower case. A mail goes to all of its recipients in one transaction, so it names the mail; the report
/// that comes back says who is meant.
#[derive(Clone, Debug)]
pub struct ReturnPath {
    domain: HostName,
    key: SecretKey,
}

impl ReturnPath {
    /// Under this domain.
    pub fn new(domain: HostName, key: SecretKey) -> Self {
        Self { domain, key }
    }

    /// Its domain.
    pub fn domain(&self) -> &str {
        self.domain.as_str()
    }

    /// Where bounces of this mail go.
    pub fn of(&self, email: EmailId) -> Result<Address, AddressError> {
        let id = email.to_string();
        let name = id.strip_prefix(EmailId::PREFIX).unwrap_or(&id);
        format!("{name}{}@{}", self.signature(email), self.domain).parse()
    }

    /// Which mail an address names; none for any that we did not make.
    pub fn email(&self, address: &str) -> Option<EmailId> {
        let (token, domain) = address.rsplit_once('@')?;
        let token = token.to_ascii_lowercase();
        let (name, signature) = token.split_at_checked(token.len().checked_sub(DIGITS)?)?;
        let email: EmailId = format!("{}{name}", EmailId::PREFIX).parse().ok()?;
        let ours = self.signature(email) == signature;
        (ours && domain.eq_ignore_ascii_case(self.domain.as_str())).then_some(email)
    }

    fn signature(&self, email: EmailId) -> String {
        let mut digits = hex::encode(self.key.mac_for(PURPOSE, &email.to_string()));
        digits.truncate(DIGITS);
        digits
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::values::Timestamp;

    fn path(secret: &str) -> ReturnPath {
        let domain = HostName::domain("bounce.example.net").unwrap();
        ReturnPath::new(domain, SecretKey::new(secret).unwrap())
    }

    fn email() -> EmailId {
        EmailId::at("2024-01-15T10:30:00Z".parse::<Timestamp>().unwrap())
    }

    #[test]
    fn an_address_names_its_mail_in_any_case_and_fits_the_limit() {
        let (path, email) = (path("a secret of thirty-two characters"), email());
        let address = path.of(email).unwrap();
        assert!(address.local().len() <= 64);
        assert!(address.local().bytes().all(|byte| byte.is_ascii_alphanumeric()));
        assert_eq!(path.email(&address.to_string()), Some(email));
        assert_eq!(path.email(&address.to_string().to_uppercase()), Some(email));
    }

    #[test]
    fn what_was_made_by_others_or_changed_names_nothing() {
        let (ours, email) = (path("a secret of thirty-two characters"), email());
        let theirs = path("another secret of thirty-two characters").of(email).unwrap();
        let good = ours.of(email).unwrap().to_string();
        let elsewhere = good.replace("bounce.example.net", "example.net");
        let other = format!("7{}", &good[1..]);
        for text in [
            theirs.to_string(),
            elsewhere,
            other,
            "postmaster@bounce.example.net".into(),
            "x".into(),
            String::new(),
            "é@bounce.example.net".into(),
        ] {
            assert_eq!(ours.email(&text), None, "{text}");
        }
    }
}
