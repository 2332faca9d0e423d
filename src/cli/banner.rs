//! What an operator sees at the start: where everything is.

use std::io::{self, Write as _};

use crate::config::LogFormat;
use crate::values::Secret;

/// Where everything is.
pub(super) struct Banner<'a> {
    /// Where the API is.
    pub(super) url: &'a str,
    /// Where the data are.
    pub(super) data: &'a str,
    /// Where mail of tenants without a relay of their own goes.
    pub(super) mail: &'a str,
    /// The admin key, if it was made just now.
    pub(super) key: Option<&'a Secret>,
}

impl Banner<'_> {
    /// Shows it: beside the log lines if machines read those.
    pub(super) fn show(&self, format: LogFormat) {
        let text = self.text();
        // Nobody reads: there is nobody to tell.
        let _ = match format {
            LogFormat::Text => io::stdout().write_all(text.as_bytes()),
            LogFormat::Json => io::stderr().write_all(text.as_bytes()),
        };
    }

    fn text(&self) -> String {
        let version = env!("CARGO_PKG_VERSION");
        let (url, data, mail) = (self.url, self.data, self.mail);
        let key = self.key.map_or_else(
            || "as set in ADMIN_API_KEY or shown at the first start".to_owned(),
            |key| format!("{}\n             shown this once: keep it", key.expose()),
        );
        format!(
            "\nSelfMX {version}\n  API        {url}   (to browse: {url}/docs)\n  \
             Data       {data}\n  Mail       {mail}\n  Admin key  {key}\n\n"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_key_is_shown() {
        let key = Secret::new("sk_admin_x");
        let banner = Banner { url: "http://x", data: "data", mail: "outbox", key: Some(&key) };
        assert!(banner.text().contains("Admin key  sk_admin_x\n"));
        assert!(!Banner { key: None, ..banner }.text().contains("sk_admin_x"));
    }
}
