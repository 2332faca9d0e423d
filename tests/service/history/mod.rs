//! A tenant's facts, as those who audit it see them.

mod causes;
mod events;
mod filters;
mod pages;
mod whole;

use serde_json::Value;

use crate::app::{Answer, App, Tenant};

/// The positions of the events in an answer.
fn positions(answer: &Answer) -> Vec<i64> {
    let data = answer.body["data"].as_array().unwrap();
    data.iter().map(|event| event["position"].as_str().unwrap().parse().unwrap()).collect()
}

/// The whole history, page by page.
async fn all(app: &App, tenant: &Tenant, query: &str) -> Vec<Value> {
    let (mut all, mut after) = (Vec::new(), String::new());
    loop {
        let path = tenant.path(&format!("/events?limit=100&{query}{after}"));
        let answer = app.admin().get(&path).await.expect(200);
        all.extend(answer.body["data"].as_array().unwrap().iter().cloned());
        let Some(cursor) = answer.body["pagination"]["next_cursor"].as_str() else { return all };
        after = format!("&cursor={cursor}");
    }
}

/// What the log itself says: the positions of a tenant's facts.
async fn in_the_log(app: &App, tenant: &Tenant) -> Vec<i64> {
    sqlx::query_scalar("select position from events where tenant_id = $1 order by position")
        .bind(&tenant.id)
        .fetch_all(&app.pool)
        .await
        .unwrap()
}

/// Writes many facts into a tenant's history, each at the next minute: renamings to a name of this length,
/// and resumptions between them.
async fn many(app: &App, tenant: &Tenant, count: i64, length: i32) {
    sqlx::query!(
        r#"with head as (
               update log_head set position = position + $2 returning position - $2 as before
           )
           insert into events (position, tenant_id, stream_id, version, event_id, type, schema,
                               payload, metadata, recorded_at)
           select head.before + n, $1, $1, v.version + n, gen_random_uuid(),
                  case when n % 2 = 0 then 'tenant.resumed' else 'tenant.renamed' end, 1,
                  case when n % 2 = 0 then 'null'
                       else json_build_object('name', repeat('x', $4)) end,
                  '{"actor":"test"}', $3::timestamptz + n * interval '1 minute'
           from head, generate_series(1, $2) n,
                (select max(version) as version from events where stream_id = $1) v"#,
        tenant.id,
        count,
        app.clock.now().as_datetime(),
        length,
    )
    .execute(&app.pool)
    .await
    .unwrap();
}
