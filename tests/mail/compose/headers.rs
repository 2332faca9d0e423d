//! The headers as they were meant.

use mail_parser::{Addr, Address as Read, HeaderForm};

use selfmx::values::{Recipients, Subject};

use super::{bytes, is_clean, read};
use crate::letters::{letter, mailbox, written};

fn shown(read: Option<&Read<'_>>) -> Vec<(String, String)> {
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let one = |addr: &Addr<'_>| (text(addr.name()), text(addr.address()));
    read.map(|read| read.iter().map(one).collect()).unwrap_or_default()
}

fn named(name: &str, address: &str) -> (String, String) {
    (name.to_owned(), address.to_owned())
}

#[test]
fn everybody_is_named_as_they_are_but_for_the_hidden() {
    let mut letter = letter(&["a@a.example"]);
    letter.from = mailbox("Jürgen Müller <j@acme.example>");
    letter.reply_to = Some(mailbox("\"Müller, J.\" <answers@acme.example>"));
    letter.recipients = Recipients::new(
        vec![mailbox("李小龍 <lee@a.example>"), mailbox("plain@b.example")],
        vec![mailbox("\"O'Neill, \\\"Bob\\\"\" <bob@c.example>")],
        vec![mailbox("Hidden Harry <harry@secret.example>")],
    )
    .unwrap();
    let bytes = bytes(&letter);
    let mail = read(&bytes);
    assert_eq!(shown(mail.from()), [named("Jürgen Müller", "j@acme.example")]);
    assert_eq!(shown(mail.reply_to()), [named("Müller, J.", "answers@acme.example")]);
    let to = [named("李小龍", "lee@a.example"), named("", "plain@b.example")];
    assert_eq!(shown(mail.to()), to);
    assert_eq!(shown(mail.cc()), [named("O'Neill, \"Bob\"", "bob@c.example")]);
    let text = String::from_utf8(bytes.clone()).unwrap();
    assert!(!text.to_lowercase().contains("harry") && !text.to_lowercase().contains("bcc"));
    assert!(is_clean(&bytes));
}

#[test]
fn only_hidden_recipients_leave_a_header_that_says_so() {
    let mut letter = letter(&["a@a.example"]);
    let hidden = vec![mailbox("h@secret.example")];
    letter.recipients = Recipients::new(Vec::new(), Vec::new(), hidden).unwrap();
    let text = String::from_utf8(bytes(&letter)).unwrap();
    assert!(text.contains("\r\nTo: undisclosed-recipients:;\r\n"));
    assert!(!text.contains("secret.example"));
}

#[test]
fn a_mail_written_twice_has_the_same_id_and_date() {
    let letter = letter(&["a@a.example"]);
    let (first, second) = (bytes(&letter), bytes(&letter));
    assert_eq!(first, second);
    let mail = read(&first);
    assert_eq!(mail.message_id(), Some(format!("{}@acme.example", letter.id).as_str()));
    assert_eq!(mail.date().unwrap().to_rfc3339(), "2024-01-15T10:30:00Z");
}

#[test]
fn a_subject_is_read_as_it_was_written() {
    for subject in [
        "Hello",
        "Grüße aus Köln 🎉",
        "plain and ünïcode and plain again",
        "two  spaces   and more",
        " one before and one after ",
        "tab\tin between",
        "=?utf-8?B?aGFja2Vk?=",
        "before =?utf-8?q?=41=42?= after",
        "=?odd but no encoded word?=",
        &"long words wherever one looks ".repeat(30),
        &"ü".repeat(400),
        &"x".repeat(998),
        &"漢字 ".repeat(140),
        "a: b; c=\"d\" <e@f.example>, g",
    ] {
        let mut letter = letter(&["a@a.example"]);
        letter.subject = Subject::new(subject).unwrap();
        let bytes = bytes(&letter);
        assert_eq!(read(&bytes).subject(), Some(subject));
        assert!(is_clean(&bytes));
    }
}

#[test]
fn an_empty_subject_is_no_header() {
    let mut letter = letter(&["a@a.example"]);
    letter.subject = Subject::new("").unwrap();
    assert!(!String::from_utf8(bytes(&letter)).unwrap().contains("Subject"));
}

#[test]
fn further_headers_are_kept_and_two_of_one_name_as_well() {
    let mut letter = letter(&["a@a.example"]);
    let unsubscribe = "<https://acme.example/u?id=?1&b=2>, <mailto:u@acme.example>";
    letter.headers.push("List-Unsubscribe", unsubscribe).unwrap();
    letter.headers.push("X-Note", "eins").unwrap();
    letter.headers.push("X-Note", "zwölf").unwrap();
    letter.headers.push("X-Empty", "").unwrap();
    let bytes = bytes(&letter);
    let text = String::from_utf8(bytes.clone()).unwrap();
    let unfolded = text.replace("\r\n ", " ");
    assert!(unfolded.contains(&format!("List-Unsubscribe: {unsubscribe}\r\n")), "{text}");
    let mail = read(&bytes);
    let notes = mail.header_as("X-Note", HeaderForm::Text);
    assert_eq!(
        notes.iter().filter_map(|note| note.as_text()).collect::<Vec<_>>(),
        ["eins", "zwölf"]
    );
}

#[test]
fn fifty_recipients_are_folded() {
    let to: Vec<_> = (0..50).map(|n| format!("Nümber {n} <n{n}@many.example>")).collect();
    let letter = letter(&to.iter().map(String::as_str).collect::<Vec<_>>());
    let bytes = bytes(&letter);
    assert!(is_clean(&bytes));
    let read = shown(read(&bytes).to());
    assert_eq!(read.len(), 50);
    assert_eq!(read[49], named("Nümber 49", "n49@many.example"));
}

#[test]
fn who_cannot_be_written_in_ascii_does_not_keep_the_mail_from_the_others() {
    let message = written(&letter(&["jürgen@a.example", "b@b.example"]));
    assert!(message.needs_smtputf8);
    let ascii = message.ascii().unwrap().concat();
    assert!(ascii.is_ascii() && is_clean(&ascii));
    assert_eq!(shown(read(&ascii).to()), [named("", "b@b.example")]);
    assert_eq!(read(&ascii).body_text(0), read(&message.bytes).body_text(0));
}
