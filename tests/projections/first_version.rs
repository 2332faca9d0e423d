//! A log that the first version wrote: it is read by this one, and grows the same tables.

use selfmx::database::migrate;
use selfmx::projections;
use sqlx::PgPool;

use crate::node::{Node, clock};
use crate::tables::snapshot;
use crate::truth::{follow, settled};

const FIRST_VERSION: &str = include_str!("../fixtures/first_version.sql");

/// The tables that are written with the facts, each in an order of its own.
const INLINE: [&str; 3] = [
    "select to_jsonb(t)::text from tenants t order by id",
    "select to_jsonb(t)::text from api_keys t order by id",
    // The leases and their count are the workers' own, and in no fact.
    "select (to_jsonb(t) - 'fence' - 'lease' - 'leased_until')::text from send_queue t order by 1",
];

async fn inline(db: &PgPool) -> Vec<String> {
    let mut rows = Vec::new();
    for table in INLINE {
        let more: Vec<String> = sqlx::query_scalar(table).fetch_all(db).await.unwrap();
        rows.extend(more);
    }
    rows
}

/// The first version counted requests on the day on which they were made, and later ones count them on the day
/// on which they became a fact: that is all that differs. So this takes the numbers of requests from the facts.
const REQUESTS_BY_DAY_OF_FACT: &str = "
    update usage set api_requests = 0;
    insert into usage (tenant_id, day, api_requests)
        select tenant_id, (recorded_at at time zone 'UTC')::date, sum((payload->>'requests')::bigint)
        from events where type = 'usage.api_requests_counted' group by 1, 2
        on conflict (tenant_id, day) do update set api_requests = excluded.api_requests";

/// The requests of each tenant, of all days together.
async fn requests(db: &PgPool) -> Vec<String> {
    let sums =
        "select tenant_id || ' ' || sum(api_requests) from usage group by tenant_id order by 1";
    sqlx::query_scalar(sums).fetch_all(db).await.unwrap()
}

#[sqlx::test(migrations = false)]
async fn a_log_of_the_first_version_grows_the_tables_that_the_first_version_grew(db: PgPool) {
    sqlx::raw_sql(FIRST_VERSION).execute(&db).await.unwrap();
    migrate::run(&db).await.unwrap();
    let billed = requests(&db).await;
    sqlx::raw_sql(REQUESTS_BY_DAY_OF_FACT).execute(&db).await.unwrap();
    assert_eq!(requests(&db).await, billed, "they move between days, and none is lost");
    let (followed, kept) = (snapshot(&db).await, inline(&db).await);
    assert!(followed.len() > 200 && kept.len() > 10, "the fixture holds something");

    let emptied = "truncate emails, email_recipients, email_timeline, usage, projection_cursors;
                   truncate tenants, api_keys, send_queue";
    sqlx::raw_sql(emptied).execute(&db).await.unwrap();
    let clock = clock();
    let node = Node::start(&db, &clock).await;
    let piece = node.store.read(0, 100_000).await.unwrap();
    assert!(piece.trouble.is_none(), "{:?}", piece.trouble);
    assert!((1..).zip(&piece.facts).all(|(place, fact)| fact.position == place), "a gap");
    let mut connection = db.acquire().await.unwrap();
    for table in projections::inline() {
        table.apply(&mut connection, &piece.facts).await.unwrap();
    }
    drop(connection);
    follow(&node, &clock);
    settled(&db).await;
    assert_eq!(snapshot(&db).await, followed);
    assert_eq!(inline(&db).await, kept);
    node.stop().await;
}
