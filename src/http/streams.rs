//! Answers that are too long to be held: written piece by piece, and cut off if they cannot be finished.

use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use futures_util::{Stream, TryStreamExt as _, stream};
use tokio::sync::{Semaphore, mpsc};
use tokio::time::timeout;

use super::problem::Problem;
use crate::tasks::Tasks;

/// So many are written at once; each holds a piece or two in memory.
const ROOM: usize = 16;

/// A caller that takes nothing for so long has its answer cut off.
const PATIENCE: Duration = Duration::from_secs(30);

/// Writes long answers, each beside its connection: who reads slowly holds no connection to Postgres.
#[derive(Clone, Debug)]
pub struct Streams {
    tasks: Tasks,
    room: Arc<Semaphore>,
}

/// A piece on its way out. The connection gives it back when it has sent it, or is gone.
struct Sending {
    piece: Bytes,
    _under_way: mpsc::Sender<Infallible>,
}

impl AsRef<[u8]> for Sending {
    fn as_ref(&self) -> &[u8] {
        &self.piece
    }
}

/// What goes to the connection.
enum Word {
    Piece(Bytes),
    /// Said after the last piece. An answer without it is not whole, and must not look so.
    End,
}

/// The answer ends here although it is not whole.
#[derive(Debug, thiserror::Error)]
#[error("the answer is not whole")]
struct CutOff;

impl Streams {
    /// They end with these tasks.
    pub fn new(tasks: &Tasks) -> Self {
        Self { tasks: tasks.clone(), room: Arc::new(Semaphore::new(ROOM)) }
    }

    /// Answers with these pieces. What fails before the first of them is still told as a refusal; later
    /// there is nothing left but to close the connection before the end.
    pub async fn answer<P>(
        &self,
        content_type: &'static str,
        pieces: P,
    ) -> Result<Response, Problem>
    where
        P: Stream<Item = sqlx::Result<Bytes>> + Send + 'static,
    {
        let room = Arc::clone(&self.room).try_acquire_owned();
        let room =
            room.map_err(|_| Problem::unavailable("too many long answers at once: try again"))?;
        let mut pieces = Box::pin(pieces);
        let first = pieces.try_next().await?;
        let (connection, words) = mpsc::channel(1);
        let stopping = self.tasks.stopping();
        self.tasks.spawn("long answer", async move {
            let _room = room;
            let written = pin!(write(first, pieces, connection));
            tokio::select! {
                () = written => {}
                () = stopping.cancelled() => {}
            }
        });
        Ok(([(header::CONTENT_TYPE, content_type)], Body::from_stream(heard(words)))
            .into_response())
    }
}

/// Hands over piece by piece, until the end or until nobody takes them any more.
async fn write(
    first: Option<Bytes>,
    mut pieces: impl Stream<Item = sqlx::Result<Bytes>> + Unpin,
    connection: mpsc::Sender<Word>,
) {
    let (under_way, mut all_sent) = mpsc::channel(1);
    let mut next = first;
    while let Some(piece) = next {
        let piece = Bytes::from_owner(Sending { piece, _under_way: under_way.clone() });
        match timeout(PATIENCE, connection.send(Word::Piece(piece))).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) => return,
            Err(_) => return tracing::debug!("a long answer is cut off: nobody takes it"),
        }
        next = match pieces.try_next().await {
            Ok(next) => next,
            Err(error) => {
                tracing::warn!(%error, "a long answer is cut off");
                // A connection that is cut off forgets what it has not sent yet, and that was whole.
                drop(under_way);
                let _ = timeout(PATIENCE, all_sent.recv()).await;
                return;
            }
        };
    }
    // Whoever went away does not hear it.
    let _ = connection.send(Word::End).await;
}

/// The body that the connection writes.
fn heard(words: mpsc::Receiver<Word>) -> impl Stream<Item = Result<Bytes, CutOff>> {
    stream::unfold(Some(words), async |words| {
        let mut words = words?;
        match words.recv().await {
            Some(Word::Piece(piece)) => Some((Ok(piece), Some(words))),
            Some(Word::End) => None,
            None => Some((Err(CutOff), None)),
        }
    })
}

#[cfg(test)]
mod tests {
    use futures_util::future::join;
    use futures_util::{FutureExt as _, StreamExt as _};

    use super::*;

    async fn told(pieces: Vec<sqlx::Result<Bytes>>) -> Vec<Option<Vec<u8>>> {
        let (connection, words) = mpsc::channel(10);
        let heard = heard(words).map(|heard| heard.ok().map(|piece| piece.to_vec()));
        let written = write(Some("first".into()), stream::iter(pieces), connection);
        join(written, heard.collect()).await.1
    }

    #[tokio::test]
    async fn whoever_goes_away_leaves_its_room_to_others() {
        let streams = Streams::new(&Tasks::new());
        let endless = || stream::repeat_with(|| Ok(Bytes::from("piece")));
        let mut held = Vec::new();
        for _ in 0..ROOM {
            held.push(streams.answer("text/plain", endless()).await.unwrap());
        }
        let refused = streams.answer("text/plain", endless()).await.unwrap_err();
        assert_eq!(refused.code, "unavailable");
        held.pop();
        while streams.room.available_permits() == 0 {
            tokio::task::yield_now().await;
        }
        streams.answer("text/plain", endless()).await.unwrap();
    }

    #[tokio::test]
    async fn an_answer_ends_with_the_service() {
        let tasks = Tasks::new();
        let endless = stream::repeat_with(|| Ok(Bytes::from("piece")));
        let answer = Streams::new(&tasks).answer("text/plain", endless).await.unwrap();
        assert!(tasks.stop(Duration::from_secs(10)).await);
        assert!(axum::body::to_bytes(answer.into_body(), usize::MAX).await.is_err());
    }

    #[tokio::test]
    async fn only_an_answer_that_is_whole_ends_neatly() {
        let (first, second): (Vec<u8>, Vec<u8>) = ("first".into(), "second".into());
        let whole = told(vec![Ok("second".into())]).await;
        assert_eq!(whole, [Some(first.clone()), Some(second)]);
        assert_eq!(told(vec![]).await, [Some(first.clone())]);
        assert_eq!(told(vec![Err(sqlx::Error::PoolClosed)]).await, [Some(first), None]);
    }

    #[tokio::test]
    async fn what_was_whole_is_sent_before_an_answer_is_cut_off() {
        let (connection, words) = mpsc::channel(10);
        let broken = stream::iter([Err(sqlx::Error::PoolClosed)]);
        let mut written = pin!(write(Some("first".into()), broken, connection));
        let mut heard = pin!(heard(words));
        assert!(written.as_mut().now_or_never().is_none());
        let first = heard.next().await.unwrap().unwrap();
        assert!(written.as_mut().now_or_never().is_none(), "it is not sent yet");
        assert!(heard.next().now_or_never().is_none());
        drop(first);
        written.await;
        assert!(heard.next().await.unwrap().is_err());
    }
}
