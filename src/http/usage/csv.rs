//! Usage as RFC 4180 has it. No value holds a comma or a quote: they are ids, numbers, times and paths.

use std::fmt::Write as _;

use super::period::{Granularity, Known};
use crate::projections::usage::{Counts, TenantUsage};
use crate::values::{Day, Timestamp};

/// The names of the columns.
pub(super) fn head(granularity: Granularity) -> String {
    let day = match granularity {
        Granularity::Month => "",
        Granularity::Day => "day,",
    };
    format!(
        "tenant_id,period,{day}emails_sent,emails_delivered,emails_bounced,emails_failed,\
         emails_cancelled,api_requests,as_of,final,as_of_position,events,emails_suppressed,\
         emails_complained\r\n"
    )
}

/// A tenant's month, or each of its days on which there was something.
pub(super) fn lines(
    text: &mut String,
    known: &Known,
    granularity: Granularity,
    TenantUsage { tenant_id, days }: &TenantUsage,
) {
    match granularity {
        Granularity::Month => {
            let sum = days.iter().map(|(_, counts)| *counts).sum();
            line(text, known, tenant_id, (None, sum));
        }
        Granularity::Day => {
            for (day, counts) in days {
                line(text, known, tenant_id, (Some(*day), *counts));
            }
        }
    }
}

fn line(text: &mut String, known: &Known, tenant: &str, (day, counts): (Option<Day>, Counts)) {
    let span: (Timestamp, Timestamp) = match day {
        Some(day) => (day.begin(), day.end()),
        None => (known.month.begin(), known.month.end()),
    };
    let (since, until) = (span.0, known.until(span));
    let day = day.map(|day| format!("{day},")).unwrap_or_default();
    // Writing to a String cannot fail.
    let _ = write!(
        text,
        "{tenant},{},{day}{},{},{},{},{},{},{},{},{},\
         /v1/tenants/{tenant}/events?since={since}&until={until},{},{}\r\n",
        known.month,
        counts.emails_sent,
        counts.emails_delivered,
        counts.emails_bounced,
        counts.emails_failed,
        counts.emails_cancelled,
        counts.api_requests,
        known.as_of,
        known.is_final,
        known.position.unwrap_or_default(),
        counts.emails_suppressed,
        counts.emails_complained,
    );
}
