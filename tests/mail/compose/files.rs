//! Files beside the text and pictures inside it.

use mail_parser::MimeHeaders as _;

use selfmx::values::Attachment;

use super::{bytes, is_clean, read};
use crate::letters::letter;

fn file(name: &str, content_type: &str, content_id: Option<&str>) -> Attachment {
    let every_byte = (0..=255).cycle().take(3_000).collect();
    Attachment {
        filename: name.to_owned(),
        content: every_byte,
        content_type: content_type.to_owned(),
        content_id: content_id.map(ToOwned::to_owned),
    }
}

#[test]
fn a_file_keeps_its_name_its_type_and_every_byte() {
    let long = "sehr-länglich-".repeat(15) + ".pdf";
    for name in ["report.pdf", "Übersicht 2024.pdf", "報告書.pdf", "a\"b;c=d's.pdf", &long] {
        let mut letter = letter(&["a@a.example"]);
        letter.attachments = vec![file(name, "application/pdf", None)];
        let bytes = bytes(&letter);
        let mail = read(&bytes);
        assert!(mail.is_content_type("multipart", "mixed"));
        let part = mail.attachment(0).unwrap();
        assert_eq!(part.attachment_name(), Some(name));
        assert!(part.is_content_type("application", "pdf"));
        assert_eq!(part.contents(), letter.attachments[0].content);
        assert!(is_clean(&bytes) && bytes.is_ascii());
    }
}

#[test]
fn a_picture_that_the_html_shows_is_related_to_it() {
    let mut letter = letter(&["a@a.example"]);
    letter.html = Some("<img src=\"cid:logo@acme\">".to_owned());
    letter.attachments = vec![
        file("logo.png", "image/png", Some("logo@acme")),
        file("a.pdf", "application/pdf", None),
    ];
    let bytes = bytes(&letter);
    let text = String::from_utf8(bytes.clone()).unwrap();
    assert!(text.contains("Content-ID: <logo@acme>"));
    let mail = read(&bytes);
    let kinds: Vec<_> = mail
        .parts
        .iter()
        .map(|part| part.content_type().and_then(|kind| kind.subtype()).unwrap_or("none"))
        .collect();
    assert_eq!(kinds, ["mixed", "alternative", "plain", "related", "html", "png", "pdf"]);
}

#[test]
fn without_html_a_picture_is_a_file_like_any_other() {
    let mut letter = letter(&["a@a.example"]);
    letter.attachments = vec![file("logo.png", "image/png", Some("logo"))];
    let bytes = bytes(&letter);
    let mail = read(&bytes);
    assert!(mail.is_content_type("multipart", "mixed"));
    assert_eq!(mail.attachment_count(), 1);
}

#[test]
fn a_file_alone_is_a_mail() {
    let mut letter = letter(&["a@a.example"]);
    letter.text = None;
    letter.attachments = vec![file("a.bin", "application/octet-stream", None)];
    let bytes = bytes(&letter);
    assert_eq!(read(&bytes).attachment_count(), 1);
}

#[test]
fn a_type_that_would_change_the_structure_is_a_plain_file() {
    for kind in ["message/rfc822", "multipart/mixed; boundary=x", "Message/Partial"] {
        let mut letter = letter(&["a@a.example"]);
        letter.attachments = vec![file("a.eml", kind, None)];
        let bytes = bytes(&letter);
        let mail = read(&bytes);
        let part = mail.attachment(0).unwrap();
        assert!(part.is_content_type("application", "octet-stream"), "{kind}");
        assert_eq!(part.contents(), letter.attachments[0].content);
    }
}

#[test]
fn two_files_of_one_name_are_both_there() {
    let mut letter = letter(&["a@a.example"]);
    letter.attachments = vec![file("a.txt", "text/plain", None), file("a.txt", "text/plain", None)];
    assert_eq!(read(&bytes(&letter)).attachment_count(), 2);
}
