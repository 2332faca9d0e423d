//! Makes the cluster: beside its place, and then moved there, so that a cut leaves nothing that looks
//! finished.

use std::fs;
use std::path::Path;
use std::time::Duration;

use tokio::process::Command;
use tokio::time::sleep;

use super::owner::Owner;
use super::place::Place;
use super::{EmbeddedError, step};

/// How often a half-made cluster is tried to be removed: the `initdb` that was cut off may still run.
const SWEEPS: u32 = 80;

const POLL: Duration = Duration::from_millis(25);

/// Makes it if there is none.
pub(super) async fn ensure(
    binaries: &Path,
    place: &Place,
    owner: &Owner,
) -> Result<(), EmbeddedError> {
    if place.cluster.join("PG_VERSION").exists() {
        return Ok(());
    }
    clear(place).await?;
    let half = place.half_made();
    step("a folder for a new cluster cannot be made", fs::create_dir(&half))?;
    owner.give(&half)?;
    let mut command = Command::new(binaries.join("initdb"));
    owner.runs(&mut command);
    command
        .arg("--pgdata")
        .arg(&half)
        .args(["--username=selfmx", "--auth=trust", "--encoding=UTF8", "--locale=C"])
        .args(["--data-checksums", "--no-instructions"])
        .kill_on_drop(true);
    let output = step("initdb cannot be run", command.output().await)?;
    if !output.status.success() {
        return Err(EmbeddedError::NotStarted(
            String::from_utf8_lossy(&output.stderr).into_owned(),
        ));
    }
    step("the new cluster cannot be moved to its place", moved(&half, &place.cluster))
}

/// On disk too: else a power cut could take back the move, and all that was written after it.
fn moved(half: &Path, cluster: &Path) -> std::io::Result<()> {
    fs::rename(half, cluster)?;
    match cluster.parent() {
        Some(parent) => fs::File::open(parent)?.sync_all(),
        None => Ok(()),
    }
}

/// What an `initdb` that was cut off has left. There is no `PG_VERSION`, so there are no data.
async fn clear(place: &Place) -> Result<(), EmbeddedError> {
    for half in step("the folder of Postgres cannot be read", place.half_made_before())? {
        let mut sweeps = 0;
        while let Err(error) = fs::remove_dir_all(&half) {
            sweeps += 1;
            if sweeps > SWEEPS {
                tracing::warn!(%error, folder = %half.display(), "it is half-made and stays");
                break;
            }
            sleep(POLL).await;
        }
    }
    step("a cluster without data cannot be removed", fs::remove_dir_all(&place.cluster))
}
