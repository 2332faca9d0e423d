//! What is another's does not exist: its id is answered as one that nobody has.

use sqlx::PgPool;

use super::table::{Needs, routes};
use super::world::{Ids, World, anonymous};
use crate::app::{App, Caller};

/// Well-formed ids of each kind that nobody has, and texts that are no ids.
const RANDOM: [&str; 4] = [
    "tenant_01hm6v6z4pex5vsknk084sn02q",
    "key_01hm6v6z4pex5vsknk084sn02q",
    "msg_01hm6v6z4pex5vsknk084sn02q",
    "tmpl_01hm6v6z4pex5vsknk084sn02q",
];
const GARBAGE: [&str; 6] = ["x", "%00", "..%2f..", "tenant_", "%F0%9F%92%A9", "'%20or%201=1--"];

/// Ids in place of one's own: another's, ones that nobody has, of other kinds, and garbage.
fn strange(own: &str, others: &str) -> Vec<String> {
    let random = RANDOM.map(ToOwned::to_owned);
    let garbage = GARBAGE.map(ToOwned::to_owned);
    let shouted = own.to_ascii_uppercase();
    let padded = [format!("{own}0"), format!("%20{own}"), shouted];
    [others.to_owned()].into_iter().chain(random).chain(garbage).chain(padded).collect()
}

/// A path with a strange id, and a caller for whom that id names nothing.
fn strange_paths(
    route: &super::table::Route,
    acme: &World,
    other: &World,
    admin: &Caller,
) -> Vec<(Caller, Vec<String>)> {
    let (own, others) = (acme.ids(), other.ids());
    let key = &acme.tenant.caller;
    let filled = |ids: Vec<Ids>| ids.iter().map(|ids| route.filled(ids)).collect::<Vec<_>>();
    let with = |change: &dyn Fn(&mut Ids, String), own: &str, others: &str| {
        let each = strange(own, others).into_iter().map(|id| {
            let mut ids = acme.ids();
            change(&mut ids, id);
            ids
        });
        filled(each.collect())
    };
    let tenants = with(&|ids, id| ids.tenant = id, &own.tenant, &others.tenant);
    let keys = with(&|ids, id| ids.key = id, &own.key, &others.key);
    let emails = with(&|ids, id| ids.email = id, &own.email, &others.email);
    let domains = with(&|ids, id| ids.domain = id, &own.domain, &others.domain);
    let templates = with(&|ids, id| ids.template = id, &own.template, &others.template);
    let webhooks = with(&|ids, id| ids.webhook = id, &own.webhook, &others.webhook);
    let deliveries = with(&|ids, id| ids.delivery = id, &own.delivery, &others.delivery);
    let has = |part: &str| route.path.contains(part);
    let mut all = Vec::new();
    match route.needs {
        Needs::AdminOfTenant => {
            all.push((key.clone(), tenants.clone()));
            all.push((admin.clone(), tenants[1..].to_vec()));
            if has("{key_id}") {
                all.push((admin.clone(), keys));
            } else if has("{email_id}") {
                all.push((admin.clone(), emails));
            }
        }
        Needs::Tenant(_) if has("/v1/templates/{id}") => all.push((key.clone(), templates)),
        Needs::Tenant(_) if has("/webhooks/{id}") => {
            all.push((key.clone(), webhooks));
            if has("{delivery_id}") {
                all.push((key.clone(), deliveries));
            }
        }
        Needs::Tenant(_) if has("{id}") => all.push((key.clone(), emails)),
        Needs::Tenant(_) if has("{domain_id}") => all.push((key.clone(), domains)),
        Needs::Either(..) if has("{key_id}") => all.push((key.clone(), keys)),
        Needs::Nothing | Needs::Admin | Needs::Tenant(_) | Needs::Either(..) => {}
    }
    all
}

#[sqlx::test]
async fn anothers_id_is_answered_as_one_that_nobody_has(db: PgPool) {
    let app = App::start(&db).await;
    let (acme, other) = (World::new(&app, "acme.com").await, World::new(&app, "other.com").await);
    let (mut asked, before) = (0, app.events().await);
    for route in &routes() {
        let body = acme.body(route);
        for (caller, paths) in strange_paths(route, &acme, &other, &app.admin()) {
            let first = anonymous(&route.ask(&caller, &paths[0], body.as_ref()).await);
            assert_eq!((first.0, &first.1["error"]["code"]), (404, &"not_found".into()));
            for path in &paths {
                let answer = route.ask(&caller, path, body.as_ref()).await;
                assert_eq!(anonymous(&answer), first, "{} {path}", route.method);
                asked += 1;
            }
        }
    }
    assert!(asked > 300, "{asked}");
    assert_eq!(app.events().await, before);
    app.stop().await;
}

#[sqlx::test]
async fn no_list_shows_what_is_anothers(db: PgPool) {
    let app = App::start(&db).await;
    let (acme, other) = (World::new(&app, "acme.com").await, World::new(&app, "other.com").await);
    let caller = &acme.tenant.caller;
    for path in [
        "/v1/emails".to_owned(),
        "/v1/emails?from=hello@other.com".to_owned(),
        "/v1/emails?to=ann@example.org".to_owned(),
        "/v1/api-keys".to_owned(),
        "/v1/logs".to_owned(),
        format!("/v1/logs?email_id={}", other.email),
        "/v1/usage".to_owned(),
        "/v1/usage?granularity=day".to_owned(),
        "/v1/tenant".to_owned(),
        "/v1/suppressions".to_owned(),
        "/v1/suppressions?address=left@customers-of-other.com".to_owned(),
        "/v1/domains".to_owned(),
        "/v1/templates".to_owned(),
        "/v1/webhooks".to_owned(),
        format!("/v1/webhooks/{}/logs", acme.webhook),
        "/v1/tenant/events".to_owned(),
        format!("/v1/tenant/events?stream={}", other.email),
        format!("/v1/tenant/events?stream={}", other.tenant.id),
    ] {
        let text = caller.get(&path).await.expect(200).text;
        let others = other.ids();
        for foreign in [
            &others.tenant,
            &others.key,
            &others.email,
            &others.domain,
            &others.template,
            &others.webhook,
            &others.delivery,
            &other.tenant.domain,
        ] {
            assert!(!text.contains(foreign), "{path}: {text}");
        }
    }
    let named = |id: &str| format!("/v1/api-keys?tenant_id={id}");
    let theirs = caller.get(&named(&other.tenant.id)).await;
    for nobodys in [RANDOM[0], RANDOM[1], "x", ""] {
        assert_eq!(anonymous(&caller.get(&named(nobodys)).await), anonymous(&theirs), "{nobodys}");
    }
    assert_eq!(theirs.status, 404);
    app.stop().await;
}
