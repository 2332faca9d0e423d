//! An installation that the first version left goes on, and its tenants can be erased.

use selfmx::database::migrate;
use serde_json::{Value, json};
use sqlx::PgPool;

use super::{assert_same, grow_again, snapshot, usage};
use crate::app::App;

const FIRST_VERSION: &str = include_str!("../../fixtures/first_version.sql");

/// A tenant of it, and a token of that tenant's key.
const ACME: &str = "tenant_01hm6aqh20fkfby1zwhenjsv48";
const TOKEN: &str = "sk_live_QJ81e3OLkvp5ufX22bGZ5CdJjvDGGxoh8hE9IlN35iu3odspf";

async fn upgraded(db: &PgPool) -> App {
    sqlx::raw_sql(FIRST_VERSION).execute(db).await.unwrap();
    migrate::run(db).await.unwrap();
    App::start(db).await
}

/// The statuses of a tenant's mails and recipients, by the mails' ids.
async fn statuses(app: &App) -> Vec<Value> {
    let path = format!("/v1/tenants/{ACME}/emails?limit=100");
    let list = app.admin().get(&path).await.expect(200);
    let emails = list.body["data"].as_array().unwrap().iter().map(|email| {
        let recipients = email["recipients"].as_array().unwrap();
        let recipients: Vec<&Value> = recipients.iter().map(|to| &to["status"]).collect();
        json!([email["id"], email["status"], email["attempts"], recipients])
    });
    emails.collect()
}

#[sqlx::test(migrations = false)]
async fn its_keys_open_its_contents_are_read_and_its_mail_leaves(db: PgPool) {
    let app = upgraded(&db).await;
    let acme = app.caller(TOKEN);
    let list = acme.get("/v1/emails?tag=welcome").await.expect(200);
    assert_eq!(list.number_at("/pagination/total"), 6);
    let shown = acme.get(&format!("/v1/emails/{}", list.text_at("/data/0/id"))).await.expect(200);
    assert_eq!(shown.text_at("/text"), "Hello, Ann");
    assert!(shown.text_at("/subject").starts_with("Grüße"));
    let mail = json!({"to": "new@example.org", "subject": "New", "text": "New"});
    let new = acme.post("/v1/send", &mail).await.expect(202).text_at("/id");
    let fact = "select payload::text from events where stream_id = $1 and version = 1";
    let fact: String = sqlx::query_scalar(fact).bind(&new).fetch_one(&db).await.unwrap();
    assert!(fact.contains(r#""personal":"v1."#) && !fact.contains("new@example.org"), "{fact}");
    assert_eq!(acme.get(&format!("/v1/emails/{new}")).await.text_at("/subject"), "New");
    app.stop().await;
}

#[sqlx::test(migrations = false)]
async fn a_tenant_of_it_that_is_erased_reads_as_erased_and_counts_as_before(db: PgPool) {
    let app = upgraded(&db).await;
    let admin = app.admin();
    admin.delete(&format!("/v1/tenants/{ACME}")).await.expect(200);
    app.advance(6 * 86_400);
    app.settle().await;
    let before = (statuses(&app).await, usage(&app, ACME).await);
    assert!(before.0.len() > 10);
    admin.delete(&format!("/v1/tenants/{ACME}?erase=true")).await.expect(200);
    app.settle().await;
    assert_eq!((statuses(&app).await, usage(&app, ACME).await), before);
    let list = admin.get(&format!("/v1/tenants/{ACME}/emails?limit=100")).await.expect(200);
    assert!(!list.text.contains("example.org") && !list.text.contains("Gr"), "{}", list.text);
    let rows = snapshot(&db).await;
    let theirs = rows.iter().filter(|row| row.contains(ACME));
    assert!(theirs.clone().count() > 50);
    assert!(!theirs.clone().any(|row| row.contains('@')), "{:?}", theirs.collect::<Vec<_>>());
    grow_again(&app).await;
    assert_same(&snapshot(&db).await, &rows);
    app.stop().await;
}
