//! Where our Postgres has its files and its socket.

use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::{fs, io};

use sha2::{Digest, Sha256};
use sqlx::postgres::PgConnectOptions;
use uuid::Uuid;

use super::owner::Owner;
use super::{EmbeddedError, step};

/// Where the files are when the data folder is behind a door that only root opens.
const ELSEWHERE: &str = "/var/lib/selfmx";

/// Says in the data folder where the files are, if not there.
const POINTER: &str = "postgres.location";

#[derive(Clone, Debug)]
pub(super) struct Place {
    /// The cluster.
    pub(super) cluster: PathBuf,
    /// The folder of the socket: short, since its path has 107 bytes at most.
    pub(super) socket: PathBuf,
    /// What Postgres has to say.
    pub(super) log: PathBuf,
}

impl Place {
    pub(super) fn of(data_dir: &Path, owner: &Owner) -> Result<Self, EmbeddedError> {
        let data_dir = step("the data folder cannot be found", data_dir.canonicalize())?;
        let digest = hex::encode(Sha256::digest(data_dir.as_os_str().as_encoded_bytes()));
        let short = digest.get(..16).unwrap_or_default().to_owned();
        let pointer = data_dir.join(POINTER);
        let cluster = match fs::read_to_string(&pointer) {
            Ok(path) => PathBuf::from(path.trim()),
            Err(_) if !owner.is_lowered() || all_may_enter(&data_dir) => data_dir.join("postgres"),
            Err(_) => {
                let path = Path::new(ELSEWHERE).join(&short);
                let text = format!("{}\n", path.display());
                step("the data folder cannot be written", fs::write(&pointer, text))?;
                path
            }
        };
        let socket = PathBuf::from(format!("/tmp/selfmx-{}-{short}", owner.uid));
        Ok(Self { cluster, socket, log: data_dir.join("postgres.log") })
    }

    /// Makes the folders; a folder that somebody else has put there is not used.
    pub(super) fn prepare(&self, owner: &Owner) -> Result<(), EmbeddedError> {
        if let Some(parent) = self.cluster.parent() {
            step("the folder of Postgres cannot be made", fs::create_dir_all(parent))?;
        }
        for folder in [&self.cluster, &self.socket] {
            if !folder.exists() {
                let made = fs::DirBuilder::new().mode(0o700).create(folder);
                step(&format!("{} cannot be made", folder.display()), made)?;
                owner.give(folder)?;
            }
            let found = step("a folder of Postgres cannot be read", fs::symlink_metadata(folder))?;
            if !found.is_dir() || found.uid() != owner.uid.as_raw() {
                let text = format!("{} belongs to somebody else", folder.display());
                return Err(EmbeddedError::Step(text.clone(), std::io::Error::other(text)));
            }
        }
        let private = fs::Permissions::from_mode(0o700);
        step(
            "the folder of the socket cannot be closed",
            fs::set_permissions(&self.socket, private),
        )
    }

    /// Where a new cluster is made, beside its place; never where one was being made before.
    pub(super) fn half_made(&self) -> PathBuf {
        self.cluster.with_file_name(format!("{}{}", self.half_made_name(), Uuid::new_v4().simple()))
    }

    /// The clusters for this place that were not finished. Those beside them may be others' who are
    /// at it just now.
    pub(super) fn half_made_before(&self) -> io::Result<Vec<PathBuf>> {
        let begin = self.half_made_name();
        let entries = fs::read_dir(self.cluster.parent().unwrap_or(&self.cluster))?.flatten();
        let ours = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(&begin));
        Ok(ours.map(|entry| entry.path()).collect())
    }

    fn half_made_name(&self) -> String {
        let name = self.cluster.file_name().unwrap_or_default();
        format!("{}-new-", name.to_string_lossy())
    }

    /// How to connect.
    pub(super) fn options(&self) -> PgConnectOptions {
        PgConnectOptions::new_without_pgpass()
            .socket(&self.socket)
            .port(5432)
            .username("selfmx")
            .database("postgres")
    }
}

/// True if the way to a folder is open to every user.
fn all_may_enter(folder: &Path) -> bool {
    folder
        .ancestors()
        .all(|step| fs::metadata(step).is_ok_and(|found| found.permissions().mode() & 0o001 != 0))
}
