//! Who gets which mail, and for how long.

use std::time::Duration;

use futures_util::future::join_all;
use selfmx::clock::Clock;
use selfmx::commands::CommandError;
use selfmx::commands::context::Context;
use selfmx::commands::email::{StartDelivery, start_delivery};
use selfmx::projections::send_queue::{Claimed, Wanted, claim, extend, give_back};
use selfmx::values::TenantId;
use sqlx::PgPool;
use uuid::Uuid;

use crate::asks;
use crate::node::{Node, clock};

const LEASE: Duration = Duration::from_secs(60);

/// Takes at most so many, one of each tenant after the given one.
async fn take(db: &PgPool, clock: &Clock, lease: u128, after: &str, most: i64) -> Vec<Claimed> {
    let now = clock.now();
    let wanted = Wanted {
        lease: Uuid::from_u128(lease),
        now,
        until: now.plus(LEASE),
        after,
        sated: &[],
        flying: &[],
        per_tenant: 1,
        most,
    };
    claim(db, &wanted).await.unwrap()
}

/// A tenant with so many mails waiting.
async fn waiting(node: &Node, clock: &Clock, number: u128, mails: usize) -> String {
    let tenant = TenantId::from_uuid(Uuid::from_u128(number));
    let domain = format!("t{number}.example");
    let create = asks::tenant(tenant, &domain, None);
    node.commands.run(&Context::of("test"), &create).await.unwrap();
    for _ in 0..mails {
        let mut send = asks::email(tenant, &["ann@example.org"], clock);
        send.from = Some(format!("a@{domain}").parse().unwrap());
        node.commands.run(&Context::of("test"), &send).await.unwrap();
    }
    tenant.to_string()
}

#[sqlx::test(migrations = "./migrations")]
async fn the_turn_goes_from_tenant_to_tenant_in_whatever_order_they_were_created(db: PgPool) {
    let clock = clock();
    let node = Node::start(&db, &clock).await;
    // So many that Postgres would rather read the table of tenants than look each of them up.
    let created = (1..=300).rev().map(|number| waiting(&node, &clock, number, 2));
    let mut tenants = join_all(created).await;
    sqlx::raw_sql("analyze").execute(&db).await.unwrap();
    tenants.sort();
    let mut after = String::new();
    for (lease, turn) in (0..).zip(tenants.chunks(50)) {
        let claimed = take(&db, &clock, lease, &after, 50).await;
        let mut served: Vec<String> = claimed.into_iter().map(|one| one.tenant_id).collect();
        served.sort();
        assert_eq!(served, turn, "each once, before anybody is served twice");
        after.clone_from(&served[49]);
    }
    node.stop().await;
}

#[sqlx::test(migrations = "./migrations")]
async fn what_many_claim_at_once_each_gets_alone(db: PgPool) {
    let clock = clock();
    let node = Node::start(&db, &clock).await;
    for number in 1..=10 {
        waiting(&node, &clock, number, 4).await;
    }
    let claims = (0..12).map(|lease| take(&db, &clock, lease, "", 5));
    let mut emails: Vec<String> =
        join_all(claims).await.into_iter().flatten().map(|claimed| claimed.email_id).collect();
    let claimed = emails.len();
    emails.sort();
    emails.dedup();
    assert_eq!(emails.len(), claimed, "nothing was claimed twice");
    node.stop().await;
}

#[sqlx::test(migrations = "./migrations")]
async fn a_lease_that_ran_out_passes_on_with_a_higher_fence_and_cannot_be_used_again(db: PgPool) {
    let clock = clock();
    let node = Node::start(&db, &clock).await;
    waiting(&node, &clock, 1, 1).await;
    let first = take(&db, &clock, 1, "", 1).await.remove(0);
    assert_eq!(take(&db, &clock, 2, "", 1).await, [], "it is the first one's");
    clock.advance(LEASE);
    let second = take(&db, &clock, 2, "", 1).await.remove(0);
    assert_eq!((first.fence, second.fence), (1, 2));
    let start = |claimed: &Claimed, lease| StartDelivery {
        tenant: claimed.tenant_id.parse().unwrap(),
        email: claimed.email_id.parse().unwrap(),
        lease: Uuid::from_u128(lease),
        fence: u32::try_from(claimed.fence).unwrap(),
    };
    let context = Context::of("test");
    node.commands.run(&context, &start(&second, 2)).await.unwrap();
    let stolen = node.commands.run(&context, &start(&first, 1)).await;
    assert!(matches!(stolen, Err(CommandError::Refused(start_delivery::Refusal::LeaseLost))));
    node.stop().await;
}

#[sqlx::test(migrations = "./migrations")]
async fn a_lease_is_extended_and_given_back_by_its_holder_only(db: PgPool) {
    let clock = clock();
    let node = Node::start(&db, &clock).await;
    waiting(&node, &clock, 1, 1).await;
    let email = [take(&db, &clock, 1, "", 1).await.remove(0).email_id];
    let (mine, theirs) = ([Uuid::from_u128(1)], [Uuid::from_u128(2)]);
    clock.advance(LEASE);
    let until = clock.now().plus(LEASE);
    assert_eq!(extend(&db, &email, &theirs, until).await.unwrap(), [""; 0]);
    give_back(&db, &email, &theirs).await.unwrap();
    assert_eq!(extend(&db, &email, &mine, until).await.unwrap(), email);
    assert_eq!(take(&db, &clock, 2, "", 1).await, [], "it was extended");
    give_back(&db, &email, &mine).await.unwrap();
    assert_eq!(take(&db, &clock, 2, "", 1).await.len(), 1, "it was given back");
    node.stop().await;
}
