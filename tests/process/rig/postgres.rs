//! A Postgres of the operator's, that is: of the test's. It waits for the disk as in earnest.

use std::fs::{self, File};
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, Uid, User};
use sqlx::postgres::PgPoolOptions;
use sqlx::{Connection as _, PgConnection, PgPool};
use tempfile::TempDir;

use super::{pid, within};

/// A server with a folder of its own; both go with it.
pub(crate) struct Postgres {
    folder: TempDir,
    child: Option<Child>,
}

impl Postgres {
    /// A new cluster, running.
    pub(crate) async fn start() -> Self {
        let folder = tempfile::Builder::new().prefix("selfmx-test-pg-").tempdir_in("/tmp").unwrap();
        if let Some(owner) = owner() {
            chown(folder.path(), Some(owner.uid.as_raw()), Some(owner.gid.as_raw())).unwrap();
        }
        let made = program("initdb", folder.path())
            .args(["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C"])
            .args(["--no-sync", "--no-instructions"])
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let mut postgres = Self { folder, child: None };
        postgres.go().await;
        postgres
    }

    /// Starts it, also after it was killed; its sessions of before may take a moment to notice.
    pub(crate) async fn go(&mut self) {
        let up = within(Duration::from_secs(40), async || {
            let ended = self.child.as_mut().is_none_or(|c| c.try_wait().unwrap().is_some());
            if ended {
                self.child = Some(self.spawn());
            }
            PgConnection::connect(&self.url()).await.is_ok()
        });
        assert!(up.await, "Postgres does not start: {}", self.log());
    }

    fn spawn(&self) -> Child {
        let log = File::options().create(true).append(true).open(self.log_path()).unwrap();
        program("postgres", self.folder.path())
            .args(["-c", "listen_addresses=", "-c", "max_connections=200", "-c", "fsync=on", "-c"])
            .arg(format!("unix_socket_directories={}", self.folder.path().display()))
            .stderr(log)
            .spawn()
            .unwrap()
    }

    fn log_path(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    fn log(&self) -> String {
        fs::read_to_string(self.log_path()).unwrap_or_default()
    }

    /// As `DATABASE_URL`.
    pub(crate) fn url(&self) -> String {
        format!("postgres://postgres@localhost/postgres?host={}", self.folder.path().display())
    }

    /// To look something up.
    pub(crate) async fn pool(&self) -> PgPool {
        PgPoolOptions::new().max_connections(2).connect(&self.url()).await.unwrap()
    }

    /// Ends it as a power cut does: nobody gets to say a word.
    pub(crate) async fn kill(&mut self) {
        self.end(Signal::SIGKILL).await;
    }

    /// Ends it at once, without writing anything down.
    pub(crate) async fn stop_at_once(&mut self) {
        self.end(Signal::SIGQUIT).await;
    }

    async fn end(&mut self, signal: Signal) {
        let Some(mut child) = self.child.take() else { return };
        let postmaster = Pid::from_raw(i32::try_from(child.id()).unwrap());
        let sessions = pid::children(postmaster);
        kill(postmaster, signal).unwrap();
        if signal == Signal::SIGKILL {
            for session in sessions {
                // One may have ended meanwhile.
                let _ = kill(session, signal);
            }
        }
        let ended =
            within(Duration::from_secs(20), async || child.try_wait().unwrap().is_some()).await;
        assert!(ended, "Postgres does not end: {}", self.log());
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let Some(mut child) = self.child.take() else { return };
        if let Ok(id) = i32::try_from(child.id()) {
            pid::end_postgres(Pid::from_raw(id));
        }
        // It has ended; now it is no zombie either.
        let _ = child.wait();
    }
}

/// Who runs it: not root, whom Postgres refuses.
fn owner() -> Option<User> {
    let user = |name: &str| User::from_name(name).unwrap();
    Uid::effective().is_root().then(|| user("postgres").or_else(|| user("nobody")).unwrap())
}

fn program(name: &str, folder: &Path) -> Command {
    let said = Command::new("pg_config").arg("--bindir").output().unwrap();
    let programs = PathBuf::from(String::from_utf8(said.stdout).unwrap().trim());
    let mut command = Command::new(programs.join(name));
    command.arg("-D").arg(folder.join("data")).current_dir("/");
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    if let Some(owner) = owner() {
        command.uid(owner.uid.as_raw()).gid(owner.gid.as_raw());
    }
    command
}
