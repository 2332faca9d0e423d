//! Templates filled a second: 20 kB with 50 variables, beside putting the same text together by hand.

use std::hint::black_box;
use std::time::{Duration, Instant};

use chrono::DateTime;
use selfmx::http::field::{Faults, Field};
use selfmx::http::templates::fill::{self, Filling, Ready};
use selfmx::http::templates::shelf::Shelf;
use selfmx::projections::templates::TemplateRow;
use selfmx::values::TemplateId;
use serde_json::{Map, Value, json};

use crate::report::Report;

const VARIABLES: usize = 50;

/// Bytes of the template.
const SIZE: usize = 20_000;

const MEASURED: Duration = Duration::from_secs(3);

/// What stands between two variables.
fn between() -> String {
    "<p>text</p>\n".repeat(SIZE / VARIABLES / 12)
}

pub(crate) fn measure(report: &mut Report) -> anyhow::Result<()> {
    let between = between();
    let variables = (0..VARIABLES).map(|number| format!("{between}{{{{variable_{number}}}}}"));
    let html = Some(variables.collect::<String>());
    let size = html.as_ref().map_or(0, String::len);
    let now = DateTime::UNIX_EPOCH;
    let row = TemplateRow {
        id: TemplateId::at(now.into()).to_string(),
        version: 1,
        name: "measured".to_owned(),
        subject: None,
        html,
        text: None,
        created_at: now,
        updated_at: now,
    };
    let named = |number| (format!("variable_{number}"), json!(format!("A & B {number}")));
    let values: Map<String, Value> = (0..VARIABLES).map(named).collect();
    // As emails are made of it: the first parses it, and each brings its own data.
    let shelf = Shelf::default();
    let kept = rate(|| fill(&shelf.get(row.clone()), &values));
    let base = rate(|| by_hand(&between, &values));
    let parsing = rate(|| fill(&Ready::of(row.clone()), &values));
    anyhow::ensure!(fill(&shelf.get(row), &values) == by_hand(&between, &values), "they differ");
    let notes = [("bytes", json!(size)), ("parsed_each_time", json!(parsing.round()))];
    report.add("render", (kept, base), None, &notes)
}

/// The length of what comes out; nothing, if it does not.
fn fill(template: &Ready, values: &Map<String, Value>) -> usize {
    let mut faults = Faults::default();
    let filling = Filling::read(Field::Given(values.clone()), Field::Absent, &mut faults);
    let filled = fill::fill(template, &filling, None, &mut faults);
    filled.and_then(|filled| filled.html).map_or(0, |html| html.len())
}

fn by_hand(between: &str, values: &Map<String, Value>) -> usize {
    let mut text = String::new();
    for number in 0..VARIABLES {
        text.push_str(between);
        let value = values.get(&format!("variable_{number}")).and_then(Value::as_str);
        text.push_str(&value.unwrap_or_default().replace('&', "&amp;"));
    }
    text.len()
}

/// How often it can be done in a second.
fn rate(mut work: impl FnMut() -> usize) -> f64 {
    let (begun, mut done) = (Instant::now(), 0_u64);
    while begun.elapsed() < MEASURED {
        black_box(work());
        done += 1;
    }
    crate::wire::as_f64(done) / begun.elapsed().as_secs_f64()
}
