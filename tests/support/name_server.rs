//! A name server for tests: it answers on a loopback port with what it was told.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on may panic")]

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use hickory_proto::op::{Message, OpCode, ResponseCode};
use hickory_proto::rr::rdata::{CNAME, TXT};
use hickory_proto::rr::{Name, RData, Record, RecordType};
use tokio::net::UdpSocket;
use tokio::task::JoinSet;

/// What stands under a name.
type Zone = Arc<Mutex<HashMap<String, Entry>>>;

#[derive(Clone, Debug)]
enum Entry {
    Is(Vec<RData>),
    Fails,
}

/// A name server; it stops when it is dropped.
#[derive(Debug)]
pub struct TestNameServer {
    address: SocketAddr,
    zone: Zone,
    _running: JoinSet<()>,
}

impl TestNameServer {
    /// One that knows no names.
    pub async fn start() -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let (address, zone) = (socket.local_addr().unwrap(), Zone::default());
        let (mut running, known) = (JoinSet::new(), Arc::clone(&zone));
        running.spawn(async move {
            let mut packet = [0; 4096];
            loop {
                let (size, from) = socket.recv_from(&mut packet).await.unwrap();
                let Ok(query) = Message::from_vec(&packet[..size]) else { continue };
                let answer = answer(&known, &query).to_vec().unwrap();
                socket.send_to(&answer, from).await.unwrap();
            }
        });
        Self { address, zone, _running: running }
    }

    /// Where it listens, as the setting has it.
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    /// A text stands under this name from here on, beside what stands there already.
    pub fn add_text(&self, name: &str, text: &str) {
        let parts = text.as_bytes().chunks(255).collect();
        self.add(name, RData::TXT(TXT::from_bytes(parts)));
    }

    /// The name is another's from here on.
    pub fn add_alias(&self, name: &str, target: &str) {
        self.add(name, RData::CNAME(CNAME(Name::from_ascii(format!("{target}.")).unwrap())));
    }

    /// There is no such name any more.
    pub fn remove(&self, name: &str) {
        self.locked(|zone| zone.remove(name));
    }

    /// It does not say what stands under this name any more.
    pub fn fail(&self, name: &str) {
        self.locked(|zone| zone.insert(name.to_owned(), Entry::Fails));
    }

    fn add(&self, name: &str, data: RData) {
        self.locked(|zone| match zone.get_mut(name) {
            Some(Entry::Is(all)) => all.push(data),
            Some(Entry::Fails) | None => {
                zone.insert(name.to_owned(), Entry::Is(vec![data]));
            }
        });
    }

    fn locked<T>(&self, change: impl FnOnce(&mut HashMap<String, Entry>) -> T) -> T {
        change(&mut self.zone.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn answer(zone: &Zone, query: &Message) -> Message {
    let asked = query.queries[0].clone();
    let mut answer = Message::response(query.metadata.id, OpCode::Query);
    answer.metadata.recursion_desired = true;
    answer.metadata.recursion_available = true;
    let name = asked.name().to_ascii().trim_end_matches('.').to_ascii_lowercase();
    let known = zone.lock().unwrap_or_else(PoisonError::into_inner).get(&name).cloned();
    match known {
        Some(Entry::Is(all)) => {
            let is_asked = |data: &RData| {
                data.record_type() == asked.query_type() || data.record_type() == RecordType::CNAME
            };
            for data in all.into_iter().filter(is_asked) {
                answer.add_answer(Record::from_rdata(asked.name().clone(), 60, data));
            }
        }
        Some(Entry::Fails) => answer.metadata.response_code = ResponseCode::ServFail,
        None => answer.metadata.response_code = ResponseCode::NXDomain,
    }
    answer.add_query(asked);
    answer
}
