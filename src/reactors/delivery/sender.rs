//! Whether a mail may still leave from its sender's domain: it was asked when the mail was accepted, and may have
//! become otherwise while it waited.

use crate::commands::email::Senders;
use crate::commands::tenant::Tenant;
use crate::values::HostName;

/// Why it may not.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum SenderError {
    /// It may be somebody else's by now.
    #[error("its tenant has not the domain {0} any more")]
    GivenUp(HostName),
    /// Its records may come back.
    #[error("the domain {0} is not verified at present")]
    Unverified(HostName),
}

/// Asks the tenant as it was when the attempt began.
pub(super) fn may_leave(
    senders: Senders,
    tenant: &Tenant,
    domain: &HostName,
) -> Result<(), SenderError> {
    if !tenant.owns(domain) {
        return Err(SenderError::GivenUp(domain.clone()));
    }
    let verified = tenant.added(domain).is_some_and(|added| added.verified);
    match senders {
        Senders::Verified if !verified => Err(SenderError::Unverified(domain.clone())),
        Senders::Verified | Senders::Owned => Ok(()),
    }
}
