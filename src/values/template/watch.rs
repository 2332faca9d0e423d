//! Watches a template being filled: what is missing, and whether it is enough.

use std::collections::BTreeSet;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use handlebars::{
    Context, Handlebars, Helper, HelperDef, HelperResult, Output, RenderContext, RenderErrorReason,
};

use super::fault::RenderFault;

/// The most that a part of an email renders to, in bytes.
const LONGEST: usize = 1024 * 1024;

/// Rounds of loops, blocks and comparisons in all.
const MOST_STEPS: usize = 100_000;

/// Steps are quick, unless the data are made to be slow: then this is the end.
const PATIENCE: Duration = Duration::from_secs(1);

/// What is seen while a template is filled.
pub(super) struct Watch {
    steps: AtomicUsize,
    until: Instant,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    missing: BTreeSet<String>,
    stopped: Option<RenderFault>,
}

impl Watch {
    pub(super) fn begin() -> Self {
        let until = Instant::now() + PATIENCE;
        Self { steps: AtomicUsize::new(0), until, seen: Mutex::default() }
    }

    fn step(&self) -> HelperResult {
        let steps = self.steps.fetch_add(1, Ordering::Relaxed);
        if steps < MOST_STEPS && Instant::now() < self.until {
            return Ok(());
        }
        self.note(|seen| seen.stopped = Some(RenderFault::TooMuchWork));
        Err(RenderErrorReason::Other("it takes too long".to_owned()).into())
    }

    fn note<T>(&self, note: impl FnOnce(&mut Seen) -> T) -> T {
        note(&mut self.seen.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn missed(&self, name: &str) {
        self.note(|seen| seen.missing.insert(name.to_owned()));
    }

    pub(super) fn told(&self) -> (Vec<String>, Option<RenderFault>) {
        self.note(|seen| (seen.missing.iter().cloned().collect(), seen.stopped.take()))
    }
}

/// Takes what comes out, as long as it is not too much.
pub(super) struct Bounded {
    pub(super) text: String,
    pub(super) watch: Arc<Watch>,
}

impl Output for Bounded {
    fn write(&mut self, part: &str) -> io::Result<()> {
        if self.text.len() + part.len() > LONGEST {
            self.watch.note(|seen| seen.stopped = Some(RenderFault::TooLong(LONGEST)));
            return Err(io::Error::other("it is too long"));
        }
        self.text.push_str(part);
        Ok(())
    }
}

/// Counts a step.
pub(super) struct Step(pub(super) Arc<Watch>);
/// Notes its parameter if it is missing.
pub(super) struct Need(pub(super) Arc<Watch>);
/// Notes the variable for which it is called.
pub(super) struct Missed(pub(super) Arc<Watch>);

impl HelperDef for Step {
    fn call<'reg: 'rc, 'rc>(
        &self,
        _: &Helper<'rc>,
        _: &'reg Handlebars<'reg>,
        _: &'rc Context,
        _: &mut RenderContext<'reg, 'rc>,
        _: &mut dyn Output,
    ) -> HelperResult {
        self.0.step()
    }
}

impl HelperDef for Need {
    fn call<'reg: 'rc, 'rc>(
        &self,
        what: &Helper<'rc>,
        _: &'reg Handlebars<'reg>,
        _: &'rc Context,
        _: &mut RenderContext<'reg, 'rc>,
        _: &mut dyn Output,
    ) -> HelperResult {
        let missing = what.param(0).filter(|value| value.is_value_missing());
        if let Some(name) = missing.and_then(|value| value.relative_path()) {
            self.0.missed(name);
        }
        Ok(())
    }
}

impl HelperDef for Missed {
    fn call<'reg: 'rc, 'rc>(
        &self,
        variable: &Helper<'rc>,
        _: &'reg Handlebars<'reg>,
        _: &'rc Context,
        _: &mut RenderContext<'reg, 'rc>,
        _: &mut dyn Output,
    ) -> HelperResult {
        self.0.missed(variable.name());
        Ok(())
    }
}
