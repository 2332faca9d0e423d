//! A composed mail with the signatures of its domain.

use super::{Downgraded, Message};
use crate::mail::dkim::{KeyError, Signer};
use crate::values::Timestamp;

/// What ends the headers.
const EMPTY_LINE: &[u8] = b"\r\n\r\n";

impl Message {
    /// The same mail, signed by these keys; without any it stays as it is.
    pub fn signed(self, signers: &[Signer], at: Timestamp) -> Result<Self, KeyError> {
        if signers.is_empty() {
            return Ok(self);
        }
        let Some(end) = self.bytes.windows(4).position(|four| four == EMPTY_LINE) else {
            return Ok(self);
        };
        let (block, body) = (&self.bytes[..end + 2], &self.bytes[end + 4..]);
        let signatures = Signer::sign_all(signers, (block, body), at)?;
        let downgraded = self.downgraded.as_ref().map(|other| {
            let block = [&other.head, &self.bytes[other.body_at..end + 2]].concat();
            let mut head = Signer::sign_all(signers, (&block, body), at)?;
            head.extend_from_slice(&other.head);
            Ok(Downgraded { head, body_at: other.body_at + signatures.len() })
        });
        let downgraded = downgraded.transpose()?;
        let bytes = [signatures, self.bytes].concat();
        Ok(Self { bytes, needs_smtputf8: self.needs_smtputf8, downgraded })
    }
}
