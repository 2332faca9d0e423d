//! Opens and clicks: only where they are wanted, only what we signed, and never without an end.

mod bounds;
mod links;
mod wishes;

use reqwest::redirect::Policy;
use reqwest::{Client, Method, Response};
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::app::{App, Tenant};

/// Where links of the tests lead.
const TARGET: &str = "https://shop.example/sale?for=ann&ref=1";

/// A service that recipients can reach.
async fn reachable(db: &PgPool) -> App {
    App::with(db, &[("PUBLIC_URL", "https://mail.example.com/")]).await
}

fn html(acme: &Tenant, fields: &Value) -> Value {
    let html = format!(
        r#"<body><a href="{}">Sale</a><a href="mailto:a@b.example">Us</a></body>"#,
        TARGET.replace('&', "&amp;")
    );
    let mut email = acme.hello_with(fields);
    email["html"] = html.into();
    email
}

fn all() -> Value {
    json!({"tracking": {"opens": true, "clicks": true}})
}

/// The HTML of the mail that left last.
async fn left(app: &App) -> String {
    app.settle().await;
    let id = app.outbox().await[0]["id"].clone();
    app.admin().get(&format!("/dev/outbox/{id}")).await.expect(200).text_at("/html")
}

/// The path of the link of this sort.
fn path(html: &str, sort: &str) -> String {
    let at = html.find(&format!("https://mail.example.com/t/{sort}/")).unwrap();
    let link = html[at..].split('"').next().unwrap();
    link.strip_prefix("https://mail.example.com").unwrap().to_owned()
}

/// A reader's program fetches it, and follows nothing.
async fn fetch(app: &App, method: Method, path: &str, headers: &[(&str, &str)]) -> Response {
    let client = Client::builder().redirect(Policy::none()).build().unwrap();
    let request = client.request(method, format!("{}{path}", app.url));
    let request =
        headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    request.send().await.unwrap()
}

async fn timeline(acme: &Tenant, email: &str) -> Vec<Value> {
    let timeline = acme.email(email).await.body["timeline"].as_array().unwrap().clone();
    let seen = |moment: &Value| ["opened", "clicked"].contains(&moment["type"].as_str().unwrap());
    timeline.into_iter().filter(seen).collect()
}
