//! Where bounces of one mail go: an address of our own that names the mail, and that nobody else can make.

use super::{Address, AddressError, EmailId, HostName, SecretKey};

/// What the key is for that signs such addresses.
const PURPOSE: &str = "selfmx return path 1";

/// How much of a signature is shown, in hex digits: 80 bits, guessed only by asking us.
const DIGITS: usize = 20;

/// What a sender's own domain for bounces begins with.
const LABEL: &str = "bounces.";

/// Makes and reads variable envelope return paths (VERP): `<mail><signature>@<domain>`, where the domain is ours or
/// `bounces.` and a sender's, which is another name of ours.
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
    /// Under this domain, which all senders share.
    pub fn new(domain: HostName, key: SecretKey) -> Self {
        Self { domain, key }
    }

    /// The domain that all senders share.
    pub fn domain(&self) -> &str {
        self.domain.as_str()
    }

    /// Where bounces of this mail go.
    pub fn of(&self, email: EmailId) -> Result<Address, AddressError> {
        self.at(email, self.domain())
    }

    /// Where they go by a name of the sender's own domain, so that SPF speaks for the domain that readers see (RFC
    /// 7489, section 3.1.2). A domain so long that the address would be too long has its bounces go where all go.
    pub fn aligned(&self, email: EmailId, sender: &HostName) -> Result<Address, AddressError> {
        self.at(email, &custom_domain(sender)).or_else(|_| self.of(email))
    }

    fn at(&self, email: EmailId, domain: &str) -> Result<Address, AddressError> {
        let id = email.to_string();
        let name = id.strip_prefix(EmailId::PREFIX).unwrap_or(&id);
        format!("{name}{}@{domain}", self.signature(email)).parse()
    }

    /// Which mail an address names; none for any that we did not make.
    ///
    /// After `bounces.` any domain will do. That is safe, since the signature alone says that the address is ours, and
    /// which mail it names; the domain only led here. A list of domains would lose reports: mail is on its way for
    /// days, and its sender's domain may be given up, or lose its records, meanwhile.
    pub fn email(&self, address: &str) -> Option<EmailId> {
        let (token, domain) = address.rsplit_once('@')?;
        let token = token.to_ascii_lowercase();
        let (name, signature) = token.split_at_checked(token.len().checked_sub(DIGITS)?)?;
        let email: EmailId = format!("{}{name}", EmailId::PREFIX).parse().ok()?;
        let ours = self.signature(email) == signature;
        (ours && self.leads_here(domain)).then_some(email)
    }

    fn leads_here(&self, domain: &str) -> bool {
        let sender = domain.split_at_checked(LABEL.len());
        let sender = sender.filter(|(label, _)| label.eq_ignore_ascii_case(LABEL));
        domain.eq_ignore_ascii_case(self.domain())
            || sender.is_some_and(|(_, sender)| HostName::domain(sender).is_ok())
    }

    fn signature(&self, email: EmailId) -> String {
        let mut digits = hex::encode(self.key.mac_for(PURPOSE, &email.to_string()));
        digits.truncate(DIGITS);
        digits
    }
}

/// Where bounces of a sender's domain go, once that name is another for our own domain.
pub fn custom_domain(sender: &HostName) -> String {
    format!("{LABEL}{sender}")
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
    fn a_senders_own_domain_leads_to_the_same_mail_whosever_it_is_now() {
        let (path, email) = (path("a secret of thirty-two characters"), email());
        let address = path.aligned(email, &HostName::domain("Bücher.example").unwrap()).unwrap();
        assert_eq!(address.domain(), "bounces.xn--bcher-kva.example");
        assert_eq!(address.local(), path.of(email).unwrap().local());
        assert_eq!(path.email(&address.to_string()), Some(email));
        assert_eq!(path.email(&address.to_string().to_uppercase()), Some(email));
    }

    #[test]
    fn a_domain_that_is_too_long_for_it_has_its_bounces_go_where_all_go() {
        let (path, email) = (path("a secret of thirty-two characters"), email());
        let long = format!("{}.com", ["a".repeat(60).as_str(); 4].join("."));
        let sender = HostName::domain(&long).unwrap();
        assert_eq!(path.aligned(email, &sender), path.of(email));
    }

    #[test]
    fn what_was_made_by_others_or_changed_names_nothing() {
        let (ours, email) = (path("a secret of thirty-two characters"), email());
        let theirs = path("another secret of thirty-two characters").of(email).unwrap();
        let good = ours.of(email).unwrap().to_string();
        let at = |domain: &str| good.replace("bounce.example.net", domain);
        let other = format!("7{}", &good[1..]);
        for text in [
            theirs.to_string(),
            theirs.to_string().replace("bounce.example.net", "bounces.acme.com"),
            at("example.net"),
            at("acme.com"),
            at("bounces.com"),
            at("bounces."),
            at("bounces..com"),
            at("bounces.acme.com@example.org"),
            at("bouncesé.com"),
            at("notbounces.acme.com"),
            at("mail.bounces.acme.com"),
            at("bounces.127.0.0.1"),
            other.replace("bounce.example.net", "bounces.acme.com"),
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
