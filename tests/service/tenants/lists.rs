//! Tenants, by what an admin looks for.

use serde_json::json;
use sqlx::PgPool;

use crate::app::{Answer, App};

fn domains(list: &Answer) -> Vec<&str> {
    let data = list.body["data"].as_array().unwrap().iter();
    data.map(|tenant| tenant["domain"].as_str().unwrap()).collect()
}

#[sqlx::test]
async fn tenants_are_found_by_name_domain_and_status(db: PgPool) {
    let app = App::start(&db).await;
    let admin = app.admin();
    let [one, two, three] =
        [app.tenant("one.com").await, app.tenant("two.com").await, app.tenant("three.com").await];
    admin.patch(&one.path(""), &json!({"name": "100% First_One"})).await.expect(200);
    admin.post_nothing(&two.path("/suspend")).await.expect(200);
    admin.delete(&three.path("")).await.expect(200);
    for (query, expected) in [
        ("", vec!["two.com", "one.com"]),
        ("name=first", vec!["one.com"]),
        ("name=100%25", vec!["one.com"]),
        ("name=%25", vec!["one.com"]),
        ("domain=TWO.com", vec!["two.com"]),
        ("status=active", vec!["one.com"]),
        ("status=suspended", vec!["two.com"]),
        ("status=suspended&name=first", vec![]),
    ] {
        let list = admin.get(&format!("/v1/tenants?{query}")).await.expect(200);
        let mut found = domains(&list);
        found.sort_unstable();
        let mut expected = expected;
        expected.sort_unstable();
        assert_eq!(found, expected, "{query}");
        assert_eq!(list.number_at("/pagination/total"), i64::try_from(expected.len()).unwrap());
    }
    let deleted = admin.get("/v1/tenants?status=deleted").await.expect(200);
    assert_eq!(deleted.text_at("/data/0/id"), three.id);
    admin.get("/v1/tenants?status=gone").await.expect(422);
    one.caller.get("/v1/tenants").await.expect(403);
    app.stop().await;
}

#[sqlx::test]
async fn suspending_resuming_and_deleting_twice_changes_nothing_more(db: PgPool) {
    let app = App::start(&db).await;
    let admin = app.admin();
    let acme = app.tenant("acme.com").await;
    for (verb, status) in [("suspend", "suspended"), ("resume", "active")] {
        for _ in 0..2 {
            let shown = admin.post_nothing(&acme.path(&format!("/{verb}"))).await.expect(200);
            assert_eq!(shown.text_at("/status"), status);
        }
    }
    admin.delete(&acme.path("")).await.expect(200);
    for verb in ["suspend", "resume"] {
        admin.post_nothing(&acme.path(&format!("/{verb}"))).await.expect(404);
    }
    admin.patch(&acme.path(""), &json!({"name": "Back"})).await.expect(404);
    app.stop().await;
}
