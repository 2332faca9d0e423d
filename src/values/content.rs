//! The bodies and attachments of an email: kept beside the log, under their digest.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Attachment, TenantId};

/// What an email says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmailContent {
    /// For readers that show HTML.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub html: Option<String>,
    /// For all others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Files that go with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
}

impl EmailContent {
    /// As bytes to be sealed.
    pub fn to_bytes(&self) -> Result<Vec<u8>, serde_json::Error> {
        let texts = [&self.html, &self.text].into_iter().flatten().map(String::len).sum::<usize>();
        let files = self.attachments.iter().map(|file| file.content.len() * 4 / 3).sum::<usize>();
        // As long as it is going to be, and some more: what grows is copied each time.
        let length = texts + texts / 16 + files + 256;
        let mut bytes = Vec::with_capacity(length);
        serde_json::to_writer(&mut bytes, self)?;
        Ok(bytes)
    }

    /// From such bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(bytes)
    }

    /// For whom such bytes are sealed: one tenant's contents do not open in another's place.
    pub fn owner(tenant: TenantId, digest: &str) -> String {
        format!("{tenant}/{digest}")
    }

    /// The name under which such bytes are kept: hex SHA-256.
    pub fn digest(bytes: &[u8]) -> String {
        hex::encode(Sha256::digest(bytes))
    }
}
