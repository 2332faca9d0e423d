//! Several domains a tenant, each one tenant's at a time.

use serde_json::json;
use sqlx::PgPool;

use super::{add, record, shown};
use crate::app::App;

#[sqlx::test]
async fn a_domain_comes_with_the_records_to_set_and_goes_again(db: PgPool) {
    let app = App::with(&db, &[("RETURN_PATH_DOMAIN", "bounce.example.net")]).await;
    let acme = app.tenant("acme.com").await;
    let added = add(&acme, "Bücher.example").await;
    let id = added.text_at("/id");
    assert_eq!(added.text_at("/name"), "xn--bcher-kva.example");
    assert_eq!(added.text_at("/status"), "pending");
    for (purpose, kind, name, begin) in [
        ("dkim_rsa", "TXT", "-rsa._domainkey.xn--bcher-kva.example", "v=DKIM1; k=rsa; p=MIIB"),
        (
            "dkim_ed25519",
            "TXT",
            "-ed25519._domainkey.xn--bcher-kva.example",
            "v=DKIM1; k=ed25519; p=",
        ),
        ("spf", "TXT", "xn--bcher-kva.example", "v=spf1 include:bounce.example.net ~all"),
        ("dmarc", "TXT", "_dmarc.xn--bcher-kva.example", "v=DMARC1; p=none"),
        ("return_path", "CNAME", "bounces.xn--bcher-kva.example", "bounce.example.net"),
    ] {
        let record = record(&added, purpose);
        let text = |field: &str| record[field].as_str().unwrap();
        assert_eq!((text("type"), text("status")), (kind, "unchecked"), "{purpose}");
        assert!(text("name").ends_with(name) && text("value").starts_with(begin), "{record}");
        assert!(added.text_at("/zone").contains(&format!("{}. 3600 IN {kind} ", text("name"))));
    }
    let listed = acme.caller.get("/v1/domains").await.expect(200);
    assert_eq!(listed.body["data"], json!([added.body]));
    assert_eq!(shown(&acme, &id).await.body, added.body);
    assert_eq!(acme.caller.get("/v1/tenant").await.number_at("/counts/domains"), 1);
    acme.caller.delete(&format!("/v1/domains/{id}")).await.expect(200);
    acme.caller.get(&format!("/v1/domains/{id}")).await.expect(404);
    acme.caller.delete(&format!("/v1/domains/{id}")).await.expect(404);
    assert_eq!(acme.caller.get("/v1/tenant").await.number_at("/counts/domains"), 0);
    app.stop().await;
}

#[sqlx::test]
async fn a_domain_is_one_tenants_whichever_way_it_came_by_it(db: PgPool) {
    let app = App::start(&db).await;
    let (acme, other) = (app.tenant("acme.com").await, app.tenant("other.com").await);
    let asked = |name: &str| json!({"name": name});
    for (tenant, taken) in [(&other, "acme.com"), (&acme, "other.com")] {
        let refused = tenant.caller.post("/v1/domains", &asked(taken)).await.expect(409);
        assert_eq!(refused.code(), "taken");
    }
    // Its own it may add, once.
    let own = add(&acme, "acme.com").await.text_at("/id");
    let again = acme.caller.post("/v1/domains", &asked("ACME.com")).await.expect(409);
    assert_eq!(again.code(), "exists");
    let second = add(&acme, "acme.org").await.text_at("/id");
    other.caller.post("/v1/domains", &asked("acme.org")).await.expect(409);
    let wish = json!({"domain": "acme.org"});
    app.admin().patch(&other.path(""), &wish).await.expect(409);
    // Moved away from, it still is the tenant's, since it has added it too.
    app.admin().patch(&acme.path(""), &json!({"domain": "acme.net"})).await.expect(200);
    other.caller.post("/v1/domains", &asked("acme.com")).await.expect(409);
    acme.caller.delete(&format!("/v1/domains/{own}")).await.expect(200);
    add(&other, "acme.com").await;
    // Given up, it is another's.
    acme.caller.delete(&format!("/v1/domains/{second}")).await.expect(200);
    app.admin().patch(&other.path(""), &wish).await.expect(200);
    // And so is all of a tenant that is gone.
    add(&acme, "acme.io").await;
    app.admin().delete(&acme.path("")).await.expect(200);
    add(&other, "acme.io").await;
    add(&other, "acme.net").await;
    app.stop().await;
}

#[sqlx::test]
async fn mail_leaves_from_any_domain_that_was_added_and_from_no_other(db: PgPool) {
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    let from = |domain: &str| acme.hello_with(&json!({"from": format!("a@{domain}")}));
    acme.caller.post("/v1/send", &from("acme.org")).await.expect(422);
    let id = add(&acme, "acme.org").await.text_at("/id");
    acme.sends(&from("acme.org")).await;
    acme.sends(&from("acme.com")).await;
    acme.caller.delete(&format!("/v1/domains/{id}")).await.expect(200);
    let refused = acme.caller.post("/v1/send", &from("acme.org")).await.expect(422);
    assert_eq!(refused.faulty_fields(), ["from"]);
    app.stop().await;
}

#[sqlx::test]
async fn an_answer_that_was_lost_is_given_again_and_no_second_key_is_made(db: PgPool) {
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    let asked = json!({"name": "acme.org"});
    let first = acme.caller.post_once("k", "/v1/domains", &asked).await.expect(201);
    let again = acme.caller.post_once("k", "/v1/domains", &asked).await.expect(201);
    assert_eq!(first.body, again.body);
    assert_eq!(again.header("idempotent-replayed").as_deref(), Some("true"));
    app.stop().await;
}

#[sqlx::test]
async fn no_answer_shows_a_private_key(db: PgPool) {
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    let id = add(&acme, "acme.org").await.text_at("/id");
    let sealed: Vec<String> = sqlx::query_scalar(
        "select payload->'keys'->k->>'private_key' from events, unnest(array['rsa', 'ed25519']) k
         where stream_id = $1 and type = 'domain.added'",
    )
    .bind(&id)
    .fetch_all(&app.pool)
    .await
    .unwrap();
    assert!(sealed.len() == 2 && sealed.iter().all(|key| key.starts_with("v1.")), "{sealed:?}");
    for path in ["/v1/domains", &format!("/v1/domains/{id}"), "/v1/tenant/events"] {
        let text = acme.caller.get(path).await.expect(200).text;
        assert!(sealed.iter().all(|key| !text.contains(key)), "{path}");
        assert!(!text.contains("PRIVATE"), "{path}");
    }
    app.stop().await;
}
