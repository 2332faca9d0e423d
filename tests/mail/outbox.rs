//! The relay inside the process: it catches what the transport sends, and endures odd clients.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on may panic")]

use std::time::Duration;

use selfmx::clock::Clock;
use selfmx::mail::outbox::Outbox;
use selfmx::mail::transport::{Route, RouteKey, Smtp};
use selfmx::tasks::Tasks;
use selfmx::values::{Attachment, HostName, RelayTls, Subject, Timestamp};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use crate::letters::{is_delivered, letter, send};

async fn outbox() -> (Outbox, Tasks) {
    let (tasks, noon): (_, Timestamp) = (Tasks::new(), "2024-01-15T12:00:00Z".parse().unwrap());
    (Outbox::start(Clock::held_at(noon), &tasks).await.unwrap(), tasks)
}

fn route(outbox: &Outbox) -> Route {
    Route {
        host: HostName::relay_host("127.0.0.1").unwrap(),
        port: outbox.address().port(),
        tls: RelayTls::None,
        login: None,
        pool_size: 2,
        messages_per_second: None,
        tls_verify: true,
        allow_private: true,
        timeout: Duration::from_secs(20),
        key: RouteKey::new("outbox", 1),
    }
}

/// A client that says what it likes.
struct Client(BufReader<TcpStream>);

impl Client {
    async fn of(outbox: &Outbox) -> Self {
        let mut client = Self(BufReader::new(TcpStream::connect(outbox.address()).await.unwrap()));
        assert!(client.hear().await.starts_with("220 "));
        client
    }

    async fn hear(&mut self) -> String {
        let mut line = String::new();
        self.0.read_line(&mut line).await.unwrap();
        line
    }

    async fn say(&mut self, words: &[u8]) {
        self.0.get_mut().write_all(words).await.unwrap();
    }

    /// The code of the answer to one line.
    async fn ask(&mut self, words: &str) -> String {
        self.say(format!("{words}\r\n").as_bytes()).await;
        let mut answer = self.hear().await;
        while answer.as_bytes().get(3) == Some(&b'-') {
            answer = self.hear().await;
        }
        answer.chars().take(3).collect()
    }

    /// Up to where the mail begins.
    async fn ask_all(&mut self) {
        for (words, code) in [
            ("EHLO client.example", "250"),
            ("MAIL FROM:<ann@acme.example>", "250"),
            ("RCPT TO:<bob@b.example>", "250"),
            ("DATA", "354"),
        ] {
            assert_eq!(self.ask(words).await, code, "{words}");
        }
    }

    /// True if the other side has hung up.
    async fn is_alone(&mut self) -> bool {
        let mut rest = Vec::new();
        // Hanging up while we still speak is an error of the connection: alone we are either way.
        self.0.read_to_end(&mut rest).await.is_ok_and(|_| rest.is_empty()) || rest.is_empty()
    }
}

#[tokio::test]
async fn what_the_transport_sends_is_caught_and_shown() {
    let (outbox, _tasks) = outbox().await;
    let mut letter = letter(&["bob@b.example", "jürgen@c.example"]);
    letter.subject = Subject::new("Grüße").unwrap();
    letter.text = Some(".dots\nand more\n".to_owned());
    letter.html = Some("<p>Hello</p>".to_owned());
    letter.attachments = vec![Attachment {
        filename: "Übersicht.pdf".to_owned(),
        content: vec![0, 1, 2],
        content_type: "application/pdf".to_owned(),
        content_id: None,
    }];

    let sent = send(&Smtp::default(), &route(&outbox), &letter).await;

    assert!(sent.outcomes.iter().all(|(_, outcome)| is_delivered(outcome)));
    let caught = outbox.list();
    let [one] = caught.as_slice() else { unreachable!("one mail was sent") };
    assert_eq!((one.id, one.from.as_str()), (1, "ann@acme.example"));
    assert_eq!(one.to, ["bob@b.example", "jürgen@c.example"]);
    assert_eq!(one.subject, "Grüße");
    assert_eq!(one.message_id, format!("{}@acme.example", letter.id));
    let mail = outbox.get(1).unwrap();
    assert_eq!(mail.text.unwrap().trim_end(), ".dots\r\nand more");
    assert_eq!(mail.html.unwrap().trim_end(), "<p>Hello</p>");
    assert_eq!(mail.attachments, ["Übersicht.pdf"]);
    assert_eq!(mail.caught.size, mail.raw.len());
    assert!(mail.headers.iter().any(|(name, value)| name == "MIME-Version" && value == "1.0"));
    assert!(outbox.get(2).is_none());
}

#[tokio::test]
async fn the_latest_thousand_are_kept() {
    let (outbox, _tasks) = outbox().await;
    let mut client = Client::of(&outbox).await;
    assert_eq!(client.ask("EHLO client.example").await, "250");
    for number in 1..=1_003 {
        client.ask("MAIL FROM:<ann@acme.example>").await;
        client.ask("RCPT TO:<bob@b.example>").await;
        client.ask("DATA").await;
        assert_eq!(client.ask(&format!("Subject: {number}\r\n\r\nHello\r\n.")).await, "250");
    }
    let caught = outbox.list();
    assert_eq!(caught.len(), 1_000);
    assert_eq!((caught[0].id, caught[0].subject.as_str()), (1_003, "1003"));
    assert_eq!(caught[999].id, 4);
    outbox.clear();
    assert!(outbox.list().is_empty());
}

#[tokio::test]
async fn commands_out_of_order_are_refused_and_do_no_harm() {
    let (outbox, _tasks) = outbox().await;
    let mut client = Client::of(&outbox).await;
    for (words, code) in [
        ("DATA", "503"),
        ("RCPT TO:<bob@b.example>", "503"),
        ("AUTH PLAIN AAAA", "502"),
        ("", "502"),
        ("NOOP", "250"),
        ("ehlo client.example", "250"),
        ("MAIL FROM:<ann@acme.example>", "250"),
        ("DATA", "503"),
        ("RCPT TO:bob", "501"),
        ("RCPT TO:<bob@b.example>", "250"),
        ("RSET", "250"),
        ("DATA", "503"),
        ("MAIL FROM:ann", "501"),
        ("MAIL FROM:<>", "250"),
        ("RCPT TO:<bob@b.example>", "250"),
        ("DATA", "354"),
        (".", "250"),
        ("QUIT", "221"),
    ] {
        assert_eq!(client.ask(words).await, code, "{words}");
    }
    assert!(client.is_alone().await);
    assert_eq!(outbox.list()[0].from, "");
}

#[tokio::test]
async fn dots_are_unstuffed_and_a_bare_line_feed_ends_no_mail() {
    let (outbox, _tasks) = outbox().await;
    let mut client = Client::of(&outbox).await;
    client.ask_all().await;
    client.say(b"Subject: dots\r\n\r\n..\r\n...a\r\nb\n.\nMAIL FROM:<evil@x.example>\r\n.\n").await;
    assert_eq!(client.ask(".").await, "250");
    let raw = "Subject: dots\r\n\r\n.\r\n..a\r\nb\n\nMAIL FROM:<evil@x.example>\r\n\n";
    assert_eq!(outbox.get(1).unwrap().raw, raw);
    assert_eq!(outbox.list().len(), 1);
}

#[tokio::test]
async fn a_line_without_end_ends_the_conversation() {
    let (outbox, _tasks) = outbox().await;
    let mut client = Client::of(&outbox).await;
    client.say(&[b'x'; 4_096]).await;
    assert!(client.is_alone().await);

    let mut client = Client::of(&outbox).await;
    client.ask_all().await;
    client.say(&vec![b'x'; 1024 * 1024]).await;
    assert!(client.is_alone().await);
    assert!(outbox.list().is_empty());
}

#[tokio::test]
async fn who_leaves_in_the_middle_leaves_no_mail() {
    let (outbox, _tasks) = outbox().await;
    for words in ["", "Subject: half", "Subject: half\r\n\r\nHello\r\n"] {
        let mut client = Client::of(&outbox).await;
        client.ask_all().await;
        client.say(words.as_bytes()).await;
        drop(client);
    }
    let mut client = Client::of(&outbox).await;
    client.ask_all().await;
    assert_eq!(client.ask("Subject: whole\r\n\r\n.").await, "250");
    drop(client);
    let subjects: Vec<_> = outbox.list().into_iter().map(|one| one.subject).collect();
    assert_eq!(subjects, ["whole"]);
}

#[tokio::test]
async fn it_stops_with_everything_else() {
    let (outbox, tasks) = outbox().await;
    let mut client = Client::of(&outbox).await;
    assert!(tasks.stop(Duration::from_secs(20)).await);
    assert!(client.is_alone().await);
    assert!(TcpStream::connect(outbox.address()).await.is_err());
}
