//! Asks name servers, and tells "there is none" from "nobody answers".

use std::net::SocketAddr;
use std::time::Duration;

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{
    ConnectionConfig, NameServerConfig, ResolveHosts, ResolverConfig, ResolverOpts,
};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::op::ResponseCode;
use hickory_resolver::proto::rr::{RData, RecordType as Asked};

use super::records::RecordType;

/// How long one name server may take.
const PATIENCE: Duration = Duration::from_secs(3);

/// How often each is asked.
const ATTEMPTS: usize = 2;

/// Asks name servers. Clones share their sockets.
#[derive(Clone)]
pub struct Resolver(Option<TokioResolver>);

/// Nobody could say whether there is such a record: that tells nothing about it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unanswered(String);

impl Resolver {
    /// Asks these name servers, or those of the system if there are none.
    pub fn new(servers: &[SocketAddr]) -> Self {
        let made = if servers.is_empty() { of_system() } else { of(servers) };
        let resolver = made.map_err(|error| {
            tracing::warn!(%error, "no name server is known: set DNS_SERVERS to verify domains");
        });
        Self(resolver.ok())
    }

    /// All values of a record; none if there is no such record.
    pub async fn values(&self, name: &str, kind: RecordType) -> Result<Vec<String>, Unanswered> {
        let none =
            || Unanswered("no name server is known: the operator sets DNS_SERVERS".to_owned());
        let resolver = self.0.as_ref().ok_or_else(none)?;
        let asked = match kind {
            RecordType::Txt => Asked::TXT,
            RecordType::Cname => Asked::CNAME,
        };
        match resolver.lookup(format!("{name}."), asked).await {
            Ok(found) => {
                Ok(found.answers().iter().filter_map(|one| text(kind, &one.data)).collect())
            }
            Err(error) if is_absence(&error) => Ok(Vec::new()),
            Err(error) => Err(Unanswered(format!("{name} could not be looked up: {error}"))),
        }
    }
}

fn of_system() -> Result<TokioResolver, NetError> {
    let mut builder = TokioResolver::builder_tokio()?;
    set(builder.options_mut());
    builder.build()
}

fn of(servers: &[SocketAddr]) -> Result<TokioResolver, NetError> {
    let server = |at: &SocketAddr| {
        let mut connections = vec![ConnectionConfig::udp(), ConnectionConfig::tcp()];
        for connection in &mut connections {
            connection.port = at.port();
        }
        NameServerConfig::new(at.ip(), true, connections)
    };
    let config = ResolverConfig::from_parts(None, vec![], servers.iter().map(server).collect());
    let mut builder = TokioResolver::builder_with_config(config, TokioRuntimeProvider::default());
    set(builder.options_mut());
    builder.build()
}

/// What is looked up is the state of now, so nothing is remembered here.
fn set(options: &mut ResolverOpts) {
    options.timeout = PATIENCE;
    options.attempts = ATTEMPTS;
    options.cache_size = 0;
    options.use_hosts_file = ResolveHosts::Never;
}

fn is_absence(error: &NetError) -> bool {
    let NetError::Dns(DnsError::NoRecordsFound(none)) = error else { return false };
    matches!(none.response_code, ResponseCode::NXDomain | ResponseCode::NoError)
}

/// The strings of a TXT record are one text.
fn text(kind: RecordType, data: &RData) -> Option<String> {
    match (kind, data) {
        (RecordType::Txt, RData::TXT(text)) => {
            Some(String::from_utf8_lossy(&text.txt_data.concat()).into_owned())
        }
        (RecordType::Cname, RData::CNAME(name)) => Some(name.0.to_ascii()),
        (RecordType::Txt | RecordType::Cname, _) => None,
    }
}
