//! How a key is made and listed, and when it was used last.

use serde_json::json;
use sqlx::PgPool;

use crate::app::{App, until};

#[sqlx::test]
async fn a_new_key_is_answered_with_its_token_and_all_that_it_may_do(db: PgPool) {
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    let asked = json!({"name": " Production ", "permissions": ["templates:read", "send", "send"],
                       "expires_at": "2024-01-16T12:00:00+02:00", "allowed_domains": ["ACME.com"]});
    let made = app.admin().post(&acme.path("/api-keys"), &asked).await.expect(201);
    let (id, key) = (made.text_at("/id"), made.text_at("/key"));
    assert!(id.starts_with("key_") && key.starts_with("sk_live_"), "{}", made.text);
    let shown = json!({
        "id": id, "name": "Production", "key": key, "permissions": ["send", "templates:read"],
        "tenant_id": acme.id, "created_at": "2024-01-15T10:30:00Z",
        "expires_at": "2024-01-16T10:00:00Z", "allowed_domains": ["acme.com"],
    });
    assert_eq!(made.body, shown);
    let plain = json!({"name": "Plain", "permissions": ["*"]});
    let own = acme.caller.post("/v1/api-keys", &plain).await.expect(201);
    let names: Vec<&String> = own.body.as_object().unwrap().keys().collect();
    assert_eq!(names, ["created_at", "id", "key", "name", "permissions", "tenant_id"]);
    let named = json!({"name": "Named", "permissions": ["*"], "tenant_id": acme.id});
    for caller in [&acme.caller, &app.admin()] {
        let made = caller.post("/v1/api-keys", &named).await.expect(201);
        assert_eq!(made.text_at("/tenant_id"), acme.id);
    }
    app.stop().await;
}

#[sqlx::test]
async fn a_list_of_keys_goes_through_all_of_them_the_newest_first(db: PgPool) {
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    app.tenant("other.com").await;
    let mut made = vec![acme.key_id.clone()];
    for _ in 0..4 {
        app.advance(1);
        made.push(app.key(&acme.id, &["send"]).await.text_at("/id"));
    }
    made.reverse();
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = format!("/v1/api-keys?limit=2{cursor}");
        let page = acme.caller.get(&path).await.expect(200);
        assert_eq!(page.number_at("/pagination/total"), 5);
        assert!(!page.text.contains("\"key\""));
        let rows = page.body["data"].as_array().unwrap().clone();
        seen.extend(rows.iter().map(|row| row["id"].as_str().unwrap().to_owned()));
        match page.body["pagination"]["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(seen, made);
    let second = app.admin().get(&acme.path("/api-keys?limit=2&page=2")).await.expect(200);
    assert_eq!(second.text_at("/data/0/id"), made[2]);
    app.stop().await;
}

#[sqlx::test]
async fn a_key_shows_when_it_was_used_last(db: PgPool) {
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    let spare = app.key(&acme.id, &["usage:read"]).await;
    let used = async || {
        let keys = app.admin().get(&acme.path("/api-keys")).await.expect(200);
        let keys = keys.body["data"].as_array().unwrap().clone();
        let spare = keys.iter().find(|key| key["id"] == spare.text_at("/id")).unwrap();
        spare["last_used_at"].as_str().map(ToOwned::to_owned)
    };
    assert_eq!(used().await, None);
    let caller = app.caller(&spare.text_at("/key"));
    caller.get("/v1/usage").await.expect(200);
    until("the use is noted", async || used().await.is_some()).await;
    assert_eq!(used().await.as_deref(), Some("2024-01-15T10:30:00Z"));
    app.advance(90);
    caller.get("/v1/emails").await.expect(403);
    until("a refused use is noted too", async || {
        used().await.as_deref() == Some("2024-01-15T10:31:30Z")
    })
    .await;
    app.stop().await;
}

#[sqlx::test]
async fn a_busy_keys_use_is_written_once_a_minute(db: PgPool) {
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    let spare = app.key(&acme.id, &["usage:read"]).await;
    let caller = app.caller(&spare.text_at("/key"));
    let last = async || -> Option<String> {
        let sql = "select to_char(last_used_at at time zone 'UTC', 'HH24:MI:SS') from api_key_uses
                   where key_id = $1";
        let last = sqlx::query_scalar(sql).bind(spare.text_at("/id"));
        last.fetch_optional(&app.pool).await.unwrap()
    };
    caller.get("/v1/usage").await.expect(200);
    until("the use is noted", async || last().await.is_some()).await;
    app.advance(20);
    caller.get("/v1/usage").await.expect(200);
    // Whoever comes after it for the first time is noted, and it is not.
    let other = app.key(&acme.id, &["usage:read"]).await;
    app.caller(&other.text_at("/key")).get("/v1/usage").await.expect(200);
    until("the other's use is noted", async || {
        let sql = "select exists (select 1 from api_key_uses where key_id = $1)";
        let noted = sqlx::query_scalar(sql).bind(other.text_at("/id"));
        noted.fetch_one(&app.pool).await.unwrap()
    })
    .await;
    assert_eq!(last().await.as_deref(), Some("10:30:00"));
    app.stop().await;
}
