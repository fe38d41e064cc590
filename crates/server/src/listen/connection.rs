//! One connection, from its acceptance to its end.

use std::future::poll_fn;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;

use sekimori_config::forwarded::Connection;
use sekimori_web::Presented;
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep_until, timeout};
use tokio_rustls::TlsAcceptor;

use super::pulse::Pulse;
use super::stop::{Phase, Stopping};
use super::stream::{Ahead, Watched, Wire};
use super::talk::{Answering, Talk};
use super::{Gate, Speaks, proxied};
use crate::manage::metrics::Refused;

/// What is said on one listener.
pub(super) struct Manner {
    pub(super) speaks: Speaks,
    pub(super) proxies_listed: Option<Vec<ipnet::IpNet>>,
}

/// The far end of a connection.
#[derive(Clone)]
pub(super) struct Far {
    pub(super) connection: Connection,
    /// What a handshake on a certificate host said.
    pub(super) presented: Option<Arc<Presented>>,
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
    let (wire, presented) = match &manner.speaks {
        Speaks::Plain => (Wire::Plain(ahead), None),
        Speaks::Tls(config) => {
            let accepting = TlsAcceptor::from(Arc::clone(config)).accept(ahead);
            let Some(stream) = shaken(&gate, Box::pin(accepting)).await else { return };
            (Wire::Tls(Box::new(stream)), None)
        }
        Speaks::Presenting(presenting) => {
            let Some((stream, presented)) = shaken(&gate, Box::pin(presenting.accept(ahead))).await
            else {
                return;
            };
            (Wire::Tls(Box::new(stream)), Some(Arc::new(presented)))
        }
    };
    let far = Far { connection, presented };
    converse(gate, far, wire, stopping).await;
}

/// What a handshake leads to; `None` if to nothing, or too late. Boxed, so that a connection does not keep room for it.
async fn shaken<T>(
    gate: &Gate,
    handshake: Pin<Box<impl Future<Output = io::Result<T>>>>,
) -> Option<T> {
    match timeout(gate.limits.handshake_max, handshake).await {
        Ok(Ok(shaken)) => return Some(shaken),
        Ok(Err(error)) => tracing::debug!(target: "sekimori", %error, "no TLS session"),
        Err(_) => {}
    }
    gate.metrics.refused(Refused::Tls);
    None
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

async fn converse(gate: Arc<Gate>, far: Far, wire: Wire, mut stopping: Stopping) {
    let pulse = Pulse::new();
    let io = Watched::new(wire, Arc::clone(&pulse));
    let answering = Answering { gate: Arc::clone(&gate), pulse: Arc::clone(&pulse), far };
    let mut talk = Talk::new(io, answering);
    let mut stopped = pin!(stopping.reached(Phase::Draining));
    let mut timer = pin!(sleep_until(Instant::now() + gate.limits.idle_max));
    let mut crowded = pin!(gate.peers.crowded());
    let mut limits = gate.limits;
    let mut ending_since = None;
    poll_fn(|cx| {
        if ending_since.is_none() && stopped.as_mut().poll(cx).is_ready() {
            ending_since = Some(Instant::now());
            talk.end();
        }
        while crowded.as_mut().poll(cx).is_ready() {
            limits.idle_max = limits.idle_max.min(limits.crowded_idle_max);
            crowded.set(gate.peers.crowded());
        }
        loop {
            if talk.poll(cx).is_ready() {
                return Poll::Ready(());
            }
            let Some(deadline) = pulse.deadline(&limits, ending_since) else {
                return Poll::Pending;
            };
            let rest = talk.rest_at().filter(|rest| ending_since.is_none() && *rest < deadline);
            if elapsed(timer.as_mut(), rest.unwrap_or(deadline), cx).is_pending() {
                return Poll::Pending;
            }
            if rest.is_some() {
                talk.rest();
            } else if ending_since.is_some() {
                return Poll::Ready(());
            } else {
                ending_since = Some(Instant::now());
                talk.end();
            }
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
