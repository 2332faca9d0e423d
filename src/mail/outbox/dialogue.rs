//! The relay's side of SMTP (RFC 5321), as much of it as a client needs.

use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::caught::Shelf;

/// The longest line of a command.
const LINE: u64 = 4_096;

/// The longest line of a mail; it is a limit against abuse, not a rule.
const MAIL_LINE: u64 = 1024 * 1024;

/// The largest mail.
const MAIL: usize = 48 * 1024 * 1024;

/// How long a silent client is listened to.
const SILENCE: Duration = Duration::from_secs(60);

#[derive(Default)]
struct Letter {
    from: Option<String>,
    to: Vec<String>,
}

/// Speaks with one client until it leaves, is silent for long, or breaks the rules.
pub(super) async fn hold(stream: TcpStream, shelf: &Shelf) {
    let mut stream = BufReader::new(stream);
    // A client that goes away in the middle is no news.
    let _ = speak(&mut stream, shelf).await;
}

async fn speak(stream: &mut BufReader<TcpStream>, shelf: &Shelf) -> std::io::Result<()> {
    say(stream, "220 outbox.localhost SelfMX outbox").await?;
    let mut letter = Letter::default();
    loop {
        let line = line(stream, LINE).await?;
        let text = String::from_utf8_lossy(&line);
        let text = text.trim_end();
        let verb = text.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
        match verb.as_str() {
            "EHLO" => {
                letter = Letter::default();
                say(stream, "250-outbox.localhost\r\n250-8BITMIME\r\n250-PIPELINING\r\n250-SMTPUTF8\r\n250 SIZE 50331648").await?;
            }
            "HELO" => say(stream, "250 outbox.localhost").await?,
            "MAIL" | "RCPT" => say(stream, noted(&mut letter, &verb, path(text))).await?,
            "DATA" if !letter.to.is_empty() => {
                say(stream, "354 end with a dot").await?;
                let mail = mail(stream).await?;
                let Letter { from, to } = std::mem::take(&mut letter);
                let id = shelf.put(from.unwrap_or_default(), to, mail);
                say(stream, &format!("250 2.0.0 caught as {id}")).await?;
            }
            "DATA" => say(stream, DISORDER).await?,
            "RSET" => {
                letter = Letter::default();
                say(stream, "250 2.0.0 forgotten").await?;
            }
            "NOOP" => say(stream, "250 2.0.0 still here").await?,
            "QUIT" => return say(stream, "221 2.0.0 goodbye").await,
            _ => say(stream, "502 5.5.2 not known here").await?,
        }
    }
}

const DISORDER: &str = "503 5.5.1 not in this order";

/// Notes a sender or a recipient, and what to answer.
fn noted(letter: &mut Letter, verb: &str, path: Option<String>) -> &'static str {
    match path {
        _ if verb == "RCPT" && letter.from.is_none() => DISORDER,
        None => "501 5.1.7 give an address in angle brackets",
        Some(sender) if verb == "MAIL" => {
            *letter = Letter { from: Some(sender), to: Vec::new() };
            "250 2.1.0 sender noted"
        }
        Some(recipient) => {
            letter.to.push(recipient);
            "250 2.1.5 recipient noted"
        }
    }
}

/// What stands between the angle brackets.
fn path(text: &str) -> Option<String> {
    let (_, after) = text.split_once('<')?;
    after.rsplit_once('>').map(|(inside, _)| inside.to_owned())
}

async fn mail(stream: &mut BufReader<TcpStream>) -> std::io::Result<Vec<u8>> {
    let mut mail = Vec::new();
    loop {
        let line = line(stream, MAIL_LINE).await?;
        if line == b".\r\n" {
            return Ok(mail);
        }
        mail.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
        if mail.len() > MAIL {
            return Err(std::io::Error::other("too large"));
        }
    }
}

async fn line(stream: &mut BufReader<TcpStream>, longest: u64) -> std::io::Result<Vec<u8>> {
    let mut line = Vec::new();
    let mut bounded = stream.take(longest);
    timeout(SILENCE, bounded.read_until(b'\n', &mut line)).await??;
    if line.ends_with(b"\n") {
        Ok(line)
    } else {
        Err(std::io::Error::other("the client left, or its line was too long"))
    }
}

async fn say(stream: &mut BufReader<TcpStream>, words: &str) -> std::io::Result<()> {
    stream.get_mut().write_all(format!("{words}\r\n").as_bytes()).await?;
    stream.get_mut().flush().await
}
