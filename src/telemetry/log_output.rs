//! Log lines leave through a thread of their own: a reader that stalls must not stall the service.

use std::io::{self, Write};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, channel, sync_channel};
use std::time::Duration;

use tracing_subscriber::fmt::MakeWriter;

/// So many lines may wait; further ones are counted and dropped.
const LINES: usize = 8_192;

/// A reader that takes longer over what waits at the end has stalled.
const PATIENCE: Duration = Duration::from_secs(1);

/// Takes log lines.
#[derive(Clone, Debug)]
pub struct LogOutput {
    lines: SyncSender<Line>,
}

#[derive(Debug)]
enum Line {
    Text(Vec<u8>),
    End,
}

/// Writes out what waits when it is dropped.
#[derive(Debug)]
pub struct LogGuard {
    lines: SyncSender<Line>,
    /// Is hung up once the thread has ended.
    ended: Receiver<()>,
}

/// One line in the making.
#[derive(Debug)]
pub struct LineWriter<'a> {
    lines: &'a SyncSender<Line>,
    text: Vec<u8>,
}

impl LogOutput {
    /// Starts the thread that writes to the standard output.
    pub fn start() -> (Self, LogGuard) {
        let (lines, waiting) = sync_channel(LINES);
        let (ending, ended) = channel();
        std::thread::spawn(move || {
            let _ending: std::sync::mpsc::Sender<()> = ending;
            let mut output = io::stdout();
            while let Ok(Line::Text(text)) = waiting.recv() {
                // Nobody reads: there is nobody to tell.
                let _ = output.write_all(&text).and_then(|()| output.flush());
            }
        });
        let guard = LogGuard { lines: lines.clone(), ended };
        (Self { lines }, guard)
    }
}

impl Drop for LogGuard {
    fn drop(&mut self) {
        // When the queue is full its reader has stalled already.
        if self.lines.try_send(Line::End).is_ok() {
            // It hangs up, or it is late: nothing is ever sent.
            let _ = self.ended.recv_timeout(PATIENCE);
        }
    }
}

impl<'a> MakeWriter<'a> for LogOutput {
    type Writer = LineWriter<'a>;

    fn make_writer(&'a self) -> Self::Writer {
        LineWriter { lines: &self.lines, text: Vec::with_capacity(256) }
    }
}

impl Write for LineWriter<'_> {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        self.text.extend_from_slice(text);
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for LineWriter<'_> {
    fn drop(&mut self) {
        let line = Line::Text(std::mem::take(&mut self.text));
        if let Err(TrySendError::Full(_)) = self.lines.try_send(line) {
            metrics::counter!("selfmx_log_lines_dropped").increment(1);
        }
    }
}
