//! Every route, in the order of the API's page, and what lies around them.

use std::time::Duration;

use axum::Router;
use axum::http::{HeaderName, HeaderValue, Method, header};
use axum::middleware::{from_fn, from_fn_with_state};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::cors::{AllowOrigin, CorsLayer};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::problem::Problem;
use super::{
    Api, api_keys, audit, docs, domains, door, emails, health, history, logs, observe, outbox,
    request_id, smtp_test, suppressions, templates, tenants, tracking, usage, webhooks,
};

/// Which routes a process serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Serves {
    /// All.
    Api,
    /// Only those by which it is watched.
    Operations,
}

/// The routes, with all that lies around them.
pub fn router(api: &Api, serves: Serves, cors_origins: &[String]) -> Router {
    let (routes, description) = match serves {
        Serves::Api => everything(api),
        Serves::Operations => OpenApiRouter::with_openapi(docs::base()).merge(operations()),
    }
    .split_for_parts();
    let routes = routes.fallback(unknown_route).with_state(api.clone());
    let routes = match serves {
        Serves::Api => routes.merge(docs::routes(description)),
        Serves::Operations => routes,
    };
    let routes = routes.layer(CatchPanicLayer::custom(door::panicked));
    let routes = if cors_origins.is_empty() { routes } else { routes.layer(cors(cors_origins)) };
    routes.layer(from_fn(observe::watch))
}

fn everything(api: &Api) -> OpenApiRouter<Api> {
    let admit = || from_fn_with_state(api.clone(), door::admit);
    OpenApiRouter::with_openapi(docs::base())
        .merge(v1().layer(admit()))
        .merge(dev().layer(admit()).layer(from_fn(outbox::page_for_browsers)))
        .merge(operations())
        .merge(tracked())
}

fn v1() -> OpenApiRouter<Api> {
    accounts().merge(mail()).merge(around_mail()).merge(records())
}

/// Tenants, and who may act for them.
fn accounts() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(tenants::create, tenants::list))
        .routes(routes!(tenants::get, tenants::put, tenants::patch, tenants::delete::delete))
        .routes(routes!(tenants::suspend))
        .routes(routes!(tenants::resume))
        .routes(routes!(tenants::own))
        .routes(routes!(api_keys::create::create, api_keys::list::list))
        .routes(routes!(api_keys::revoke::revoke))
        .routes(routes!(api_keys::rotate::rotate))
        .routes(routes!(api_keys::create::create_own, api_keys::list::list_own))
        .routes(routes!(api_keys::revoke::revoke_own))
        .routes(routes!(api_keys::rotate::rotate_own))
}

/// Mail itself.
fn mail() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(emails::send::send))
        .routes(routes!(emails::send::send_for))
        .routes(routes!(emails::batch::send_batch))
        .routes(routes!(emails::batch::send_batch_for))
        .routes(routes!(emails::list::list))
        .routes(routes!(emails::details::get, emails::cancel::cancel))
        .routes(routes!(emails::content::remove))
        .routes(routes!(emails::content::remove_for))
        .routes(routes!(emails::list::list_for))
        .routes(routes!(emails::details::get_for, emails::cancel::cancel_for))
        .routes(routes!(logs::list))
}

/// What a tenant sends by, and with.
fn around_mail() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(smtp_test::own))
        .routes(routes!(smtp_test::of_tenant))
        .routes(routes!(suppressions::add::add, suppressions::list::list))
        .routes(routes!(suppressions::list::get, suppressions::remove::remove))
        .routes(routes!(domains::add::add, domains::list::list))
        .routes(routes!(domains::list::get, domains::delete::delete))
        .routes(routes!(domains::verify::verify))
        .routes(routes!(templates::change::create, templates::read::list))
        .routes(routes!(
            templates::read::get,
            templates::change::put,
            templates::change::patch,
            templates::change::delete
        ))
        .routes(routes!(templates::read::versions))
        .routes(routes!(templates::preview::preview))
        .routes(routes!(webhooks::create::create, webhooks::list::list))
        .routes(routes!(
            webhooks::list::get,
            webhooks::update::put,
            webhooks::update::patch,
            webhooks::delete::delete
        ))
        .routes(routes!(webhooks::rotate::rotate))
        .routes(routes!(webhooks::test::test))
        .routes(routes!(webhooks::logs::list))
        .routes(routes!(webhooks::logs::retry))
}

/// What is billed, and what proves it.
fn records() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(usage::of_tenant))
        .routes(routes!(usage::get))
        .routes(routes!(history::of_tenant))
        .routes(routes!(history::own))
        .routes(routes!(audit::key))
        .routes(routes!(audit::checkpoint))
        .routes(routes!(audit::proof::inclusion))
        .routes(routes!(audit::proof::consistency))
        .routes(routes!(audit::export::of_tenant))
        .routes(routes!(audit::export::own))
}

fn dev() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(outbox::list, outbox::clear)).routes(routes!(outbox::get))
}

/// Whoever reads a mail has no key.
fn tracked() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(tracking::pixel)).routes(routes!(tracking::click))
}

fn operations() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(health::health))
        .routes(routes!(health::livez))
        .routes(routes!(health::readyz))
        .routes(routes!(health::metrics))
}

async fn unknown_route() -> Problem {
    Problem::not_found("there is no such route")
}

/// Web pages from these origins may call us.
fn cors(origins: &[String]) -> CorsLayer {
    let allowed = match origins {
        [star] if star == "*" => AllowOrigin::any(),
        listed => AllowOrigin::list(listed.iter().filter_map(|o| HeaderValue::from_str(o).ok())),
    };
    let exposed = [
        "idempotent-replayed",
        "x-request-id",
        "x-ratelimit-limit",
        "x-ratelimit-remaining",
        "x-ratelimit-reset",
    ];
    CorsLayer::new()
        .allow_origin(allowed)
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE])
        .allow_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            HeaderName::from_static("idempotency-key"),
            request_id::HEADER,
        ])
        .expose_headers(
            exposed
                .map(HeaderName::from_static)
                .into_iter()
                .chain([header::RETRY_AFTER])
                .collect::<Vec<_>>(),
        )
        .max_age(Duration::from_secs(600))
}
