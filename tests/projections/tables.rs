//! The read tables as text, row by row, to be compared.

use sqlx::PgPool;

/// Each table in an order of its own; places in the log and moments are part of it.
const TABLES: &[&str] = &[
    "select to_jsonb(t)::text from emails t order by id",
    "select to_jsonb(t)::text from email_recipients t order by email_id, place",
    "select to_jsonb(t)::text from email_timeline t order by position",
    "select to_jsonb(t)::text from usage t order by tenant_id, day",
    "select to_jsonb(t)::text from tenants t order by id",
    "select to_jsonb(t)::text from api_keys t order by id",
    "select to_jsonb(t)::text from send_queue t order by email_id",
    "select to_jsonb(t)::text from templates t order by id",
    "select to_jsonb(t)::text from template_versions t order by template_id, version",
    "select to_jsonb(t)::text from webhooks t order by id",
    "select to_jsonb(t)::text from webhook_subscriptions t order by webhook_id",
    "select to_jsonb(t)::text from webhook_deliveries t order by id",
];

/// What Postgres knows of the tables besides their rows.
const LOOKS: &[&str] = &[
    "select to_jsonb(t)::text from (
         select table_name, column_name, data_type, is_nullable, column_default
         from information_schema.columns where table_schema = 'public') t order by 1",
    "select indexdef from pg_indexes where schemaname = 'public' order by 1",
    "select conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid)
     from pg_constraint where connamespace = 'public'::regnamespace order by 1",
    "select relname || ' ' || relpersistence::text || ' ' || coalesce(relacl::text, '-') || ' '
            || coalesce(reloptions::text, '-')
     from pg_class where relnamespace = 'public'::regnamespace order by 1",
    "select pg_get_triggerdef(oid) || tgenabled::text from pg_trigger where not tgisinternal order by 1",
    "select nspname from pg_namespace where nspname like 'regrown%'",
];

/// Columns, indexes, constraints, rights, settings and triggers of all tables.
pub(crate) async fn looks(db: &PgPool) -> Vec<String> {
    let mut looks = Vec::new();
    for look in LOOKS {
        let more: Vec<String> = sqlx::query_scalar(*look).fetch_all(db).await.unwrap();
        looks.extend(more);
    }
    looks
}

/// All rows of the read models.
pub(crate) async fn snapshot(db: &PgPool) -> Vec<String> {
    let mut rows = Vec::new();
    for table in TABLES {
        let more: Vec<String> = sqlx::query_scalar(*table).fetch_all(db).await.unwrap();
        rows.extend(more);
    }
    rows
}

/// Numbers that one query gives, in their order.
pub(crate) async fn numbers(db: &PgPool, query: &'static str) -> Vec<i64> {
    sqlx::query_scalar::<_, Vec<i64>>(query).fetch_one(db).await.unwrap()
}
