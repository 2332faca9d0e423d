//! Two nodes on one Postgres with one relay, and what they suffer.

use std::cell::RefCell;

use nix::sys::signal::Signal;

use super::fault::Fault;
use super::load::Load;
use crate::rig::{Home, Postgres, Service, Setup, Tenant, until};
use crate::support::relay::TestRelay;

/// The relay never takes mail to this one.
pub(super) const NOBODY: &str = "nobody@example.org";

/// In seconds.
const LEASE: &str = "2";

pub(super) struct Scene {
    pub(super) postgres: Postgres,
    pub(super) relay: TestRelay,
    pub(super) tenant: Tenant,
    /// Where the tenant asks: the nodes as they are now.
    pub(super) doors: std::rc::Rc<RefCell<[Tenant; 2]>>,
    setup: Setup,
    nodes: Vec<Service>,
    _home: Home,
}

impl Scene {
    pub(super) async fn new() -> Self {
        let (postgres, home) = (Postgres::start().await, Home::new());
        let relay = TestRelay::start().await;
        let setup = Setup::on(&postgres, &home)
            .relay(relay.port())
            .set("QUEUE_LEASE", LEASE)
            .set("QUEUE_RETRY_DELAY", "0")
            .set("QUEUE_RETRY_ATTEMPTS", "100")
            .set("SMTP_TIMEOUT", "1")
            .set("DB_POOL_TIMEOUT", "2");
        let nodes = vec![setup.serve().await, setup.serve().await];
        let tenant = nodes[0].tenant("acme.com").await;
        let doors = RefCell::new([tenant.at(&nodes[0]), tenant.at(&nodes[1])]).into();
        let scene = Self { postgres, relay, tenant, doors, setup, nodes, _home: home };
        scene.relay_is_well();
        scene
    }

    fn relay_is_well(&self) {
        self.relay.behave();
        // Not about the mailbox: an address that is unknown would be suppressed after its first bounce.
        self.relay.refuse(NOBODY, "550 5.7.1 not wanted here");
    }

    /// Lets something go wrong under a load, and makes it good again.
    pub(super) async fn suffers(&mut self, fault: &Fault, load: &Load) {
        match fault {
            Fault::KilledNode(node) => {
                self.nodes.remove(*node).kill();
                load.until_more_are_accepted().await;
                self.nodes.insert(*node, self.setup.serve().await);
                self.doors.borrow_mut()[*node] = self.tenant.at(&self.nodes[*node]);
            }
            Fault::KilledPostgres => {
                self.postgres.kill().await;
                self.postgres.go().await;
            }
            Fault::PausedNode(node) => {
                self.nodes[*node].signal(Signal::SIGSTOP);
                self.leases_run_out().await;
                load.until_more_are_accepted().await;
                self.nodes[*node].signal(Signal::SIGCONT);
            }
            Fault::Relay(times, step, act) => {
                self.relay.times(*times, *step, act.clone());
                load.until_more_are_accepted().await;
                self.relay_is_well();
            }
        }
    }

    /// Looks at the database's clock until whatever was leased before is leased no more.
    async fn leases_run_out(&self) {
        let pool = self.postgres.pool().await;
        let begin: String =
            sqlx::query_scalar("select clock_timestamp()::text").fetch_one(&pool).await.unwrap();
        until("the leases have run out", async || {
            let passed = "select clock_timestamp() > $1::timestamptz + $2::interval";
            let passed = sqlx::query_scalar(passed).bind(&begin).bind(format!("{LEASE} s"));
            passed.fetch_one(&pool).await.unwrap()
        })
        .await;
        pool.close().await;
    }

    pub(super) async fn ends(self) {
        for node in self.nodes {
            node.stop().await.well();
        }
    }
}
