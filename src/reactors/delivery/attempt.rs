//! One attempt at one email, from its beginning to its outcome. No transaction is open while we talk to a
//! relay.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::time::sleep;
use uuid::Uuid;

use super::Delivery;
use super::bounced_to::bounced_to;
use super::flights::Hold;
use super::sender::{SenderError, may_leave};
use super::signing::SigningError;
use super::suppressed::{Suppressed, left_out};
use super::traces::Tracer;
use crate::commands::CommandError;
use crate::commands::context::Context;
use crate::commands::email::{
    Email, EmailState, Pending, RecipientOutcome, RecordDelivery, StartDelivery, record_delivery,
};
use crate::commands::past::{Done, Past};
use crate::commands::tenant::{Tenant, TenantState};
use crate::events::email::{ContentRef, Correspondence};
use crate::events::store::is_outage;
use crate::mail::dkim::Signer;
use crate::mail::transport::{Envelope, Outcome, Route, Sent};
use crate::mail::{Letter, Message, compose};
use crate::projections::relay_health;
use crate::telemetry::chain;
use crate::values::{Address, EmailContent, EmailId, TenantId, Timestamp};

/// How long to wait before telling again what the log did not take.
pub(super) const AGAIN: Duration = Duration::from_millis(500);

/// Contents up to this size, in bytes, become a mail where we are; more would keep others waiting.
const QUICK: u64 = 64 * 1024;

/// What an attempt is about.
pub(super) struct Subject {
    pub(super) tenant: TenantId,
    pub(super) id: EmailId,
    lease: Uuid,
    /// The mail and its version in the log, as they were when it began.
    past: Past<EmailState>,
    email: Email,
    /// The tenant as it was then: a change of its settings after that is for later mails.
    settings: Arc<Past<TenantState>>,
    /// The sealed contents, if they were fetched already.
    pub(super) sealed: Option<Vec<u8>>,
    /// Who is on the suppression list, if that was looked up already.
    pub(super) suppressed: Option<Suppressed>,
}

impl Subject {
    /// Of a mail that was begun.
    pub(super) fn new(asked: StartDelivery, begun: Done<EmailState>) -> Option<Self> {
        let email = begun.past.state.known()?.clone();
        let StartDelivery { tenant, email: id, lease, .. } = asked;
        Some(Self {
            tenant,
            id,
            lease,
            past: begun.past,
            email,
            settings: begun.tenant,
            sealed: None,
            suppressed: None,
        })
    }

    /// Who has no outcome yet.
    pub(super) fn pending(&self) -> &[Pending] {
        &self.email.pending
    }

    /// Who has no outcome yet, and is not suppressed.
    fn wanted(&self) -> impl Iterator<Item = &Pending> {
        let left_out = |to: &Pending| {
            let suppressed = self.suppressed.iter().flatten();
            suppressed.into_iter().any(|(one, _)| one.key == to.key)
        };
        self.email.pending.iter().filter(move |to| !left_out(to))
    }

    /// Where its contents are kept.
    pub(super) fn content(&self) -> &ContentRef {
        &self.email.accepted.content
    }
}

/// Why there is nothing to hand over.
#[derive(Debug, thiserror::Error)]
enum Hindrance {
    #[error("its contents are not kept any more")]
    NoContents,
    #[error("its addresses are erased")]
    Erased,
    #[error("its contents cannot be read")]
    BrokenContents,
    #[error("it cannot be written: {0}")]
    Unwritable(String),
    #[error("the tenant is gone")]
    NoTenant,
    #[error(transparent)]
    Sender(#[from] SenderError),
    /// Not the email's fault: later it may go. The cause is logged, since it is not the sender's business.
    #[error("it cannot be prepared at present: the fault is ours")]
    Later,
    /// The database is away: no attempt was made, and none is counted.
    #[error("it cannot be prepared at present: the fault is ours")]
    Outage(#[source] sqlx::Error),
}

impl Delivery {
    /// Tries once; whatever happens becomes a fact, or the lease runs out and it is tried again.
    pub(super) async fn attempt(&self, mut subject: Subject, hold: &Hold) {
        let outcomes = match self.prepared_at_last(&mut subject, hold).await {
            Ok(Some((route, message))) => self.handed_over(&subject, &route, &message, hold).await,
            // Everybody is suppressed.
            Ok(None) => Some(Vec::new()),
            Err(Hindrance::Outage(_)) => None,
            Err(hindrance) => Some(hindered(&subject, &hindrance)),
        };
        match outcomes {
            Some(mut outcomes) => {
                outcomes.extend(subject.suppressed.iter().flat_map(left_out));
                self.record(subject, outcomes).await;
            }
            None => self.give_back(&subject.id.to_string(), subject.lease).await,
        }
    }

    pub(super) async fn give_back(&self, email: &str, lease: Uuid) {
        use crate::projections::send_queue::give_back;
        if let Err(error) = give_back(&self.pool, &[email.to_owned()], &[lease]).await {
            tracing::warn!(email, %error, "a lease cannot be given back; it runs out by itself");
        }
    }

    /// Asks again while the database is away and the email is surely ours.
    async fn prepared_at_last(
        &self,
        subject: &mut Subject,
        hold: &Hold,
    ) -> Result<Option<(Route, Message)>, Hindrance> {
        loop {
            match self.prepared_for_some(subject).await {
                Err(Hindrance::Outage(error)) if hold.holds() => {
                    tracing::warn!(email = %subject.id, %error, "it waits for the database");
                    sleep(AGAIN).await;
                }
                prepared => return prepared,
            }
        }
    }

    /// None if nobody is to get it.
    async fn prepared_for_some(
        &self,
        subject: &mut Subject,
    ) -> Result<Option<(Route, Message)>, Hindrance> {
        self.suppressed(subject).await.map_err(unread)?;
        if subject.wanted().next().is_none() {
            return Ok(None);
        }
        self.prepared(subject).await.map(Some)
    }

    async fn prepared(&self, subject: &Subject) -> Result<(Route, Message), Hindrance> {
        let later = |error: &dyn std::error::Error| {
            tracing::warn!(email = %subject.id, error = chain(error), "it cannot be prepared");
            Hindrance::Later
        };
        let tenant = subject.settings.state.ever().ok_or(Hindrance::NoTenant)?;
        let route = self.route(tenant, subject.settings.version).map_err(|error| later(&error))?;
        let sealed = self.sealed(subject).await?;
        let ContentRef { digest, size, .. } = subject.content();
        let owner = EmailContent::owner(subject.tenant, digest);
        let bytes = self.secrets.open_bytes(&owner, &sealed).map_err(|error| later(&error))?;
        let content = EmailContent::from_bytes(&bytes).map_err(|_| Hindrance::BrokenContents)?;
        let letter = letter(subject, content).ok_or(Hindrance::Erased)?;
        let domain = letter.from.address.host();
        may_leave(self.senders, tenant, &domain)?;
        let signers = self.signing.signers(tenant, &domain).await;
        let signers = signers.map_err(unsigned)?;
        let at = self.clock.now();
        let tracer = self.tracer(subject);
        let written = move || {
            let letter = match tracer {
                Some(tracer) => tracer.traced(letter),
                None => letter,
            };
            written(&letter, &signers, at)
        };
        let message = if *size <= QUICK {
            written()
        } else {
            let composed = tokio::task::spawn_blocking(written).await;
            composed.map_err(|error| later(&error))?
        };
        Ok((route, message?))
    }

    /// None for a mail that is not tracked, or cannot be any more.
    fn tracer(&self, subject: &Subject) -> Option<Tracer> {
        let tracking = subject.email.accepted.tracking?;
        let public_url = self.public_url.clone()?;
        let (tenant, secrets) = (subject.tenant, self.secrets.clone());
        Some(Tracer { tenant, tracking, public_url, secrets })
    }

    async fn sealed<'a>(&self, subject: &'a Subject) -> Result<Cow<'a, [u8]>, Hindrance> {
        if let Some(sealed) = &subject.sealed {
            return Ok(Cow::Borrowed(sealed));
        }
        let digest = subject.content().digest.as_str();
        let kept = self.commands.store().content(subject.tenant, digest).await.map_err(unread)?;
        kept.map(Cow::Owned).ok_or(Hindrance::NoContents)
    }

    fn route(&self, tenant: &Tenant, version: i64) -> Result<Route, crate::values::OpenError> {
        match &tenant.relay {
            Some(relay) => {
                let version = u64::try_from(version).unwrap_or(0);
                self.routes.own(&tenant.id.to_string(), version, relay)
            }
            None => Ok(self.routes.shared().clone()),
        }
    }

    /// None if the lease ran out before the mail had left: another worker may have it by now.
    async fn handed_over(
        &self,
        subject: &Subject,
        route: &Route,
        message: &Message,
        hold: &Hold,
    ) -> Option<Vec<(Pending, RecipientOutcome)>> {
        let email = &subject.email;
        let from = self.envelope_sender(subject)?;
        let to = subject.wanted().filter_map(|to| to.address.known().cloned()).collect();
        let envelope = Envelope { from, to };
        let given_up = AtomicBool::new(false);
        let still = || {
            let holds = hold.holds();
            given_up.fetch_or(!holds, Ordering::Relaxed);
            holds
        };
        let sent = self.smtp.send_while(route, &envelope, message, &still).await;
        if given_up.load(Ordering::Relaxed) {
            tracing::warn!(email = %subject.id, "its lease ran out before it had left: given up");
            return None;
        }
        self.note_health(subject, route, &sent).await;
        let named = |(to, outcome)| Some((email.pending_at(&to)?.clone(), told(outcome)));
        Some(sent.outcomes.into_iter().filter_map(named).collect())
    }

    /// None if its addresses are erased, which was noticed before.
    fn envelope_sender(&self, subject: &Subject) -> Option<Address> {
        let from = &subject.email.accepted.personal.known()?.from.address;
        let tenant = subject.settings.state.ever();
        Some(bounced_to(self.return_path.as_ref(), tenant, subject.id, from))
    }

    /// Whether a tenant's own relay is well is shown to the tenant.
    async fn note_health(&self, subject: &Subject, route: &Route, sent: &Sent) {
        if route.key == self.routes.shared().key {
            return;
        }
        let trouble = sent.trouble.as_ref().map(|trouble| trouble.message.as_str());
        let at = self.clock.now();
        if let Err(error) = relay_health::note(&self.pool, subject.tenant, trouble, at).await {
            tracing::debug!(%error, "the relay's health cannot be noted");
        }
    }

    /// What happened must become a fact: tried until it is, or until somebody else has the email.
    async fn record(&self, subject: Subject, outcomes: Vec<(Pending, RecipientOutcome)>) {
        for (_, outcome) in &outcomes {
            count(outcome);
        }
        let command = RecordDelivery {
            tenant: subject.tenant,
            email: subject.id,
            lease: subject.lease,
            outcomes,
            retry: self.retry,
        };
        loop {
            let (context, past) = (Context::reaction_of("delivery"), subject.past.clone());
            match self.commands.run_upon(&context, &command, past).await {
                Ok(_) | Err(CommandError::Refused(record_delivery::Refusal::NotFound)) => return,
                Err(CommandError::Refused(record_delivery::Refusal::LeaseLost)) => {
                    tracing::warn!(email = %subject.id, "another worker has taken it meanwhile");
                    return;
                }
                Err(error) => {
                    tracing::warn!(email = %subject.id, error = chain(&error), "its outcome is told again");
                    sleep(AGAIN).await;
                }
            }
        }
    }
}

fn written(letter: &Letter, signers: &[Signer], at: Timestamp) -> Result<Message, Hindrance> {
    let message = compose(letter).map_err(|error| Hindrance::Unwritable(error.to_string()))?;
    message.signed(signers, at).map_err(|error| {
        tracing::warn!(email = %letter.id, %error, "it cannot be signed");
        Hindrance::Later
    })
}

/// Without its signature it does not leave: receivers would take it for somebody else's.
fn unsigned(error: SigningError) -> Hindrance {
    match error {
        SigningError::Read(error) => unread(error.into()),
        SigningError::Open(_) | SigningError::Key(_) => {
            tracing::warn!(error = chain(&error), "a domain's keys cannot be used");
            Hindrance::Later
        }
    }
}

/// What the database does not understand now it will not understand in a moment either.
fn unread(error: sqlx::Error) -> Hindrance {
    if is_outage(&error) {
        return Hindrance::Outage(error);
    }
    tracing::warn!(error = chain(&error), "an email cannot be read");
    Hindrance::Later
}

/// None if whom it is for has been erased.
fn letter(subject: &Subject, content: EmailContent) -> Option<Letter> {
    let accepted = Correspondence::clone(subject.email.accepted.personal.known()?);
    Some(Letter {
        id: subject.id,
        from: accepted.from,
        recipients: accepted.recipients,
        reply_to: accepted.reply_to,
        subject: accepted.subject,
        html: content.html,
        text: content.text,
        headers: accepted.headers,
        attachments: content.attachments,
        date: subject.email.accepted_at,
    })
}

fn hindered(subject: &Subject, hindrance: &Hindrance) -> Vec<(Pending, RecipientOutcome)> {
    let message = hindrance.to_string();
    let outcome = match hindrance {
        Hindrance::Later | Hindrance::Outage(_) | Hindrance::Sender(SenderError::Unverified(_)) => {
            RecipientOutcome::Deferred { code: None, message, may_have_arrived: false }
        }
        Hindrance::NoContents
        | Hindrance::Erased
        | Hindrance::BrokenContents
        | Hindrance::Unwritable(_)
        | Hindrance::NoTenant
        | Hindrance::Sender(SenderError::GivenUp(_)) => RecipientOutcome::Failed { message },
    };
    subject.wanted().map(|to| (to.clone(), outcome.clone())).collect()
}

fn told(outcome: Outcome) -> RecipientOutcome {
    match outcome {
        Outcome::Delivered { response } => RecipientOutcome::Delivered { response },
        Outcome::Bounced { code, enhanced, message } => {
            let words = enhanced.into_iter().chain([message]).collect::<Vec<_>>();
            RecipientOutcome::Bounced { code, message: words.join(" ") }
        }
        Outcome::Deferred { code, message, ambiguous } => {
            RecipientOutcome::Deferred { code, message, may_have_arrived: ambiguous }
        }
        Outcome::AuthRefused { message } => {
            RecipientOutcome::Failed { message: format!("the relay refused the login: {message}") }
        }
        Outcome::Misconfigured { message } => RecipientOutcome::Failed { message },
    }
}

fn count(outcome: &RecipientOutcome) {
    let name = match outcome {
        RecipientOutcome::Delivered { .. } => "selfmx_emails_delivered",
        RecipientOutcome::Bounced { .. } => "selfmx_emails_bounced",
        RecipientOutcome::Failed { .. } => "selfmx_emails_failed",
        RecipientOutcome::Deferred { .. } => "selfmx_emails_deferred",
        RecipientOutcome::Suppressed { .. } => "selfmx_emails_suppressed",
    };
    metrics::counter!(name).increment(1);
}
