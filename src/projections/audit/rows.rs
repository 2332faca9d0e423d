//! The rows of the tree: leaves with their links, and roots of whole tiles.

use std::ops::Range;

use sqlx::{PgConnection, PgExecutor};

use crate::audit::Hash;
use crate::projections::copy::Rows;

const LEAVES: &str = "copy audit_leaves (position, leaf, link) from stdin (format binary)";

/// A leaf that is to be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LeafRow {
    pub(super) position: i64,
    pub(super) leaf: Hash,
    pub(super) link: Hash,
}

/// The root of a whole tile that is to be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TileRow {
    /// The level at whose foot it stands.
    pub(super) level: u32,
    pub(super) place: u64,
    pub(super) root: Hash,
}

/// What is no digest, or has a place beyond any log, was not written by us.
pub(super) fn broken(error: impl std::error::Error + Send + Sync + 'static) -> sqlx::Error {
    sqlx::Error::Decode(Box::new(error))
}

fn number(place: u64) -> sqlx::Result<i64> {
    i64::try_from(place).map_err(broken)
}

fn small(level: u32) -> sqlx::Result<i16> {
    i16::try_from(level).map_err(broken)
}

/// The hashes at a run of places of a level: leaves, or roots of the tiles below. If one is missing,
/// those after it are, too.
pub(super) async fn run(
    db: impl PgExecutor<'_>,
    level: u32,
    places: Range<u64>,
) -> sqlx::Result<Vec<Hash>> {
    Ok(hashes(db, level, std::slice::from_ref(&places)).await?.concat())
}

/// The same of several runs, in their order and none over another.
pub(super) async fn hashes(
    db: impl PgExecutor<'_>,
    level: u32,
    ranges: &[Range<u64>],
) -> sqlx::Result<Vec<Vec<Hash>>> {
    let found = if level == 0 {
        leaf_hashes(db, ranges).await?
    } else {
        tile_roots(db, level, ranges).await?
    };
    let mut found = found.into_iter().peekable();
    let mut all = Vec::with_capacity(ranges.len());
    for range in ranges {
        let mut hashes = Vec::new();
        let (mut next, end) = (number(range.start)?, number(range.end)?);
        while let Some((place, hash)) = found.next_if(|(place, _)| *place < end) {
            if place == next {
                hashes.push(Hash::from_bytes(&hash).map_err(broken)?);
                next += 1;
            }
        }
        all.push(hashes);
    }
    Ok(all)
}

type Placed = Vec<(i64, Vec<u8>)>;

fn ends(ranges: &[Range<u64>]) -> sqlx::Result<(Vec<i64>, Vec<i64>)> {
    let starts = ranges.iter().map(|range| number(range.start)).collect::<Result<_, _>>()?;
    let ends = ranges.iter().map(|range| number(range.end)).collect::<Result<_, _>>()?;
    Ok((starts, ends))
}

async fn leaf_hashes(db: impl PgExecutor<'_>, ranges: &[Range<u64>]) -> sqlx::Result<Placed> {
    let (starts, ends) = ends(ranges)?;
    // Positions count from one, and leaves from zero.
    let rows = sqlx::query!(
        "select l.position, l.leaf
         from unnest($1::bigint[], $2::bigint[]) as r(first, last)
         cross join lateral (
             select position, leaf from audit_leaves where position > r.first and position <= r.last
         ) as l
         order by l.position",
        &starts,
        &ends,
    );
    Ok(rows.fetch_all(db).await?.into_iter().map(|row| (row.position - 1, row.leaf)).collect())
}

async fn tile_roots(
    db: impl PgExecutor<'_>,
    level: u32,
    ranges: &[Range<u64>],
) -> sqlx::Result<Placed> {
    let (starts, ends) = ends(ranges)?;
    let rows = sqlx::query!(
        "select t.place, t.root
         from unnest($1::bigint[], $2::bigint[]) as r(first, last)
         cross join lateral (
             select place, root from audit_tiles
             where level = $3 and place >= r.first and place < r.last
         ) as t
         order by t.place",
        &starts,
        &ends,
        small(level)?,
    );
    Ok(rows.fetch_all(db).await?.into_iter().map(|row| (row.place, row.root)).collect())
}

/// Leaves and links of a piece of the log, in order of their positions.
pub(super) async fn leaves(
    db: impl PgExecutor<'_>,
    (after, last): (i64, i64),
) -> sqlx::Result<Vec<LeafRow>> {
    let rows = sqlx::query!(
        "select position, leaf, link from audit_leaves
         where position > $1 and position <= $2 order by position",
        after,
        last,
    )
    .fetch_all(db)
    .await?;
    let row = |row: &[u8]| Hash::from_bytes(row).map_err(broken);
    rows.into_iter()
        .map(|found| {
            let (leaf, link) = (row(&found.leaf)?, row(&found.link)?);
            Ok(LeafRow { position: found.position, leaf, link })
        })
        .collect()
}

/// The links of these positions.
pub(super) async fn links(
    db: impl PgExecutor<'_>,
    positions: &[i64],
) -> sqlx::Result<Vec<(i64, Hash)>> {
    let rows = sqlx::query!(
        "select position, link from audit_leaves where position = any($1)",
        positions,
    )
    .fetch_all(db)
    .await?;
    let rows = rows.into_iter();
    rows.map(|row| Ok((row.position, Hash::from_bytes(&row.link).map_err(broken)?))).collect()
}

/// The last link before a position of each of these tenants that has one; an empty text is the
/// operator's own.
pub(super) async fn last_links(
    db: impl PgExecutor<'_>,
    tenants: &[String],
    before: i64,
) -> sqlx::Result<Vec<(String, Hash)>> {
    // The operator's facts have no tenant, and an index finds null only if it is asked for as such.
    let rows = sqlx::query!(
        r#"select t.tenant_id as "tenant!", l.link
           from unnest($1::varchar[]) as t(tenant_id)
           cross join lateral (
               (select e.position from events e
                where e.tenant_id = t.tenant_id and e.position < $2
                order by e.position desc limit 1)
               union all
               (select e.position from events e
                where t.tenant_id = '' and e.tenant_id is null and e.position < $2
                order by e.position desc limit 1)
           ) as last
           join audit_leaves l on l.position = last.position"#,
        tenants,
        before,
    )
    .fetch_all(db)
    .await?;
    let rows = rows.into_iter();
    rows.map(|row| Ok((row.tenant, Hash::from_bytes(&row.link).map_err(broken)?))).collect()
}

/// Keeps leaves and the roots of tiles that have become whole.
pub(super) async fn keep(
    db: &mut PgConnection,
    leaves: &[LeafRow],
    tiles: &[TileRow],
) -> sqlx::Result<()> {
    let mut rows = Rows::new();
    for row in leaves {
        rows.add([&row.position, &row.leaf.as_bytes(), &row.link.as_bytes()]);
    }
    rows.send(db, LEAVES).await?;
    if tiles.is_empty() {
        return Ok(());
    }
    let levels: Vec<i16> = tiles.iter().map(|tile| small(tile.level)).collect::<Result<_, _>>()?;
    let places: Vec<i64> = tiles.iter().map(|tile| number(tile.place)).collect::<Result<_, _>>()?;
    let roots: Vec<&[u8]> = tiles.iter().map(|tile| tile.root.as_bytes()).collect();
    sqlx::query!(
        "insert into audit_tiles (level, place, root)
         select t.level, t.place, t.root
         from unnest($1::smallint[], $2::bigint[], $3::bytea[]) as t(level, place, root)",
        &levels,
        &places,
        &roots as &[&[u8]],
    )
    .execute(db)
    .await?;
    Ok(())
}
