//! The whole service in this process, on the test's own database, reached by HTTP only.

mod answer;
mod caller;
mod tenant;

use std::collections::HashMap;
use std::sync::OnceLock;
use std::time::Duration;

use metrics_exporter_prometheus::PrometheusHandle;
use selfmx::cli::service::{Parts, Service};
use selfmx::clock::Clock;
use selfmx::config::Config;
use selfmx::reactors::housekeeping;
use selfmx::telemetry::metrics::install;
use selfmx::values::{Secret, WrappingKey};
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use tokio::net::TcpListener;

pub(crate) use answer::Answer;
pub(crate) use caller::Caller;
pub(crate) use tenant::Tenant;

/// The operator's own key in every test.
pub(crate) const ADMIN: &str = "the-operators-own-key-of-the-tests-0123456789";

/// What opens the installation in every test.
pub(crate) const SECRET: &str = "the secret of all tests, 32 characters";

/// When every test begins.
pub(crate) const BEGIN: &str = "2024-01-15T10:30:00Z";

/// A running service; a test ends it with [`stop`](Self::stop), so that its database can be dropped.
pub(crate) struct App {
    /// Where it listens.
    pub(crate) url: String,
    /// Its time, in the test's hand.
    pub(crate) clock: Clock,
    /// Its database, for what an auditor would look up.
    pub(crate) pool: PgPool,
    service: Service,
}

impl App {
    /// With the built-in outbox, and without limits that would be in a test's way.
    pub(crate) async fn start(db: &PgPool) -> Self {
        Self::with(db, &[]).await
    }

    /// With further settings, as in the environment.
    pub(crate) async fn with(db: &PgPool, settings: &[(&str, &str)]) -> Self {
        let clock = Clock::held_at(BEGIN.parse().unwrap());
        Self::beside(db, &clock, settings).await
    }

    /// One more node on the same database and with the same time.
    pub(crate) async fn beside(db: &PgPool, clock: &Clock, settings: &[(&str, &str)]) -> Self {
        let mut all: HashMap<&str, &str> = HashMap::from([
            ("ADMIN_API_KEY", ADMIN),
            ("RATE_LIMIT_REQUESTS", "1000000"),
            ("SMTP_ALLOW_PRIVATE", "true"),
            ("SMTP_TIMEOUT", "5"),
            ("WEBHOOK_ALLOW_PRIVATE", "true"),
        ]);
        all.extend(settings.iter().copied());
        let config = Config::read(&|name| all.get(name).map(|&text| text.to_owned())).unwrap();
        let options = (*db.connect_options()).clone();
        let pool = PgPoolOptions::new().max_connections(10).connect_with(options).await.unwrap();
        let secret = all.get("SECRET_KEY").copied().unwrap_or(SECRET);
        let secret = WrappingKey::new(&Secret::new(secret)).unwrap();
        let (clock, metrics) = (clock.clone(), metrics());
        let parts =
            Parts { config: &config, pool: pool.clone(), secret, clock: clock.clone(), metrics };
        let service = Service::start(parts).await.unwrap();
        service.ensure_admin_key(config.admin_api_key.as_ref()).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        service.listen(listener);
        Self { url, clock, pool, service }
    }

    /// Somebody with the operator's key.
    pub(crate) fn admin(&self) -> Caller {
        self.caller(ADMIN)
    }

    /// Somebody with this token.
    pub(crate) fn caller(&self, token: &str) -> Caller {
        Caller::new(&self.url, Some(token))
    }

    /// Somebody without any.
    pub(crate) fn nobody(&self) -> Caller {
        Caller::new(&self.url, None)
    }

    /// A new tenant with this domain, and a key of it that may do everything.
    pub(crate) async fn tenant(&self, domain: &str) -> Tenant {
        Tenant::create(self, domain).await
    }

    /// Where it takes in bounces.
    pub(crate) fn bounces(&self) -> std::net::SocketAddr {
        self.service.bounces.unwrap()
    }

    /// Moves the time on.
    pub(crate) fn advance(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    /// Waits until nothing is due any more: mail, the withdrawal of a deleted tenant's mail, read models,
    /// counted requests.
    pub(crate) async fn settle(&self) {
        // As whoever reads the usage: else the next round of the usage meter is waited for.
        self.service.api.meter.settling().settled(None).await;
        until("all is at rest", async || {
            let now = self.clock.now().as_datetime();
            sqlx::query_scalar::<_, bool>(
                "select not exists (select 1 from send_queue q join tenants t on t.id = q.tenant_id
                                    where q.due_at <= $1 and t.status not in ('suspended', 'paused')
                                       or t.status = 'deleted')
                    and not exists (select 1 from webhook_deliveries d
                                    join webhooks w on w.id = d.webhook_id and w.active
                                    where d.status = 'pending'
                                      and coalesce(d.next_attempt_at, d.created_at) <= $1)
                    and not exists (select 1 from request_counts where requests > recorded)
                    and (select count(*) = 4 and min(position) = (select position from log_head)
                         from projection_cursors)",
            )
            .bind(now)
            .fetch_one(&self.pool)
            .await
            .unwrap()
        })
        .await;
    }

    /// Mail that the built-in outbox has caught.
    pub(crate) async fn outbox(&self) -> Vec<serde_json::Value> {
        let answer = self.admin().get("/dev/outbox").await;
        answer.body["data"].as_array().unwrap().clone()
    }

    /// How many facts there are, besides those that count requests.
    pub(crate) async fn events(&self) -> i64 {
        sqlx::query_scalar("select count(*) from events where type not like 'usage.%'")
            .fetch_one(&self.pool)
            .await
            .unwrap()
    }

    /// Forgets what mails said that were accepted longer ago than this, as housekeeping does.
    pub(crate) async fn forget_contents(&self, kept: Duration) {
        let store = self.service.api.commands.store();
        housekeeping::forget_contents(store, self.clock.now().minus(kept)).await.unwrap();
    }

    /// Ends it in order.
    pub(crate) async fn stop(self) {
        self.service.stop().await;
        self.pool.close().await;
    }
}

/// Waits, within bounds, until something is so; never for a time.
pub(crate) async fn until(what: &str, so: impl AsyncFn() -> bool) {
    let mut look = tokio::time::interval(Duration::from_millis(10));
    for _ in 0..3_000 {
        look.tick().await;
        if so().await {
            return;
        }
    }
    panic!("it never came to be so: {what}");
}

/// There is one recorder a process, however many services run in it.
fn metrics() -> PrometheusHandle {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    HANDLE.get_or_init(|| install().unwrap()).clone()
}
