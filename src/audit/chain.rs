//! The chain of one tenant's facts: each link is made of the former one and of the fact.

use super::Hash;
use super::leaf::netstring;

/// What the first link of a tenant is made upon; none is the operator's own chain.
pub fn start(tenant: Option<&str>) -> Hash {
    let mut bytes = Vec::new();
    netstring(&mut bytes, "selfmx chain 1");
    netstring(&mut bytes, tenant.unwrap_or_default());
    Hash::of(&[&bytes])
}

/// The link of a fact: `SHA-256(netstring("selfmx link 1") || previous || leaf)`.
#[must_use]
pub fn link(previous: Hash, leaf: Hash) -> Hash {
    let mut bytes = Vec::with_capacity(96);
    netstring(&mut bytes, "selfmx link 1");
    Hash::of(&[&bytes, previous.as_bytes(), leaf.as_bytes()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn these_bytes_are_hashed_for_ever() {
        let begin = Hash::of(&[b"14:selfmx chain 1,8:tenant_a,"]);
        assert_eq!(start(Some("tenant_a")), begin);
        assert_eq!(start(None), Hash::of(&[b"14:selfmx chain 1,0:,"]));
        let leaf = Hash::of(&[b"a fact"]);
        let bytes = [b"13:selfmx link 1,", begin.as_bytes(), leaf.as_bytes()].concat();
        assert_eq!(link(begin, leaf), Hash::of(&[&bytes]));
        assert_ne!(link(begin, leaf), link(leaf, begin));
    }
}
