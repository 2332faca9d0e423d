//! The figures, as a table for people and as JSON for machines.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write as _};

use serde::Serialize;
use serde_json::Value;

/// Where machines find the figures.
const FILE: &str = "target/bench.json";

/// All figures of a run.
#[derive(Debug, Default)]
pub(crate) struct Report {
    figures: BTreeMap<&'static str, Figure>,
}

/// A rate beside the plainest thing that could be done instead.
#[derive(Debug, Serialize)]
pub(crate) struct Figure {
    /// A second.
    rate: f64,
    /// The other's, a second.
    base: f64,
    ratio: f64,
    /// What the ratio is to reach.
    #[serde(skip_serializing_if = "Option::is_none")]
    wanted: Option<f64>,
    /// Whatever else was seen.
    #[serde(flatten)]
    notes: BTreeMap<&'static str, Value>,
}

impl Report {
    /// Adds a figure, and tells it at once.
    pub(crate) fn add(
        &mut self,
        name: &'static str,
        (rate, base): (f64, f64),
        wanted: Option<f64>,
        notes: &[(&'static str, Value)],
    ) -> anyhow::Result<()> {
        let notes = notes.iter().cloned().collect();
        let figure = Figure { rate, base, ratio: rate / base, wanted, notes };
        writeln!(io::stdout(), "{}", line(name, &figure))?;
        self.figures.insert(name, figure);
        Ok(())
    }

    /// The table, and the file.
    pub(crate) fn show(&self) -> anyhow::Result<()> {
        let mut text = format!(
            "\n{:<16} {:>12} {:>12} {:>8} {:>8}\n",
            "measured", "a second", "base", "ratio", "wanted"
        );
        for (name, figure) in &self.figures {
            text.push_str(&line(name, figure));
            text.push('\n');
        }
        io::stdout().write_all(text.as_bytes())?;
        fs::create_dir_all("target")?;
        fs::write(FILE, serde_json::to_string_pretty(&self.figures)?)?;
        writeln!(io::stdout(), "\nwritten to {FILE}")?;
        Ok(())
    }
}

fn line(name: &str, figure: &Figure) -> String {
    let Figure { rate, base, ratio, wanted, notes } = figure;
    let wanted = wanted.map_or_else(String::new, |wanted| format!("{wanted:.2}"));
    let notes: Vec<String> = notes.iter().map(|(name, value)| format!("{name} {value}")).collect();
    let notes = notes.join(", ");
    format!("{name:<16} {rate:>12.0} {base:>12.0} {ratio:>8.2} {wanted:>8}  {notes}")
        .trim_end()
        .to_owned()
}
