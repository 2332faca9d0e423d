//! The mails that were caught: so many, and so much of them.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use mail_parser::{Message, MessageParser, MimeHeaders};

use crate::clock::Clock;
use crate::values::Timestamp;

/// The latest so many are kept.
const MOST: usize = 1_000;

/// Of so many bytes in all.
const MOST_BYTES: usize = 256 * 1024 * 1024;

/// A mail in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caught {
    /// Counts from one.
    pub id: u64,
    /// Who sent it, as the relay was told.
    pub from: String,
    /// For whom, as the relay was told.
    pub to: Vec<String>,
    /// Its subject.
    pub subject: String,
    /// Its `Message-ID`.
    pub message_id: String,
    /// When it came.
    pub received_at: Timestamp,
    /// Its size in bytes.
    pub size: usize,
}

/// A mail taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaughtMail {
    /// As in the list.
    pub caught: Caught,
    /// Its headers in their order.
    pub headers: Vec<(String, String)>,
    /// Its plain body.
    pub text: Option<String>,
    /// Its HTML body.
    pub html: Option<String>,
    /// The names of its files.
    pub attachments: Vec<String>,
    /// As it came.
    pub raw: String,
}

#[derive(Debug)]
pub(super) struct Shelf {
    clock: Clock,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    count: u64,
    bytes: usize,
    mails: VecDeque<(Caught, Arc<[u8]>)>,
}

impl Shelf {
    pub(super) fn new(clock: Clock) -> Self {
        Self { clock, kept: Mutex::default() }
    }

    /// Puts a mail on the shelf and says under which number.
    pub(super) fn put(&self, from: String, to: Vec<String>, raw: Vec<u8>) -> u64 {
        let parsed = MessageParser::default().parse_headers(&raw);
        let text = |of: fn(&Message<'_>) -> Option<String>| parsed.as_ref().and_then(of);
        let subject = text(|mail| mail.subject().map(ToOwned::to_owned)).unwrap_or_default();
        let message_id = text(|mail| mail.message_id().map(ToOwned::to_owned)).unwrap_or_default();
        let received_at = self.clock.now();
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.count += 1;
        let (id, size) = (kept.count, raw.len());
        let caught = Caught { id, from, to, subject, message_id, received_at, size };
        kept.bytes += size;
        kept.mails.push_back((caught, raw.into()));
        while kept.mails.len() > MOST || (kept.bytes > MOST_BYTES && kept.mails.len() > 1) {
            let Some((oldest, _)) = kept.mails.pop_front() else { break };
            kept.bytes -= oldest.size;
        }
        id
    }

    pub(super) fn list(&self) -> Vec<Caught> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.mails.iter().rev().map(|(caught, _)| caught.clone()).collect()
    }

    pub(super) fn get(&self, id: u64) -> Option<CaughtMail> {
        let (caught, raw) = {
            let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            kept.mails.iter().find(|(caught, _)| caught.id == id).cloned()?
        };
        let parsed = MessageParser::default().parse(&*raw);
        let parsed = parsed.as_ref();
        let header = |mail: &Message<'_>| {
            let each =
                mail.headers_raw().map(|(name, value)| (name.to_owned(), value.trim().to_owned()));
            each.collect()
        };
        let file = |mail: &Message<'_>| {
            let named = |part: &mail_parser::MessagePart<'_>| {
                part.attachment_name().unwrap_or("unnamed").to_owned()
            };
            mail.attachments().map(named).collect()
        };
        Some(CaughtMail {
            headers: parsed.map(header).unwrap_or_default(),
            text: parsed.and_then(|mail| mail.body_text(0).map(std::borrow::Cow::into_owned)),
            html: parsed.and_then(|mail| mail.body_html(0).map(std::borrow::Cow::into_owned)),
            attachments: parsed.map(file).unwrap_or_default(),
            raw: String::from_utf8_lossy(&raw).into_owned(),
            caught,
        })
    }

    pub(super) fn clear(&self) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.mails.clear();
        kept.bytes = 0;
    }
}
