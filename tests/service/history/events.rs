//! How a fact looks to an auditor.

use serde_json::{Value, json};
use sqlx::PgPool;

use super::all;
use crate::app::App;

/// The attributes that CloudEvents 1.0 knows.
const CORE: [&str; 8] =
    ["specversion", "id", "source", "type", "time", "subject", "datacontenttype", "data"];

#[sqlx::test]
async fn a_fact_is_a_cloud_event_that_says_who_did_it_in_which_request(db: PgPool) {
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    let key = json!({"name": "Nightly job", "permissions": ["send", "api-keys:write"]});
    let key = app.admin().post(&acme.path("/api-keys"), &key).await.expect(201);
    let job = app.caller(&key.text_at("/key"));
    let sent = job.post("/v1/send", &acme.hello()).await.expect(202);
    let events = all(&app, &acme, "type=email.accepted").await;
    let [event] = events.as_slice() else { panic!("{events:?}") };
    let row = sqlx::query!("select event_id, position from events where type = 'email.accepted'");
    let row = row.fetch_one(&app.pool).await.unwrap();
    let digest = event["data"]["content"]["digest"].clone();
    assert_eq!(
        *event,
        json!({
            "specversion": "1.0",
            "id": selfmx::values::EventId::from_uuid(row.event_id).to_string(),
            "source": acme.path(""),
            "type": "email.accepted",
            "time": "2024-01-15T10:30:00Z",
            "subject": sent.text_at("/id"),
            "datacontenttype": "application/json",
            "position": row.position.to_string(),
            "streamversion": 1,
            "dataversion": 2,
            "actor": key.text_at("/id"),
            "actorname": "Nightly job",
            "requestid": sent.header("x-request-id"),
            "correlationid": sent.header("x-request-id"),
            "data": {
                "recipients": {"to": 1, "cc": 0, "bcc": 0}, "priority": "normal",
                "content": {"digest": digest, "size": event["data"]["content"]["size"],
                            "attachments": 0},
                "personal": {
                    "from": "hello@acme.com", "to": ["ann@example.org"], "subject": "Hello",
                    "headers": [], "tags": [], "metadata": {},
                },
            },
        })
    );
    app.stop().await;
}

#[sqlx::test]
async fn every_name_in_an_event_is_one_that_cloud_events_allow(db: PgPool) {
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    acme.sends(&acme.hello()).await;
    app.settle().await;
    for event in all(&app, &acme, "").await {
        for (name, value) in event.as_object().unwrap() {
            assert!(name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit()), "{name}");
            let is_core = CORE.contains(&name.as_str());
            // An extension is a text, a truth or a number of 32 bits.
            let fits = value.is_string() || value.as_i64().is_some_and(|n| n < 1 << 31);
            assert!(is_core || fits, "{name}: {value}");
        }
    }
    app.stop().await;
}

#[sqlx::test]
async fn secrets_are_shown_to_nobody(db: PgPool) {
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    let smtp = json!({"host": "smtp.acme.com", "user": "acme", "pass": "hunter2-hunter2"});
    app.admin().patch(&acme.path(""), &json!({"smtp": smtp})).await.expect(200);
    let events = all(&app, &acme, "type=tenant.smtp_relay_set,api_key.created").await;
    let [key, relay] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!(relay["data"]["relay"]["password"], "[redacted]");
    assert_eq!(relay["data"]["relay"]["user"], "acme");
    assert_eq!(key["data"]["hash"], "[redacted]");
    let stored: Vec<String> = sqlx::query_scalar(
        "select coalesce(payload->>'hash', payload->'relay'->>'password') from events
         where tenant_id = $1 and type in ('tenant.smtp_relay_set', 'api_key.created')",
    )
    .bind(&acme.id)
    .fetch_all(&app.pool)
    .await
    .unwrap();
    let own = acme.caller.get("/v1/tenant/events?limit=100").await.expect(200);
    for secret in stored {
        assert!(secret.len() > 30 && !own.text.contains(&secret), "{}", own.text);
    }
    assert!(!own.text.contains("hunter2"));
    app.stop().await;
}

#[sqlx::test]
async fn a_tenant_sees_the_same_as_an_admin_and_a_deleted_one_is_seen_by_the_admin_alone(
    db: PgPool,
) {
    let app = App::start(&db).await;
    let (acme, other) = (app.tenant("acme.com").await, app.tenant("other.com").await);
    acme.sends(&acme.hello()).await;
    other.sends(&other.hello()).await;
    let own = acme.caller.get("/v1/tenant/events?limit=100&type=tenant.*,email.accepted").await;
    let seen = all(&app, &acme, "type=tenant.*,email.accepted").await;
    assert_eq!(own.expect(200).body["data"], Value::Array(seen));
    app.admin().delete(&acme.path("")).await.expect(200);
    acme.caller.get("/v1/tenant/events").await.expect(401);
    let deleted = all(&app, &acme, "type=tenant.deleted").await;
    assert_eq!(deleted.len(), 1);
    app.stop().await;
}
