//! A domain belongs to one tenant at a time.

use serde_json::json;
use sqlx::PgPool;

use crate::app::App;

#[sqlx::test]
async fn a_domain_is_one_tenants_at_a_time_however_it_is_written(db: PgPool) {
    let app = App::start(&db).await;
    let admin = app.admin();
    let acme = app.tenant("bücher.example").await;
    let shown = admin.get(&acme.path("")).await.expect(200);
    assert_eq!(shown.text_at("/domain"), "xn--bcher-kva.example");
    for domain in ["bücher.example", "xn--bcher-kva.example", "BÜCHER.Example"] {
        let asked = json!({"name": "Other", "domain": domain});
        let refused = admin.post("/v1/tenants", &asked).await.expect(409);
        assert_eq!(refused.code(), "taken", "{}", refused.text);
    }
    let other = app.tenant("other.com").await;
    let wish = json!({"domain": "bücher.example"});
    admin.patch(&other.path(""), &wish).await.expect(409);
    assert_eq!(admin.get(&other.path("")).await.text_at("/domain"), "other.com");
    // Given up, it is free for another; and so is that one's old.
    admin.patch(&acme.path(""), &json!({"domain": "new.example"})).await.expect(200);
    admin.patch(&other.path(""), &wish).await.expect(200);
    app.tenant("other.com").await;
    app.stop().await;
}

#[sqlx::test]
async fn who_asks_for_its_own_domain_again_has_it_already(db: PgPool) {
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    let again = json!({"domain": "ACME.com", "name": "Acme"});
    let shown = app.admin().put(&acme.path(""), &again).await.expect(200);
    assert_eq!(
        (shown.text_at("/domain"), shown.text_at("/name")),
        ("acme.com".into(), "Acme".into())
    );
    app.stop().await;
}

#[sqlx::test]
async fn a_tenant_sends_from_a_domain_in_any_script(db: PgPool) {
    let app = App::start(&db).await;
    let acme = app.tenant("bücher.example").await;
    acme.sends(&acme.hello()).await;
    acme.sends(&acme.hello_with(&json!({"from": "a@xn--bcher-kva.example"}))).await;
    app.settle().await;
    let caught = app.outbox().await;
    assert!(caught.iter().all(|m| m["from"].as_str().unwrap().ends_with("@xn--bcher-kva.example")));
    assert_eq!(caught.len(), 2);
    app.stop().await;
}
