//! The keys that sign a mail: those of its sender's domain, if that is verified.

use std::sync::Arc;

use moka::sync::Cache;

use crate::commands::domain::{Domain, DomainState};
use crate::commands::executor::Executor;
use crate::commands::tenant::Tenant;
use crate::events::Stream;
use crate::events::store::ReadError;
use crate::mail::dkim::{Algorithm, KeyError, Signer};
use crate::values::{DkimKey, DomainId, HostName, OpenError, SecretKey};

/// So many domains' keys are remembered; a domain's keys never change.
const REMEMBERED: u64 = 1_000;

/// Finds the keys. Clones remember together.
#[derive(Clone)]
pub struct Signing {
    commands: Executor,
    secrets: SecretKey,
    known: Cache<DomainId, Arc<[Signer]>>,
}

/// Why a mail cannot be signed.
#[derive(Debug, thiserror::Error)]
pub(super) enum SigningError {
    #[error("the domain's history cannot be read")]
    Read(#[from] ReadError),
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error(transparent)]
    Key(#[from] KeyError),
}

impl Signing {
    /// With the keys that stand in this log, sealed with these secrets.
    pub fn new(commands: Executor, secrets: SecretKey) -> Self {
        Self { commands, secrets, known: Cache::new(REMEMBERED) }
    }

    /// The keys of a tenant's domain; none if it is not verified.
    pub(super) async fn signers(
        &self,
        tenant: &Tenant,
        domain: &HostName,
    ) -> Result<Arc<[Signer]>, SigningError> {
        let Some(added) = tenant.added(domain).filter(|added| added.verified) else {
            return Ok(Arc::from([]));
        };
        if let Some(known) = self.known.get(&added.id) {
            return Ok(known);
        }
        let stream = Stream::domain(tenant.id, added.id);
        let past = self.commands.state::<DomainState>(&stream).await?;
        let Some(domain) = past.state.ever() else { return Ok(Arc::from([])) };
        let signers: Arc<[Signer]> = self.opened(domain)?.into();
        self.known.insert(added.id, Arc::clone(&signers));
        Ok(signers)
    }

    fn opened(&self, domain: &Domain) -> Result<[Signer; 2], SigningError> {
        let signer = |algorithm, key: &DkimKey| {
            let private = self.secrets.open(&domain.id.to_string(), &key.private_key)?;
            Ok::<_, SigningError>(Signer::new(&domain.name, &key.selector, (algorithm, &private))?)
        };
        let keys = &domain.keys;
        Ok([signer(Algorithm::Rsa, &keys.rsa)?, signer(Algorithm::Ed25519, &keys.ed25519)?])
    }
}
