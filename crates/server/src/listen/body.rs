//! A request's body within its bound, and whether it came to its end; an answer's body, and whether it was sent.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body_util::Limited;
use hyper::body::{Body, Frame, Incoming, SizeHint};

use super::pulse::Unsent;

/// The body as handlers read it: an error that says so once it is too long.
pub(super) struct Bounded {
    body: Limited<Incoming>,
    ended: Arc<AtomicBool>,
}

impl Bounded {
    /// `body`, and a flag that is true once it was read to its end.
    pub(super) fn new(body: Incoming, bytes_max: usize) -> (Self, Arc<AtomicBool>) {
        let ended = Arc::new(AtomicBool::new(body.is_end_stream()));
        (Self { body: Limited::new(body, bytes_max), ended: Arc::clone(&ended) }, ended)
    }
}

impl Body for Bounded {
    type Data = Bytes;
    type Error = Box<dyn std::error::Error + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(cx);
        if matches!(frame, Poll::Ready(None)) || self.body.is_end_stream() {
            self.ended.store(true, Ordering::Relaxed);
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// An answer's body; its connection is told when it was handed on to its end, or dropped.
pub(super) struct Told {
    body: axum::body::Body,
    _unsent: Unsent,
}

impl Told {
    pub(super) fn new(body: axum::body::Body, unsent: Unsent) -> Self {
        Self { body, _unsent: unsent }
    }
}

impl Body for Told {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
