//! Which process answers what, and to which web pages.

use reqwest::Method;
use sqlx::PgPool;

use crate::app::{Answer, App, until};

#[sqlx::test]
async fn a_process_that_only_delivers_serves_no_api_but_can_be_watched(db: PgPool) {
    let front = App::with(&db, &[("ROLES", "api,projector")]).await;
    let back = App::beside(&db, &front.clock, &[("ROLES", "delivery")]).await;
    for path in ["/v1/tenants", "/v1/emails", "/dev/outbox", "/docs/", "/openapi.json"] {
        back.admin().get(path).await.expect(404);
    }
    for path in ["/health", "/livez", "/readyz", "/metrics"] {
        back.nobody().get(path).await.expect(200);
    }
    let acme = front.tenant("acme.com").await;
    let email = acme.sends(&acme.hello()).await;
    until("the other process has delivered it", async || {
        acme.email(&email).await.text_at("/status") == "delivered"
    })
    .await;
    back.stop().await;
    front.stop().await;
}

async fn preflight(app: &App, origin: &str) -> Answer {
    let request = app.nobody().request(Method::OPTIONS, "/v1/send");
    let request = request
        .header("Origin", origin)
        .header("Access-Control-Request-Method", "POST")
        .header("Access-Control-Request-Headers", "authorization,content-type,idempotency-key");
    app.nobody().send(request).await
}

#[sqlx::test]
async fn only_web_pages_that_the_operator_names_may_call(db: PgPool) {
    let origins = [("CORS_ORIGINS", "https://app.acme.com, https://acme.com")];
    let app = App::with(&db, &origins).await;
    let allowed = preflight(&app, "https://app.acme.com").await.expect(200);
    assert_eq!(
        allowed.header("access-control-allow-origin").as_deref(),
        Some("https://app.acme.com")
    );
    let headers = allowed.header("access-control-allow-headers").unwrap();
    assert!(headers.contains("authorization") && headers.contains("idempotency-key"));
    let refused = preflight(&app, "https://evil.example").await;
    assert_eq!(refused.header("access-control-allow-origin"), None);
    // A page must be able to read why it was refused.
    let request = app.nobody().request(Method::GET, "/v1/emails");
    let request = request.header("Origin", "https://acme.com");
    let answer = app.nobody().send(request).await.expect(401);
    assert_eq!(answer.header("access-control-allow-origin").as_deref(), Some("https://acme.com"));
    assert!(answer.header("access-control-expose-headers").unwrap().contains("x-request-id"));
    app.stop().await;
}

#[sqlx::test]
async fn without_a_word_of_the_operator_no_web_page_may_call(db: PgPool) {
    let app = App::start(&db).await;
    let answer = preflight(&app, "https://acme.com").await;
    assert_eq!(answer.header("access-control-allow-origin"), None);
    app.stop().await;
}
