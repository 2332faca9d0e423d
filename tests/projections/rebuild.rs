//! Grown again beside the live tables, a read model takes their place, and nobody notices.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::future::{join, join3};
use selfmx::clock::Clock;
use selfmx::commands::context::Context;
use selfmx::events::store::read::Reader;
use selfmx::projections::emails::{self, EmailFilter};
use selfmx::projections::page::PageRequest;
use selfmx::projections::rebuild::{Progress, Rebuild, RebuildError, stale};
use selfmx::projections::send_queue::{Wanted, claim, extend};
use selfmx::projections::{self, ReadModel};
use selfmx::values::TenantId;
use sqlx::PgPool;
use uuid::Uuid;

use crate::asks;
use crate::later::later;
use crate::lives::World;
use crate::node::{Node, clock, root};
use crate::patience::until;
use crate::replay::lived;
use crate::tables::{looks, snapshot};
use crate::truth::{follow, lives, settled};

fn only(name: &str) -> Vec<ReadModel> {
    projections::all().into_iter().filter(|model| model.name() == name).collect()
}

async fn rebuild(db: &PgPool, clock: &Clock, models: &[ReadModel]) -> Result<(), RebuildError> {
    let log = Reader::new(db.clone(), root());
    Rebuild { log: &log, clock, tell: &|_| {} }.run(models).await
}

#[sqlx::test(migrations = "./migrations")]
async fn what_is_grown_again_is_what_was_there_row_by_row_index_by_index(db: PgPool) {
    let clock = clock();
    let node = Node::start(&db, &clock).await;
    follow(&node, &clock);
    lived(&node, &clock).await;
    // Some are still under way, so that the queue has rows, too.
    World::begin(&node, &clock).await.live(&lives(1)[0]).await;
    settled(&db).await;
    let rights = "grant select on emails to public;
                  alter table usage set (fillfactor = 70);
                  create function nothing() returns trigger language plpgsql
                      as $$ begin return null; end $$;
                  create trigger watched after insert on usage
                      for each statement execute function nothing();
                  alter table usage enable always trigger watched";
    sqlx::raw_sql(rights).execute(&db).await.unwrap();
    let before = (snapshot(&db).await, looks(&db).await);
    assert!(before.0.iter().any(|row| row.contains("\"pending\"")), "the queue is not empty");
    rebuild(&db, &clock, &projections::all()).await.unwrap();
    assert_eq!((snapshot(&db).await, looks(&db).await), before);
    // The runners go on from where the new tables are.
    lived(&node, &clock).await;
    settled(&db).await;
    let grown_on = snapshot(&db).await;
    rebuild(&db, &clock, &projections::all()).await.unwrap();
    assert_eq!(snapshot(&db).await, grown_on);
    node.stop().await;
}

#[sqlx::test(migrations = "./migrations")]
async fn readers_find_every_email_while_it_is_grown_again_under_load(db: PgPool) {
    let clock = clock();
    let node = Node::start(&db, &clock).await;
    follow(&node, &clock);
    let (tenant, context) = (TenantId::at(clock.now()), Context::of("test"));
    node.commands.run(&context, &asks::tenant(tenant, "acme.com", None)).await.unwrap();
    let send = async || {
        let send = asks::email(tenant, &["ann@example.org"], &clock);
        node.commands.run(&context, &send).await.unwrap();
    };
    send().await;
    settled(&db).await;
    let enough = AtomicBool::new(false);
    let sender = async {
        for _ in 0..300 {
            send().await;
        }
    };
    let reader = async {
        let mut known = 1;
        let page = PageRequest { page: 1, limit: 5, cursor: None };
        while !enough.load(Ordering::SeqCst) {
            let found = emails::list(&node.pool, tenant, &EmailFilter::default(), &page).await;
            let found = found.unwrap();
            assert!(found.total >= known, "{} of {known} emails", found.total);
            assert!(found.rows.iter().all(|row| row.progress.recipients.len() == 1));
            known = found.total;
        }
    };
    let again = async {
        for _ in 0..2 {
            rebuild(&db, &clock, &projections::all()).await.unwrap();
        }
        enough.store(true, Ordering::SeqCst);
    };
    join3(sender, reader, again).await;
    settled(&db).await;
    let before = snapshot(&db).await;
    rebuild(&db, &clock, &projections::all()).await.unwrap();
    assert_eq!(snapshot(&db).await, before);
    node.stop().await;
}

#[sqlx::test(migrations = "./migrations")]
async fn a_lease_and_its_fence_outlive_the_queue_that_they_were_taken_from(db: PgPool) {
    let clock = clock();
    let node = Node::start(&db, &clock).await;
    let (tenant, context) = (TenantId::at(clock.now()), Context::of("test"));
    node.commands.run(&context, &asks::tenant(tenant, "acme.com", None)).await.unwrap();
    for _ in 0..2 {
        let send = asks::email(tenant, &["ann@example.org"], &clock);
        node.commands.run(&context, &send).await.unwrap();
    }
    let (now, lease) = (clock.now(), Uuid::from_u128(7));
    let until = now.plus(Duration::from_secs(60));
    let (sated, flying) = (&[][..], &[][..]);
    let wanted = Wanted { lease, now, until, after: "", sated, flying, per_tenant: 1, most: 1 };
    let claimed = claim(&db, &wanted).await.unwrap();
    let before = snapshot(&db).await;
    rebuild(&db, &clock, &only("send_queue")).await.unwrap();
    assert_eq!(snapshot(&db).await, before);
    let ids = [claimed[0].email_id.clone()];
    assert_eq!(extend(&db, &ids, &[lease], until).await.unwrap(), ids);
    let other = Wanted { lease: Uuid::from_u128(8), ..wanted };
    let next = claim(&db, &other).await.unwrap();
    assert_eq!(next.len(), 1);
    assert_ne!(next[0].email_id, ids[0], "what is being delivered is not taken a second time");
    node.stop().await;
}

#[sqlx::test(migrations = "./migrations")]
async fn the_second_rebuild_of_a_read_model_says_that_there_is_a_first(db: PgPool) {
    let clock = clock();
    let mut first = db.acquire().await.unwrap();
    sqlx::raw_sql("select pg_advisory_lock(hashtextextended('regrown_usage', 0))")
        .execute(&mut *first)
        .await
        .unwrap();
    let refused = rebuild(&db, &clock, &only("usage")).await.unwrap_err();
    assert!(matches!(refused, RebuildError::InProgress("usage")), "{refused}");
    rebuild(&db, &clock, &only("emails")).await.unwrap();
    drop(first.detach());
    until("the first has ended", async || rebuild(&db, &clock, &only("usage")).await.is_ok()).await;
}

#[sqlx::test(migrations = "./migrations")]
async fn a_long_reader_delays_the_swap_and_no_other_reader(db: PgPool) {
    let clock = clock();
    let node = Node::start(&db, &clock).await;
    follow(&node, &clock);
    lived(&node, &clock).await;
    settled(&db).await;
    let before = snapshot(&db).await;
    let mut long = db.begin().await.unwrap();
    sqlx::raw_sql("select count(*) from usage").execute(&mut *long).await.unwrap();
    let waits = AtomicBool::new(false);
    let tell = |progress| {
        waits.fetch_or(matches!(progress, Progress::Waits(_)), Ordering::SeqCst);
    };
    let models = only("usage");
    let log = Reader::new(db.clone(), root());
    let again = Rebuild { log: &log, clock: &clock, tell: &tell };
    let others = async {
        until("it waits", async || waits.load(Ordering::SeqCst)).await;
        assert_eq!(snapshot(&db).await, before);
        long.commit().await.unwrap();
    };
    let (done, ()) = join(again.run(&models), others).await;
    done.unwrap();
    assert_eq!(snapshot(&db).await, before);
    node.stop().await;
}

#[sqlx::test(migrations = "./migrations")]
async fn a_migration_that_comes_between_is_not_undone_by_the_swap(db: PgPool) {
    let clock = clock();
    let mut migration = db.begin().await.unwrap();
    sqlx::raw_sql("lock table usage in access share mode").execute(&mut *migration).await.unwrap();
    let told = Mutex::new(Vec::new());
    let tell = |progress| told.lock().unwrap().push(progress);
    let models = only("usage");
    let log = Reader::new(db.clone(), root());
    let again = Rebuild { log: &log, clock: &clock, tell: &tell };
    let others = async {
        until("it waits", async || told.lock().unwrap().contains(&Progress::Waits("usage"))).await;
        let more = "alter table usage add column opens bigint not null default 0";
        sqlx::raw_sql(more).execute(&mut *migration).await.unwrap();
        migration.commit().await.unwrap();
    };
    let (refused, ()) = join(again.run(&models), others).await;
    assert!(matches!(refused, Err(RebuildError::Changed("usage"))), "{refused:?}");
    sqlx::raw_sql("select opens from usage").execute(&db).await.unwrap();
    rebuild(&db, &clock, &models).await.unwrap();
    sqlx::raw_sql("select opens from usage").execute(&db).await.unwrap();
}

#[sqlx::test(migrations = "./migrations")]
async fn what_a_killed_rebuild_left_behind_is_gone_after_the_next_start(db: PgPool) {
    let clock = clock();
    let node = Node::start(&db, &clock).await;
    let left = "create schema regrown_usage; create table regrown_usage.usage (half integer);
                create schema regrown_emails; create table regrown_emails.emails (half integer)";
    sqlx::raw_sql(left).execute(&db).await.unwrap();
    rebuild(&db, &clock, &only("usage")).await.unwrap();
    stale::start(projections::all(), node.store.reader(), &clock, &node.tasks);
    until("nothing is left", async || {
        let left = "select count(*) from pg_namespace where nspname like 'regrown%'";
        sqlx::query_scalar::<_, i64>(left).fetch_one(&db).await.unwrap() == 0
    })
    .await;
    node.stop().await;
}

#[sqlx::test(migrations = "./migrations")]
async fn an_older_version_does_not_put_its_tables_in_the_place_of_newer_ones(db: PgPool) {
    let clock = clock();
    let node = Node::start(&db, &clock).await;
    follow(&node, &clock);
    lived(&node, &clock).await;
    settled(&db).await;
    rebuild(&db, &clock, &later()).await.unwrap();
    let before = snapshot(&db).await;
    for name in ["emails", "tenants"] {
        let refused = rebuild(&db, &clock, &only(name)).await.unwrap_err();
        assert!(matches!(refused, RebuildError::Outgrown(_)), "{refused}");
    }
    assert_eq!(snapshot(&db).await, before);
    assert!(!looks(&db).await.contains(&"regrown_emails".to_owned()), "nothing is left behind");
    node.stop().await;
}
