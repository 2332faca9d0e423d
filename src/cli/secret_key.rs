//! `selfmx secret-key`: exchanges the secret that opens the installation.

use anyhow::Context as _;
use clap::Subcommand;
use sqlx::PgPool;

use super::database::{Database, secret_key};
use super::say;
use crate::config::Config;
use crate::database::{migrate, root_key, secret_file};

/// What is done with the secret.
#[derive(Clone, Copy, Debug, Subcommand)]
pub(super) enum Action {
    /// Lets `NEW_SECRET_KEY` open the installation beside `SECRET_KEY`; a secret that is kept in the data
    /// folder is exchanged for a new one at once
    Rotate,
    /// Lets only the present `SECRET_KEY` open the installation: every service has been restarted with it
    Finish,
}

/// Does it, also while services run: they hold the installation's key, and go on until they end.
pub(super) async fn run(config: &Config, action: Action) -> anyhow::Result<()> {
    let database = Database::open_or_join(config).await?;
    let done = carry_out(config, &database.pool, action).await;
    database.close().await;
    done
}

async fn carry_out(config: &Config, pool: &PgPool, action: Action) -> anyhow::Result<()> {
    migrate::run(pool).await.context("the migrations do not go through")?;
    match (action, &config.secret_key) {
        (Action::Rotate, Some(_)) => let_new_in(config, pool).await,
        (Action::Rotate, None) => exchange_file(config, pool).await,
        (Action::Finish, _) => {
            let retired = root_key::retire_others(pool, &secret_key(config)?).await?;
            say(&format!("done: {retired} other secrets open this installation no more"))
        }
    }
}

async fn let_new_in(config: &Config, pool: &PgPool) -> anyhow::Result<()> {
    let new = config.new_secret_key.as_ref().context(
        "NEW_SECRET_KEY is not set: give the secret that is to follow, 32 characters or more",
    )?;
    root_key::let_in(pool, &secret_key(config)?, new).await?;
    say("both secrets open this installation now: restart every service with the new one as \
         SECRET_KEY, and then run selfmx secret-key finish with it")
}

/// Killed anywhere in between, both files and both wraps are there or the exchange is complete, and running
/// it again brings it to its end.
async fn exchange_file(config: &Config, pool: &PgPool) -> anyhow::Result<()> {
    anyhow::ensure!(
        config.new_secret_key.is_none(),
        "NEW_SECRET_KEY is set but SECRET_KEY is not: the secret in the data folder is exchanged \
         for one that is made, so unset NEW_SECRET_KEY"
    );
    let present = secret_key(config)?;
    let next = secret_file::load_or_make_next(&config.data_dir)
        .context("the next secret cannot be written into the data folder")?;
    root_key::let_in(pool, &present, &next).await?;
    secret_file::take_next(&config.data_dir)
        .context("the next secret cannot take the place of the present one")?;
    root_key::retire_others(pool, &next).await?;
    say("done: the data folder holds a new secret, and the former one opens nothing any more")
}
