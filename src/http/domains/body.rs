//! Which domain is asked for, read with all its faults.

use serde::Deserialize;
use utoipa::ToSchema;

use crate::http::field::{Faults, Field, Unknown};
use crate::http::problem::Problem;
use crate::values::HostName;

/// A new domain.
#[derive(Debug, Deserialize, ToSchema)]
pub struct AddDomainBody {
    /// A host name in any script.
    #[serde(default)]
    #[schema(value_type = String, example = "acme.com")]
    name: Field<String>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

impl AddDomainBody {
    /// Its name, or all that is wrong.
    pub(super) fn read(self) -> Result<HostName, Problem> {
        let mut faults = Faults::default();
        faults.unknown("", &self.unknown);
        let name = self.name.required("name", &mut faults);
        let name = name.and_then(|name| faults.keep("name", HostName::domain(&name)));
        faults.done(name)
    }
}
