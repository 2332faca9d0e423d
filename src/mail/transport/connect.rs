//! From a route to a connection on which mail can be sent: look-up, check, TCP, TLS, greeting, login.

use std::net::{Ipv4Addr, SocketAddr};

use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::response::Severity;
use tokio::net::TcpStream;

use super::failure::{Failure, Fault, expect};
use super::outcome::Stage;
use super::patience::Patience;
use super::route::Route;
use super::starttls;
use super::wire::Wire;
use crate::values::{HostName, RelayTls, is_public};

/// So many of a host's addresses are tried.
const ADDRESSES: usize = 4;

/// Opens a connection and logs in.
pub(super) async fn connect(
    route: &Route,
    patience: &Patience,
) -> Result<AsyncSmtpConnection, Failure> {
    let addresses = looked_up(route, patience).await?;
    let mut last = None;
    for address in addresses.into_iter().take(ADDRESSES) {
        match Box::pin(greeted(route, address, patience)).await {
            Ok(connection) => return logged_in(connection, route, patience).await,
            Err(failure) => last = Some(failure),
        }
    }
    Err(last.unwrap_or_else(|| at(Stage::Connect, Fault::lost("the host has no address"))))
}

fn at(stage: Stage, fault: Fault) -> Failure {
    Failure { stage, fault }
}

/// The addresses are checked here and connected to as they are: a second look-up could answer
/// otherwise.
async fn looked_up(route: &Route, patience: &Patience) -> Result<Vec<SocketAddr>, Failure> {
    let found = patience.step_of(tokio::net::lookup_host((route.host.as_str(), route.port))).await;
    let found: Vec<SocketAddr> = match found {
        Ok(Ok(found)) => found.collect(),
        Ok(Err(error)) => {
            let message = format!("the name of the relay cannot be looked up ({error})");
            return Err(at(Stage::Connect, Fault::lost(message)));
        }
        Err(fault) => return Err(at(Stage::Connect, fault)),
    };
    if route.allow_private || found.is_empty() {
        return Ok(found);
    }
    let public: Vec<_> = found.into_iter().filter(|address| is_public(address.ip())).collect();
    if public.is_empty() {
        let message = format!(
            "{} is in a private network, where a relay may be only with SMTP_ALLOW_PRIVATE=true",
            route.host
        );
        return Err(at(Stage::Connect, Fault::Misconfigured { message }));
    }
    Ok(public)
}

async fn greeted(
    route: &Route,
    address: SocketAddr,
    patience: &Patience,
) -> Result<AsyncSmtpConnection, Failure> {
    let hello = introduction(ClientId::default());
    let tcp = patience.step_of(TcpStream::connect(address)).await;
    let tcp = tcp.map_err(|fault| at(Stage::Connect, fault))?.map_err(|error| {
        at(Stage::Connect, Fault::lost(format!("the relay cannot be reached ({error})")))
    })?;
    // The dot after a mail must not wait for an acknowledgement of the mail.
    let _ = tcp.set_nodelay(true);
    let clear = Wire::clear(tcp, address);
    let wire = match route.tls {
        RelayTls::None => clear,
        RelayTls::Implicit => encrypted(clear, route, patience).await?,
        RelayTls::StartTls => {
            let begun = patience.step_of(starttls::begun(clear, &hello.to_string())).await;
            let begun = begun.map_err(|fault| at(Stage::Greeting, fault))??;
            // Lettre begins with the greeting. The relay gave it in clear, and gives no other.
            encrypted(begun, route, patience).await?.saying("220 TLS has begun\r\n")
        }
    };
    let greeting = AsyncSmtpConnection::connect_with_transport(Box::new(wire), &hello);
    let greeted = patience.step_of(greeting).await;
    greeted
        .and_then(|greeted| greeted.map_err(Fault::from))
        .map_err(|fault| at(Stage::Greeting, not_for_good(fault)))
}

async fn encrypted(wire: Wire, route: &Route, patience: &Patience) -> Result<Wire, Failure> {
    let handshake = wire.encrypted(tls_parameters(route)?);
    let done = patience.step_of(handshake).await;
    done.and_then(|done| done).map_err(|fault| at(Stage::Tls, fault))
}

/// Our name, if the world may know it by that; relays refuse bare names such as `localhost`, and an
/// address instead of a name is always allowed (RFC 5321, 4.1.4).
fn introduction(host: ClientId) -> ClientId {
    let ClientId::Domain(name) = &host else { return host };
    if HostName::domain(name).is_ok() { host } else { ClientId::Ipv4(Ipv4Addr::LOCALHOST) }
}

fn tls_parameters(route: &Route) -> Result<TlsParameters, Failure> {
    TlsParameters::builder(route.host.to_string())
        .dangerous_accept_invalid_certs(!route.tls_verify)
        .dangerous_accept_invalid_hostnames(!route.tls_verify)
        .build()
        .map_err(|error| at(Stage::Tls, Fault::from(error)))
}

/// Before a mail is even named, a "never" is about the relay's present state, not about the mail.
fn not_for_good(fault: Fault) -> Fault {
    match fault {
        Fault::Refused { .. } => Fault::lost(fault.message()),
        Fault::Lost { .. } | Fault::Login { .. } | Fault::Misconfigured { .. } => fault,
    }
}

async fn logged_in(
    mut connection: AsyncSmtpConnection,
    route: &Route,
    patience: &Patience,
) -> Result<AsyncSmtpConnection, Failure> {
    let Some((user, password)) = &route.login else { return Ok(connection) };
    let mechanisms = [Mechanism::Plain, Mechanism::Login];
    if connection.server_info().get_auth_mechanism(&mechanisms).is_none() {
        let message = "the relay offers no login (AUTH PLAIN or LOGIN)".to_owned();
        return Err(at(Stage::Login, Fault::Login { message }));
    }
    let credentials = Credentials::new(user.clone(), password.expose().to_owned());
    let answer = patience.step_of(connection.auth(&mechanisms, &credentials)).await;
    match answer.and_then(|answer| expect(answer, Severity::PositiveCompletion)) {
        Ok(_) => Ok(connection),
        Err(Fault::Refused { code: code @ 500.., message, .. }) => {
            Err(at(Stage::Login, Fault::Login { message: format!("{code} {message}") }))
        }
        Err(fault) => Err(at(Stage::Login, fault)),
    }
}

#[cfg(test)]
mod tests {
    use lettre::transport::smtp::extension::ClientId;

    use super::introduction;

    #[test]
    fn only_a_full_name_is_given_as_a_name() {
        let given = |name: &str| introduction(ClientId::Domain(name.to_owned())).to_string();
        assert_eq!(given("mail.acme.example"), "mail.acme.example");
        for name in ["vm", "localhost", "my_host.local", "a b.example", "x\r\nMAIL FROM:<>"] {
            assert_eq!(given(name), "[127.0.0.1]", "{name}");
        }
    }
}
