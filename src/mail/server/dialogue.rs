//! The server's side of SMTP (RFC 5321), as much of it as a client needs.

use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::{Limits, Received, Receiver};

/// The longest line of a command.
const LINE: u64 = 4_096;

/// The longest line of a mail; it is a limit against abuse, not a rule.
const MAIL_LINE: u64 = 1024 * 1024;

/// How long a silent client is listened to.
const SILENCE: Duration = Duration::from_secs(60);

const DISORDER: &str = "503 5.5.1 not in this order";

/// One client, as far as it has come.
struct Session<'a> {
    stream: BufReader<TcpStream>,
    receiver: &'a dyn Receiver,
    limits: Limits,
    name: String,
    from: Option<String>,
    to: Vec<String>,
    refusals: usize,
}

/// Speaks with one client until it leaves, is silent for long, or breaks the rules.
pub(super) async fn hold(stream: TcpStream, receiver: &dyn Receiver) {
    let (name, words) = receiver.greeting();
    let greeting = format!("220 {name} {words}");
    let mut session = Session {
        stream: BufReader::new(stream),
        receiver,
        limits: receiver.limits(),
        name,
        from: None,
        to: Vec::new(),
        refusals: 0,
    };
    // A client that goes away in the middle is no news.
    let _ = session.speak(&greeting).await;
}

/// Says no more than that it has enough connections.
pub(super) async fn turn_away(mut stream: TcpStream) {
    // A client that goes away before is no news.
    let _ = stream.write_all(b"421 4.7.0 too many connections from your address\r\n").await;
}

impl Session<'_> {
    async fn speak(&mut self, greeting: &str) -> std::io::Result<()> {
        self.say(greeting).await?;
        loop {
            let line = self.line(LINE).await?;
            let text = String::from_utf8_lossy(&line);
            let text = text.trim_end();
            let verb = text.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
            match verb.as_str() {
                "EHLO" => self.introduce().await?,
                "HELO" => self.say(&format!("250 {}", self.name)).await?,
                "MAIL" => {
                    let answer = self.sender(text);
                    self.say(answer).await?;
                }
                "RCPT" => {
                    let answer = self.recipient(text);
                    self.say(answer).await?;
                }
                "DATA" if self.to.is_empty() => self.say(DISORDER).await?,
                "DATA" => self.data().await?,
                "RSET" => {
                    self.forget();
                    self.say("250 2.0.0 forgotten").await?;
                }
                "NOOP" => self.say("250 2.0.0 still here").await?,
                "QUIT" => return self.say("221 2.0.0 goodbye").await,
                _ => self.say("502 5.5.2 not known here").await?,
            }
            if self.refusals > self.limits.refusals {
                return self.say("421 4.7.0 too many mistakes").await;
            }
        }
    }

    async fn introduce(&mut self) -> std::io::Result<()> {
        self.forget();
        let (name, size) = (&self.name, self.limits.bytes);
        let known = format!(
            "250-{name}\r\n250-8BITMIME\r\n250-PIPELINING\r\n250-ENHANCEDSTATUSCODES\r\n250-SMTPUTF8\r\n250 SIZE {size}"
        );
        self.say(&known).await
    }

    fn forget(&mut self) {
        self.from = None;
        self.to.clear();
    }

    fn sender(&mut self, text: &str) -> &'static str {
        let Some(sender) = path(text) else {
            return "501 5.1.7 give an address in angle brackets";
        };
        if announced(text).is_some_and(|size| size > self.limits.bytes) {
            return "552 5.3.4 too large";
        }
        self.forget();
        self.from = Some(sender);
        "250 2.1.0 sender noted"
    }

    fn recipient(&mut self, text: &str) -> &'static str {
        if self.from.is_none() {
            return DISORDER;
        }
        let Some(recipient) = path(text) else {
            return "501 5.1.7 give an address in angle brackets";
        };
        if self.to.len() >= self.limits.recipients {
            return "452 4.5.3 too many recipients";
        }
        if let Err(refusal) = self.receiver.admits(&recipient) {
            return refusal;
        }
        self.to.push(recipient);
        "250 2.1.5 recipient noted"
    }

    async fn data(&mut self) -> std::io::Result<()> {
        self.say("354 end with a dot").await?;
        let Some(raw) = self.mail().await? else {
            self.forget();
            return self.say("552 5.3.4 too large").await;
        };
        let from = self.from.take().unwrap_or_default();
        let mail = Received { from, to: std::mem::take(&mut self.to), raw };
        let answer = self.receiver.take(mail).await;
        self.say(&answer).await
    }

    /// What is kept of it. None if it is too large: it is heard out and forgotten, since a client that is cut off in
    /// the middle would come again with it.
    async fn mail(&mut self) -> std::io::Result<Option<Vec<u8>>> {
        let (mut mail, mut heard, mut kept) = (Vec::new(), 0_usize, true);
        loop {
            let line = self.line(MAIL_LINE).await?;
            if line == b".\r\n" {
                return Ok((heard <= self.limits.bytes).then_some(mail));
            }
            heard = heard.saturating_add(line.len());
            if heard > self.limits.bytes {
                mail = Vec::new();
            }
            // No line is kept after one that was not.
            kept &= heard <= self.limits.kept.min(self.limits.bytes);
            if kept {
                mail.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
            }
        }
    }

    async fn line(&mut self, longest: u64) -> std::io::Result<Vec<u8>> {
        let mut line = Vec::new();
        let mut bounded = (&mut self.stream).take(longest);
        timeout(SILENCE, bounded.read_until(b'\n', &mut line)).await??;
        if line.ends_with(b"\n") {
            Ok(line)
        } else {
            Err(std::io::Error::other("the client left, or its line was too long"))
        }
    }

    async fn say(&mut self, words: &str) -> std::io::Result<()> {
        self.refusals += usize::from(words.starts_with('5'));
        self.stream.get_mut().write_all(format!("{words}\r\n").as_bytes()).await?;
        self.stream.get_mut().flush().await
    }
}

/// What stands between the angle brackets.
fn path(text: &str) -> Option<String> {
    let (_, after) = text.split_once('<')?;
    after.rsplit_once('>').map(|(inside, _)| inside.to_owned())
}

/// How large a mail is said to be (RFC 1870).
fn announced(text: &str) -> Option<usize> {
    let (_, parameters) = text.rsplit_once('>')?;
    let words = parameters.split_whitespace();
    words.filter_map(|word| word.split_once('=')).find_map(|(name, value)| {
        if name.eq_ignore_ascii_case("SIZE") { value.parse().ok() } else { None }
    })
}
