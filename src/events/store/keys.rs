//! Keys within a turn at the log: made for whoever has none, and destroyed for good.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use sqlx::PgConnection;

use super::vault::{Keys, TenantKey, Vault, unopened};
use crate::events::{Fact, Recorded, TenantEvent};
use crate::values::{DataKey, TenantId, Timestamp};

impl Vault {
    /// The keys for the facts of a turn; who has none gets one. Writers take turns, so no two make one.
    ///
    /// `standing` says for which tenants there is a key, and whether it is still usable in this turn.
    pub(super) async fn for_turn(
        &self,
        db: &mut PgConnection,
        (facts, now): (&[Recorded], Timestamp),
        standing: &HashMap<TenantId, bool>,
    ) -> sqlx::Result<Keys> {
        let tenants: HashSet<TenantId> = facts.iter().filter_map(|f| owner(&f.fact)).collect();
        let is = |tenant: &TenantId, wanted| standing.get(tenant).copied() == wanted;
        let usable = tenants.iter().filter(|tenant| is(tenant, Some(true))).copied().collect();
        let mut keys = self.keys(&mut *db, usable).await?;
        let destroyed = tenants.iter().filter(|tenant| is(tenant, Some(false)));
        keys.0.extend(destroyed.map(|tenant| (*tenant, TenantKey::Destroyed)));
        let unmade = tenants.iter().filter(|tenant| is(tenant, None));
        let made: HashMap<_, _> = unmade.map(|tenant| (*tenant, DataKey::make())).collect();
        if !made.is_empty() {
            self.keep(db, &made, now).await?;
        }
        let made = made.into_iter().map(|(tenant, key)| (tenant, Arc::new(key)));
        keys.0.extend(made.map(|(tenant, key)| (tenant, TenantKey::Usable(key))));
        Ok(keys)
    }

    /// They are not remembered here: the turn may still fail.
    async fn keep(
        &self,
        db: &mut PgConnection,
        made: &HashMap<TenantId, DataKey>,
        now: Timestamp,
    ) -> sqlx::Result<()> {
        let tenants: Vec<String> = made.keys().map(ToString::to_string).collect();
        let wrapped = made.iter().map(|(tenant, key)| key.wrapped(*tenant, &self.root));
        let wrapped = wrapped.collect::<Result<Vec<_>, _>>().map_err(unopened)?;
        sqlx::query!(
            "insert into tenant_keys (tenant_id, wrapped, created_at)
             select k.tenant_id, k.wrapped, $3
             from unnest($1::varchar[], $2::bytea[]) as k(tenant_id, wrapped)",
            &tenants,
            &wrapped,
            now.as_datetime(),
        )
        .execute(db)
        .await?;
        Ok(())
    }

    /// Destroys the keys of the tenants that these facts erase; says which they are.
    pub(super) async fn destroy(
        db: &mut PgConnection,
        facts: &[Recorded],
        now: Timestamp,
    ) -> sqlx::Result<Vec<TenantId>> {
        let erased: Vec<TenantId> = facts.iter().filter_map(|f| erased(&f.fact)).collect();
        if !erased.is_empty() {
            let ids: Vec<String> = erased.iter().map(ToString::to_string).collect();
            sqlx::query!(
                "insert into tenant_keys (tenant_id, created_at, destroyed_at)
                 select k.tenant_id, $2, $2 from unnest($1::varchar[]) as k(tenant_id)
                 on conflict (tenant_id) do update
                 set wrapped = null, destroyed_at = excluded.destroyed_at",
                &ids,
                now.as_datetime(),
            )
            .execute(db)
            .await?;
        }
        Ok(erased)
    }
}

/// True if a key must be made before these facts can be sealed.
pub(super) fn any_unmade(facts: &[Recorded], standing: &HashMap<TenantId, bool>) -> bool {
    let mut owners = facts.iter().filter_map(|recorded| owner(&recorded.fact));
    owners.any(|tenant| !standing.contains_key(&tenant))
}

/// True for a fact that destroys a key.
pub(super) fn erases(fact: &Fact) -> bool {
    erased(fact).is_some()
}

/// Whose key a fact needs, if any.
pub(super) fn owner(fact: &Fact) -> Option<TenantId> {
    match fact {
        Fact::Email(tenant, ..)
        | Fact::Suppression(tenant, ..)
        | Fact::Tenant(tenant, TenantEvent::Created(_)) => Some(*tenant),
        Fact::Tenant(..)
        | Fact::ApiKey(..)
        | Fact::Usage(..)
        | Fact::Domain(..)
        | Fact::Template(..)
        | Fact::Webhook(..) => None,
    }
}

fn erased(fact: &Fact) -> Option<TenantId> {
    match fact {
        Fact::Tenant(tenant, TenantEvent::Erased) => Some(*tenant),
        Fact::Tenant(..)
        | Fact::ApiKey(..)
        | Fact::Email(..)
        | Fact::Usage(..)
        | Fact::Domain(..)
        | Fact::Suppression(..)
        | Fact::Template(..)
        | Fact::Webhook(..) => None,
    }
}
