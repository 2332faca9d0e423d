//! A Postgres of our own under the data folder, from the machine's binaries: the same engine and the
//! same SQL as in production.

mod binaries;
mod cluster;
mod keeper;
mod left_behind;
mod owner;
mod place;
mod postmaster;

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::fcntl::{Flock, FlockArg};
use sqlx::postgres::PgConnectOptions;

pub use binaries::NoBinaries;
use keeper::Keeper;
use owner::Owner;
use place::Place;

use crate::tasks::Tasks;

/// More than Postgres is given to end.
const STOPPING: Duration = Duration::from_secs(3);

/// Why our own Postgres does not run.
#[derive(Debug, thiserror::Error)]
pub enum EmbeddedError {
    /// The machine has none.
    #[error(transparent)]
    NoBinaries(#[from] NoBinaries),
    /// Another service has this data folder.
    #[error("another selfmx serves from {0}: stop it, or give DATA_DIR another folder")]
    InUse(PathBuf),
    /// No user that may run it.
    #[error("Postgres does not run as root, and there is no user postgres or nobody to run it as")]
    NoUser,
    /// A step went wrong.
    #[error("{0}")]
    Step(String, #[source] io::Error),
    /// It ended, or did not answer.
    #[error("Postgres did not start; its log ends with:\n{0}")]
    NotStarted(String),
}

/// Our own Postgres, running, and brought back if it ends.
#[derive(Debug)]
pub struct Embedded {
    kept: Tasks,
    options: PgConnectOptions,
    /// Held as long as we live; the system gives it up when we die, however we die.
    _lock: Flock<std::fs::File>,
}

impl Embedded {
    /// Starts it, or goes on with the one that a killed service has left running.
    pub async fn start(data_dir: &Path) -> Result<Self, EmbeddedError> {
        let lock = locked(data_dir)?;
        let owner = Owner::of_this_process()?;
        let place = Place::of(data_dir, &owner)?;
        let binaries = binaries::found().await?;
        place.prepare(&owner)?;
        let options = place.options();
        let keeper = Keeper { binaries, place, owner };
        let postmaster = keeper.start().await?;
        let kept = Tasks::new();
        kept.spawn("postgres", keeper.keep(postmaster, kept.stopping()));
        Ok(Self { kept, options, _lock: lock })
    }

    /// Where the Postgres of a service that runs already can be reached.
    pub fn running(data_dir: &Path) -> Result<PgConnectOptions, EmbeddedError> {
        let owner = Owner::of_this_process()?;
        Ok(Place::of(data_dir, &owner)?.options())
    }

    /// How to connect.
    pub fn options(&self) -> PgConnectOptions {
        self.options.clone()
    }

    /// Ends it: at first politely, and before long in any case.
    pub async fn stop(self) {
        self.kept.stop(STOPPING).await;
    }
}

fn locked(data_dir: &Path) -> Result<Flock<std::fs::File>, EmbeddedError> {
    let path = data_dir.join("lock");
    let file = step(
        "the lock file in the data folder cannot be made",
        std::fs::OpenOptions::new().create(true).truncate(false).write(true).open(path),
    )?;
    Flock::lock(file, FlockArg::LockExclusiveNonblock)
        .map_err(|_| EmbeddedError::InUse(data_dir.to_owned()))
}

fn step<T>(what: &str, result: io::Result<T>) -> Result<T, EmbeddedError> {
    result.map_err(|error| EmbeddedError::Step(format!("{what} ({error})"), error))
}
