//! What every tenant used, for those who bill them; and what a tenant sees of its own.

use serde_json::json;
use sqlx::PgPool;

use super::without_links;
use crate::app::App;

#[sqlx::test]
async fn an_admin_sees_every_tenants_usage_as_json_or_csv(db: PgPool) {
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    let idle = app.tenant("idle.com").await;
    acme.sends(&acme.hello_with(&json!({"to": ["a@example.org", "b@example.org"]}))).await;
    app.settle().await;
    let all = app.admin().get("/v1/usage").await.expect(200);
    assert_eq!((all.text_at("/period"), &all.body["final"]), ("2024-01".to_owned(), &json!(false)));
    let line = |id: &str, mails: i64| {
        json!({"tenant_id": id, "emails_sent": mails, "emails_delivered": mails,
               "emails_bounced": 0, "emails_failed": 0, "emails_cancelled": 0,
               "emails_suppressed": 0, "emails_complained": 0,
               "api_requests": i64::from(mails > 0)})
    };
    let position: i64 =
        sqlx::query_scalar("select position from log_head").fetch_one(&app.pool).await.unwrap();
    assert_eq!(all.number_at("/as_of_position"), position);
    let mut expected = [line(&acme.id, 2), line(&idle.id, 0)];
    expected.sort_by_key(|line| line["tenant_id"].as_str().map(ToOwned::to_owned));
    assert_eq!(without_links(&all.body["data"]), json!(expected));
    let csv = app.admin().request(reqwest::Method::GET, "/v1/usage?period=2024-01");
    let csv = app.admin().send(csv.header("Accept", "text/csv")).await.expect(200);
    assert!(csv.header("content-type").unwrap().starts_with("text/csv"));
    let mut lines: Vec<&str> = csv.text.split("\r\n").collect();
    assert_eq!(lines.pop(), Some(""), "the last line is ended too");
    assert!(!csv.text.replace("\r\n", "").contains(['\r', '\n']));
    assert_eq!(
        lines[0],
        "tenant_id,period,emails_sent,emails_delivered,emails_bounced,emails_failed,\
         emails_cancelled,api_requests,as_of,final,as_of_position,events,emails_suppressed,\
         emails_complained"
    );
    let of_acme = format!(
        "{},2024-01,2,2,0,0,0,1,2024-01-15T10:30:00Z,false,{position},\
         {}?since=2024-01-01T00:00:00Z&until=2024-01-15T10:30:00.000001Z,0,0",
        acme.id,
        acme.path("/events")
    );
    assert!(lines.contains(&of_acme.as_str()), "{}", csv.text);
    assert_eq!(lines.len(), 3);
    app.stop().await;
}

#[sqlx::test]
async fn a_tenant_sees_its_own_usage_and_needs_the_permission_for_it(db: PgPool) {
    let app = App::start(&db).await;
    let (acme, other) = (app.tenant("acme.com").await, app.tenant("other.com").await);
    other.sends(&other.hello()).await;
    let own = app.caller_with(&acme.id, &["usage:read"]).await.get("/v1/usage").await.expect(200);
    assert_eq!(own.text_at("/tenant_id"), acme.id);
    assert_eq!(own.number_at("/emails_sent"), 0);
    app.caller_with(&acme.id, &["send"]).await.get("/v1/usage").await.expect(403);
    acme.caller.get(&other.path("/usage")).await.expect(404);
    app.stop().await;
}

#[sqlx::test]
async fn an_admin_sees_the_days_of_every_tenant(db: PgPool) {
    let app = App::start(&db).await;
    let (acme, idle) = (app.tenant("acme.com").await, app.tenant("idle.com").await);
    for _ in 0..2 {
        acme.sends(&acme.hello()).await;
        app.settle().await;
        app.advance(86_400);
    }
    let all = app.admin().get("/v1/usage?granularity=day").await.expect(200);
    for tenant in all.body["data"].as_array().unwrap() {
        let own =
            format!("/v1/tenants/{}/usage?granularity=day", tenant["tenant_id"].as_str().unwrap());
        let own = app.admin().get(&own).await.expect(200);
        for field in ["days", "emails_sent", "api_requests", "links"] {
            assert_eq!(tenant[field], own.body[field], "{field}");
        }
    }
    let csv = app.admin().request(reqwest::Method::GET, "/v1/usage?granularity=day");
    let csv = app.admin().send(csv.header("Accept", "text/csv")).await.expect(200).text;
    let lines: Vec<&str> = csv.lines().collect();
    assert!(lines[0].starts_with("tenant_id,period,day,emails_sent,"), "{csv}");
    for (line, day) in lines[1..].iter().zip(["2024-01-15", "2024-01-16"]) {
        assert!(line.starts_with(&format!("{},2024-01,{day},1,1,0,0,0,1,", acme.id)), "{csv}");
    }
    assert_eq!(lines.len(), 3, "{} used nothing on any day", idle.id);
    app.stop().await;
}

#[sqlx::test]
async fn thousands_of_tenants_are_told_each_once(db: PgPool) {
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    acme.sends(&acme.hello()).await;
    app.settle().await;
    sqlx::raw_sql(
        "insert into tenants (id, name, settings, rate_limit, status, version, created_at, updated_at)
         select 'tenant_' || lpad(n::text, 26, '0'), 'x', '{}', '{}', 'active', 1, now(), now()
         from generate_series(1, 1000) n",
    )
    .execute(&app.pool)
    .await
    .unwrap();
    let all = app.admin().get("/v1/usage").await.expect(200);
    let told: Vec<&str> = all.body["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tenant| tenant["tenant_id"].as_str().unwrap())
        .collect();
    assert_eq!(told.len(), 1_001);
    assert!(told.is_sorted_by(|one, next| one < next));
    let csv = app.admin().request(reqwest::Method::GET, "/v1/usage");
    let csv = app.admin().send(csv.header("Accept", "text/csv")).await.expect(200);
    assert_eq!(csv.text.lines().count(), 1_002);
    app.stop().await;
}
