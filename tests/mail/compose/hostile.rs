//! Whatever a caller may give, the mail says no more than was meant.

use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use selfmx::values::{Mailbox, Subject};

use super::{bytes, is_clean, read};
use crate::letters::{address, letter};

/// One line in any script, with what encoders stumble over.
fn line() -> impl Strategy<Value = String> {
    let pieces = prop_oneof![
        "[a-z]{1,12}",
        " {1,3}",
        "[!-~]{1,6}",
        "\\PC{1,4}",
        Just("=?utf-8?Q?".to_owned()),
        Just("?=".to_owned()),
        Just("\t".to_owned()),
        "[a-z]{60,120}",
    ];
    prop::collection::vec(pieces, 0..12).prop_map(|pieces| pieces.concat())
}

/// The names of the headers, in their order.
fn names(bytes: &[u8]) -> Vec<String> {
    read(bytes).headers_raw().map(|(name, _)| name.to_owned()).collect()
}

/// The same letters on each run.
fn settled() -> ProptestConfig {
    ProptestConfig {
        rng_seed: RngSeed::Fixed(20_240_115),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(settled())]

    #[test]
    fn a_subject_says_what_it_said_and_adds_no_header(text in line()) {
        let Ok(subject) = Subject::new(&text) else { return Ok(()) };
        let mut letter = letter(&["a@a.example"]);
        let before = names(&bytes(&letter));
        letter.subject = subject;
        let bytes = bytes(&letter);
        prop_assert!(is_clean(&bytes));
        prop_assert!(bytes.is_ascii());
        prop_assert_eq!(names(&bytes).len(), before.len() - usize::from(text.is_empty()));
        let mail = read(&bytes);
        prop_assert_eq!(mail.subject().unwrap_or_default(), text);
    }

    #[test]
    fn a_header_of_the_senders_is_one_header(text in line()) {
        let mut letter = letter(&["a@a.example"]);
        if letter.headers.push("X-Own", &text).is_err() {
            return Ok(());
        }
        let bytes = bytes(&letter);
        prop_assert!(is_clean(&bytes));
        let own = names(&bytes).into_iter().filter(|name| name == "X-Own").count();
        prop_assert_eq!(own, 1);
        let mail = read(&bytes);
        prop_assert_eq!(mail.subject(), Some("Hello"));
    }

    #[test]
    fn a_name_is_one_name(text in line()) {
        let name = text.replace('\t', " ").trim().to_owned();
        // An encoded word as a name is one's own to give; what matters is where the name ends.
        if name.is_empty() || name.contains("=?") {
            return Ok(());
        }
        let mut letter = letter(&["a@a.example"]);
        letter.from = Mailbox { name: Some(name.clone()), address: address("ann@acme.example") };
        let bytes = bytes(&letter);
        prop_assert!(is_clean(&bytes));
        let mail = read(&bytes);
        let from = mail.from().and_then(|from| from.first()).unwrap();
        prop_assert_eq!(from.address(), Some("ann@acme.example"));
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        prop_assert_eq!(words(from.name().unwrap_or_default()), words(&name));
    }

    #[test]
    fn a_text_says_what_it_said(text in "(\\PC|[\r\n.\t ]){0,200}") {
        let mut letter = letter(&["a@a.example"]);
        letter.text = Some(text.clone());
        let bytes = bytes(&letter);
        prop_assert!(is_clean(&bytes));
        let lines = |text: &str| {
            text.replace("\r\n", "\n").replace('\r', "\n").trim_end().to_owned()
        };
        prop_assert_eq!(lines(&read(&bytes).body_text(0).unwrap_or_default()), lines(&text));
    }
}
