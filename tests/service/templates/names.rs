//! A name belongs to one template of its tenant's.

use serde_json::json;
use sqlx::PgPool;

use crate::app::App;

#[sqlx::test]
async fn a_name_is_taken_within_its_tenant_only_and_free_once_it_is_given_up(db: PgPool) {
    let app = App::start(&db).await;
    let (acme, other) = (app.tenant("acme.com").await, app.tenant("other.com").await);
    let template = |name: &str| json!({"name": name, "text": "Hi"});
    let make = async |name: &str| acme.caller.post("/v1/templates", &template(name)).await;
    let first = make("a").await.expect(201).text_at("/id");
    assert_eq!(make("a").await.expect(409).code(), "taken");
    other.caller.post("/v1/templates", &template("a")).await.expect(201);
    make("b").await.expect(201);
    let to_b = acme.caller.patch("/v1/templates/a", &json!({"name": "b"})).await.expect(409);
    assert!(!to_b.text.contains(&acme.id), "{}", to_b.text);
    let renamed = acme.caller.patch("/v1/templates/a", &json!({"name": "c"})).await.expect(200);
    assert_eq!((renamed.text_at("/id"), renamed.number_at("/version")), (first, 2));
    make("a").await.expect(201);
    acme.caller.delete("/v1/templates/c").await.expect(200);
    make("c").await.expect(201);
    app.stop().await;
}

#[sqlx::test]
async fn of_two_nodes_that_give_one_name_at_once_one_is_told_that_it_is_taken(db: PgPool) {
    let app = App::start(&db).await;
    let second = App::beside(&db, &app.clock, &[]).await;
    let acme = app.tenant("acme.com").await;
    let there = second.caller(&acme.token);
    let template = json!({"name": "a", "text": "Hi"});
    let (here, there) = tokio::join!(
        acme.caller.post("/v1/templates", &template),
        there.post("/v1/templates", &template)
    );
    let mut told = [here.status, there.status];
    told.sort_unstable();
    assert_eq!(told, [201, 409]);
    second.stop().await;
    app.stop().await;
}
