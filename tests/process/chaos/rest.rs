//! What must be so when nothing moves any more.

use std::collections::HashMap;
use std::time::Duration;

use sqlx::PgPool;

use super::load::Load;
use super::scene::Scene;
use super::tell;
use crate::holds::killed::times;
use crate::holds::overload::logged;
use crate::rig::within;

/// Nothing is due, read models are at the head of the log, requests are counted.
const AT_REST: &str = "select not exists (select from send_queue)
    and not exists (select from request_counts where requests > recorded)
    and (select count(*) = 4 and min(position) = (select position from log_head)
         from projection_cursors)";

/// What the read model says: sent, delivered, bounced, failed, cancelled, requests.
const TOLD: &str = "select array[sum(emails_sent), sum(emails_delivered), sum(emails_bounced),
    sum(emails_failed), sum(emails_cancelled), sum(api_requests)]::bigint[] from usage";

/// What the log says of the same.
const HAPPENED: &str = "select array[
    coalesce(sum((payload->'recipients'->>'to')::bigint) filter (where type = 'email.accepted'), 0),
    count(*) filter (where type = 'email.recipient_delivered'),
    count(*) filter (where type = 'email.recipient_bounced'),
    count(*) filter (where type = 'email.recipient_failed'),
    coalesce(sum(json_array_length(payload->'recipients')) filter (where type = 'email.cancelled'), 0),
    coalesce(sum((payload->>'requests')::bigint)
             filter (where type = 'usage.api_requests_counted'), 0)
    ]::bigint[] from events";

/// Positions: how many, the first, the last, and the head of the log.
const POSITIONS: &str = "select array[count(*), min(position), max(position),
    (select position from log_head)]::bigint[] from events";

async fn numbers(pool: &PgPool, query: &'static str) -> Vec<i64> {
    sqlx::query_scalar(query).fetch_one(pool).await.unwrap()
}

/// Waits until all is at rest, and looks.
pub(super) async fn is_as_it_must_be(scene: &Scene, load: &Load) {
    let pool = scene.postgres.pool().await;
    let rests = within(Duration::from_secs(90), async || {
        sqlx::query_scalar(AT_REST).fetch_one(&pool).await.unwrap()
    });
    assert!(rests.await, "it never came to rest");
    each_is_in_the_log_once(scene, load).await;
    let copies = each_has_arrived(scene, load).await;
    let used = it_adds_up(&pool, load).await;
    pool.close().await;
    let ((asked, replayed), sent) = (load.asked_and_replayed(), load.so_far());
    tell(&format!(
        "{asked} asked, {replayed} answers given again, {sent} accepted, {} delivered, {} bounced, \
         {copies} copies, each told of",
        used[1], used[2]
    ));
}

async fn each_is_in_the_log_once(scene: &Scene, load: &Load) {
    let mut accepted: Vec<String> = load.sent().into_iter().map(|sent| sent.id).collect();
    let mut logged = logged(&scene.postgres).await;
    accepted.sort();
    logged.sort();
    assert_eq!(logged, accepted, "what was accepted is in the log once, and nothing else is");
}

/// No mail is missing, and of a mail that came more than once its sender is told; how many came so.
async fn each_has_arrived(scene: &Scene, load: &Load) -> usize {
    let mut arrived: HashMap<String, usize> = HashMap::new();
    for mail in scene.relay.mails() {
        let text = mail.text();
        let id = text.lines().find_map(|line| line.strip_prefix("Message-ID: <"));
        let id = id.and_then(|id| id.strip_suffix("@acme.com>")).unwrap();
        *arrived.entry(id.to_owned()).or_default() += 1;
    }
    let mut more = 0;
    for sent in load.sent() {
        let email = scene.doors.borrow()[0].caller.clone();
        let email = email.get(&format!("/v1/emails/{}", sent.id)).await.expect(200);
        let copies = arrived.remove(&sent.id).unwrap_or(0);
        if sent.welcome {
            let doubts = email.text.matches(r#""may_have_arrived":true"#).count();
            assert!(copies >= 1, "it is missing: {}", email.text);
            assert!(copies <= 1 + doubts, "{copies} copies: {}", email.text);
            assert_eq!(times(&email, "delivered"), 1, "{}", email.text);
            assert_eq!(email.text_at("/status"), "delivered");
            more += copies - 1;
        } else {
            assert_eq!((copies, times(&email, "bounced")), (0, 1), "{}", email.text);
            assert_eq!(email.text_at("/status"), "bounced");
        }
    }
    assert!(arrived.is_empty(), "nobody has sent {arrived:?}");
    more
}

async fn it_adds_up(pool: &PgPool, load: &Load) -> Vec<i64> {
    let told = numbers(pool, TOLD).await;
    assert_eq!(told, numbers(pool, HAPPENED).await, "the usage is what happened");
    let sent = i64::try_from(load.so_far()).unwrap();
    assert_eq!((told[0], told[1..5].iter().sum::<i64>()), (sent, sent), "{told:?}");
    let positions = numbers(pool, POSITIONS).await;
    let head = positions[3];
    assert_eq!(positions, [head, 1, head, head], "the log has no gaps");
    told
}
