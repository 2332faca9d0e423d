//! A tenant with a key that may do everything.

use serde_json::{Value, json};

use super::{Answer, App, Caller};

/// A tenant, and somebody who asks for it.
pub(crate) struct Tenant {
    pub(crate) id: String,
    pub(crate) domain: String,
    /// The key's id.
    pub(crate) key_id: String,
    /// The key's token.
    pub(crate) token: String,
    /// Somebody with that key.
    pub(crate) caller: Caller,
}

impl Tenant {
    pub(super) async fn create(app: &App, domain: &str) -> Self {
        let asked = json!({"name": format!("Tenant of {domain}"), "domain": domain});
        let id = app.admin().post("/v1/tenants", &asked).await.expect(201).text_at("/id");
        let key = app.key(&id, &["*"]).await;
        let token = key.text_at("/key");
        let caller = app.caller(&token);
        Self { id, domain: domain.to_owned(), key_id: key.text_at("/id"), token, caller }
    }

    /// The path of something of this tenant's, for an admin.
    pub(crate) fn path(&self, rest: &str) -> String {
        format!("/v1/tenants/{}{rest}", self.id)
    }

    /// A plain email from this tenant.
    pub(crate) fn hello(&self) -> Value {
        json!({
            "from": format!("hello@{}", self.domain),
            "to": "ann@example.org",
            "subject": "Hello",
            "text": "Hello, Ann",
        })
    }

    /// The same with other fields.
    pub(crate) fn hello_with(&self, fields: &Value) -> Value {
        let mut email = self.hello();
        for (name, value) in fields.as_object().unwrap() {
            email[name] = value.clone();
        }
        email
    }

    /// Sends an email, which is accepted; its id.
    pub(crate) async fn sends(&self, email: &Value) -> String {
        self.caller.post("/v1/send", email).await.expect(202).text_at("/id")
    }

    /// An email as it is now.
    pub(crate) async fn email(&self, id: &str) -> Answer {
        self.caller.get(&format!("/v1/emails/{id}")).await.expect(200)
    }
}

impl App {
    /// A new key of a tenant: the whole answer.
    pub(crate) async fn key(&self, tenant: &str, permissions: &[&str]) -> Answer {
        let asked = json!({"name": "Test", "permissions": permissions});
        self.admin().post(&format!("/v1/tenants/{tenant}/api-keys"), &asked).await.expect(201)
    }

    /// Somebody with a new key of a tenant.
    pub(crate) async fn caller_with(&self, tenant: &str, permissions: &[&str]) -> Caller {
        self.caller(&self.key(tenant, permissions).await.text_at("/key"))
    }
}
