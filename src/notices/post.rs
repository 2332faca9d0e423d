//! Posts a notice: within its time, without redirects, and to no private address.

use std::error::Error;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, Response, StatusCode, redirect};
use tokio::time::Instant;
use url::Host;

use super::answer::{Answer, Beginning};
use super::lookup::{Checked, Lookup, Private};
use super::signature::{Notice, Signed};
use super::tls;
use crate::values::{WebhookUrl, is_public};

/// Receivers are told who calls.
const AGENT: &str = concat!("SelfMX/", env!("CARGO_PKG_VERSION"));

/// A connection that nobody needs is kept for so long.
const IDLE: Duration = Duration::from_secs(30);

/// How receivers are spoken to.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// For the whole of it, from the look-up to the end of the answer.
    pub timeout: Duration,
    /// A receiver may be in a private network.
    pub allow_private: bool,
}

/// Why nothing can be posted at all.
#[derive(Debug, thiserror::Error)]
pub enum PostError {
    /// TLS cannot be set up.
    #[error("TLS cannot be set up for webhooks")]
    Tls(#[from] rustls::Error),
    /// The client cannot.
    #[error("the HTTP client for webhooks cannot be set up")]
    Client(#[from] reqwest::Error),
}

/// Posts notices. Clones share their connections.
#[derive(Clone)]
pub struct Poster {
    client: Client,
    settings: Settings,
}

impl Poster {
    /// Posts to the addresses that `lookup` finds.
    pub fn new(settings: Settings, lookup: Arc<dyn Lookup>) -> Result<Self, PostError> {
        let checked = Checked { lookup, allow_private: settings.allow_private };
        tls::choose_cryptography();
        let client = Client::builder()
            .tls_backend_preconfigured(tls::config()?)
            .dns_resolver(checked)
            .redirect(redirect::Policy::none())
            .no_proxy()
            .timeout(settings.timeout)
            .pool_idle_timeout(IDLE)
            .user_agent(AGENT)
            .build()?;
        Ok(Self { client, settings })
    }

    /// Posts a notice; whatever goes wrong is a part of the answer.
    pub async fn post(&self, url: &WebhookUrl, notice: &Notice, signed: &Signed) -> Answer {
        let begun = Instant::now();
        // The client looks up names only: what is an address already is checked here.
        let told = if self.may_go_to(url) {
            self.told(url, notice, signed).await
        } else {
            Err(Private.to_string())
        };
        let took = begun.elapsed();
        match told {
            Ok((status, body)) => {
                let (status, error) = (Some(status.as_u16()), refused(status));
                Answer { status, body: Some(body), error, took }
            }
            Err(error) => Answer { status: None, body: None, error: Some(error), took },
        }
    }

    fn may_go_to(&self, url: &WebhookUrl) -> bool {
        let literal = match url.as_url().host() {
            Some(Host::Ipv4(address)) => Some(IpAddr::V4(address)),
            Some(Host::Ipv6(address)) => Some(IpAddr::V6(address)),
            Some(Host::Domain(_)) | None => None,
        };
        self.settings.allow_private || literal.is_none_or(is_public)
    }

    async fn told(
        &self,
        url: &WebhookUrl,
        notice: &Notice,
        signed: &Signed,
    ) -> Result<(StatusCode, String), String> {
        let mut request = self
            .client
            .post(url.as_url().clone())
            .header(CONTENT_TYPE, "application/json")
            .header("webhook-id", &signed.id)
            .header("webhook-timestamp", &signed.timestamp)
            .header("webhook-signature", &signed.standard)
            .header("x-webhook-signature", &signed.plain)
            .body(notice.body.clone());
        if let Some(former) = &signed.plain_former {
            request = request.header("x-webhook-signature-former", former);
        }
        let answer = request.send().await.map_err(|error| self.said(&error))?;
        let status = answer.status();
        // The status has said it all: an answer that breaks off afterwards changes nothing.
        Ok((status, beginning(answer).await))
    }

    /// What went wrong, without the address, which may hold a token.
    fn said(&self, error: &reqwest::Error) -> String {
        if error.is_timeout() {
            return format!("no answer within {} seconds", self.settings.timeout.as_secs());
        }
        let mut cause: Option<&(dyn Error + 'static)> = error.source();
        let mut last = None;
        while let Some(one) = cause {
            if one.is::<Private>() {
                return Private.to_string();
            }
            last = Some(one);
            cause = one.source();
        }
        let detail = last.map_or_else(String::new, |last| format!(" ({last})"));
        if error.is_connect() {
            return format!("the receiver cannot be reached{detail}");
        }
        format!("the receiver did not answer{detail}")
    }
}

/// What is wrong with a status.
fn refused(status: StatusCode) -> Option<String> {
    if status.is_success() {
        return None;
    }
    let status = status.as_u16();
    Some(match status {
        300..=399 => format!("the receiver answered {status}, and redirects are not followed"),
        _ => format!("the receiver answered {status} instead of 2xx"),
    })
}

async fn beginning(mut answer: Response) -> String {
    let mut beginning = Beginning::default();
    while let Ok(Some(piece)) = answer.chunk().await {
        if !beginning.take(&piece) {
            break;
        }
    }
    beginning.text()
}
