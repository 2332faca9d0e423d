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
use super::place::{self, Place};
use super::{EmbeddedError, step};

/// Crash recovery may take a while.
const STARTING: Duration = Duration::from_secs(120);

/// How long a polite end may take. What has been written by then is on disk in any case.
const STOPPING: Duration = Duration::from_millis(1_500);

const POLL: Duration = Duration::from_millis(25);

#[derive(Debug)]
pub(super) struct Postmaster {
    pid: Pid,
    /// Ours to wait for; none if a former service started it.
    child: Option<Child>,
}

impl Postmaster {
    pub(super) async fn start(
        binaries: &Path,
        place: &Place,
        owner: &Owner,
    ) -> Result<Self, EmbeddedError> {
        if let Some(pid) = left_behind(place) {
            if answers(place).await {
                tracing::info!(%pid, "going on with the Postgres that is already running");
                return Ok(Self { pid, child: None });
            }
            Self { pid, child: None }.stop().await;
        }
        if !place.cluster.join("PG_VERSION").exists() {
            init(binaries, place, owner).await?;
        }
        let mut child = spawn(binaries, place, owner)?;
        let Some(pid) = child.id().and_then(|id| i32::try_from(id).ok()) else {
            return Err(EmbeddedError::NotStarted(tail(&place.log)));
        };
        let begun = Instant::now();
        while !answers(place).await {
            let ended = matches!(child.try_wait(), Ok(Some(_)) | Err(_));
            if ended || begun.elapsed() > STARTING {
                let _ = child.start_kill();
                return Err(EmbeddedError::NotStarted(tail(&place.log)));
            }
            sleep(POLL).await;
        }
        Ok(Self { pid: Pid::from_raw(pid), child: Some(child) })
    }

    pub(super) async fn stop(mut self) {
        // SIGINT: end all sessions and write everything down. SIGQUIT: leave it to the next start.
        for signal in [Signal::SIGINT, Signal::SIGQUIT] {
            if kill(self.pid, signal).is_err() || self.gone().await {
                return;
            }
        }
        tracing::error!(pid = %self.pid, "Postgres does not end");
    }

    async fn gone(&mut self) -> bool {
        if let Some(child) = &mut self.child {
            return timeout(STOPPING, child.wait()).await.is_ok();
        }
        let begun = Instant::now();
        while kill(self.pid, None).is_ok() {
            if begun.elapsed() > STOPPING {
                return false;
            }
            sleep(POLL).await;
        }
        true
    }
}

/// The process that a killed service has left running. A pid file that names something else is stale:
/// the machine was restarted meanwhile, and Postgres would refuse to start.
fn left_behind(place: &Place) -> Option<Pid> {
    let file = place.cluster.join("postmaster.pid");
    let text = fs::read_to_string(&file).ok()?;
    let pid = text.lines().next()?.trim().parse::<i32>().ok()?;
    let command = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let ours = String::from_utf8_lossy(&command).contains(&*place.cluster.to_string_lossy());
    if ours {
        return Some(Pid::from_raw(pid));
    }
    if let Err(error) = fs::remove_file(&file) {
        tracing::warn!(%error, "a stale pid file of Postgres cannot be removed");
    }
    None
}

async fn answers(place: &Place) -> bool {
    let options = place.options().disable_statement_logging();
    match timeout(Duration::from_secs(5), options.connect()).await {
        Ok(Ok(connection)) => connection.close().await.is_ok(),
        Ok(Err(_)) | Err(_) => false,
    }
}

/// Makes the cluster beside its place and moves it there: a cut leaves nothing that looks finished.
async fn init(binaries: &Path, place: &Place, owner: &Owner) -> Result<(), EmbeddedError> {
    clear(&place.cluster)?;
    let half = place.half_made(std::process::id());
    step("a folder for a new cluster cannot be made", fs::create_dir(&half))?;
    owner.give(&half)?;
    let mut command = Command::new(binaries.join("initdb"));
    owner.runs(&mut command);
    command
        .arg("--pgdata")
        .arg(&half)
        .args(["--username=selfmx", "--auth=trust", "--encoding=UTF8", "--locale=C"])
        .args(["--data-checksums", "--no-instructions"]);
    let output = step("initdb cannot be run", command.output().await)?;
    if !output.status.success() {
        return Err(EmbeddedError::NotStarted(
            String::from_utf8_lossy(&output.stderr).into_owned(),
        ));
    }
    step("the new cluster cannot be moved to its place", fs::rename(&half, &place.cluster))
}

/// What an `initdb` that was cut off has left. There is no `PG_VERSION`, so there are no data. The cut
/// one may still run: it is left without its folder, and ends.
fn clear(cluster: &Path) -> Result<(), EmbeddedError> {
    let parent = cluster.parent().unwrap_or(cluster);
    let entries = step("the folder of Postgres cannot be read", fs::read_dir(parent))?;
    let half = |name: &str| name.starts_with(place::HALF_MADE);
    for entry in entries.flatten() {
        if entry.file_name().to_str().is_some_and(half) {
            let removed = fs::remove_dir_all(entry.path());
            step("a half-made cluster cannot be removed", removed)?;
        }
    }
    let removed = fs::remove_dir_all(cluster);
    step("a cluster without data cannot be removed", removed)
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
        // Else Ctrl-C at the terminal would end it before we have written our last facts.
        .process_group(0);
    step("Postgres cannot be run", command.spawn())
}

fn tail(log: &Path) -> String {
    let text = fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(10)..].join("\n")
}
