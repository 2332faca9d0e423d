//! How many bounces and complaints a tenant may have, read with all its faults.

use serde::Deserialize;
use utoipa::ToSchema;

use crate::http::field::{Faults, Field, Unknown, written};
use crate::values::{ReputationGuard, Share};

/// The longest window: thirty days.
const MOST_HOURS: u32 = 30 * 24;

/// How many bounces and complaints are borne, as shares of the recipients in a window of time; a share that is absent
/// is not looked at.
#[derive(Debug, Deserialize, ToSchema)]
pub struct ReputationBody {
    /// From this share of bounces on a `tenant.reputation_warned` is recorded, once a window.
    #[serde(default)]
    #[schema(value_type = Option<f64>, example = 0.05)]
    warn_bounce_rate: Field<f64>,
    /// From this share of bounces on sending is paused, until an admin resumes it.
    #[serde(default)]
    #[schema(value_type = Option<f64>, example = 0.1)]
    suspend_bounce_rate: Field<f64>,
    /// As for bounces.
    #[serde(default)]
    #[schema(value_type = Option<f64>, example = 0.001)]
    warn_complaint_rate: Field<f64>,
    /// As for bounces.
    #[serde(default)]
    #[schema(value_type = Option<f64>, example = 0.003)]
    suspend_complaint_rate: Field<f64>,
    /// How far is looked back.
    #[serde(default)]
    #[schema(value_type = u32, minimum = 1, maximum = 720, example = 24)]
    window_hours: Field<u32>,
    /// With fewer recipients in the window nothing happens.
    #[serde(default)]
    #[schema(value_type = u64, minimum = 1, example = 100)]
    min_recipients: Field<u64>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

written! {
    ReputationBody = "an object",
}

impl ReputationBody {
    pub(super) fn read(self, faults: &mut Faults) -> Option<ReputationGuard> {
        const INSIDE: &str = "settings.reputation.";
        faults.unknown(INSIDE, &self.unknown);
        let mut share = |field: Field<f64>, name: &str| {
            let name = format!("{INSIDE}{name}");
            let given = field.optional(&name, faults)?;
            faults.keep(&name, Share::new(given))
        };
        let warn_bounce_rate = share(self.warn_bounce_rate, "warn_bounce_rate");
        let suspend_bounce_rate = share(self.suspend_bounce_rate, "suspend_bounce_rate");
        let warn_complaint_rate = share(self.warn_complaint_rate, "warn_complaint_rate");
        let suspend_complaint_rate = share(self.suspend_complaint_rate, "suspend_complaint_rate");
        let (hours, least) =
            ("settings.reputation.window_hours", "settings.reputation.min_recipients");
        let window_hours = self.window_hours.required(hours, faults);
        let min_recipients = self.min_recipients.required(least, faults);
        if window_hours.is_some_and(|hours| !(1..=MOST_HOURS).contains(&hours)) {
            faults.add(hours, format!("give a whole number from 1 to {MOST_HOURS}"));
        }
        if min_recipients == Some(0) {
            faults.add(least, "give a whole number, 1 or more");
        }
        Some(ReputationGuard {
            warn_bounce_rate,
            suspend_bounce_rate,
            warn_complaint_rate,
            suspend_complaint_rate,
            window_hours: window_hours?,
            min_recipients: min_recipients?,
        })
    }
}
