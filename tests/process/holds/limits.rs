//! Limits that hold to the last request over several services.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::rig::{Answer, Home, Postgres, Service, Setup, Tenant};

const LIMIT: usize = 20;

struct Scene {
    _postgres: Postgres,
    _home: Home,
    nodes: [Service; 2],
    tenant: Tenant,
}

impl Scene {
    async fn with(limits: &Value) -> Self {
        let (postgres, home) = (Postgres::start().await, Home::new());
        let setup = Setup::on(&postgres, &home);
        let nodes = [setup.serve().await, setup.serve().await];
        let tenant = nodes[0].tenant("acme.com").await;
        let change = json!({"rate_limit": limits});
        nodes[0].admin().patch(&format!("/v1/tenants/{}", tenant.id), &change).await.expect(200);
        Self { _postgres: postgres, _home: home, nodes, tenant }
    }

    /// Three times the limit at once, over both nodes.
    async fn burst(&self) -> Vec<Answer> {
        let callers: Vec<Tenant> = self.nodes.iter().map(|node| self.tenant.at(node)).collect();
        let email = self.tenant.email("Hello");
        let each = callers.iter().cycle().take(3 * LIMIT);
        join_all(each.map(|there| there.caller.post("/v1/send", &email))).await
    }

    async fn end(self) {
        for node in self.nodes {
            node.stop().await.well();
        }
    }
}

#[tokio::test]
async fn so_many_requests_a_minute_pass_over_all_nodes_and_no_more() {
    let scene = Scene::with(&json!({"requests_per_minute": LIMIT})).await;
    // The minute may end within the burst; each has an allowance of its own.
    let mut minutes: BTreeMap<String, [usize; 2]> = BTreeMap::new();
    for answer in scene.burst().await {
        assert!([202, 429].contains(&answer.status), "{}", answer.text);
        // Neither node has met the key before, so both know of the limit.
        assert_eq!(answer.header("x-ratelimit-limit").as_deref(), Some("20"));
        let minute = minutes.entry(answer.header("x-ratelimit-reset").unwrap()).or_default();
        minute[0] += 1;
        minute[1] += usize::from(answer.status == 202);
    }
    for [asked, passed] in minutes.into_values() {
        assert_eq!(passed, asked.min(LIMIT));
    }
    scene.end().await;
}

#[tokio::test]
async fn so_many_emails_a_day_pass_over_all_nodes_and_no_more() {
    let scene = Scene::with(&json!({"emails_per_day": LIMIT})).await;
    let mut days: BTreeMap<String, usize> = BTreeMap::new();
    let answers = scene.burst().await;
    let refused = answers.iter().filter(|answer| answer.status == 429).count();
    for answer in answers.iter().filter(|answer| answer.status != 429) {
        assert_eq!(answer.status, 202, "{}", answer.text);
        *days.entry(answer.text_at("/created_at")[..10].to_owned()).or_default() += 1;
    }
    // Midnight may come within the burst, and with it a new allowance.
    assert!(days.values().all(|passed| *passed <= LIMIT), "{days:?}");
    assert!(days.len() > 1 || refused == 2 * LIMIT, "{days:?} and {refused}");
    scene.end().await;
}
