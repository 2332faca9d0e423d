//! Lists, page by page.

use std::collections::BTreeSet;

use serde_json::json;
use sqlx::PgPool;

use super::ids;
use crate::app::App;

#[sqlx::test]
async fn a_walk_by_cursor_finds_each_email_once_while_new_ones_come_in(db: PgPool) {
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    let mut sent = Vec::new();
    for _ in 0..45 {
        sent.push(acme.sends(&acme.hello()).await);
    }
    sent.reverse();
    let (mut walked, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = acme.caller.get(&format!("/v1/emails?limit=10{cursor}")).await.expect(200);
        walked.extend(ids(&page));
        acme.sends(&acme.hello()).await;
        match page.body["pagination"]["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(walked, sent);
    app.stop().await;
}

#[sqlx::test]
async fn pages_have_twenty_entries_unless_somebody_says_otherwise(db: PgPool) {
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    for _ in 0..45 {
        acme.sends(&acme.hello()).await;
    }
    let mut all = BTreeSet::new();
    for (page, entries) in [(1, 20), (2, 20), (3, 5), (4, 0)] {
        let list = acme.caller.get(&format!("/v1/emails?page={page}")).await.expect(200);
        assert_eq!(ids(&list).len(), entries);
        all.extend(ids(&list));
        let place = &list.body["pagination"];
        assert_eq!(
            (&place["page"], &place["limit"], &place["total"]),
            (&json!(page), &json!(20), &json!(45))
        );
        assert_eq!(place.get("next_cursor").is_some(), page < 3);
    }
    assert_eq!(all.len(), 45);
    let hundred = acme.caller.get("/v1/emails?limit=100").await.expect(200);
    assert_eq!(ids(&hundred).len(), 45);
    app.stop().await;
}
