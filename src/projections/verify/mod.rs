//! Proves that the read models are what the log says: grown again out of sight, and compared row by row;
//! and that what is billed adds up, counted once more in another way.

mod accounting;
mod compare;
mod origin;

use super::ReadModel;
use super::growth::{Source, grow};
use super::shadow::Shadow;
use crate::events::store::ReadError;
use crate::events::store::read::Reader;
use crate::values::{TenantId, Verdict};
use compare::compare;

pub use accounting::{ended, usage};

/// Grows these read models again and compares them with the live ones, each as it is at one moment while the
/// service goes on; reads the log once for all of them. With a tenant, only what is that tenant's.
pub async fn verify(
    log: &Reader,
    models: &[ReadModel],
    tenant: Option<TenantId>,
    tell: &(dyn Fn(i64, i64) + Send + Sync),
) -> Result<Vec<Verdict>, ReadError> {
    let (mut verdicts, mut shadows) = (Vec::new(), Vec::new());
    for model in models {
        let check = check(model);
        if tenant.is_some() && model.projector.tables().iter().any(|table| table.tenant.is_none()) {
            let why = "it is grown from the facts of all tenants: verify it without --tenant";
            tracing::debug!(check, why, "left out");
            continue;
        }
        let mut shadow = Shadow::fleeting(log.pool(), model).await?;
        let live = compare::live(&mut shadow, log.pool()).await?;
        match live.version {
            Some(version) if version == model.projector.version() => {
                shadow.until = live.position;
                shadows.push(shadow);
            }
            Some(_) | None => {
                let why = "another version of the service has grown it: verify it with that version, \
                           or after it was grown again";
                verdicts.push(Verdict::unchecked(check, why));
            }
        }
    }
    let until = shadows.iter().map(|shadow| shadow.until).max().unwrap_or(0);
    let source = Source { log, tenant };
    let trouble = grow(source, &mut shadows, |position| tell(position, until)).await?;
    let trouble = trouble.map(|trouble| format!("{:#}", anyhow::Error::from(trouble)));
    for mut shadow in shadows {
        verdicts.push(match &trouble {
            Some(trouble) => Verdict::unchecked(check(&shadow.model), trouble),
            None => compare(&mut shadow, source).await?,
        });
        shadow.vanish().await;
    }
    Ok(verdicts)
}

fn check(model: &ReadModel) -> String {
    format!("projection.{}", model.name())
}
