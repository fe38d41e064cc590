//! A connection's bytes: in clear or under TLS, with what was read ahead, watched by its pulse.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

use super::pulse::Pulse;

/// A socket whose first bytes were read already.
pub(super) struct Ahead {
    socket: TcpStream,
    read: Vec<u8>,
    used: usize,
}

impl Ahead {
    pub(super) fn new(socket: TcpStream, read: Vec<u8>) -> Self {
        Self { socket, read, used: 0 }
    }
}

impl AsyncRead for Ahead {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.used < self.read.len() {
            let length = buffer.remaining().min(self.read.len() - self.used);
            buffer.put_slice(&self.read[self.used..self.used + length]);
            self.used += length;
            if self.used == self.read.len() {
                (self.read, self.used) = (Vec::new(), 0);
            }
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.socket).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Ahead {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.socket).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.socket).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }
}

/// What HTTP is spoken over.
pub(super) enum Wire {
    Plain(Ahead),
    Tls(Box<TlsStream<Ahead>>),
}

/// As many bytes are read at once while nobody speaks.
const EARLY: usize = 1024;

/// The same call on whichever wire it is.
macro_rules! on_wire {
    ($self:ident, $wire:ident => $call:expr) => {
        match &mut $self.wire {
            Wire::Plain(one) => {
                let $wire = Pin::new(one);
                $call
            }
            Wire::Tls(one) => {
                let $wire = Pin::new(one.as_mut());
                $call
            }
        }
    };
}

/// A wire that tells its pulse about every byte.
pub(super) struct Watched {
    wire: Wire,
    pulse: Arc<Pulse>,
    /// Read already, and not yet handed on.
    early: Vec<u8>,
}

impl Watched {
    pub(super) fn new(wire: Wire, pulse: Arc<Pulse>) -> Self {
        Self { wire, pulse, early: Vec::new() }
    }

    /// What was read and not handed on.
    pub(super) fn early(&self) -> &[u8] {
        &self.early
    }

    /// Give back what was read too much.
    pub(super) fn put_back(&mut self, bytes: &[u8]) {
        self.early.splice(0..0, bytes.iter().copied());
    }

    /// Wait for a few bytes more and keep them: how many came.
    pub(super) fn poll_early(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let mut few = [0; EARLY];
        let mut buffer = ReadBuf::new(&mut few);
        ready!(self.poll_wire(cx, &mut buffer))?;
        self.early.extend_from_slice(buffer.filled());
        Poll::Ready(Ok(buffer.filled().len()))
    }

    fn poll_wire(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let result = on_wire!(self, wire => wire.poll_read(cx, buffer));
        if buffer.filled().len() > before {
            self.pulse.received();
        }
        result
    }

    fn written(&self, result: &Poll<io::Result<usize>>) {
        if matches!(result, Poll::Ready(Ok(1..))) {
            self.pulse.sent();
        }
    }
}

impl AsyncRead for Watched {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.early.is_empty() {
            return self.poll_wire(cx, buffer);
        }
        let length = buffer.remaining().min(self.early.len());
        buffer.put_slice(&self.early[..length]);
        self.early.drain(..length);
        if self.early.is_empty() {
            self.early = Vec::new();
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Watched {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.pulse.sending();
        let result = on_wire!(self, wire => wire.poll_write(cx, bytes));
        self.written(&result);
        result
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.pulse.sending();
        let result = on_wire!(self, wire => wire.poll_write_vectored(cx, slices));
        self.written(&result);
        result
    }

    fn is_write_vectored(&self) -> bool {
        match &self.wire {
            Wire::Plain(one) => one.is_write_vectored(),
            Wire::Tls(one) => one.is_write_vectored(),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let result = on_wire!(self, wire => wire.poll_flush(cx));
        if matches!(result, Poll::Ready(Ok(()))) {
            self.pulse.flushed();
        }
        result
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        on_wire!(self, wire => wire.poll_shutdown(cx))
    }
}
