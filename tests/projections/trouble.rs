//! A fact that is not understood stops its readers, and is never skipped.

use selfmx::commands::context::Context;
use selfmx::values::TenantId;
use sqlx::PgPool;

use crate::asks;
use crate::node::{Node, clock};
use crate::patience::until;
use crate::truth::{follow, settled};

const FUTURE: &str = "
    insert into events (position, tenant_id, stream_id, version, event_id, type, schema, payload,
                        metadata, recorded_at)
    select position + 1, null, 'portal_1', 1, gen_random_uuid(), 'portal.opened', 1, '{}',
           '{\"actor\": \"a newer version\"}', now()
    from log_head;
    update log_head set position = position + 1";

#[sqlx::test(migrations = "./migrations")]
async fn a_fact_that_the_tables_refuse_stops_its_read_model_with_the_reason_and_is_not_lost(
    db: PgPool,
) {
    let clock = clock();
    let node = Node::start(&db, &clock).await;
    let none = "alter table usage add constraint none_at_all check (emails_sent < 1)";
    sqlx::raw_sql(none).execute(&db).await.unwrap();
    let (tenant, context) = (TenantId::at(clock.now()), Context::of("test"));
    node.commands.run(&context, &asks::tenant(tenant, "acme.com", None)).await.unwrap();
    let send = asks::email(tenant, &["ann@example.org"], &clock);
    node.commands.run(&context, &send).await.unwrap();
    // Only now, so that not even the cursor has been written before.
    follow(&node, &clock);
    let says_why = async || {
        let troubles = stopped_at(&db).await.into_iter().filter_map(|(_, trouble)| trouble);
        troubles.into_iter().any(|trouble| trouble.contains("none_at_all"))
    };
    until("the read model says why it stands still", says_why).await;
    let mended = "alter table usage drop constraint none_at_all";
    sqlx::raw_sql(mended).execute(&db).await.unwrap();
    settled(&db).await;
    assert!(stopped_at(&db).await.iter().all(|(_, trouble)| trouble.is_none()));
    let told = sqlx::query_scalar!("select sum(emails_sent)::bigint from usage");
    assert_eq!(told.fetch_one(&db).await.unwrap(), Some(1));
    node.stop().await;
}

async fn stopped_at(db: &PgPool) -> Vec<(i64, Option<String>)> {
    let cursors =
        sqlx::query!("select position, trouble from projection_cursors order by projection");
    let rows = cursors.fetch_all(db).await.unwrap();
    rows.into_iter().map(|row| (row.position, row.trouble)).collect()
}

#[sqlx::test(migrations = "./migrations")]
async fn a_fact_of_a_newer_version_stops_the_read_models_and_is_not_skipped(db: PgPool) {
    let clock = clock();
    let node = Node::start(&db, &clock).await;
    follow(&node, &clock);
    let (tenant, context) = (TenantId::at(clock.now()), Context::of("test"));
    node.commands.run(&context, &asks::tenant(tenant, "acme.com", None)).await.unwrap();
    let send = || asks::email(tenant, &["ann@example.org"], &clock);
    node.commands.run(&context, &send()).await.unwrap();
    settled(&db).await;
    sqlx::raw_sql(FUTURE).execute(&db).await.unwrap();
    let after = node.commands.run(&context, &send()).await.unwrap();
    assert_eq!(after.position, 4, "what is written does not wait for its readers");

    let troubled = async || stopped_at(&db).await.iter().all(|(_, trouble)| trouble.is_some());
    until("both read models say why they stand still", troubled).await;
    for (position, trouble) in stopped_at(&db).await {
        assert_eq!(position, 2);
        let trouble = trouble.unwrap();
        assert!(trouble.contains("position 3") && trouble.contains("portal.opened"), "{trouble}");
        assert!(trouble.contains("run a newer one"), "it says what to do: {trouble}");
    }
    let told = sqlx::query_scalar!("select sum(emails_sent)::bigint from usage");
    assert_eq!(told.fetch_one(&db).await.unwrap(), Some(1), "what came before it is applied");
    node.stop().await;
}
