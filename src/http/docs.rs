//! The description of the API, made from the handlers' own types, and a page to browse it.

use axum::Router;
use utoipa::openapi::OpenApi;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::{Modify, OpenApi as _};
use utoipa_swagger_ui::{Config, SwaggerUi};

/// What no handler says by itself.
#[derive(utoipa::OpenApi)]
#[openapi(
    info(title = "SelfMX", description = "A self-hosted, multi-tenant e-mail API on one event log."),
    security(("key" = [])),
    modifiers(&KeyScheme),
    tags(
        (name = "Tenants", description = "Each with domain, keys, relay, limits, history and bill of its own."),
        (name = "API keys", description = "Who may do what."),
        (name = "Emails", description = "Sending, and seeing what became of it."),
        (name = "SMTP", description = "Trying a relay."),
        (name = "Usage", description = "What is billed."),
        (name = "Operations", description = "How the service does; without a key."),
        (name = "Outbox", description = "Mail that was caught instead of leaving; only without SMTP_HOST."),
    )
)]
struct Base;

struct KeyScheme;

impl Modify for KeyScheme {
    fn modify(&self, api: &mut OpenApi) {
        let key = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        api.components.get_or_insert_default().add_security_scheme("key", key);
    }
}

/// The description without the routes.
pub fn base() -> OpenApi {
    Base::openapi()
}

/// `/openapi.json`, and the page `/docs`, which needs no network.
pub fn routes(api: OpenApi) -> Router {
    let config = Config::default().validator_url("none").persist_authorization(true);
    SwaggerUi::new("/docs").url("/openapi.json", api).config(config).into()
}
