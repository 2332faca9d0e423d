//! Where each read model stands, and which version of its projector has grown it.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::{Pace, Projector, ReadModel};
use crate::values::Timestamp;

/// Where a read model stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cursor {
    /// The version of the projector that has grown it; none if none ever has.
    pub(super) version: Option<i32>,
    /// The last fact that it knows.
    pub(super) position: i64,
}

/// Where a read model stands that was never grown.
const NOWHERE: Cursor = Cursor { version: None, position: 0 };

/// The projector's place, locked; none while another node has it or has outgrown us.
///
/// Tables of a former version are kept up to date until those that are grown beside them take their place.
pub(super) async fn take(
    db: &mut PgConnection,
    projector: &dyn Projector,
    now: Timestamp,
) -> sqlx::Result<Option<i64>> {
    let (name, version) = (projector.name(), projector.version());
    sqlx::query!(
        "insert into projection_cursors (projection, version, position, updated_at)
         values ($1, $2, 0, $3) on conflict (projection) do nothing",
        name,
        version,
        now.as_datetime(),
    )
    .execute(&mut *db)
    .await?;
    let cursor = sqlx::query!(
        "select version, position from projection_cursors where projection = $1
         for update skip locked",
        name,
    )
    .fetch_optional(&mut *db)
    .await?;
    Ok(cursor.and_then(|cursor| {
        if cursor.version > version {
            tracing::info!(projection = name, "a newer version of the service has grown it");
            return None;
        }
        Some(cursor.position)
    }))
}

/// Moves a cursor that is locked by us.
pub(super) async fn advance(
    db: &mut PgConnection,
    name: &str,
    (position, trouble): (i64, Option<&str>),
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update projection_cursors set position = $2, trouble = $3, updated_at = $4
         where projection = $1",
        name,
        position,
        trouble,
        now.as_datetime(),
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Notes why a projector stands still. A cursor that was made just now has gone with the transaction that
/// failed, so it is made again.
pub(super) async fn complain(
    pool: &sqlx::PgPool,
    projector: &dyn Projector,
    trouble: String,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into projection_cursors as c (projection, version, position, trouble, updated_at)
         values ($1, $3, 0, $2, $4)
         on conflict (projection) do update set trouble = excluded.trouble
         where c.version <= excluded.version",
        projector.name(),
        trouble,
        projector.version(),
        now.as_datetime(),
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// Where the live tables stand, as this transaction sees it.
pub(super) async fn look(db: &mut PgConnection, model: &ReadModel) -> sqlx::Result<Cursor> {
    match model.pace {
        Pace::Inline => {
            sqlx::query_as!(
                Cursor,
                r#"select v.version as "version?", h.position
                   from log_head h left join inline_versions v on v.projection = $1"#,
                model.name(),
            )
            .fetch_one(db)
            .await
        }
        Pace::Following => {
            let cursor = sqlx::query_as!(
                Cursor,
                r#"select version as "version?", position from projection_cursors
                   where projection = $1"#,
                model.name(),
            );
            Ok(cursor.fetch_optional(db).await?.unwrap_or(NOWHERE))
        }
    }
}

/// The same, and nobody moves the live tables until the transaction ends.
pub(super) async fn hold(db: &mut PgConnection, model: &ReadModel) -> sqlx::Result<Cursor> {
    match model.pace {
        // Whoever appends waits for its turn here.
        Pace::Inline => {
            sqlx::query!("select position from log_head for update").fetch_one(&mut *db).await?;
        }
        Pace::Following => {
            sqlx::query!(
                "select position from projection_cursors where projection = $1 for update",
                model.name(),
            )
            .fetch_optional(&mut *db)
            .await?;
        }
    }
    look(db, model).await
}

/// Says of tables that have just been put in their place by whom they were grown, and how far.
pub(super) async fn settle(
    db: &mut PgConnection,
    model: &ReadModel,
    position: i64,
    now: Timestamp,
) -> sqlx::Result<()> {
    let (name, version) = (model.name(), model.projector.version());
    match model.pace {
        Pace::Inline => {
            sqlx::query!(
                "insert into inline_versions (projection, version, grown_at) values ($1, $2, $3)
             on conflict (projection) do update
             set version = excluded.version, grown_at = excluded.grown_at",
                name,
                version,
                now.as_datetime(),
            )
            .execute(db)
            .await?
        }
        Pace::Following => {
            sqlx::query!(
                "insert into projection_cursors (projection, version, position, updated_at)
             values ($1, $2, $3, $4)
             on conflict (projection) do update
             set version = excluded.version, position = excluded.position, trouble = null,
                 updated_at = excluded.updated_at",
                name,
                version,
                position,
                now.as_datetime(),
            )
            .execute(db)
            .await?
        }
    };
    Ok(())
}

/// The moment from before which nothing is kept of what is kept for a time only; none if it never moved.
pub(super) async fn horizon(
    db: &mut PgConnection,
    name: &str,
) -> sqlx::Result<Option<DateTime<Utc>>> {
    let moment = sqlx::query_scalar!(
        "select forgotten_before from projection_cursors where projection = $1",
        name,
    );
    Ok(moment.fetch_optional(db).await?.flatten())
}

/// Moves that moment on, and never back. It stands beside the position, so that nobody takes in facts while it
/// moves.
pub(super) async fn forget_before(
    pool: &sqlx::PgPool,
    name: &str,
    moment: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update projection_cursors set forgotten_before = $2
         where projection = $1 and (forgotten_before is null or forgotten_before < $2)",
        name,
        moment.as_datetime(),
    )
    .execute(pool)
    .await?;
    Ok(())
}
