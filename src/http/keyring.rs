//! Who stands at the door: tokens, remembered for less than a second.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use moka::sync::Cache;
use sqlx::PgPool;

use crate::clock::Clock;
use crate::projections::api_keys::{self, Found};
use crate::tasks::Tasks;
use crate::values::{
    HostName, KeyId, Permissions, SecretKey, TenantId, Timestamp, Token, TokenHash,
};

/// A key that another node has revoked opens doors here for so long at most. Whatever it appends meanwhile
/// is refused by the log all the same, which checks the key's version.
const REMEMBERED: Duration = Duration::from_millis(700);

/// Keys that are remembered at once.
const MOST: u64 = 100_000;

/// How often it is noted which keys were used.
const NOTING: Duration = Duration::from_secs(1);

/// A key that opens doors, and what the door must know of it.
#[derive(Clone, Debug)]
pub struct KnownKey {
    /// Its id.
    pub id: KeyId,
    /// Whose; none for an admin's.
    pub tenant: Option<TenantId>,
    /// What it may do.
    pub permissions: Permissions,
    /// From where it may send, if not from everywhere.
    pub allowed_domains: Option<Vec<HostName>>,
    /// When it stops by itself.
    pub expires_at: Option<Timestamp>,
    /// How many facts made it.
    pub version: i64,
    /// The tenant's own limit.
    pub requests_per_minute: Option<u64>,
}

/// Finds keys by their tokens. Clones share what they remember.
#[derive(Clone, Debug)]
pub struct Keyring {
    pool: PgPool,
    secrets: SecretKey,
    clock: Clock,
    known: Cache<String, Arc<KnownKey>>,
    uses: Arc<Mutex<Uses>>,
}

#[derive(Debug, Default)]
struct Uses {
    minute: i64,
    noted: HashSet<KeyId>,
    waiting: HashSet<KeyId>,
}

impl Keyring {
    /// Starts noting which keys are used.
    pub fn start(pool: PgPool, secrets: SecretKey, clock: Clock, tasks: &Tasks) -> Self {
        let known = Cache::builder().max_capacity(MOST).time_to_live(REMEMBERED).build();
        let keyring = Self { pool, secrets, clock, known, uses: Arc::default() };
        let noting = keyring.clone();
        let stopping = tasks.stopping();
        tasks.spawn("key uses", async move {
            loop {
                let last = tokio::select! {
                    () = stopping.cancelled() => true,
                    () = tokio::time::sleep(NOTING) => false,
                };
                noting.note().await;
                if last {
                    return;
                }
            }
        });
        keyring
    }

    /// The key behind a token, if it opens doors now.
    pub async fn find(&self, token: &str) -> sqlx::Result<Option<Arc<KnownKey>>> {
        if !Token::looks_valid(token) {
            return Ok(None);
        }
        let hash = Token::hash(&self.secrets, token);
        let Some(key) = self.look_up(&hash).await? else { return Ok(None) };
        let now = self.clock.now();
        if key.expires_at.is_some_and(|end| end <= now) {
            return Ok(None);
        }
        self.used(key.id, now);
        Ok(Some(key))
    }

    /// Forgets all keys: some were changed here.
    pub fn forget(&self) {
        self.known.invalidate_all();
    }

    async fn look_up(&self, hash: &TokenHash) -> sqlx::Result<Option<Arc<KnownKey>>> {
        let name = hash.to_string();
        if let Some(key) = self.known.get(&name) {
            return Ok(Some(key));
        }
        let Some(found) = api_keys::find(&self.pool, hash).await? else { return Ok(None) };
        let key = Arc::new(known(found)?);
        self.known.insert(name, Arc::clone(&key));
        Ok(Some(key))
    }

    /// At most one note a minute and key.
    fn used(&self, key: KeyId, now: Timestamp) {
        let minute = now.unix_seconds().div_euclid(60);
        let mut uses = self.uses.lock().unwrap_or_else(PoisonError::into_inner);
        if uses.minute != minute {
            uses.minute = minute;
            uses.noted.clear();
        }
        if uses.noted.insert(key) {
            uses.waiting.insert(key);
        }
    }

    async fn note(&self) {
        let waiting = {
            let mut uses = self.uses.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::take(&mut uses.waiting)
        };
        if waiting.is_empty() {
            return;
        }
        let keys: Vec<String> = waiting.iter().map(ToString::to_string).collect();
        if let Err(error) = api_keys::note_uses(&self.pool, &keys, self.clock.now()).await {
            tracing::debug!(%error, "the last use of some keys is not noted");
        }
    }
}

fn known(found: Found) -> sqlx::Result<KnownKey> {
    let broken = |what: &str| sqlx::Error::Decode(format!("the {what} of a key is broken").into());
    let domains = found
        .allowed_domains
        .map(|all| all.iter().map(|name| name.parse::<HostName>()).collect::<Result<Vec<_>, _>>());
    Ok(KnownKey {
        id: found.id.parse().map_err(|_| broken("id"))?,
        tenant: found.tenant_id.map(|id| id.parse()).transpose().map_err(|_| broken("tenant"))?,
        permissions: Permissions::parse(&found.permissions).map_err(|_| broken("permissions"))?,
        allowed_domains: domains.transpose().map_err(|_| broken("domains"))?,
        expires_at: found.expires_at.map(Timestamp::from),
        version: found.version,
        requests_per_minute: found.requests_per_minute.and_then(|n| u64::try_from(n).ok()),
    })
}
