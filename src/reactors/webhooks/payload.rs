//! What a notice says, made from the facts when it is sent: so nothing personal is kept for it, and of what
//! was erased nothing is told.

use bytes::Bytes;
use serde_json::{Map, Value, json};

use crate::events::email::{EmailAccepted, Reader, Remark};
use crate::events::{EmailEvent, Fact, Recorded, TenantEvent};
use crate::projections::webhook_deliveries::Claimed;
use crate::values::{Personal, TenantId};

/// The body of a notice, from its email's facts; none if what it tells of cannot be read any more.
pub(super) fn body(claimed: &Claimed, facts: &[Recorded]) -> Option<Bytes> {
    let told = facts.iter().find(|recorded| recorded.position == claimed.position)?;
    let data = match (told.fact.about_tenant(), told.fact.about_email()) {
        (Some((tenant, event)), _) => of_tenant(tenant, event)?,
        (None, Some((.., event))) => of_email(claimed, facts, event)?,
        (None, None) => return None,
    };
    let body = json!({
        "id": claimed.id,
        "type": claimed.kind,
        "created_at": told.at.to_string(),
        "data": data,
    });
    serde_json::to_vec(&body).ok().map(Bytes::from)
}

/// What became of a tenant's recipients lately.
fn of_tenant(tenant: TenantId, event: &TenantEvent) -> Option<Map<String, Value>> {
    let (TenantEvent::ReputationWarned { conduct } | TenantEvent::SendingPaused { conduct }) =
        event
    else {
        return None;
    };
    let mut data = Map::new();
    data.insert("tenant_id".to_owned(), json!(tenant));
    data.insert("conduct".to_owned(), json!(conduct));
    Some(data)
}

fn of_email(
    claimed: &Claimed,
    facts: &[Recorded],
    told: &EmailEvent,
) -> Option<Map<String, Value>> {
    let accepted = facts.iter().find_map(|recorded| {
        let Fact::Email(_, _, EmailEvent::Accepted(accepted)) = &recorded.fact else { return None };
        Some(accepted)
    })?;
    let mut data = correspondence(claimed, accepted)?;
    data.extend(particulars(told));
    Some(data)
}

/// Who wrote to whom, about what.
fn correspondence(claimed: &Claimed, accepted: &EmailAccepted) -> Option<Map<String, Value>> {
    let known = accepted.personal.known()?;
    let (to, kind) = match claimed.recipient.as_str() {
        "" => (None, None),
        wanted => {
            let mut everybody = accepted.everybody().into_iter();
            let (kind, _, mailbox) = everybody.find(|(_, key, _)| key.to_string() == wanted)?;
            (Some(mailbox.known()?.address.to_string()), Some(kind.as_str()))
        }
    };
    let mut data = Map::new();
    for (name, value) in [
        ("email_id", json!(claimed.email_id)),
        ("from", json!(known.from.to_string())),
        ("to", json!(to)),
        ("recipient_kind", json!(kind)),
        ("subject", json!(known.subject)),
        ("tags", json!(known.tags)),
        ("metadata", json!(known.metadata)),
    ] {
        data.insert(name.to_owned(), value);
    }
    Some(data)
}

/// What is known of whoever reads an email.
fn read_by(reader: Option<&Reader>) -> Vec<(String, Value)> {
    let Some(reader) = reader else { return Vec::new() };
    vec![("ip".to_owned(), json!(reader.ip)), ("user_agent".to_owned(), json!(reader.user_agent))]
}

/// What belongs to one kind of notice only.
fn particulars(event: &EmailEvent) -> Vec<(String, Value)> {
    let with = |name: &str, value: Value| (name.to_owned(), value);
    let said = |personal: &Personal<Remark>| {
        personal.known().map_or(Value::Null, |remark| json!(remark.message))
    };
    match event {
        EmailEvent::RecipientDelivered { personal, .. } => vec![with("response", said(personal))],
        EmailEvent::RecipientBounced { code, personal, .. } => vec![
            with("bounce_type", json!("hard")),
            with("bounce_code", json!(code)),
            with("bounce_message", said(personal)),
        ],
        EmailEvent::RecipientFailed { personal, .. } => vec![with("reason", said(personal))],
        EmailEvent::DeliveryStarted { attempt, .. } => vec![with("attempt", json!(attempt))],
        EmailEvent::Accepted(accepted) => accepted
            .scheduled_at
            .map(|at| with("scheduled_at", json!(at.to_string())))
            .into_iter()
            .collect(),
        EmailEvent::RecipientSuppressed { reason, personal, .. } => {
            vec![with("suppression_reason", json!(reason)), with("reason", said(personal))]
        }
        EmailEvent::BounceReceived { status, personal, .. } => vec![
            with("bounce_type", json!("hard")),
            with("bounce_code", json!(status)),
            with("bounce_message", said(personal)),
        ],
        EmailEvent::ComplaintReceived { feedback, personal, .. } => {
            vec![with("complaint_type", json!(feedback)), with("complaint_message", said(personal))]
        }
        EmailEvent::Opened { personal, .. } => read_by(personal.known()),
        EmailEvent::Clicked { link, personal, .. } => {
            let visit = personal.known();
            let mut particulars = read_by(visit.map(|visit| &visit.reader));
            particulars.push(with("link", json!(link)));
            particulars.push(with("url", json!(visit.map(|visit| &visit.url))));
            particulars
        }
        EmailEvent::DeliveryInterrupted { .. }
        | EmailEvent::RecipientDeferred { .. }
        | EmailEvent::DeliveryRescheduled { .. }
        | EmailEvent::Cancelled { .. }
        | EmailEvent::ContentRemoved { .. } => Vec::new(),
    }
}
