//! What a receiver answered, as much of it as is kept.

use std::time::Duration;

/// So much of an answer is kept, in bytes.
const KEPT: usize = 1_024;

/// What came of posting a notice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status, if there was an answer.
    pub status: Option<u16>,
    /// The beginning of the answer's body.
    pub body: Option<String>,
    /// What went wrong; nothing if it has arrived.
    pub error: Option<String>,
    /// How long it took.
    pub took: Duration,
}

impl Answer {
    /// True if the receiver said that it has the notice.
    pub fn arrived(&self) -> bool {
        self.error.is_none()
    }
}

/// The beginning of an answer.
#[derive(Debug, Default)]
pub(super) struct Beginning(Vec<u8>);

impl Beginning {
    /// Takes in a piece; false once no more is wanted.
    pub(super) fn take(&mut self, piece: &[u8]) -> bool {
        let room = KEPT.saturating_sub(self.0.len());
        self.0.extend_from_slice(&piece[..piece.len().min(room)]);
        self.0.len() < KEPT
    }

    /// As text that can be kept and shown: what is no UTF-8 and what is no character to show is replaced.
    pub(super) fn text(self) -> String {
        let text = String::from_utf8_lossy(&self.0);
        let shown = |c: char| {
            if c.is_control() && !matches!(c, '\n' | '\r' | '\t') { '\u{fffd}' } else { c }
        };
        text.chars().map(shown).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kilobyte_is_kept_and_nothing_that_cannot_be() {
        let mut beginning = Beginning::default();
        assert!(beginning.take(b"ok\0\xff "));
        assert!(!beginning.take(&[b'x'; 5_000]));
        let text = beginning.text();
        assert!(text.starts_with("ok\u{fffd}\u{fffd} xxx"), "{text}");
        assert_eq!(text.chars().count(), KEPT);
    }
}
