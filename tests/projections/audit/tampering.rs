//! Whoever changes the log, or the tree, behind the service's back is found, and where.

use selfmx::projections::audit::check::{Difference, first_difference};
use sqlx::PgPool;

use super::log::Log;
use crate::tamper::{OTHER_PRIORITY, OTHER_SEAL, forged, run, tamper};

#[sqlx::test(migrations = "./migrations")]
async fn whoever_tampers_with_log_or_tree_is_found_at_the_first_position(db: PgPool) {
    let log = Log::begin(&db).await;
    log.send(140).await;
    run(&db, "create table kept as select * from events").await;
    run(&db, "create table kept_leaves as select * from audit_leaves").await;
    run(&db, "create table kept_tiles as select * from audit_tiles").await;
    let zeroes = "decode(repeat('00', 32), 'hex')";
    let (priority, seal) = (forged(OTHER_PRIORITY, 20), forged(OTHER_SEAL, 21));
    let all: Vec<(&str, Difference)> = vec![
        (&priority, Difference::Leaf(20)),
        (&seal, Difference::Leaf(21)),
        (
            "update events set payload = (payload::text || ' ')::json where position = 3",
            Difference::Leaf(3),
        ),
        (
            "update events set metadata = '{\"actor\": \"nobody\"}' where position = 4",
            Difference::Leaf(4),
        ),
        (
            "update events set recorded_at = recorded_at - interval '1 microsecond'
             where position = 281",
            Difference::Leaf(281),
        ),
        ("delete from events where position = 7", Difference::MissingFact(7)),
        (
            "update events set position = -1 where position = 9;
             update events set position = 9 where position = 10;
             update events set position = 10 where position = -1",
            Difference::Leaf(9),
        ),
        ("delete from audit_leaves where position = 5", Difference::MissingLeaf(5)),
    ];
    for (statements, difference) in all {
        tamper(&db, statements).await;
        assert_eq!(first_difference(&db).await.unwrap(), Some(difference), "{statements}");
        restore(&db).await;
    }
    let statements = format!("update audit_leaves set link = {zeroes} where position = 6");
    run(&db, &statements).await;
    assert_eq!(first_difference(&db).await.unwrap(), Some(Difference::Link(6)));
    restore(&db).await;
    run(&db, &format!("update audit_tiles set root = {zeroes}")).await;
    assert_eq!(first_difference(&db).await.unwrap(), Some(Difference::Tree(1)));
    restore(&db).await;
    assert_eq!(first_difference(&db).await.unwrap(), None);
    log.node.stop().await;
}

async fn restore(db: &PgPool) {
    tamper(db, "delete from events; insert into events select * from kept").await;
    run(db, "delete from audit_leaves; insert into audit_leaves select * from kept_leaves").await;
    run(db, "delete from audit_tiles; insert into audit_tiles select * from kept_tiles").await;
}
