//! The tree is what others make of the same facts.

use selfmx::projections::audit::check::first_difference;
use selfmx::projections::audit::tree::Tree;
use sqlx::PgPool;

use super::log::Log;

/// What an outsider would write who has read what is hashed, in nothing but SQL.
const LEAVES: &str = "
    select sha256('\\x00'::bytea || string_agg(
        convert_to(octet_length(convert_to(f.field, 'UTF8')) || ':' || f.field || ',', 'UTF8'),
        ''::bytea order by f.place))
    from events e cross join lateral unnest(array[
        'selfmx fact 1', e.position::text, coalesce(e.tenant_id, ''), e.stream_id, e.version::text,
        e.event_id::text, e.type, e.schema::text, e.payload::text, e.metadata::text,
        (extract(epoch from e.recorded_at) * 1000000)::bigint::text
    ]) with ordinality as f(field, place)
    group by e.position order by e.position";

#[sqlx::test(migrations = "./migrations")]
async fn outsiders_come_to_the_same_leaves_and_the_same_root(db: PgPool) {
    let log = Log::begin(&db).await;
    log.send(300).await;
    let theirs: Vec<Vec<u8>> = sqlx::query_scalar(LEAVES).fetch_all(&db).await.unwrap();
    let ours: Vec<Vec<u8>> = sqlx::query_scalar("select leaf from audit_leaves order by position")
        .fetch_all(&db)
        .await
        .unwrap();
    assert_eq!(theirs, ours);
    let size = u64::try_from(ours.len()).unwrap();
    assert_eq!(size, 602, "more than two tiles, grown in several pieces");

    let mut stored: Vec<tlog_tiles::Hash> = Vec::new();
    for (place, leaf) in (0..).zip(&ours) {
        let leaf = tlog_tiles::Hash(leaf.as_slice().try_into().unwrap());
        let reader = Stored(&stored);
        let more = tlog_tiles::stored_hashes_for_record_hash(place, leaf, &reader).unwrap();
        stored.extend(more);
    }
    for size in [1, 2, 255, 256, 257, 512, size] {
        let root = tlog_tiles::tree_hash(size, &Stored(&stored)).unwrap();
        let head = Tree::of(&log.node.pool, size).head().await.unwrap();
        assert_eq!(head.root.to_string(), root.to_string(), "{size}");
    }
    assert_eq!(first_difference(&db).await.unwrap(), None);
    log.node.stop().await;
}

struct Stored<'a>(&'a [tlog_tiles::Hash]);

impl tlog_tiles::HashReader for Stored<'_> {
    fn read_hashes(&self, at: &[u64]) -> Result<Vec<tlog_tiles::Hash>, tlog_tiles::Error> {
        Ok(at.iter().map(|at| self.0[usize::try_from(*at).unwrap()]).collect())
    }
}
