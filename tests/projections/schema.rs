//! The tables that the user's page shows are there, with the columns that it shows.

use sqlx::PgPool;

const SHOWN: &[(&str, &[&str])] = &[
    ("tenants", &["id", "name", "domain", "settings", "smtp_config", "rate_limit", "created_at"]),
    ("api_keys", &["id", "tenant_id", "key_hash", "permissions", "created_at"]),
    ("emails", &["id", "tenant_id"]),
];

#[sqlx::test(migrations = "./migrations")]
async fn the_tables_of_the_users_page_have_the_columns_of_that_page(db: PgPool) {
    for (table, columns) in SHOWN {
        let found = sqlx::query_scalar!(
            r#"select column_name::varchar as "name!" from information_schema.columns
               where table_schema = 'public' and table_name = $1"#,
            *table,
        );
        let found = found.fetch_all(&db).await.unwrap();
        for column in *columns {
            assert!(found.iter().any(|name| name == column), "{table}.{column} is missing");
        }
    }
}
