//! Several nodes share the work.

use std::collections::HashSet;

use futures_util::{StreamExt as _, stream};
use sqlx::PgPool;

use super::{header, tenant_by};
use crate::app::App;
use crate::support::relay::TestRelay;

#[sqlx::test]
async fn three_hundred_mails_sent_to_two_nodes_arrive_exactly_once(db: PgPool) {
    let (relay, one) = (TestRelay::start().await, App::start(&db).await);
    let two = App::beside(&db, &one.clock, &[]).await;
    let acme = tenant_by(&one, "acme.com", &relay).await;
    let there = two.caller(&acme.token);
    let email = acme.hello();
    let sent = stream::iter(0..300).map(|number| {
        let caller = if number % 2 == 0 { &acme.caller } else { &there };
        caller.post("/v1/send", &email)
    });
    let sent: HashSet<String> = sent
        .buffer_unordered(32)
        .map(|answer| format!("<{}@acme.com>", answer.expect(202).text_at("/id")))
        .collect()
        .await;
    assert_eq!(sent.len(), 300);
    one.settle().await;
    let mails = relay.mails();
    assert_eq!(mails.len(), 300);
    let arrived: HashSet<String> =
        mails.iter().map(|mail| header(&mail.text(), "Message-ID").unwrap()).collect();
    assert_eq!(arrived, sent);
    let usage = two.caller(&acme.token).get("/v1/usage").await.expect(200);
    assert_eq!(usage.number_at("/emails_delivered"), 300);
    two.stop().await;
    one.stop().await;
}

#[sqlx::test]
async fn a_node_that_stops_leaves_its_mail_to_the_other(db: PgPool) {
    use crate::support::relay::{Act, Step};
    let (relay, one) = (TestRelay::start().await, App::start(&db).await);
    let acme = tenant_by(&one, "acme.com", &relay).await;
    relay.once(Step::Mail, Act::Stall);
    let email = acme.sends(&acme.hello()).await;
    super::becomes(&acme, &email, "sending").await;
    relay.wait_until(|seen| !seen.commands("MAIL").is_empty()).await;
    let two = App::beside(&db, &one.clock, &[]).await;
    one.stop().await;
    relay.wait_for_mails(1).await;
    two.settle().await;
    let path = format!("/v1/emails/{email}");
    let shown = two.caller(&acme.token).get(&path).await.expect(200);
    assert_eq!(shown.text_at("/status"), "delivered");
    two.stop().await;
}
