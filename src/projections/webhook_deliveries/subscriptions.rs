//! Who is to be told what, as far as the log has been read here: the live webhooks may be ahead of it.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::PgConnection;

use crate::events::WebhookEvent;
use crate::values::{NoticeKind, NoticeKinds};

/// One webhook's wish.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Subscription {
    pub(super) tenant: String,
    pub(super) events: NoticeKinds,
    pub(super) active: bool,
}

/// The wishes of some tenants, by their webhooks.
#[derive(Debug, Default)]
pub(super) struct Subscriptions {
    by_webhook: BTreeMap<String, Subscription>,
    changed: BTreeSet<String>,
}

impl Subscriptions {
    /// Of these tenants.
    pub(super) async fn load(db: &mut PgConnection, tenants: &[String]) -> sqlx::Result<Self> {
        let rows = sqlx::query!(
            "select webhook_id, tenant_id, events, active from webhook_subscriptions
             where tenant_id = any($1)",
            tenants,
        )
        .fetch_all(db)
        .await?;
        let by_webhook = rows.into_iter().map(|row| {
            let events = row.events.iter().filter_map(|name| name.parse().ok()).collect();
            (row.webhook_id, Subscription { tenant: row.tenant_id, events, active: row.active })
        });
        Ok(Self { by_webhook: by_webhook.collect(), changed: BTreeSet::new() })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.by_webhook.is_empty()
    }

    /// The webhooks that are told this.
    pub(super) fn of<'a>(
        &'a self,
        tenant: &'a str,
        kind: NoticeKind,
    ) -> impl Iterator<Item = &'a str> {
        let wants = move |one: &Subscription| {
            one.active && one.tenant == tenant && one.events.include(kind)
        };
        self.by_webhook.iter().filter(move |(_, one)| wants(one)).map(|(id, _)| id.as_str())
    }

    /// One more fact of a webhook's.
    pub(super) fn change(&mut self, (tenant, webhook): (&str, &str), event: &WebhookEvent) {
        self.changed.insert(webhook.to_owned());
        match (event, self.by_webhook.get_mut(webhook)) {
            (WebhookEvent::Created(created), _) => {
                let (events, active) = (created.events.clone(), created.active);
                let new = Subscription { tenant: tenant.to_owned(), events, active };
                self.by_webhook.insert(webhook.to_owned(), new);
            }
            (WebhookEvent::Changed { events, active, .. }, Some(known)) => {
                known.events = events.as_ref().unwrap_or(&known.events).clone();
                known.active = active.unwrap_or(known.active);
            }
            (WebhookEvent::Disabled { .. }, Some(known)) => known.active = false,
            (WebhookEvent::Deleted, Some(_)) => {
                self.by_webhook.remove(webhook);
            }
            (WebhookEvent::SecretRotated { .. }, Some(_))
            | (
                WebhookEvent::Changed { .. }
                | WebhookEvent::SecretRotated { .. }
                | WebhookEvent::Disabled { .. }
                | WebhookEvent::Deleted,
                None,
            ) => {}
        }
    }

    /// A tenant is gone; its webhooks.
    pub(super) fn drop_tenant(&mut self, tenant: &str) -> Vec<String> {
        let of = self.by_webhook.iter().filter(|(_, one)| one.tenant == tenant);
        let gone: Vec<String> = of.map(|(id, _)| id.clone()).collect();
        self.by_webhook.retain(|id, _| !gone.contains(id));
        self.changed.extend(gone.iter().cloned());
        gone
    }

    /// Writes what has changed.
    pub(super) async fn save(&self, db: &mut PgConnection) -> sqlx::Result<()> {
        let (kept, gone): (Vec<&String>, Vec<&String>) =
            self.changed.iter().partition(|id| self.by_webhook.contains_key(*id));
        if !gone.is_empty() {
            let gone: Vec<String> = gone.into_iter().cloned().collect();
            sqlx::query!("delete from webhook_subscriptions where webhook_id = any($1)", &gone)
                .execute(&mut *db)
                .await?;
        }
        let kept: Vec<(&String, &Subscription)> =
            kept.into_iter().filter_map(|id| Some((id, self.by_webhook.get(id)?))).collect();
        if kept.is_empty() {
            return Ok(());
        }
        let ids: Vec<String> = kept.iter().map(|(id, _)| (*id).clone()).collect();
        let tenants: Vec<String> = kept.iter().map(|(_, one)| one.tenant.clone()).collect();
        let events: Vec<_> =
            kept.iter().map(|(_, one)| serde_json::json!(one.events.names())).collect();
        let active: Vec<bool> = kept.iter().map(|(_, one)| one.active).collect();
        sqlx::query!(
            "insert into webhook_subscriptions (webhook_id, tenant_id, events, active)
             select s.webhook_id, s.tenant_id, array(select jsonb_array_elements_text(s.events)),
                    s.active
             from unnest($1::varchar[], $2::varchar[], $3::jsonb[], $4::bool[])
               as s(webhook_id, tenant_id, events, active)
             on conflict (webhook_id) do update
             set events = excluded.events, active = excluded.active",
            &ids,
            &tenants,
            &events,
            &active,
        )
        .execute(db)
        .await?;
        Ok(())
    }
}
