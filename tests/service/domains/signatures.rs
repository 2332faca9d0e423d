//! A signature made here is right in the eyes of others: of dkimpy and of mailauth.

use std::collections::HashMap;
use std::path::PathBuf;
use std::process::Stdio;

use serde_json::{Value, json};
use sqlx::PgPool;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use super::{add, asking, verified};
use crate::app::{Answer, App, Tenant};
use crate::support::name_server::TestNameServer;
use crate::support::relay::{Mail, TestRelay};

/// The folder with what others have written.
async fn peers() -> PathBuf {
    if let Some(known) = std::env::var_os("PEERS") {
        return known.into();
    }
    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("scripts/ensure-peers");
    let made = Command::new(script).output().await.unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    String::from_utf8(made.stdout).unwrap().trim().into()
}

/// What each of the two says of each signature of a mail.
async fn judged(mail: &[u8], domain: &Answer) -> [Value; 2] {
    let records = domain.body["records"].as_array().unwrap();
    let text = |record: &Value, field: &str| record[field].as_str().unwrap().to_owned();
    let texts: HashMap<_, _> =
        records.iter().map(|record| (text(record, "name"), text(record, "value"))).collect();
    let texts = json!(texts).to_string();
    let peers = peers().await;
    let scripts = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/peers");
    let mut python = Command::new(peers.join("python/bin/python"));
    python.arg(scripts.join("verify_dkim.py")).arg(&texts);
    let mut node = Command::new("node");
    node.env("PEERS", &peers).arg(scripts.join("verify_dkim.mjs")).arg(&texts);
    [says(&mut python, mail).await, says(&mut node, mail).await]
}

async fn says(command: &mut Command, mail: &[u8]) -> Value {
    let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut running = piped.spawn().unwrap();
    running.stdin.take().unwrap().write_all(mail).await.unwrap();
    let output = running.wait_with_output().await.unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{complaint}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// A tenant whose mail goes by this relay.
async fn by(app: &App, relay: &TestRelay) -> Tenant {
    let acme = app.tenant("acme.com").await;
    let smtp = json!({"smtp": {"host": "127.0.0.1", "port": relay.port(), "tls": "none"}});
    app.admin().patch(&acme.path(""), &smtp).await.expect(200);
    acme
}

async fn sent(tenant: &Tenant, relay: &TestRelay, fields: &Value) -> Mail {
    let before = relay.seen().mails.len();
    tenant.sends(&tenant.hello_with(fields)).await;
    relay.wait_for_mails(before + 1).await.remove(before)
}

#[sqlx::test]
async fn two_others_find_both_signatures_right_and_a_changed_mail_wrong(db: PgPool) {
    let (dns, relay) = (TestNameServer::start().await, TestRelay::start().await);
    let app = asking(&db, &dns, &[]).await;
    let acme = by(&app, &relay).await;
    let domain = verified(&acme, &dns, "acme.com").await;
    for fields in [
        json!({}),
        json!({"text": "\r\n  two  spaces \t\r\n.\r\n\r\n\r\n", "subject": "  two  spaces  and Grüße"}),
        json!({"html": "<p>Hello</p>", "cc": "bob@example.org", "reply_to": "help@acme.com",
               "headers": {"List-Unsubscribe": "<https://acme.com/u>", "X-Long": "word ".repeat(60)},
               "attachments": [{"filename": "a.bin", "content": "AAECAwQF".repeat(9000)}]}),
    ] {
        let mail = sent(&acme, &relay, &fields).await;
        for judged in judged(&mail.raw, &domain).await {
            assert_eq!(judged, json!([true, true]), "{}", mail.text());
        }
        let changed = mail.text().replacen("From: ", "From: x", 1);
        for judged in judged(changed.as_bytes(), &domain).await {
            assert_eq!(judged, json!([false, false]), "{changed}");
        }
    }
    app.stop().await;
}

#[sqlx::test]
async fn mail_of_an_unverified_domain_is_not_signed(db: PgPool) {
    let (dns, relay) = (TestNameServer::start().await, TestRelay::start().await);
    let app = asking(&db, &dns, &[]).await;
    let acme = by(&app, &relay).await;
    let is_signed = |mail: &Mail| mail.text().contains("DKIM-Signature: ");
    assert!(!is_signed(&sent(&acme, &relay, &json!({})).await));
    let id = add(&acme, "acme.com").await.text_at("/id");
    assert!(!is_signed(&sent(&acme, &relay, &json!({})).await));
    acme.caller.delete(&format!("/v1/domains/{id}")).await.expect(200);
    let id = verified(&acme, &dns, "acme.com").await.text_at("/id");
    assert!(is_signed(&sent(&acme, &relay, &json!({})).await));
    // Once it is given up, its keys sign nothing more, though the tenant still sends from its own domain.
    acme.caller.delete(&format!("/v1/domains/{id}")).await.expect(200);
    assert!(!is_signed(&sent(&acme, &relay, &json!({})).await));
    app.stop().await;
}
