//! What the tests ask of the service: a tenant, and mail in its name.

use selfmx::clock::Clock;
use selfmx::commands::email::{SendEmail, Senders};
use selfmx::commands::tenant::CreateTenant;
use selfmx::events::store::append::SealedContent;
use selfmx::values::{
    EmailId, EmailMetadata, ExtraHeaders, HostName, Priority, RateLimit, Recipients, Subject, Tags,
    TenantId, TenantSettings, TrackingWish,
};

/// A tenant that may send to so many a day.
pub(crate) fn tenant(id: TenantId, domain: &str, emails_per_day: Option<u64>) -> CreateTenant {
    CreateTenant {
        tenant: id,
        name: "Acme".to_owned(),
        domain: Some(HostName::domain(domain).unwrap()),
        settings: TenantSettings::default(),
        relay: None,
        rate_limit: RateLimit { requests_per_minute: None, emails_per_day },
    }
}

/// An email from `hello@acme.com`.
pub(crate) fn email(tenant: TenantId, to: &[&str], clock: &Clock) -> SendEmail {
    let to = to.iter().map(|to| to.parse().unwrap()).collect();
    SendEmail {
        tenant,
        email: EmailId::at(clock.now()),
        from: Some("Acme <hello@acme.com>".parse().unwrap()),
        recipients: Recipients::new(to, vec![], vec![]).unwrap(),
        reply_to: None,
        subject: Subject::new("Hello").unwrap(),
        headers: ExtraHeaders::default(),
        content: SealedContent {
            tenant,
            digest: "digest".to_owned(),
            sealed: vec![1, 2, 3].into(),
        },
        content_size: 3,
        attachments: 0,
        tags: Tags::default(),
        metadata: EmailMetadata::default(),
        scheduled_at: None,
        priority: Priority::Normal,
        template: None,
        tracking: TrackingWish::default(),
        allowed_domains: None,
        senders: Senders::Owned,
    }
}
