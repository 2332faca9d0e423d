//! A newer version migrates while this one still serves.

use sqlx::PgPool;

use super::killed::copies;
use crate::rig::{Home, Postgres, Setup, until};
use crate::support::relay::TestRelay;

/// What a later version does to the schema before it replaces this one: it expands.
async fn expand(db: &PgPool) {
    let migration = "
        create table webhooks_to_come (id varchar primary key, url varchar not null);
        alter table emails add column campaign varchar;
        alter table send_queue add column pool varchar;
        alter table tenants add column region varchar;
        alter table events add column origin varchar;
        alter table usage add column webhooks bigint not null default 0;
        create index emails_campaign_index on emails (campaign);
        insert into _sqlx_migrations
            (version, description, installed_on, success, checksum, execution_time)
        values (9000, 'webhooks', now(), true, 'unknown'::bytea, 1)";
    // As any migration is: tried again if the service was in its way.
    while let Err(error) = sqlx::raw_sql(migration).execute(db).await {
        assert_eq!(error.as_database_error().unwrap().code().unwrap(), "40P01", "{error}");
    }
}

#[tokio::test]
async fn a_later_versions_migration_passes_beneath_a_service_that_goes_on_and_starts_again() {
    let (postgres, home, relay) = (Postgres::start().await, Home::new(), TestRelay::start().await);
    let setup = Setup::on(&postgres, &home).relay(relay.port());
    let service = setup.serve().await;
    let tenant = service.tenant("acme.com").await;
    let before = tenant.sends("Before").await;
    tenant.until_it_is("delivered", &before).await;
    let db = postgres.pool().await;
    expand(&db).await;
    // All that was asked before is asked again of the schema as it is now.
    let after = tenant.sends("After").await;
    tenant.until_it_is("delivered", &after).await;
    let admin = service.admin();
    let usage = format!("/v1/tenants/{}/usage", tenant.id);
    until("both are counted", async || {
        admin.get(&usage).await.expect(200).text.contains(r#""emails_delivered":2"#)
    })
    .await;
    tenant.caller.get("/v1/emails").await.expect(200);
    admin.get("/v1/tenants").await.expect(200);
    service.tenant("beta.com").await;
    service.stop().await.well();

    let manually = setup.clone().set("DB_AUTO_MIGRATE", "false");
    for setup in [setup, manually] {
        let service = setup.serve().await;
        let there = tenant.at(&service);
        let id = there.sends("On the later schema").await;
        there.until_it_is("delivered", &id).await;
        assert_eq!(copies(&relay.mails(), &id), 1);
        assert_eq!(there.look(&before).await.text_at("/status"), "delivered");
        service.stop().await.well();
    }
    let later = "select count(*) from _sqlx_migrations where version = 9000 and success";
    let later: i64 = sqlx::query_scalar(later).fetch_one(&db).await.unwrap();
    assert_eq!(later, 1, "nobody has touched what is not ours");
    db.close().await;
}
