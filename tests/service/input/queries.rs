//! What stands after the `?`, wherever something can stand there.

use sqlx::PgPool;

use super::Refused;
use crate::app::App;

/// Queries and the fields that are then at fault; in every list.
const PAGES: [(&str, &[&str]); 14] = [
    ("page=0", &["page"]),
    ("page=-1", &["page"]),
    ("page=x", &["page"]),
    ("page=1.0", &["page"]),
    ("page=4294967296", &["page"]),
    ("page=", &["page"]),
    ("limit=0", &["limit"]),
    ("limit=101", &["limit"]),
    ("limit=99999999999999999999", &["limit"]),
    ("cursor=x", &["cursor"]),
    ("cursor=", &["cursor"]),
    ("page[a]=1&limit[]=2", &["limit", "page"]),
    ("page=1&page=1", &["page"]),
    ("Page=1&offset=2", &["Page", "offset"]),
];

#[sqlx::test]
async fn a_faulty_query_is_refused_with_each_faulty_parameter(db: PgPool) {
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    let admin = app.admin();
    let own = Refused { app: &app, caller: &acme.caller };
    let lists = ["/v1/emails", "/v1/logs", "/v1/api-keys", "/v1/suppressions"];
    for (query, fields) in PAGES {
        for list in lists {
            faulty(&own, &format!("{list}?{query}"), fields).await;
        }
        let all = Refused { app: &app, caller: &admin };
        for list in ["/v1/tenants", &acme.path("/emails"), &acme.path("/api-keys")] {
            faulty(&all, &format!("{list}?{query}"), fields).await;
        }
    }
    app.stop().await;
}

async fn faulty(refused: &Refused<'_>, path: &str, fields: &[&str]) {
    let answer = refused.ask(refused.caller.request(reqwest::Method::GET, path)).await;
    assert_eq!(answer.status, 422, "{path}: {}", answer.text);
    let mut told = answer.faulty_fields();
    told.sort();
    assert_eq!(told, fields, "{path}: {}", answer.text);
}

#[sqlx::test]
async fn a_faulty_filter_is_refused(db: PgPool) {
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    let admin = app.admin();
    let own = Refused { app: &app, caller: &acme.caller };
    for (path, fields) in [
        ("/v1/emails?status=lost", vec!["status"]),
        ("/v1/emails?status=QUEUED", vec!["status"]),
        ("/v1/emails?status[]=queued", vec!["status"]),
        ("/v1/emails?status=queued&status=sending", vec!["status"]),
        ("/v1/emails?from=x&to=%00@a.b", vec!["from", "to"]),
        ("/v1/emails?since=yesterday&until=2024-01-15", vec!["since", "until"]),
        ("/v1/emails?since=2024-01-15T10:30:00+02:00", vec!["since"]),
        ("/v1/emails?tag=%00", vec!["tag"]),
        ("/v1/emails?metadata=x", vec!["metadata"]),
        ("/v1/emails?metadata[a]=x&metadata[a]=y", vec!["metadata[a]"]),
        ("/v1/emails?metadata=x&metadata[a]=y", vec!["metadata[a]"]),
        ("/v1/emails?metadata[a]=%00", vec!["metadata"]),
        ("/v1/emails?metadata[%00]=a", vec!["metadata"]),
        ("/v1/emails?[a]=b", vec![""]),
        ("/v1/emails?tenant_id=tenant_x", vec!["tenant_id"]),
        ("/v1/logs?email_id=x", vec!["email_id"]),
        ("/v1/logs?email_id=key_01hm6v6z4pex5vsknk084sn02q", vec!["email_id"]),
        ("/v1/logs?email=x", vec!["email"]),
        ("/v1/suppressions?reason=spam&address=x", vec!["address", "reason"]),
        ("/v1/suppressions?email=x", vec!["email"]),
        ("/v1/logs?type=lost", vec!["type"]),
        (
            "/v1/logs?type=delivered,&recipient=ann&since=x&until=2024",
            vec!["recipient", "since", "type", "until"],
        ),
        ("/v1/logs?since=2024-01-15T10:30:00Z&until=2024-01-15T10:30:00Z", vec!["until"]),
        ("/v1/usage?period=2024", vec!["period"]),
        ("/v1/usage?period=2024-13", vec!["period"]),
        ("/v1/usage?period=2024-01-01", vec!["period"]),
        ("/v1/usage?period=-024-01", vec!["period"]),
        ("/v1/usage?granularity=hour&at=now", vec!["at", "granularity"]),
    ] {
        faulty(&own, path, &fields).await;
    }
    let all = Refused { app: &app, caller: &admin };
    for (path, fields) in [
        ("/v1/tenants?status=gone&domain=x", vec!["domain", "status"]),
        ("/v1/tenants?name=%00", vec!["name"]),
        ("/v1/tenants?name[a]=b", vec!["name"]),
        ("/v1/usage?granularity=hour&at=2024-01-15T10:30:01Z", vec!["at", "granularity"]),
        ("/v1/usage?at=2024-01-15T10:30:00Z", vec!["at"]),
    ] {
        faulty(&all, path, &fields).await;
    }
    app.stop().await;
}

#[sqlx::test]
async fn a_parameter_that_a_route_does_not_know_is_not_passed_over(db: PgPool) {
    use reqwest::Method;
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    let admin = app.admin();
    let all = Refused { app: &app, caller: &admin };
    let key = format!("/api-keys/{}", acme.key_id);
    for (method, path) in [
        (Method::PUT, acme.path("")),
        (Method::PATCH, acme.path("")),
        (Method::DELETE, acme.path("")),
        (Method::POST, acme.path("/suspend")),
        (Method::POST, acme.path("/resume")),
        (Method::POST, acme.path("/send")),
        (Method::POST, acme.path("/test-smtp")),
        (Method::POST, acme.path("/api-keys")),
        (Method::DELETE, acme.path(&key)),
        (Method::POST, acme.path(&format!("{key}/rotate"))),
        (Method::POST, "/v1/tenants".to_owned()),
    ] {
        let asked = admin.request(method, &format!("{path}?at=2024-01-01T00:00:00Z"));
        let answer = all.ask(asked.json(&serde_json::json!({}))).await;
        assert_eq!(answer.status, 422, "{path}: {}", answer.text);
        assert!(answer.faulty_fields().contains(&"at".to_owned()), "{}", answer.text);
    }
    let own = Refused { app: &app, caller: &acme.caller };
    for path in ["/v1/tenant?at=x", "/v1/emails/x?at=x"] {
        faulty(&own, path, &["at"]).await;
    }
    for path in ["/v1/send?at=x", "/v1/api-keys?at=x", "/v1/test-smtp?at=x"] {
        let answer = own.ask(acme.caller.request(Method::POST, path).json(&acme.hello())).await;
        assert_eq!((answer.status, answer.faulty_fields()), (422, vec!["at".to_owned()]), "{path}");
    }
    app.stop().await;
}

#[sqlx::test]
async fn a_query_that_is_no_text_is_malformed(db: PgPool) {
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    let own = Refused { app: &app, caller: &acme.caller };
    for query in ["tag=%ff", "tag=%C3%28", "%ff=1", "metadata[%fe]=1"] {
        let path = format!("/v1/emails?{query}");
        own.ask(acme.caller.request(reqwest::Method::GET, &path)).await.expect(400);
    }
    for query in
        ["", "tag=%EF%BF%BD", "tag=%zz", "tag=%", "metadata[a]=%25%27--", "metadata[]=x", "tag=a+b"]
    {
        acme.caller.get(&format!("/v1/emails?{query}")).await.expect(200);
    }
    app.stop().await;
}

#[sqlx::test]
async fn a_filter_looks_for_what_it_says_and_not_for_patterns(db: PgPool) {
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    let tags = serde_json::json!({"tags": ["a%b"], "metadata": {"a": "x", "b]": "y", "": "z"}});
    let mut email = acme.hello_with(&tags);
    email["metadata"].as_object_mut().unwrap().remove("");
    acme.sends(&email).await;
    acme.sends(&acme.hello()).await;
    app.settle().await;
    for (query, found) in [
        ("tag=a%25b", 1),
        ("tag=%25", 0),
        ("tag=a_b", 0),
        ("metadata[a]=x", 1),
        ("metadata[a]=%25", 0),
        ("metadata[b]]=y", 1),
        ("metadata[a]=x&metadata[b]]=n", 0),
    ] {
        let answer = acme.caller.get(&format!("/v1/emails?{query}")).await.expect(200);
        assert_eq!(answer.number_at("/pagination/total"), found, "{query}");
    }
    for (query, found) in [("name=%25", 0), ("name=_", 0), ("name=TENANT", 1), ("name=%27;--", 0)] {
        let answer = app.admin().get(&format!("/v1/tenants?{query}")).await.expect(200);
        assert_eq!(answer.number_at("/pagination/total"), found, "{query}");
    }
    app.stop().await;
}
