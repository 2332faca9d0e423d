//! `selfmx migrate`: brings the schema up to date.

use anyhow::Context as _;

use super::database::Database;
use super::say;
use crate::config::Config;
use crate::database::migrate;

/// Migrates and ends; it may be run beside services that still have the former version.
pub(super) async fn run(config: &Config) -> anyhow::Result<()> {
    let database = Database::open_or_join(config).await?;
    let done = migrate::run(&database.pool).await.context("the migrations do not go through");
    let place = database.place.clone();
    database.close().await;
    done?;
    say(&format!("up to date: {place}"))
}
