//! A tenant is erased: nothing in the whole database names its recipients any more.

use serde_json::{Value, json};
use sqlx::PgPool;

use super::{assert_same, grow_again, rows_with, snapshot, usage};
use crate::app::{App, Tenant, until};
use crate::support::relay::TestRelay;

/// What is looked for afterwards.
const PERSONAL: [&str; 8] = [
    "zora.unmistakable",
    "Zora Unmistakable",
    "quentin.unmistakable",
    "Unmistakable plan",
    "Unmistakable body",
    "unmistakable-tag",
    "unmistakable-order",
    "unmistakable-header",
];

fn letter(acme: &Tenant, subject: &str) -> Value {
    acme.hello_with(&json!({
        "to": ["Zora Unmistakable <zora.unmistakable@example.org>", "refused.unmistakable@example.org"],
        "cc": ["quentin.unmistakable@example.org"], "reply_to": "zora.unmistakable@example.org",
        "subject": subject, "html": "<p>Unmistakable body</p>", "tags": ["unmistakable-tag"],
        "metadata": {"order": "unmistakable-order"}, "headers": {"X-Thing": "unmistakable-header"},
    }))
}

/// Mail with every sort of outcome, by a relay that repeats whom it was asked about.
async fn lived(app: &App, relay: &TestRelay) -> (Tenant, Vec<String>) {
    relay.refuse("refused.unmistakable@example.org", "550 <refused.unmistakable@example.org> no");
    relay
        .refuse("quentin.unmistakable@example.org", "450 <quentin.unmistakable@example.org> later");
    let acme = app.tenant("acme.com").await;
    let smtp = json!({"host": "127.0.0.1", "port": relay.port(), "tls": "none"});
    app.admin().patch(&acme.path(""), &json!({"smtp": smtp})).await.expect(200);
    let first = acme.sends(&letter(&acme, "Unmistakable plan")).await;
    app.settle().await;
    app.advance(60);
    let once = letter(&acme, "Unmistakable plan, again");
    let second = acme.caller.post_once("k", "/v1/send", &once).await.expect(202).text_at("/id");
    app.settle().await;
    let mut later = letter(&acme, "Unmistakable plan, later");
    later["scheduled_at"] = json!("2024-01-20T00:00:00Z");
    let third = acme.sends(&later).await;
    app.settle().await;
    (acme, vec![first, second, third])
}

/// Waits until the mail of a deleted tenant is withdrawn, also what was for later.
async fn at_rest(app: &App, tenant: &str) {
    until("nothing of it waits", async || {
        let waits = "select count(*) from send_queue where tenant_id = $1";
        let waits = sqlx::query_scalar::<_, i64>(waits).bind(tenant);
        waits.fetch_one(&app.pool).await.unwrap() == 0
    })
    .await;
    app.settle().await;
}

async fn erased(app: &App, tenant: &str) {
    let path = format!("/v1/tenants/{tenant}?erase=true");
    let answer = app.admin().delete(&path).await.expect(200);
    assert_eq!(answer.body, json!({"id": tenant, "deleted": true, "erased": true}));
    at_rest(app, tenant).await;
}

#[sqlx::test]
async fn the_whole_database_names_nobody_any_more_and_all_else_stays(db: PgPool) {
    let (relay, app) = (TestRelay::start().await, App::start(&db).await);
    let (acme, emails) = lived(&app, &relay).await;
    let other = app.tenant("other.com").await;
    let theirs = other.sends(&other.hello()).await;
    app.settle().await;
    for text in &PERSONAL[..7] {
        assert!(!rows_with(&app.pool, &[text]).await.is_empty() || text.contains("body"), "{text}");
    }
    for (table, row) in rows_with(&app.pool, &PERSONAL).await {
        assert_ne!(table, "public.events", "the log holds it sealed: {row}");
    }

    erased(&app, &acme.id).await;
    assert_eq!(rows_with(&app.pool, &PERSONAL).await, []);
    let left = "select (select count(*) from email_contents where tenant_id = $1)
                     + (select count(*) from receipts where scope = $1)
                     + (select count(*) from send_queue where tenant_id = $1)";
    let left: i64 = sqlx::query_scalar(left).bind(&acme.id).fetch_one(&app.pool).await.unwrap();
    assert_eq!(left, 0);

    let admin = app.admin();
    let list = admin.get(&acme.path("/emails")).await.expect(200);
    assert_eq!(list.number_at("/pagination/total"), 3);
    let statuses: Vec<&str> = list.body["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| e["status"].as_str().unwrap())
        .collect();
    assert_eq!(statuses, ["cancelled", "bounced", "bounced"]);
    for email in &emails {
        let shown = admin.get(&acme.path(&format!("/emails/{email}"))).await.expect(200);
        assert_eq!(shown.text_at("/subject"), "[erased]");
        assert_eq!(shown.text_at("/from"), "[erased]");
        assert_eq!(shown.body["to"], json!(["[erased]", "[erased]"]));
        assert_eq!(shown.body["cc"], json!(["[erased]"]));
        assert_eq!(shown.body.get("html"), None);
    }
    assert_eq!(other.email(&theirs).await.text_at("/to/0"), "ann@example.org");
    app.stop().await;
}

#[sqlx::test]
async fn the_bill_stays_and_read_models_that_are_grown_again_are_the_same(db: PgPool) {
    let (relay, app) = (TestRelay::start().await, App::start(&db).await);
    let (acme, _) = lived(&app, &relay).await;
    app.admin().delete(&acme.path("")).await.expect(200);
    at_rest(&app, &acme.id).await;
    let before = usage(&app, &acme.id).await;
    erased(&app, &acme.id).await;
    assert_eq!(usage(&app, &acme.id).await, before);
    let rows = snapshot(&app.pool).await;
    assert!(rows.iter().any(|row| row.contains("[erased]")));
    grow_again(&app).await;
    assert_same(&snapshot(&app.pool).await, &rows);
    app.stop().await;
}

#[sqlx::test]
async fn erasing_twice_is_erasing_once_and_nothing_but_true_and_false_is_taken(db: PgPool) {
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    let admin = app.admin();
    for wrong in ["?erase=yes", "?erase=", "?erased=true"] {
        admin.delete(&acme.path(wrong)).await.expect(422);
    }
    let nobody = "tenant_01h455vb4pex5vsknk084sn02q";
    admin.delete(&format!("/v1/tenants/{nobody}?erase=true")).await.expect(404);
    acme.caller.get("/v1/tenant").await.expect(200);
    erased(&app, &acme.id).await;
    let events = app.events().await;
    erased(&app, &acme.id).await;
    assert_eq!(app.events().await, events);
    admin.delete(&acme.path("?erase=false")).await.expect(404);
    acme.caller.get("/v1/tenant").await.expect(401);
    app.tenant("acme.com").await;
    app.stop().await;
}

#[sqlx::test]
async fn what_the_node_that_erased_did_not_come_to_is_deleted_by_another(db: PgPool) {
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    erased(&app, &acme.id).await;
    let left = "insert into email_contents (tenant_id, digest, sealed, created_at)
                select tenant_id, 'left', '\\x00', now() from tenant_keys";
    sqlx::raw_sql(left).execute(&app.pool).await.unwrap();
    until("it is deleted", async || {
        let left = "select count(*) from email_contents";
        sqlx::query_scalar::<_, i64>(left).fetch_one(&app.pool).await.unwrap() == 0
    })
    .await;
    app.advance(61);
    until("nobody looks any more", async || {
        let open = "select count(*) from tenant_keys where swept_at is null and wrapped is null";
        sqlx::query_scalar::<_, i64>(open).fetch_one(&app.pool).await.unwrap() == 0
    })
    .await;
    app.stop().await;
}
