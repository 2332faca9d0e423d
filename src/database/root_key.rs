//! The installation's own key: wrapped by the operator's secret, and by two of them while it is exchanged.

use sqlx::{PgPool, Postgres, Transaction};

use crate::database;
use crate::values::{EmailContent, OpenError, SecretKey, TenantId, WrappingKey};

/// Nodes that start together take turns by this number, which is nobody else's.
const TURN: i64 = 0x5e1f_0002;

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum RootKeyError {
    /// The installation was made with another secret.
    #[error(
        "SECRET_KEY does not open this installation: give the one with which it was made, or to which \
         it was rotated"
    )]
    Foreign,
    /// Postgres did not answer.
    #[error("the installation's key cannot be read")]
    Database(#[from] sqlx::Error),
}

impl From<OpenError> for RootKeyError {
    fn from(_: OpenError) -> Self {
        Self::Foreign
    }
}

/// The installation's key. At the first start it is the one that the first version made from the operator's
/// secret, so that whatever that version sealed and hashed stays readable.
pub async fn open(pool: &PgPool, secret: &WrappingKey) -> Result<SecretKey, RootKeyError> {
    let mut turn = database::alone(pool, TURN).await?;
    let root = opened_or_adopted(&mut turn, secret).await?;
    turn.commit().await?;
    Ok(root)
}

/// Lets `new` open the installation, too. Services that run, and those that start with the present secret, go
/// on: both open it until the others are [retired](retire_others).
pub async fn let_in(
    pool: &PgPool,
    present: &WrappingKey,
    new: &WrappingKey,
) -> Result<(), RootKeyError> {
    let mut turn = database::alone(pool, TURN).await?;
    // One that was killed before its end may have let the new one in already.
    if wrapped(&mut turn, new).await?.is_none() {
        let root = opened_or_adopted(&mut turn, present).await?;
        keep(&mut turn, new, &root).await?;
    }
    turn.commit().await?;
    Ok(())
}

/// From here on only this secret opens the installation; says how many others did.
pub async fn retire_others(pool: &PgPool, only: &WrappingKey) -> Result<u64, RootKeyError> {
    let mut turn = database::alone(pool, TURN).await?;
    let wrapped = wrapped(&mut turn, only).await?.ok_or(RootKeyError::Foreign)?;
    only.unwrap(&wrapped)?;
    let retired = sqlx::query!("delete from root_key_wraps where secret <> $1", only.fingerprint())
        .execute(&mut *turn)
        .await?;
    turn.commit().await?;
    Ok(retired.rows_affected())
}

async fn opened_or_adopted(
    turn: &mut Transaction<'static, Postgres>,
    secret: &WrappingKey,
) -> Result<SecretKey, RootKeyError> {
    if let Some(wrapped) = wrapped(turn, secret).await? {
        return Ok(secret.unwrap(&wrapped)?);
    }
    let others = sqlx::query_scalar!(r#"select count(*) as "count!" from root_key_wraps"#);
    if others.fetch_one(&mut **turn).await? > 0 || !opens_what_is_there(turn, secret).await? {
        return Err(RootKeyError::Foreign);
    }
    keep(turn, secret, secret.derived()).await?;
    Ok(secret.derived().clone())
}

/// An installation of the first version has no wrapped key, but may have sealed something.
async fn opens_what_is_there(
    turn: &mut Transaction<'static, Postgres>,
    secret: &WrappingKey,
) -> sqlx::Result<bool> {
    let found = sqlx::query!("select tenant_id, digest, sealed from email_contents limit 1");
    let Some(row) = found.fetch_optional(&mut **turn).await? else { return Ok(true) };
    let Ok(tenant) = row.tenant_id.parse::<TenantId>() else { return Ok(true) };
    let owner = EmailContent::owner(tenant, &row.digest);
    Ok(secret.derived().open_bytes(&owner, &row.sealed).is_ok())
}

async fn wrapped(
    turn: &mut Transaction<'static, Postgres>,
    secret: &WrappingKey,
) -> sqlx::Result<Option<Vec<u8>>> {
    sqlx::query_scalar!(
        "select wrapped from root_key_wraps where secret = $1",
        secret.fingerprint()
    )
    .fetch_optional(&mut **turn)
    .await
}

async fn keep(
    turn: &mut Transaction<'static, Postgres>,
    secret: &WrappingKey,
    root: &SecretKey,
) -> Result<(), RootKeyError> {
    sqlx::query!(
        "insert into root_key_wraps (secret, wrapped, created_at) values ($1, $2, now())",
        secret.fingerprint(),
        secret.wrap(root)?,
    )
    .execute(&mut **turn)
    .await?;
    Ok(())
}
