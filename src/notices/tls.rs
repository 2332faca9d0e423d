//! TLS towards receivers: whom we trust, and with which cryptography.

use std::sync::Arc;

use rustls::crypto::ring::default_provider;
use rustls::{ClientConfig, Error, RootCertStore};

/// Says for the whole process which cryptography its HTTP clients have: the one that SMTP has, too. Without it
/// none can be made; whoever has said it first is right.
pub fn choose_cryptography() {
    let _ = default_provider().install_default();
}

/// Trusts whom the machine trusts.
pub(super) fn config() -> Result<ClientConfig, Error> {
    let mut roots = RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    for error in &found.errors {
        tracing::debug!(%error, "some of the machine's certificates cannot be read");
    }
    roots.add_parsable_certificates(found.certs);
    let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(config)
}
