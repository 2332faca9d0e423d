//! The text of a mail, and its HTML.

use mail_parser::MimeHeaders as _;

use super::{bytes, is_clean, read};
use crate::letters::letter;

#[test]
fn a_text_alone_is_one_plain_part() {
    let mut letter = letter(&["a@a.example"]);
    letter.text = Some("Grüße\nund mehr\n".to_owned());
    let bytes = bytes(&letter);
    let mail = read(&bytes);
    assert_eq!(mail.parts.len(), 1);
    assert!(mail.is_content_type("text", "plain"));
    assert_eq!(mail.body_text(0).unwrap().trim_end(), "Grüße\r\nund mehr");
    assert!(is_clean(&bytes) && bytes.is_ascii());
}

#[test]
fn html_alone_is_one_html_part() {
    let mut letter = letter(&["a@a.example"]);
    (letter.text, letter.html) = (None, Some("<p>Grüße</p>".to_owned()));
    let bytes = bytes(&letter);
    let mail = read(&bytes);
    assert!(mail.is_content_type("text", "html"));
    assert_eq!(mail.body_html(0).unwrap().trim_end(), "<p>Grüße</p>");
}

#[test]
fn both_are_alternatives_with_the_better_one_last() {
    let mut letter = letter(&["a@a.example"]);
    letter.html = Some("<p>Hello</p>".to_owned());
    let bytes = bytes(&letter);
    let mail = read(&bytes);
    assert!(mail.is_content_type("multipart", "alternative"));
    assert!(mail.parts[1].is_content_type("text", "plain"));
    assert!(mail.parts[2].is_content_type("text", "html"));
}

#[test]
fn any_text_arrives_as_lines_that_relays_take() {
    for (text, arrives) in [
        ("a\rb\nc\r\nd", "a\r\nb\r\nc\r\nd"),
        (".\r\n..\r\n.a", ".\r\n..\r\n.a"),
        (&"x".repeat(5_000), &"x".repeat(5_000)),
        (&"ü".repeat(5_000), &"ü".repeat(5_000)),
        ("nul\0and bell\x07", "nul\0and bell\x07"),
        ("From here on\n\nFrom there", "From here on\r\n\r\nFrom there"),
        ("trailing  \nspaces \t", "trailing  \r\nspaces"),
        ("=3D is no code", "=3D is no code"),
    ] {
        let mut letter = letter(&["a@a.example"]);
        letter.text = Some(text.to_owned());
        let bytes = bytes(&letter);
        assert!(is_clean(&bytes), "{text:?}");
        assert!(bytes.is_ascii(), "{text:?}");
        assert_eq!(read(&bytes).body_text(0).unwrap().trim_end(), arrives, "{text:?}");
    }
}
