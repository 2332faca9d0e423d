//! Where bounces of a mail go: what the tenant was told of its domain decides, and nothing is looked up for it.

use crate::commands::tenant::Tenant;
use crate::values::{Address, EmailId, ReturnPath};

/// The envelope sender of a mail. By the sender's own domain if the record for that was found when it was looked up
/// last; else by the domain that all share, if we take bounces; and else they go to who sent it.
pub(super) fn bounced_to(
    ours: Option<&ReturnPath>,
    tenant: Option<&Tenant>,
    email: EmailId,
    from: &Address,
) -> Address {
    let Some(path) = ours else { return from.clone() };
    let sender = from.host();
    let known = tenant.and_then(|tenant| tenant.added(&sender));
    let has_own = known.is_some_and(|added| added.verified && added.return_path);
    let address = if has_own { path.aligned(email, &sender) } else { path.of(email) };
    address.unwrap_or_else(|_| from.clone())
}
