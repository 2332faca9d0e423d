//! Templates filled a second: 20 kB with 50 variables, beside putting the same text together by hand.

use std::hint::black_box;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use selfmx::values::{Blanks, TemplateData, TemplateSource};
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
    let source = TemplateSource { html, ..TemplateSource::default() };
    let named = |number| (format!("variable_{number}"), json!(format!("A & B {number}")));
    let values: Map<String, Value> = (0..VARIABLES).map(named).collect();
    let data = Value::Object(values.clone());
    // As an email is made: what was saved is parsed, and the data are the caller's.
    let whole = rate(|| fill(&source, &data));
    let base = rate(|| by_hand(&between, &values));
    let parsed = source.parse()?;
    let given = TemplateData::new(&data).context("the data")?;
    let alone = rate(|| {
        let filled = parsed.render(&given, Blanks::Refused, None).ok().and_then(|all| all.html);
        filled.map_or(0, |html| html.len())
    });
    anyhow::ensure!(fill(&source, &data) == by_hand(&between, &values), "they say the same");
    let notes = [("bytes", json!(size)), ("parsed_before", json!(alone.round()))];
    report.add("render", (whole, base), None, &notes)
}

/// The length of what comes out; nothing, if it does not.
fn fill(source: &TemplateSource, data: &Value) -> usize {
    let parsed = source.parse().ok();
    let filled = parsed.zip(TemplateData::new(data)).and_then(|(template, data)| {
        template.render(&data, Blanks::Refused, None).ok().and_then(|all| all.html)
    });
    filled.map_or(0, |html| html.len())
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
