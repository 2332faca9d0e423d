//! Signs a notice in two ways: plainly, and as Standard Webhooks have it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use super::secrets::Secrets;
use crate::values::{EventId, Timestamp, WebhookSecret};

/// What is told to a webhook.
#[derive(Clone, Debug)]
pub struct Notice {
    /// The same on every try, so that a receiver knows what it has had.
    pub id: EventId,
    /// JSON.
    pub body: Bytes,
}

/// The headers by which a receiver knows that a notice is ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// `webhook-id`.
    pub id: String,
    /// `webhook-timestamp`: of this try, in Unix seconds, so that old ones cannot be played again.
    pub timestamp: String,
    /// `webhook-signature`: one for each secret that is valid, with spaces between them.
    pub standard: String,
    /// `X-Webhook-Signature`: the hex HMAC-SHA-256 of the body, whose key is the newest secret's text.
    pub plain: String,
    /// `X-Webhook-Signature-Former`: the same by the former secret, as long as that one is valid.
    pub plain_former: Option<String>,
}

impl Notice {
    /// Signs with the newest secret, and those that are still valid beside it
    /// (<https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>).
    pub fn signed(&self, secrets: &Secrets, now: Timestamp) -> Signed {
        let (id, timestamp) = (self.id.to_string(), now.as_datetime().timestamp().to_string());
        let head = format!("{id}.{timestamp}.");
        let standard = [&secrets.newest].into_iter().chain(&secrets.former).map(|secret| {
            let mac = mac(&secret.standard_key(), &[head.as_bytes(), &self.body]);
            format!("v1,{}", STANDARD.encode(mac))
        });
        let standard = standard.collect::<Vec<_>>().join(" ");
        let plain = self.plainly(&secrets.newest);
        let plain_former = secrets.former.as_ref().map(|secret| self.plainly(secret));
        Signed { id, timestamp, standard, plain, plain_former }
    }

    fn plainly(&self, secret: &WebhookSecret) -> String {
        let mac = mac(secret.text().expose().as_bytes(), &[&self.body]);
        format!("sha256={}", hex::encode(mac))
    }
}

fn mac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    // HMAC takes a key of any length: the other arm is never reached.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return [0; 32] };
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_valid_secret_signs_and_the_newest_comes_first() {
        let now: Timestamp = "2024-01-15T10:30:00Z".parse().unwrap();
        let notice = Notice { id: EventId::at(now), body: Bytes::from_static(b"{}") };
        let (new, old) = (WebhookSecret::make(), WebhookSecret::make());
        let both = notice.signed(&Secrets { newest: new.clone(), former: Some(old.clone()) }, now);
        let by = |secret: WebhookSecret| notice.signed(&Secrets::only(secret), now);
        let (by_new, by_old) = (by(new), by(old));
        assert_eq!(both.standard, format!("{} {}", by_new.standard, by_old.standard));
        assert_eq!(both.plain, by_new.plain);
        assert_eq!(both.plain_former, Some(by_old.plain));
        assert_eq!(by_new.plain_former, None);
        assert_eq!(both.timestamp, "1705314600");
    }
}
