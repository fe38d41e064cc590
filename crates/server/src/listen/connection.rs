//! One connection, from its acceptance to its end.

use std::future::poll_fn;
use std::net::{IpAddr, SocketAddr};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;

use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use sekimori_config::forwarded::Connection;
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep_until, timeout};
use tokio_rustls::TlsAcceptor;

use super::pulse::Pulse;
use super::stop::{Phase, Stopping};
use super::stream::{Ahead, Watched, Wire};
use super::{Gate, Speaks, proxied, request};
use crate::manage::metrics::Refused;

/// What is said on one listener.
pub(super) struct Manner {
    pub(super) speaks: Speaks,
    pub(super) proxies_listed: Option<Vec<ipnet::IpNet>>,
}

/// Serve `socket` until either side ends it.
pub(super) async fn serve(
    gate: Arc<Gate>,
    manner: Arc<Manner>,
    socket: TcpStream,
    peer: SocketAddr,
    stopping: Stopping,
) {
    let Some((connection, ahead)) = introduced(&gate, &manner, socket, peer.ip()).await else {
        return;
    };
    let wire = match &manner.speaks {
        Speaks::Plain => Wire::Plain(ahead),
        Speaks::Tls(config) => {
            let accepting = TlsAcceptor::from(Arc::clone(config)).accept(ahead);
            match timeout(gate.limits.handshake_max, Box::pin(accepting)).await {
                Ok(Ok(stream)) => Wire::Tls(Box::new(stream)),
                Ok(Err(error)) => {
                    tracing::debug!(target: "sekimori", %error, "no TLS session");
                    return gate.metrics.refused(Refused::Tls);
                }
                Err(_) => return gate.metrics.refused(Refused::Tls),
            }
        }
    };
    converse(gate, connection, wire, stopping).await;
}

/// Whom the connection is for; `None` if it may not be here.
async fn introduced(
    gate: &Gate,
    manner: &Manner,
    socket: TcpStream,
    peer: IpAddr,
) -> Option<(Connection, Ahead)> {
    let Some(from) = &manner.proxies_listed else {
        return Some((Connection { peer, stated: None }, Ahead::new(socket, Vec::new())));
    };
    match timeout(gate.limits.proxy_header_max, proxied::read(socket, peer, from)).await {
        Ok(Ok((source, ahead))) => Some((Connection { peer, stated: Some(source) }, ahead)),
        Ok(Err(error)) => {
            tracing::debug!(target: "sekimori", %peer, %error, "connection closed");
            gate.metrics.refused(Refused::ProxyProtocol);
            None
        }
        Err(_) => {
            gate.metrics.refused(Refused::ProxyProtocol);
            None
        }
    }
}

async fn converse(gate: Arc<Gate>, connection: Connection, wire: Wire, mut stopping: Stopping) {
    let pulse = Pulse::new();
    let io = TokioIo::new(Watched::new(wire, Arc::clone(&pulse)));
    // Boxed: an idle connection then keeps a pointer of its last request, and not its whole future.
    let service = service_fn(|incoming| {
        Box::pin(request::answer(Arc::clone(&gate), Arc::clone(&pulse), connection, incoming))
    });
    let mut http = pin!(gate.protocol.serve_connection(io, service));
    let mut stopped = pin!(stopping.reached(Phase::Draining));
    let mut timer = pin!(sleep_until(Instant::now() + gate.limits.idle_max));
    let mut crowded = pin!(gate.peers.crowded());
    let mut limits = gate.limits;
    let mut ending_since = None;
    poll_fn(|cx| {
        if ending_since.is_none() && stopped.as_mut().poll(cx).is_ready() {
            ending_since = Some(Instant::now());
            http.as_mut().graceful_shutdown();
        }
        while crowded.as_mut().poll(cx).is_ready() {
            limits.idle_max = limits.idle_max.min(limits.crowded_idle_max);
            crowded.set(gate.peers.crowded());
        }
        loop {
            if let Poll::Ready(result) = http.as_mut().poll(cx) {
                if let Err(error) = result {
                    tracing::debug!(target: "sekimori", error, "connection ended");
                }
                return Poll::Ready(());
            }
            let Some(deadline) = pulse.deadline(&limits, ending_since) else {
                return Poll::Pending;
            };
            if elapsed(timer.as_mut(), deadline, cx).is_pending() {
                return Poll::Pending;
            }
            if ending_since.is_some() {
                return Poll::Ready(());
            }
            ending_since = Some(Instant::now());
            http.as_mut().graceful_shutdown();
        }
    })
    .await;
}

/// Whether `deadline` has passed. The timer is only set anew when it would ring too late, or has rung too early: a
/// busy connection arms none.
fn elapsed(
    mut timer: Pin<&mut Sleep>,
    deadline: Instant,
    cx: &mut std::task::Context<'_>,
) -> Poll<()> {
    if deadline < timer.deadline() {
        timer.as_mut().reset(deadline);
    }
    while timer.as_mut().poll(cx).is_ready() {
        if Instant::now() >= deadline {
            return Poll::Ready(());
        }
        timer.as_mut().reset(deadline);
    }
    Poll::Pending
}

/// HTTP/1.1 and HTTP/2 within bounds.
pub(super) fn protocol(limits: &super::Limits) -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        // The pulse measures this, and idle time apart from it.
        .header_read_timeout(None)
        .max_buf_size(limits.head_bytes_max);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits.streams_max)
        .max_header_list_size(u32::try_from(limits.head_bytes_max).unwrap_or(u32::MAX))
        // Requests here are small: windows bound what a connection may make us keep.
        .initial_stream_window_size(64 * 1024)
        .initial_connection_window_size(128 * 1024)
        .max_send_buf_size(64 * 1024);
    builder
}
