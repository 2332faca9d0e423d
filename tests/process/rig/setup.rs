//! How a service is started: its folder, its settings, its user.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use nix::unistd::{Uid, User};

use super::{Home, Postgres};

/// The operator's own key, where a test sets one.
pub(crate) const ADMIN: &str = "the-operators-own-key-of-the-tests-0123456789";

/// The release that `make test` has built, since faults come at other moments there; without it, what is built
/// beside the tests.
fn program() -> PathBuf {
    let released = std::env::var_os("SELFMX_PROGRAM");
    released.map_or_else(|| PathBuf::from(env!("CARGO_BIN_EXE_selfmx")), PathBuf::from)
}

/// A program with its settings, not started yet.
#[derive(Clone)]
pub(crate) struct Setup {
    program: PathBuf,
    folder: PathBuf,
    settings: BTreeMap<String, String>,
    user: Option<User>,
    unread: bool,
}

impl Setup {
    /// Nothing is set but where the data are.
    pub(crate) fn bare(home: &Home) -> Self {
        let setup = Self {
            program: program(),
            folder: home.path().to_owned(),
            settings: BTreeMap::new(),
            user: None,
            unread: false,
        };
        setup.set("DATA_DIR", home.data().to_str().unwrap())
    }

    /// With the operator's key, and no limit that would be in the way.
    pub(crate) fn new(home: &Home) -> Self {
        Self::bare(home).usual()
    }

    /// The same on a Postgres of the operator's.
    pub(crate) fn on(postgres: &Postgres, home: &Home) -> Self {
        Self::new(home)
            .set("DATABASE_URL", &postgres.url())
            .set("SECRET_KEY", "the secret of all tests, 32 characters")
    }

    fn usual(self) -> Self {
        self.set("ADMIN_API_KEY", ADMIN)
            .set("RATE_LIMIT_REQUESTS", "1000000")
            .set("SMTP_ALLOW_PRIVATE", "true")
            .set("SMTP_TIMEOUT", "20")
            .set("QUEUE_LEASE", "4")
    }

    /// With a setting.
    #[must_use]
    pub(crate) fn set(mut self, name: &str, value: &str) -> Self {
        self.settings.insert(name.to_owned(), value.to_owned());
        self
    }

    /// With a relay for all mail.
    #[must_use]
    pub(crate) fn relay(self, port: u16) -> Self {
        self.set("SMTP_HOST", "127.0.0.1")
            .set("SMTP_PORT", &port.to_string())
            .set("SMTP_TLS", "none")
    }

    /// Run by somebody else, from a place where that user may read it.
    #[must_use]
    pub(crate) fn run_by(mut self, user: &User) -> Self {
        let copy = self.folder.join("selfmx");
        fs::copy(&self.program, &copy).unwrap();
        self.program = copy;
        self.user = Some(user.clone());
        self
    }

    /// Nobody reads what it says on its standard output, which is a pipe.
    #[must_use]
    pub(crate) fn unread(mut self) -> Self {
        self.unread = true;
        self
    }

    /// The program with these arguments; what it says goes to files in its folder.
    pub(super) fn command(&self, arguments: &[&str], name: &str) -> Command {
        let mut command = Command::new(&self.program);
        let out = File::create(self.folder.join(format!("{name}.out"))).unwrap();
        let err = File::create(self.folder.join(format!("{name}.err"))).unwrap();
        command
            .args(arguments)
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin:/opt/homebrew/bin")
            .envs(&self.settings)
            .current_dir(&self.folder)
            .stdin(Stdio::null())
            .stdout(out)
            .stderr(err);
        if self.unread {
            command.stdout(Stdio::piped());
        }
        if let Some(user) = &self.user {
            command.uid(user.uid.as_raw()).gid(user.gid.as_raw());
        }
        command
    }

    pub(super) fn said(&self, name: &str) -> (String, String) {
        let read =
            |end: &str| fs::read(self.folder.join(format!("{name}.{end}"))).unwrap_or_default();
        let text = |end| String::from_utf8_lossy(&read(end)).into_owned();
        (text("out"), text("err"))
    }
}

/// An ordinary user other than ourselves, whom only root can become.
pub(crate) fn ordinary() -> Option<User> {
    Uid::effective().is_root().then(|| User::from_name("nobody").unwrap().unwrap())
}
