//! What a tracked mail's pixel and links are: they name the mail, and its recipient if there is just one.

use crate::mail::Letter;
use crate::mail::tracking::{Traces, tracked};
use crate::values::{PublicUrl, SecretKey, Seen, TenantId, Trace, Tracking};

/// Makes the pixel and the links of one mail.
pub(super) struct Tracer {
    pub(super) tenant: TenantId,
    pub(super) tracking: Tracking,
    pub(super) public_url: PublicUrl,
    pub(super) secrets: SecretKey,
}

impl Tracer {
    /// The letter as it goes out. What is text alone has neither links nor pictures.
    pub(super) fn traced(&self, letter: Letter) -> Letter {
        let Some(html) = &letter.html else { return letter };
        let recipient = (letter.recipients.len() == 1).then_some(0);
        let token = |seen: Seen| {
            let trace = Trace { tenant: self.tenant, email: letter.id, recipient, seen };
            trace.token(&self.secrets)
        };
        let link = |link: u16, url: &str| {
            let url = url.to_owned();
            self.public_url.at(&format!("/t/c/{}", token(Seen::Clicked { link, url })))
        };
        let pixel = || self.public_url.at(&format!("/t/o/{}", token(Seen::Opened)));
        let traces = Traces {
            pixel: self.tracking.opens.then(pixel),
            link: self.tracking.clicks.then_some(&link),
        };
        let html = Some(tracked(html, &traces));
        Letter { html, ..letter }
    }
}
