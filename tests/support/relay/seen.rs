//! What a relay remembers.

/// Everything that has happened at a relay.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Connections that were opened.
    pub connections: usize,
    /// Those that still are.
    pub open: usize,
    /// The most that were at one moment.
    pub most_open: usize,
    /// For each connection, the commands in their order, without line ends.
    pub sessions: Vec<Vec<String>>,
    /// The mails that were taken.
    pub mails: Vec<Mail>,
    /// The tries to log in.
    pub logins: Vec<Attempt>,
}

/// A mail that a relay has taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// By which connection it came, counted from nought.
    pub connection: usize,
    /// The sender that the relay was told.
    pub from: String,
    /// The recipients that it accepted.
    pub to: Vec<String>,
    /// The bytes, dot-stuffing undone.
    pub raw: Vec<u8>,
}

/// A try to log in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// The name given.
    pub user: String,
    /// The password given.
    pub password: String,
    /// Whether they were the right ones.
    pub right: bool,
}

impl Seen {
    pub(super) fn open(&mut self) {
        self.connections += 1;
        self.open += 1;
        self.most_open = self.most_open.max(self.open);
        self.sessions.push(Vec::new());
    }

    pub(super) fn close(&mut self) {
        self.open -= 1;
    }

    /// The commands of all connections that begin so.
    pub fn commands(&self, verb: &str) -> Vec<&str> {
        let all = self.sessions.iter().flatten().map(String::as_str);
        all.filter(|command| command.starts_with(verb)).collect()
    }

    /// How many tries to log in went wrong.
    pub fn failed_logins(&self) -> usize {
        self.logins.iter().filter(|attempt| !attempt.right).count()
    }
}

impl Mail {
    /// The mail as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.raw).into_owned()
    }
}
