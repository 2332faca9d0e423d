//! The one writer of this process: takes what waits, writes it in one turn, answers each.

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;

use super::append::{AppendError, Waiting};
use super::prepared::Prepared;
use super::session::{Own, Session};
use super::turn::{Swift, Taken, Turns, Verdicts};
use super::write::Statement;
use super::{EventStore, Inline, is_outage, read};
use crate::clock::Clock;
use crate::events::Recorded;
use crate::tasks::gather;

/// A turn that holds so many requests takes no more; one that continues many streams counts as many.
const TURN: usize = 1_024;

/// A turn that holds so many bytes of contents takes no more.
const TURN_BYTES: usize = 32 * 1024 * 1024;

/// Whoever was outrun by another node waits in the queue for so many turns before it tries again to do
/// without: to look up in vain costs more than to wait.
const PATIENT: u32 = 32;

type Answer = oneshot::Sender<Result<Vec<Recorded>, AppendError>>;

/// Writes all that this process appends.
pub(super) struct Writer {
    session: Session,
    turns: Turns,
    clock: Clock,
    head: watch::Sender<i64>,
    /// So many turns more are waited for.
    patient: u32,
    /// So many requests had the last turn.
    last: usize,
}

impl Writer {
    pub(super) fn new(store: &EventStore, inline: Vec<Arc<dyn Inline>>) -> Self {
        Self {
            session: Session::new(store.pool.clone()),
            turns: Turns::new(store.vault.clone(), Statement::new(inline)),
            clock: store.clock.clone(),
            head: store.head.clone(),
            patient: 0,
            last: 0,
        }
    }

    /// Runs until told to stop; what waits then is still written.
    pub(super) async fn run(
        mut self,
        mut queue: mpsc::Receiver<Waiting>,
        stopping: CancellationToken,
    ) {
        loop {
            let first = tokio::select! {
                first = queue.recv() => first,
                () = stopping.cancelled() => break,
            };
            let Some(first) = first else { break };
            self.turn(first, &mut queue).await;
        }
        queue.close();
        while let Some(first) = queue.recv().await {
            self.turn(first, &mut queue).await;
        }
        self.session.close().await;
    }

    async fn turn(&mut self, first: Waiting, queue: &mut mpsc::Receiver<Waiting>) {
        // Whoever was told of the last turn may be about to ask for the next. But half as many as those need
        // not wait for the others: Postgres would wait with them.
        gather(queue, self.last.div_ceil(2).min(TURN)).await;
        let mut requests = Vec::new();
        let mut answers = Vec::new();
        let (mut bytes, mut streams) = (0, 0);
        let mut next = Some(first);
        while let Some(waiting) = next {
            let append = &waiting.append.append;
            bytes += append.bytes();
            streams += append.parts.len().max(1);
            requests.push(waiting.append);
            answers.push(waiting.answer);
            let full = streams >= TURN || bytes >= TURN_BYTES;
            next = if full { None } else { queue.try_recv().ok() };
        }
        self.last = requests.len();
        metrics::histogram!("selfmx_log_turn_requests").record(count(requests.len()));
        self.write(requests, answers).await;
    }

    /// What the database refuses although the judge admitted it must not fail its neighbours: the
    /// turn is halved until the culprit is alone, which costs the others a few turns and not one each.
    async fn write(&mut self, requests: Vec<Prepared>, answers: Vec<Answer>) {
        let mut left = vec![(requests, answers)];
        while let Some((mut requests, mut answers)) = left.pop() {
            match self.take(&requests).await {
                Ok(verdicts) => {
                    for (verdict, answer) in verdicts.into_iter().zip(answers) {
                        tell(answer, verdict);
                    }
                }
                Err(error) if is_outage(&error) => {
                    let others = left.drain(..).flat_map(|(_, answers)| answers);
                    fail(answers.into_iter().chain(others).collect(), error);
                }
                Err(error) if requests.len() == 1 => fail(answers, error),
                Err(error) => {
                    tracing::warn!(%error, "a turn was refused; its halves are tried");
                    let half = requests.len() / 2;
                    let later = (requests.split_off(half), answers.split_off(half));
                    left.extend([later, (requests, answers)]);
                }
            }
        }
    }

    async fn take(&mut self, requests: &[Prepared]) -> sqlx::Result<Verdicts> {
        let mut own = self.session.take().await?;
        let (verdicts, head) = self.take_on(&mut own, requests).await?;
        self.session.give_back(own);
        read::grow(&self.head, head);
        Ok(verdicts)
    }

    async fn take_on(&mut self, own: &mut Own, requests: &[Prepared]) -> sqlx::Result<Taken> {
        let now = self.clock.now();
        if self.patient == 0 {
            match self.turns.swift(own, requests, now).await? {
                Swift::Taken(taken) => return Ok(taken),
                Swift::Outrun => {
                    metrics::counter!("selfmx_log_turns_outrun_total").increment(1);
                    self.patient = PATIENT;
                }
                Swift::Unfit => {}
            }
        }
        self.patient = self.patient.saturating_sub(1);
        self.turns.locked(&mut own.db, requests, now).await
    }
}

fn fail(answers: Vec<Answer>, error: sqlx::Error) {
    tracing::warn!(%error, requests = answers.len(), "the log cannot be written");
    let error = Arc::new(error);
    for answer in answers {
        tell(answer, Err(AppendError::Database(Arc::clone(&error))));
    }
}

/// Whoever asked may have gone; what was written stays written.
fn tell(answer: Answer, verdict: Result<Vec<Recorded>, AppendError>) {
    let _ = answer.send(verdict);
}

fn count(n: usize) -> f64 {
    u32::try_from(n).map_or(f64::MAX, f64::from)
}
