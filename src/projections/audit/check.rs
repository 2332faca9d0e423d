//! Does the tree still fit the facts? Everything is hashed again and held against what was kept.

use sqlx::PgPool;

use super::covered;
use super::projector::Links;
use super::rows::{self, LeafRow, broken};
use crate::audit::Hash;
use crate::audit::tile::{Tile, WIDTH};
use crate::events::store::EventStore;
use crate::values::{Finding, Verdict};

/// Facts in memory at once: whole tiles.
const PIECE: i64 = 2_048;

/// Where log and tree part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Difference {
    /// There is no fact where one was.
    #[error("the fact at position {0} is missing")]
    MissingFact(i64),
    /// There is no leaf for a fact.
    #[error("the leaf of the fact at position {0} is missing")]
    MissingLeaf(i64),
    /// The fact is not what was hashed.
    #[error("the fact at position {0} is not what was hashed when it was recorded")]
    Leaf(i64),
    /// Its tenant's chain does not lead to it.
    #[error("the link of the fact at position {0} is not the next of its tenant's chain")]
    Link(i64),
    /// A part of the tree is not what its leaves make of it.
    #[error("the tree over the facts from position {0} on is not what these make of it")]
    Tree(i64),
}

impl Difference {
    /// The fact that it is about, or the first of them.
    fn position(self) -> i64 {
        match self {
            Self::MissingFact(position)
            | Self::MissingLeaf(position)
            | Self::Leaf(position)
            | Self::Link(position)
            | Self::Tree(position) => position,
        }
    }
}

/// Whether every fact is what was hashed when it was recorded.
pub async fn verify(pool: &PgPool) -> sqlx::Result<Verdict> {
    let mut verdict = Verdict::on("log.hashes");
    verdict.looked_at = i64::try_from(covered(pool).await?).map_err(broken)?;
    if let Some(difference) = first_difference(pool).await? {
        verdict.find(Finding::new(difference.to_string(), vec![difference.position()]));
    }
    Ok(verdict)
}

/// The first position at which the tree does not fit the log; none if all fits, as far as it is grown.
pub async fn first_difference(pool: &PgPool) -> sqlx::Result<Option<Difference>> {
    let covered = i64::try_from(covered(pool).await?).map_err(broken)?;
    let mut links = Links::default();
    let mut roots = Vec::new();
    let mut after = 0;
    while after < covered {
        let last = covered.min(after + PIECE);
        let facts = EventStore::stored_on(pool, (after, last), PIECE).await?;
        let kept = rows::leaves(pool, (after, last)).await?;
        for position in after + 1..=last {
            let place = usize::try_from(position - after - 1).map_err(broken)?;
            let Some(fact) = facts.get(place).filter(|fact| fact.position == position) else {
                return Ok(Some(Difference::MissingFact(position)));
            };
            let Some(row) = kept.get(place).filter(|row| row.position == position) else {
                return Ok(Some(Difference::MissingLeaf(position)));
            };
            if let Some(difference) = differs(links.next(fact), *row) {
                return Ok(Some(difference));
            }
        }
        roots.extend(tiles_of(&kept)?);
        after = last;
    }
    tree_differs(pool, roots).await
}

fn differs(made: LeafRow, kept: LeafRow) -> Option<Difference> {
    if made.leaf != kept.leaf {
        return Some(Difference::Leaf(made.position));
    }
    (made.link != kept.link).then_some(Difference::Link(made.position))
}

/// The roots of the whole tiles over these leaves.
fn tiles_of(leaves: &[LeafRow]) -> sqlx::Result<Vec<Hash>> {
    let hashes: Vec<Hash> = leaves.iter().map(|row| row.leaf).collect();
    above(&hashes)
}

fn above(foot: &[Hash]) -> sqlx::Result<Vec<Hash>> {
    let width = usize::try_from(WIDTH).map_err(broken)?;
    let tiles = foot.chunks_exact(width);
    Ok(tiles.filter_map(|foot| Tile::over(foot.to_vec()).root()).collect())
}

/// Holds each level of kept tiles against what the level below makes of it.
async fn tree_differs(pool: &PgPool, mut made: Vec<Hash>) -> sqlx::Result<Option<Difference>> {
    let mut leaves_of_one = 1;
    for level in 1.. {
        leaves_of_one *= WIDTH;
        // One more than there can be.
        let end = u64::try_from(made.len()).map_err(broken)? + 1;
        let kept = rows::run(pool, level, 0..end).await?;
        if kept != made {
            let same = made.iter().zip(&kept).take_while(|(made, kept)| made == kept).count();
            let first = u64::try_from(same).map_err(broken)? * leaves_of_one + 1;
            return Ok(Some(Difference::Tree(i64::try_from(first).map_err(broken)?)));
        }
        if made.is_empty() {
            break;
        }
        made = above(&made)?;
    }
    Ok(None)
}
