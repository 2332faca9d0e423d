//! A caller hands us an email; from the answer on it is ours to deliver.

use std::sync::Arc;

use super::EmailState;
use super::draft::{Draft, Senders};
use crate::commands::tenant::{Standing, Tenant, TenantState};
use crate::commands::{Command, Decision};
use crate::events::email::{ContentRef, Correspondence, EmailAccepted};
use crate::events::store::append::{Guard, SealedContent};
use crate::events::{EmailEvent, Fact, Stream};
use crate::values::{
    EmailContent, EmailId, EmailMetadata, ExtraHeaders, HostName, Mailbox, Personal, Priority,
    Recipients, Roll, SecretKey, Subject, Tags, TemplateRef, TenantId, Timestamp, TrackingWish,
};

/// Asks that an email be delivered.
#[derive(Clone, Debug)]
pub struct SendEmail {
    /// Whose.
    pub tenant: TenantId,
    /// Its id, new.
    pub email: EmailId,
    /// The sender; none: the tenant's default.
    pub from: Option<Mailbox>,
    /// Everybody who gets it.
    pub recipients: Recipients,
    /// Where answers go; none: the tenant's default.
    pub reply_to: Option<Mailbox>,
    /// Its subject.
    pub subject: Subject,
    /// Further headers.
    pub headers: ExtraHeaders,
    /// Its bodies and attachments, sealed.
    pub content: SealedContent,
    /// Their size in clear, in bytes.
    pub content_size: u64,
    /// How many attachments there are.
    pub attachments: u32,
    /// The caller's labels.
    pub tags: Tags,
    /// The caller's own data.
    pub metadata: EmailMetadata,
    /// Not before this moment.
    pub scheduled_at: Option<Timestamp>,
    /// Which of the tenant's mails go first.
    pub priority: Priority,
    /// The version of a template that it was rendered from.
    pub template: Option<TemplateRef>,
    /// What is to be tracked of its reading.
    pub tracking: TrackingWish,
    /// From where the key may send, if not from everywhere.
    pub allowed_domains: Option<Vec<HostName>>,
    /// From which of its domains a tenant may send.
    pub senders: Senders,
}

/// The contents cannot be sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the contents cannot be sealed")]
pub struct SealError;

impl SendEmail {
    /// The command, with the contents sealed for the tenant; `allowed_domains` are the key's.
    pub fn of(
        (tenant, email): (TenantId, EmailId),
        draft: Draft,
        allowed_domains: Option<Vec<HostName>>,
        secrets: &SecretKey,
    ) -> Result<Self, SealError> {
        let bytes = draft.content.to_bytes().map_err(|_| SealError)?;
        let digest = EmailContent::digest(&bytes);
        let owner = EmailContent::owner(tenant, &digest);
        let sealed = secrets.seal_bytes(&owner, &bytes).map_err(|_| SealError)?;
        let attachments = u32::try_from(draft.content.attachments.len()).map_err(|_| SealError)?;
        Ok(Self {
            tenant,
            email,
            from: draft.from,
            recipients: draft.recipients,
            reply_to: draft.reply_to,
            subject: draft.subject,
            headers: draft.headers,
            content: SealedContent { tenant, digest, sealed: sealed.into() },
            content_size: u64::try_from(bytes.len()).map_err(|_| SealError)?,
            attachments,
            tags: draft.tags,
            metadata: draft.metadata,
            scheduled_at: draft.scheduled_at,
            priority: draft.priority,
            template: draft.template,
            tracking: draft.tracking,
            allowed_domains,
            senders: Senders::default(),
        })
    }
}

/// Why it is not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No such tenant, or it is deleted.
    #[error("there is no such tenant")]
    NoTenant,
    /// The tenant is suspended: it may not send until it is resumed.
    #[error("this tenant is suspended: it may read, but not send")]
    Suspended,
    /// Too much of its mail bounced or was complained of: it may not send until it is resumed.
    #[error(
        "this tenant's sending is paused, since too much of its mail bounced or was complained of"
    )]
    Paused,
    /// Neither the email nor the tenant says who sends.
    #[error("give a sender: the tenant has no default from_address")]
    NoSender,
    /// The sender is somebody else.
    #[error("{0} is not a domain of this tenant: send from one of its own")]
    ForeignDomain(HostName),
    /// The tenant has no domain from which it could send.
    #[error(
        "this tenant has no domain yet, and can send once it has added one or an admin has given it one"
    )]
    NoDomain,
    /// The operator lets mail leave only from domains whose keys stand in the DNS.
    #[error("{0} is not verified: set its DNS records and ask for POST /v1/domains/{{id}}/verify")]
    Unverified(HostName),
    /// The key may not send from there.
    #[error("this API key may not send from {0}")]
    DomainNotAllowed(HostName),
}

impl Command for SendEmail {
    type State = EmailState;
    type Refusal = Refusal;

    fn stream(&self) -> Stream {
        Stream::email(self.tenant, self.email)
    }

    fn begins(&self) -> bool {
        true
    }

    fn relies_on(&self) -> Option<TenantId> {
        Some(self.tenant)
    }

    fn decide(
        &self,
        email: &EmailState,
        tenant: &TenantState,
        now: Timestamp,
    ) -> Result<Decision, Refusal> {
        if email.known().is_some() {
            return Ok(Decision::already());
        }
        let tenant = tenant.living().ok_or(Refusal::NoTenant)?;
        match tenant.standing {
            Standing::Active => {}
            Standing::Suspended | Standing::Deleted => return Err(Refusal::Suspended),
            Standing::Paused => return Err(Refusal::Paused),
        }
        let from = self.sender(tenant)?;
        let personal = Correspondence {
            from,
            recipients: self.recipients.clone(),
            reply_to: self.reply_to.clone().or_else(|| tenant.settings.reply_to.clone()),
            subject: self.subject.clone(),
            headers: self.headers.clone(),
            tags: self.tags.clone(),
            metadata: self.metadata.clone(),
        };
        let accepted = EmailAccepted {
            recipients: Roll::of(&self.recipients),
            content: ContentRef {
                digest: self.content.digest.clone(),
                size: self.content_size,
                attachments: self.attachments,
            },
            scheduled_at: self.scheduled_at,
            priority: self.priority,
            template: self.template,
            tracking: self.tracking.over(tenant.settings.tracking),
            personal: Personal::Known(personal),
        };
        let fact = Fact::Email(self.tenant, self.email, EmailEvent::Accepted(Arc::new(accepted)));
        let decision =
            Decision { contents: Some(self.content.clone()), ..Decision::of(vec![fact]) };
        Ok(decision.guarded(Guard::Quota {
            tenant: self.tenant,
            day: now.day(),
            amount: u64::try_from(self.recipients.len()).unwrap_or(u64::MAX),
            limit: tenant.rate_limit.emails_per_day,
        }))
    }
}

impl SendEmail {
    fn sender(&self, tenant: &Tenant) -> Result<Mailbox, Refusal> {
        let settings = &tenant.settings;
        let from = match (&self.from, &settings.from_address) {
            (Some(from), _) => from.clone(),
            (None, Some(address)) => Mailbox { name: None, address: address.clone() },
            (None, None) => return Err(Refusal::NoSender),
        };
        let domain = from.address.host();
        if !tenant.owns(&domain) {
            let has_none = tenant.claimed().next().is_none();
            return Err(if has_none { Refusal::NoDomain } else { Refusal::ForeignDomain(domain) });
        }
        let verified = tenant.added(&domain).is_some_and(|added| added.verified);
        if self.senders == Senders::Verified && !verified {
            return Err(Refusal::Unverified(domain));
        }
        if self.allowed_domains.as_ref().is_some_and(|allowed| !allowed.contains(&domain)) {
            return Err(Refusal::DomainNotAllowed(domain));
        }
        let name = from.name.or_else(|| settings.from_name.clone());
        Ok(Mailbox { name, address: from.address })
    }
}

#[cfg(test)]
pub(in crate::commands) mod tests {
    use super::*;
    use crate::commands::testing::{given, now};
    use crate::events::TenantEvent;
    use crate::events::tenant::TenantCreated;
    use crate::values::{DomainId, RateLimit, SendingDomain, TenantSettings};

    pub(in crate::commands) fn tenant(id: TenantId, domain: Option<&str>) -> Fact {
        let created = TenantCreated {
            name: "Acme".to_owned(),
            domain: domain.map(|name| HostName::domain(name).unwrap()),
            settings: TenantSettings {
                from_name: Some("Acme".to_owned()),
                ..TenantSettings::default()
            },
            relay: None,
            rate_limit: RateLimit { requests_per_minute: None, emails_per_day: Some(10) },
        };
        Fact::Tenant(id, TenantEvent::Created(created))
    }

    pub(in crate::commands::email) fn send(from: Option<&str>) -> SendEmail {
        let tenant = TenantId::at(now());
        let to = vec!["ann@example.org".parse().unwrap(), "bob@example.org".parse().unwrap()];
        SendEmail {
            tenant,
            email: EmailId::at(now()),
            from: from.map(|from| from.parse().unwrap()),
            recipients: Recipients::new(to, vec![], vec![]).unwrap(),
            reply_to: None,
            subject: Subject::new("Hello").unwrap(),
            headers: ExtraHeaders::default(),
            content: SealedContent { tenant, digest: "d".to_owned(), sealed: vec![1].into() },
            content_size: 1,
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

    /// The fact that a plain email leaves in the log.
    pub(in crate::commands::email) fn accepted(command: &SendEmail) -> Fact {
        let state = {
            let mut state = TenantState::default();
            let fact = tenant(command.tenant, Some("acme.com"));
            crate::commands::State::evolve(
                &mut state,
                &crate::events::Recorded::imagined(fact, now()),
            );
            state
        };
        let decision = command.decide(&EmailState::default(), &state, now()).unwrap();
        decision.facts[0].clone()
    }

    #[test]
    fn the_tenants_name_stands_in_for_a_missing_one_and_recipients_are_what_is_counted() {
        let command = send(Some("hello@acme.com"));
        let fact = accepted(&command);
        let Fact::Email(_, _, EmailEvent::Accepted(email)) = &fact else { panic!() };
        let known = email.personal.known().unwrap();
        assert_eq!(known.from.name.as_deref(), Some("Acme"));
        let tenant = tenant(command.tenant, Some("acme.com"));
        let guards = given([]).and_tenant([tenant]).when(&command).then(&[fact]);
        assert!(matches!(guards[..], [Guard::Quota { amount: 2, limit: Some(10), .. }]));
    }

    #[test]
    fn nobody_sends_in_anothers_name() {
        let command = send(Some("hello@other.com"));
        let tenant = tenant(command.tenant, Some("acme.com"));
        let domain = HostName::domain("other.com").unwrap();
        given([]).and_tenant([tenant]).when(&command).then_refused(&Refusal::ForeignDomain(domain));
    }

    #[test]
    fn without_a_sender_and_without_a_default_it_is_refused() {
        let command = send(None);
        let acme = tenant(command.tenant, Some("acme.com"));
        given([]).and_tenant([acme]).when(&command).then_refused(&Refusal::NoSender);
        let command = send(Some("a@acme.com"));
        let homeless = tenant(command.tenant, None);
        given([]).and_tenant([homeless]).when(&command).then_refused(&Refusal::NoDomain);
    }

    #[test]
    fn one_email_is_accepted_once() {
        let command = send(Some("a@acme.com"));
        given([accepted(&command)])
            .and_tenant([tenant(command.tenant, Some("acme.com"))])
            .when(&command)
            .then(&[]);
    }

    #[test]
    fn a_suspended_tenant_sends_nothing() {
        let command = send(Some("a@acme.com"));
        let suspended = Fact::Tenant(command.tenant, TenantEvent::Suspended);
        given([])
            .and_tenant([tenant(command.tenant, Some("acme.com")), suspended])
            .when(&command)
            .then_refused(&Refusal::Suspended);
    }

    #[test]
    fn a_domain_that_was_added_will_do_and_where_it_must_be_verified_no_other() {
        let mut command = send(Some("a@acme.org"));
        let name = HostName::domain("acme.org").unwrap();
        let added = |verified| {
            let domain = SendingDomain {
                id: DomainId::at(now()),
                name: name.clone(),
                verified,
                return_path: false,
            };
            let changed = TenantEvent::SendingDomainsChanged { domains: vec![domain] };
            [tenant(command.tenant, Some("acme.com")), Fact::Tenant(command.tenant, changed)]
        };
        let (unverified, verified) = (added(false), added(true));
        assert_eq!(given([]).and_tenant(unverified.clone()).when(&command).then_any(), 1);
        command.senders = Senders::Verified;
        assert_eq!(given([]).and_tenant(verified).when(&command).then_any(), 1);
        let refusal = Refusal::Unverified(name.clone());
        given([]).and_tenant(unverified).when(&command).then_refused(&refusal);
        let command = SendEmail { senders: Senders::Verified, ..send(Some("a@acme.com")) };
        let refusal = Refusal::Unverified(HostName::domain("acme.com").unwrap());
        given([])
            .and_tenant([tenant(command.tenant, Some("acme.com"))])
            .when(&command)
            .then_refused(&refusal);
    }

    #[test]
    fn a_key_for_one_domain_sends_from_no_other() {
        let mut command = send(Some("a@acme.com"));
        command.allowed_domains = Some(vec![]);
        let domain = HostName::domain("acme.com").unwrap();
        given([])
            .and_tenant([tenant(command.tenant, Some("acme.com"))])
            .when(&command)
            .then_refused(&Refusal::DomainNotAllowed(domain));
    }
}
