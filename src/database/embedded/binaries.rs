//! Where the machine has its Postgres.

use std::path::{Path, PathBuf};

use tokio::process::Command;

/// The machine has no Postgres.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error(
    "no Postgres found: install it (Debian, Ubuntu: apt-get install postgresql; Fedora: dnf install \
     postgresql-server; Alpine: apk add postgresql; macOS: brew install postgresql), or set DATABASE_URL"
)]
pub struct NoBinaries;

/// The folder with `initdb` and `postgres`: what `pg_config` says, `PATH`, or where Debian has them.
pub(super) async fn found() -> Result<PathBuf, NoBinaries> {
    if let Ok(said) = Command::new("pg_config").arg("--bindir").output().await {
        let folder = PathBuf::from(String::from_utf8_lossy(&said.stdout).trim());
        if is_complete(&folder) {
            return Ok(folder);
        }
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&path).find(|folder| is_complete(folder));
    on_path.or_else(newest_of_debian).ok_or(NoBinaries)
}

fn newest_of_debian() -> Option<PathBuf> {
    let folders = std::fs::read_dir("/usr/lib/postgresql").ok()?;
    let complete = folders.filter_map(|entry| {
        let path = entry.ok()?.path();
        let version: u32 = path.file_name()?.to_str()?.parse().ok()?;
        Some((version, path.join("bin"))).filter(|(_, bin)| is_complete(bin))
    });
    complete.max().map(|(_, bin)| bin)
}

fn is_complete(folder: &Path) -> bool {
    folder.is_absolute() && folder.join("initdb").is_file() && folder.join("postgres").is_file()
}
