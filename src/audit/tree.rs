//! The shape of the log's Merkle tree (RFC 9162, 2.1): which subtrees make up a root or a proof.

use std::ops::Range;

use super::Hash;

/// A whole subtree: over the leaves from `place << level`, `1 << level` of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Node {
    /// Its height; a leaf's is zero.
    pub level: u32,
    /// Its place among those of its height, from zero.
    pub place: u64,
}

/// The root of a tree without leaves.
pub fn empty() -> Hash {
    Hash::of(&[])
}

/// What stands above two neighbours.
#[must_use]
pub fn above(left: Hash, right: Hash) -> Hash {
    Hash::of(&[&[1], left.as_bytes(), right.as_bytes()])
}

/// The whole subtrees that make up these leaves, from left to right. They begin where a subtree of
/// their size can begin, as all ranges do that this module speaks of.
pub fn whole(leaves: Range<u64>) -> Vec<Node> {
    let mut nodes = Vec::new();
    let mut from = leaves.start;
    while from < leaves.end {
        let level = (leaves.end - from).ilog2();
        nodes.push(Node { level, place: from >> level });
        from += 1 << level;
    }
    nodes
}

/// The hashes that lead from a leaf to the root of a tree, as the leaves that each is over (2.1.3.1).
pub fn inclusion(leaf: u64, size: u64) -> Vec<Range<u64>> {
    let (mut from, mut to) = (0, size);
    let mut path = Vec::new();
    while to.saturating_sub(from) > 1 {
        let middle = from + left_of(to - from);
        if leaf < middle {
            path.push(middle..to);
            to = middle;
        } else {
            path.push(from..middle);
            from = middle;
        }
    }
    path.reverse();
    path
}

/// The hashes that lead from an older tree to a newer one, as the leaves that each is over (2.1.4.1).
pub fn consistency(older: u64, newer: u64) -> Vec<Range<u64>> {
    let (mut from, mut to) = (0, newer);
    let mut path = Vec::new();
    while older < to {
        let middle = from + left_of(to - from);
        if older <= middle {
            path.push(middle..to);
            to = middle;
        } else {
            path.push(from..middle);
            from = middle;
        }
    }
    if from > 0 {
        path.push(from..to);
    }
    path.reverse();
    path
}

/// How many of so many leaves, at least two, stand on the left: the greatest power of two below.
fn left_of(leaves: u64) -> u64 {
    1 << (leaves - 1).ilog2()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_rfc_9162() {
        // 2.1.5: the proofs in a tree of seven leaves, whose nodes are a..l.
        assert_eq!(inclusion(0, 7), [1..2, 2..4, 4..7]);
        assert_eq!(inclusion(3, 7), [2..3, 0..2, 4..7]);
        assert_eq!(inclusion(4, 7), [5..6, 6..7, 0..4]);
        assert_eq!(inclusion(6, 7), [4..6, 0..4]);
        assert_eq!(consistency(3, 7), [2..3, 3..4, 0..2, 4..7]);
        assert_eq!(consistency(4, 7), vec![Range { start: 4, end: 7 }]);
        assert_eq!(consistency(6, 7), [4..6, 6..7, 0..4]);
    }

    #[test]
    fn nothing_leads_to_itself() {
        assert!(inclusion(0, 1).is_empty());
        assert!(consistency(5, 5).is_empty());
        assert!(whole(4..4).is_empty());
    }

    #[test]
    fn a_ragged_edge_is_made_of_whole_subtrees() {
        let node = |level, place| Node { level, place };
        assert_eq!(whole(0..7), [node(2, 0), node(1, 2), node(0, 6)]);
        assert_eq!(whole(4..7), [node(1, 2), node(0, 6)]);
        assert_eq!(whole(0..512), [node(9, 0)]);
    }
}
