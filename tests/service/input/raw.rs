//! Requests byte by byte, as no honest client would write them.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::app::App;

/// What came back: all of it.
#[derive(Debug)]
pub(super) struct RawAnswer {
    pub(super) status: u16,
    pub(super) text: String,
}

/// Sends bytes on a connection of their own and reads until the service hangs up.
pub(super) async fn exchange(app: &App, bytes: &[u8]) -> RawAnswer {
    let mut stream = connect(app).await;
    // It may hang up before it has read all of a request that it does not want.
    let _ = stream.write_all(bytes).await;
    rest(&mut stream).await
}

pub(super) async fn connect(app: &App) -> TcpStream {
    TcpStream::connect(app.url.strip_prefix("http://").unwrap()).await.unwrap()
}

pub(super) async fn rest(stream: &mut TcpStream) -> RawAnswer {
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    let text = String::from_utf8_lossy(&answer).into_owned();
    let status = text.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0);
    RawAnswer { status, text }
}

/// A request with these lines in its head, after which the service is to hang up.
pub(super) fn request(first: &str, token: &str, lines: &[&str], body: &[u8]) -> Vec<u8> {
    let mut bytes = format!("{first}\r\nHost: selfmx\r\nConnection: close\r\n").into_bytes();
    bytes.extend(format!("Authorization: Bearer {token}\r\n").bytes());
    for line in lines {
        bytes.extend(line.bytes().chain(*b"\r\n"));
    }
    bytes.extend(*b"\r\n");
    bytes.extend(body);
    bytes
}
