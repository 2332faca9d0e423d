//! Many commands in one append: each is judged on its own, and all that pass are recorded together.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use super::context::{Context, Repeatable};
use super::executor::{ATTEMPTS, Executor, Memory};
use super::past::Past;
use super::recording::{append, receipt};
use super::tenant::TenantState;
use super::{Command, CommandError, Decision};
use crate::events::store::append::{Append, AppendError, Guard};
use crate::values::{Day, TenantId, Timestamp};

/// What became of one command of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict<R> {
    /// It is recorded.
    Accepted,
    /// The rules do not allow it.
    Refused(R),
    /// It would be more than the day allows, with those before it.
    OverQuota {
        /// How long that day still is.
        wait: Duration,
        /// The allowance.
        limit: u64,
        /// What was used before it.
        used: u64,
    },
}

/// What a batch came to.
#[derive(Clone, Debug)]
pub struct Batch<R> {
    /// For each command, in order.
    pub verdicts: Vec<Verdict<R>>,
    /// When it was decided.
    pub at: Timestamp,
}

/// What a repeatable batch came to.
#[derive(Clone, Debug)]
pub enum BatchOnce<R> {
    /// It was done now.
    Done(Batch<R>),
    /// It was done before, and this was the answer.
    Again(Vec<u8>),
}

/// Under which key a batch is known when it is asked again, and the answer that is kept for it.
pub struct Kept<'a, R> {
    /// The request.
    pub repeatable: &'a Repeatable,
    /// What it is answered with.
    pub answer: &'a (dyn Fn(&Batch<R>) -> Vec<u8> + Sync),
}

impl<R> Batch<R> {
    /// How many are recorded.
    pub fn accepted(&self) -> u64 {
        self.verdicts.iter().map(|one| u64::from(matches!(one, Verdict::Accepted))).sum()
    }
}

impl<R> Verdict<R> {
    /// The same, as one command alone would have been answered.
    pub fn into_result(self) -> Result<(), CommandError<R>> {
        match self {
            Self::Accepted => Ok(()),
            Self::Refused(refusal) => Err(CommandError::Refused(refusal)),
            Self::OverQuota { wait, limit, used } => {
                Err(CommandError::OverQuota { wait, limit, used })
            }
        }
    }
}

/// What is known of a day's use: as the log told it when it refused.
type Used = HashMap<(TenantId, Day), u64>;

/// What a batch rests on.
struct Ground {
    context: Context,
    memory: Memory,
    not_before: Option<Timestamp>,
    used: Used,
}

impl Executor {
    /// Carries out many commands that each [begin](Command::begins) a stream and rely on the same tenant.
    ///
    /// If none passes, nothing is recorded and no answer is kept: it may be asked again.
    pub async fn run_batch<C: Command<Refusal: Clone>>(
        &self,
        context: &Context,
        commands: &[C],
        kept: Option<Kept<'_, C::Refusal>>,
    ) -> Result<BatchOnce<C::Refusal>, CommandError<C::Refusal>> {
        let (context, memory) = (context.clone(), Memory::Trusted);
        let mut ground = Ground { context, memory, not_before: None, used: Used::new() };
        for _ in 0..ATTEMPTS {
            let tenant = match commands.first() {
                Some(first) => self.relied_on(first, ground.memory).await?,
                None => Arc::default(),
            };
            let now = self.now();
            let now = ground.not_before.map_or(now, |not_before| now.max(not_before));
            let (batch, appends) = judged(commands, &tenant, &ground, now);
            // What is remembered may be old: a refusal must not rest on it.
            let refused = batch.verdicts.iter().any(|one| matches!(one, Verdict::Refused(_)));
            if refused && ground.memory == Memory::Trusted {
                ground.memory = Memory::Refreshed;
                continue;
            }
            let Some(mut together) = together(appends) else {
                return self.none_passed(batch, kept).await;
            };
            if let Some(Kept { repeatable, answer }) = &kept {
                together.guards.push(Guard::Receipt(receipt(repeatable, answer(&batch))));
            }
            match self.store().append(together).await {
                Ok(_) => return Ok(BatchOnce::Done(batch)),
                Err(AppendError::Answered(answer)) => return Ok(BatchOnce::Again(answer)),
                Err(error) => self.look_closer(commands, &mut ground, (error, now)).await?,
            }
        }
        Err(CommandError::Contended)
    }

    /// Perhaps this very batch was carried out before.
    async fn none_passed<R>(
        &self,
        batch: Batch<R>,
        kept: Option<Kept<'_, R>>,
    ) -> Result<BatchOnce<R>, CommandError<R>> {
        if let Some(Kept { repeatable, .. }) = kept
            && let Some(first) = self.answer_of(repeatable).await?
        {
            return Ok(BatchOnce::Again(first));
        }
        Ok(BatchOnce::Done(batch))
    }

    /// Looks again at what has turned out to be old; any other error is the end.
    async fn look_closer<C: Command>(
        &self,
        commands: &[C],
        ground: &mut Ground,
        (error, now): (AppendError, Timestamp),
    ) -> Result<(), CommandError<C::Refusal>> {
        match error {
            AppendError::Moved(stream) => {
                ground.memory = Memory::Refreshed;
                self.look_again(&stream, &mut ground.context).await?;
            }
            AppendError::Late { not_before } => ground.not_before = Some(not_before),
            // A day's use only grows: whoever does not fit beside this never will.
            AppendError::OverQuota { used, .. } => {
                let tenant = commands.first().and_then(Command::relies_on);
                ground.used.extend(tenant.map(|tenant| ((tenant, now.day()), used)));
            }
            error @ (AppendError::Conflict
            | AppendError::Taken { .. }
            | AppendError::Answered(_)
            | AppendError::KeyReused
            | AppendError::TooLarge(_)
            | AppendError::Full
            | AppendError::Stopping
            | AppendError::Database(_)) => return Err(error.into()),
        }
        Ok(())
    }
}

/// What each of them comes to, and what is to be recorded of those that pass.
fn judged<C: Command>(
    commands: &[C],
    tenant: &Past<TenantState>,
    ground: &Ground,
    now: Timestamp,
) -> (Batch<C::Refusal>, Vec<Append>) {
    let (mut verdicts, mut appends) = (Vec::new(), Vec::new());
    let (mut used, past) = (ground.used.clone(), Past::default());
    for command in commands {
        verdicts.push(match command.decide(&past.state, &tenant.state, now) {
            Err(refusal) => Verdict::Refused(refusal),
            Ok(decision) => exceeded(&decision, &mut used, now).unwrap_or_else(|| {
                let seen = (&past, tenant.version);
                appends.push(append(command, seen, decision, &ground.context, now));
                Verdict::Accepted
            }),
        });
    }
    (Batch { verdicts, at: now }, appends)
}

/// Whether it goes beyond what is known of the day; else it has its part of it.
fn exceeded<R>(decision: &Decision, used: &mut Used, now: Timestamp) -> Option<Verdict<R>> {
    for guard in &decision.guards {
        let Guard::Quota { tenant, day, amount, limit: Some(limit) } = guard else { continue };
        let Some(used) = used.get_mut(&(*tenant, *day)) else { continue };
        if used.saturating_add(*amount) > *limit {
            let wait = day.end().since(now);
            return Some(Verdict::OverQuota { wait, limit: *limit, used: *used });
        }
        *used = used.saturating_add(*amount);
    }
    None
}

/// One append of many; what all of them guard is guarded once, and what they use is one sum.
fn together(appends: Vec<Append>) -> Option<Append> {
    let mut all = appends.into_iter();
    let mut one = all.next()?;
    for other in all {
        one.parts.extend(other.parts);
        one.contents.extend(other.contents);
        for guard in other.guards {
            add(&mut one.guards, guard);
        }
    }
    Some(one)
}

fn add(guards: &mut Vec<Guard>, guard: Guard) {
    if let Guard::Quota { tenant, day, amount, .. } = &guard {
        for known in guards.iter_mut() {
            if let Guard::Quota { tenant: whose, day: of, amount: sum, .. } = known
                && (&*whose, &*of) == (tenant, day)
            {
                *sum = sum.saturating_add(*amount);
                return;
            }
        }
    }
    if !guards.contains(&guard) {
        guards.push(guard);
    }
}
