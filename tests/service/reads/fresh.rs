//! What was made a moment ago is found.

use sqlx::PgPool;

use super::ids;
use crate::app::App;

#[sqlx::test]
async fn whatever_was_made_a_moment_ago_is_found(db: PgPool) {
    let app = App::start(&db).await;
    for round in 0..20 {
        let acme = app.tenant(&format!("acme{round}.com")).await;
        let tenant = app.admin().get(&acme.path("")).await.expect(200);
        assert_eq!(tenant.text_at("/id"), acme.id);
        assert_eq!(tenant.number_at("/counts/api_keys"), 1);
        let keys = app.admin().get(&acme.path("/api-keys")).await.expect(200);
        assert_eq!(ids(&keys), [acme.key_id.as_str()]);
        let email = acme.sends(&acme.hello()).await;
        assert_eq!(acme.email(&email).await.text_at("/id"), email);
        assert_eq!(ids(&acme.caller.get("/v1/emails").await.expect(200)), [email]);
    }
    app.stop().await;
}

#[sqlx::test]
async fn what_was_made_on_one_node_is_found_on_the_other(db: PgPool) {
    let one = App::start(&db).await;
    let two = App::beside(&db, &one.clock, &[]).await;
    for round in 0..10 {
        let acme = one.tenant(&format!("acme{round}.com")).await;
        let there = two.caller(&acme.token);
        let email = acme.sends(&acme.hello()).await;
        there.get(&format!("/v1/emails/{email}")).await.expect(200);
        assert_eq!(ids(&there.get("/v1/emails").await.expect(200)), [email]);
    }
    two.stop().await;
    one.stop().await;
}
