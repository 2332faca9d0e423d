//! Tenants that are not made or changed so.

use reqwest::Method;
use serde_json::{Value, json};
use sqlx::PgPool;

use super::Refused;
use crate::app::App;

/// What is no domain.
const NO_DOMAINS: [&str; 17] = [
    "acme",
    "acme..com",
    "-acme.com",
    "a b.com",
    "acme.com/x",
    "acme.com:25",
    "10.0.0.1",
    "[::1]",
    "user@acme.com",
    "https://acme.com",
    "acme.com\r\nx",
    "acme.com\0",
    "",
    ".",
    "xn--a.com",
    "a\u{2024}com\u{200d}",
    "*.acme.com",
];

/// What is no relay's host.
const NO_HOSTS: [&str; 9] =
    ["", "a b", "http://a.com", "a.com:25", "256.1.1.1", "a\0", "user@a.com", "[::1", "a.com\r\n"];

/// Bodies, and the fields that are then at fault.
type Faulty = Vec<(Value, Vec<&'static str>)>;

fn numbers_and_names() -> Faulty {
    let limits = ["rate_limit.requests_per_minute", "rate_limit.emails_per_day"];
    let limited = |number: Value| json!({"rate_limit": {"requests_per_minute": number, "emails_per_day": number}});
    let port = |port: Value| json!({"smtp": {"host": "smtp.acme.com", "port": port}});
    let mut all = Vec::new();
    for number in
        [json!(-1), json!("100"), json!(1.5), json!(1e30), json!(u64::MAX), json!([1]), json!(true)]
    {
        all.push((limited(number.clone()), limits.to_vec()));
        all.push((port(number), vec!["smtp.port"]));
    }
    for number in [json!(0), json!(65_536), json!(587.0)] {
        all.push((port(number), vec!["smtp.port"]));
    }
    all.extend(NO_DOMAINS.map(|domain| (json!({"domain": domain}), vec!["domain"])));
    all.extend(NO_HOSTS.map(|host| (json!({"smtp": {"host": host}}), vec!["smtp.host"])));
    all
}

fn names_and_settings() -> Faulty {
    vec![
        (json!({"name": ""}), vec!["name"]),
        (json!({"name": "   "}), vec!["name"]),
        (json!({"name": null}), vec!["name"]),
        (json!({"name": ["Acme"]}), vec!["name"]),
        (json!({"name": "a".repeat(201)}), vec!["name"]),
        (json!({"name": "Acme\r\nBcc: x"}), vec!["name"]),
        (json!({"name": "Acme\0"}), vec!["name"]),
        (
            json!({"id": "tenant_x", "created_at": "2024-01-01T00:00:00Z", "status": "active"}),
            vec!["created_at", "id", "status"],
        ),
        (json!({"settings": []}), vec!["settings"]),
        (
            json!({"settings": {"from_name": "a\nb", "from_address": "x", "reply_to": "a\r\n@b.org", "x": 1}}),
            vec!["settings.x", "settings.from_name", "settings.from_address", "settings.reply_to"],
        ),
        (
            json!({"settings": {"tracking": {"opens": "yes", "clicks": 1, "x": true}}}),
            vec!["settings.tracking.x", "settings.tracking.opens", "settings.tracking.clicks"],
        ),
    ]
}

fn relays() -> Faulty {
    vec![
        (json!({"smtp": {"host": null}}), vec!["smtp.host"]),
        (json!({"smtp": {"port": 25}}), vec!["smtp.host"]),
        (json!({"smtp": {"host": "a.com", "user": "u"}}), vec!["smtp.pass"]),
        (json!({"smtp": {"host": "a.com", "pass": "p"}}), vec!["smtp.user"]),
        (
            json!({"smtp": {"host": "a.com", "user": "u\nv", "pass": "p\nq"}}),
            vec!["smtp.user", "smtp.pass"],
        ),
        (json!({"smtp": {"host": "a.com", "user": "u", "pass": ""}}), vec!["smtp.pass"]),
        (
            json!({"smtp": {"host": "a.com", "tls": "ssl", "pool_size": 0}}),
            vec!["smtp.tls", "smtp.pool_size"],
        ),
        (
            json!({"smtp": {"host": "a.com", "messages_per_second": 0}}),
            vec!["smtp.messages_per_second"],
        ),
        (
            json!({"smtp": {"host": "a.com", "messages_per_second": "14"}}),
            vec!["smtp.messages_per_second"],
        ),
    ]
}

#[sqlx::test]
async fn a_faulty_tenant_is_refused_with_each_faulty_field(db: PgPool) {
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    let admin = app.admin();
    let refused = Refused { app: &app, caller: &admin };
    let all = [names_and_settings(), relays(), numbers_and_names()].concat();
    for (mut body, at_fault) in all {
        for method in [Method::PUT, Method::PATCH] {
            let asked = admin.request(method, &acme.path("")).json(&body);
            let answer = refused.ask(asked).await.expect(422);
            assert_eq!(answer.faulty_fields().len(), at_fault.len(), "{body}: {}", answer.text);
        }
        if body.get("name").is_none() {
            body["name"] = "Acme".into();
        }
        refused.at_fault("/v1/tenants", &body, &at_fault).await;
    }
    refused.at_fault("/v1/tenants", &json!({}), &["name"]).await;
    refused.at_fault("/v1/tenants", &json!({"nmae": "Acme"}), &["name", "nmae"]).await;
    app.stop().await;
}

#[sqlx::test]
async fn a_domain_has_one_owner_however_it_is_written(db: PgPool) {
    let app = App::start(&db).await;
    app.tenant("acme.com").await;
    app.tenant("bücher.example").await;
    let admin = app.admin();
    let refused = Refused { app: &app, caller: &admin };
    for domain in [
        "acme.com",
        "ACME.com",
        "acme.com.",
        "ａｃｍｅ.com",
        "acme\u{3002}com",
        "xn--bcher-kva.example",
        "BÜCHER.example",
        "XN--BCHER-KVA.EXAMPLE",
        "bu\u{308}cher.example",
    ] {
        let answer = refused.post("/v1/tenants", &json!({"name": "Eve", "domain": domain})).await;
        assert_eq!((answer.status, &*answer.code()), (409, "taken"), "{domain}");
    }
    // A letter of another script makes another domain, which shows in its A-label.
    let lookalike = app.tenant("аcme.com").await;
    let shown = admin.get(&lookalike.path("")).await.expect(200).text_at("/domain");
    assert_eq!(shown, "xn--cme-5cd.com");
    let email = lookalike.hello_with(&json!({"from": "hello@acme.com"}));
    Refused { app: &app, caller: &lookalike.caller }.at_fault("/v1/send", &email, &["from"]).await;
    app.stop().await;
}
