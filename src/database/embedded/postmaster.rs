//! The process of our Postgres: started, found again after a `kill -9` of ours, stopped.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use sqlx::{ConnectOptions as _, Connection as _};
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep, timeout};

use super::owner::Owner;
use super::place::Place;
use super::{EmbeddedError, left_behind, step};

/// Crash recovery may take a while.
const STARTING: Duration = Duration::from_secs(120);

/// How long each way of ending it may take, the polite one first. What has been written by then is on
/// disk in any case.
const STOPPING: [(Signal, Duration); 2] = [
    // End all sessions and write everything down.
    (Signal::SIGINT, Duration::from_millis(1_500)),
    // Leave that to the next start.
    (Signal::SIGQUIT, Duration::from_millis(500)),
];

const POLL: Duration = Duration::from_millis(25);

/// How late the end of one that is not our child is noticed.
const LATE: Duration = Duration::from_millis(100);

#[derive(Debug)]
pub(super) struct Postmaster {
    pid: Pid,
    place: Place,
    /// Ours to wait for; none if a former service started it.
    child: Option<Child>,
}

impl Postmaster {
    /// Starts it in a cluster that is there, or goes on with the one that runs there.
    pub(super) async fn start(
        binaries: &Path,
        place: &Place,
        owner: &Owner,
    ) -> Result<Self, EmbeddedError> {
        let begun = Instant::now();
        // It may just be starting, after its service was killed; or just be about to end.
        while let Some(pid) = left_behind::postmaster(place) {
            let found = Self { pid, place: place.clone(), child: None };
            if answers(place).await {
                tracing::info!(%pid, "going on with the Postgres that is already running");
                return Ok(found);
            }
            if begun.elapsed() > STARTING {
                found.stop().await;
                break;
            }
            sleep(POLL).await;
        }
        left_behind::cleared(place).await?;
        let mut child = spawn(binaries, place, owner)?;
        let Some(pid) = child.id().and_then(|id| i32::try_from(id).ok()) else {
            return Err(EmbeddedError::NotStarted(tail(&place.log)));
        };
        while !answers(place).await {
            let ended = matches!(child.try_wait(), Ok(Some(_)) | Err(_));
            if ended || begun.elapsed() > STARTING {
                let _ = child.start_kill();
                return Err(EmbeddedError::NotStarted(tail(&place.log)));
            }
            sleep(POLL).await;
        }
        Ok(Self { pid: Pid::from_raw(pid), place: place.clone(), child: Some(child) })
    }

    /// Waits until it has ended, by whatever reason.
    pub(super) async fn ended(&mut self) {
        if let Some(child) = &mut self.child {
            // An error says that there is no such child any more.
            let _ = child.wait().await;
            return;
        }
        while left_behind::is_postmaster(self.pid, &self.place) {
            sleep(LATE).await;
        }
    }

    pub(super) async fn stop(mut self) {
        for (signal, patience) in STOPPING {
            if kill(self.pid, signal).is_err() || timeout(patience, self.ended()).await.is_ok() {
                return;
            }
        }
        tracing::error!(pid = %self.pid, "Postgres does not end");
    }
}

async fn answers(place: &Place) -> bool {
    let options = place.options().disable_statement_logging();
    match timeout(Duration::from_secs(5), options.connect()).await {
        Ok(Ok(connection)) => connection.close().await.is_ok(),
        Ok(Err(_)) | Err(_) => false,
    }
}

fn spawn(binaries: &Path, place: &Place, owner: &Owner) -> Result<Child, EmbeddedError> {
    let opened = fs::OpenOptions::new().create(true).append(true).open(&place.log);
    let log = step("the log of Postgres cannot be written", opened)?;
    let also = step("the log of Postgres cannot be written", log.try_clone())?;
    let mut command = Command::new(binaries.join("postgres"));
    owner.runs(&mut command);
    let set = |name: &str, value: PathBuf| format!("{name}={}", value.display());
    command
        .arg("-D")
        .arg(&place.cluster)
        .args(["-c", "listen_addresses=", "-c", "max_connections=200"])
        .args(["-c", &set("unix_socket_directories", place.socket.clone())])
        .args(["-c", "unix_socket_permissions=0700", "-c", "logging_collector=off"])
        .stdin(Stdio::null())
        .stdout(log)
        .stderr(also)
        // A start that is given up must not leave it behind.
        .kill_on_drop(true)
        // Else Ctrl-C at the terminal would end it before we have written our last facts.
        .process_group(0);
    step("Postgres cannot be run", command.spawn())
}

fn tail(log: &Path) -> String {
    let text = fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(10)..].join("\n")
}
