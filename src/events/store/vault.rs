//! The tenants' keys: made with the first fact that needs one, remembered for less than a second, and
//! destroyed for good.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use moka::sync::Cache;
use sqlx::{PgConnection, PgExecutor};

use crate::events::{Fact, Recorded, TenantEvent};
use crate::values::{DataKey, OpenError, SecretKey, TenantId, Timestamp};

/// Another node's destruction of a key is known here after so long at most. Nothing is sealed with it
/// meanwhile: each turn at the log asks anew whether it still is.
const REMEMBERED: Duration = Duration::from_millis(700);

/// A reader that was looking a key up while it was destroyed may remember it afterwards: for longer than
/// that, this node's own memory of its end counts.
const OUTLIVED: Duration = Duration::from_secs(5);

/// So many tenants' keys are remembered.
const MOST: u64 = 10_000;

/// What there is of a tenant's key.
#[derive(Clone, Debug)]
pub(super) enum TenantKey {
    /// It opens and seals.
    Usable(Arc<DataKey>),
    /// Nobody has it any more.
    Destroyed,
    /// It has not been needed yet.
    Unmade,
}

/// The keys of some tenants.
#[derive(Debug, Default)]
pub(super) struct Keys(HashMap<TenantId, TenantKey>);

impl Keys {
    /// The key, if it is there.
    pub(super) fn usable(&self, tenant: TenantId) -> Option<&DataKey> {
        match self.0.get(&tenant) {
            Some(TenantKey::Usable(key)) => Some(key),
            Some(TenantKey::Destroyed | TenantKey::Unmade) | None => None,
        }
    }

    /// True if the tenant has been erased.
    pub(super) fn is_destroyed(&self, tenant: TenantId) -> bool {
        matches!(self.0.get(&tenant), Some(TenantKey::Destroyed))
    }
}

/// Finds the keys. Clones share what they remember.
#[derive(Clone)]
pub(super) struct Vault {
    root: SecretKey,
    known: Cache<TenantId, TenantKey>,
    ended: Cache<TenantId, ()>,
}

impl Vault {
    /// Opens keys with the installation's own.
    pub(super) fn new(root: SecretKey) -> Self {
        let known = Cache::builder().max_capacity(MOST).time_to_live(REMEMBERED).build();
        let ended = Cache::builder().max_capacity(MOST).time_to_live(OUTLIVED).build();
        Self { root, known, ended }
    }

    /// The keys of these tenants; Postgres is asked at most once, and not for what is remembered.
    pub(super) async fn keys(
        &self,
        db: impl PgExecutor<'_>,
        tenants: HashSet<TenantId>,
    ) -> sqlx::Result<Keys> {
        let mut keys = Keys::default();
        let mut unknown = HashMap::new();
        for tenant in tenants {
            let remembered = match self.ended.get(&tenant) {
                Some(()) => Some(TenantKey::Destroyed),
                None => self.known.get(&tenant),
            };
            match remembered {
                Some(key) => drop(keys.0.insert(tenant, key)),
                None => drop(unknown.insert(tenant.to_string(), tenant)),
            }
        }
        if !unknown.is_empty() {
            self.look_up(db, unknown, &mut keys).await?;
        }
        Ok(keys)
    }

    async fn look_up(
        &self,
        db: impl PgExecutor<'_>,
        mut unknown: HashMap<String, TenantId>,
        keys: &mut Keys,
    ) -> sqlx::Result<()> {
        let ids: Vec<String> = unknown.keys().cloned().collect();
        let rows = sqlx::query!(
            "select tenant_id, wrapped from tenant_keys where tenant_id = any($1)",
            &ids,
        );
        for row in rows.fetch_all(db).await? {
            let Some(tenant) = unknown.remove(&row.tenant_id) else { continue };
            let key = match row.wrapped {
                Some(wrapped) => {
                    let key = DataKey::unwrap(tenant, &wrapped, &self.root).map_err(unopened)?;
                    TenantKey::Usable(Arc::new(key))
                }
                None => TenantKey::Destroyed,
            };
            self.known.insert(tenant, key.clone());
            keys.0.insert(tenant, key);
        }
        keys.0.extend(unknown.into_values().map(|tenant| (tenant, TenantKey::Unmade)));
        Ok(())
    }

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

    /// What the tenant of a destroyed key has left is deleted, and was destroyed long enough ago.
    pub(super) async fn swept(
        &self,
        db: impl PgExecutor<'_>,
        tenant: TenantId,
        (now, long_ago): (Timestamp, Timestamp),
    ) -> sqlx::Result<()> {
        sqlx::query!(
            "update tenant_keys set swept_at = $2
             where tenant_id = $1 and wrapped is null and destroyed_at <= $3",
            tenant.to_string(),
            now.as_datetime(),
            long_ago.as_datetime(),
        )
        .execute(db)
        .await?;
        Ok(())
    }

    /// The turn is on disk: these keys are no more.
    pub(super) fn forget(&self, erased: &[TenantId]) {
        for tenant in erased {
            self.ended.insert(*tenant, ());
            self.known.invalidate(tenant);
        }
    }
}

/// Whose key a fact needs, if any.
pub(super) fn owner(fact: &Fact) -> Option<TenantId> {
    match fact {
        Fact::Email(tenant, ..) | Fact::Tenant(tenant, TenantEvent::Created(_)) => Some(*tenant),
        Fact::Tenant(..) | Fact::ApiKey(..) | Fact::Usage(..) => None,
    }
}

fn erased(fact: &Fact) -> Option<TenantId> {
    match fact {
        Fact::Tenant(tenant, TenantEvent::Erased) => Some(*tenant),
        Fact::Tenant(..) | Fact::ApiKey(..) | Fact::Email(..) | Fact::Usage(..) => None,
    }
}

fn unopened(error: OpenError) -> sqlx::Error {
    sqlx::Error::Decode(format!("the key of a tenant cannot be opened: {error}").into())
}
