//! The tree in tiles of 256 hashes, so that few rows keep it and few are read for a proof.
//!
//! A tile of level 0 is over 256 leaves; one of level 1 is over the roots of 256 tiles of level 0, and
//! so on. Only the roots of whole tiles are kept; what stands inside a tile is hashed again when it is read.

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;

use super::Hash;
use super::tree::{self, Node};

/// The levels of the tree in one tile.
const HEIGHT: u32 = 8;

/// The hashes at the foot of a whole tile.
pub const WIDTH: u64 = 1 << HEIGHT;

/// Which tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TileId {
    /// Its level among tiles, from zero.
    pub level: u32,
    /// Its place in that level, from zero.
    pub place: u64,
}

/// All that stands in a tile: the hashes at its foot, and each level of whole subtrees over them.
#[derive(Clone, Debug)]
pub struct Tile(Vec<Vec<Hash>>);

/// The tiles that were read.
#[derive(Debug, Default)]
pub struct Tiles(HashMap<TileId, Tile>);

impl TileId {
    fn of(node: Node) -> Self {
        let inside = HEIGHT - node.level % HEIGHT;
        Self { level: node.level / HEIGHT, place: node.place >> inside }
    }

    /// The tiles that are needed to hash these ranges of leaves.
    pub fn of_all<'a>(ranges: impl IntoIterator<Item = &'a Range<u64>>) -> BTreeSet<Self> {
        ranges.into_iter().flat_map(|range| tree::whole(range.clone())).map(Self::of).collect()
    }

    /// The places of the hashes at its foot, among all of that level.
    pub fn foot(self) -> Range<u64> {
        self.place * WIDTH..(self.place + 1) * WIDTH
    }
}

impl Tile {
    /// The tile with these hashes at its foot; fewer than 256 if it is the last of its level.
    pub fn over(foot: Vec<Hash>) -> Self {
        let mut levels = vec![foot];
        while let Some(below) = levels.last().filter(|below| below.len() > 1) {
            let pairs = below.chunks_exact(2).map(|pair| tree::above(pair[0], pair[1]));
            levels.push(pairs.collect());
        }
        Self(levels)
    }

    /// Its root, if it is whole.
    pub fn root(&self) -> Option<Hash> {
        self.0.get(usize::try_from(HEIGHT).ok()?)?.first().copied()
    }

    fn at(&self, node: Node) -> Option<Hash> {
        let level = node.level % HEIGHT;
        let place = node.place & ((WIDTH >> level) - 1);
        self.0.get(usize::try_from(level).ok()?)?.get(usize::try_from(place).ok()?).copied()
    }
}

impl Tiles {
    /// Takes one in.
    pub fn insert(&mut self, id: TileId, tile: Tile) {
        self.0.insert(id, tile);
    }

    /// True if it was read.
    pub fn has(&self, id: TileId) -> bool {
        self.0.contains_key(&id)
    }

    /// Forgets all but these.
    pub fn keep(&mut self, only: &BTreeSet<TileId>) {
        self.0.retain(|id, _| only.contains(id));
    }

    /// The hash over some leaves; none if a tile that it needs is not here, or not far enough.
    pub fn hash(&self, leaves: &Range<u64>) -> Option<Hash> {
        let nodes = tree::whole(leaves.clone());
        let mut hashes = nodes.iter().rev().map(|node| self.0.get(&TileId::of(*node))?.at(*node));
        let Some(last) = hashes.next() else { return Some(tree::empty()) };
        hashes.try_fold(last?, |right, left| Some(tree::above(left?, right)))
    }

    /// The hashes over each of these ranges.
    pub fn hashes(&self, ranges: &[Range<u64>]) -> Option<Vec<Hash>> {
        ranges.iter().map(|range| self.hash(range)).collect()
    }
}
