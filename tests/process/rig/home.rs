//! A folder in which a service lives, and what it leaves elsewhere.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};

use nix::unistd::{Pid, User};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use super::pid;

/// A service's folder; with it go its Postgres and all that it has left.
pub(crate) struct Home {
    folder: TempDir,
    data: PathBuf,
}

impl Home {
    /// A folder that everybody may enter.
    pub(crate) fn new() -> Self {
        Self::with(0o755)
    }

    /// A folder that only its owner may enter.
    pub(crate) fn closed() -> Self {
        Self::with(0o700)
    }

    /// A folder that belongs to an ordinary user.
    pub(crate) fn of(user: &User) -> Self {
        let home = Self::new();
        chown(home.path(), Some(user.uid.as_raw()), Some(user.gid.as_raw())).unwrap();
        home
    }

    fn with(mode: u32) -> Self {
        let folder = tempfile::Builder::new().prefix("selfmx-test-").tempdir_in("/tmp").unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(mode)).unwrap();
        let data = folder.path().canonicalize().unwrap().join("data");
        Self { folder, data }
    }

    /// Where the service is started.
    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Its data folder.
    pub(crate) fn data(&self) -> &Path {
        &self.data
    }

    /// Where the files of its own Postgres are.
    pub(crate) fn cluster(&self) -> PathBuf {
        let elsewhere = fs::read_to_string(self.data.join("postgres.location"));
        elsewhere.map_or_else(|_| self.data.join("postgres"), |path| PathBuf::from(path.trim()))
    }

    /// The pid file of its own Postgres.
    pub(crate) fn pid_file(&self) -> PathBuf {
        self.cluster().join("postmaster.pid")
    }

    /// Its own Postgres, if it runs.
    pub(crate) fn postmaster(&self) -> Option<Pid> {
        let text = fs::read_to_string(self.pid_file()).ok()?;
        let id = text.lines().next()?.trim().parse().ok()?;
        let command = fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
        let ours = String::from_utf8_lossy(&command).contains(&*self.cluster().to_string_lossy());
        ours.then(|| Pid::from_raw(id))
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        if let Some(postmaster) = self.postmaster() {
            pid::end_postgres(postmaster);
        }
        // Whatever is not there needs no removal.
        let _ = fs::remove_dir_all(self.cluster());
        let digest = hex::encode(Sha256::digest(self.data.as_os_str().as_encoded_bytes()));
        let sockets = fs::read_dir("/tmp").into_iter().flatten().flatten().filter(|entry| {
            entry.file_name().to_string_lossy().ends_with(&format!("-{}", &digest[..16]))
        });
        for socket in sockets {
            let _ = fs::remove_dir_all(socket.path());
        }
    }
}
