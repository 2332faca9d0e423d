//! What a Postgres of ours has left that nobody ended properly: itself, its sessions, its lock files.
//!
//! The pid file alone says too little. The process that it names may be another one by now, or dead and
//! not yet noticed by its parent; and a Postgres that has just been started has written none yet.

use std::fs;
use std::path::Path;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::time::{Instant, sleep};

use super::EmbeddedError;
use super::place::Place;

/// Sessions that have not gone by then are killed.
const FAREWELL: Duration = Duration::from_secs(5);

/// And then nothing can be done.
const IN_VAIN: Duration = Duration::from_secs(30);

const POLL: Duration = Duration::from_millis(25);

/// The postmaster that runs in our cluster, if there is one.
pub(super) fn postmaster(place: &Place) -> Option<Pid> {
    let named = named(place);
    let all = if has_proc() { all_pids() } else { named.into_iter().collect() };
    let ours: Vec<Pid> = all.into_iter().filter(|pid| is_postmaster(*pid, place)).collect();
    // A session looks like its postmaster for the moment in which it begins.
    named.filter(|pid| ours.contains(pid)).or_else(|| ours.into_iter().min())
}

/// True if this process is a postmaster in our cluster. One that is dead and waits for its parent has
/// no arguments any more.
pub(super) fn is_postmaster(pid: Pid, place: &Place) -> bool {
    let arguments = arguments(pid);
    let is = |at: usize, what: &Path| arguments.get(at).is_some_and(|one| Path::new(one) == what);
    is_postgres(&arguments) && is(1, Path::new("-D")) && is(2, &place.cluster)
}

/// Waits for the sessions of a postmaster that is dead, and removes its lock files: Postgres takes a
/// process that is dead but not yet noticed for a living one, and does not start.
///
/// Only when no session is left, since two Postgres in one cluster would destroy it.
pub(super) async fn cleared(place: &Place) -> Result<(), EmbeddedError> {
    if !has_proc() {
        // Postgres itself looks as well as it can be done here.
        return Ok(());
    }
    let begun = Instant::now();
    loop {
        let sessions = sessions(place);
        if sessions.is_empty() {
            break;
        }
        if begun.elapsed() > IN_VAIN {
            let text = "sessions of a Postgres that is dead do not end".to_owned();
            return Err(EmbeddedError::Step(text.clone(), std::io::Error::other(text)));
        }
        let late = begun.elapsed() > FAREWELL;
        for session in sessions {
            // It may have gone meanwhile.
            let _ = kill(session, if late { Signal::SIGKILL } else { Signal::SIGQUIT });
        }
        sleep(POLL).await;
    }
    let socket = |name: &str| place.socket.join(name);
    let locks = [place.cluster.join("postmaster.pid"), socket(".s.PGSQL.5432.lock")];
    for stale in locks.into_iter().chain([socket(".s.PGSQL.5432")]) {
        if let Err(error) = fs::remove_file(&stale)
            && error.kind() != std::io::ErrorKind::NotFound
        {
            tracing::warn!(%error, file = %stale.display(), "it is stale and cannot be removed");
        }
    }
    Ok(())
}

fn sessions(place: &Place) -> Vec<Pid> {
    let cluster = place.cluster.canonicalize().unwrap_or_else(|_| place.cluster.clone());
    // Somebody who looks at the cluster in a shell is no session.
    let is_session = |pid: &Pid| {
        let works_in = fs::read_link(format!("/proc/{pid}/cwd"));
        works_in.is_ok_and(|folder| folder == cluster) && is_postgres(&arguments(*pid))
    };
    all_pids().into_iter().filter(is_session).collect()
}

/// The postmaster is started by its path, and a session calls itself `postgres: …`.
fn is_postgres(arguments: &[String]) -> bool {
    let Some(first) = arguments.first() else { return false };
    first.starts_with("postgres:") || Path::new(first).ends_with("postgres")
}

fn named(place: &Place) -> Option<Pid> {
    let text = fs::read_to_string(place.cluster.join("postmaster.pid")).ok()?;
    text.lines().next()?.trim().parse().ok().map(Pid::from_raw)
}

fn has_proc() -> bool {
    Path::new("/proc/self/cmdline").exists()
}

fn all_pids() -> Vec<Pid> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let ids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    ids.map(Pid::from_raw).collect()
}

fn arguments(pid: Pid) -> Vec<String> {
    if has_proc() {
        let all = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let each = all.split(|byte| *byte == 0).filter(|one| !one.is_empty());
        return each.map(|one| String::from_utf8_lossy(one).into_owned()).collect();
    }
    let mut ps = std::process::Command::new("ps");
    let said = ps.args(["-o", "command=", "-p", &pid.to_string()]).output();
    let text = said.map(|said| String::from_utf8_lossy(&said.stdout).into_owned());
    text.unwrap_or_default().split_whitespace().map(ToOwned::to_owned).collect()
}
