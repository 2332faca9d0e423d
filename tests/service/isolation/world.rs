//! What the routes are asked about: two tenants, each with a key to spare and a mail that waits.

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::table::Route;
use crate::app::{Answer, App, Caller, Tenant};

/// Every permission but the one that means all of them.
pub(super) const PERMISSIONS: [&str; 14] = [
    "send",
    "emails:read",
    "templates:read",
    "templates:write",
    "webhooks:read",
    "webhooks:write",
    "domains:read",
    "domains:write",
    "api-keys:read",
    "api-keys:write",
    "logs:read",
    "usage:read",
    "suppressions:read",
    "suppressions:write",
];

/// A tenant with something of everything.
pub(crate) struct World {
    pub(crate) tenant: Tenant,
    /// A key to spare.
    pub(super) key: String,
    /// A mail that waits.
    pub(super) email: String,
    /// A domain that it has added.
    pub(super) domain: String,
    /// A template.
    pub(super) template: String,
    /// A webhook.
    pub(super) webhook: String,
    /// What it is told of that mail.
    pub(super) delivery: String,
    /// Where the fact of its acceptance stands in the log.
    position: i64,
    /// An address on its suppression list.
    suppressed: String,
}

/// The ids that stand in a path.
#[derive(Clone, Debug)]
pub(crate) struct Ids {
    pub(super) tenant: String,
    pub(super) key: String,
    pub(super) email: String,
    pub(super) domain: String,
    pub(super) template: String,
    pub(super) position: i64,
    pub(super) suppressed: String,
    pub(super) webhook: String,
    pub(super) delivery: String,
}

impl World {
    pub(crate) async fn new(app: &App, domain: &str) -> Self {
        let world = Self::without_added_domain(app, domain).await;
        let added = json!({"name": format!("added-{domain}")});
        let added = world.tenant.caller.post("/v1/domains", &added).await.expect(201);
        Self { domain: added.text_at("/id"), ..world }
    }

    /// The same without a domain that was added, whose keys take a while to make.
    pub(crate) async fn without_added_domain(app: &App, domain: &str) -> Self {
        let tenant = app.tenant(domain).await;
        let key = app.key(&tenant.id, &["api-keys:write"]).await.text_at("/id");
        // Nobody listens there.
        let asked = json!({"url": "http://127.0.0.1:9/", "events": ["queued"]});
        let webhook = tenant.caller.post("/v1/webhooks", &asked).await.expect(201).text_at("/id");
        let later = json!({"scheduled_at": "2024-01-20T00:00:00Z"});
        let email = tenant.sends(&tenant.hello_with(&later)).await;
        let position = sqlx::query_scalar("select position from events where stream_id = $1");
        let position = position.bind(&email).fetch_one(&app.pool).await.unwrap();
        let suppressed = format!("left@customers-of-{domain}");
        let asked = json!({"address": suppressed});
        tenant.caller.post("/v1/suppressions", &asked).await.expect(201);
        let template = json!({"name": "welcome", "text": "Hello {{name}}"});
        let template = tenant.caller.post("/v1/templates", &template).await.expect(201);
        let template = template.text_at("/id");
        let told = tenant.caller.get(&format!("/v1/webhooks/{webhook}/logs")).await.expect(200);
        let delivery = told.text_at("/data/0/id");
        // An id that nobody has.
        let domain = "dom_01hm6v6z4pex5vsknk084sn02q".to_owned();
        Self { tenant, key, email, domain, template, webhook, delivery, position, suppressed }
    }

    pub(crate) fn ids(&self) -> Ids {
        let (tenant, key) = (self.tenant.id.clone(), self.key.clone());
        let suppressed = self.suppressed.clone();
        let (email, domain) = (self.email.clone(), self.domain.clone());
        let template = self.template.clone();
        let (webhook, delivery) = (self.webhook.clone(), self.delivery.clone());
        let position = self.position;
        Ids { tenant, key, email, domain, template, position, suppressed, webhook, delivery }
    }

    /// The body of a route, as this tenant would send it.
    pub(super) fn body(&self, route: &Route) -> Option<Value> {
        let mut body = route.body.clone()?;
        self.fill(&mut body);
        Some(body)
    }

    fn fill(&self, value: &mut Value) {
        match value {
            Value::String(text) if text == "FROM" => {
                *text = format!("hello@{}", self.tenant.domain);
            }
            Value::String(text) if text == "NEW" => {
                *text = format!("new-{}", self.tenant.domain);
            }
            Value::Array(values) => values.iter_mut().for_each(|value| self.fill(value)),
            Value::Object(values) => values.values_mut().for_each(|value| self.fill(value)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
}

impl Route {
    /// Its path with these ids.
    pub(crate) fn filled(&self, ids: &Ids) -> String {
        let id = if self.path.starts_with("/v1/tenants") {
            &ids.tenant
        } else if self.path.starts_with("/dev") {
            "1"
        } else if self.path.starts_with("/v1/templates") {
            &ids.template
        } else if self.path.starts_with("/v1/webhooks") {
            &ids.webhook
        } else {
            &ids.email
        };
        self.path
            .replace("{id}", id)
            .replace("{key_id}", &ids.key)
            .replace("{email_id}", &ids.email)
            .replace("{address}", &ids.suppressed)
            .replace("{domain_id}", &ids.domain)
            .replace("{delivery_id}", &ids.delivery)
            + &self.query.replace("{position}", &ids.position.to_string())
    }

    /// Asks.
    pub(super) async fn ask(&self, caller: &Caller, path: &str, body: Option<&Value>) -> Answer {
        let request = caller.request(Method::from_bytes(self.method.as_bytes()).unwrap(), path);
        caller.send(body.iter().fold(request, RequestBuilder::json)).await
    }
}

/// All of an error but the request's own id.
pub(super) fn anonymous(answer: &Answer) -> (u16, Value) {
    let mut body = answer.body.clone();
    assert!(answer.text_at("/error/request_id").len() >= 16);
    body["error"]["request_id"] = Value::Null;
    (answer.status, body)
}
