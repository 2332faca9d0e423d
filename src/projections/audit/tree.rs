//! Heads and proofs of the tree, at any size that it has had.

use std::ops::Range;

use sqlx::PgPool;

use super::{AuditError, rows};
use crate::audit::Hash;
use crate::audit::proof::Head;
use crate::audit::tile::{Tile, TileId, Tiles};
use crate::audit::tree;

/// The tree at one size. Whoever asks for many proofs, in order, asks the same one.
#[derive(Debug)]
pub struct Tree {
    pool: PgPool,
    size: u64,
    tiles: Tiles,
}

impl Tree {
    /// The tree of the first so many facts, which must be covered.
    pub fn of(pool: &PgPool, size: u64) -> Self {
        Self { pool: pool.clone(), size, tiles: Tiles::default() }
    }

    /// Its size and its root.
    pub async fn head(&mut self) -> Result<Head, AuditError> {
        let size = self.size;
        let root = self.hashes(std::slice::from_ref(&(0..size))).await?.into_iter().next();
        Ok(Head { size, root: root.ok_or(AuditError::Behind)? })
    }

    /// What leads from the fact at a position to the root.
    pub async fn inclusion(&mut self, position: i64) -> Result<Vec<Hash>, AuditError> {
        self.inclusions(&[position]).await.map(|proofs| proofs.concat())
    }

    /// The same of some facts, in their order: what they need is read together.
    pub async fn inclusions(&mut self, positions: &[i64]) -> Result<Vec<Vec<Hash>>, AuditError> {
        let paths = positions.iter().map(|position| self.path(*position));
        let paths: Vec<Vec<Range<u64>>> = paths.collect::<Result<_, _>>()?;
        let mut hashes = self.hashes(&paths.concat()).await?.into_iter();
        Ok(paths.iter().map(|path| hashes.by_ref().take(path.len()).collect()).collect())
    }

    fn path(&self, position: i64) -> Result<Vec<Range<u64>>, AuditError> {
        let place = u64::try_from(position).ok().and_then(|position| position.checked_sub(1));
        let place = place.filter(|place| *place < self.size).ok_or(AuditError::TooSmall)?;
        Ok(tree::inclusion(place, self.size))
    }

    /// What leads from an older tree to this one.
    pub async fn consistency(&mut self, older: u64) -> Result<Vec<Hash>, AuditError> {
        if older > self.size {
            return Err(AuditError::NewerThan);
        }
        if older == 0 {
            return Ok(Vec::new());
        }
        self.hashes(&tree::consistency(older, self.size)).await
    }

    /// Reads what is needed, and no more is kept than that: of many proofs in order, the next ones need
    /// much of the same.
    async fn hashes(&mut self, ranges: &[Range<u64>]) -> Result<Vec<Hash>, AuditError> {
        let needed = TileId::of_all(ranges);
        self.tiles.keep(&needed);
        let missing: Vec<TileId> = needed.into_iter().filter(|id| !self.tiles.has(*id)).collect();
        for of_level in missing.chunk_by(|one, next| one.level == next.level) {
            let Some(first) = of_level.first() else { continue };
            let feet: Vec<_> = of_level.iter().map(|id| id.foot()).collect();
            let found = rows::hashes(&self.pool, first.level, &feet).await?;
            for (id, foot) in of_level.iter().zip(found) {
                self.tiles.insert(*id, Tile::over(foot));
            }
        }
        self.tiles.hashes(ranges).ok_or(AuditError::Behind)
    }
}

/// The leaf of the fact at a position.
pub async fn leaf(pool: &PgPool, position: i64) -> Result<Hash, AuditError> {
    let found = rows::leaves(pool, (position - 1, position)).await?;
    found.first().map(|row| row.leaf).ok_or(AuditError::Behind)
}

/// Whose fact stands at a position: the outer none if nobody's.
pub async fn owner(pool: &PgPool, position: i64) -> sqlx::Result<Option<Option<String>>> {
    let owner = sqlx::query_scalar!("select tenant_id from events where position = $1", position);
    owner.fetch_optional(pool).await
}
