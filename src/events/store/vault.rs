//! The tenants' keys, looked up and remembered for less than a second.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use moka::sync::Cache;
use sqlx::PgExecutor;

use crate::values::{DataKey, OpenError, SecretKey, TenantId};

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
pub(super) struct Keys(pub(super) HashMap<TenantId, TenantKey>);

impl Keys {
    /// The key, if it is there.
    pub(super) fn usable(&self, tenant: TenantId) -> Option<&DataKey> {
        match self.0.get(&tenant) {
            Some(TenantKey::Usable(key)) => Some(key),
            Some(TenantKey::Destroyed | TenantKey::Unmade) | None => None,
        }
    }

    /// True if there is no key, and never was one.
    pub(super) fn is_unmade(&self, tenant: TenantId) -> bool {
        matches!(self.0.get(&tenant), Some(TenantKey::Unmade) | None)
    }

    /// True if the tenant has been erased.
    pub(super) fn is_destroyed(&self, tenant: TenantId) -> bool {
        matches!(self.0.get(&tenant), Some(TenantKey::Destroyed))
    }
}

/// Finds the keys. Clones share what they remember.
#[derive(Clone)]
pub(super) struct Vault {
    pub(super) root: SecretKey,
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

    /// The key, if it is known without asking, and as far as is known still there.
    pub(super) fn remembered(&self, tenant: TenantId) -> Option<Arc<DataKey>> {
        match self.known.get(&tenant)? {
            TenantKey::Usable(key) if !self.ended.contains_key(&tenant) => Some(key),
            TenantKey::Usable(_) | TenantKey::Destroyed | TenantKey::Unmade => None,
        }
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

    /// The turn is on disk: these keys are no more.
    pub(super) fn forget(&self, erased: &[TenantId]) {
        for tenant in erased {
            self.ended.insert(*tenant, ());
            self.known.invalidate(tenant);
        }
    }
}

pub(super) fn unopened(error: OpenError) -> sqlx::Error {
    sqlx::Error::Decode(format!("the key of a tenant cannot be opened: {error}").into())
}
