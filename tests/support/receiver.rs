//! A receiver of webhooks for tests: it listens on a loopback port, answers as it is told, and remembers.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on may panic")]

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

/// A test that waits so long waits in vain.
const IN_VAIN: Duration = Duration::from_secs(30);

/// A receiver; it stops when it is dropped.
#[derive(Debug)]
pub struct Receiver {
    address: SocketAddr,
    shared: Arc<Shared>,
    _running: JoinSet<()>,
}

/// What it was told once.
#[derive(Clone, Debug)]
pub struct Told {
    headers: HashMap<String, String>,
    /// The body, byte for byte.
    pub text: String,
    /// The same, as JSON.
    pub body: Value,
}

/// How it answers.
#[derive(Clone, Debug)]
struct Manner {
    status: u16,
    body: String,
    location: Option<String>,
    hangs: bool,
}

#[derive(Debug)]
struct Shared {
    manner: Mutex<Manner>,
    told: Mutex<Vec<Told>>,
    count: watch::Sender<usize>,
    /// Those who hang wait for it.
    open: Semaphore,
}

impl Told {
    /// A header.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }
}

impl Receiver {
    /// One that says 200 to everything.
    pub async fn start() -> Self {
        let manner =
            Manner { status: 200, body: "thanks".to_owned(), location: None, hangs: false };
        let shared = Arc::new(Shared {
            manner: Mutex::new(manner),
            told: Mutex::default(),
            count: watch::Sender::new(0),
            open: Semaphore::new(0),
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().fallback(take).with_state(Arc::clone(&shared));
        let mut running = JoinSet::new();
        running.spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { address, shared, _running: running }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where it is told.
    pub fn url(&self) -> String {
        format!("http://{}/hooks", self.address)
    }

    /// From now on it answers so.
    pub fn answers(&self, status: u16, body: &str) {
        self.change(|manner| {
            manner.status = status;
            body.clone_into(&mut manner.body);
        });
    }

    /// From now on it sends whoever tells it anything elsewhere.
    pub fn redirects(&self, location: &str) {
        self.change(|manner| {
            manner.status = 307;
            manner.location = Some(location.to_owned());
        });
    }

    /// From now on it takes everything and does not answer.
    pub fn hangs(&self) {
        self.change(|manner| manner.hangs = true);
    }

    fn change(&self, change: impl FnOnce(&mut Manner)) {
        change(&mut self.shared.manner.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// All that it was told so far.
    pub fn told(&self) -> Vec<Told> {
        self.shared.told.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until it was told so often; all that it was told then.
    pub async fn wait_for(&self, count: usize) -> Vec<Told> {
        let mut counts = self.shared.count.subscribe();
        let reached = counts.wait_for(|now| *now >= count);
        let in_time = timeout(IN_VAIN, reached).await.is_ok();
        assert!(in_time, "it was told {} times, and not {count}", self.told().len());
        self.told()
    }
}

async fn take(State(shared): State<Arc<Shared>>, headers: HeaderMap, text: String) -> Response {
    let headers = headers.iter().map(|(name, value)| {
        (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
    });
    let body = serde_json::from_str(&text).unwrap_or_default();
    let told = Told { headers: headers.collect(), text, body };
    let manner = shared.manner.lock().unwrap_or_else(PoisonError::into_inner).clone();
    shared.told.lock().unwrap_or_else(PoisonError::into_inner).push(told);
    shared.count.send_modify(|count| *count += 1);
    if manner.hangs {
        let _ = shared.open.acquire().await;
    }
    let status = StatusCode::from_u16(manner.status).unwrap();
    let mut response = (status, manner.body).into_response();
    if let Some(location) = manner.location {
        response.headers_mut().insert(header::LOCATION, location.parse().unwrap());
    }
    response
}
