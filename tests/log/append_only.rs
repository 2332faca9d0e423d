//! What was written stays written.

use selfmx::values::TenantId;
use sqlx::PgPool;

use crate::node::{Node, clock};
use crate::turns::facts;

const CHANGES: &[&str] = &[
    "update events set type = 'tenant.resumed'",
    "update events set type = 'tenant.resumed' where false",
    "delete from events",
    "delete from events where false",
    "truncate events",
    "truncate events cascade",
    "set session_replication_role = replica; delete from events",
];

#[sqlx::test(migrations = "./migrations")]
async fn nobody_changes_the_log_not_even_its_owner_or_a_superuser(db: PgPool) {
    let clock = clock();
    let node = Node::start(&db, &clock).await;
    node.store.append(facts(TenantId::at(clock.now()), 0, 3)).await.unwrap();
    let almighty = "select rolsuper from pg_roles where rolname = current_user";
    assert!(sqlx::query_scalar::<_, bool>(almighty).fetch_one(&db).await.unwrap());
    for change in CHANGES {
        let refused = sqlx::raw_sql(*change).execute(&db).await.unwrap_err().to_string();
        assert!(refused.contains("the log is append-only"), "{change}: {refused}");
    }
    let count: i64 =
        sqlx::query_scalar("select count(*) from events where type = 'tenant.suspended'")
            .fetch_one(&db)
            .await
            .unwrap();
    assert_eq!(count, 3);
    node.stop().await;
}
