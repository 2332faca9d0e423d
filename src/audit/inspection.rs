//! Checks an export line by line: each leaf, link and proof, and what is signed at the end.

use serde_json::error::Category;

use super::Hash;
use super::chain;
use super::checkpoint;
use super::export::{self, End, Fact, Header, Line};
use super::key::{NoteError, VerifierKey};
use super::proof::{Head, is_consistent, root_of_inclusion};

/// What is wrong with an export.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// The file or a line ends too early.
    #[error("the line is torn: it is not whole JSON with a line break at its end")]
    Torn,
    /// JSON, but not a line of an export.
    #[error("the line is not one of an export: {0}")]
    Unknown(String),
    /// A line where it cannot be.
    #[error("the line is not in its place: a header, then facts, then the end")]
    Misplaced,
    /// The last line is not there.
    #[error("the end is missing: the file was cut off")]
    Unfinished,
    /// A newer form of export, or the header contradicts itself.
    #[error("the header cannot be: {0}")]
    Header(&'static str),
    /// Somebody else's log.
    #[error("the export is of the key {0}, and not of the one that you trust")]
    OtherKey(String),
    /// A fact that comes before the one before it.
    #[error("the fact at position {0} is out of order")]
    OutOfOrder(i64),
    /// A fact of which any byte was changed.
    #[error(
        "the fact at position {0} is not what was recorded: its proof does not lead to the root"
    )]
    NotInTree(i64),
    /// The chain does not lead here.
    #[error("a fact before position {0} is missing: the chain does not lead to it")]
    BrokenChain(i64),
    /// Facts at the beginning or at the end are not there, or are too many.
    #[error("the header announces other facts than there are: some are missing or were added")]
    Incomplete,
    /// What vouches for the whole export.
    #[error("the statement at the end does not hold: {0}")]
    Statement(NoteError),
    /// The statement is about another export.
    #[error("the statement at the end is of another export: the header or the chain was changed")]
    OtherStatement,
    /// The signed tree head.
    #[error("the checkpoint does not hold: {0}")]
    Checkpoint(NoteError),
    /// The signed tree head is of another tree.
    #[error("the checkpoint is of another tree than the proofs")]
    OtherTree,
    /// The auditor's own.
    #[error("the older checkpoint does not hold: {0}")]
    OlderCheckpoint(NoteError),
    /// Nothing connects the two.
    #[error(
        "the export cannot be held against the older checkpoint: export it again with --from-size {0}"
    )]
    NotConnected(u64),
    /// The one thing that cannot be talked away.
    #[error(
        "history was rewritten: the tree of the older checkpoint is not the beginning of this one"
    )]
    Rewritten,
}

/// An export that holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inspected {
    /// What it is.
    pub header: Header,
    /// The older tree that was found to be the beginning of this one.
    pub continues: Option<u64>,
}

/// An export under inspection: a few hundred bytes, however long the file is.
#[derive(Debug)]
pub struct Inspection {
    key: VerifierKey,
    header: Header,
    header_text: String,
    link: Hash,
    last: Option<i64>,
    facts: u64,
    older: Option<Head>,
}

impl Inspection {
    /// Reads the header. Without a key that the auditor trusts, the one in the file is taken: then the
    /// export is whole, but anybody can have made it.
    pub fn begin(
        text: &str,
        trusted: Option<&VerifierKey>,
        older: Option<&str>,
    ) -> Result<Self, Flaw> {
        let Line::Header(header) = read(text)? else { return Err(Flaw::Misplaced) };
        consider(&header)?;
        let named: VerifierKey = header.key.parse().map_err(|_| Flaw::Header("its key is none"))?;
        if trusted.is_some_and(|trusted| trusted.to_string() != named.to_string()) {
            return Err(Flaw::OtherKey(header.key));
        }
        if header.origin != named.name() {
            return Err(Flaw::Header("its origin is not its key's"));
        }
        let older = older.map(|note| checkpoint::open(&named, note)).transpose();
        let older = older.map_err(Flaw::OlderCheckpoint)?;
        let (link, header_text) = (header.previous_link, text.to_owned());
        Ok(Self { key: named, header, header_text, link, last: None, facts: 0, older })
    }

    /// Reads the next line; at the last one, the export holds.
    pub fn next(&mut self, text: &str) -> Result<Option<Inspected>, Flaw> {
        match read(text)? {
            Line::Header(_) => Err(Flaw::Misplaced),
            Line::Fact(fact) => self.fact(&fact).map(|()| None),
            Line::End(end) => self.end(&end).map(Some),
        }
    }

    fn fact(&mut self, fact: &Fact) -> Result<(), Flaw> {
        let position = fact.position;
        if self.last.is_some_and(|last| position <= last) {
            return Err(Flaw::OutOfOrder(position));
        }
        let leaf = fact.leaf(&self.header.tenant_id);
        let place = u64::try_from(position).ok().and_then(|position| position.checked_sub(1));
        let root = place.and_then(|at| root_of_inclusion(leaf, at, self.header.size, &fact.proof));
        if root != Some(self.header.root) {
            return Err(Flaw::NotInTree(position));
        }
        self.link = chain::link(self.link, leaf);
        if self.link != fact.link {
            return Err(Flaw::BrokenChain(position));
        }
        if self.last.is_none() && self.header.first != Some(position) {
            return Err(Flaw::Incomplete);
        }
        self.last = Some(position);
        self.facts += 1;
        Ok(())
    }

    fn end(&self, end: &End) -> Result<Inspected, Flaw> {
        let header = &self.header;
        if (self.facts, self.last, self.link) != (header.facts, header.last, end.last_link) {
            return Err(Flaw::Incomplete);
        }
        let stated = export::is_stated(&self.key, &end.statement, &self.header_text, self.link);
        if !stated.map_err(Flaw::Statement)? {
            return Err(Flaw::OtherStatement);
        }
        let signed = checkpoint::open(&self.key, &end.checkpoint).map_err(Flaw::Checkpoint)?;
        if signed != header.head() {
            return Err(Flaw::OtherTree);
        }
        if let Some(older) = self.older {
            continues(older, end, header.head())?;
        }
        Ok(Inspected { header: header.clone(), continues: self.older.map(|older| older.size) })
    }
}

fn read(text: &str) -> Result<Line, Flaw> {
    serde_json::from_str(text).map_err(|error| match error.classify() {
        Category::Data => Flaw::Unknown(error.to_string()),
        Category::Io | Category::Syntax | Category::Eof => Flaw::Torn,
    })
}

/// What a header says must go together, or it could promise more than the file holds.
fn consider(header: &Header) -> Result<(), Flaw> {
    let Header { format, version, first, last, facts, .. } = header;
    if format != export::FORMAT || *version != export::VERSION {
        return Err(Flaw::Header("this version of selfmx does not know the format"));
    }
    if (*facts == 0) != first.is_none() || first.is_none() != last.is_none() {
        return Err(Flaw::Header("the number of facts does not fit their positions"));
    }
    let begins = chain::start(Some(&header.tenant_id));
    if header.since.is_none() && header.previous_link != begins {
        return Err(Flaw::Header("it is said to be from the very first fact, and is not"));
    }
    Ok(())
}

fn continues(older: Head, end: &End, newer: Head) -> Result<(), Flaw> {
    let known = older.size == newer.size || older.size == 0;
    let proof = match &end.consistency {
        _ if known => Some(&[][..]),
        Some(shown) if shown.from_size == older.size => Some(shown.proof.as_slice()),
        Some(_) | None => None,
    };
    let proof = proof.ok_or(Flaw::NotConnected(older.size))?;
    if is_consistent(older, newer, proof) { Ok(()) } else { Err(Flaw::Rewritten) }
}

impl Flaw {
    /// Its name, for machines: the same for ever.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Torn => "torn_line",
            Self::Unknown(_) => "unknown_line",
            Self::Misplaced => "misplaced_line",
            Self::Unfinished => "missing_end",
            Self::Header(_) => "wrong_header",
            Self::OtherKey(_) => "other_key",
            Self::OutOfOrder(_) => "out_of_order",
            Self::NotInTree(_) => "changed_fact",
            Self::BrokenChain(_) => "broken_chain",
            Self::Incomplete => "incomplete",
            Self::Statement(_) => "wrong_statement",
            Self::OtherStatement => "other_statement",
            Self::Checkpoint(_) => "wrong_checkpoint",
            Self::OtherTree => "other_tree",
            Self::OlderCheckpoint(_) => "wrong_older_checkpoint",
            Self::NotConnected(_) => "not_connected",
            Self::Rewritten => "rewritten",
        }
    }
}
