//! A tenant with a key that may do everything.

use serde_json::{Value, json};

use super::{Answer, Caller, PATIENCE, Service, within};

/// A tenant, and somebody who asks one of the services for it.
pub(crate) struct Tenant {
    pub(crate) id: String,
    /// The key's id.
    pub(crate) key_id: String,
    /// The key's token.
    pub(crate) token: String,
    /// Somebody with that key.
    pub(crate) caller: Caller,
    domain: String,
}

impl Tenant {
    /// Made by an admin, and asked for at a service.
    pub(crate) async fn create_by(admin: &Caller, service: &Service, domain: &str) -> Self {
        let asked = json!({"name": format!("Tenant of {domain}"), "domain": domain});
        let id = admin.post("/v1/tenants", &asked).await.expect(201).text_at("/id");
        let asked = json!({"name": "Test", "permissions": ["*"]});
        let key = admin.post(&format!("/v1/tenants/{id}/api-keys"), &asked).await.expect(201);
        let (token, key_id) = (key.text_at("/key"), key.text_at("/id"));
        let caller = service.caller(&token);
        Self { id, key_id, token, caller, domain: domain.to_owned() }
    }

    /// The same tenant at another service, or at one that was started again.
    pub(crate) fn at(&self, service: &Service) -> Self {
        Self {
            id: self.id.clone(),
            key_id: self.key_id.clone(),
            token: self.token.clone(),
            caller: service.caller(&self.token),
            domain: self.domain.clone(),
        }
    }

    /// An email with this subject to these recipients.
    pub(crate) fn email_to(&self, subject: &str, to: &[&str]) -> Value {
        let from = format!("hello@{}", self.domain);
        json!({"from": from, "to": to, "subject": subject, "text": "Hello"})
    }

    /// A plain email with this subject.
    pub(crate) fn email(&self, subject: &str) -> Value {
        self.email_to(subject, &["ann@example.org"])
    }

    /// Sends a plain email, which is accepted; its id.
    pub(crate) async fn sends(&self, subject: &str) -> String {
        self.caller.post("/v1/send", &self.email(subject)).await.expect(202).text_at("/id")
    }

    /// An email as it is now.
    pub(crate) async fn look(&self, id: &str) -> Answer {
        self.caller.get(&format!("/v1/emails/{id}")).await.expect(200)
    }

    /// Waits until an email has this status; the email then.
    pub(crate) async fn until_it_is(&self, status: &str, id: &str) -> Answer {
        let mut email = self.look(id).await;
        let there = within(PATIENCE, async || {
            email = self.look(id).await;
            email.text_at("/status") == status
        });
        assert!(there.await, "it never came to be {status}: {}", email.text);
        email
    }
}
