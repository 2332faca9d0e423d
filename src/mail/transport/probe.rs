//! Tries a relay without sending: handshake and login.

use super::connect::connect;
use super::discretion::Discretion;
use super::failure::Failure;
use super::outcome::{Stage, Trouble};
use super::patience::Patience;
use super::route::Route;

/// Opens a connection, logs in and leaves; or says how far it got and what failed.
pub async fn probe(route: &Route) -> Result<(), Trouble> {
    let patience = Patience::new(route.timeout, 0);
    let connected = connect(route, &patience).await;
    let told = |failure: Failure| Discretion::of(route).trouble(&failure.trouble());
    let mut connection = connected.map_err(told)?;
    // The relay has let us in. That it does not say goodbye is no fault.
    let _ = patience.step_of(connection.quit()).await;
    Ok(())
}

/// Words for the step at which a relay failed.
pub fn described(stage: Stage) -> &'static str {
    match stage {
        Stage::Connect => "connecting",
        Stage::Tls => "the TLS handshake",
        Stage::Greeting => "the greeting",
        Stage::Login => "the login",
        Stage::Mail | Stage::Rcpt | Stage::Data | Stage::End => "sending",
    }
}
