//! What is spoken on a connection, from its first bytes on: HTTP/1.1 or HTTP/2, and between two requests nothing.
//!
//! hyper keeps two buffers of 8 KB for as long as it serves a connection, used or not. A connection on which nothing is
//! under way is taken from it after a moment and given to it again with the next bytes: of two thousand browsers that
//! keep theirs open, hardly any speaks at a given time.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::Service;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::io::AsyncWrite;
use tokio::time::Instant;

use super::body::Told;
use super::connection::Far;
use super::pulse::Pulse;
use super::stream::Watched;
use super::{Answers, Gate, Limits, request};

/// A connection rests after so long without anything under way: soon, so that buffers are handed from one connection to
/// the next instead of piling up, in each thread's part of the heap.
const REST: Duration = Duration::from_millis(50);
/// What an HTTP/2 client says first (RFC 9113, 3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// How HTTP is spoken, within bounds.
pub(super) struct Protocol {
    one: http1::Builder,
    two: http2::Builder<TokioExecutor>,
}

impl Protocol {
    pub(super) fn new(limits: &Limits) -> Self {
        let mut one = http1::Builder::new();
        // The pulse measures how long a head takes, and idle time apart from it.
        one.timer(TokioTimer::new()).header_read_timeout(None).max_buf_size(limits.head_bytes_max);
        let mut two = http2::Builder::new(TokioExecutor::new());
        two.timer(TokioTimer::new())
            .max_concurrent_streams(limits.streams_max)
            .max_header_list_size(u32::try_from(limits.head_bytes_max).unwrap_or(u32::MAX))
            // Requests here are small: windows bound what a connection may make us keep.
            .initial_stream_window_size(64 * 1024)
            .initial_connection_window_size(128 * 1024)
            .max_send_buf_size(64 * 1024);
        Self { one, two }
    }
}

/// Who answers the requests of one connection.
#[derive(Clone)]
pub(super) struct Answering {
    pub(super) gate: Arc<Gate>,
    pub(super) pulse: Arc<Pulse>,
    pub(super) far: Far,
}

impl Service<Request<Incoming>> for Answering {
    type Response = Response<Told>;
    type Error = Infallible;
    /// Boxed: a connection without a request keeps a pointer, and not the whole future.
    type Future = Pin<Box<dyn Future<Output = Result<Response<Told>, Infallible>> + Send>>;

    fn call(&self, incoming: Request<Incoming>) -> Self::Future {
        let (gate, pulse) = (Arc::clone(&self.gate), Arc::clone(&self.pulse));
        Box::pin(request::answer(gate, pulse, self.far.clone(), incoming))
    }
}

type Io = TokioIo<Watched>;
type One = http1::Connection<Io, Answering>;
type Two = http2::Connection<Io, Answering, TokioExecutor>;

/// One connection's conversation.
pub(super) struct Talk {
    state: State,
    answering: Answering,
}

enum State {
    /// Nobody speaks.
    Resting(Watched),
    One(Box<One>),
    Two(Pin<Box<Two>>),
    /// Nothing more is said.
    Ending(Watched),
    Ended,
}

impl Talk {
    pub(super) fn new(io: Watched, answering: Answering) -> Self {
        Self { state: State::Resting(io), answering }
    }

    /// Ready when the conversation is over.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            match &mut self.state {
                State::Resting(io) => match spoken(io.early()) {
                    None => match ready!(io.poll_early(cx)) {
                        Ok(1..) => {}
                        Ok(0) | Err(_) => self.end(),
                    },
                    Some(version) if self.may(version) => self.begin(version),
                    Some(_) => self.end(),
                },
                State::One(one) => return over(ready!(Pin::new(one.as_mut()).poll(cx))),
                State::Two(two) => return over(ready!(two.as_mut().poll(cx))),
                State::Ending(io) => {
                    // Whether the farewell arrives changes nothing.
                    let _ = ready!(Pin::new(io).poll_shutdown(cx));
                    self.state = State::Ended;
                }
                State::Ended => return Poll::Ready(()),
            }
        }
    }

    /// Whether that version is spoken here: on certificate hosts a connection is for one host, so not HTTP/2, whatever
    /// the client begins with.
    fn may(&self, version: Version) -> bool {
        match (self.answering.gate.answers, version) {
            (Answers::Pages, _) | (Answers::CertificateHosts, Version::One) => true,
            (Answers::CertificateHosts, Version::Two) => false,
        }
    }

    fn begin(&mut self, version: Version) {
        let State::Resting(io) = self.take() else { return };
        let (io, protocol) = (TokioIo::new(io), &self.answering.gate.protocol);
        let answering = self.answering.clone();
        self.state = match version {
            Version::One => State::One(Box::new(protocol.one.serve_connection(io, answering))),
            Version::Two => State::Two(Box::pin(protocol.two.serve_connection(io, answering))),
        };
    }

    /// When it may rest; `None` if it rests, or something is under way.
    pub(super) fn rest_at(&self) -> Option<Instant> {
        match self.state {
            State::One(_) => Some(self.answering.pulse.rests_since()? + REST),
            State::Resting(_) | State::Two(_) | State::Ending(_) | State::Ended => None,
        }
    }

    /// Nothing is under way: give hyper's buffers back until somebody speaks again.
    pub(super) fn rest(&mut self) {
        self.state = match self.take() {
            State::One(one) => {
                let parts = one.into_parts();
                let mut io = parts.io.into_inner();
                io.put_back(&parts.read_buf);
                State::Resting(io)
            }
            other => other,
        };
    }

    /// Finish what is under way, and say farewell.
    pub(super) fn end(&mut self) {
        match &mut self.state {
            State::One(one) => Pin::new(one.as_mut()).graceful_shutdown(),
            State::Two(two) => two.as_mut().graceful_shutdown(),
            State::Resting(_) => {
                if let State::Resting(io) = self.take() {
                    self.state = State::Ending(io);
                }
            }
            State::Ending(_) | State::Ended => {}
        }
    }

    fn take(&mut self) -> State {
        std::mem::replace(&mut self.state, State::Ended)
    }
}

#[derive(Clone, Copy)]
enum Version {
    One,
    Two,
}

/// What the first bytes say; `None`: there are too few.
fn spoken(early: &[u8]) -> Option<Version> {
    if early.starts_with(PREFACE) {
        Some(Version::Two)
    } else if PREFACE.starts_with(early) {
        None
    } else {
        Some(Version::One)
    }
}

fn over(result: hyper::Result<()>) -> Poll<()> {
    if let Err(error) = result {
        tracing::debug!(target: "sekimori", %error, "connection ended");
    }
    Poll::Ready(())
}
