//! Who runs our Postgres: ourselves, or somebody without rights when we are root.

use std::path::Path;

use nix::unistd::{Gid, Uid, User, chown};
use tokio::process::Command;

use super::{EmbeddedError, step};

/// The user who runs it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Owner {
    /// Who.
    pub(super) uid: Uid,
    gid: Gid,
    lowered: bool,
}

impl Owner {
    pub(super) fn of_this_process() -> Result<Self, EmbeddedError> {
        if !Uid::effective().is_root() {
            return Ok(Self { uid: Uid::effective(), gid: Gid::effective(), lowered: false });
        }
        let mut users = ["postgres", "nobody"].into_iter();
        let user = users.find_map(|name| User::from_name(name).ok().flatten());
        let user = user.ok_or(EmbeddedError::NoUser)?;
        Ok(Self { uid: user.uid, gid: user.gid, lowered: true })
    }

    /// True if Postgres runs with fewer rights than we have.
    pub(super) fn is_lowered(&self) -> bool {
        self.lowered
    }

    /// Hands a file over.
    pub(super) fn give(&self, path: &Path) -> Result<(), EmbeddedError> {
        if !self.lowered {
            return Ok(());
        }
        let given = chown(path, Some(self.uid), Some(self.gid)).map_err(Into::into);
        step(&format!("{} cannot be handed to the user of Postgres", path.display()), given)
    }

    /// Runs a command as this user, and not in a folder that it may not enter.
    pub(super) fn runs(&self, command: &mut Command) {
        command.current_dir("/");
        if self.lowered {
            command.uid(self.uid.as_raw()).gid(self.gid.as_raw());
        }
    }
}
