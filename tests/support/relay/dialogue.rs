//! The relay's side of SMTP, told by its script.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use super::script::{Act, Step};
use super::seen::{Attempt, Mail, Seen};
use super::{Shared, Tls};

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// The connection has come to its end, by whatever reason.
struct Over;

impl From<std::io::Error> for Over {
    fn from(_: std::io::Error) -> Self {
        Self
    }
}

struct Dialogue<'a> {
    wire: BufReader<Box<dyn Stream>>,
    shared: &'a Shared,
    number: usize,
    encrypted: bool,
    logged_in: bool,
    from: Option<String>,
    to: Vec<String>,
    /// The mail that has come and is not yet answered for.
    pending: Option<Vec<u8>>,
}

/// What a step came to.
#[derive(PartialEq, Eq)]
enum Answered {
    Yes,
    No,
}

pub(super) async fn hold(tcp: TcpStream, acceptor: TlsAcceptor, shared: &Shared, number: usize) {
    let implicit = shared.options.tls == Tls::Implicit;
    let wire: Box<dyn Stream> = if implicit {
        let Ok(tls) = acceptor.accept(tcp).await else { return };
        Box::new(tls)
    } else {
        Box::new(tcp)
    };
    let wire = BufReader::new(wire);
    let mut dialogue = Dialogue {
        wire,
        shared,
        number,
        encrypted: implicit,
        logged_in: false,
        from: None,
        to: Vec::new(),
        pending: None,
    };
    if dialogue.step(Step::Greeting, "", "220 relay.test ready").await.is_err() {
        return;
    }
    while let Ok(line) = dialogue.line().await {
        if line == "STARTTLS" && shared.options.tls == Tls::Start {
            let Ok(answered) = dialogue.step(Step::StartTls, "", "220 go on").await else { return };
            if answered == Answered::Yes {
                let Ok(tls) = acceptor.accept(dialogue.wire.into_inner()).await else { return };
                dialogue.wire = BufReader::new(Box::new(tls));
                dialogue.encrypted = true;
            }
        } else if dialogue.command(&line).await.is_err() {
            return;
        }
    }
}

impl Dialogue<'_> {
    /// Does what the script says, or answers as it should.
    async fn step(&mut self, step: Step, recipient: &str, answer: &str) -> Result<Answered, Over> {
        let act = self.shared.script().next(step, recipient);
        match act {
            None => self.say_at(step, format!("{answer}\r\n").as_bytes()).await,
            Some(Act::Bytes(bytes)) => self.say_at(step, &bytes).await,
            Some(act @ (Act::Wait | Act::TakeAndWait)) => {
                if act == Act::TakeAndWait {
                    self.take();
                }
                self.shared.gate.acquire().await.map_err(|_| Over)?.forget();
                self.say_at(step, format!("{answer}\r\n").as_bytes()).await
            }
            Some(Act::AnswerAndDrop) => {
                self.say_at(step, format!("{answer}\r\n").as_bytes()).await?;
                Err(Over)
            }
            Some(Act::Drop) => Err(Over),
            Some(Act::TakeAndDrop) => {
                self.take();
                Err(Over)
            }
            Some(Act::Stall) => self.stalled().await,
            Some(Act::TakeAndStall) => {
                self.take();
                self.stalled().await
            }
        }
    }

    /// A mail is noted before the answer goes out: who has the answer may look for the mail.
    async fn say_at(&mut self, step: Step, answer: &[u8]) -> Result<Answered, Over> {
        if step == Step::End && answer.starts_with(b"2") {
            self.take();
        }
        self.say(answer).await
    }

    async fn say(&mut self, answer: &[u8]) -> Result<Answered, Over> {
        self.wire.write_all(answer).await?;
        self.wire.flush().await?;
        match answer.first() {
            _ if answer.starts_with(b"421") => Err(Over),
            Some(b'2' | b'3') => Ok(Answered::Yes),
            Some(_) | None => Ok(Answered::No),
        }
    }

    /// Listens without a word until the other side gives up.
    async fn stalled(&mut self) -> Result<Answered, Over> {
        let mut sink = [0; 1024];
        while self.wire.read(&mut sink).await? > 0 {}
        Err(Over)
    }

    async fn raw_line(&mut self) -> Result<Vec<u8>, Over> {
        let mut line = Vec::new();
        let read = self.wire.read_until(b'\n', &mut line).await?;
        if read == 0 { Err(Over) } else { Ok(line) }
    }

    /// The next command.
    async fn line(&mut self) -> Result<String, Over> {
        let line = self.raw_line().await?;
        let line = String::from_utf8_lossy(&line).trim_end().to_owned();
        self.note(|seen, number| seen.sessions[number].push(line.clone()));
        Ok(line)
    }

    fn note(&self, what: impl FnOnce(&mut Seen, usize)) {
        self.shared.seen.send_modify(|seen| what(seen, self.number));
    }

    async fn command(&mut self, line: &str) -> Result<(), Over> {
        let verb = line.split([' ', ':']).next().unwrap_or_default();
        let denied = self.shared.options.login.is_some() && !self.logged_in;
        match verb {
            "EHLO" => {
                let offer = self.offer();
                self.step(Step::Ehlo, "", &offer).await?;
            }
            "AUTH" => self.auth(line).await?,
            "MAIL" if denied => {
                self.say(b"530 5.7.0 log in first\r\n").await?;
            }
            "MAIL" => {
                if self.step(Step::Mail, "", "250 2.1.0 ok").await? == Answered::Yes {
                    (self.from, self.to) = (Some(inside(line)), Vec::new());
                }
            }
            "RCPT" => {
                let recipient = inside(line);
                if self.step(Step::Rcpt, &recipient, "250 2.1.5 ok").await? == Answered::Yes {
                    self.to.push(recipient);
                }
            }
            "DATA" => {
                if self.step(Step::Data, "", "354 go on").await? == Answered::Yes {
                    self.data().await?;
                }
            }
            "RSET" => {
                self.from = None;
                self.step(Step::Rset, "", "250 2.0.0 ok").await?;
            }
            "QUIT" => {
                self.say(b"221 2.0.0 bye\r\n").await?;
                return Err(Over);
            }
            _ => {
                self.say(b"502 5.5.2 what?\r\n").await?;
            }
        }
        Ok(())
    }

    fn offer(&self) -> String {
        let options = &self.shared.options;
        let mut lines = vec!["relay.test".to_owned()];
        lines.extend(options.extensions.iter().map(ToString::to_string));
        if options.tls == Tls::Start && !self.encrypted {
            lines.push("STARTTLS".to_owned());
        }
        if options.login.is_some() {
            lines.push(format!("AUTH {}", options.mechanisms));
        }
        let last = lines.pop().unwrap_or_default();
        let mut answer =
            lines.into_iter().fold(String::new(), |all, line| all + "250-" + &line + "\r\n");
        answer.push_str("250 ");
        answer + &last
    }

    async fn auth(&mut self, line: &str) -> Result<(), Over> {
        let (user, password) = if let Some(plain) = line.strip_prefix("AUTH PLAIN ") {
            let decoded = decoded(plain);
            let mut parts = decoded.split('\0').skip(1).map(ToOwned::to_owned);
            (parts.next().unwrap_or_default(), parts.next().unwrap_or_default())
        } else {
            self.say(b"334 VXNlcm5hbWU6\r\n").await?;
            let user = decoded(&self.line().await?);
            self.say(b"334 UGFzc3dvcmQ6\r\n").await?;
            (user, decoded(&self.line().await?))
        };
        let given = Some((user.clone(), password.clone()));
        let right = given == self.shared.options.login;
        self.note(|seen, _| seen.logins.push(Attempt { user, password, right }));
        let answer = if right { "235 2.7.0 welcome" } else { "535 5.7.8 wrong" };
        let answered = self.step(Step::Auth, "", answer).await?;
        self.logged_in = right && answered == Answered::Yes;
        Ok(())
    }

    async fn data(&mut self) -> Result<(), Over> {
        let mut raw = Vec::new();
        loop {
            let line = self.raw_line().await?;
            if line == b".\r\n" {
                break;
            }
            raw.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
        }
        self.pending = Some(raw);
        self.step(Step::End, "", "250 2.0.0 taken").await?;
        self.pending = None;
        Ok(())
    }

    /// The mail is the relay's now.
    fn take(&mut self) {
        let Some(raw) = self.pending.take() else { return };
        let (from, to) = (self.from.take().unwrap_or_default(), std::mem::take(&mut self.to));
        self.note(|seen, connection| seen.mails.push(Mail { connection, from, to, raw }));
    }
}

/// What stands between the angle brackets.
fn inside(line: &str) -> String {
    let after = line.split_once('<').map_or("", |(_, after)| after);
    after.rsplit_once('>').map_or("", |(inside, _)| inside).to_owned()
}

fn decoded(text: &str) -> String {
    String::from_utf8(STANDARD.decode(text).unwrap_or_default()).unwrap_or_default()
}
