//! `selfmx admin-key`: the keys that reach every tenant.

use std::time::Duration;

use anyhow::Context as _;
use clap::Subcommand;
use sqlx::PgPool;

use super::database::{Database, log, secret_key};
use super::first_key::AdminKeys;
use super::say;
use crate::clock::Clock;
use crate::commands::executor::Executor;
use crate::config::Config;
use crate::database::{migrate, root_key};
use crate::projections::api_keys;
use crate::tasks::Tasks;
use crate::values::{KeyId, Timestamp, Token, TokenKind};

/// What is done with admin keys.
#[derive(Debug, Subcommand)]
pub(super) enum Action {
    /// Makes a key and shows its token, this once
    Create {
        /// What it is called
        #[arg(long, default_value = "admin key")]
        name: String,
    },
    /// Lists the keys that open doors
    List,
    /// Revokes a key: it opens nothing from here on
    Revoke {
        /// Its id, as `list` shows it
        id: String,
    },
}

/// Does it, also while a service runs.
pub(super) async fn run(config: &Config, action: Action) -> anyhow::Result<()> {
    let database = Database::open_or_join(config).await?;
    let tasks = Tasks::new();
    let done = carry_out(config, &database.pool, &tasks, action).await;
    tasks.stop(Duration::from_secs(5)).await;
    database.close().await;
    done
}

async fn carry_out(
    config: &Config,
    pool: &PgPool,
    tasks: &Tasks,
    action: Action,
) -> anyhow::Result<()> {
    migrate::run(pool).await.context("the migrations do not go through")?;
    let clock = Clock::system();
    let secrets = root_key::open(pool, &secret_key(config)?).await?;
    let commands = Executor::new(log(pool, &clock, &secrets, tasks), clock.clone());
    let keys = AdminKeys {
        pool,
        commands: &commands,
        secrets: &secrets,
        clock: &clock,
        actor: "selfmx admin-key",
    };
    match action {
        Action::Create { name } => {
            let token = Token::make(TokenKind::Admin);
            let id = keys.make(&name, &token).await?;
            say(&format!("{id}\n{}", token.expose()))
        }
        Action::List => {
            for key in api_keys::admins(pool).await? {
                let created = Timestamp::from(key.created_at);
                say(&format!("{}  {created}  {}", key.id, key.name))?;
            }
            Ok(())
        }
        Action::Revoke { id } => {
            let key: KeyId = id.parse().context("give the id of an admin key")?;
            keys.revoke(key).await?;
            say(&format!("{key} is revoked"))
        }
    }
}
