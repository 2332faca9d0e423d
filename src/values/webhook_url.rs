//! Where a webhook's notices are posted.

use std::fmt;
use std::str::FromStr;

use url::Url;

use super::text::serde_by_text;

/// No longer than what servers take.
const LONGEST: usize = 2_048;

/// An address that can be posted to, as the client reads it (WHATWG URL): so `http://0x7f.1` is known as
/// `http://127.0.0.1` here already.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookUrl(Url);

/// Why a text is no such address. It never repeats the text, which may hold a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WebhookUrlError {
    /// Not an address at all, or of something else.
    #[error("give an address such as https://example.com/hooks, with at most 2048 characters")]
    Unreadable,
    /// It would be told to everybody on the way, and we sign what we send.
    #[error("give the address without user and password: check the signature instead")]
    Login,
    /// It is never sent.
    #[error("give the address without #")]
    Fragment,
}

impl WebhookUrl {
    /// For the client.
    pub fn as_url(&self) -> &Url {
        &self.0
    }
}

impl FromStr for WebhookUrl {
    type Err = WebhookUrlError;

    fn from_str(text: &str) -> Result<Self, WebhookUrlError> {
        let url = Url::parse(text).map_err(|_| WebhookUrlError::Unreadable)?;
        let known = matches!(url.scheme(), "http" | "https") && url.has_host();
        // A space in a text is rather a mistake than meant to be `%20`.
        let plain = !text.chars().any(|c| c.is_control() || c.is_whitespace());
        if !known || !plain || text.len() > LONGEST || url.port() == Some(0) {
            return Err(WebhookUrlError::Unreadable);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(WebhookUrlError::Login);
        }
        if url.fragment().is_some() {
            return Err(WebhookUrlError::Fragment);
        }
        Ok(Self(url))
    }
}

impl fmt::Display for WebhookUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str())
    }
}

impl fmt::Debug for WebhookUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

serde_by_text!(WebhookUrl);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_can_be_posted_to() {
        for (text, read) in [
            ("https://example.com/hooks?a=b", "https://example.com/hooks?a=b"),
            ("http://bücher.example:8080", "http://xn--bcher-kva.example:8080/"),
            ("http://0x7f.1/", "http://127.0.0.1/"),
            ("http://[::ffff:7f00:1]/", "http://[::ffff:7f00:1]/"),
        ] {
            assert_eq!(text.parse::<WebhookUrl>().unwrap().to_string(), read);
        }
    }

    #[test]
    fn others_are_refused() {
        let long = format!("https://example.com/{}", "a".repeat(LONGEST));
        for text in [
            "",
            "example.com",
            "ftp://example.com",
            "file:///etc/passwd",
            "https://",
            "https://a b/",
            "https://example.com/a b",
            "https://example.com/\r\nx",
            "http://example.com:0/",
            &long,
        ] {
            assert_eq!(text.parse::<WebhookUrl>(), Err(WebhookUrlError::Unreadable), "{text}");
        }
        for text in ["https://me:it@example.com", "https://me@example.com"] {
            assert_eq!(text.parse::<WebhookUrl>(), Err(WebhookUrlError::Login));
        }
        assert_eq!("https://a.example/#b".parse::<WebhookUrl>(), Err(WebhookUrlError::Fragment));
    }
}
