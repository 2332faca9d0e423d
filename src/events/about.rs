//! Facts asked for one kind of thing: whoever follows only that kind need not name all others.

use super::{
    ApiKeyEvent, DomainEvent, EmailEvent, Fact, Recorded, SuppressionEvent, TemplateEvent,
    TenantEvent, WebhookEvent,
};
use crate::values::{DomainId, EmailId, KeyId, SuppressionId, TemplateId, TenantId, WebhookId};

impl Fact {
    /// What happened to a tenant itself; none for anything else.
    pub fn about_tenant(&self) -> Option<(TenantId, &TenantEvent)> {
        let Self::Tenant(tenant, event) = self else { return None };
        Some((*tenant, event))
    }

    /// What happened to an API key, of a tenant or of an admin; none for anything else.
    pub fn about_api_key(&self) -> Option<(Option<TenantId>, KeyId, &ApiKeyEvent)> {
        let Self::ApiKey(tenant, key, event) = self else { return None };
        Some((*tenant, *key, event))
    }

    /// What happened to an email; none for anything else.
    pub fn about_email(&self) -> Option<(TenantId, EmailId, &EmailEvent)> {
        let Self::Email(tenant, email, event) = self else { return None };
        Some((*tenant, *email, event))
    }

    /// What happened to a domain; none for anything else.
    pub fn about_domain(&self) -> Option<(TenantId, DomainId, &DomainEvent)> {
        let Self::Domain(tenant, domain, event) = self else { return None };
        Some((*tenant, *domain, event))
    }

    /// What happened to an address on a suppression list; none for anything else.
    pub fn about_suppression(&self) -> Option<(TenantId, SuppressionId, &SuppressionEvent)> {
        let Self::Suppression(tenant, id, event) = self else { return None };
        Some((*tenant, *id, event))
    }

    /// What happened to a template; none for anything else.
    pub fn about_template(&self) -> Option<(TenantId, TemplateId, &TemplateEvent)> {
        let Self::Template(tenant, template, event) = self else { return None };
        Some((*tenant, *template, event))
    }

    /// What happened to a webhook; none for anything else.
    pub fn about_webhook(&self) -> Option<(TenantId, WebhookId, &WebhookEvent)> {
        let Self::Webhook(tenant, webhook, event) = self else { return None };
        Some((*tenant, *webhook, event))
    }
}

/// The facts about one kind of thing, in their order: `pick` is one of the questions above.
pub fn all_about<'a, T>(
    facts: &'a [Recorded],
    pick: impl Fn(&'a Fact) -> Option<T>,
) -> Vec<(T, &'a Recorded)> {
    let about = |recorded: &'a Recorded| Some((pick(&recorded.fact)?, recorded));
    facts.iter().filter_map(about).collect()
}
