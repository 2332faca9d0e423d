//! The command line: the only room where the others are joined.
//!
//! To add a command: its variant here, and its file with what it does.

mod admin_key;
mod audit;
mod audit_key;
mod banner;
mod database;
mod first_key;
mod migrate;
mod progress;
mod projections;
mod secret_key;
mod serve;
pub mod service;
mod verify;
mod verify_export;

use std::io::Write as _;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::config::{Config, Overrides};

/// Where settings are explained.
const SETTINGS: &str = "Settings are environment variables, or lines of a file .env; README.md lists \
                        them all. An option of the command line wins over its variable.";

/// The commands with their options, so that one look is enough.
const AT_A_GLANCE: &str = "\
Options of the commands:
  serve      --host ADDRESS  --port PORT  --data-dir FOLDER
  migrate    --data-dir FOLDER
  admin-key  create [--name NAME] | list | revoke ID   --data-dir FOLDER
  secret-key rotate | finish   --data-dir FOLDER
  projections  list [--json] | rebuild [NAME...]   --data-dir FOLDER
  verify     --json  --tenant ID  --data-dir FOLDER
  audit      key | checkpoint   --data-dir FOLDER
             export --tenant ID [--since TIME] [--until TIME] [--size FACTS] [--from-size FACTS]
  verify-export  FILE [--key KEY] [--checkpoint FILE] [--json]

Settings are environment variables, or lines of a file .env; README.md lists them all. An option of the \
command line wins over its variable.";

/// A self-hosted, multi-tenant e-mail API on one event log.
#[derive(Debug, Parser)]
#[command(name = "selfmx", version, about, after_help = AT_A_GLANCE, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serves the API and delivers mail until it is stopped
    #[command(after_help = SETTINGS)]
    Serve {
        /// The address to listen on (HOST, 127.0.0.1)
        #[arg(long, value_name = "ADDRESS")]
        host: Option<String>,
        /// The port to listen on; 0 for any that is free (PORT, 8080)
        #[arg(long, value_name = "PORT")]
        port: Option<String>,
        #[command(flatten)]
        place: Place,
    },
    /// Brings the database's schema up to date, and ends
    #[command(after_help = SETTINGS)]
    Migrate {
        #[command(flatten)]
        place: Place,
    },
    /// Makes, lists and revokes the keys that reach every tenant
    #[command(after_help = SETTINGS)]
    AdminKey {
        #[command(flatten)]
        place: Place,
        #[command(subcommand)]
        action: admin_key::Action,
    },
    /// Exchanges the secret that opens this installation
    #[command(after_help = SETTINGS)]
    SecretKey {
        #[command(flatten)]
        place: Place,
        #[command(subcommand)]
        action: secret_key::Action,
    },
    /// Shows how far the read models have come, and grows them again from the log
    #[command(after_help = SETTINGS)]
    Projections {
        #[command(flatten)]
        place: Place,
        #[command(subcommand)]
        action: projections::Action,
    },
    /// Proves the log, the read models and the usage, or says what does not hold
    #[command(after_help = SETTINGS)]
    Verify {
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        wanted: verify::Wanted,
    },
    /// Shows what an auditor needs: the key, signed tree heads, histories with proofs
    #[command(after_help = SETTINGS)]
    Audit {
        #[command(flatten)]
        place: Place,
        #[command(subcommand)]
        action: audit::Action,
    },
    /// Checks an export without a database: every fact, link, proof and signature
    VerifyExport(verify_export::Given),
}

/// Where the data are.
#[derive(Debug, Args)]
struct Place {
    #[arg(help = "The folder with everything that must not be lost (DATA_DIR, ./data)")]
    #[arg(long, value_name = "FOLDER", global = true)]
    data_dir: Option<String>,
}

impl Place {
    fn overrides(&self) -> Overrides {
        Overrides::default().with("DATA_DIR", self.data_dir.as_deref())
    }
}

/// Runs the command that the command line names.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    let done = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(anyhow::Error::from)
        .and_then(|runtime| runtime.block_on(carry_out(cli.command)));
    match done {
        Ok(code) => code,
        Err(error) => {
            complain(&error);
            ExitCode::FAILURE
        }
    }
}

fn complain(error: &anyhow::Error) {
    // Nobody reads: there is nobody to tell.
    let _ = writeln!(std::io::stderr(), "selfmx: {error:#}");
}

async fn carry_out(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Serve { host, port, place } => {
            let overrides =
                place.overrides().with("HOST", host.as_deref()).with("PORT", port.as_deref());
            serve::run(&Config::from_env(&overrides)?).await?;
        }
        Command::Migrate { place } => migrate::run(&Config::from_env(&place.overrides())?).await?,
        Command::AdminKey { place, action } => {
            admin_key::run(&Config::from_env(&place.overrides())?, action).await?;
        }
        Command::Projections { place, action } => {
            projections::run(&Config::from_env(&place.overrides())?, action).await?;
        }
        Command::Verify { place, wanted } => {
            return Ok(verify::run(&place.overrides(), &wanted).await);
        }
        Command::SecretKey { place, action } => {
            secret_key::run(&Config::from_env(&place.overrides())?, action).await?;
        }
        Command::Audit { place, action } => {
            audit::run(&Config::from_env(&place.overrides())?, action).await?;
        }
        Command::VerifyExport(given) => verify_export::run(&given)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// What a command has to say to whoever called it.
fn say(text: &str) -> anyhow::Result<()> {
    writeln!(std::io::stdout(), "{text}")?;
    Ok(())
}
