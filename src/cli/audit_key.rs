//! The key that signs tree heads: made at the first start, opened at every other one.

use std::sync::Arc;

use anyhow::Context as _;
use sqlx::PgPool;

use crate::audit::key::{NewKey, Signer};
use crate::clock::Clock;
use crate::database::audit_key::{self, KeptKey};
use crate::values::SecretKey;

/// In whose name it is sealed.
const OWNER: &str = "audit signing key";

/// The installation's key. Of nodes that start together one makes it, and all take that one.
pub(super) async fn load_or_make(
    pool: &PgPool,
    secrets: &SecretKey,
    clock: &Clock,
) -> anyhow::Result<Arc<Signer>> {
    if audit_key::find(pool).await?.is_none() {
        let new = NewKey::make();
        let sealed = secrets.seal(OWNER, new.secret.expose())?;
        let key = KeptKey { verifier: new.verifier, sealed };
        audit_key::keep(pool, &key, clock.now()).await?;
    }
    let kept = audit_key::find(pool).await?.context("the audit signing key was not kept")?;
    let secret =
        secrets.open(OWNER, &kept.sealed).context("the audit signing key cannot be used")?;
    Ok(Arc::new(Signer::new(&secret, &kept.verifier).context("the audit signing key is broken")?))
}
