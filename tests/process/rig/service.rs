//! A running `selfmx`: asked by HTTP, ended by signals.

use std::fs;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, ExitStatus};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::setup::{ADMIN, Setup};
use super::{Caller, Tenant, within};

/// What a process was asked to do within, and has not done after: more than it may take, since the
/// machine of a test may be slow.
const STOPPING: Duration = Duration::from_secs(15);

static STARTED: AtomicUsize = AtomicUsize::new(0);

/// A process; killed when it is dropped.
pub(crate) struct Service {
    child: Child,
    setup: Setup,
    name: String,
    url: String,
}

/// How a process ended, and what it had said.
#[derive(Debug)]
pub(crate) struct Ended {
    /// Its exit code; none if a signal ended it.
    pub(crate) code: Option<i32>,
    /// Its standard output.
    pub(crate) out: String,
    /// Its standard error.
    pub(crate) err: String,
}

impl Setup {
    /// Starts a process and does not wait for anything.
    pub(crate) fn spawn(&self, arguments: &[&str]) -> Service {
        let name = format!("{}", STARTED.fetch_add(1, Ordering::SeqCst));
        let child = self.command(arguments, &name).spawn().unwrap();
        Service { child, setup: self.clone(), name, url: String::new() }
    }

    /// Starts a service, and waits until it serves.
    pub(crate) async fn serve(&self) -> Service {
        let mut service = self.spawn(&["serve", "--port", "0"]);
        service.wait_until_it_serves().await;
        service
    }

    /// Runs a command to its end.
    pub(crate) async fn run(&self, arguments: &[&str]) -> Ended {
        self.spawn(arguments).ends().await
    }
}

impl Service {
    /// Waits for the banner.
    pub(crate) async fn wait_until_it_serves(&mut self) {
        let serves = within(Duration::from_secs(60), async || {
            assert!(self.child.try_wait().unwrap().is_none(), "it ended: {}", self.said());
            let said = self.said();
            // The banner is written at once, with an empty line after it.
            let found = said.lines().find_map(|line| line.trim().strip_prefix("API "));
            let url = found.and_then(|rest| rest.split_whitespace().next());
            url.unwrap_or_default().clone_into(&mut self.url);
            !self.url.is_empty() && said.contains("Admin key")
        });
        assert!(serves.await, "it does not serve: {}", self.said());
    }

    /// Its process.
    pub(crate) fn pid(&self) -> Pid {
        Pid::from_raw(i32::try_from(self.child.id()).unwrap())
    }

    /// Where it listens.
    pub(super) fn address(&self) -> &str {
        self.url.strip_prefix("http://").unwrap()
    }

    /// The memory that it occupies, in MiB; nought where the system does not tell.
    pub(crate) fn memory(&self) -> usize {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|rest| rest.split_whitespace().next());
        kib.map_or(0, |kib| kib.parse::<usize>().unwrap() / 1024)
    }

    /// All that it has said so far, on both its outputs.
    pub(crate) fn said(&self) -> String {
        let (out, err) = self.setup.said(&self.name);
        out + &err
    }

    /// What the banner says of a thing.
    pub(crate) fn banner(&self, title: &str) -> String {
        let said = self.said();
        let found = said.lines().find_map(|line| line.trim().strip_prefix(title));
        found.unwrap_or_else(|| panic!("no {title} in {said}")).trim().to_owned()
    }

    /// Somebody with the operator's key.
    pub(crate) fn admin(&self) -> Caller {
        self.caller(ADMIN)
    }

    /// Somebody with this token.
    pub(crate) fn caller(&self, token: &str) -> Caller {
        Caller::new(&self.url, token)
    }

    /// A new tenant with this domain, and a key of it that may do everything.
    pub(crate) async fn tenant(&self, domain: &str) -> Tenant {
        Tenant::create_by(&self.admin(), self, domain).await
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        kill(self.pid(), signal).unwrap();
    }

    /// Kills it, as the system does when there is no memory left.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Ends it as an operator does, and waits until it has.
    pub(crate) async fn stop(self) -> Ended {
        self.signal(Signal::SIGTERM);
        self.ends().await
    }

    /// Waits until it has ended.
    pub(crate) async fn ends(mut self) -> Ended {
        let mut status: Option<ExitStatus> = None;
        let ended = within(STOPPING, async || {
            status = self.child.try_wait().unwrap();
            status.is_some()
        });
        assert!(ended.await, "it does not end: {}", self.said());
        let status = status.unwrap();
        let (out, err) = self.setup.said(&self.name);
        assert!(status.signal().is_none(), "a signal ended it ({status}): {out}{err}");
        Ended { code: status.code(), out, err }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Ended {
    /// The same, if it ended well.
    #[track_caller]
    pub(crate) fn well(self) -> Self {
        assert_eq!(self.code, Some(0), "{}{}", self.out, self.err);
        self
    }

    /// The sentence of one that ended badly, which stands alone on the standard error.
    #[track_caller]
    pub(crate) fn sentence(&self) -> &str {
        assert_eq!(self.code, Some(1), "{}{}", self.out, self.err);
        assert!(self.err.starts_with("selfmx: "), "{}", self.err);
        self.err.trim_start_matches("selfmx: ").trim_end()
    }
}
