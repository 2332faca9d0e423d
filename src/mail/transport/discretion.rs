//! What of a relay's words may be told: not the password that it was given, and not without end.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use super::outcome::{Sent, Trouble};
use super::route::Route;
use super::wire::without_controls;
use crate::values::Secret;

/// So many characters are told; the rest of what a relay says is lost.
const LONGEST: usize = 500;

const HIDDEN: &str = "[hidden]";

/// The texts that must not be told.
pub(super) struct Discretion(Vec<Secret>);

impl Discretion {
    /// Towards all but the relay of this route: its password, also as it goes over the wire.
    pub(super) fn of(route: &Route) -> Self {
        let Some((user, password)) = &route.login else { return Self(Vec::new()) };
        let password = password.expose();
        let plain = STANDARD_NO_PAD.encode(format!("\0{user}\0{password}"));
        let login = STANDARD_NO_PAD.encode(password);
        let texts = [plain, login, password.to_owned(), without_controls(password)];
        Self(texts.into_iter().filter(|text| !text.is_empty()).map(Secret::new).collect())
    }

    /// The same outcomes in words that may be told.
    pub(super) fn sent(&self, mut sent: Sent) -> Sent {
        for (_, outcome) in &mut sent.outcomes {
            let words = outcome.words_mut();
            *words = self.words(words);
        }
        sent.trouble = sent.trouble.map(|trouble| self.trouble(&trouble));
        sent
    }

    /// The same trouble in words that may be told.
    pub(super) fn trouble(&self, trouble: &Trouble) -> Trouble {
        Trouble { stage: trouble.stage, message: self.words(&trouble.message) }
    }

    fn words(&self, said: &str) -> String {
        let hidden = |text: String, secret: &Secret| text.replace(secret.expose(), HIDDEN);
        let discreet = self.0.iter().fold(without_controls(said), hidden);
        discreet.chars().take(LONGEST).collect()
    }
}
