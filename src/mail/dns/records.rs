//! The records that a domain should have: their names, their values, and what counts as such a value.

use std::fmt::Write as _;

use crate::mail::dkim::Algorithm;
use crate::values::{DkimKey, DkimKeys, DomainRecord, HostName, custom_domain};

/// A character string in a TXT record holds so many bytes at most (RFC 1035).
const STRING: usize = 255;

/// How mail leaves this installation, as far as a domain must know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Where bounces go; none: to the sender.
    pub return_path: Option<HostName>,
    /// The mechanism that lets our relay send (RFC 7208, section 5), such as `a:smtp.example.com`.
    pub spf: String,
}

/// The type of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordType {
    /// Text.
    Txt,
    /// Another name.
    Cname,
}

impl RecordType {
    /// Its name in a zone.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Txt => "TXT",
            Self::Cname => "CNAME",
        }
    }
}

/// A record as it should stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// What it is for.
    pub record: DomainRecord,
    /// Its type.
    pub kind: RecordType,
    /// Its full name.
    pub name: String,
    /// Its value, however long.
    pub value: String,
}

impl Plan {
    /// All records that a domain with these keys should have.
    pub fn wanted(&self, domain: &HostName, keys: &DkimKeys) -> Vec<Wanted> {
        let txt = |record, name, value| Wanted { record, kind: RecordType::Txt, name, value };
        let dkim = |record, key: &DkimKey, algorithm: Algorithm| {
            let name = format!("{}._domainkey.{domain}", key.selector);
            let value = format!("v=DKIM1; k={}; p={}", algorithm.as_str(), key.public_key);
            txt(record, name, value)
        };
        let mut all = vec![
            dkim(DomainRecord::DkimRsa, &keys.rsa, Algorithm::Rsa),
            dkim(DomainRecord::DkimEd25519, &keys.ed25519, Algorithm::Ed25519),
            txt(DomainRecord::Spf, domain.to_string(), format!("v=spf1 {} ~all", self.spf)),
            txt(DomainRecord::Dmarc, format!("_dmarc.{domain}"), "v=DMARC1; p=none".to_owned()),
        ];
        all.extend(self.return_path.as_ref().map(|target| Wanted {
            record: DomainRecord::ReturnPath,
            kind: RecordType::Cname,
            name: custom_domain(domain),
            value: target.to_string(),
        }));
        all
    }
}

impl Wanted {
    /// True if what stands there will do: its owner may say more in it than we ask for.
    pub fn is_met_by(&self, values: &[String]) -> bool {
        match self.record {
            DomainRecord::DkimRsa | DomainRecord::DkimEd25519 => {
                let [one] = values else { return false };
                let (stands, wanted) = (tags(one), tags(&self.value));
                let kind = |tags: &[(String, String)]| tag(tags, "k").unwrap_or("rsa").to_owned();
                kind(&stands) == kind(&wanted) && tag(&stands, "p") == tag(&wanted, "p")
            }
            DomainRecord::Spf => {
                let is_spf = |text: &&String| words(text).next() == Some("v=spf1");
                let Some(spf) = only(values.iter().filter(is_spf)) else { return false };
                let wanted = words(&self.value).nth(1);
                words(spf).map(|word| word.trim_start_matches('+')).any(|word| Some(word) == wanted)
            }
            DomainRecord::Dmarc => {
                let is_dmarc = |tags: &Vec<_>| tag(tags, "v") == Some("DMARC1");
                let policy = only(values.iter().map(|text| tags(text)).filter(is_dmarc));
                let policy = policy.as_ref().and_then(|tags| tag(tags, "p"));
                policy.is_some_and(|policy| ["none", "quarantine", "reject"].contains(&policy))
            }
            DomainRecord::ReturnPath => {
                let plain = |name: &str| name.trim_end_matches('.').to_ascii_lowercase();
                values.iter().any(|name| plain(name) == plain(&self.value))
            }
        }
    }
}

/// The one there is; several contradict each other, and receivers take none of them.
fn only<T>(mut all: impl Iterator<Item = T>) -> Option<T> {
    let first = all.next()?;
    all.next().is_none().then_some(first)
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split_ascii_whitespace()
}

/// The tags of a `name=value; …` list; spaces inside a value do not count (RFC 6376, section 3.2).
fn tags(text: &str) -> Vec<(String, String)> {
    let each = text.split(';').filter_map(|tag| tag.split_once('='));
    let plain = |text: &str| text.split_ascii_whitespace().collect::<String>();
    each.map(|(name, value)| (plain(name), plain(value))).collect()
}

fn tag<'a>(tags: &'a [(String, String)], wanted: &str) -> Option<&'a str> {
    tags.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str())
}

/// The records as lines of a zone file (RFC 1035, section 5), as BIND reads them.
pub fn zone(records: &[Wanted]) -> String {
    let mut lines = String::new();
    for Wanted { kind, name, value, .. } in records {
        let data = match kind {
            RecordType::Txt => strings(value),
            RecordType::Cname => format!("{value}."),
        };
        let _ = writeln!(lines, "{name}. 3600 IN {} {data}", kind.as_str());
    }
    lines
}

/// A text that is too long for one string is several in parentheses; readers join them.
fn strings(value: &str) -> String {
    let characters: Vec<char> = value.chars().collect();
    let each = characters.chunks(STRING).map(|part| part.iter().collect::<String>());
    let quoted: Vec<String> = each.map(|part| format!("\"{part}\"")).collect();
    match quoted.as_slice() {
        [one] => one.clone(),
        several => format!("( {} )", several.join(" ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::values::SecretKey;

    fn wanted() -> Vec<Wanted> {
        let secret = SecretKey::new("0123456789abcdef0123456789abcdef").unwrap();
        let key = |selector: &str, public: &str| DkimKey {
            selector: selector.to_owned(),
            public_key: public.to_owned(),
            private_key: secret.seal("dom", "x").unwrap(),
        };
        let keys = DkimKeys { rsa: key("r", &"A".repeat(392)), ed25519: key("e", "BBBB") };
        let return_path = Some(HostName::domain("bounce.example.net").unwrap());
        let plan = Plan { return_path, spf: "include:bounce.example.net".to_owned() };
        plan.wanted(&HostName::domain("acme.com").unwrap(), &keys)
    }

    fn is_met(record: DomainRecord, values: &[&str]) -> bool {
        let values: Vec<String> = values.iter().map(|&text| text.to_owned()).collect();
        wanted().iter().find(|one| one.record == record).unwrap().is_met_by(&values)
    }

    #[test]
    fn a_zone_holds_them_all_and_long_texts_in_pieces() {
        let zone = zone(&wanted());
        let lines: Vec<&str> = zone.lines().collect();
        assert_eq!(lines.len(), 5);
        let (first, second) = ("A".repeat(255 - 18), "A".repeat(392 - (255 - 18)));
        let begin = "r._domainkey.acme.com. 3600 IN TXT";
        assert_eq!(lines[0], format!("{begin} ( \"v=DKIM1; k=rsa; p={first}\" \"{second}\" )"));
        assert_eq!(lines[4], "bounces.acme.com. 3600 IN CNAME bounce.example.net.");
    }

    #[test]
    fn a_key_is_ours_however_it_is_spaced_and_nothing_else_is() {
        let ours = DomainRecord::DkimEd25519;
        assert!(is_met(ours, &["v=DKIM1;k=ed25519;  p=BB BB"]));
        assert!(is_met(ours, &["k=ed25519; t=s; p=BBBB; n=note"]));
        for other in [
            &["v=DKIM1; k=ed25519; p="][..],
            &["v=DKIM1; k=rsa; p=BBBB"],
            &["v=DKIM1; p=BBBB"],
            &["v=DKIM1; k=ed25519; p=BBBB", "v=DKIM1; k=ed25519; p=CCCC"],
            &[],
        ] {
            assert!(!is_met(ours, other), "{other:?}");
        }
    }

    #[test]
    fn one_spf_record_may_let_others_send_too() {
        let spf = DomainRecord::Spf;
        assert!(is_met(spf, &["other", "v=spf1 mx +include:bounce.example.net -all"]));
        assert!(!is_met(spf, &["v=spf1 mx -all"]));
        assert!(!is_met(spf, &["v=spf1 include:bounce.example.net ~all", "v=spf1 -all"]));
        assert!(!is_met(spf, &["v=spf10 include:bounce.example.net ~all"]));
    }

    #[test]
    fn any_policy_of_the_domains_own_will_do() {
        let dmarc = DomainRecord::Dmarc;
        assert!(is_met(dmarc, &["v=DMARC1; p=reject; rua=mailto:d@acme.com"]));
        assert!(!is_met(dmarc, &["v=DMARC1; rua=mailto:d@acme.com"]));
        assert!(is_met(DomainRecord::ReturnPath, &["Bounce.Example.NET."]));
        assert!(!is_met(DomainRecord::ReturnPath, &["example.net"]));
    }
}
