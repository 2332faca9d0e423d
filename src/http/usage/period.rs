//! Which period is wanted, how far its numbers can be trusted, and when they do not change any more.

use std::time::Duration;

use serde::Deserialize;
use utoipa::IntoParams;

use crate::http::Api;
use crate::http::as_of::moment;
use crate::http::field::{Faults, Field, Unknown};
use crate::http::problem::Problem;
use crate::projections::runner::caught_up;
use crate::values::{Month, TenantId, Timestamp};

/// What was decided before midnight may be written a little later, and the nodes' clocks differ: only
/// so long after its end a period is closed.
const GRACE: Duration = Duration::from_secs(5 * 60);

/// Which period is wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct UsageQuery {
    /// A month such as `2024-01`; this one (UTC) if absent.
    #[serde(default)]
    #[param(value_type = Option<String>, example = "2024-01")]
    period: Field<String>,
    /// `day` adds the days.
    #[serde(default)]
    #[param(value_type = Option<String>, example = "day")]
    granularity: Field<String>,
    /// A moment that has passed, such as `2024-01-15T10:30:00Z`: one tenant's usage as it was then.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    at: Field<String>,
    #[serde(flatten)]
    #[param(ignore)]
    unknown: Unknown,
}

/// What is wanted of which period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) month: Month,
    pub(super) granularity: Granularity,
    /// As of when; none is the present.
    pub(super) at: Option<Timestamp>,
}

/// Whether days are wanted too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Granularity {
    Month,
    Day,
}

/// A period, and what of the log is known of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Known {
    pub(super) month: Month,
    /// All facts up to this moment are known.
    pub(super) as_of: Timestamp,
    /// All facts up to this position are known; none if it was asked by time.
    pub(super) position: Option<i64>,
    pub(super) is_final: bool,
}

impl Known {
    /// When what is not counted begins, of a span of time: the facts behind a number end there. Those of
    /// the last moment are in, and times are kept to the microsecond.
    pub(super) fn until(&self, (since, end): (Timestamp, Timestamp)) -> Timestamp {
        let counted = self.as_of.plus(Duration::from_micros(1));
        if counted > since { end.min(counted) } else { end }
    }
}

impl UsageQuery {
    pub(super) fn read(self, api: &Api) -> Result<Wanted, Problem> {
        let mut faults = Faults::default();
        faults.unknown("", &self.unknown);
        let now = api.clock.now();
        let month = self.period.parsed::<Month>("period", &mut faults);
        let granularity = match self.granularity.optional("granularity", &mut faults).as_deref() {
            None | Some("month") => Granularity::Month,
            Some("day") => Granularity::Day,
            Some(_) => {
                faults.add("granularity", "give month or day");
                Granularity::Month
            }
        };
        let at = moment(self.at, now, &mut faults);
        let month = month.unwrap_or_else(|| at.unwrap_or(now).month());
        faults.done(Some(Wanted { month, granularity, at }))
    }
}

/// How far the counts can be trusted that are read afterwards.
///
/// In this order: what is counted becomes a fact, what has ended is closed, and then the read model is to
/// know all. The other way round, a period could be called final without the facts that were written in
/// between.
pub(super) async fn known(
    api: &Api,
    month: Month,
    whose: Option<TenantId>,
) -> Result<Known, Problem> {
    let now = api.clock.now();
    let settling = api.meter.settling();
    // The request that asks has been counted already, so it finds itself.
    let counted = settling.settled(whose).await;
    let closed = closed(api, month, now).await?;
    let fresh = caught_up(&api.pool, "usage").await?;
    let counted_until = if counted { now } else { settling.until().unwrap_or(month.begin()) };
    let as_of = fresh.ignorant_since.unwrap_or(now).min(counted_until);
    let is_final = closed && fresh.caught_up;
    Ok(Known { month, as_of, position: None, is_final })
}

/// What was known at a moment: the facts themselves are read, so nothing has to be waited for.
pub(super) async fn known_at(api: &Api, month: Month, at: Timestamp) -> Result<Known, Problem> {
    let is_final = closed(api, month, at).await?;
    Ok(Known { month, as_of: at, position: None, is_final })
}

/// Closes a period that had ended by then, unless it is closed: whatever comes later is recorded later.
async fn closed(api: &Api, month: Month, then: Timestamp) -> Result<bool, Problem> {
    let ended = month.end().plus(GRACE) <= then;
    if ended {
        api.commands.store().close(month.end()).await?;
    }
    Ok(ended)
}
