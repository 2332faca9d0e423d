//! How usage looks in an answer.

use serde::Serialize;
use utoipa::ToSchema;

use super::period::{Granularity, Known};
use crate::projections::usage::{Counts, TenantUsage};
use crate::values::{Day, TenantId, Timestamp};

/// What one tenant used in a month.
#[derive(Debug, Serialize, ToSchema)]
pub struct UsageView {
    #[schema(example = "tenant_01h455vb4pex5vsknk084sn02q")]
    tenant_id: String,
    #[schema(example = "2024-01")]
    period: String,
    #[serde(flatten)]
    figures: FiguresView,
    /// All facts up to this moment are in here.
    #[schema(example = "2024-02-01T00:00:00Z")]
    as_of: String,
    /// All facts up to this position of the log are in here; absent if it was asked with `at`.
    #[serde(skip_serializing_if = "Option::is_none")]
    as_of_position: Option<i64>,
    /// The period has ended and is closed: it does not change any more.
    #[serde(rename = "final")]
    is_final: bool,
    /// Day by day, if asked for; days without any use are left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    days: Option<Vec<DayView>>,
}

/// Counts of a period with the facts behind them; recipients are the unit of mail.
#[derive(Debug, Serialize, ToSchema)]
pub struct FiguresView {
    /// Recipients accepted for sending.
    emails_sent: i64,
    /// Taken by a relay, less those that bounced later: those are taken off on the day of the bounce.
    emails_delivered: i64,
    /// Refused by a relay for good, at once or later.
    emails_bounced: i64,
    /// Given up.
    emails_failed: i64,
    /// Withdrawn before they left.
    emails_cancelled: i64,
    /// Authenticated requests of the tenant's keys.
    api_requests: i64,
    /// Left out, because their addresses are suppressed.
    emails_suppressed: i64,
    /// Called spam; they are counted as delivered or bounced, too.
    emails_complained: i64,
    links: LinksView,
}

/// Where the facts behind each number are.
#[derive(Debug, Serialize, ToSchema)]
pub struct LinksView {
    /// Each counts as many as it has recipients.
    #[schema(
        example = "/v1/tenant/events?type=email.accepted&since=2024-01-01T00:00:00Z&until=2024-02-01T00:00:00Z"
    )]
    emails_sent: String,
    /// Each counts one, and each `email.bounce_received` one less.
    emails_delivered: String,
    /// Each counts one.
    emails_bounced: String,
    /// Each counts one.
    emails_failed: String,
    /// Each counts as many as it has recipients.
    emails_cancelled: String,
    /// Each counts as many as its `requests`.
    api_requests: String,
    /// Each counts one.
    emails_suppressed: String,
    /// Each counts one.
    emails_complained: String,
}

/// What one tenant used on a day.
#[derive(Debug, Serialize, ToSchema)]
pub struct DayView {
    #[schema(example = "2024-01-15")]
    day: String,
    #[serde(flatten)]
    figures: FiguresView,
}

/// What every tenant used in a month.
#[derive(Debug, Serialize, ToSchema)]
pub struct AllUsageView {
    #[schema(example = "2024-01")]
    period: String,
    /// All facts up to this moment are in here; of a period that is not final perhaps later ones, too.
    as_of: String,
    /// All facts up to this position of the log are in here.
    as_of_position: Option<i64>,
    #[serde(rename = "final")]
    is_final: bool,
    // The last of the fields: it is written piece by piece.
    data: Vec<TenantUsageView>,
}

/// What the tenant of the key used, or what every tenant did.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum AnyUsageView {
    /// To a tenant's key.
    One(Box<UsageView>),
    /// To an admin.
    All(Box<AllUsageView>),
}

/// What one of all tenants used.
#[derive(Debug, Serialize, ToSchema)]
pub struct TenantUsageView {
    tenant_id: String,
    #[serde(flatten)]
    figures: FiguresView,
    /// Day by day, if asked for; days without any use are left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    days: Option<Vec<DayView>>,
}

impl FiguresView {
    /// Of a span of time.
    fn of(counts: Counts, known: &Known, (events, span): (&str, (Timestamp, Timestamp))) -> Self {
        let (since, until) = (span.0, known.until(span));
        let link = |kind: &str| format!("{events}?type={kind}&since={since}&until={until}");
        Self {
            emails_sent: counts.emails_sent,
            emails_delivered: counts.emails_delivered,
            emails_bounced: counts.emails_bounced,
            emails_failed: counts.emails_failed,
            emails_cancelled: counts.emails_cancelled,
            api_requests: counts.api_requests,
            emails_suppressed: counts.emails_suppressed,
            emails_complained: counts.emails_complained,
            links: LinksView {
                emails_sent: link("email.accepted"),
                emails_delivered: link("email.recipient_delivered,email.bounce_received"),
                emails_bounced: link("email.recipient_bounced,email.bounce_received"),
                emails_failed: link("email.recipient_failed"),
                emails_cancelled: link("email.cancelled"),
                api_requests: link("usage.api_requests_counted"),
                emails_suppressed: link("email.recipient_suppressed"),
                emails_complained: link("email.complaint_received"),
            },
        }
    }

    fn of_month(days: &[(Day, Counts)], known: &Known, events: &str) -> Self {
        let sum = days.iter().map(|(_, counts)| *counts).sum();
        Self::of(sum, known, (events, (known.month.begin(), known.month.end())))
    }
}

fn days_of(days: &[(Day, Counts)], known: &Known, events: &str) -> Vec<DayView> {
    let view = |(day, counts): &(Day, Counts)| DayView {
        day: day.to_string(),
        figures: FiguresView::of(*counts, known, (events, (day.begin(), day.end()))),
    };
    days.iter().map(view).collect()
}

impl UsageView {
    pub(super) fn of(
        tenant: TenantId,
        known: &Known,
        days: &[(Day, Counts)],
        events: &str,
    ) -> Self {
        Self {
            tenant_id: tenant.to_string(),
            period: known.month.to_string(),
            figures: FiguresView::of_month(days, known, events),
            as_of: known.as_of.to_string(),
            as_of_position: known.position,
            is_final: known.is_final,
            days: None,
        }
    }

    pub(super) fn with_days(self, known: &Known, days: &[(Day, Counts)], events: &str) -> Self {
        Self { days: Some(days_of(days, known, events)), ..self }
    }
}

impl AllUsageView {
    /// Without the tenants.
    pub(super) fn of(known: &Known) -> Self {
        Self {
            period: known.month.to_string(),
            as_of: known.as_of.to_string(),
            as_of_position: known.position,
            is_final: known.is_final,
            data: Vec::new(),
        }
    }
}

impl TenantUsageView {
    pub(super) fn of(usage: TenantUsage, known: &Known, granularity: Granularity) -> Self {
        let TenantUsage { tenant_id, days } = usage;
        let events = format!("/v1/tenants/{tenant_id}/events");
        Self {
            figures: FiguresView::of_month(&days, known, &events),
            days: match granularity {
                Granularity::Month => None,
                Granularity::Day => Some(days_of(&days, known, &events)),
            },
            tenant_id,
        }
    }
}
