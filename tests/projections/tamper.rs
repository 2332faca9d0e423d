//! What somebody does to the log behind the service's back.

use sqlx::{AssertSqlSafe, PgPool};

/// Another priority, which stands in clear.
pub(crate) const OTHER_PRIORITY: &str =
    r#"replace(payload::text, '"priority":"normal"', '"priority":"high"')::json"#;

/// Another letter in the midst of what is sealed.
pub(crate) const OTHER_SEAL: &str = r#"overlay(payload::text
    placing case substr(payload::text, strpos(payload::text, '"v1.') + 30, 1) when 'A' then 'B' else 'A' end
    from strpos(payload::text, '"v1.') + 30 for 1)::json"#;

pub(crate) async fn run(db: &PgPool, statements: &str) {
    sqlx::raw_sql(AssertSqlSafe(statements)).execute(db).await.unwrap();
}

/// Does something to the log that its guards would refuse.
pub(crate) async fn tamper(db: &PgPool, statements: &str) {
    let switched = format!(
        "alter table events disable trigger events_append_only; {statements};
         alter table events enable always trigger events_append_only"
    );
    run(db, &switched).await;
}

/// Puts another payload into the fact at a position.
pub(crate) async fn forge(db: &PgPool, payload: &str, position: i64) {
    tamper(db, &forged(payload, position)).await;
}

/// The statement that does it.
pub(crate) fn forged(payload: &str, position: i64) -> String {
    format!("update events set payload = {payload} where position = {position}")
}
