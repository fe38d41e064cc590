//! A connection's bytes: in clear or under TLS, with what was read ahead, watched by its pulse.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

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

/// A wire that tells its pulse about every byte.
pub(super) struct Watched {
    wire: Wire,
    pulse: Arc<Pulse>,
}

impl Watched {
    pub(super) fn new(wire: Wire, pulse: Arc<Pulse>) -> Self {
        Self { wire, pulse }
    }

    fn written(&self, result: &Poll<io::Result<usize>>) {
        if matches!(result, Poll::Ready(Ok(1..))) {
            self.pulse.sent();
        }
    }
}

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

impl AsyncRead for Watched {
    fn poll_read(
        mut self: Pin<&mut Self>,
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
}

impl AsyncWrite for Watched {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let result = on_wire!(self, wire => wire.poll_write(cx, bytes));
        self.written(&result);
        result
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
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
        on_wire!(self, wire => wire.poll_flush(cx))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        on_wire!(self, wire => wire.poll_shutdown(cx))
    }
}
