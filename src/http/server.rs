//! Listens, serves, and stops without cutting anybody off.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::tasks::Tasks;

/// Connections at once; further ones wait in the system's queue.
const CONNECTIONS: usize = 20_000;

/// A caller that takes longer over the head of a request is cut off.
const HEAD: Duration = Duration::from_secs(30);

/// After a failed `accept`, most often for want of file descriptors.
const PAUSE: Duration = Duration::from_millis(50);

/// Serves until the tasks are stopped; requests that are under way then are still answered.
pub fn start(listener: TcpListener, router: Router, tasks: &Tasks) {
    let stopping = tasks.stopping();
    let spawner = tasks.clone();
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    tasks.spawn("http", async move {
        loop {
            let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                () = stopping.cancelled() => return,
            };
            let stream = match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    tracing::warn!(%error, "a connection cannot be taken");
                    sleep(PAUSE).await;
                    continue;
                }
            };
            let (router, stopping) = (router.clone(), stopping.clone());
            spawner.spawn("http connection", async move {
                let _place = place;
                hold(stream, router, stopping).await;
            });
        }
    });
}

async fn hold(stream: TcpStream, router: Router, stopping: CancellationToken) {
    // A small answer must not wait for the next packet.
    let _ = stream.set_nodelay(true);
    let mut builder = Builder::new(TokioExecutor::new()).http1_only();
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD);
    let connection =
        builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    let mut connection = std::pin::pin!(connection);
    // A caller that goes away is no news.
    tokio::select! {
        _ = connection.as_mut() => {}
        () = stopping.cancelled() => {
            connection.as_mut().graceful_shutdown();
            let _ = connection.await;
        }
    }
}
