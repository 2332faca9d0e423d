//! From a receiver's name to addresses that we may go to: checked here, and connected to as they are.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use async_trait::async_trait;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::values::is_public;

/// Looks a host's name up.
#[async_trait]
pub trait Lookup: Send + Sync {
    /// Its addresses; their ports do not matter.
    async fn addresses(&self, host: &str) -> io::Result<Vec<SocketAddr>>;
}

/// Looks names up as the machine does.
#[derive(Clone, Copy, Debug)]
pub struct SystemLookup;

#[async_trait]
impl Lookup for SystemLookup {
    async fn addresses(&self, host: &str) -> io::Result<Vec<SocketAddr>> {
        Ok(tokio::net::lookup_host((host, 0)).await?.collect())
    }
}

/// A receiver is where tenants may not send us.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error(
    "the address is in a private network, where a receiver may be only with WEBHOOK_ALLOW_PRIVATE=true"
)]
pub(super) struct Private;

/// The client asks this whenever it connects, and connects to what this answers: there is no second look-up
/// that could lead elsewhere.
pub(super) struct Checked {
    pub(super) lookup: Arc<dyn Lookup>,
    pub(super) allow_private: bool,
}

impl Resolve for Checked {
    fn resolve(&self, name: Name) -> Resolving {
        let (lookup, allow_private) = (Arc::clone(&self.lookup), self.allow_private);
        Box::pin(async move {
            let found = lookup.addresses(name.as_str()).await?;
            let allowed = |address: &SocketAddr| allow_private || is_public(address.ip());
            let none = found.is_empty();
            let mut allowed: Vec<SocketAddr> = found.into_iter().filter(allowed).collect();
            if allowed.is_empty() && !none {
                return Err(Private.into());
            }
            for address in &mut allowed {
                // Then it is the one of the address.
                address.set_port(0);
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}
