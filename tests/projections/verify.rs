//! Whatever is changed behind the service's back is found, and named.

use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::future::join;
use selfmx::commands::context::Context;
use selfmx::events::store::read::Reader;
use selfmx::events::store::verify as log;
use selfmx::projections::{self, rebuild::Rebuild, verify as read_models};
use selfmx::values::{TenantId, Verdict};
use sqlx::PgPool;

use crate::asks;
use crate::later::later;
use crate::lives::World;
use crate::node::{Node, clock, root};
use crate::tamper::{OTHER_PRIORITY, OTHER_SEAL, forge, tamper};
use crate::truth::{follow, lives, settled};

/// The place of the first mail.
const FIRST_MAIL: &str = "select min(position) from events where type = 'email.accepted'";

/// All that is verified.
async fn verify(db: &PgPool, tenant: Option<TenantId>) -> Vec<Verdict> {
    let models = projections::all();
    let log = Reader::new(db.clone(), root());
    let mut verdicts = log::verify(&log, tenant, &|_, _| {}).await.unwrap();
    verdicts.extend(read_models::verify(&log, &models, tenant, &|_, _| {}).await.unwrap());
    verdicts.push(read_models::usage(db, tenant).await.unwrap());
    verdicts.push(read_models::ended(db, tenant).await.unwrap());
    verdicts
}

/// A life that was lived and settled; nothing writes any more.
async fn lived(db: &PgPool) {
    let clock = clock();
    let node = Node::start(db, &clock).await;
    follow(&node, &clock);
    World::begin(&node, &clock).await.live(&lives(1)[0]).await;
    settled(db).await;
    node.stop().await;
}

/// The checks that found something, with all that they say.
async fn found(db: &PgPool) -> Vec<(String, String)> {
    let broken = verify(db, None).await.into_iter().filter(|verdict| !verdict.holds());
    broken
        .map(|verdict| (verdict.check.clone(), serde_json::to_string(&verdict).unwrap()))
        .collect()
}

/// What a check says; the test ends if it found nothing.
#[track_caller]
fn said<'a>(found: &'a [(String, String)], check: &str) -> &'a str {
    let said = found.iter().find(|(one, _)| one == check);
    &said.unwrap_or_else(|| panic!("{check} found nothing: {found:?}")).1
}

async fn position(db: &PgPool, which: &'static str) -> i64 {
    sqlx::query_scalar(which).fetch_one(db).await.unwrap()
}

#[sqlx::test(migrations = "./migrations")]
async fn what_nobody_has_touched_holds_for_all_and_for_each_tenant(db: PgPool) {
    lived(&db).await;
    let verdicts = verify(&db, None).await;
    assert!(verdicts.iter().all(Verdict::holds), "{verdicts:?}");
    let idle = verdicts.iter().filter(|verdict| verdict.looked_at == 0);
    let idle: Vec<_> = idle.map(|verdict| verdict.check.as_str()).collect();
    // Nobody made a key or anything else, and with all tenants at their end nobody is to be told anything.
    let none = [
        "projection.api_keys",
        "projection.domains",
        "projection.suppressions",
        "projection.templates",
        "projection.webhook_deliveries",
    ];
    assert_eq!(idle, none, "each other check has looked at something");
    let tenants: Vec<String> =
        sqlx::query_scalar("select id from tenants").fetch_all(&db).await.unwrap();
    for tenant in tenants {
        let verdicts = verify(&db, Some(tenant.parse().unwrap())).await;
        assert!(verdicts.iter().all(Verdict::holds), "{verdicts:?}");
    }
}

#[sqlx::test(migrations = "./migrations")]
async fn it_holds_beside_a_service_that_is_busy(db: PgPool) {
    let clock = clock();
    let node = Node::start(&db, &clock).await;
    follow(&node, &clock);
    let (tenant, context) = (TenantId::at(clock.now()), Context::of("test"));
    node.commands.run(&context, &asks::tenant(tenant, "acme.com", None)).await.unwrap();
    let enough = AtomicBool::new(false);
    let busy = async {
        while !enough.load(Ordering::SeqCst) {
            let send = asks::email(tenant, &["ann@example.org"], &clock);
            node.commands.run(&context, &send).await.unwrap();
        }
    };
    let proves = async {
        for _ in 0..3 {
            let verdicts = verify(&db, None).await;
            assert!(verdicts.iter().all(Verdict::holds), "{verdicts:?}");
        }
        enough.store(true, Ordering::SeqCst);
    };
    join(busy, proves).await;
    node.stop().await;
}

#[sqlx::test(migrations = "./migrations")]
async fn a_byte_of_a_payload_that_still_reads_shows_in_the_rows_it_made(db: PgPool) {
    lived(&db).await;
    let at = position(&db, FIRST_MAIL).await;
    forge(&db, OTHER_PRIORITY, at).await;
    let found = found(&db).await;
    let said = said(&found, "projection.emails");
    assert!(said.contains(r#""name":"priority","live":"normal","regrown":"high""#), "{said}");
    assert!(said.contains(&format!("[{at},")) || said.contains(&format!("[{at}]")), "{said}");
}

#[sqlx::test(migrations = "./migrations")]
async fn a_letter_of_what_is_sealed_keeps_it_from_being_opened(db: PgPool) {
    lived(&db).await;
    let at = position(&db, FIRST_MAIL).await;
    forge(&db, OTHER_SEAL, at).await;
    let found = found(&db).await;
    let said = said(&found, "log.payloads");
    assert!(said.contains(&format!("position {at} is not understood")), "{said}");
    assert!(said.contains("cannot be opened: it was changed"), "{said}");
}

#[sqlx::test(migrations = "./migrations")]
async fn a_key_that_is_gone_although_nobody_was_erased_is_missed(db: PgPool) {
    lived(&db).await;
    let at = position(&db, FIRST_MAIL).await;
    sqlx::raw_sql("delete from tenant_keys").execute(&db).await.unwrap();
    let found = found(&db).await;
    let said = said(&found, "log.payloads");
    assert!(said.contains(&format!("position {at} is not understood")), "{said}");
}

#[sqlx::test(migrations = "./migrations")]
async fn a_payload_that_reads_no_more_is_named_by_its_position(db: PgPool) {
    lived(&db).await;
    tamper(&db, "update events set payload = '{}' where position = 7").await;
    let found = found(&db).await;
    assert!(said(&found, "log.payloads").contains("position 7 is not understood"), "{found:?}");
    // What follows cannot be grown, and is not said to hold.
    assert!(said(&found, "projection.emails").contains("position 7"), "{found:?}");
}

#[sqlx::test(migrations = "./migrations")]
async fn a_fact_that_is_gone_is_missed(db: PgPool) {
    lived(&db).await;
    let middle = position(
        &db,
        "select min(position) from events e where type = 'email.delivery_started'
         and exists (select from events n where n.stream_id = e.stream_id and n.version > e.version)",
    )
    .await;
    tamper(&db, &format!("delete from events where position = {middle}")).await;
    let seen = found(&db).await;
    let gap = format!("the fact at position {middle} is missing");
    assert!(said(&seen, "log.positions").contains(&gap), "{seen:?}");
    assert!(said(&seen, "log.streams").contains("is expected"), "{seen:?}");
    tamper(&db, "delete from events where position = (select position from log_head)").await;
    assert!(said(&found(&db).await, "log.positions").contains("the head of the log is at"));
}

#[sqlx::test(migrations = "./migrations")]
async fn facts_that_have_changed_places_are_found(db: PgPool) {
    lived(&db).await;
    let swap = |one: i64, other: i64| {
        format!(
            "update events set position = -1 where position = {one};
             update events set position = {one} where position = {other};
             update events set position = {other} where position = -1"
        )
    };
    // Of two streams: only the rows that they made know where they stood.
    let accepted =
        "select array[min(position), max(position)] from events where type = 'email.accepted'";
    let pair: Vec<i64> = sqlx::query_scalar(accepted).fetch_one(&db).await.unwrap();
    tamper(&db, &swap(pair[0], pair[1])).await;
    let seen = found(&db).await;
    let told = said(&seen, "projection.emails");
    assert!(told.contains(r#""name":"position""#) && told.contains(&pair[0].to_string()), "{told}");
    tamper(&db, &swap(pair[0], pair[1])).await;
    assert_eq!(found(&db).await, []);
    // Of one stream: they contradict each other.
    let one = "select array_agg(position order by position) from events where stream_id =
               (select stream_id from events where version = 2 order by position limit 1)";
    let pair: Vec<i64> = sqlx::query_scalar(one).fetch_one(&db).await.unwrap();
    tamper(&db, &swap(pair[0], pair[1])).await;
    let seen = found(&db).await;
    assert!(
        said(&seen, "log.streams").contains("stands before the one that it follows"),
        "{seen:?}"
    );
}

#[sqlx::test(migrations = "./migrations")]
async fn a_changed_bill_is_found_twice_and_traced_to_its_facts(db: PgPool) {
    lived(&db).await;
    let change = "update usage set emails_sent = emails_sent - 1
                  where tenant_id = (select tenant_id from usage where emails_sent > 0 limit 1)";
    sqlx::raw_sql(change).execute(&db).await.unwrap();
    let found = found(&db).await;
    assert!(said(&found, "projection.usage").contains(r#""name":"emails_sent""#), "{found:?}");
    assert!(!said(&found, "projection.usage").contains(r#""positions":[]"#), "{found:?}");
    assert!(said(&found, "accounting.usage").contains("in usage"), "{found:?}");
    assert!(!said(&found, "accounting.usage").contains(r#""positions":[]"#), "{found:?}");
}

#[sqlx::test(migrations = "./migrations")]
async fn an_edited_time_is_found(db: PgPool) {
    lived(&db).await;
    let how = "update events set recorded_at = recorded_at + interval '1 day' where position = 5";
    tamper(&db, how).await;
    let found = found(&db).await;
    let said = said(&found, "log.times");
    assert!(said.contains("position 5") && said.contains("86400000 ms away"), "{said}");
}

#[sqlx::test(migrations = "./migrations")]
async fn an_id_that_was_given_twice_is_found(db: PgPool) {
    lived(&db).await;
    let how = "update events set event_id = (select event_id from events where position = 2)
               where position = 4";
    tamper(&db, how).await;
    assert!(said(&found(&db).await, "log.ids").contains("[2,4]"));
}

#[sqlx::test(migrations = "./migrations")]
async fn rows_that_are_gone_or_that_no_fact_made_are_found(db: PgPool) {
    lived(&db).await;
    let change = "delete from send_queue
                      where email_id = (select min(email_id) from send_queue);
                  insert into tenants
                      select 'tenant_x', name, null, settings, smtp_config, rate_limit, status, version,
                             created_at, updated_at
                      from tenants limit 1";
    sqlx::raw_sql(change).execute(&db).await.unwrap();
    let found = found(&db).await;
    assert!(said(&found, "projection.send_queue").contains("is missing"), "{found:?}");
    assert!(said(&found, "accounting.recipients").contains("in the queue"), "{found:?}");
    assert!(said(&found, "projection.tenants").contains("no fact made"), "{found:?}");
}

#[sqlx::test(migrations = "./migrations")]
async fn a_recipient_that_came_to_two_ends_does_not_add_up(db: PgPool) {
    let clock = clock();
    let node = Node::start(&db, &clock).await;
    follow(&node, &clock);
    let (tenant, context) = (TenantId::at(clock.now()), Context::of("test"));
    node.commands.run(&context, &asks::tenant(tenant, "acme.com", None)).await.unwrap();
    let send = asks::email(tenant, &["ann@example.org"], &clock);
    node.commands.run(&context, &send).await.unwrap();
    // Written as a forger would who knows the rules of the log, and counted as the service would.
    let forged = r#"insert into events
                    select h.position + n, e.tenant_id, e.stream_id, 1 + n, gen_random_uuid(),
                           'email.recipient_delivered', 1,
                           '{"recipient": "ann@example.org", "response": "250 ok"}', e.metadata,
                           e.recorded_at
                    from events e cross join log_head h cross join generate_series(1, 2) n
                    where e.type = 'email.accepted';
                    update log_head set position = position + 2"#;
    sqlx::raw_sql(forged).execute(&db).await.unwrap();
    settled(&db).await;
    node.stop().await;
    let found = found(&db).await;
    let said = said(&found, "accounting.recipients");
    assert!(said.contains("1 sent, but 2 ended and 0 in flight"), "{said}");
    assert!(said.contains(r#""positions":[2,3,4]"#), "{said}");
}

#[sqlx::test(migrations = "./migrations")]
async fn a_tenant_is_verified_by_itself(db: PgPool) {
    lived(&db).await;
    let tenants: Vec<String> =
        sqlx::query_scalar("select distinct tenant_id from usage order by 1")
            .fetch_all(&db)
            .await
            .unwrap();
    let change = "update usage set emails_bounced = emails_bounced + 1
                  where tenant_id = (select min(tenant_id) from usage)";
    sqlx::raw_sql(change).execute(&db).await.unwrap();
    for (place, tenant) in tenants.iter().enumerate() {
        let verdicts = verify(&db, Some(tenant.parse().unwrap())).await;
        assert_eq!(verdicts.iter().all(Verdict::holds), place > 0, "{verdicts:?}");
    }
}

#[sqlx::test(migrations = "./migrations")]
async fn what_another_version_has_grown_is_not_said_to_hold(db: PgPool) {
    lived(&db).await;
    let clock = clock();
    let log = Reader::new(db.clone(), root());
    Rebuild { log: &log, clock: &clock, tell: &|_| {} }.run(&later()).await.unwrap();
    let found = found(&db).await;
    assert_eq!(found.len(), projections::all().len());
    assert!(said(&found, "projection.usage").contains("another version"), "{found:?}");
}
