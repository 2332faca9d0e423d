//! Every POST, raced.

use futures_util::future::join_all;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::app::{Answer, App, Caller, Tenant};
use crate::support::name_server::TestNameServer;

/// A POST, another body for it, and how many facts it makes.
struct Post {
    caller: Caller,
    path: String,
    body: Value,
    other: Option<Value>,
    status: u16,
    facts: i64,
}

async fn posts(app: &App, acme: &Tenant) -> Vec<Post> {
    let key = app.key(&acme.id, &["send"]).await.text_at("/id");
    let spare = app.key(&acme.id, &["send"]).await.text_at("/id");
    let grant = |name: &str| json!({"name": name, "permissions": ["send"]});
    let (acme_sends, other) = (acme.hello(), acme.hello_with(&json!({"subject": "Other"})));
    let (grace, longer) = (json!({}), json!({"grace_seconds": 1}));
    let own = |path: &str, (body, other): (&Value, &Value), status, facts| {
        let (path, body, other) = (path.to_owned(), body.clone(), Some(other.clone()));
        Post { caller: acme.caller.clone(), path, body, other, status, facts }
    };
    let admin = |path: String, (body, other): (&Value, Option<&Value>), status, facts| {
        let (body, other) = (body.clone(), other.cloned());
        Post { caller: app.admin(), path, body, other, status, facts }
    };
    let tenants =
        [json!({"name": "B", "domain": "b.com"}), json!({"name": "B", "domain": "c.com"})];
    let nothing = json!({});
    let batch = json!({"messages": [acme_sends, acme_sends, {"from": "nobody"}]});
    let template = |name: &str| json!({"name": name, "text": "Hello {{name}}"});
    acme.caller.post("/v1/templates", &template("welcome")).await.expect(201);
    let domain = acme.caller.post("/v1/domains", &json!({"name": "acme.org"})).await.expect(201);
    let domain = domain.text_at("/id");
    // That nothing stands there is told once: it is no news afterwards.
    acme.caller.post_nothing(&format!("/v1/domains/{domain}/verify")).await.expect(200);
    let filling = |name: &str| json!({"template_data": {"name": name}});
    vec![
        own("/v1/send/batch", (&batch, &json!({"messages": [acme_sends]})), 202, 2),
        admin(acme.path("/send/batch"), (&batch, None), 202, 2),
        own("/v1/send", (&acme_sends, &other), 202, 1),
        own("/v1/templates", (&template("a"), &template("b")), 201, 1),
        own("/v1/templates/welcome/preview", (&filling("Ann"), &filling("Bob")), 200, 0),
        Post {
            caller: acme.caller.clone(),
            ..admin(format!("/v1/domains/{domain}/verify"), (&nothing, None), 200, 0)
        },
        own("/v1/api-keys", (&grant("A"), &grant("B")), 201, 1),
        own(&format!("/v1/api-keys/{key}/rotate"), (&grace, &longer), 201, 2),
        admin("/v1/tenants".to_owned(), (&tenants[0], Some(&tenants[1])), 201, 1),
        admin(acme.path("/send"), (&acme_sends, Some(&other)), 202, 1),
        admin(acme.path("/api-keys"), (&grant("A"), Some(&grant("B"))), 201, 1),
        admin(acme.path(&format!("/api-keys/{spare}/rotate")), (&grace, Some(&longer)), 201, 2),
        admin(acme.path("/test-smtp"), (&nothing, None), 200, 0),
        Post {
            caller: acme.caller.clone(),
            ..admin("/v1/test-smtp".to_owned(), (&nothing, None), 200, 0)
        },
        admin(acme.path("/suspend"), (&nothing, None), 200, 1),
        admin(acme.path("/resume"), (&nothing, None), 200, 1),
    ]
}

fn replayed(answer: &Answer) -> bool {
    answer.header("idempotent-replayed").as_deref() == Some("true")
}

#[sqlx::test]
async fn twenty_equal_posts_at_once_have_one_effect_and_equal_answers(db: PgPool) {
    let dns = TestNameServer::start().await;
    let servers = dns.address();
    let app = App::with(&db, &[("DNS_SERVERS", servers.as_str())]).await;
    let second = App::beside(&db, &app.clock, &[("DNS_SERVERS", servers.as_str())]).await;
    let acme = app.tenant("acme.com").await;
    for (number, post) in posts(&app, &acme).await.iter().enumerate() {
        app.settle().await;
        let before = facts_of_requests(&app).await;
        let key = format!("key-{number}");
        let there = second.caller(post.caller.token());
        let asked = (0..20).map(|turn| {
            let caller = if turn % 2 == 0 { &post.caller } else { &there };
            caller.post_once(&key, &post.path, &post.body)
        });
        let answers = join_all(asked).await;
        for answer in &answers {
            assert_eq!(
                (answer.status, &answer.text),
                (post.status, &answers[0].text),
                "{}",
                post.path
            );
        }
        let first = answers.iter().filter(|answer| !replayed(answer)).count();
        assert_eq!(first, 1, "{}", post.path);
        assert_eq!(facts_of_requests(&app).await, before + post.facts, "{}", post.path);
        let later = post.caller.post_once(&key, &post.path, &post.body).await;
        assert!(replayed(&later) && later.text == answers[0].text, "{}", post.path);
        if let Some(other) = &post.other {
            let reused = post.caller.post_once(&key, &post.path, other).await.expect(409);
            assert_eq!(reused.code(), "idempotency_key_reused");
        }
        let elsewhere = post.caller.post_once(&key, &format!("{}?", post.path), &post.body).await;
        assert!([200, 201, 202, 409].contains(&elsewhere.status), "{}", elsewhere.text);
        assert_eq!(facts_of_requests(&app).await, before + post.facts, "{}", post.path);
    }
    second.stop().await;
    app.stop().await;
}

/// What was asked for: not what the service does with it later.
async fn facts_of_requests(app: &App) -> i64 {
    let sql = "select count(*) from events
               where type not like 'usage.%' and (type not like 'email.%' or type = 'email.accepted')";
    sqlx::query_scalar(sql).fetch_one(&app.pool).await.unwrap()
}
