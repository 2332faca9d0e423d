//! `selfmx verify-export`: checks an export offline, line by line.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read as _};
use std::path::PathBuf;

use anyhow::{Context as _, anyhow};
use clap::Args;
use serde_json::{Value, json};

use super::say;
use crate::audit::inspection::{Flaw, Inspected, Inspection};
use crate::audit::key::VerifierKey;

/// A line that is longer is none: the longest fact is far shorter.
const LONGEST_LINE: u64 = 64 * 1024 * 1024;

/// What is checked, and what is known beforehand.
#[derive(Debug, Args)]
pub(super) struct Given {
    /// The export; - reads standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The key that you trust, as /v1/audit/key shows it: name+hash+key
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
    /// A file with a checkpoint that you kept: was history rewritten since?
    #[arg(long, value_name = "FILE")]
    checkpoint: Option<PathBuf>,
    /// Answers as one line of JSON
    #[arg(long)]
    json: bool,
}

/// Where an export does not hold, and why.
struct Finding {
    line: u64,
    flaw: Flaw,
}

/// What an auditor knows beforehand.
struct Known {
    key: Option<VerifierKey>,
    checkpoint: Option<String>,
}

/// Checks it; whatever does not hold is an error.
pub(super) fn run(given: &Given) -> anyhow::Result<()> {
    let key = given.key.as_deref().map(str::parse).transpose()?;
    let checkpoint = match &given.checkpoint {
        Some(path) => Some(
            fs::read_to_string(path)
                .with_context(|| format!("{} cannot be read", path.display()))?,
        ),
        None => None,
    };
    let known = Known { key, checkpoint };
    let unread = || format!("{} cannot be read", given.file.display());
    let found = if given.file.as_os_str() == "-" {
        inspect(io::stdin().lock(), &known)
    } else {
        let file = File::open(&given.file).with_context(unread)?;
        inspect(BufReader::new(file), &known)
    };
    tell(given, found.with_context(unread)?)
}

fn inspect(mut from: impl BufRead, known: &Known) -> io::Result<Result<Inspected, Finding>> {
    let (mut inspection, mut inspected) = (None, None);
    let mut line = 0;
    loop {
        let (found, text) = (line, next(&mut from)?);
        line += 1;
        let step = match (text, &mut inspection, &inspected) {
            (None, ..) => {
                let end = inspected.ok_or(Finding { line: found, flaw: Flaw::Unfinished });
                return Ok(end);
            }
            (Some(Err(flaw)), ..) => Err(flaw),
            (Some(Ok(_)), _, Some(_)) => Err(Flaw::Misplaced),
            (Some(Ok(text)), None, None) => {
                let begun =
                    Inspection::begin(&text, known.key.as_ref(), known.checkpoint.as_deref());
                begun.map(|begun| inspection = Some(begun))
            }
            (Some(Ok(text)), Some(inspection), None) => {
                inspection.next(&text).map(|end| inspected = end)
            }
        };
        if let Err(flaw) = step {
            return Ok(Err(Finding { line, flaw }));
        }
    }
}

/// The next line, without its break; none at the end.
fn next(from: &mut impl BufRead) -> io::Result<Option<Result<String, Flaw>>> {
    let mut bytes = Vec::new();
    from.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut bytes)?;
    if bytes.is_empty() {
        return Ok(None);
    }
    let whole = bytes.pop() == Some(b'\n');
    let text = String::from_utf8(bytes).ok().filter(|_| whole);
    Ok(Some(text.ok_or(Flaw::Torn)))
}

fn tell(given: &Given, found: Result<Inspected, Finding>) -> anyhow::Result<()> {
    match found {
        Ok(inspected) => {
            let trusted = given.key.is_some();
            if given.json {
                say(&described(&inspected, trusted).to_string())
            } else {
                say(&sentences(&inspected, trusted))
            }
        }
        Err(Finding { line, flaw }) => {
            if given.json {
                let reason = flaw.code();
                let message = flaw.to_string();
                say(&json!({"ok": false, "line": line, "reason": reason, "message": message})
                    .to_string())?;
            }
            Err(anyhow!("the export does not hold: line {line}: {flaw} ({})", flaw.code()))
        }
    }
}

fn described(inspected: &Inspected, trusted: bool) -> Value {
    let header = &inspected.header;
    json!({
        "ok": true,
        "tenant_id": header.tenant_id,
        "since": header.since,
        "until": header.until,
        "facts": header.facts,
        "first": header.first,
        "last": header.last,
        "size": header.size,
        "root": header.root,
        "key": header.key,
        "key_trusted": trusted,
        "continues": inspected.continues,
    })
}

fn sentences(inspected: &Inspected, trusted: bool) -> String {
    let header = &inspected.header;
    let holds = format!(
        "the export holds: {} facts of {}, in the tree of {} facts with the root {}",
        header.facts, header.tenant_id, header.size, header.root
    );
    let continues = inspected.continues.map_or_else(String::new, |older| {
        format!("\nnothing was rewritten: the tree of {older} facts is its beginning")
    });
    let doubt = "\nbut anybody can have signed it: compare this key with the one that you trust, or \
                 give that by --key";
    let doubt = if trusted { String::new() } else { format!("{doubt}\n{}", header.key) };
    holds + &continues + &doubt
}
