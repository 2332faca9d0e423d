//! Groups of header-like fields, as delivery status notifications (RFC 3464) and feedback reports (RFC 5965) are
//! written.

use crate::values::Address;

/// More groups than this in one report are not looked at: a mail has fifty recipients at most.
const MOST: usize = 200;

/// The longest text that is kept of a field, in characters.
const LONGEST: usize = 1_000;

/// The fields that stand together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Fields(Vec<(String, String)>);

impl Fields {
    /// Groups, parted by empty lines.
    pub(super) fn groups(text: &str) -> Vec<Self> {
        let (mut groups, mut group) = (Vec::new(), Self::default());
        for line in text.lines() {
            if line.trim().is_empty() {
                groups.push(std::mem::take(&mut group));
            } else {
                group.take_in(line);
            }
            if groups.len() == MOST {
                break;
            }
        }
        groups.push(group);
        groups.retain(|group| !group.0.is_empty());
        groups
    }

    fn take_in(&mut self, line: &str) {
        if line.starts_with([' ', '\t']) {
            // A long field goes on in the next line (RFC 5322, 2.2.3).
            if let Some((_, value)) = self.0.last_mut() {
                value.push(' ');
                value.push_str(line.trim());
            }
        } else if let Some((name, value)) = line.split_once(':') {
            self.0.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
        }
    }

    /// The first field of this name, which is given in lower case.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The addresses in all fields of these names, as `rfc822; ann@example.org` or bare.
    pub(super) fn addresses(&self, names: &[&str]) -> Vec<Address> {
        let meant = self.0.iter().filter(|(name, _)| names.contains(&name.as_str()));
        meant
            .filter_map(|(_, value)| untyped(value).trim_matches(['<', '>']).parse().ok())
            .collect()
    }
}

/// What stands after the type of an address or of a diagnosis: `smtp; 550 no` says `550 no`.
pub(super) fn untyped(value: &str) -> &str {
    value.split_once(';').map_or(value, |(_, rest)| rest).trim()
}

/// As much of a stranger's words as is worth keeping.
pub(super) fn shortened(words: &str) -> String {
    words.chars().take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_unfolded_and_grouped() {
        let text = "A: 1\r\nb : 2\r\n\r\n\r\nA: 3\r\n  and\r\n\tmore\r\nno field\r\n";
        let groups = Fields::groups(text);
        assert_eq!(groups.len(), 2);
        assert_eq!((groups[0].get("a"), groups[0].get("b")), (Some("1"), Some("2")));
        assert_eq!(groups[1].get("a"), Some("3 and more"));
        assert_eq!(groups[1].get("no field"), None);
    }

    #[test]
    fn addresses_come_with_a_type_or_without() {
        let text = "To: rfc822; ann@example.org\nTo: <bob@example.org>\nTo: rfc822;x\nCc: c@d.org";
        let groups = Fields::groups(text);
        let found: Vec<String> =
            groups[0].addresses(&["to"]).iter().map(Address::to_string).collect();
        assert_eq!(found, ["ann@example.org", "bob@example.org"]);
    }
}
