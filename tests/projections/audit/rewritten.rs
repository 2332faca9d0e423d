//! Whoever rewrites all of history, tree and signatures included, cannot fool who kept a checkpoint.

use selfmx::audit::inspection::Flaw;
use selfmx::projections::audit::check::first_difference;
use selfmx::projections::audit::export::Asked;
use sqlx::PgPool;

use super::log::Log;
use crate::tamper::{OTHER_PRIORITY, forge, run};

#[sqlx::test(migrations = "./migrations")]
async fn a_log_that_was_rewritten_end_to_end_is_betrayed_by_an_older_checkpoint_alone(db: PgPool) {
    let log = Log::begin(&db).await;
    log.send(20).await;
    let (older, size) = (log.checkpoint(30).await, 30);
    log.send(20).await;
    let asked = Asked { from_size: Some(size), ..log.asked() };
    let honest = log.inspect(&log.export(asked).await, Some(&older)).unwrap();
    assert_eq!(honest.continues, Some(30));

    // The operator himself: guards off, one mail changed, chain and tree grown anew, all signed.
    forge(&db, OTHER_PRIORITY, 12).await;
    run(
        &db,
        "truncate audit_leaves, audit_tiles;
         update projection_cursors set position = 0 where projection = 'audit'",
    )
    .await;
    log.send(1).await;
    assert_eq!(first_difference(&db).await.unwrap(), None, "it fits itself");
    let export = log.export(asked).await;
    log.inspect(&export, None).unwrap();
    let forged = log.checkpoint(30).await;
    log.inspect(&export, Some(&forged)).unwrap();
    assert_eq!(log.inspect(&export, Some(&older)), Err(Flaw::Rewritten));
    let same_size = log.export(Asked { tenant: log.tenants[0], ..log.asked() }).await;
    assert_eq!(log.inspect(&same_size, Some(&older)), Err(Flaw::NotConnected(30)));
    log.node.stop().await;
}
