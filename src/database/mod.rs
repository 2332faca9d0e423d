//! Postgres as a tool: connecting, the embedded one, migrations, counting requests.

pub mod audit_key;
pub mod durability;
pub mod embedded;
pub mod migrate;
pub mod request_meter;
pub mod root_key;
pub mod secret_file;
pub mod settling;

use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection as _, PgPool, Postgres, Transaction};

/// A statement that runs for longer has gone astray.
const LONGEST_STATEMENT: &str = "60s";

/// Between two statements of a transaction there is no waiting for anybody. A node that is frozen there, or
/// whose machine is gone without a word, must not keep its turn at the log from all others.
const LONGEST_SILENCE: &str = "5s";

/// A connection that was not used for so long is asked whether it still lives; to ask one that was used just
/// now costs a way there and back, and says nothing new.
const UNUSED: Duration = Duration::from_secs(1);

/// How connections are shared.
#[derive(Clone, Copy, Debug)]
pub struct Sharing {
    /// At most so many.
    pub size: u32,
    /// How long to wait for one.
    pub timeout: Duration,
    /// How long an unused one is kept.
    pub idle: Duration,
}

/// Where an outside database is, from its URL; the error does not show the URL.
pub fn options_of(url: &str) -> sqlx::Result<PgConnectOptions> {
    url.parse()
}

/// Connects, and tries again for a while: a database that starts together with us is a moment late.
pub async fn connect(options: PgConnectOptions, sharing: Sharing) -> sqlx::Result<PgPool> {
    let options = options
        .application_name("selfmx")
        // Our statements are short: compiling them to machine code takes longer than running them.
        .options([
            ("statement_timeout", LONGEST_STATEMENT),
            ("idle_in_transaction_session_timeout", LONGEST_SILENCE),
            ("timezone", "UTC"),
            ("jit", "off"),
            // Postgres plans for the tables as it last counted them, and a table that was empty then is read as
            // a whole until it counts again. Whatever we ask can be found by an index.
            ("enable_seqscan", "off"),
        ]);
    let pool = PgPoolOptions::new()
        .test_before_acquire(false)
        .before_acquire(|connection, meta| {
            Box::pin(async move {
                if meta.idle_for >= UNUSED {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
        .max_connections(sharing.size)
        .acquire_timeout(sharing.timeout)
        .idle_timeout(sharing.idle);
    let mut tries = 0;
    loop {
        match pool.clone().connect_with(options.clone()).await {
            Ok(pool) => return Ok(pool),
            Err(error) if tries < 10 && may_come_up(&error) => {
                tracing::info!(%error, "the database does not answer yet");
                tries += 1;
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            Err(error) => return Err(error),
        }
    }
}

fn may_come_up(error: &sqlx::Error) -> bool {
    // 57P03: it is starting up.
    let starting = |refusal: &dyn sqlx::error::DatabaseError| {
        refusal.code().is_some_and(|code| code == "57P03")
    };
    error.as_database_error().is_some_and(starting)
        || matches!(error, sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut)
}

/// Such a transaction says nothing while that is being done, however long it takes.
const ALONE: &str = "begin; set local idle_in_transaction_session_timeout = 0";

/// Lets one node at a time do something; the others wait until the transaction has ended.
pub async fn alone(pool: &PgPool, what: i64) -> sqlx::Result<Transaction<'static, Postgres>> {
    let mut turn = pool.begin_with(ALONE).await?;
    sqlx::query!("select pg_advisory_xact_lock($1)", what).execute(&mut *turn).await?;
    Ok(turn)
}

/// True if the database answers.
pub async fn answers(pool: &PgPool) -> bool {
    let asked = sqlx::query_scalar!(r#"select 1 as "one!""#).fetch_one(pool);
    matches!(tokio::time::timeout(Duration::from_secs(5), asked).await, Ok(Ok(_)))
}
