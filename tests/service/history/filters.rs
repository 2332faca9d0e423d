//! What an auditor looks for is found, and what is no filter is refused.

use serde_json::{Value, json};
use sqlx::PgPool;

use super::all;
use crate::app::App;

fn kinds(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["type"].as_str().unwrap()).collect()
}

#[sqlx::test]
async fn facts_are_found_by_type_stream_and_time_in_any_combination(db: PgPool) {
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    for _ in 0..3 {
        app.advance(60);
        let later = json!({"scheduled_at": "2024-01-20T00:00:00Z"});
        let email = acme.sends(&acme.hello_with(&later)).await;
        app.advance(60);
        acme.caller.delete(&format!("/v1/emails/{email}")).await.expect(200);
        app.settle().await;
    }
    let whole = all(&app, &acme, "").await;
    let email = whole.iter().rfind(|event| event["type"] == "email.accepted").unwrap();
    let stream = email["subject"].as_str().unwrap().to_owned();
    let types = ["email.accepted", "email.cancelled,api_key.*", "usage.*,email.*,email.accepted"];
    let streams = [stream.as_str(), acme.key_id.as_str(), acme.id.as_str(), "msg_nobodys"];
    let times = ["2024-01-15T10:30:00Z", "2024-01-15T10:32:00Z", "2024-01-15T12:33:00%2B02:00"];
    let mut asked = 0;
    for kind in [None].into_iter().chain(types.map(Some)) {
        for stream in [None].into_iter().chain(streams.map(Some)) {
            for since in [None].into_iter().chain(times.map(Some)) {
                for until in [None, Some("2024-01-15T10:35:00Z")] {
                    let filters =
                        [("type", kind), ("stream", stream), ("since", since), ("until", until)];
                    let query: Vec<String> = filters
                        .iter()
                        .filter_map(|(name, value)| value.map(|value| format!("{name}={value}")))
                        .collect();
                    let found = all(&app, &acme, &query.join("&")).await;
                    let wanted = whole.iter().filter(|event| wanted(event, &filters));
                    assert_eq!(found, wanted.cloned().collect::<Vec<_>>(), "{query:?}");
                    asked += usize::from(!found.is_empty());
                }
            }
        }
    }
    assert!(asked > 50, "most of the questions found something: {asked}");
    app.stop().await;
}

/// The same filters, anew.
fn wanted(event: &Value, filters: &[(&str, Option<&str>)]) -> bool {
    let time = |text: &str| {
        let text = text.replace("%2B", "+");
        chrono::DateTime::parse_from_rfc3339(&text).unwrap().to_utc()
    };
    let text = |name: &str| event[name].as_str().unwrap();
    filters.iter().all(|(name, value)| match (*name, *value) {
        (_, None) => true,
        ("type", Some(types)) => types.split(',').any(|one| {
            one == text("type")
                || one.strip_suffix('*').is_some_and(|noun| text("type").starts_with(noun))
        }),
        ("stream", Some(stream)) => text("subject") == stream,
        ("since", Some(since)) => time(text("time")) >= time(since),
        (_, Some(until)) => time(text("time")) < time(until),
    })
}

#[sqlx::test]
async fn what_is_no_filter_is_refused_by_name(db: PgPool) {
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    for (query, fields) in [
        ("type=email.lost", vec!["type"]),
        ("type=", vec!["type"]),
        ("type=*", vec!["type"]),
        ("type=email", vec!["type"]),
        ("type=email.*,email.lost,nobody.*", vec!["type", "type"]),
        ("type=email.*&type=tenant.*", vec!["type"]),
        ("stream=%00", vec!["stream"]),
        ("since=yesterday&until=2024-01-15", vec!["since", "until"]),
        ("since=2024-01-15T10:30:00Z&until=2024-01-15T10:30:00Z", vec!["until"]),
        ("since=2024-02-01T00:00:00Z&until=2024-01-01T00:00:00Z", vec!["until"]),
        ("after=x", vec!["after"]),
        ("after=-1", vec!["after"]),
        ("after=9223372036854775808", vec!["after"]),
        ("cursor=x", vec!["cursor"]),
        ("cursor=", vec!["cursor"]),
        ("cursor=1&after=1", vec!["after"]),
        ("limit=0", vec!["limit"]),
        ("limit=101", vec!["limit"]),
        ("page=2", vec!["page"]),
        ("types=email.*", vec!["types"]),
        ("at=2024-01-15T10:30:00Z", vec!["at"]),
    ] {
        for (caller, path) in
            [(&acme.caller, "/v1/tenant/events".to_owned()), (&app.admin(), acme.path("/events"))]
        {
            let answer = caller.get(&format!("{path}?{query}")).await.expect(422);
            assert_eq!(answer.faulty_fields(), fields, "{query}: {}", answer.text);
        }
    }
    let beyond = acme.caller.get("/v1/tenant/events?after=9223372036854775807").await.expect(200);
    assert_eq!(beyond.body["data"], json!([]));
    let found = all(&app, &acme, "type=tenant.*,tenant.created").await;
    assert_eq!(kinds(&found), ["tenant.created"], "what is named twice is told once");
    app.stop().await;
}
