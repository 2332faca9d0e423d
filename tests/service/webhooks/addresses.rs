//! Where tenants may send us: to nobody's private network, by whatever name, and not from one place to another.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use selfmx::notices::{Answer, Lookup, Notice, Poster, Secrets, Settings};
use selfmx::values::{EventId, WebhookSecret};
use serde_json::json;
use sqlx::PgPool;

use super::{hooked, log, webhook};
use crate::app::{App, BEGIN};
use crate::support::receiver::Receiver;

#[sqlx::test]
async fn no_private_address_is_told_anything_however_it_is_written(db: PgPool) {
    let settings = [("WEBHOOK_ALLOW_PRIVATE", "false")];
    let (app, receiver) = (App::with(&db, &settings).await, Receiver::start().await);
    let (tenant, port) = (app.tenant("acme.com").await, receiver.address().port());
    for host in [
        "127.0.0.1",
        "localhost",
        "2130706433",
        "0x7f.1",
        "0",
        "10.0.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:a9fe:a9fe]",
        "[fe80::1]",
        "[fd00:ec2::254]",
        "[64:ff9b::7f00:1]",
    ] {
        let id = webhook(&tenant, &format!("http://{host}:{port}/"), &["queued"]).await;
        let path = format!("/v1/webhooks/{}", id.text_at("/id"));
        let tried = tenant.caller.post_nothing(&format!("{path}/test")).await.expect(200);
        assert_eq!(tried.body["ok"], false, "{host}");
        assert!(tried.text_at("/error").contains("WEBHOOK_ALLOW_PRIVATE"), "{host}: {tried:?}");
        tenant.caller.delete(&path).await.expect(200);
    }
    let id = hooked(&tenant, &receiver, &["queued"]).await;
    tenant.sends(&tenant.hello()).await;
    app.settle().await;
    let told = log(&tenant, &id).await;
    assert!(told[0]["error"].as_str().unwrap().contains("private network"), "{told:?}");
    assert!(receiver.told().is_empty());
    app.stop().await;
}

#[sqlx::test]
async fn a_redirect_is_a_failure_and_is_not_followed(db: PgPool) {
    let (app, receiver) = (App::start(&db).await, Receiver::start().await);
    let (tenant, elsewhere) = (app.tenant("acme.com").await, Receiver::start().await);
    receiver.redirects(&elsewhere.url());
    let id = hooked(&tenant, &receiver, &["queued"]).await;
    let tried = tenant.caller.post_nothing(&format!("/v1/webhooks/{id}/test")).await.expect(200);
    assert_eq!((&tried.body["ok"], &tried.body["response_status"]), (&json!(false), &json!(307)));
    assert!(tried.text_at("/error").contains("not followed"));
    assert_eq!((receiver.told().len(), elsewhere.told().len()), (1, 0));
    app.stop().await;
}

#[sqlx::test]
async fn a_trial_is_signed_and_answered_with_what_came_of_it(db: PgPool) {
    let (app, receiver) = (App::start(&db).await, Receiver::start().await);
    let tenant = app.tenant("acme.com").await;
    let id = hooked(&tenant, &receiver, &["bounced"]).await;
    let path = format!("/v1/webhooks/{id}/test");
    let tried = tenant.caller.post_nothing(&path).await.expect(200);
    assert_eq!((&tried.body["ok"], &tried.body["response_body"]), (&json!(true), &json!("thanks")));
    let told = receiver.told();
    assert_eq!((&told[0].body["type"], &told[0].body["id"]), (&json!("test"), &tried.body["id"]));
    assert_eq!(told[0].body["data"], json!({"webhook_id": id}));
    assert!(told[0].header("x-webhook-signature").starts_with("sha256="));
    app.stop().await;
}

/// A name that leads somewhere else each time it is looked up.
struct Rebinding {
    answers: Vec<Vec<SocketAddr>>,
    asked: AtomicUsize,
}

#[async_trait]
impl Lookup for Rebinding {
    async fn addresses(&self, host: &str) -> io::Result<Vec<SocketAddr>> {
        assert_eq!(host, "rebinding.example");
        let time = self.asked.fetch_add(1, Ordering::SeqCst);
        Ok(self.answers[time.min(self.answers.len() - 1)].clone())
    }
}

async fn posted(lookup: &Arc<Rebinding>, allow_private: bool, port: u16) -> Answer {
    let settings = Settings { timeout: Duration::from_secs(5), allow_private };
    let poster = Poster::new(settings, Arc::clone(lookup) as Arc<dyn Lookup>).unwrap();
    let now = BEGIN.parse().unwrap();
    let notice = Notice { id: EventId::at(now), body: Bytes::from_static(b"{}") };
    let signed = notice.signed(&Secrets::only(WebhookSecret::make()), now);
    let url = format!("http://rebinding.example:{port}/").parse().unwrap();
    poster.post(&url, &notice, &signed).await
}

#[tokio::test]
async fn a_name_is_looked_up_once_and_what_it_led_to_is_where_we_go() {
    let receiver = Receiver::start().await;
    let here = |text: &str| -> SocketAddr { format!("{text}:0").parse().unwrap() };
    let port = receiver.address().port();
    for private in [
        vec![here("127.0.0.1")],
        vec![here("[::ffff:127.0.0.1]")],
        vec![here("127.0.0.1"), here("10.0.0.1"), here("[::1]")],
    ] {
        // Were it looked up a second time, the check would see one address and the connection another.
        let answers = vec![private, vec![here("93.184.215.14")]];
        let lookup = Arc::new(Rebinding { answers, asked: AtomicUsize::new(0) });
        let answer = posted(&lookup, false, port).await;
        assert!(answer.error.unwrap().contains("private network"));
        assert_eq!((lookup.asked.load(Ordering::SeqCst), receiver.told().len()), (1, 0));
    }
    let answers = vec![vec![here("127.0.0.1")], Vec::new()];
    let lookup = Arc::new(Rebinding { answers, asked: AtomicUsize::new(0) });
    assert!(posted(&lookup, true, port).await.arrived());
    assert_eq!((lookup.asked.load(Ordering::SeqCst), receiver.told().len()), (1, 1));
    // Nobody has the name any more.
    assert!(posted(&lookup, true, port).await.error.is_some());
}
