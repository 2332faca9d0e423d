//! A tenant's facts with links, proofs and a signed end, a page at a time: never all in memory.
//!
//! The same range gives the same bytes for ever: facts never change, the tree is taken at a size that
//! the range alone determines, and Ed25519 signs without chance.

use std::collections::HashMap;
use std::sync::Arc;

use sqlx::PgPool;

use super::range::{self, Run};
use super::tree::Tree;
use super::{AuditError, caught_up, rows};
use crate::audit::export::{self, Consistency, End, FORMAT, Fact, Header, Line, VERSION};
use crate::audit::key::Signer;
use crate::audit::{Hash, checkpoint};
use crate::events::store::{EventStore, Row};
use crate::values::{TenantId, Timestamp};

/// Facts in memory at once.
const PAGE: i64 = 256;

/// What is to be exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Whose facts.
    pub tenant: TenantId,
    /// From the first that was recorded at or after this moment.
    pub since: Option<Timestamp>,
    /// To the last that was recorded before this moment.
    pub until: Option<Timestamp>,
    /// Proven in the tree of so many facts; without it, of the smallest in which all of them are.
    pub size: Option<u64>,
    /// With a proof that the tree of so many facts is the beginning of that one.
    pub from_size: Option<u64>,
}

/// An export on its way out.
#[derive(Debug)]
pub struct Export {
    pool: PgPool,
    signer: Arc<Signer>,
    tree: Tree,
    header: Header,
    header_text: String,
    from_size: Option<u64>,
    link: Hash,
    after: i64,
    stage: Stage,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Header,
    Facts,
    Done,
}

impl Export {
    /// Finds out what belongs to it; nothing is read yet.
    pub async fn open(
        pool: &PgPool,
        signer: &Arc<Signer>,
        asked: Asked,
    ) -> Result<Self, AuditError> {
        let covered = caught_up(pool).await?;
        let run = range::run(pool, asked.tenant, (asked.since, asked.until), covered).await?;
        let size = asked.size.unwrap_or(run.reaches);
        if size > covered {
            return Err(AuditError::TooFar { covered });
        }
        if size < run.reaches {
            return Err(AuditError::TooSmall);
        }
        if asked.from_size.is_some_and(|from| from > size) {
            return Err(AuditError::NewerThan);
        }
        let mut tree = Tree::of(pool, size);
        let header = header(signer, &asked, &run, tree.head().await?.root, size);
        let header_text =
            Line::Header(header.clone()).text().map_err(|_| AuditError::Unwritable)?;
        Ok(Self {
            pool: pool.clone(),
            signer: Arc::clone(signer),
            tree,
            header_text,
            from_size: asked.from_size,
            link: header.previous_link,
            after: header.first.map_or(0, |first| first - 1),
            header,
            stage: Stage::Header,
        })
    }

    /// The next lines, whole; none when there are no more.
    pub async fn next(&mut self) -> Result<Option<String>, AuditError> {
        match self.stage {
            Stage::Header => {
                self.stage = Stage::Facts;
                Ok(Some(format!("{}\n", self.header_text)))
            }
            Stage::Facts => {
                let page = self.page().await?;
                if !page.is_empty() {
                    return Ok(Some(page));
                }
                self.stage = Stage::Done;
                self.end().await.map(Some)
            }
            Stage::Done => Ok(None),
        }
    }

    async fn page(&mut self) -> Result<String, AuditError> {
        let between = (self.after, self.header.last.unwrap_or(0));
        let found =
            EventStore::stored_of(&self.pool, &self.header.tenant_id, between, PAGE).await?;
        let positions: Vec<i64> = found.iter().map(|row| row.position).collect();
        let chained: HashMap<i64, Hash> =
            rows::links(&self.pool, &positions).await?.into_iter().collect();
        let proofs = self.tree.inclusions(&positions).await?;
        let mut lines = String::new();
        for (row, proof) in found.into_iter().zip(proofs) {
            self.after = row.position;
            self.link = chained.get(&row.position).copied().ok_or(AuditError::Behind)?;
            write(&mut lines, &Line::Fact(fact(row, self.link, proof)))?;
        }
        Ok(lines)
    }

    async fn end(&mut self) -> Result<String, AuditError> {
        let consistency = match self.from_size {
            Some(from_size) => {
                Some(Consistency { from_size, proof: self.tree.consistency(from_size).await? })
            }
            None => None,
        };
        let statement = export::state(&self.signer, &self.header_text, self.link);
        let checkpoint = checkpoint::sign(&self.signer, self.header.head());
        let end = End {
            last_link: self.link,
            consistency,
            statement: statement.map_err(|_| AuditError::Unwritable)?,
            checkpoint: checkpoint.map_err(|_| AuditError::Unwritable)?,
        };
        let mut line = String::new();
        write(&mut line, &Line::End(end))?;
        Ok(line)
    }
}

fn write(to: &mut String, line: &Line) -> Result<(), AuditError> {
    to.push_str(&line.text().map_err(|_| AuditError::Unwritable)?);
    to.push('\n');
    Ok(())
}

fn header(signer: &Signer, asked: &Asked, run: &Run, root: Hash, size: u64) -> Header {
    Header {
        format: FORMAT.to_owned(),
        version: VERSION,
        tenant_id: asked.tenant.to_string(),
        since: asked.since,
        until: asked.until,
        first: run.ends.map(|(first, _)| first),
        last: run.ends.map(|(_, last)| last),
        facts: run.facts,
        previous_link: run.previous_link,
        origin: signer.verifier().name().to_owned(),
        key: signer.verifier().to_string(),
        size,
        root,
    }
}

fn fact(row: Row, link: Hash, proof: Vec<Hash>) -> Fact {
    Fact {
        position: row.position,
        stream_id: row.stream_id,
        version: row.version,
        event_id: row.event_id.to_string(),
        name: row.name,
        schema: row.schema,
        recorded_at: row.recorded_at.into(),
        payload: row.payload,
        metadata: row.metadata,
        link,
        proof,
    }
}
