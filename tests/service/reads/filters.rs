//! Emails by what their sender looks for.

use serde_json::json;
use sqlx::PgPool;

use super::ids;
use crate::app::App;

#[sqlx::test]
async fn emails_are_found_by_each_filter_and_by_several(db: PgPool) {
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    let bill = acme.sends(&acme.hello_with(&json!({
        "from": "Billing <billing@acme.com>", "to": ["Ann <ann@example.org>", "bob@example.org"],
        "tags": ["bill", "2024"], "metadata": {"order": "42", "shop": "north"},
    }))).await;
    app.settle().await;
    app.advance(60);
    let later = json!({"to": "eve@example.org", "bcc": "bob@example.org", "tags": ["2024"],
                       "metadata": {"order": "43"}, "scheduled_at": "2024-01-16T00:00:00Z"});
    let news = acme.sends(&acme.hello_with(&later)).await;
    let (both, none) = (vec![news.clone(), bill.clone()], Vec::<String>::new());
    for (query, expected) in [
        ("", &both),
        ("status=delivered", &vec![bill.clone()]),
        ("status=queued", &vec![news.clone()]),
        ("status=bounced", &none),
        ("from=billing@acme.com", &vec![bill.clone()]),
        ("to=bob@example.org", &both),
        ("to=eve@example.org", &vec![news.clone()]),
        ("tag=2024", &both),
        ("tag=bill", &vec![bill.clone()]),
        ("tag=20", &none),
        ("metadata%5Border%5D=42", &vec![bill.clone()]),
        ("metadata[shop]=north&metadata[order]=42", &vec![bill.clone()]),
        ("metadata[shop]=north&metadata[order]=43", &none),
        ("since=2024-01-15T10:31:00Z", &vec![news.clone()]),
        ("until=2024-01-15T10:31:00Z", &vec![bill.clone()]),
        ("since=2024-01-15T11:30:00%2B01:00&until=2024-01-15T10:30:01Z", &vec![bill.clone()]),
        ("tag=2024&status=queued&to=bob@example.org", &vec![news.clone()]),
    ] {
        let list = acme.caller.get(&format!("/v1/emails?{query}")).await.expect(200);
        assert_eq!(&ids(&list), expected, "{query}");
        assert_eq!(list.number_at("/pagination/total"), i64::try_from(expected.len()).unwrap());
        let admin = app.admin().get(&acme.path(&format!("/emails?{query}"))).await.expect(200);
        assert_eq!(&ids(&admin), expected, "{query}");
    }
    app.stop().await;
}

#[sqlx::test]
async fn a_filter_that_makes_no_sense_is_refused_and_named(db: PgPool) {
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    for (query, field) in [
        ("status=lost", "status"),
        ("from=nobody", "from"),
        ("since=yesterday", "since"),
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("page=0", "page"),
        ("cursor=x", "cursor"),
        ("sort=subject", "sort"),
    ] {
        let answer = acme.caller.get(&format!("/v1/emails?{query}")).await.expect(422);
        assert_eq!(answer.faulty_fields(), [field], "{query}");
    }
    app.stop().await;
}
