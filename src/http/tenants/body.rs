//! What is asked of a tenant, read with all its faults.

use std::fmt;

use serde::{Deserialize, Deserializer};
use utoipa::ToSchema;

use super::reputation::ReputationBody;
use crate::commands::tenant::{
    Change, CreateTenant, RateLimitChange, RelayChange, SettingsChange, UpdateTenant,
};
use crate::http::field::{Faults, Field, Unknown, parsed, within, written};
use crate::http::problem::Problem;
use crate::values::{HostName, RateLimit, Secret, SecretKey, TenantId, TenantSettings, Tracking};

/// A tenant, or changes of one: what is absent stays, `null` clears.
#[derive(Debug, Deserialize, ToSchema)]
pub struct TenantBody {
    /// 1 to 200 characters; a new tenant needs one.
    #[serde(default)]
    #[schema(value_type = String, example = "Acme Corp")]
    name: Field<String>,
    /// The domain that it sends from; one tenant has it at a time.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "acme.com")]
    domain: Field<String>,
    #[serde(default)]
    #[schema(value_type = Option<SettingsBody>)]
    settings: Field<SettingsBody>,
    #[serde(default)]
    #[schema(value_type = Option<SmtpBody>)]
    smtp: Field<SmtpBody>,
    #[serde(default)]
    #[schema(value_type = Option<RateLimitBody>)]
    rate_limit: Field<RateLimitBody>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

/// Defaults for new mail.
#[derive(Debug, Deserialize, ToSchema)]
pub struct SettingsBody {
    /// The name that recipients see.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "Acme")]
    from_name: Field<String>,
    /// The default sender.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "hello@acme.com")]
    from_address: Field<String>,
    /// Where answers go.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "support@acme.com")]
    reply_to: Field<String>,
    #[serde(default)]
    #[schema(value_type = Option<TrackingBody>)]
    tracking: Field<TrackingBody>,
    #[serde(default)]
    #[schema(value_type = Option<ReputationBody>)]
    reputation: Field<ReputationBody>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

/// What is tracked of an email's reading.
#[derive(Debug, Deserialize, ToSchema)]
pub struct TrackingBody {
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

/// A relay of the tenant's own.
#[derive(Debug, Deserialize, ToSchema)]
pub struct SmtpBody {
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "smtp.acme.com")]
    host: Field<String>,
    /// 587 unless TLS comes first (465) or never (25).
    #[serde(default)]
    #[schema(value_type = Option<u16>, example = 587)]
    port: Field<u16>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    user: Field<String>,
    /// Sealed before it is kept, and never shown again.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pass: Field<Password>,
    /// `starttls` (default), `implicit` or `none`.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    tls: Field<String>,
    /// Connections at most, 1 to 100.
    #[serde(default)]
    #[schema(value_type = Option<u16>)]
    pool_size: Field<u16>,
    /// How many mails a second the relay takes.
    #[serde(default)]
    #[schema(value_type = Option<f64>)]
    messages_per_second: Field<f64>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

/// Limits.
#[derive(Debug, Deserialize, ToSchema)]
pub struct RateLimitBody {
    #[serde(default)]
    #[schema(value_type = Option<u32>)]
    requests_per_minute: Field<u32>,
    /// Recipients in a day of UTC.
    #[serde(default)]
    #[schema(value_type = Option<u64>)]
    emails_per_day: Field<u64>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

/// A password on its way to be sealed.
pub struct Password(Secret);

impl<'de> Deserialize<'de> for Password {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from).map(|text| Self(Secret::new(text)))
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

written! {
    SettingsBody = "an object",
    TrackingBody = "an object",
    SmtpBody = "an object",
    RateLimitBody = "an object",
    Password = "a string",
}

impl TenantBody {
    /// The command for a new tenant, or all that is wrong.
    pub fn into_creation(
        self,
        tenant: TenantId,
        secrets: &SecretKey,
    ) -> Result<CreateTenant, Problem> {
        let mut faults = Faults::default();
        if matches!(self.name, Field::Absent | Field::Null) {
            faults.add("name", "this field is required");
        }
        let change = self.read(&mut faults, tenant, secrets);
        let command = change.name.map(|name| CreateTenant {
            tenant,
            name,
            domain: change.domain.over(None),
            settings: change
                .settings
                .over(None)
                .unwrap_or_default()
                .over(&TenantSettings::default()),
            relay: change.relay.over(None),
            rate_limit: change
                .rate_limit
                .over(None)
                .unwrap_or_default()
                .over(&RateLimit::default()),
        });
        faults.done(command)
    }

    /// The command for changes, or all that is wrong.
    pub fn into_change(
        self,
        tenant: TenantId,
        secrets: &SecretKey,
    ) -> Result<UpdateTenant, Problem> {
        let mut faults = Faults::default();
        if matches!(self.name, Field::Null) {
            faults.add("name", "a tenant always has a name");
        }
        let change = self.read(&mut faults, tenant, secrets);
        faults.done(Some(change))
    }

    fn read(self, faults: &mut Faults, tenant: TenantId, secrets: &SecretKey) -> UpdateTenant {
        faults.unknown("", &self.unknown);
        let name = self.name.optional("name", faults);
        let domain = self.domain.change("domain", faults);
        let settings = self.settings.change("settings", faults);
        let relay = self.smtp.change("smtp", faults);
        let limits = self.rate_limit.change("rate_limit", faults);
        UpdateTenant {
            tenant,
            name: name.and_then(|name| faults.line("name", &name, 200)),
            domain: parsed(domain, "domain", faults, |text| HostName::domain(&text)),
            settings: within(settings, |body| body.read(faults)),
            relay: within(relay, |body| body.read(faults, tenant, secrets)),
            rate_limit: within(limits, |body| body.read(faults)),
        }
    }
}

impl SettingsBody {
    fn read(self, faults: &mut Faults) -> SettingsChange {
        faults.unknown("settings.", &self.unknown);
        let from_name = self.from_name.change("settings.from_name", faults);
        let from_address = self.from_address.change("settings.from_address", faults);
        let reply_to = self.reply_to.change("settings.reply_to", faults);
        let tracking = self.tracking.change("settings.tracking", faults);
        let reputation = self.reputation.change("settings.reputation", faults);
        SettingsChange {
            from_name: faults.line_change("settings.from_name", from_name, 200),
            from_address: parsed(from_address, "settings.from_address", faults, |s| s.parse()),
            reply_to: parsed(reply_to, "settings.reply_to", faults, |s| s.parse()),
            tracking: within(tracking, |body| body.read(faults)),
            reputation: match reputation {
                Change::Keep => Change::Keep,
                Change::Clear => Change::Clear,
                Change::Set(body) => body.read(faults).map_or(Change::Keep, Change::Set),
            },
        }
    }
}

impl TrackingBody {
    fn read(self, faults: &mut Faults) -> Tracking {
        faults.unknown("settings.tracking.", &self.unknown);
        Tracking {
            opens: self.opens.optional("settings.tracking.opens", faults).unwrap_or(false),
            clicks: self.clicks.optional("settings.tracking.clicks", faults).unwrap_or(false),
        }
    }
}

impl SmtpBody {
    fn read(self, faults: &mut Faults, tenant: TenantId, secrets: &SecretKey) -> RelayChange {
        faults.unknown("smtp.", &self.unknown);
        if matches!(self.host, Field::Null) {
            faults.add("smtp.host", "a relay has a host; to have no relay, give \"smtp\": null");
        }
        let host = self.host.optional("smtp.host", faults);
        let user = self.user.change("smtp.user", faults);
        let password = self.pass.change("smtp.pass", faults);
        let tls = self.tls.change("smtp.tls", faults);
        let port = self.port.change("smtp.port", faults);
        let pool_size = self.pool_size.change("smtp.pool_size", faults);
        let pace = self.messages_per_second.change("smtp.messages_per_second", faults);
        let owner = tenant.to_string();
        RelayChange {
            host: host.and_then(|text| faults.keep("smtp.host", HostName::relay_host(&text))),
            port: parsed(port, "smtp.port", faults, |port| from_one(port, u16::MAX)),
            user: faults.line_change("smtp.user", user, 320),
            password: parsed(password, "smtp.pass", faults, |Password(secret)| {
                let line = secret.expose();
                if line.is_empty() || line.len() > 1_000 || line.contains(['\0', '\r', '\n']) {
                    return Err("give 1 to 1000 characters in one line".to_owned());
                }
                secrets.seal(&owner, line).map_err(|error| error.to_string())
            }),
            tls: parsed(tls, "smtp.tls", faults, |text| text.parse()),
            pool_size: parsed(pool_size, "smtp.pool_size", faults, |size| from_one(size, 100)),
            messages_per_second: parsed(pace, "smtp.messages_per_second", faults, |pace| {
                let fits = (0.001..=100_000.0).contains(&pace);
                if fits { Ok(pace) } else { Err("give a number from 0.001 to 100000") }
            }),
        }
    }
}

fn from_one(number: u16, most: u16) -> Result<u16, String> {
    let fits = (1..=most).contains(&number);
    if fits { Ok(number) } else { Err(format!("give a whole number from 1 to {most}")) }
}

impl RateLimitBody {
    fn read(self, faults: &mut Faults) -> RateLimitChange {
        faults.unknown("rate_limit.", &self.unknown);
        let (requests, emails) = ("rate_limit.requests_per_minute", "rate_limit.emails_per_day");
        let per_minute = self.requests_per_minute.change(requests, faults);
        let per_day = self.emails_per_day.change(emails, faults);
        let wanted = "give a whole number from 1 to 1000000000; null for no limit of its own";
        RateLimitChange {
            requests_per_minute: parsed(per_minute, requests, faults, |number| {
                if (1..=1_000_000_000).contains(&number) { Ok(number) } else { Err(wanted) }
            }),
            emails_per_day: parsed(per_day, emails, faults, |number| {
                let most = 1_000_000_000_000;
                if number <= most { Ok(number) } else { Err("give a whole number up to 10^12") }
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets() -> SecretKey {
        SecretKey::new("0123456789abcdef0123456789abcdef").unwrap()
    }

    fn faults(json: serde_json::Value) -> Vec<String> {
        let body: TenantBody = serde_json::from_value(json).unwrap();
        let tenant = TenantId::from_uuid(uuid::Uuid::nil());
        let problem = body.into_creation(tenant, &secrets()).unwrap_err();
        problem.details.into_iter().map(|detail| detail.field).collect()
    }

    #[test]
    fn all_faults_are_told_at_once() {
        let told = faults(serde_json::json!({
            "domain": "nodots", "nmae": "x",
            "settings": {"from_name": 7, "reply_to": "a\r\nb"},
            "smtp": {"host": "x:25", "port": 0, "pass": 12, "tls": "ssl", "pool_size": 101},
            "rate_limit": {"requests_per_minute": -1, "emails_per_day": 1e30},
        }));
        for field in [
            "name",
            "domain",
            "nmae",
            "settings.from_name",
            "settings.reply_to",
            "smtp.host",
            "smtp.port",
            "smtp.pass",
            "smtp.tls",
            "smtp.pool_size",
            "rate_limit.requests_per_minute",
            "rate_limit.emails_per_day",
        ] {
            assert!(told.iter().any(|one| one == field), "{field} is not among {told:?}");
        }
    }

    #[test]
    fn a_wrong_password_is_not_repeated() {
        let json = serde_json::json!({"name": "A", "smtp": {"host": "a.com", "pass": ["hunter2"]}});
        let body: TenantBody = serde_json::from_value(json).unwrap();
        let tenant = TenantId::from_uuid(uuid::Uuid::nil());
        let problem = body.into_creation(tenant, &secrets()).unwrap_err();
        assert!(!format!("{problem:?}").contains("hunter2"));
    }
}
