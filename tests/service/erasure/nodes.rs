//! Several nodes make one key, and all of them forget it.

use futures_util::future::join_all;
use serde_json::json;
use sqlx::PgPool;

use crate::app::{App, until};

#[sqlx::test]
async fn a_node_that_remembers_the_key_forgets_it_too(db: PgPool) {
    let one = App::start(&db).await;
    let two = App::beside(&db, &one.clock, &[]).await;
    let acme = one.tenant("acme.com").await;
    let email = acme.sends(&acme.hello()).await;
    one.settle().await;
    let path = acme.path(&format!("/emails/{email}"));
    assert_eq!(two.admin().get(&path).await.expect(200).text_at("/subject"), "Hello");
    one.admin().delete(&acme.path("?erase=true")).await.expect(200);
    assert_eq!(one.admin().get(&path).await.expect(200).text_at("/subject"), "[erased]");
    until("the other node has forgotten it", async || {
        two.admin().get(&path).await.text_at("/subject") == "[erased]"
    })
    .await;
    two.stop().await;
    one.stop().await;
}

#[sqlx::test]
async fn a_tenant_without_a_key_gets_one_however_many_nodes_need_it_at_once(db: PgPool) {
    let one = App::start(&db).await;
    let two = App::beside(&db, &one.clock, &[]).await;
    let acme = one.tenant("acme.com").await;
    // As the first version left it.
    sqlx::raw_sql("delete from tenant_keys").execute(&one.pool).await.unwrap();
    let other = two.caller(&acme.token);
    let mails = (0..20).map(|n| {
        let caller = if n % 2 == 0 { acme.caller.clone() } else { other.clone() };
        let mail = acme.hello_with(&json!({"subject": format!("Number {n}")}));
        async move { caller.post("/v1/send", &mail).await.expect(202).text_at("/id") }
    });
    let emails = join_all(mails).await;
    for (n, email) in emails.iter().enumerate() {
        assert_eq!(acme.email(email).await.text_at("/subject"), format!("Number {n}"));
    }
    let keys: i64 =
        sqlx::query_scalar("select count(*) from tenant_keys").fetch_one(&one.pool).await.unwrap();
    assert_eq!(keys, 1);
    two.stop().await;
    one.stop().await;
}
