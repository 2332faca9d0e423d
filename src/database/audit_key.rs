//! Where the key that signs tree heads is kept, sealed: one an installation, however many nodes.

use sqlx::PgPool;

use crate::values::{Sealed, Timestamp};

/// The key as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptKey {
    /// The half that is published.
    pub verifier: String,
    /// The half that signs.
    pub sealed: Sealed,
}

/// The key, if one was made.
pub async fn find(pool: &PgPool) -> sqlx::Result<Option<KeptKey>> {
    let row = sqlx::query!("select verifier, sealed from audit_key").fetch_optional(pool).await?;
    row.map(|row| {
        let sealed = row.sealed.parse().map_err(|error| sqlx::Error::Decode(Box::new(error)))?;
        Ok(KeptKey { verifier: row.verifier, sealed })
    })
    .transpose()
}

/// Keeps a key that was made just now, unless another node was faster.
pub async fn keep(pool: &PgPool, key: &KeptKey, now: Timestamp) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into audit_key (verifier, sealed, created_at) values ($1, $2, $3)
         on conflict (only_one) do nothing",
        key.verifier,
        key.sealed.to_string(),
        now.as_datetime(),
    )
    .execute(pool)
    .await?;
    Ok(())
}
