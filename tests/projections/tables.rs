//! The read tables as text, row by row, to be compared.

use sqlx::PgPool;

/// Each table in an order of its own; places in the log and moments are part of it.
const TABLES: &[&str] = &[
    "select to_jsonb(t)::text from emails t order by id",
    "select to_jsonb(t)::text from email_recipients t order by email_id, place",
    "select to_jsonb(t)::text from email_timeline t order by position",
    "select to_jsonb(t)::text from usage t order by tenant_id, day",
];

/// All rows of the following read models.
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
