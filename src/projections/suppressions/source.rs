//! Where the log tells of recipients that may have to be suppressed, and up to where it was searched.

use sqlx::PgPool;

/// Facts that one search looks at: they are neither opened nor decoded.
const PIECE: i64 = 10_000;

/// Up to which position the log was searched.
pub async fn cursor(pool: &PgPool) -> sqlx::Result<i64> {
    let position = sqlx::query_scalar!("select position from suppression_cursor");
    Ok(position.fetch_optional(pool).await?.unwrap_or(0))
}

/// It was searched up to there; also if another node has come further.
pub async fn advance(pool: &PgPool, position: i64) -> sqlx::Result<()> {
    sqlx::query!("update suppression_cursor set position = $1 where position < $1", position,)
        .execute(pool)
        .await?;
    Ok(())
}

/// The positions of bounces and complaints in the next piece of the log, and where that piece ends.
pub async fn bounced_or_complained(pool: &PgPool, after: i64) -> sqlx::Result<(Vec<i64>, i64)> {
    let head = sqlx::query_scalar!("select position from log_head").fetch_one(pool).await?;
    let end = head.min(after + PIECE);
    let found = sqlx::query_scalar!(
        "select position from events
         where position > $1 and position <= $2
           and type in ('email.recipient_bounced', 'email.bounce_received',
                        'email.complaint_received')
         order by position",
        after,
        end,
    )
    .fetch_all(pool)
    .await?;
    Ok((found, end))
}
