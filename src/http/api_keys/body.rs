//! What is asked of a key, read with all its faults.

use std::time::Duration;

use serde::Deserialize;
use utoipa::ToSchema;

use crate::commands::api_key::NewKey;
use crate::http::field::{Faults, Field, Unknown};
use crate::http::problem::Problem;
use crate::values::{HostName, Permission, Permissions, Timestamp};

/// How long a key that has a successor still works, unless somebody says otherwise.
const GRACE: u64 = 24 * 60 * 60;

/// The longest such time.
const LONGEST_GRACE: u64 = 30 * 24 * 60 * 60;

/// Domains that one key can be bound to.
const MOST_DOMAINS: usize = 100;

/// A new key.
#[derive(Debug, Deserialize, ToSchema)]
pub struct CreateKeyBody {
    /// 1 to 200 characters.
    #[serde(default)]
    #[schema(value_type = String, example = "Production")]
    name: Field<String>,
    /// What it may do, at least one thing.
    #[serde(default)]
    #[schema(value_type = Vec<String>, example = json!(["send", "templates:read"]))]
    permissions: Field<Vec<String>>,
    /// When it stops by itself.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "2030-01-01T00:00:00Z")]
    expires_at: Field<String>,
    /// If given, it may send from these domains only.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    allowed_domains: Field<Vec<String>>,
    /// Whose; under `/v1/api-keys` an admin must name it.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    tenant_id: Field<String>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

/// How a key is rotated.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct RotateKeyBody {
    /// How long the old key still works, in seconds; a day if absent.
    #[serde(default)]
    #[schema(value_type = Option<u64>, maximum = 2_592_000)]
    grace_seconds: Field<u64>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

impl CreateKeyBody {
    /// Whose key it is to be, if that is said, and what; or all that is wrong.
    pub(super) fn read(self) -> Result<(Option<String>, NewKey), Problem> {
        let mut faults = Faults::default();
        faults.unknown("", &self.unknown);
        let name = self.name.required("name", &mut faults);
        let name = name.and_then(|name| faults.line("name", &name, 200));
        let permissions = self.permissions.required("permissions", &mut faults);
        let permissions = permissions.map(|names| permitted(&names, &mut faults));
        let expires_at = self.expires_at.parsed::<Timestamp>("expires_at", &mut faults);
        let domains = self.allowed_domains.optional("allowed_domains", &mut faults);
        let allowed_domains = domains.map(|names| domains_of(&names, &mut faults));
        let owner = self.tenant_id.optional("tenant_id", &mut faults);
        let new = name.zip(permissions).map(|(name, permissions)| NewKey {
            name,
            permissions,
            expires_at,
            allowed_domains,
        });
        faults.done(new.map(|new| (owner, new)))
    }
}

fn permitted(names: &[String], faults: &mut Faults) -> Permissions {
    if names.is_empty() {
        faults.add("permissions", "give at least one permission, such as send");
    }
    for (place, name) in names.iter().enumerate() {
        faults.keep(&format!("permissions[{place}]"), name.parse::<Permission>());
    }
    Permissions::parse(names).unwrap_or_default()
}

fn domains_of(names: &[String], faults: &mut Faults) -> Vec<HostName> {
    if names.is_empty() {
        faults.add("allowed_domains", "give at least one domain, or leave the field out");
    }
    if names.len() > MOST_DOMAINS {
        faults.add("allowed_domains", format!("too many domains: at most {MOST_DOMAINS}"));
        return Vec::new();
    }
    let each = names.iter().enumerate().map(|(place, name)| {
        faults.keep(&format!("allowed_domains[{place}]"), HostName::domain(name))
    });
    each.collect::<Vec<_>>().into_iter().flatten().collect()
}

impl RotateKeyBody {
    /// How long the old key still works.
    pub(super) fn read(self) -> Result<Duration, Problem> {
        let mut faults = Faults::default();
        faults.unknown("", &self.unknown);
        let grace = self.grace_seconds.optional("grace_seconds", &mut faults).unwrap_or(GRACE);
        if grace > LONGEST_GRACE {
            faults.add("grace_seconds", format!("give at most {LONGEST_GRACE}, which is 30 days"));
        }
        faults.done(Some(Duration::from_secs(grace)))
    }
}
