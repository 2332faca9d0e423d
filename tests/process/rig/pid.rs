//! Processes by their ids.

use std::fs;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// True while a process runs; one that only waits to be noticed by its parent does not.
pub(crate) fn runs(pid: Pid) -> bool {
    let status = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let state = status.rsplit_once(") ").map_or("", |(_, rest)| rest);
    !(state.is_empty() || state.starts_with('Z'))
}

/// The processes that it has started and that run.
pub(crate) fn children(pid: Pid) -> Vec<Pid> {
    let path = format!("/proc/{pid}/task/{pid}/children");
    let text = fs::read_to_string(path).unwrap_or_default();
    text.split_whitespace().filter_map(|id| id.parse().ok()).map(Pid::from_raw).collect()
}

/// Ends a Postgres and all its sessions, for those who clean up and cannot wait otherwise.
pub(super) fn end_postgres(postmaster: Pid) {
    for signal in [Signal::SIGQUIT, Signal::SIGKILL] {
        // It may have gone already.
        let _ = kill(postmaster, Signal::SIGCONT).and_then(|()| kill(postmaster, signal));
        for _ in 0..200 {
            if !runs(postmaster) {
                return;
            }
            std::thread::park_timeout(Duration::from_millis(10));
        }
    }
}
