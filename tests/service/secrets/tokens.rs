//! Of a key's token only a keyed hash is kept.

use serde_json::json;
use sqlx::PgPool;

use super::log::Lines;
use super::{all_rows, forms};
use crate::app::{ADMIN, App, Caller};

#[sqlx::test]
async fn a_token_stands_in_no_table_and_in_no_log_line(db: PgPool) {
    let lines = Lines::keep();
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    let asked = json!({"name": "Again", "permissions": ["*"]});
    let path = acme.path("/api-keys");
    let twice = [
        app.admin().post_once("one", &path, &asked).await.expect(201).text_at("/key"),
        app.admin().post_once("one", &path, &asked).await.expect(201).text_at("/key"),
    ];
    assert_eq!(twice[0], twice[1]);
    let rotate = format!("/v1/api-keys/{}/rotate", acme.key_id);
    let rotated = acme.caller.post_once("two", &rotate, &json!({})).await.expect(201);
    let tokens = [&acme.token, &twice[0], &rotated.text_at("/key"), ADMIN].map(ToOwned::to_owned);
    for token in &tokens {
        let caller = app.caller(token);
        caller.get("/v1/usage").await.expect(200);
        caller.get("/v1/no-such-route").await.expect(404);
        shows_its_token_nowhere(&app, &caller, token).await;
    }
    app.settle().await;
    for (table, row) in all_rows(&app.pool).await {
        for token in &tokens {
            assert!(!forms(token).iter().any(|form| row.contains(form)), "{table}: {row}");
        }
    }
    let lines = lines.text();
    assert!(lines.contains("no-such-route"));
    for form in tokens.iter().flat_map(|token| forms(token)) {
        assert!(!lines.contains(&form), "a token is in the log");
    }
    app.stop().await;
}

async fn shows_its_token_nowhere(app: &App, caller: &Caller, token: &str) {
    for path in ["/v1/api-keys", "/v1/tenants", "/v1/tenant", "/v1/emails", "/metrics", "/v1/x"] {
        let answer = caller.get(path).await;
        assert!(!answer.text.contains(token), "{path}");
        assert!(answer.headers.values().all(|value| value != token), "{path}");
    }
    let mistyped = app.caller(&format!("{token}x")).get("/v1/usage").await.expect(401);
    assert!(!mistyped.text.contains(token));
}

#[sqlx::test]
async fn a_list_shows_of_a_token_only_how_it_begins(db: PgPool) {
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    let list = acme.caller.get("/v1/api-keys").await.expect(200);
    assert_eq!(list.text_at("/data/0/prefix"), acme.token[..12]);
    let shown: Vec<&String> = list.body["data"][0].as_object().unwrap().keys().collect();
    assert!(!shown.iter().any(|name| name.contains("hash") || *name == "key"), "{shown:?}");
    app.stop().await;
}
