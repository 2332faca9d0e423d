//! From a conversation in clear to one by TLS (RFC 3207), before anything is told that matters.

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};

use super::failure::{Failure, Fault};
use super::outcome::Stage;
use super::wire::Wire;

/// An answer that is longer than this is none.
const LONGEST_ANSWER: u64 = 64 * 1024;

/// An answer in clear.
struct Answer {
    code: u16,
    lines: Vec<String>,
}

impl Answer {
    fn expect(self, code: u16) -> Result<Self, Fault> {
        if self.code == code {
            return Ok(self);
        }
        Err(Fault::lost(format!("{} {}", self.code, self.lines.join(" "))))
    }

    fn offers(&self, extension: &str) -> bool {
        self.lines.iter().skip(1).any(|line| line.trim().eq_ignore_ascii_case(extension))
    }
}

/// Greets the relay and has it begin TLS; the handshake is next.
pub(super) async fn begun(wire: Wire, hello: &str) -> Result<Wire, Failure> {
    let at = |stage| move |fault| Failure { stage, fault };
    let mut wire = BufReader::with_capacity(1, wire);
    answer(&mut wire).await.and_then(|said| said.expect(220)).map_err(at(Stage::Greeting))?;
    let offer = asked(&mut wire, &format!("EHLO {hello}")).await;
    let offer = offer.and_then(|said| said.expect(250)).map_err(at(Stage::Greeting))?;
    if !offer.offers("STARTTLS") {
        let message = "the relay does not offer STARTTLS; set tls to none to send in clear";
        return Err(at(Stage::Tls)(Fault::lost(message)));
    }
    let ready = asked(&mut wire, "STARTTLS").await;
    ready.and_then(|said| said.expect(220)).map_err(at(Stage::Tls))?;
    Ok(wire.into_inner())
}

async fn asked(wire: &mut BufReader<Wire>, command: &str) -> Result<Answer, Fault> {
    wire.write_all(format!("{command}\r\n").as_bytes()).await.map_err(|error| gone(&error))?;
    wire.flush().await.map_err(|error| gone(&error))?;
    answer(wire).await
}

async fn answer(wire: &mut BufReader<Wire>) -> Result<Answer, Fault> {
    let mut wire = wire.take(LONGEST_ANSWER);
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        wire.read_line(&mut line).await.map_err(|error| gone(&error))?;
        let (code, rest) = line.split_at_checked(3).ok_or_else(hung_up)?;
        let code = code.parse().map_err(|_| hung_up())?;
        lines.push(rest.get(1..).unwrap_or_default().trim_end().to_owned());
        if !rest.starts_with('-') {
            return Ok(Answer { code, lines });
        }
    }
}

fn hung_up() -> Fault {
    Fault::lost("the relay hung up or spoke no SMTP")
}

fn gone(error: &std::io::Error) -> Fault {
    Fault::lost(format!("the connection to the relay failed ({error})"))
}
