//! Grows the tree and the chains with the log.

use std::collections::HashMap;

use async_trait::async_trait;
use sqlx::PgConnection;

use super::rows::{self, LeafRow, TileRow};
use crate::audit::leaf::Leaf;
use crate::audit::tile::{Tile, WIDTH};
use crate::audit::{Hash, chain};
use crate::events::Recorded;
use crate::events::store::{EventStore, Row};
use crate::projections::Projector;
use crate::projections::table::{Origin, Table};

/// Keeps `audit_leaves` and `audit_tiles`.
#[derive(Debug)]
pub struct Audit;

const TABLES: &[Table] = &[
    Table {
        name: "audit_leaves",
        tenant: None,
        work_state: &[],
        origin: Origin::Position("position"),
    },
    Table { name: "audit_tiles", tenant: None, work_state: &[], origin: Origin::Log },
];

#[async_trait]
impl Projector for Audit {
    fn name(&self) -> &'static str {
        "audit"
    }

    fn version(&self) -> i32 {
        1
    }

    fn tables(&self) -> &'static [Table] {
        TABLES
    }

    /// What is hashed are the stored bytes, and not what they were understood as.
    async fn apply(&self, db: &mut PgConnection, facts: &[Recorded]) -> sqlx::Result<()> {
        let (Some(first), Some(last)) = (facts.first(), facts.last()) else { return Ok(()) };
        let (first, last) = (first.position, last.position);
        let stored = EventStore::stored_on(&mut *db, (first - 1, last), i64::MAX).await?;
        let mut links = Links::before(db, first, &stored).await?;
        let leaves: Vec<LeafRow> = stored.iter().map(|row| links.next(row)).collect();
        let tiles = whole(db, first - 1, &leaves).await?;
        rows::keep(db, &leaves, &tiles).await
    }
}

/// The leaf of a stored fact.
pub(super) fn leaf(row: &Row) -> Hash {
    let mut event = uuid::Uuid::encode_buffer();
    let leaf = Leaf {
        position: row.position,
        tenant: row.tenant_id.as_deref(),
        stream: &row.stream_id,
        version: row.version,
        event: row.event_id.hyphenated().encode_lower(&mut event),
        name: &row.name,
        schema: row.schema,
        payload: &row.payload,
        metadata: &row.metadata,
        recorded_at: row.recorded_at.into(),
    };
    leaf.hash()
}

/// The last link of each tenant; an empty text is the operator's own.
#[derive(Debug, Default)]
pub(super) struct Links(HashMap<String, Hash>);

impl Links {
    /// Those upon which these facts are made.
    async fn before(db: &mut PgConnection, first: i64, stored: &[Row]) -> sqlx::Result<Self> {
        let mut tenants: Vec<String> = stored.iter().map(owner).map(ToOwned::to_owned).collect();
        tenants.sort_unstable();
        tenants.dedup();
        let known = rows::last_links(db, &tenants, first).await?;
        Ok(Self(known.into_iter().collect()))
    }

    /// The leaf and the link of the next fact.
    pub(super) fn next(&mut self, row: &Row) -> LeafRow {
        let (owner, leaf) = (owner(row), leaf(row));
        let former = self.0.get(owner).copied();
        let former = former.unwrap_or_else(|| chain::start(row.tenant_id.as_deref()));
        let link = chain::link(former, leaf);
        match self.0.get_mut(owner) {
            Some(last) => *last = link,
            None => drop(self.0.insert(owner.to_owned(), link)),
        }
        LeafRow { position: row.position, leaf, link }
    }
}

fn owner(row: &Row) -> &str {
    row.tenant_id.as_deref().unwrap_or_default()
}

/// The tiles that these leaves make whole, on each level; the tree had so many leaves before.
async fn whole(
    db: &mut PgConnection,
    before: i64,
    leaves: &[LeafRow],
) -> sqlx::Result<Vec<TileRow>> {
    let mut had = u64::try_from(before).map_err(rows::broken)?;
    let mut fresh: Vec<Hash> = leaves.iter().map(|row| row.leaf).collect();
    let mut tiles = Vec::new();
    for level in 0.. {
        let begins = had / WIDTH * WIDTH;
        let has = had + u64::try_from(fresh.len()).map_err(rows::broken)?;
        if has / WIDTH == had / WIDTH {
            break;
        }
        let mut foot = rows::run(&mut *db, level, begins..had).await?;
        foot.append(&mut fresh);
        let width = usize::try_from(WIDTH).map_err(rows::broken)?;
        let made = foot.chunks_exact(width).filter_map(|foot| Tile::over(foot.to_vec()).root());
        fresh = made.collect();
        had /= WIDTH;
        let places = had..;
        tiles.extend(places.zip(&fresh).map(|(place, root)| TileRow {
            level: level + 1,
            place,
            root: *root,
        }));
    }
    Ok(tiles)
}
