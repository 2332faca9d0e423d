//! Emails that are not accepted: each fault is told with its field.

use reqwest::Method;
use serde_json::{Value, json};
use sqlx::PgPool;

use super::Refused;
use crate::app::App;

fn people(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("p{number}@example.org")).collect()
}

/// What is no address, nor one with a name.
const NO_ADDRESSES: [&str; 19] = [
    "ann",
    "@example.org",
    "ann@",
    "ann@localhost",
    "ann@10.0.0.1",
    "ann@[10.0.0.1]",
    "a b@example.org",
    "ann@-example.org",
    "ann@example..org",
    ".ann@example.org",
    "ann@exa_mple.org",
    "Ann <ann@example.org",
    "Ann ann@example.org>",
    "ann@example.org, bob@example.org",
    "ann@example.org;bob@example.org",
    "",
    "ann@xn--a.example",
    "ann@example.org\0",
    "<>",
];

/// Fields instead of those of a good email, and those that are then at fault.
type Faulty = Vec<(Value, Vec<&'static str>)>;

fn recipients() -> Faulty {
    let mut all = vec![
        (json!({"to": null}), vec!["to"]),
        (json!({"to": []}), vec!["to"]),
        (json!({"to": 7}), vec!["to"]),
        (json!({"to": {}}), vec!["to"]),
        (json!({"to": ["ann@example.org", 7]}), vec!["to"]),
        (json!({"to": people(51)}), vec!["to"]),
        (json!({"to": people(20), "cc": people(20), "bcc": people(11)}), vec!["to"]),
        (
            json!({"to": ["ok@example.org", "nobody", "a@b@c"], "cc": "x@"}),
            vec!["to[1]", "to[2]", "cc"],
        ),
    ];
    for address in NO_ADDRESSES {
        all.push((json!({"to": address}), vec!["to"]));
        all.push((json!({"from": address, "reply_to": address}), vec!["from", "reply_to"]));
    }
    all
}

fn texts_and_times() -> Faulty {
    vec![
        (json!({"subject": 7, "text": true, "html": []}), vec!["subject", "text", "html"]),
        (json!({"subject": "s".repeat(999)}), vec!["subject"]),
        (json!({"text": null}), vec!["text"]),
        (json!({"text": ""}), vec!["text"]),
        (json!({"text": "a\0b"}), vec!["text"]),
        (json!({"html": "a\0b"}), vec!["html"]),
        (json!({"txet": "Hi", "Subject": "Hi", "": 1}), vec!["", "Subject", "txet"]),
        (json!({"priority": "urgent"}), vec!["priority"]),
        (json!({"priority": 1}), vec!["priority"]),
        (json!({"scheduled_at": "2024-01-15T10:28:00Z"}), vec!["scheduled_at"]),
        (json!({"scheduled_at": "2024-02-15T10:30:00Z"}), vec!["scheduled_at"]),
        (json!({"scheduled_at": "2024-02-14T10:30:00.000001Z"}), vec!["scheduled_at"]),
        (json!({"scheduled_at": "tomorrow"}), vec!["scheduled_at"]),
        (json!({"scheduled_at": "2024-01-16"}), vec!["scheduled_at"]),
        (json!({"scheduled_at": "2024-02-30T10:30:00Z"}), vec!["scheduled_at"]),
        (json!({"scheduled_at": "+12024-01-16T10:30:00Z"}), vec!["scheduled_at"]),
        (json!({"scheduled_at": 1_705_400_000}), vec!["scheduled_at"]),
        (json!({"tracking": true}), vec!["tracking"]),
        (json!({"tracking": {"opens": 1, "open": true}}), vec!["tracking.opens", "tracking.open"]),
        // Nobody has set PUBLIC_URL here.
        (
            json!({"tracking": {"opens": true, "clicks": true}}),
            vec!["tracking.opens", "tracking.clicks"],
        ),
    ]
}

fn labels() -> Faulty {
    vec![
        (json!({"tags": "one"}), vec!["tags"]),
        (json!({"tags": ["", "x".repeat(65), "a\nb"]}), vec!["tags[0]", "tags[1]", "tags[2]"]),
        (json!({"tags": people(11)}), vec!["tags[10]"]),
        (json!({"metadata": {"a": 1}}), vec!["metadata"]),
        (json!({"metadata": [["a", "b"]]}), vec!["metadata"]),
        (json!({"metadata": {"a": "x\0"}}), vec!["metadata.a"]),
        (json!({"metadata": {"a": "x".repeat(501), "": "x"}}), vec!["metadata.", "metadata.a"]),
        (json!({"headers": {"X-A": 1}}), vec!["headers"]),
    ]
}

fn files() -> Faulty {
    let file = |fields: Value| json!({"attachments": [fields]});
    vec![
        (json!({"attachments": {}}), vec!["attachments"]),
        (json!({"attachments": ["a.txt"]}), vec!["attachments"]),
        (file(json!({})), vec!["attachments[0].filename", "attachments[0].content"]),
        (file(json!({"filename": "a", "content": "%%%"})), vec!["attachments[0].content"]),
        (file(json!({"filename": "a", "content": "QQ"})), vec!["attachments[0].content"]),
        (file(json!({"filename": "a", "content": "Q Q="})), vec!["attachments[0].content"]),
        (file(json!({"filename": "a", "content": "-_-_"})), vec!["attachments[0].content"]),
        (file(json!({"filename": "../a", "content": "QQ=="})), vec!["attachments[0].filename"]),
        (
            file(json!({"filename": "a", "content": "QQ==", "path": "/etc/passwd"})),
            vec!["attachments[0].path"],
        ),
        (
            file(json!({"filename": "a", "content": "QQ==", "content_type": "pdf"})),
            vec!["attachments[0].content_type"],
        ),
        (
            file(json!({"filename": 1, "content": 1, "content_id": 1, "content_type": 1})),
            vec![
                "attachments[0].filename",
                "attachments[0].content",
                "attachments[0].content_id",
                "attachments[0].content_type",
            ],
        ),
    ]
}

#[sqlx::test]
async fn a_faulty_email_is_refused_with_each_faulty_field(db: PgPool) {
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    let refused = Refused { app: &app, caller: &acme.caller };
    let all = [recipients(), texts_and_times(), labels(), files()].concat();
    for (fields, at_fault) in all {
        refused.at_fault("/v1/send", &acme.hello_with(&fields), &at_fault).await;
    }
    refused.at_fault("/v1/send", &json!({}), &["to", "text"]).await;
    refused.at_fault("/v1/send", &acme.hello_with(&json!({"from": "a@evil.com"})), &["from"]).await;
    refused.at_fault("/v1/send", &json!({"to": "a@b.org", "text": "Hi"}), &["from"]).await;
    app.stop().await;
}

#[sqlx::test]
async fn no_text_that_reaches_a_header_breaks_out_of_it(db: PgPool) {
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    let refused = Refused { app: &app, caller: &acme.caller };
    for broken in ["\r\nBcc: eve@evil.com", "\nX: y", "\r", "\u{0}", "\u{b}", "\u{85}", "\u{7f}"] {
        let with = |text: &str| format!("{text}{broken}");
        let file = json!({"filename": with("a"), "content": "QQ==", "content_type": with("text/plain"),
                          "content_id": with("c")});
        let places =
            ["filename", "content_type", "content_id"].map(|n| format!("attachments[0].{n}"));
        for (fields, at_fault) in [
            (json!({"from": with("hello@acme.com")}), vec!["from"]),
            (json!({"from": format!("Acme{broken} <hello@acme.com>")}), vec!["from"]),
            (
                json!({"to": with("ann@example.org"), "cc": [with("Ann <ann@example.org>")], "bcc": with("a@b.org")}),
                vec!["to", "cc[0]", "bcc"],
            ),
            (json!({"reply_to": with("ann@example.org")}), vec!["reply_to"]),
            (json!({"subject": with("Hello")}), vec!["subject"]),
            (json!({"headers": {"X-Note": with("note")}}), vec!["headers.X-Note"]),
            (json!({"tags": [with("tag")]}), vec!["tags[0]"]),
            (json!({"attachments": [file]}), places.iter().map(String::as_str).collect()),
        ] {
            refused.at_fault("/v1/send", &acme.hello_with(&fields), &at_fault).await;
        }
        let named = json!({"headers": {with("X-Note"): "note"}});
        let answer = refused.post("/v1/send", &acme.hello_with(&named)).await.expect(422);
        assert!(answer.faulty_fields()[0].starts_with("headers.X-Note"), "{}", answer.text);
    }
    app.stop().await;
}

#[sqlx::test]
async fn the_headers_that_make_an_email_are_not_the_callers(db: PgPool) {
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    let refused = Refused { app: &app, caller: &acme.caller };
    for name in [
        "From",
        "to",
        "CC",
        "Bcc",
        "bcc",
        "Subject",
        "Date",
        "Message-ID",
        "Reply-To",
        "Sender",
        "Return-Path",
        "MIME-Version",
        "Content-Type",
        "content-transfer-encoding",
        "Content-Anything",
        "DKIM-Signature",
        "Received",
        "ARC-Seal",
        "Resent-From",
        "X SelfMX",
        "X:Y",
        "",
        "X-Ä",
        "Bcc ",
        " Bcc",
        "X-A:",
    ] {
        let email = acme.hello_with(&json!({"headers": {name: "x"}}));
        refused.at_fault("/v1/send", &email, &[&format!("headers.{name}")]).await;
    }
    app.stop().await;
}

/// An email with files of so many MiB each, written out: a value of that size takes long to write.
fn with_files(email: &Value, sizes: &[usize]) -> String {
    let file = |mib: &usize| {
        let content = "QUFB".repeat(mib * 1024 * 1024 / 3);
        format!("{{\"filename\":\"a\",\"content\":\"{content}\"}}")
    };
    let files: Vec<String> = sizes.iter().map(file).collect();
    let text = email.to_string();
    format!("{},\"attachments\":[{}]}}", text.strip_suffix('}').unwrap(), files.join(","))
}

#[sqlx::test]
async fn attachments_of_more_than_25_mib_are_too_large(db: PgPool) {
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    let refused = Refused { app: &app, caller: &acme.caller };
    for sizes in [&[26][..], &[13, 13]] {
        let asked = acme.caller.request(Method::POST, "/v1/send");
        let asked = asked.header("Content-Type", "application/json");
        let answer = refused.ask(asked.body(with_files(&acme.hello(), sizes))).await;
        assert_eq!((answer.status, &*answer.code()), (413, "too_large"));
    }
    let files = vec![json!({"filename": "a", "content": "QQ=="}); 101];
    let many = acme.hello_with(&json!({"attachments": files}));
    refused.at_fault("/v1/send", &many, &["attachments"]).await;
    app.stop().await;
}

#[sqlx::test]
async fn other_scripts_are_taken_where_the_mail_can_carry_them(db: PgPool) {
    let app = App::start(&db).await;
    let acme = app.tenant("bücher.example").await;
    for (from, to) in [
        ("hello@bücher.example", "jörg@bücher.example"),
        ("Grüße <hello@xn--bcher-kva.example>", "用户@例え.jp"),
        ("hello@BÜCHER.example", "\"a b\"@example.org"),
    ] {
        acme.sends(&acme.hello_with(&json!({"from": from, "to": to, "subject": "Grüße 👋"}))).await;
    }
    app.settle().await;
    let list = acme.caller.get("/v1/emails?to=J%C3%B6rg@b%C3%BCcher.example").await.expect(200);
    let list = if list.number_at("/pagination/total") == 0 {
        acme.caller.get("/v1/emails?to=j%C3%B6rg@xn--bcher-kva.example").await.expect(200)
    } else {
        list
    };
    assert_eq!(list.number_at("/pagination/total"), 1, "{}", list.text);
    app.stop().await;
}
