//! What a proof proves: the algorithms of RFC 9162 by which anybody can check one.

use super::Hash;
use super::tree::above;

/// The root of the tree in which a leaf is, as a proof would have it (2.1.3.2); none if the proof is
/// too long or too short for this place in a tree of this size.
pub fn root_of_inclusion(leaf: Hash, place: u64, size: u64, proof: &[Hash]) -> Option<Hash> {
    if place >= size {
        return None;
    }
    let (mut place, mut last, mut root) = (place, size - 1, leaf);
    for hash in proof {
        if last == 0 {
            return None;
        }
        if is_right(place) || place == last {
            root = above(*hash, root);
            (place, last) = up_while_left(place, last);
        } else {
            root = above(root, *hash);
        }
        (place, last) = (place >> 1, last >> 1);
    }
    (last == 0).then_some(root)
}

/// A tree, by its head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// How many leaves it has.
    pub size: u64,
    /// Its root.
    pub root: Hash,
}

/// True if the older tree is the beginning of the newer one: nothing in it was changed (2.1.4.2).
pub fn is_consistent(older: Head, newer: Head, proof: &[Hash]) -> bool {
    if older.size == newer.size {
        return proof.is_empty() && older.root == newer.root;
    }
    // Whatever there is now began with nothing; the RFC asks for no proof of that.
    if older.size == 0 {
        return proof.is_empty() && older.root == super::tree::empty();
    }
    older.size < newer.size
        && roots_of_consistency(older, newer.size, proof) == Some((older.root, newer.root))
}

fn roots_of_consistency(older: Head, newer: u64, proof: &[Hash]) -> Option<(Hash, Hash)> {
    // A whole subtree is its own beginning, and then the proof does not repeat it.
    let begins_whole = older.size.is_power_of_two();
    let (begin, rest) = if begins_whole {
        (older.root, proof)
    } else {
        proof.split_first().map(|(first, rest)| (*first, rest))?
    };
    let (mut place, mut last) = up_while_right(older.size - 1, newer - 1);
    let (mut old, mut new) = (begin, begin);
    for hash in rest {
        if last == 0 {
            return None;
        }
        if is_right(place) || place == last {
            old = above(*hash, old);
            new = above(*hash, new);
            (place, last) = up_while_left(place, last);
        } else {
            new = above(new, *hash);
        }
        (place, last) = (place >> 1, last >> 1);
    }
    (last == 0).then_some((old, new))
}

fn is_right(place: u64) -> bool {
    place & 1 == 1
}

/// A lonely node at the edge stands for itself on the levels above, until it has a left neighbour.
fn up_while_left(mut place: u64, mut last: u64) -> (u64, u64) {
    while !is_right(place) && place != 0 {
        (place, last) = (place >> 1, last >> 1);
    }
    (place, last)
}

fn up_while_right(mut place: u64, mut last: u64) -> (u64, u64) {
    while is_right(place) {
        (place, last) = (place >> 1, last >> 1);
    }
    (place, last)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::audit::tile::{Tile, TileId, Tiles};
    use crate::audit::tree;

    /// A tree of leaves that are all different, in its tiles.
    fn tiles(size: u64) -> Tiles {
        let mut tiles = Tiles::default();
        let mut foot: Vec<Hash> = (0..size).map(leaf).collect();
        for level in 0..3 {
            let made: Vec<Tile> = foot.chunks(256).map(|foot| Tile::over(foot.to_vec())).collect();
            foot = made.iter().filter_map(Tile::root).collect();
            for (place, tile) in (0..).zip(made) {
                tiles.insert(TileId { level, place }, tile);
            }
        }
        tiles
    }

    fn leaf(n: u64) -> Hash {
        Hash::of(&[&[0], &n.to_be_bytes()])
    }

    fn head(tiles: &Tiles, size: u64) -> Head {
        Head { size, root: tiles.hash(&(0..size)).unwrap() }
    }

    fn theirs(hash: Hash) -> tlog_tiles::Hash {
        tlog_tiles::Hash(hash.as_bytes().try_into().unwrap())
    }

    /// Checks all proofs in a tree, ours by our algorithms and by another's.
    fn all_hold(tiles: &Tiles, size: u64, olders: impl Iterator<Item = u64>) {
        let newer = head(tiles, size);
        for place in olders {
            let proof = tiles.hashes(&tree::inclusion(place, size)).unwrap();
            assert_eq!(root_of_inclusion(leaf(place), place, size, &proof), Some(newer.root));
            let other = proof.iter().copied().map(theirs).collect();
            let root = theirs(newer.root);
            tlog_tiles::check_record(&other, size, root, place, theirs(leaf(place))).unwrap();

            let older = head(tiles, place + 1);
            let proof = tiles.hashes(&tree::consistency(place + 1, size)).unwrap();
            assert!(is_consistent(older, newer, &proof));
            let other = proof.iter().copied().map(theirs).collect();
            tlog_tiles::check_tree(&other, size, root, place + 1, theirs(older.root)).unwrap();
        }
    }

    #[test]
    fn every_proof_of_every_small_tree_holds_by_two_implementations() {
        let tiles = tiles(70);
        for size in 1..=70 {
            all_hold(&tiles, size, 0..size);
        }
    }

    #[test]
    fn proofs_hold_where_tiles_end_and_begin() {
        let tiles = tiles(66_000);
        for size in [255, 256, 257, 511, 512, 513, 65_535, 65_536, 65_537, 65_793, 66_000] {
            let places = [0, 1, 254, 255, 256, 300, 65_534, 65_535, 65_536, 65_999, size / 2];
            all_hold(&tiles, size, places.into_iter().filter(|place| *place < size));
        }
    }

    /// The tree of eight leaves by which implementations of Certificate Transparency are tested.
    #[test]
    fn the_known_roots() {
        let inputs = [
            "",
            "00",
            "10",
            "2021",
            "3031",
            "40414243",
            "5051525354555657",
            "606162636465666768696a6b6c6d6e6f",
        ];
        let roots = [
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
            "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
            "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
            "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
            "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
        ];
        let leaves = inputs.map(|hex| Hash::of(&[&[0], &hex::decode(hex).unwrap()]));
        let mut tiles = Tiles::default();
        tiles.insert(TileId { level: 0, place: 0 }, Tile::over(leaves.to_vec()));
        for (size, root) in (1..).zip(roots) {
            assert_eq!(hex::encode(head(&tiles, size).root.as_bytes()), root, "{size}");
        }
    }

    proptest! {
        #[test]
        fn a_proof_of_anything_else_does_not_hold(
            size in 2..600_u64, place: prop::sample::Index, bit in 0..256_usize, which: prop::sample::Index,
        ) {
            let (tiles, place) = (tiles(size), place.index(usize::try_from(size).unwrap()) as u64);
            let root = head(&tiles, size).root;
            let proof = tiles.hashes(&tree::inclusion(place, size)).unwrap();
            let mut bytes = proof[which.index(proof.len())].as_bytes().to_vec();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let changed = Hash::from_bytes(&bytes).unwrap();
            let mut forged = proof.clone();
            forged[which.index(proof.len())] = changed;
            let longer = [proof.as_slice(), &[changed]].concat();
            let shorter = &proof[1..];
            for proof in [&forged, &longer, shorter] {
                prop_assert_ne!(root_of_inclusion(leaf(place), place, size, proof), Some(root));
            }
            prop_assert_ne!(root_of_inclusion(changed, place, size, &proof), Some(root));
            prop_assert_eq!(root_of_inclusion(leaf(size), size, size, &proof), None);
        }

        #[test]
        fn a_past_that_was_changed_is_no_beginning(
            (newer, older) in (2..600_u64).prop_flat_map(|n| (Just(n), 1..n)),
        ) {
            let tiles = tiles(newer);
            let (now, before) = (head(&tiles, newer), head(&tiles, older));
            let proof = tiles.hashes(&tree::consistency(older, newer)).unwrap();
            prop_assert!(is_consistent(before, now, &proof));
            let other_past = Head { root: leaf(newer), ..before };
            let other_present = Head { root: leaf(newer), ..now };
            prop_assert!(!is_consistent(other_past, now, &proof));
            prop_assert!(!is_consistent(before, other_present, &proof));
            prop_assert!(!is_consistent(now, before, &proof));
            let longer = [proof.as_slice(), &[leaf(0)]].concat();
            prop_assert!(!is_consistent(before, now, &longer));
            prop_assert!(!is_consistent(before, now, &proof[1..]));
        }
    }
}
