//! A relay for tests: it speaks SMTP on a loopback port, does as it is told, and remembers.
//!
//! ```ignore
//! let relay = TestRelay::start().await;
//! relay.refuse("bob@example.com", "550 5.1.1 no such user");
//! relay.once(Step::End, Act::TakeAndDrop);
//! // … send …
//! let mails = relay.wait_for_mails(1).await;
//! ```

#![expect(clippy::unwrap_used, reason = "a test that cannot go on may panic")]

mod dialogue;
mod script;
mod seen;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

pub use script::{Act, Step};
pub use seen::{Attempt, Mail, Seen};

use script::Script;

/// A test that waits so long waits in vain.
const IN_VAIN: Duration = Duration::from_secs(30);

/// A relay; it stops when it is dropped.
#[derive(Debug)]
pub struct TestRelay {
    address: SocketAddr,
    shared: Arc<Shared>,
    _running: JoinSet<()>,
}

/// How a relay is reached and what it offers.
#[derive(Clone, Debug)]
#[must_use = "a relay listens once it is started"]
pub struct Options {
    tls: Tls,
    name: String,
    login: Option<(String, String)>,
    mechanisms: &'static str,
    extensions: Vec<&'static str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tls {
    None,
    Start,
    Implicit,
}

/// What all connections of a relay share.
#[derive(Debug)]
struct Shared {
    options: Options,
    script: Mutex<Script>,
    seen: watch::Sender<Seen>,
    gate: Semaphore,
}

impl Shared {
    fn script(&self) -> std::sync::MutexGuard<'_, Script> {
        self.script.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Options {
    /// TLS is offered by `STARTTLS`.
    pub fn starttls(mut self) -> Self {
        self.tls = Tls::Start;
        self
    }

    /// TLS from the first byte.
    pub fn implicit_tls(mut self) -> Self {
        self.tls = Tls::Implicit;
        self
    }

    /// The name in the certificate, which the relay signs itself; `localhost` if not given.
    pub fn named(mut self, name: &str) -> Self {
        name.clone_into(&mut self.name);
        self
    }

    /// Only who gives these may send.
    pub fn login(mut self, user: &str, password: &str) -> Self {
        self.login = Some((user.to_owned(), password.to_owned()));
        self
    }

    /// The login is by these mechanisms, such as `LOGIN`; `PLAIN LOGIN` if not given.
    pub fn mechanisms(mut self, mechanisms: &'static str) -> Self {
        self.mechanisms = mechanisms;
        self
    }

    /// An extension is not offered: `SMTPUTF8` or `8BITMIME`.
    pub fn without(mut self, extension: &str) -> Self {
        self.extensions.retain(|known| *known != extension);
        self
    }

    /// Listens.
    pub async fn start(self) -> TestRelay {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let acceptor = acceptor(&self.name);
        let (script, seen) = (Mutex::default(), watch::Sender::new(Seen::default()));
        let gate = Semaphore::new(0);
        let shared = Arc::new(Shared { options: self, script, seen, gate });
        let mut running = JoinSet::new();
        running.spawn(accepting(listener, acceptor, Arc::clone(&shared)));
        TestRelay { address, shared, _running: running }
    }
}

async fn accepting(listener: TcpListener, acceptor: TlsAcceptor, shared: Arc<Shared>) {
    // Dropped with this task, and with it every connection.
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let number = shared.seen.borrow().connections;
        shared.seen.send_modify(Seen::open);
        let (acceptor, shared) = (acceptor.clone(), Arc::clone(&shared));
        connections.spawn(async move {
            dialogue::hold(stream, acceptor, &shared, number).await;
            shared.seen.send_modify(Seen::close);
        });
    }
}

fn acceptor(name: &str) -> TlsAcceptor {
    let names = vec![name.to_owned(), "127.0.0.1".to_owned()];
    let signed = rcgen::generate_simple_self_signed(names).unwrap();
    let key = PrivateKeyDer::try_from(signed.signing_key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![signed.cert.der().clone()], key)
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

impl TestRelay {
    /// In clear, without a login, with `SMTPUTF8` and `8BITMIME`: what a test changes by
    /// [`Options`]' methods before it starts the relay.
    pub fn options() -> Options {
        let (name, extensions) = ("localhost".to_owned(), vec!["8BITMIME", "SMTPUTF8"]);
        Options { tls: Tls::None, name, login: None, mechanisms: "PLAIN LOGIN", extensions }
    }

    /// A relay that takes everything.
    pub async fn start() -> Self {
        Self::options().start().await
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The port on which it listens.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// From now on, at each such step.
    pub fn on(&self, step: Step, act: Act) {
        self.shared.script().add(step, None, usize::MAX, act);
    }

    /// At the next such step.
    pub fn once(&self, step: Step, act: Act) {
        self.times(1, step, act);
    }

    /// At the next so many such steps; those scripted before come first.
    pub fn times(&self, times: usize, step: Step, act: Act) {
        self.shared.script().add(step, None, times, act);
    }

    /// From now on, what this recipient is answered.
    pub fn refuse(&self, recipient: &str, answer: &str) {
        let recipient = Some(recipient.to_owned());
        self.shared.script().add(Step::Rcpt, recipient, usize::MAX, Act::say(answer));
    }

    /// Forgets the script: from now on everything is taken.
    pub fn behave(&self) {
        *self.shared.script() = Script::default();
    }

    /// Lets one [`Act::Wait`] answer, now or when it comes.
    pub fn go_on(&self) {
        self.shared.gate.add_permits(1);
    }

    /// Everything so far.
    pub fn seen(&self) -> Seen {
        self.shared.seen.borrow().clone()
    }

    /// The mails so far.
    pub fn mails(&self) -> Vec<Mail> {
        self.seen().mails
    }

    /// Waits for so many mails.
    pub async fn wait_for_mails(&self, count: usize) -> Vec<Mail> {
        self.wait_until(|seen| seen.mails.len() >= count).await.mails
    }

    /// Waits until something was seen.
    pub async fn wait_until(&self, enough: impl Fn(&Seen) -> bool) -> Seen {
        let mut seen = self.shared.seen.subscribe();
        let waited = tokio::time::timeout(IN_VAIN, seen.wait_for(|seen| enough(seen))).await;
        if let Ok(seen) = waited {
            return seen.unwrap().clone();
        }
        let seen = self.seen();
        assert!(enough(&seen), "waited in vain; the relay has seen {seen:#?}");
        seen
    }
}
