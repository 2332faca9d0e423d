//! Before, between and after: at the bounds of a moment.

use serde_json::json;
use sqlx::PgPool;

use crate::app::App;

#[sqlx::test]
async fn what_did_not_exist_yet_is_not_found_and_what_is_gone_is_still_seen(db: PgPool) {
    let app = App::start(&db).await;
    app.advance(60);
    let acme = app.tenant("acme.com").await;
    app.advance(60);
    let email = acme.sends(&acme.hello()).await;
    app.advance(60);
    app.admin().delete(&acme.path("")).await.expect(200);
    let (before, made, sent) =
        ("2024-01-15T10:30:59.999999Z", "2024-01-15T10:31:00Z", "2024-01-15T10:32:00Z");
    let mail = format!("/emails/{email}");
    for (rest, first) in [("", made), ("/api-keys", made), ("/usage", made), (&mail, sent)] {
        let ask = async |at: &str| app.admin().get(&acme.path(&format!("{rest}?at={at}"))).await;
        ask(before).await.expect(404);
        ask(first).await.expect(200);
        ask("2024-01-15T10:32:59.999999Z").await.expect(200);
    }
    app.admin().get(&acme.path(&format!("{mail}?at={made}"))).await.expect(404);
    for rest in ["", "/api-keys"] {
        let gone = acme.path(&format!("{rest}?at=2024-01-15T10:33:00Z"));
        app.admin().get(&gone).await.expect(404);
    }
    app.stop().await;
}

#[sqlx::test]
async fn a_moment_that_is_none_or_yet_to_come_is_refused(db: PgPool) {
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    let email = acme.sends(&acme.hello()).await;
    let own = format!("/v1/emails/{email}");
    for at in ["yesterday", "2024-01-15", "", "2024-01-15T10:30:00.000001Z", "2025-01-01T00:00:00Z"]
    {
        for path in ["/v1/tenant", "/v1/api-keys", "/v1/usage", &own] {
            let answer = acme.caller.get(&format!("{path}?at={at}")).await.expect(422);
            assert_eq!(answer.faulty_fields(), ["at"], "{path} {at}");
        }
        for rest in ["", "/api-keys", "/usage", &format!("/emails/{email}")] {
            let path = acme.path(&format!("{rest}?at={at}"));
            let answer = app.admin().get(&path).await.expect(422);
            assert_eq!(answer.faulty_fields(), ["at"], "{path}");
        }
    }
    // The present has happened.
    acme.caller.get("/v1/tenant?at=2024-01-15T11:30:00%2B01:00").await.expect(200);
    app.stop().await;
}

#[sqlx::test]
async fn a_tenant_sees_its_own_past(db: PgPool) {
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    let later = json!({"scheduled_at": "2024-01-20T00:00:00Z"});
    let email = acme.sends(&acme.hello_with(&later)).await;
    app.advance(60);
    app.admin().patch(&acme.path(""), &json!({"name": "Other"})).await.expect(200);
    acme.caller.delete(&format!("/v1/emails/{email}")).await.expect(200);
    app.key(&acme.id, &["send"]).await;
    let then = "at=2024-01-15T10:30:59Z";
    let tenant = acme.caller.get(&format!("/v1/tenant?{then}")).await.expect(200);
    assert_eq!(tenant.text_at("/name"), "Tenant of acme.com");
    assert_eq!(tenant.number_at("/counts/api_keys"), 1);
    let keys = acme.caller.get(&format!("/v1/api-keys?{then}")).await.expect(200);
    assert_eq!(keys.number_at("/pagination/total"), 1);
    assert_eq!(
        keys.body.pointer("/data/0/last_used_at"),
        None,
        "an observation, which is not kept"
    );
    let shown = acme.caller.get(&format!("/v1/emails/{email}?{then}")).await.expect(200);
    assert_eq!(
        (shown.text_at("/status"), shown.text_at("/text")),
        ("queued".into(), "Hello, Ann".into())
    );
    assert_eq!(shown.body["timeline"].as_array().unwrap().len(), 1);
    let usage = acme.caller.get(&format!("/v1/usage?{then}")).await.expect(200);
    assert_eq!((usage.number_at("/emails_sent"), usage.number_at("/emails_cancelled")), (1, 0));
    app.stop().await;
}

#[sqlx::test]
async fn the_keys_of_the_past_come_in_the_same_pages(db: PgPool) {
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    for _ in 0..5 {
        app.key(&acme.id, &["send"]).await;
    }
    for page in ["limit=2", "limit=2&page=2", "limit=2&page=9", "limit=100"] {
        let path = acme.path(&format!("/api-keys?{page}"));
        let now = app.admin().get(&path).await.expect(200);
        let then = app.admin().get(&format!("{path}&at=2024-01-15T10:30:00Z")).await.expect(200);
        assert_eq!(now.body, then.body, "{page}");
    }
    let first = app.admin().get(&acme.path("/api-keys?limit=2")).await.expect(200);
    let cursor = first.text_at("/pagination/next_cursor");
    let path = acme.path(&format!("/api-keys?limit=3&cursor={cursor}"));
    let now = app.admin().get(&path).await.expect(200);
    let then = app.admin().get(&format!("{path}&at=2024-01-15T10:30:00Z")).await.expect(200);
    assert_eq!(now.body, then.body);
    app.stop().await;
}
