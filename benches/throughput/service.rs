//! The service as a process of its own, as it is run in earnest.

use std::fs;
use std::net::SocketAddr;
use std::process::Stdio;
use std::time::Duration;

use anyhow::Context as _;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

/// The operator's key in every measurement.
const ADMIN: &str = "the-operators-own-key-of-the-benchmark-0123456789";

/// Seals the secrets of every measurement.
pub(crate) const SECRET: &str = "the secret of the benchmark, 32 characters";

/// A running service; it ends with this.
pub(crate) struct Service {
    pub(crate) address: SocketAddr,
    process: Child,
    client: reqwest::Client,
}

/// A tenant and the token of its key.
#[derive(Clone, Debug)]
pub(crate) struct Tenant {
    pub(crate) domain: String,
    pub(crate) token: String,
}

impl Service {
    /// Starts it on a database, with further settings.
    pub(crate) async fn start(url: &str, settings: &[(&str, &str)]) -> anyhow::Result<Self> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_selfmx"));
        command
            .args(["serve", "--port", "0"])
            .env("DATABASE_URL", url)
            .env("SECRET_KEY", SECRET)
            .env("ADMIN_API_KEY", ADMIN)
            .env("LOG_LEVEL", "warn,selfmx::cli=info")
            .env("RATE_LIMIT_REQUESTS", "1000000000")
            .envs(settings.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true);
        let mut process = command.spawn().context("the service cannot be started")?;
        let output = process.stdout.take().context("the service has no output")?;
        let mut lines = BufReader::new(output).lines();
        let address = loop {
            let line = lines.next_line().await?.context("the service ended at its start")?;
            if let Some((_, url)) = line.split_once("API        http://") {
                break url.split_whitespace().next().unwrap_or_default().parse()?;
            }
        };
        drain(lines);
        selfmx::notices::choose_cryptography();
        Ok(Self { address, process, client: reqwest::Client::new() })
    }

    /// New tenants, each with a key that may do everything.
    pub(crate) async fn tenants(&self, count: usize) -> anyhow::Result<Vec<Tenant>> {
        let mut tenants = Vec::new();
        for n in 0..count {
            // A log that has grown has tenants already.
            let domain = format!("tenant{n}-{}.example.com", uuid::Uuid::new_v4().simple());
            let tenant =
                self.ask("/v1/tenants", &json!({"name": domain, "domain": domain})).await?;
            let id = tenant["id"].as_str().context("a tenant has no id")?;
            let asked = json!({"name": "benchmark", "permissions": ["*"]});
            let key = self.ask(&format!("/v1/tenants/{id}/api-keys"), &asked).await?;
            let token = key["key"].as_str().context("a key has no token")?.to_owned();
            tenants.push(Tenant { domain, token });
        }
        Ok(tenants)
    }

    async fn ask(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        let url = format!("http://{}{path}", self.address);
        let answer = self.client.post(url).bearer_auth(ADMIN).json(body).send().await?;
        Ok(answer.error_for_status()?.json().await?)
    }

    /// Has a tenant told at these addresses what it sends.
    pub(crate) async fn hook(&self, tenant: &Tenant, urls: &[String]) -> anyhow::Result<()> {
        for url in urls {
            let body = json!({"url": url, "events": ["queued"]});
            let asked = self.client.post(format!("http://{}/v1/webhooks", self.address));
            let asked = asked.bearer_auth(&tenant.token).json(&body);
            asked.send().await?.error_for_status()?;
        }
        Ok(())
    }

    /// How much memory it has, in MiB.
    pub(crate) fn memory(&self) -> anyhow::Result<u64> {
        let id = self.process.id().context("the service has ended")?;
        let status = fs::read_to_string(format!("/proc/{id}/status"))?;
        let line = status.lines().find(|line| line.starts_with("VmRSS:"));
        let kib = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
        Ok(kib.context("its memory is not told")? / 1024)
    }

    /// Ends it.
    pub(crate) async fn stop(mut self) -> anyhow::Result<()> {
        let id = self.process.id().and_then(|id| i32::try_from(id).ok());
        let id = nix::unistd::Pid::from_raw(id.context("the service has ended")?);
        nix::sys::signal::kill(id, nix::sys::signal::Signal::SIGTERM)?;
        tokio::time::timeout(Duration::from_secs(15), self.process.wait()).await??;
        Ok(())
    }
}

/// A pipe that nobody reads would stop the service one day.
fn drain(mut lines: tokio::io::Lines<BufReader<tokio::process::ChildStdout>>) {
    #[expect(clippy::disallowed_methods, reason = "it ends with the process that it listens to")]
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
}
