//! Logs: lines to standard error, as JSON or for people. What people type never gets here.
//!
//! Requests are logged by the route's pattern, never by their path or query: either may hold a sealed
//! request, a code or an incident code.
//!
//! A thread of its own writes them. Whoever reads them may be slow, or have stopped reading: nobody waits for that but
//! this thread, and what finds no room is left out and counted (R24).

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::time::Duration;

use sekimori_config::node::{Log, LogFormat};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

/// Lines that may wait to be written.
const LINES_MAX: usize = 2048;
/// At the end of the process they are waited for so long.
const FAREWELL: Duration = Duration::from_secs(1);

/// Begin to log. A second call changes nothing. Dropped, it waits a little for what is not written yet.
pub fn start(log: Log) -> Logging {
    // Libraries say at `info` what we would call `debug`, and this one says at `error` what a stranger sent.
    let quiet = "webauthn_rs_core=off";
    let filter = EnvFilter::new(format!("warn,{quiet},sekimori={}", log.level.as_str()));
    let (sender, receiver) = sync_channel(LINES_MAX);
    let left_out = Arc::new(AtomicU64::new(0));
    let lines = Lines { sender: sender.clone(), left_out: Arc::clone(&left_out) };
    let written = std::thread::Builder::new()
        .name("log".to_owned())
        .spawn(move || write_all(&receiver, &left_out, &mut io::stderr()));
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(lines);
    let started = match (written, log.format) {
        (Err(_), _) => return Logging(None),
        (Ok(_), LogFormat::Json) => {
            lines.json().flatten_event(true).with_span_list(false).try_init()
        }
        (Ok(_), LogFormat::Text) => lines.with_ansi(false).with_target(false).try_init(),
    };
    // Only tests start twice in one process; the first subscriber stays.
    drop(started);
    Logging(Some(sender))
}

/// Lines are being written.
#[must_use = "at its end what waits is written"]
pub struct Logging(Option<SyncSender<Entry>>);

impl Drop for Logging {
    fn drop(&mut self) {
        let Some(sender) = self.0.take() else { return };
        let (done, all_written) = sync_channel(1);
        // Behind a full queue stands a reader who reads nothing.
        if sender.try_send(Entry::Tell(done)).is_ok() {
            let _ = all_written.recv_timeout(FAREWELL);
        }
    }
}

enum Entry {
    Line(Vec<u8>),
    /// Say so when everything before it is written.
    Tell(SyncSender<()>),
}

/// Where the subscriber writes, a line at a time.
#[derive(Clone)]
struct Lines {
    sender: SyncSender<Entry>,
    left_out: Arc<AtomicU64>,
}

impl Write for &Lines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        match self.sender.try_send(Entry::Line(line.to_vec())) {
            Ok(()) => {}
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => {
                self.left_out.fetch_add(1, Ordering::Relaxed);
            }
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = &'a Lines;

    fn make_writer(&'a self) -> &'a Lines {
        self
    }
}

/// Write what comes, and how much did not. What cannot be written at all concerns nobody.
fn write_all(entries: &Receiver<Entry>, left_out: &AtomicU64, out: &mut impl Write) {
    for entry in entries {
        match entry {
            Entry::Line(line) => {
                let _ = out.write_all(&line);
                let missing = left_out.swap(0, Ordering::Relaxed);
                if missing > 0 {
                    let _ = writeln!(out, "{}", said(missing));
                }
            }
            Entry::Tell(done) => {
                let _ = done.send(());
            }
        }
    }
}

/// In both formats it is read well enough.
fn said(missing: u64) -> String {
    let message = "log lines were left out: whoever reads them is too slow";
    serde_json::json!({ "level": "WARN", "message": message, "lines": missing }).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_finds_no_room_is_left_out_and_counted() {
        let (sender, receiver) = sync_channel(3);
        let left_out = Arc::new(AtomicU64::new(0));
        let lines = Lines { sender, left_out: Arc::clone(&left_out) };
        for number in 0..10 {
            (&lines).write_all(format!("{number}\n").as_bytes()).unwrap();
        }
        drop(lines);
        let mut out = Vec::new();
        write_all(&receiver, &left_out, &mut out);
        let text = String::from_utf8(out).unwrap();
        let (first, rest) = text.split_once('\n').unwrap();
        assert_eq!(first, "0");
        assert!(rest.starts_with(&said(7)), "{text}");
        assert!(rest.ends_with("\n1\n2\n"), "{text}");
    }
}
