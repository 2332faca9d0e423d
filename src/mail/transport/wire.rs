//! What a relay says, made fit to be read: whole lines, in UTF-8, without control characters, and
//! none so long that it fills the memory.
//!
//! Lettre gives a connection up over a byte that is not UTF-8. Relays that answer in Latin-1 are not
//! rare, and what they refuse is one recipient; or they have taken the mail, which must not go again.

#![expect(deprecated, reason = "lettre has no other type that puts its TLS under a stream of ours")]

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_util::io::{AsyncRead as _, AsyncWrite as _};
use lettre::transport::smtp::client::{AsyncNetworkStream, AsyncTokioStream, TlsParameters};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::failure::Fault;

/// So much of a line is kept; lettre takes 1,000 bytes, and a lossy character is three times as long.
const LONGEST_LINE: usize = 300;

/// So much is read at once.
const CHUNK: usize = 4096;

/// A relay's side of a connection, tidied.
#[derive(Debug)]
pub(super) struct Wire {
    stream: AsyncNetworkStream,
    peer: SocketAddr,
    /// The line that has begun, as far as it is kept.
    line: Vec<u8>,
    /// Tidy lines that nobody has read yet.
    tidy: Vec<u8>,
}

impl Wire {
    /// In clear.
    pub(super) fn clear(tcp: TcpStream, peer: SocketAddr) -> Self {
        let stream = AsyncNetworkStream::use_existing_tokio1(Box::new(tcp));
        Self { stream, peer, line: Vec::new(), tidy: Vec::new() }
    }

    /// From here on by TLS. What was said in clear before must have been read.
    pub(super) async fn encrypted(mut self, parameters: TlsParameters) -> Result<Self, Fault> {
        if !self.tidy.is_empty() || !self.line.is_empty() {
            // Somebody on the way may have put it there, to be read as if it came by TLS.
            return Err(Fault::lost("the relay went on in clear after it had begun TLS"));
        }
        self.stream.upgrade_tls(parameters).await?;
        Ok(self)
    }

    /// `said` is read next, as if the relay had said it.
    pub(super) fn saying(mut self, said: &str) -> Self {
        self.tidy.extend_from_slice(said.as_bytes());
        self
    }

    fn take_in(&mut self, bytes: &[u8]) {
        for byte in bytes {
            match byte {
                b'\n' => self.end_line(),
                _ if self.line.len() < LONGEST_LINE => self.line.push(*byte),
                _ => {}
            }
        }
    }

    fn end_line(&mut self) {
        let line = std::mem::take(&mut self.line);
        let line = String::from_utf8_lossy(line.strip_suffix(b"\r").unwrap_or(&line));
        self.tidy.extend_from_slice(without_controls(&line).as_bytes());
        if line.len() == 3 {
            // A code alone is an answer (RFC 5321, 4.2), but lettre asks for a space after it.
            self.tidy.push(b' ');
        }
        self.tidy.extend_from_slice(b"\r\n");
    }
}

/// A NUL would stop at Postgres, and an escape sequence would act on an operator's screen.
pub(super) fn without_controls(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        while self.tidy.is_empty() {
            let mut chunk = [0; CHUNK];
            let count = ready!(Pin::new(&mut self.stream).poll_read(context, &mut chunk))?;
            if count == 0 {
                return Poll::Ready(Ok(()));
            }
            self.take_in(&chunk[..count]);
        }
        let count = self.tidy.len().min(into.remaining());
        into.put_slice(&self.tidy[..count]);
        self.tidy.drain(..count);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_close(context)
    }
}

impl AsyncTokioStream for Wire {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.peer)
    }
}
