//! Requests byte by byte, from callers who take their time.

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::Service;

/// A connection on which nothing has been said yet.
pub(crate) struct Wire(TcpStream);

/// What came back: the head as it was, the body as it was.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Wire {
    pub(crate) async fn to(service: &Service) -> Self {
        Self(TcpStream::connect(service.address()).await.unwrap())
    }

    /// Says these bytes; false if the service does not listen any more.
    pub(crate) async fn say(&mut self, bytes: &[u8]) -> bool {
        self.0.write_all(bytes).await.is_ok()
    }

    /// Will say nothing more, and still listens.
    pub(crate) async fn falls_silent(&mut self) {
        self.0.shutdown().await.unwrap();
    }

    /// The next answer; none if the service hangs up instead.
    pub(crate) async fn reply(&mut self) -> Option<Reply> {
        let mut bytes = Vec::new();
        let end = loop {
            if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
                break end + 4;
            }
            if !self.more(&mut bytes).await {
                return None;
            }
        };
        let head = String::from_utf8_lossy(&bytes[..end]).to_ascii_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        let length: usize = length.map_or(0, |length| length.parse().unwrap());
        while bytes.len() < end + length {
            if !self.more(&mut bytes).await {
                return None;
            }
        }
        let body = String::from_utf8_lossy(&bytes[end..]).into_owned();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Some(Reply { status, head, body })
    }

    async fn more(&mut self, bytes: &mut Vec<u8>) -> bool {
        self.0.read_buf(bytes).await.is_ok_and(|read| read > 0)
    }
}

/// The head of an email that is sent with this token, and whose body is so long.
pub(crate) fn send_head(token: &str, length: usize) -> Vec<u8> {
    format!(
        "POST /v1/send HTTP/1.1\r\nHost: selfmx\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
    )
    .into_bytes()
}

/// Lets this process open as many files as the system allows at all; how many that are.
pub(crate) fn open_files() -> usize {
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, hard, hard).unwrap();
    usize::try_from(hard).unwrap_or(usize::MAX)
}
