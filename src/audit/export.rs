//! The lines of an export: a header, one line a fact, and an end that is signed.

use serde::{Deserialize, Serialize};

use super::Hash;
use super::key::{NoteError, Signer, VerifierKey};
use super::leaf::Leaf;
use super::proof::Head;
use crate::values::Timestamp;

/// What the first line says that the file is.
pub const FORMAT: &str = "selfmx-export";

/// Of this form; another one would get another number.
pub const VERSION: u32 = 1;

/// What the note at the end begins with, which no checkpoint begins with.
const STATEMENT: &str = "selfmx export 1";

/// A line of an export.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Line {
    /// The first.
    Header(Header),
    /// Each in the middle.
    Fact(Fact),
    /// The last.
    End(End),
}

/// Whose facts follow, and against which tree they are proven.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// [`FORMAT`].
    pub format: String,
    /// [`VERSION`].
    pub version: u32,
    /// Whose.
    pub tenant_id: String,
    /// From the first fact that was recorded at or after this moment; from the very first if none.
    pub since: Option<Timestamp>,
    /// To the last fact that was recorded before this moment; to the last if none.
    pub until: Option<Timestamp>,
    /// The position of the first fact that follows.
    pub first: Option<i64>,
    /// The position of the last.
    pub last: Option<i64>,
    /// How many follow.
    pub facts: u64,
    /// The link upon which the first is made.
    pub previous_link: Hash,
    /// The log's name.
    pub origin: String,
    /// The key that has signed the end.
    pub key: String,
    /// How many facts of all tenants the tree has.
    pub size: u64,
    /// Its root.
    pub root: Hash,
}

/// A fact exactly as it is stored, with its link and its proof.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fact {
    /// Its place in the log, from one.
    pub position: i64,
    /// The stream that it continues.
    pub stream_id: String,
    /// Its place in the stream, from one.
    pub version: i64,
    /// Its own number, a UUID.
    pub event_id: String,
    /// The wire name of what happened.
    #[serde(rename = "type")]
    pub name: String,
    /// The version of the payload.
    pub schema: i16,
    /// When it was recorded.
    pub recorded_at: Timestamp,
    /// The stored text, byte for byte.
    pub payload: String,
    /// The stored text, byte for byte.
    pub metadata: String,
    /// Made of the former link and this fact.
    pub link: Hash,
    /// From its leaf to the root in the header (RFC 9162, 2.1.3).
    pub proof: Vec<Hash>,
}

/// What makes the file whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct End {
    /// The link of the last fact; the previous one if there is none.
    pub last_link: Hash,
    /// That an older tree is the beginning of this one, if that was asked for.
    pub consistency: Option<Consistency>,
    /// A signed note over the header and the last link: this is all, in this order.
    pub statement: String,
    /// The signed head of the tree.
    pub checkpoint: String,
}

/// That an older tree is the beginning of this one (RFC 9162, 2.1.4).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Consistency {
    /// The older tree's size.
    pub from_size: u64,
    /// From its root to the one in the header.
    pub proof: Vec<Hash>,
}

impl Line {
    /// As it stands in the file, without its line break.
    pub fn text(&self) -> serde_json::Result<String> {
        serde_json::to_string(self)
    }
}

impl Header {
    /// The tree against which the facts are proven.
    pub fn head(&self) -> Head {
        Head { size: self.size, root: self.root }
    }
}

impl Fact {
    /// Its leaf, as a fact of this tenant.
    pub fn leaf(&self, tenant: &str) -> Hash {
        let leaf = Leaf {
            position: self.position,
            tenant: Some(tenant),
            stream: &self.stream_id,
            version: self.version,
            event: &self.event_id,
            name: &self.name,
            schema: self.schema,
            payload: &self.payload,
            metadata: &self.metadata,
            recorded_at: self.recorded_at,
        };
        leaf.hash()
    }
}

/// Vouches for an export: this header, and a chain from its previous link to this last one.
pub fn state(signer: &Signer, header: &str, last_link: Hash) -> Result<String, NoteError> {
    signer.sign(&statement(header, last_link))
}

/// True if this is what was vouched for.
pub fn is_stated(
    key: &VerifierKey,
    note: &str,
    header: &str,
    last_link: Hash,
) -> Result<bool, NoteError> {
    Ok(key.open(note)? == statement(header, last_link))
}

fn statement(header: &str, last_link: Hash) -> String {
    format!("{STATEMENT}\n{}\n{last_link}\n", Hash::of(&[header.as_bytes()]))
}
