//! Requests are counted exactly, whichever node they reach, and become facts once.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a helper of a test fails like a test")]

#[path = "log_support/node.rs"]
mod node;

use std::time::Duration;

use futures_util::future::join_all;
use selfmx::clock::Clock;
use selfmx::database::request_meter::{DayTotal, RequestMeter};
use selfmx::database::{Sharing, connect};
use selfmx::events::store::EventStore;
use selfmx::events::{Fact, UsageEvent};
use selfmx::reactors::usage_meter::flush;
use selfmx::tasks::Tasks;
use selfmx::values::{TenantId, Timestamp};
use sqlx::PgPool;

use node::{Node, clock};

const MINUTE: Duration = Duration::from_secs(60);

/// So many requests of a tenant, one after the other.
async fn count(meter: &RequestMeter, tenant: TenantId, requests: usize, now: Timestamp) {
    for _ in 0..requests {
        meter.place(tenant, MINUTE, now).await.unwrap();
    }
}

/// What the log says in all.
async fn recorded(store: &EventStore) -> u64 {
    let piece = store.read(0, 2_000).await.unwrap();
    let counted = piece.facts.iter().map(|fact| match &fact.fact {
        Fact::Usage(_, _, UsageEvent::ApiRequestsCounted { requests }) => *requests,
        other @ (Fact::Tenant(..)
        | Fact::ApiKey(..)
        | Fact::Email(..)
        | Fact::Domain(..)
        | Fact::Suppression(..)
        | Fact::Template(..)
        | Fact::Webhook(..)) => {
            panic!("{other:?}")
        }
    });
    counted.sum()
}

fn tenants(count: usize, clock: &Clock) -> Vec<TenantId> {
    (0..count).map(|_| TenantId::at(clock.now())).collect()
}

#[sqlx::test(migrations = "./migrations")]
async fn every_request_has_a_place_of_its_own_over_two_nodes(db: PgPool) {
    let clock = clock();
    let (one, two) = (Node::start(&db, &clock).await, Node::start(&db, &clock).await);
    let meters = [
        RequestMeter::start(one.pool.clone(), &one.tasks),
        RequestMeter::start(two.pool.clone(), &two.tasks),
    ];
    let (both, now) = (tenants(2, &clock), clock.now());
    let burst = (0..600).map(|n: usize| {
        let (meter, tenant) = (&meters[n % 2], both[(n / 2) % 2]);
        async move { (tenant, meter.place(tenant, MINUTE, now).await.unwrap()) }
    });
    let places = join_all(burst).await;
    for tenant in both {
        let of_one = places.iter().filter(|(of, _)| *of == tenant).map(|(_, place)| place.number);
        let mut numbers: Vec<u64> = of_one.collect();
        numbers.sort_unstable();
        assert_eq!(numbers, (1..=300).collect::<Vec<_>>());
    }
    one.stop().await;
    two.stop().await;
}

#[sqlx::test(migrations = "./migrations")]
async fn a_new_window_begins_at_one_and_the_day_goes_on(db: PgPool) {
    let clock = clock();
    let node = Node::start(&db, &clock).await;
    let meter = RequestMeter::start(node.pool.clone(), &node.tasks);
    let tenant = TenantId::at(clock.now());
    count(&meter, tenant, 3, clock.now()).await;
    clock.advance(MINUTE);
    let place = meter.place(tenant, MINUTE, clock.now()).await.unwrap();
    assert_eq!((place.number, place.window_ends), (1, clock.now().unix_seconds() + 60));
    let total = DayTotal { tenant_id: tenant.to_string(), day: clock.now().day(), requests: 4 };
    assert_eq!(meter.unrecorded(None).await.unwrap(), [total]);
    node.stop().await;
}

#[sqlx::test(migrations = "./migrations")]
async fn what_two_nodes_make_facts_of_at_once_counts_once(db: PgPool) {
    let clock = clock();
    let (one, two) = (Node::start(&db, &clock).await, Node::start(&db, &clock).await);
    let meters = [
        RequestMeter::start(one.pool.clone(), &one.tasks),
        RequestMeter::start(two.pool.clone(), &two.tasks),
    ];
    let all = tenants(5, &clock);
    for round in 1..4 {
        for tenant in &all {
            count(&meters[round % 2], *tenant, round, clock.now()).await;
        }
        let flushes = [
            flush(&meters[0], &one.commands),
            flush(&meters[1], &two.commands),
            flush(&meters[0], &two.commands),
        ];
        join_all(flushes).await;
        clock.advance(Duration::from_secs(40_000));
    }
    assert_eq!(recorded(&one.store).await, 5 * (1 + 2 + 3));
    assert_eq!(meters[0].unrecorded(None).await.unwrap(), []);
    one.stop().await;
    two.stop().await;
}

#[sqlx::test(migrations = "./migrations")]
async fn what_is_forgotten_was_recorded_before(db: PgPool) {
    let clock = clock();
    let node = Node::start(&db, &clock).await;
    let meter = RequestMeter::start(node.pool.clone(), &node.tasks);
    let both = tenants(2, &clock);
    count(&meter, both[0], 2, clock.now()).await;
    flush(&meter, &node.commands).await;
    count(&meter, both[1], 3, clock.now()).await;
    clock.advance(Duration::from_secs(9 * 86_400));
    meter.forget_before(clock.now()).await.unwrap();
    let left = meter.unrecorded(None).await.unwrap();
    assert_eq!(left.iter().map(|total| total.requests).collect::<Vec<_>>(), [3]);
    flush(&meter, &node.commands).await;
    assert_eq!(recorded(&node.store).await, 5);
    node.stop().await;
}

#[sqlx::test(migrations = "./migrations")]
async fn the_last_of_many_busy_tenants_is_recorded_too(db: PgPool) {
    let clock = clock();
    let node = Node::start(&db, &clock).await;
    let meter = RequestMeter::start(node.pool.clone(), &node.tasks);
    let all = tenants(1_100, &clock);
    join_all(all.iter().map(|tenant| count(&meter, *tenant, 2, clock.now()))).await;
    flush(&meter, &node.commands).await;
    assert_eq!(recorded(&node.store).await, 2_200);
    assert_eq!(meter.unrecorded(None).await.unwrap(), []);
    node.stop().await;
}

/// After a restart of Postgres the first that asked was refused: who was to tell of what is on disk had taken a
/// connection that was dead, too, and the count was there.
#[sqlx::test(migrations = "./migrations")]
async fn a_count_is_told_of_although_connections_have_died_that_nobody_used(db: PgPool) {
    let (clock, tasks) = (clock(), Tasks::new());
    let (timeout, idle) = (Duration::from_secs(5), MINUTE);
    let sharing = Sharing { size: 5, timeout, idle };
    let pool = connect((*db.connect_options()).clone(), sharing).await.unwrap();
    let meter = RequestMeter::start(pool.clone(), &tasks);
    let tenant = TenantId::at(clock.now());
    let place = meter.place(tenant, MINUTE, clock.now()).await.unwrap();
    assert!(meter.is_on_disk(place).await);
    drop(pool.acquire().await.unwrap());

    let all = "select pg_terminate_backend(pid, 5000) from pg_stat_activity
               where datname = current_database() and application_name = 'selfmx'";
    sqlx::raw_sql(all).execute(&db).await.unwrap();
    // Whoever comes first finds out, and is told to come back.
    meter.place(tenant, MINUTE, clock.now()).await.unwrap_err();
    let place = meter.place(tenant, MINUTE, clock.now()).await.unwrap();
    assert!(meter.is_on_disk(place).await);
    assert!(tasks.stop(Duration::from_secs(10)).await);
    pool.close().await;
}
