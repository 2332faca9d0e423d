//! Somebody who asks a service.

use reqwest::{Client, Method, RequestBuilder};
use serde_json::Value;

use super::Answer;

/// Somebody with a token.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    url: String,
    token: String,
    client: Client,
}

impl Caller {
    pub(super) fn new(url: &str, token: &str) -> Self {
        selfmx::notices::choose_cryptography();
        Self { url: url.to_owned(), token: token.to_owned(), client: Client::new() }
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.url)).bearer_auth(&self.token)
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        Answer::of(self.request(Method::GET, path).send().await.unwrap()).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        Answer::of(self.request(Method::DELETE, path).send().await.unwrap()).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.try_post(path, body).await.unwrap()
    }

    pub(crate) async fn patch(&self, path: &str, body: &Value) -> Answer {
        Answer::of(self.request(Method::PATCH, path).json(body).send().await.unwrap()).await
    }

    /// The same where the service may be killed before it has answered.
    pub(crate) async fn try_post(&self, path: &str, body: &Value) -> Option<Answer> {
        let response = self.request(Method::POST, path).json(body).send().await.ok()?;
        Answer::try_of(response).await
    }

    /// The same under an idempotency key.
    pub(crate) async fn try_post_once(
        &self,
        path: &str,
        body: &Value,
        key: &str,
    ) -> Option<Answer> {
        let request = self.request(Method::POST, path).json(body).header("idempotency-key", key);
        Answer::try_of(request.send().await.ok()?).await
    }
}
