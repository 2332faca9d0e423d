//! A mail arrives with all that its sender has given it, and with the tenant's defaults.

use mail_parser::{MessageParser, MimeHeaders as _};
use serde_json::json;
use sqlx::PgPool;

use super::{change, header, tenant_by};
use crate::app::App;
use crate::support::relay::TestRelay;

#[sqlx::test]
async fn a_mail_arrives_with_files_images_headers_and_both_bodies(db: PgPool) {
    let (relay, app) = (TestRelay::start().await, App::start(&db).await);
    let acme = tenant_by(&app, "acme.com", &relay).await;
    let email = acme.hello_with(&json!({
        "html": "<p>Hello <img src=\"cid:logo\"></p>",
        "reply_to": "Help <help@acme.com>",
        "headers": {"X-Order": "42", "List-Unsubscribe": "<https://acme.com/u>"},
        "attachments": [
            {"filename": "bill.pdf", "content": "JVBERi0x", "content_type": "application/pdf"},
            {"filename": "logo.png", "content": "iVBORw==", "content_type": "image/png",
             "content_id": "logo"},
        ],
    }));
    acme.sends(&email).await;
    let mail = relay.wait_for_mails(1).await.remove(0);
    let read = MessageParser::default().parse(&mail.raw).unwrap();
    assert_eq!(read.body_text(0).unwrap().trim_end(), "Hello, Ann");
    assert!(read.body_html(0).unwrap().contains("cid:logo"));
    let files: Vec<_> = read
        .attachments()
        .map(|part| (part.attachment_name(), part.contents(), part.content_id()))
        .collect();
    assert!(files.contains(&(Some("bill.pdf"), b"%PDF-1".as_slice(), None)), "{files:?}");
    assert!(files.contains(&(Some("logo.png"), b"\x89PNG".as_slice(), Some("logo"))), "{files:?}");
    assert_eq!(header(&mail.text(), "X-Order").unwrap(), "42");
    assert_eq!(header(&mail.text(), "List-Unsubscribe").unwrap(), "<https://acme.com/u>");
    assert_eq!(header(&mail.text(), "Reply-To").unwrap(), "Help <help@acme.com>");
    app.stop().await;
}

#[sqlx::test]
async fn a_hidden_recipient_gets_the_mail_and_appears_nowhere_in_it(db: PgPool) {
    let (relay, app) = (TestRelay::start().await, App::start(&db).await);
    let acme = tenant_by(&app, "acme.com", &relay).await;
    let email = acme.hello_with(&json!({
        "to": ["Ann <ann@example.org>"], "cc": "bob@example.org", "bcc": ["eve@example.org"],
    }));
    acme.sends(&email).await;
    let mail = relay.wait_for_mails(1).await.remove(0);
    assert_eq!(mail.to, ["ann@example.org", "bob@example.org", "eve@example.org"]);
    assert_eq!(mail.from, "hello@acme.com");
    assert_eq!(header(&mail.text(), "To").unwrap(), "Ann <ann@example.org>");
    assert_eq!(header(&mail.text(), "Cc").unwrap(), "bob@example.org");
    assert!(!mail.text().contains("eve@"), "{}", mail.text());
    app.stop().await;
}

#[sqlx::test]
async fn who_says_nothing_sends_as_the_tenants_settings_say(db: PgPool) {
    let (relay, app) = (TestRelay::start().await, App::start(&db).await);
    let acme = tenant_by(&app, "acme.com", &relay).await;
    let settings = json!({
        "from_name": "Acme", "from_address": "news@acme.com", "reply_to": "support@acme.com",
    });
    change(&app, &acme, &json!({"settings": settings})).await;
    let plain = json!({"to": "ann@example.org", "text": "Hello"});
    acme.sends(&plain).await;
    let mail = relay.wait_for_mails(1).await.remove(0);
    assert_eq!(header(&mail.text(), "From").unwrap(), "Acme <news@acme.com>");
    assert_eq!(header(&mail.text(), "Reply-To").unwrap(), "support@acme.com");
    let own = json!({
        "from": "Sales <sales@acme.com>", "reply_to": "deals@acme.com",
        "to": "ann@example.org", "text": "Hello",
    });
    acme.sends(&own).await;
    let mail = relay.wait_for_mails(2).await.remove(1);
    assert_eq!(header(&mail.text(), "From").unwrap(), "Sales <sales@acme.com>");
    assert_eq!(header(&mail.text(), "Reply-To").unwrap(), "deals@acme.com");
    app.stop().await;
}

#[sqlx::test]
async fn a_bare_sender_gets_the_tenants_name(db: PgPool) {
    let (relay, app) = (TestRelay::start().await, App::start(&db).await);
    let acme = tenant_by(&app, "acme.com", &relay).await;
    change(&app, &acme, &json!({"settings": {"from_name": "Acme"}})).await;
    acme.sends(&acme.hello()).await;
    let mail = relay.wait_for_mails(1).await.remove(0);
    assert_eq!(header(&mail.text(), "From").unwrap(), "Acme <hello@acme.com>");
    app.stop().await;
}

#[sqlx::test]
async fn addresses_in_any_script_arrive_where_the_relay_takes_them(db: PgPool) {
    let (relay, app) = (TestRelay::start().await, App::start(&db).await);
    let acme = tenant_by(&app, "acme.com", &relay).await;
    let to = ["jürgen@example.org", "ann@bücher.example"];
    let email = acme.sends(&acme.hello_with(&json!({"to": to}))).await;
    let mail = relay.wait_for_mails(1).await.remove(0);
    assert_eq!(mail.to, ["jürgen@example.org", "ann@xn--bcher-kva.example"]);
    super::becomes(&acme, &email, "delivered").await;
    app.stop().await;
}

#[sqlx::test]
async fn where_the_relay_does_not_take_a_script_the_bounce_says_so(db: PgPool) {
    let relay = TestRelay::options().without("SMTPUTF8").start().await;
    let app = App::start(&db).await;
    let acme = tenant_by(&app, "acme.com", &relay).await;
    let to = ["jürgen@example.org", "ann@bücher.example"];
    let email = acme.sends(&acme.hello_with(&json!({"to": to}))).await;
    let shown = super::becomes(&acme, &email, "bounced").await;
    assert_eq!(shown.text_at("/recipients/0/status"), "bounced");
    assert!(shown.text_at("/recipients/0/message").contains("SMTPUTF8"));
    assert_eq!(shown.text_at("/recipients/1/status"), "delivered");
    app.stop().await;
}
