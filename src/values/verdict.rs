//! What a check has come to: it holds, or here is what does not.

use serde::Serialize;
use serde_json::Value;

/// So many findings are told one by one; the others are counted.
const TOLD: usize = 20;

/// What a check has come to.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Verdict {
    /// What was checked: `log.positions`, `projection.usage`.
    pub check: String,
    /// How many things were looked at.
    pub looked_at: i64,
    /// What does not hold; the first of it.
    pub findings: Vec<Finding>,
    /// How many more findings there are.
    pub further: u64,
    /// Why it could not be checked; none if it could.
    pub unchecked: Option<String>,
}

/// Something that does not hold.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Finding {
    /// What, in a sentence.
    pub message: String,
    /// Where the facts that it is about stand in the log; the first of them.
    pub positions: Vec<i64>,
    /// The row that is not what the log says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub difference: Option<Difference>,
}

/// A row that is not what the log says.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Difference {
    /// In which table.
    pub table: &'static str,
    /// Its primary key.
    pub key: Value,
    /// The columns that differ; none if the row is missing on one side.
    pub columns: Vec<Column>,
}

/// A column that is not what the log says.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// What readers see.
    pub live: Value,
    /// What the log says.
    pub regrown: Value,
}

impl Verdict {
    /// Nothing was found yet.
    pub fn on(check: impl Into<String>) -> Self {
        let check = check.into();
        Self { check, looked_at: 0, findings: Vec::new(), further: 0, unchecked: None }
    }

    /// It could not be checked, and this is why.
    pub fn unchecked(check: impl Into<String>, why: impl Into<String>) -> Self {
        Self { unchecked: Some(why.into()), ..Self::on(check) }
    }

    /// Takes in what was found.
    pub fn find(&mut self, finding: Finding) {
        if self.findings.len() < TOLD {
            self.findings.push(finding);
        } else {
            self.further += 1;
        }
    }

    /// So many more findings are told; beyond them they are counted.
    pub fn room(&self) -> usize {
        TOLD.saturating_sub(self.findings.len())
    }

    /// True if it was checked and nothing was found.
    pub fn holds(&self) -> bool {
        self.findings.is_empty() && self.unchecked.is_none()
    }
}

impl Finding {
    /// About these facts.
    pub fn new(message: impl Into<String>, positions: Vec<i64>) -> Self {
        Self { message: message.into(), positions, difference: None }
    }
}
