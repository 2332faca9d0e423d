//! One email, from its own stream: so that it is found right after it was sent, and as it was at any time.

use super::row::EmailRow;
use super::timeline::{Moment, moments};
use crate::events::store::EventStore;
use crate::events::{EmailEvent, Fact, Stream};
use crate::values::{EmailId, ExtraHeaders, TemplateRef, TenantId, Timestamp};

/// One email with all that happened to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Details {
    /// The email as it is now.
    pub row: EmailRow,
    /// What happened to it.
    pub timeline: Vec<Moment>,
    /// Under which its contents are kept; none once somebody asked that they be removed.
    pub content_digest: Option<String>,
    /// Further headers; none once they are erased.
    pub headers: ExtraHeaders,
    /// The version of a template that it was rendered from.
    pub template: Option<TemplateRef>,
}

/// One of a tenant's emails, as it is now or as it was at a moment; somebody else's is none.
pub async fn find(
    store: &EventStore,
    tenant: TenantId,
    email: EmailId,
    at: Option<Timestamp>,
) -> sqlx::Result<Option<Details>> {
    let mut facts = store.load(&Stream::email(tenant, email)).await?;
    facts.retain(|recorded| at.is_none_or(|at| recorded.at <= at));
    let Some(Fact::Email(_, _, EmailEvent::Accepted(accepted))) = facts.first().map(|f| &f.fact)
    else {
        return Ok(None);
    };
    let Some(mut row) = facts.first().and_then(EmailRow::begin) else { return Ok(None) };
    for recorded in &facts {
        if let Fact::Email(_, _, event) = &recorded.fact {
            row.progress.live(event, recorded.at);
        }
    }
    let removed = facts.iter().any(|recorded| {
        matches!(recorded.fact, Fact::Email(_, _, EmailEvent::ContentRemoved { .. }))
    });
    let content_digest = (!removed).then(|| accepted.content.digest.clone());
    let headers = accepted.personal.known().map(|known| known.headers.clone()).unwrap_or_default();
    let (timeline, template) = (moments(&facts), accepted.template);
    Ok(Some(Details { row, timeline, content_digest, headers, template }))
}
