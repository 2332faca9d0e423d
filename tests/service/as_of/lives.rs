//! Random lives: every answer is written down when it is given, and asked for again afterwards.

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::app::{Answer, App, Tenant};
use crate::support::relay::TestRelay;

/// Something that somebody does; the numbers choose to which of what there is.
#[derive(Clone, Debug)]
enum Act {
    Change { what: usize },
    Suspend,
    Resume,
    MakeKey,
    RotateKey { key: usize },
    RevokeKey { key: usize },
    Send { to: Vec<usize>, later: bool },
    Cancel { email: usize },
    Read,
}

const TO: [&str; 4] =
    ["ann@example.org", "bob@example.org", "defer@example.org", "bounce@example.org"];

fn life() -> impl Strategy<Value = Vec<(Act, u64)>> {
    let act = prop_oneof![
        3 => (0..5_usize).prop_map(|what| Act::Change { what }),
        1 => Just(Act::Suspend),
        2 => Just(Act::Resume),
        2 => Just(Act::MakeKey),
        1 => (0..4_usize).prop_map(|key| Act::RotateKey { key }),
        1 => (0..4_usize).prop_map(|key| Act::RevokeKey { key }),
        5 => (prop::collection::vec(0..4_usize, 1..4), any::<bool>())
            .prop_map(|(to, later)| Act::Send { to, later }),
        2 => (0..6_usize).prop_map(|email| Act::Cancel { email }),
        2 => Just(Act::Read),
    ];
    // Now and then a day passes, and with it perhaps a month's end.
    let pause = prop_oneof![6 => 1..400_u64, 1 => 80_000..400_000_u64];
    prop::collection::vec((act, pause), 12..16)
}

/// Lives that are the same in each run.
fn lives(count: usize) -> Vec<Vec<(Act, u64)>> {
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    (0..count).map(|_| life().new_tree(&mut runner).unwrap().current()).collect()
}

/// A tenant in the making.
struct World<'a> {
    app: &'a App,
    tenant: Tenant,
    keys: Vec<String>,
    emails: Vec<String>,
    /// Each question with its moment and the answer that was given.
    told: Vec<(String, String, Value)>,
}

impl World<'_> {
    async fn act(&mut self, act: &Act) {
        let (app, acme) = (self.app, &self.tenant);
        let admin = app.admin();
        let of = |all: &[String], place: usize| all.get(place).cloned().unwrap_or_default();
        match act {
            Act::Change { what } => {
                let changes = [
                    json!({"name": format!("Acme {}", app.clock.now())}),
                    json!({"settings": {"from_name": "Acme", "reply_to": "help@acme.com"}}),
                    json!({"rate_limit": {"emails_per_day": 5_000}}),
                    json!({"settings": null, "rate_limit": null}),
                    json!({"smtp": {"messages_per_second": 50}}),
                ];
                admin.patch(&acme.path(""), &changes[*what]).await.expect(200);
            }
            Act::Suspend => drop(admin.post_nothing(&acme.path("/suspend")).await.expect(200)),
            Act::Resume => drop(admin.post_nothing(&acme.path("/resume")).await.expect(200)),
            Act::MakeKey => self.keys.push(app.key(&acme.id, &["send"]).await.text_at("/id")),
            Act::RotateKey { key } => {
                let path = acme.path(&format!("/api-keys/{}/rotate", of(&self.keys, *key)));
                let rotated = admin.post(&path, &json!({})).await;
                self.keys.extend(rotated.body["id"].as_str().map(ToOwned::to_owned));
            }
            Act::RevokeKey { key } => {
                let path = acme.path(&format!("/api-keys/{}", of(&self.keys, *key)));
                admin.delete(&path).await;
            }
            Act::Send { to, later } => {
                let to: Vec<&str> = to.iter().map(|place| TO[*place]).collect();
                let at = app.clock.now().plus(std::time::Duration::from_secs(90_000));
                let mut email =
                    json!({"from": "a@acme.com", "to": to, "subject": "Hi", "text": "x"});
                email["scheduled_at"] = if *later { json!(at) } else { Value::Null };
                let sent = acme.caller.post("/v1/send", &email).await;
                self.emails.extend(sent.body["id"].as_str().map(ToOwned::to_owned));
            }
            Act::Cancel { email } => {
                let path = format!("/v1/emails/{}", of(&self.emails, *email));
                acme.caller.delete(&path).await;
            }
            Act::Read => drop(acme.caller.get("/v1/emails").await.expect(200)),
        }
    }

    /// Asks everything and writes the answers down.
    async fn note(&mut self) {
        let emails = self.emails.iter().rev().take(4).map(|email| format!("/emails/{email}"));
        let usage = ["/usage", "/usage?granularity=day", "/usage?period=2024-01"];
        let others = ["", "/api-keys", "/api-keys?limit=2"].into_iter().chain(usage);
        for rest in others.map(ToOwned::to_owned).chain(emails) {
            let path = self.tenant.path(&rest);
            let answer = self.app.admin().get(&path).await;
            self.told.push((path, self.app.clock.now().to_string(), comparable(answer)));
        }
    }
}

/// An answer without what is no fact: when a key was used last, how a relay does, how far the read model
/// was (the past is asked by time), and the id of a request that was refused.
fn comparable(answer: Answer) -> Value {
    let mut body = answer.body;
    for key in body["data"].as_array_mut().into_iter().flatten() {
        key.as_object_mut().unwrap().remove("last_used_at");
    }
    for (outer, inner) in [("/smtp", "health"), ("", "as_of_position"), ("/error", "request_id")] {
        if let Some(fields) = body.pointer_mut(outer).and_then(Value::as_object_mut) {
            fields.remove(inner);
        }
    }
    json!([answer.status, body])
}

#[sqlx::test]
async fn what_was_answered_then_is_answered_now(db: PgPool) {
    let (relay, app) = (TestRelay::start().await, App::start(&db).await);
    relay.refuse("defer@example.org", "450 4.2.1 try later");
    relay.refuse("bounce@example.org", "550 5.1.1 no such user");
    let mut asked = 0;
    for life in lives(2) {
        let tenant = app.tenant("acme.com").await;
        let smtp = json!({"host": "127.0.0.1", "port": relay.port(), "tls": "none"});
        app.admin().patch(&tenant.path(""), &json!({"smtp": smtp})).await.expect(200);
        let (keys, emails, told) = (Vec::new(), Vec::new(), Vec::new());
        let mut world = World { app: &app, tenant, keys, emails, told };
        for (act, pause) in life {
            world.act(&act).await;
            // Requests become facts now, and not in the next round of whoever counts them.
            app.admin().get(&world.tenant.path("/usage")).await.expect(200);
            app.settle().await;
            world.note().await;
            app.advance(pause);
        }
        // Also what is gone is seen as it was. The next life has the domain to itself.
        app.admin().delete(&world.tenant.path("")).await.expect(200);
        app.settle().await;
        world.note().await;
        app.advance(1);
        asked += world.told.len();
        for (path, at, then) in &world.told {
            let and = if path.contains('?') { '&' } else { '?' };
            let now = comparable(app.admin().get(&format!("{path}{and}at={at}")).await);
            assert_eq!(now, *then, "{path} at {at}");
        }
    }
    assert!(asked > 150, "{asked}");
    app.stop().await;
}
