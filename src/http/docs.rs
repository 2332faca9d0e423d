//! The description of the API, made from the handlers' own types, and a page to browse it.

use axum::Router;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{OpenApi, RefOr, Required};
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
        (name = "Suppressions", description = "Addresses to which mail does not go: they bounced, complained, or were given."),
        (name = "Templates", description = "What emails are made of."),
        (name = "SMTP", description = "Trying a relay."),
        (name = "Domains", description = "From where mail is sent, and how it is signed."),
        (name = "Usage", description = "What is billed."),
        (name = "History", description = "The facts from which all else is made."),
        (name = "Audit", description = "Signed tree heads, proofs and exports: nobody can change the past unseen."),
        (name = "Webhooks", description = "Whom we tell what becomes of mail."),
        (name = "Tracking", description = "What tracked mails lead their readers past; without a key."),
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

/// What OpenAPI asks for and no handler should have to say: a name of its own for each operation (clients
/// are generated with it), a word for each answer, and the header that every POST takes.
fn completed(mut api: OpenApi) -> OpenApi {
    for item in api.paths.paths.values_mut() {
        if let Some(post) = &mut item.post {
            post.parameters.get_or_insert_default().push(idempotency_key().into());
        }
        let all = [&mut item.get, &mut item.put, &mut item.post, &mut item.delete, &mut item.patch];
        for operation in all.into_iter().flatten() {
            let tag = operation.tags.iter().flatten().next().cloned().unwrap_or_default();
            let own = operation.operation_id.take().unwrap_or_default();
            let name = format!("{tag}_{own}").to_lowercase().replace(' ', "_");
            operation.operation_id = Some(name);
            for (status, response) in &mut operation.responses.responses {
                if let RefOr::T(response) = response
                    && response.description.is_empty()
                {
                    usual(status).clone_into(&mut response.description);
                }
            }
        }
    }
    api
}

fn idempotency_key() -> Parameter {
    ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some("The same key and body give the same answer for 24 hours."))
        .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
        .build()
}

/// What an answer with this status is.
fn usual(status: &str) -> &'static str {
    match status.as_bytes().first() {
        Some(b'2') => "What was asked for.",
        Some(b'4') => "Refused: the code and the message say why.",
        _ => "Not now, or a fault of ours.",
    }
}

/// The description without the routes.
pub fn base() -> OpenApi {
    Base::openapi()
}

/// `/openapi.json`, and the page `/docs`, which needs no network.
pub fn routes(api: OpenApi) -> Router {
    let config = Config::default().validator_url("none").persist_authorization(true);
    SwaggerUi::new("/docs").url("/openapi.json", completed(api)).config(config).into()
}
