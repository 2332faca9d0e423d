//! What an email's sender wants tracked of it, instead of what its tenant wants.

use serde::Deserialize;
use utoipa::ToSchema;

use crate::commands::email::Draft;
use crate::http::Api;
use crate::http::field::{Faults, Field, Unknown, written};
use crate::http::problem::{Detail, Problem};
use crate::values::TrackingWish;

/// What is tracked of this email; what is absent is as the tenant's settings say.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct TrackingWishBody {
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    opens: Field<bool>,
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    clicks: Field<bool>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

written! {
    TrackingWishBody = "an object with opens and clicks",
}

impl TrackingWishBody {
    pub(super) fn read(self, faults: &mut Faults) -> TrackingWish {
        faults.unknown("tracking.", &self.unknown);
        TrackingWish {
            opens: self.opens.optional("tracking.opens", faults),
            clicks: self.clicks.optional("tracking.clicks", faults),
        }
    }
}

/// The draft, if what it wants tracked can be: links need an address that recipients reach.
pub(super) fn possible(api: &Api, mut draft: Draft) -> Result<Draft, Problem> {
    if api.public_url.is_some() {
        return Ok(draft);
    }
    let wanted =
        [("tracking.opens", draft.tracking.opens), ("tracking.clicks", draft.tracking.clicks)];
    let wanted: Vec<Detail> = wanted
        .into_iter()
        .filter(|(_, wanted)| *wanted == Some(true))
        .map(|(field, _)| Detail {
            field: field.to_owned(),
            message: "nothing can be tracked until the operator has set PUBLIC_URL".to_owned(),
        })
        .collect();
    if !wanted.is_empty() {
        return Err(Problem::invalid(wanted));
    }
    draft.tracking = TrackingWish::OFF;
    Ok(draft)
}
