//! The secrets by which a webhook knows us at a moment, opened for as long as it takes to sign.

use crate::values::{OpenError, SecretKey, Timestamp, WebhookSecret};

/// A webhook's secrets as they are kept: sealed, with their webhook's id as the owner.
#[derive(Clone, Copy, Debug)]
pub struct Kept<'a> {
    /// The webhook's id.
    pub owner: &'a str,
    /// The newest.
    pub newest: &'a str,
    /// The one before, and until when it signs, too.
    pub former: Option<(&'a str, Timestamp)>,
}

/// Those that are valid.
#[derive(Clone, Debug)]
pub struct Secrets {
    pub(super) newest: WebhookSecret,
    pub(super) former: Option<WebhookSecret>,
}

impl Kept<'_> {
    /// Those that are valid at a moment.
    pub fn open(&self, key: &SecretKey, now: Timestamp) -> Result<Secrets, OpenError> {
        let former = self.former.filter(|(_, until)| now < *until);
        Ok(Secrets {
            newest: self.opened(key, self.newest)?,
            former: former.map(|(sealed, _)| self.opened(key, sealed)).transpose()?,
        })
    }

    fn opened(&self, key: &SecretKey, sealed: &str) -> Result<WebhookSecret, OpenError> {
        let opened = key.open(self.owner, &sealed.parse()?)?;
        opened.expose().parse().map_err(|_| OpenError)
    }
}

impl Secrets {
    /// One secret alone.
    pub fn only(newest: WebhookSecret) -> Self {
        Self { newest, former: None }
    }
}
