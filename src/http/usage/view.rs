//! How usage looks in an answer.

use std::fmt::Write as _;

use serde::Serialize;
use utoipa::ToSchema;

use crate::projections::usage::{Counts, TenantUsage};
use crate::values::{Day, Month, TenantId, Timestamp};

/// A period, and how far its counts can be trusted.
pub(super) struct Asked {
    pub(super) month: Month,
    pub(super) as_of: Timestamp,
    pub(super) is_final: bool,
}

/// What one tenant used in a month.
#[derive(Debug, Serialize, ToSchema)]
pub struct UsageView {
    #[schema(example = "tenant_01h455vb4pex5vsknk084sn02q")]
    tenant_id: String,
    #[schema(example = "2024-01")]
    period: String,
    #[serde(flatten)]
    counts: CountsView,
    /// All facts up to this moment are in here.
    #[schema(example = "2024-02-01T00:00:00Z")]
    as_of: String,
    /// The period has ended and all its facts are in here: it does not change any more.
    #[serde(rename = "final")]
    is_final: bool,
    /// Day by day, if asked for; days without any use are left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    days: Option<Vec<DayView>>,
}

/// Counts of a period; recipients are the unit of mail.
#[derive(Debug, Serialize, ToSchema)]
pub struct CountsView {
    /// Recipients accepted for sending.
    emails_sent: i64,
    /// Taken by a relay.
    emails_delivered: i64,
    /// Refused by a relay for good.
    emails_bounced: i64,
    /// Given up.
    emails_failed: i64,
    /// Withdrawn before they left.
    emails_cancelled: i64,
    /// Authenticated requests of the tenant's keys.
    api_requests: i64,
}

/// What one tenant used on a day.
#[derive(Debug, Serialize, ToSchema)]
pub struct DayView {
    #[schema(example = "2024-01-15")]
    day: String,
    #[serde(flatten)]
    counts: CountsView,
}

/// What every tenant used in a month.
#[derive(Debug, Serialize, ToSchema)]
pub struct AllUsageView {
    #[schema(example = "2024-01")]
    period: String,
    as_of: String,
    #[serde(rename = "final")]
    is_final: bool,
    data: Vec<TenantUsageView>,
}

/// What one of all tenants used.
#[derive(Debug, Serialize, ToSchema)]
pub struct TenantUsageView {
    tenant_id: String,
    #[serde(flatten)]
    counts: CountsView,
}

impl From<Counts> for CountsView {
    fn from(counts: Counts) -> Self {
        Self {
            emails_sent: counts.emails_sent,
            emails_delivered: counts.emails_delivered,
            emails_bounced: counts.emails_bounced,
            emails_failed: counts.emails_failed,
            emails_cancelled: counts.emails_cancelled,
            api_requests: counts.api_requests,
        }
    }
}

impl UsageView {
    pub(super) fn of(tenant: TenantId, asked: &Asked, days: &[(Day, Counts)]) -> Self {
        Self {
            tenant_id: tenant.to_string(),
            period: asked.month.to_string(),
            counts: days.iter().map(|(_, counts)| *counts).sum::<Counts>().into(),
            as_of: asked.as_of.to_string(),
            is_final: asked.is_final,
            days: None,
        }
    }

    pub(super) fn with_days(self, days: &[(Day, Counts)]) -> Self {
        let view = |(day, counts): &(Day, Counts)| DayView {
            day: day.to_string(),
            counts: (*counts).into(),
        };
        Self { days: Some(days.iter().map(view).collect()), ..self }
    }
}

impl AllUsageView {
    pub(super) fn of(asked: &Asked, all: Vec<TenantUsage>) -> Self {
        let view = |one: TenantUsage| TenantUsageView {
            tenant_id: one.tenant_id,
            counts: one.counts.into(),
        };
        Self {
            period: asked.month.to_string(),
            as_of: asked.as_of.to_string(),
            is_final: asked.is_final,
            data: all.into_iter().map(view).collect(),
        }
    }

    /// As RFC 4180 has it. No value holds a comma or a quote: they are ids, numbers and times.
    pub(super) fn csv(&self) -> String {
        let mut text = String::from(
            "tenant_id,period,emails_sent,emails_delivered,emails_bounced,emails_failed,\
             emails_cancelled,api_requests,as_of,final\r\n",
        );
        for TenantUsageView { tenant_id, counts } in &self.data {
            // Writing to a String cannot fail.
            let _ = write!(
                text,
                "{tenant_id},{},{},{},{},{},{},{},{},{}\r\n",
                self.period,
                counts.emails_sent,
                counts.emails_delivered,
                counts.emails_bounced,
                counts.emails_failed,
                counts.emails_cancelled,
                counts.api_requests,
                self.as_of,
                self.is_final
            );
        }
        text
    }
}
