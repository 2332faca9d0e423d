//! Every route and every kind of caller.

use std::collections::BTreeSet;

use serde_json::json;
use sqlx::PgPool;

use super::table::{Names, Needs, Route, routes};
use super::world::{PERMISSIONS, World};
use crate::app::{Answer, App, Caller};

#[sqlx::test]
async fn each_route_of_the_description_stands_in_the_table(db: PgPool) {
    let app = App::start(&db).await;
    let description = app.nobody().get("/openapi.json").await.expect(200).body;
    let paths = description["paths"].as_object().unwrap();
    let described: BTreeSet<(String, String)> = paths
        .iter()
        .flat_map(|(path, methods)| {
            let methods = methods.as_object().unwrap().keys();
            methods.map(move |method| (path.clone(), method.to_ascii_uppercase()))
        })
        .collect();
    let known: BTreeSet<(String, String)> =
        routes().iter().map(|route| (route.path.to_owned(), route.method.to_owned())).collect();
    assert_eq!(described, known);
    app.stop().await;
}

/// Tokens that open nothing: none, garbage of several kinds, and keys that have ended.
async fn nobodies(app: &App) -> Vec<Caller> {
    let tenant = app.tenant("nobody.example").await;
    let revoked = app.key(&tenant.id, &["*"]).await;
    app.admin()
        .delete(&tenant.path(&format!("/api-keys/{}", revoked.text_at("/id"))))
        .await
        .expect(200);
    let expiring =
        json!({"name": "Brief", "permissions": ["*"], "expires_at": "2024-01-15T10:31:00Z"});
    let expired = app.admin().post(&tenant.path("/api-keys"), &expiring).await.expect(201);
    let deleted = app.tenant("deleted.example").await;
    app.admin().delete(&deleted.path("")).await.expect(200);
    app.advance(60);
    let mistyped = format!("{}x", tenant.token);
    let spent = [revoked.text_at("/key"), expired.text_at("/key"), deleted.token, mistyped];
    let garbage =
        ["x", "sk_live_", "sk_admin_garbage", "an-operators-key-that-nobody-has-set-0123"];
    let tokens = spent.into_iter().chain(garbage.map(ToOwned::to_owned));
    tokens.map(|token| app.caller(&token)).chain([app.nobody()]).collect()
}

#[sqlx::test]
async fn whoever_has_no_valid_key_is_told_so_on_every_route(db: PgPool) {
    let app = App::start(&db).await;
    let acme = World::new(&app, "acme.com").await;
    let nobodies = nobodies(&app).await;
    for route in routes().iter().filter(|route| route.needs != Needs::Nothing) {
        for nobody in &nobodies {
            let answer =
                route.ask(nobody, &route.filled(&acme.ids()), acme.body(route).as_ref()).await;
            assert_eq!((answer.status, &*answer.code()), (401, "unauthorized"), "{route:?}");
            assert_eq!(answer.header("www-authenticate").as_deref(), Some("Bearer"), "{route:?}");
        }
    }
    assert_eq!(acme.tenant.email(&acme.email).await.text_at("/status"), "queued");
    app.stop().await;
}

/// All that a key can be allowed, except for this.
fn lacking(needs: &[&str]) -> Vec<&'static str> {
    PERMISSIONS.into_iter().filter(|name| !needs.contains(name)).collect()
}

/// Those whom a route refuses although their key is valid, with what they are told.
async fn refused(app: &App, route: &Route, acme: &World, other: &World) -> Vec<Answer> {
    let mut callers = Vec::new();
    match route.needs {
        Needs::Nothing => {}
        Needs::Admin => callers.push((acme.tenant.caller.clone(), 403, "admin_required")),
        Needs::AdminOfTenant => {
            callers.push((acme.tenant.caller.clone(), 403, "admin_required"));
            callers.push((other.tenant.caller.clone(), 404, "not_found"));
        }
        Needs::Tenant(needs) => {
            callers.push((app.admin(), 403, "tenant_key_required"));
            if !needs.is_empty() {
                let lacking = app.caller_with(&acme.tenant.id, &lacking(needs)).await;
                callers.push((lacking, 403, "permission_required"));
            }
        }
        Needs::Either(needs, names) => {
            let lacking = app.caller_with(&acme.tenant.id, &lacking(needs)).await;
            callers.push((lacking, 403, "permission_required"));
            if names != Names::Never {
                callers.push((app.admin(), 422, "invalid_request"));
            }
        }
    }
    let mut told = Vec::new();
    for (caller, status, code) in callers {
        let answer =
            route.ask(&caller, &route.filled(&acme.ids()), acme.body(route).as_ref()).await;
        assert_eq!((answer.status, &*answer.code()), (status, code), "{route:?}");
        told.push(answer);
    }
    told
}

#[sqlx::test]
async fn each_route_refuses_valid_keys_that_are_not_for_it_and_says_what_it_needs(db: PgPool) {
    let app = App::start(&db).await;
    let (acme, other) = (World::new(&app, "acme.com").await, World::new(&app, "other.com").await);
    let (mut told, mut last) = (0, app.events().await);
    for route in &routes() {
        for answer in refused(&app, route, &acme, &other).await {
            told += 1;
            let (Needs::Tenant(needs) | Needs::Either(needs, _)) = route.needs else { continue };
            match &*answer.code() {
                "permission_required" => {
                    last += 1;
                    let message = answer.text_at("/error/message");
                    assert!(message.ends_with(&needs.join(" or ")), "{message}");
                }
                "invalid_request" => assert_eq!(answer.faulty_fields(), ["tenant_id"]),
                _ => {}
            }
        }
    }
    assert!(told > 40, "{told}");
    assert_eq!(app.events().await, last, "only the keys that lack something were made");
    app.stop().await;
}

/// Asks as an admin who names the tenant, or with a key of the tenant.
async fn ask_rightly(route: &Route, acme: &World, caller: &Caller, admin: bool) -> Answer {
    let mut path = route.filled(&acme.ids());
    let mut body = acme.body(route);
    match route.needs {
        Needs::Either(_, Names::InQuery) if admin => {
            path = format!("{path}?tenant_id={}", acme.tenant.id);
        }
        Needs::Either(_, Names::InBody) if admin => {
            body.as_mut().unwrap()["tenant_id"] = acme.tenant.id.clone().into();
        }
        Needs::Nothing
        | Needs::Admin
        | Needs::AdminOfTenant
        | Needs::Tenant(_)
        | Needs::Either(..) => {}
    }
    route.ask(caller, &path, body.as_ref()).await
}

#[sqlx::test]
async fn each_route_answers_each_of_those_for_whom_it_is(db: PgPool) {
    let app = App::start(&db).await;
    let mut worlds = 0;
    for route in &routes() {
        let (permissions, admin): (&[&str], bool) = match route.needs {
            Needs::Nothing => (&[], false),
            Needs::Admin | Needs::AdminOfTenant => (&[], true),
            Needs::Tenant(&[]) => (&["webhooks:read"], false),
            Needs::Tenant(needs) => (needs, false),
            Needs::Either(needs, _) => (needs, true),
        };
        let each = permissions.iter().map(Some).chain([None]);
        for permission in each {
            worlds += 1;
            let domain = format!("acme{worlds}.com");
            let acme = if route.path.contains("{domain_id}") {
                World::new(&app, &domain).await
            } else {
                World::without_added_domain(&app, &domain).await
            };
            let caller = match permission {
                Some(permission) => app.caller_with(&acme.tenant.id, &[permission]).await,
                None if admin => app.admin(),
                None if route.needs == Needs::Nothing => app.nobody(),
                None => acme.tenant.caller.clone(),
            };
            if route.path == "/dev/outbox/{id}" {
                acme.tenant.sends(&acme.tenant.hello()).await;
                app.settle().await;
            }
            let answer = ask_rightly(route, &acme, &caller, permission.is_none() && admin).await;
            assert_eq!(answer.status, route.status, "{route:?}: {}", answer.text);
        }
    }
    app.stop().await;
}
