//! The one writer of this process: takes what waits, writes it in one turn, answers each.

use std::sync::Arc;

use sqlx::PgPool;
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;

use super::append::{Append, AppendError, Waiting};
use super::{Inline, read, turn};
use crate::clock::Clock;
use crate::events::Recorded;
use crate::values::Timestamp;

/// Requests in one turn at most.
const TURN: usize = 1_024;

/// A turn that holds so many bytes of contents takes no more.
const TURN_BYTES: usize = 32 * 1024 * 1024;

/// An append with the moment in which it was asked for.
pub(super) struct Request {
    pub(super) append: Append,
    pub(super) at: Timestamp,
}

type Answer = oneshot::Sender<Result<Vec<Recorded>, AppendError>>;

/// Writes all that this process appends.
pub(super) struct Writer {
    pool: PgPool,
    clock: Clock,
    inline: Vec<Arc<dyn Inline>>,
    head: watch::Sender<i64>,
}

impl Writer {
    pub(super) fn new(
        pool: PgPool,
        clock: Clock,
        inline: Vec<Arc<dyn Inline>>,
        head: watch::Sender<i64>,
    ) -> Self {
        Self { pool, clock, inline, head }
    }

    /// Runs until told to stop; what waits then is still written.
    pub(super) async fn run(self, mut queue: mpsc::Receiver<Waiting>, stopping: CancellationToken) {
        loop {
            let first = tokio::select! {
                first = queue.recv() => first,
                () = stopping.cancelled() => break,
            };
            let Some(first) = first else { return };
            self.turn(first, &mut queue).await;
        }
        queue.close();
        while let Some(first) = queue.recv().await {
            self.turn(first, &mut queue).await;
        }
    }

    async fn turn(&self, first: Waiting, queue: &mut mpsc::Receiver<Waiting>) {
        let mut requests = Vec::new();
        let mut answers = Vec::new();
        let mut bytes = 0;
        let mut next = Some(first);
        while let Some(waiting) = next {
            bytes += waiting.append.contents.as_ref().map_or(0, |c| c.sealed.len());
            requests.push(Request { append: waiting.append, at: waiting.at });
            answers.push(waiting.answer);
            let full = requests.len() >= TURN || bytes >= TURN_BYTES;
            next = if full { None } else { queue.try_recv().ok() };
        }
        metrics::histogram!("selfmx_log_turn_requests").record(count(requests.len()));
        self.write(requests, answers).await;
    }

    /// What the database refuses although the judge admitted it must not fail its neighbours: then
    /// each request gets a turn of its own.
    async fn write(&self, requests: Vec<Request>, answers: Vec<Answer>) {
        match self.take(&requests).await {
            Ok(verdicts) => {
                for (verdict, answer) in verdicts.into_iter().zip(answers) {
                    tell(answer, verdict);
                }
            }
            Err(error) if requests.len() == 1 || is_outage(&error) => {
                tracing::warn!(%error, requests = requests.len(), "the log cannot be written");
                let error = Arc::new(error);
                for answer in answers {
                    tell(answer, Err(AppendError::Database(Arc::clone(&error))));
                }
            }
            Err(error) => {
                tracing::warn!(%error, "a turn was refused; its requests are tried one by one");
                for (request, answer) in requests.into_iter().zip(answers) {
                    let verdict = match self.take(&[request]).await {
                        Ok(verdicts) => verdicts.into_iter().next(),
                        Err(error) => Some(Err(AppendError::Database(Arc::new(error)))),
                    };
                    tell(answer, verdict.unwrap_or(Err(AppendError::Stopping)));
                }
            }
        }
    }

    async fn take(&self, requests: &[Request]) -> sqlx::Result<turn::Verdicts> {
        let now = self.clock.now();
        let (verdicts, head) = turn::take(&self.pool, &self.inline, requests, now).await?;
        read::grow(&self.head, head);
        Ok(verdicts)
    }
}

/// Whoever asked may have gone; what was written stays written.
fn tell(answer: Answer, verdict: Result<Vec<Recorded>, AppendError>) {
    let _ = answer.send(verdict);
}

/// True when the database is gone or about to go: trying again at once would only make it worse.
fn is_outage(error: &sqlx::Error) -> bool {
    if let sqlx::Error::Database(refusal) = error {
        // Classes of SQLSTATE: connection (08), resources (53), intervention (57), system (58).
        let classes = ["08", "53", "57", "58"];
        return refusal.code().is_some_and(|code| classes.iter().any(|c| code.starts_with(c)));
    }
    !matches!(
        error,
        sqlx::Error::Encode(_) | sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_)
    )
}

fn count(n: usize) -> f64 {
    u32::try_from(n).map_or(f64::MAX, f64::from)
}
