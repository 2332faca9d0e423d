//! Read the past, decide, record; again if somebody was faster. Nobody else appends.

use std::sync::Arc;

use futures_util::future::join_all;
use moka::sync::Cache;

use super::api_key::KeyState;
use super::context::{Cause, Context, Repeatable};
use super::past::{Done, Past};
use super::recording::{Receipter, append, receipt, with_receipt};
use super::tenant::TenantState;
use super::{Command, CommandError, Decision, State};
use crate::clock::Clock;
use crate::events::store::append::{Append, AppendError, Guard};
use crate::events::store::{EventStore, ReadError};
use crate::events::{Fact, Metadata, Recorded, Stream};
use crate::values::{TenantId, Timestamp};

/// So often somebody else may be faster.
pub(super) const ATTEMPTS: usize = 8;

/// So many tenants' states are remembered.
const REMEMBERED: u64 = 10_000;

/// Runs commands. Clones share what they remember.
#[derive(Clone)]
pub struct Executor {
    store: EventStore,
    clock: Clock,
    tenants: Cache<TenantId, Arc<Past<TenantState>>>,
}

/// What a repeatable command came to.
#[derive(Clone, Debug)]
pub enum Once<S> {
    /// It was done now.
    Done(Box<Done<S>>),
    /// It was done before, and this was the answer.
    Again(Vec<u8>),
}

struct Asked<'a, S> {
    context: &'a Context,
    receipt: Option<Receipter<'a, S>>,
}

impl Executor {
    /// Runs commands on this log.
    pub fn new(store: EventStore, clock: Clock) -> Self {
        Self { store, clock, tenants: Cache::new(REMEMBERED) }
    }

    /// The log, for those who follow it.
    pub fn store(&self) -> &EventStore {
        &self.store
    }

    /// The present moment, as commands know it.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Carries a command out.
    pub async fn run<C: Command>(
        &self,
        context: &Context,
        command: &C,
    ) -> Result<Done<C::State>, CommandError<C::Refusal>> {
        self.run_upon(context, command, self.past_of(command).await?).await
    }

    /// Carries a command out for somebody who knows its stream's past. If it has grown meanwhile, that
    /// is noticed, and it is read.
    pub async fn run_upon<C: Command>(
        &self,
        context: &Context,
        command: &C,
        past: Past<C::State>,
    ) -> Result<Done<C::State>, CommandError<C::Refusal>> {
        match self.carry_out(Asked { context, receipt: None }, command, past).await? {
            Once::Done(done) => Ok(*done),
            Once::Again(_) => Err(CommandError::Contended),
        }
    }

    /// Carries many commands out, each on its own: their pasts are read at once, and what they record
    /// shares a turn at the log.
    pub async fn run_all<C: Command>(
        &self,
        context: &Context,
        commands: &[C],
    ) -> sqlx::Result<Vec<Result<Done<C::State>, CommandError<C::Refusal>>>> {
        let streams: Vec<Stream> = commands.iter().map(Command::stream).collect();
        let mut loaded = self.store.load_all(&streams).await?;
        let pasts = streams.iter().map(|stream| loaded.remove(stream.id()).unwrap_or(Ok(vec![])));
        let each = commands.iter().zip(pasts).map(async |(command, facts)| {
            self.run_upon(context, command, fold(Past::default(), &facts?)).await
        });
        Ok(join_all(each).await)
    }

    /// Carries a command out once, however often it is asked under the same key; `answer` is what
    /// the first time is answered with, and is kept in the same transaction.
    pub async fn run_once<C: Command>(
        &self,
        context: &Context,
        command: &C,
        repeatable: &Repeatable,
        answer: &(dyn Fn(&Done<C::State>) -> Vec<u8> + Sync),
    ) -> Result<Once<C::State>, CommandError<C::Refusal>> {
        let receipt = Some(Receipter { repeatable, answer });
        let past = self.past_of(command).await?;
        self.carry_out(Asked { context, receipt }, command, past).await
    }

    /// What is known of a tenant, as the log has it now.
    pub async fn tenant(&self, tenant: TenantId) -> sqlx::Result<Past<TenantState>> {
        Ok((*self.tenant_past(tenant, Memory::Refreshed).await?).clone())
    }

    /// A stream's state, as the log has it now.
    pub async fn state<S: State>(&self, stream: &Stream) -> Result<Past<S>, ReadError> {
        Ok(fold(Past::default(), &self.store.load(stream).await?))
    }

    async fn carry_out<C: Command>(
        &self,
        asked: Asked<'_, C::State>,
        command: &C,
        past: Past<C::State>,
    ) -> Result<Once<C::State>, CommandError<C::Refusal>> {
        let context = asked.context.clone();
        let mut ground = Ground { past, context, memory: Memory::Trusted, not_before: None };
        for _ in 0..ATTEMPTS {
            let tenant = self.relied_on(command, ground.memory).await?;
            let now = self.clock.now();
            let now = ground.not_before.map_or(now, |not_before| now.max(not_before));
            let decision = match command.decide(&ground.past.state, &tenant.state, now) {
                Ok(decision) => decision,
                // What is remembered may be old: a refusal must not rest on it.
                Err(_) if command.relies_on().is_some() && ground.memory == Memory::Trusted => {
                    ground.memory = Memory::Refreshed;
                    continue;
                }
                Err(refusal) => return self.refused(&asked, refusal).await,
            };
            let done = done(command, (&ground.past, &tenant), &decision, now);
            if decision.facts.is_empty() {
                return self.already(&asked, done).await;
            }
            let seen = (&ground.past, tenant.version);
            let append = append(command, seen, decision, &ground.context, now);
            let append = with_receipt(append, asked.receipt.as_ref(), &done);
            match self.store.append(append).await {
                Ok(recorded) => {
                    return Ok(Once::Done(Box::new(self.told(command, done, &recorded))));
                }
                Err(AppendError::Answered(answer)) => return Ok(Once::Again(answer)),
                Err(error) => self.reconsider(command, &mut ground, error).await?,
            }
        }
        Err(CommandError::Contended)
    }

    /// Looks again at what has turned out to be old; any other error is the end.
    async fn reconsider<C: Command>(
        &self,
        command: &C,
        ground: &mut Ground<C::State>,
        error: AppendError,
    ) -> Result<(), CommandError<C::Refusal>> {
        match error {
            // It may be the tenant's stream too, if it goes on with these facts.
            AppendError::Conflict => {
                ground.past = self.state(&command.stream()).await?;
                ground.memory = Memory::Refreshed;
            }
            AppendError::Moved(stream) => {
                ground.memory = Memory::Refreshed;
                self.look_again(&stream, &mut ground.context).await?;
            }
            // This node's clock is behind, or it slept since it decided.
            AppendError::Late { not_before } => ground.not_before = Some(not_before),
            error @ (AppendError::Taken { .. }
            | AppendError::OverQuota { .. }
            | AppendError::Answered(_)
            | AppendError::KeyReused
            | AppendError::TooLarge(_)
            | AppendError::Full
            | AppendError::Stopping
            | AppendError::Database(_)) => return Err(error.into()),
        }
        Ok(())
    }

    async fn past_of<C: Command>(&self, command: &C) -> Result<Past<C::State>, ReadError> {
        if command.begins() {
            return Ok(Past::default());
        }
        self.state(&command.stream()).await
    }

    /// The answer that was given to a request before.
    pub async fn answer_of<R>(
        &self,
        repeatable: &Repeatable,
    ) -> Result<Option<Vec<u8>>, CommandError<R>> {
        let known = self.store.receipt(&repeatable.scope, &repeatable.key).await;
        match known.map_err(ReadError::from)? {
            Some(receipt) if receipt.request == repeatable.request => Ok(Some(receipt.answer)),
            Some(_) => Err(CommandError::KeyReused),
            None => Ok(None),
        }
    }

    /// Keeps the answer to a request of which no fact came. If another was faster, its answer counts
    /// and is given back.
    pub async fn keep_answer<R>(
        &self,
        repeatable: &Repeatable,
        answer: Vec<u8>,
    ) -> Result<Option<Vec<u8>>, CommandError<R>> {
        let guards = vec![Guard::Receipt(receipt(repeatable, answer))];
        let metadata = Metadata::default();
        let at = self.clock.now();
        let append = Append { at, parts: Vec::new(), guards, contents: Vec::new(), metadata };
        match self.store.append(append).await {
            Ok(_) => Ok(None),
            Err(AppendError::Answered(first)) => Ok(Some(first)),
            Err(error) => Err(error.into()),
        }
    }

    /// It is so already, perhaps because this very request was carried out before.
    async fn already<S, R>(
        &self,
        asked: &Asked<'_, S>,
        done: Done<S>,
    ) -> Result<Once<S>, CommandError<R>> {
        if let Some(Receipter { repeatable, answer }) = &asked.receipt
            && let Some(first) = self.keep_answer(repeatable, answer(&done)).await?
        {
            return Ok(Once::Again(first));
        }
        Ok(Once::Done(Box::new(done)))
    }

    /// It is refused, perhaps because this very request was carried out before.
    async fn refused<S, R>(
        &self,
        asked: &Asked<'_, S>,
        refusal: R,
    ) -> Result<Once<S>, CommandError<R>> {
        if let Some(Receipter { repeatable, .. }) = &asked.receipt
            && let Some(first) = self.answer_of(repeatable).await?
        {
            return Ok(Once::Again(first));
        }
        Err(CommandError::Refused(refusal))
    }

    pub(super) async fn relied_on<C: Command>(
        &self,
        command: &C,
        memory: Memory,
    ) -> Result<Arc<Past<TenantState>>, ReadError> {
        match command.relies_on() {
            Some(tenant) => self.tenant_past(tenant, memory).await,
            None => Ok(Arc::default()),
        }
    }

    async fn tenant_past(
        &self,
        tenant: TenantId,
        memory: Memory,
    ) -> Result<Arc<Past<TenantState>>, ReadError> {
        let remembered = self.tenants.get(&tenant);
        if let (Some(past), Memory::Trusted) = (&remembered, memory) {
            return Ok(Arc::clone(past));
        }
        let past = remembered.map_or_else(Past::default, |past| (*past).clone());
        let later = self.store.load_after(&Stream::tenant(tenant), past.version).await?;
        let past = Arc::new(fold(past, &later));
        // A made-up id must not push a real tenant out of the memory.
        if past.version > 0 {
            self.tenants.insert(tenant, Arc::clone(&past));
        }
        Ok(past)
    }

    /// A key that has changed but still opens its door is no reason to refuse.
    pub(super) async fn look_again<R>(
        &self,
        moved: &Stream,
        context: &mut Context,
    ) -> Result<(), CommandError<R>> {
        let Some(seen) = context.key.as_mut().filter(|seen| seen.stream == *moved) else {
            return Ok(());
        };
        let key: Past<KeyState> = self.state(moved).await?;
        if !key.state.opens_at(self.clock.now()) {
            return Err(CommandError::KeyGone);
        }
        seen.version = key.version;
        Ok(())
    }

    fn told<C: Command>(
        &self,
        command: &C,
        mut done: Done<C::State>,
        recorded: &[Recorded],
    ) -> Done<C::State> {
        for one in recorded {
            if let Fact::Tenant(tenant, _) = &one.fact {
                self.tenants.invalidate(tenant);
            }
        }
        let stream = command.stream();
        let own = recorded.iter().rfind(|one| one.fact.stream() == stream);
        done.past.last = own.map(Cause::of).or(done.past.last);
        done.position = recorded.last().map_or(0, |last| last.position);
        done
    }
}

/// What a decision rests on.
struct Ground<S> {
    past: Past<S>,
    context: Context,
    memory: Memory,
    /// What was before this is closed.
    not_before: Option<Timestamp>,
}

/// Whether what is remembered of a tenant will do.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Memory {
    Trusted,
    Refreshed,
}

fn fold<S: State>(mut past: Past<S>, facts: &[Recorded]) -> Past<S> {
    for recorded in facts {
        past.state.evolve(recorded);
        past.version = recorded.version;
    }
    past.last = facts.last().map(Cause::of).or(past.last);
    past
}

fn done<C: Command>(
    command: &C,
    (past, tenant): (&Past<C::State>, &Arc<Past<TenantState>>),
    decision: &Decision,
    at: Timestamp,
) -> Done<C::State> {
    let mut past = past.clone();
    let stream = command.stream();
    for fact in decision.facts.iter().filter(|fact| fact.stream() == stream) {
        past.state.evolve(&Recorded::imagined(fact.clone(), at));
        past.version += 1;
    }
    Done { past, tenant: Arc::clone(tenant), facts: decision.facts.clone(), at, position: 0 }
}
