//! Where the world reaches the service: what links in mails begin with.

use std::str::FromStr;

use url::Url;

/// The address under which recipients reach the service, without a slash at its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl(String);

/// Why a text is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("give https://host or http://host, perhaps with a port and a path, and nothing after it")]
pub struct PublicUrlError;

impl PublicUrl {
    /// The address of a path, which begins with a slash.
    pub fn at(&self, path: &str) -> String {
        format!("{}{path}", self.0)
    }
}

impl FromStr for PublicUrl {
    type Err = PublicUrlError;

    fn from_str(text: &str) -> Result<Self, PublicUrlError> {
        let url = web(text).ok_or(PublicUrlError)?;
        let bare = url.query().is_none() && url.fragment().is_none();
        let nobody = url.username().is_empty() && url.password().is_none();
        if !bare || !nobody {
            return Err(PublicUrlError);
        }
        Ok(Self(url.as_str().trim_end_matches('/').to_owned()))
    }
}

/// An address in the web: `http` or `https`, and a host.
pub fn web(text: &str) -> Option<Url> {
    let url = Url::parse(text.trim()).ok()?;
    (["http", "https"].contains(&url.scheme()) && url.has_host()).then_some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_in_the_web_is_kept_without_its_last_slash() {
        for (text, at) in [
            ("https://mail.example.com", "https://mail.example.com/t"),
            ("http://127.0.0.1:8080/", "http://127.0.0.1:8080/t"),
            ("https://example.com/mail/", "https://example.com/mail/t"),
        ] {
            assert_eq!(text.parse::<PublicUrl>().map(|url| url.at("/t")), Ok(at.to_owned()));
        }
    }

    #[test]
    fn what_is_no_address_in_the_web_is_refused() {
        for text in [
            "example.com",
            "ftp://example.com",
            "https://",
            "https://user@example.com",
            "https://example.com?a=b",
            "https://example.com#a",
            "javascript:alert(1)",
        ] {
            assert_eq!(text.parse::<PublicUrl>(), Err(PublicUrlError), "{text}");
        }
    }
}
