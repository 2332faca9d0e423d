//! A tenant whose mail bounces is warned, then stopped, before it spoils a relay that others share.

use serde_json::{Value, json};
use sqlx::PgPool;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;

use crate::app::{App, Tenant, until};
use crate::support::relay::TestRelay;

const BOUNCE: &str = include_str!("../../fixtures/reports/postfix_bounce.eml");

async fn guarded(app: &App, relay: &TestRelay, guard: &Value) -> Tenant {
    let tenant = app.tenant("acme.com").await;
    let smtp = json!({"host": "127.0.0.1", "port": relay.port(), "tls": "none"});
    let change = json!({"smtp": smtp, "settings": {"reputation": guard}});
    app.admin().patch(&tenant.path(""), &change).await.expect(200);
    tenant
}

fn guard() -> Value {
    json!({"warn_bounce_rate": 0.2, "suspend_bounce_rate": 0.5, "window_hours": 24,
           "min_recipients": 4})
}

async fn send(tenant: &Tenant, to: &[&str]) {
    tenant.sends(&tenant.hello_with(&json!({"to": to}))).await;
}

async fn facts(app: &App, tenant: &Tenant, kind: &str) -> Vec<Value> {
    let path = tenant.path(&format!("/events?type={kind}"));
    let events = app.admin().get(&path).await.expect(200);
    events.body["data"].as_array().unwrap().clone()
}

async fn is(app: &App, tenant: &Tenant, status: &str) {
    until(&format!("the tenant is {status}"), async || {
        app.admin().get(&tenant.path("")).await.text_at("/status") == status
    })
    .await;
}

#[sqlx::test]
async fn it_is_warned_then_paused_and_resumed_by_an_admin(db: PgPool) {
    let (relay, app) = (TestRelay::start().await, App::start(&db).await);
    for name in ["w", "x", "y", "z"] {
        relay.refuse(&format!("{name}@example.org"), "550 5.7.1 not wanted");
    }
    let acme = guarded(&app, &relay, &guard()).await;
    send(&acme, &["a@example.org", "b@example.org", "c@example.org", "w@example.org"]).await;
    until("it is warned", async || {
        !facts(&app, &acme, "tenant.reputation_warned").await.is_empty()
    })
    .await;
    let warned = facts(&app, &acme, "tenant.reputation_warned").await;
    assert_eq!(
        warned[0]["data"]["conduct"],
        json!({"recipients": 4, "bounced": 1, "complained": 0})
    );
    app.advance(60);
    let later = acme.hello_with(&json!({"scheduled_at": "2024-01-15T10:40:00Z"}));
    let waiting = acme.sends(&later).await;
    send(&acme, &["x@example.org", "y@example.org", "z@example.org"]).await;
    is(&app, &acme, "paused").await;
    let refused = acme.caller.post("/v1/send", &acme.hello()).await.expect(403);
    assert_eq!(refused.code(), "sending_paused");
    let batch = json!({"messages": [acme.hello(), acme.hello()]});
    let refused = acme.caller.post("/v1/send/batch", &batch).await.expect(403);
    assert_eq!(refused.code(), "sending_paused");
    acme.caller.get("/v1/emails").await.expect(200);
    app.advance(900);
    app.settle().await;
    assert_eq!(acme.email(&waiting).await.text_at("/status"), "queued");
    app.admin().post(&acme.path("/resume"), &json!({})).await.expect(200);
    // What was before is forgiven, and its mail goes on.
    until("it leaves", async || acme.email(&waiting).await.text_at("/status") == "delivered").await;
    is(&app, &acme, "active").await;
    assert_eq!(facts(&app, &acme, "tenant.reputation_warned").await.len(), 1);
    assert_eq!(facts(&app, &acme, "tenant.sending_paused").await.len(), 1);
    app.stop().await;
}

/// A mail server that tells of a mail, at the address that the mail came from.
async fn tells(app: &App, path: &str, report: &str) {
    let mut stream = BufReader::new(TcpStream::connect(app.bounces()).await.unwrap());
    let report = report.replace('\n', "\r\n");
    let said = format!(
        "HELO mx.example.org\r\nMAIL FROM:<>\r\nRCPT TO:<{path}>\r\nDATA\r\n{report}\r\n.\r\n"
    );
    stream.get_mut().write_all(said.as_bytes()).await.unwrap();
    let mut heard = String::new();
    while !heard.contains("250 2.0.0 noted") {
        assert_ne!(stream.read_line(&mut heard).await.unwrap(), 0, "{heard}");
    }
}

#[sqlx::test]
async fn what_is_told_late_of_mail_from_before_it_was_resumed_does_not_count(db: PgPool) {
    let settings = [("RETURN_PATH_DOMAIN", "bounce.example.net"), ("BOUNCE_LISTEN", "127.0.0.1:0")];
    let (relay, app) = (TestRelay::start().await, App::with(&db, &settings).await);
    relay.refuse("w@example.org", "550 5.7.1 not wanted");
    let acme = guarded(&app, &relay, &guard()).await;
    for to in ["a@example.org", "b@example.org", "c@example.org"] {
        send(&acme, &[to]).await;
    }
    app.settle().await;
    let before = relay.mails();
    app.advance(60);
    for change in ["/suspend", "/resume"] {
        app.admin().post(&acme.path(change), &json!({})).await.expect(200);
    }
    app.advance(60);
    for mail in &before {
        let report = BOUNCE.replace("nobody@example.org", &mail.to[0]);
        tells(&app, &mail.from, &report).await;
    }
    assert_eq!(facts(&app, &acme, "email.bounce_received").await.len(), 3);
    send(&acme, &["d@example.org", "e@example.org", "f@example.org", "w@example.org"]).await;
    until("it is warned", async || {
        !facts(&app, &acme, "tenant.reputation_warned").await.is_empty()
    })
    .await;
    let warned = facts(&app, &acme, "tenant.reputation_warned").await;
    let conduct = json!({"recipients": 4, "bounced": 1, "complained": 0});
    assert_eq!(warned[0]["data"]["conduct"], conduct);
    app.stop().await;
}

#[sqlx::test]
async fn what_is_no_guard_is_refused_field_by_field(db: PgPool) {
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    for (guard, fields) in [
        (json!({}), vec!["min_recipients", "window_hours"]),
        (json!({"window_hours": 0, "min_recipients": 0}), vec!["min_recipients", "window_hours"]),
        (json!({"window_hours": 721, "min_recipients": 1}), vec!["window_hours"]),
        (
            json!({"window_hours": 1, "min_recipients": 1, "warn_bounce_rate": 0,
                   "suspend_complaint_rate": 1.5, "bounce": 1}),
            vec!["bounce", "suspend_complaint_rate", "warn_bounce_rate"],
        ),
        (
            json!({"window_hours": 1, "min_recipients": 1, "suspend_bounce_rate": "5 %"}),
            vec!["suspend_bounce_rate"],
        ),
    ] {
        let change = json!({"settings": {"reputation": guard}});
        let answer = app.admin().patch(&acme.path(""), &change).await.expect(422);
        let mut told = answer.faulty_fields();
        told.sort();
        let fields: Vec<String> =
            fields.iter().map(|field| format!("settings.reputation.{field}")).collect();
        assert_eq!(told, fields, "{guard}");
    }
    let change = json!({"settings": {"reputation": guard()}});
    let shown = app.admin().patch(&acme.path(""), &change).await.expect(200);
    assert_eq!(shown.body["settings"]["reputation"], guard());
    let off = json!({"settings": {"reputation": null}});
    let shown = app.admin().patch(&acme.path(""), &off).await.expect(200);
    assert_eq!(shown.body["settings"].get("reputation"), None);
    app.stop().await;
}
