//! The webhooks as they are now.

mod health;
mod read;
mod save;

use std::collections::{BTreeSet, HashMap};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::Projector;
use super::table::{Origin, Table};
use crate::events::{Fact, Recorded, WebhookEvent, all_about};
use crate::values::{TenantId, WebhookId};

pub use health::{Failing, note};
pub use read::{count, find, list};

/// Keeps `webhooks`.
#[derive(Debug)]
pub struct Webhooks;

/// A webhook as it is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookRow {
    /// Its id.
    pub id: String,
    /// Whose.
    pub tenant_id: String,
    /// Where notices are posted.
    pub url: String,
    /// What it is told.
    pub events: Vec<String>,
    /// Whether it is told anything.
    pub active: bool,
    /// Signs notices, sealed.
    pub secret: String,
    /// Signed them before, sealed.
    pub former_secret: Option<String>,
    /// Until when that one signs, too.
    pub former_until: Option<DateTime<Utc>>,
    /// When we stopped telling it, since nothing arrived.
    pub disabled_at: Option<DateTime<Utc>>,
    /// How many facts made it.
    pub version: i64,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was changed last.
    pub updated_at: DateTime<Utc>,
    /// Since when nothing has arrived there: an observation.
    pub failing_since: Option<DateTime<Utc>>,
}

/// Since when nothing arrives at it is seen by those who tell it; no fact says so.
const TABLES: &[Table] = &[Table {
    name: "webhooks",
    tenant: Some("tenant_id"),
    work_state: &["failing_since"],
    origin: Origin::Stream("id"),
}];

#[async_trait]
impl Projector for Webhooks {
    fn name(&self) -> &'static str {
        "webhooks"
    }

    fn version(&self) -> i32 {
        1
    }

    fn tables(&self) -> &'static [Table] {
        TABLES
    }

    fn concerns(&self, fact: &Fact) -> bool {
        fact.about_webhook().is_some()
    }

    async fn apply(&self, db: &mut PgConnection, facts: &[Recorded]) -> sqlx::Result<()> {
        let touched = all_about(facts, Fact::about_webhook);
        if touched.is_empty() {
            return Ok(());
        }
        let ids: BTreeSet<String> = touched.iter().map(|((_, id, _), _)| id.to_string()).collect();
        let ids: Vec<String> = ids.into_iter().collect();
        let mut rows = save::load(db, &ids).await?;
        for ((tenant, webhook, event), recorded) in touched {
            fold(&mut rows, (tenant, webhook), event, recorded);
        }
        let gone: Vec<String> = ids.into_iter().filter(|id| !rows.contains_key(id)).collect();
        save::delete(db, &gone).await?;
        save::upsert(db, &rows.into_values().collect::<Vec<_>>()).await
    }
}

fn fold(
    rows: &mut HashMap<String, WebhookRow>,
    (tenant, webhook): (TenantId, WebhookId),
    event: &WebhookEvent,
    recorded: &Recorded,
) {
    let id = webhook.to_string();
    let at = recorded.at.as_datetime();
    if let WebhookEvent::Created(created) = event {
        let row = WebhookRow {
            id: id.clone(),
            tenant_id: tenant.to_string(),
            url: created.url.to_string(),
            events: created.events.names(),
            active: created.active,
            secret: created.secret.to_string(),
            former_secret: None,
            former_until: None,
            disabled_at: None,
            version: recorded.version,
            created_at: at,
            updated_at: at,
            failing_since: None,
        };
        rows.insert(id, row);
    } else if matches!(event, WebhookEvent::Deleted) {
        rows.remove(&id);
    } else if let Some(row) = rows.get_mut(&id) {
        row.change(event, at);
        row.version = recorded.version;
        row.updated_at = at;
    }
}

impl WebhookRow {
    fn change(&mut self, event: &WebhookEvent, at: DateTime<Utc>) {
        match event {
            WebhookEvent::Created(_) | WebhookEvent::Deleted => {}
            WebhookEvent::Changed { url, events, active } => {
                if let Some(url) =
                    url.as_ref().map(ToString::to_string).filter(|url| *url != self.url)
                {
                    self.url = url;
                    // What did not arrive elsewhere says nothing of this place.
                    self.failing_since = None;
                }
                if let Some(events) = events {
                    self.events = events.names();
                }
                if let Some(active) = active {
                    self.active = *active;
                    self.disabled_at = None;
                    // Whoever is told again begins anew.
                    self.failing_since = None;
                }
            }
            WebhookEvent::SecretRotated { secret, former_until } => {
                self.former_secret = Some(std::mem::replace(&mut self.secret, secret.to_string()));
                self.former_until = Some(former_until.as_datetime());
            }
            WebhookEvent::Disabled { .. } => {
                self.active = false;
                self.disabled_at = Some(at);
            }
        }
    }
}
