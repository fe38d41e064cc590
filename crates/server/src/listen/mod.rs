//! Listeners: from an accepted socket to a request in the router, within bounds.
//!
//! An accept loop of our own because the person's address, the peer and the limits of a connection have to be known
//! before the first byte of HTTP is.

mod body;
mod connection;
mod limits;
mod peers;
pub mod presenting;
mod proxied;
mod pulse;
mod request;
mod seldom;
mod stop;
mod stream;
mod talk;
#[cfg(test)]
mod tests;
pub mod tls;

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use axum::Router;
use ipnet::IpNet;
use sekimori_config::node::Proxy;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

pub use limits::Limits;
pub use stop::{Phase, Stop, Stopping};

use crate::manage::metrics::{Metrics, Refused};
use connection::Manner;
use peers::Peers;
use presenting::Presenting;
use seldom::Seldom;

/// How many connections the system may keep for us while we are busy.
const BACKLOG: i32 = 1024;

/// What is spoken on a listener.
#[derive(Clone)]
pub enum Speaks {
    /// HTTP in clear.
    Plain,
    /// HTTP over TLS.
    Tls(Arc<rustls::ServerConfig>),
    /// HTTP over TLS on the certificate hosts.
    Presenting(Arc<Presenting>),
}

/// An open listener.
pub struct Listener {
    /// Its socket.
    pub socket: TcpListener,
    /// What is spoken.
    pub speaks: Speaks,
    /// Peers that must send a PROXY protocol header; `None` = nobody may.
    pub proxy_protocol: Option<Vec<IpNet>>,
}

/// What is answered behind a gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answers {
    /// Everything but the certificate hosts.
    Pages,
    /// The certificate hosts: HTTP/1.1 only, and what was presented comes with each request.
    CertificateHosts,
}

/// What all listeners share.
pub struct Gate {
    router: Router,
    answers: Answers,
    proxies: Vec<Proxy>,
    limits: Limits,
    metrics: Metrics,
    peers: Arc<Peers>,
    protocol: talk::Protocol,
    no_route: Arc<str>,
    told: Seldom,
}

impl Gate {
    /// Requests go to `router`; `proxies` may say whose they are.
    pub fn new(
        router: Router,
        answers: Answers,
        proxies: Vec<Proxy>,
        limits: Limits,
        metrics: Metrics,
    ) -> Arc<Self> {
        let gauge = metrics.connections().clone();
        Arc::new(Self {
            router: request::named(router),
            answers,
            proxies,
            peers: Peers::new(limits.connections_max, limits.connections_per_peer_max, gauge),
            protocol: talk::Protocol::new(&limits),
            limits,
            metrics,
            no_route: "none".into(),
            told: Seldom::default(),
        })
    }

    /// Whether `peer` is a proxy, hence speaks for many.
    fn speaks_for_many(&self, peer: std::net::IpAddr, listed: Option<&Vec<IpNet>>) -> bool {
        let declared = |proxy: &Proxy| proxied::listed(peer, &proxy.addresses);
        peer.to_canonical().is_loopback()
            || listed.is_some_and(|from| proxied::listed(peer, from))
            || self.proxies.iter().any(declared)
    }
}

/// Open a socket at `address`. `[::]` takes IPv4 as well.
pub fn open(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    if address.is_ipv6() {
        socket.set_only_v6(!address.ip().is_unspecified())?;
    }
    // A restart need not wait until the last connections of the process before have timed out.
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    TcpListener::from_std(socket.into())
}

/// Serve until `stopping`; returns when the last connection has ended, at the latest at [`Phase::Cut`].
pub async fn serve(gate: Arc<Gate>, listeners: Vec<Listener>, stopping: Stopping) {
    // Every connection holds a sender: when all are gone, so are the connections.
    let (alive, mut all_gone) = mpsc::channel::<()>(1);
    for listener in listeners {
        tokio::spawn(accept(Arc::clone(&gate), listener, stopping.clone(), alive.clone()));
    }
    drop(alive);
    let mut cut = stopping;
    tokio::select! {
        _ = all_gone.recv() => {}
        () = cut.reached(Phase::Cut) => {}
    }
}

async fn accept(
    gate: Arc<Gate>,
    listener: Listener,
    mut stopping: Stopping,
    alive: mpsc::Sender<()>,
) {
    let manner =
        Arc::new(Manner { speaks: listener.speaks, proxies_listed: listener.proxy_protocol });
    let for_connections = stopping.clone();
    let mut stopped = std::pin::pin!(stopping.reached(Phase::Draining));
    loop {
        let accepted = tokio::select! {
            () = &mut stopped => return,
            accepted = listener.socket.accept() => accepted,
        };
        let (socket, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) if is_the_peers(&error) => continue,
            Err(error) => {
                // Out of file descriptors or memory: connections that end make room again.
                tracing::error!(target: "sekimori", %error, "a connection cannot be accepted");
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let for_many = gate.speaks_for_many(peer.ip(), manner.proxies_listed.as_ref());
        match gate.peers.enter((!for_many).then(|| peer.ip())) {
            Ok(counted) => {
                // Answers are whole; waiting to fill a packet would only delay them.
                let _ = socket.set_nodelay(true);
                let serving = connection::serve(
                    Arc::clone(&gate),
                    Arc::clone(&manner),
                    socket,
                    peer,
                    for_connections.clone(),
                );
                let alive = alive.clone();
                tokio::spawn(async move {
                    serving.await;
                    drop((counted, alive));
                });
            }
            Err(why) => refuse(&gate, &manner, &socket, why),
        }
    }
}

fn is_the_peers(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionReset | Interrupted)
}

/// Close a connection for which there is no room: in clear with a word, without waiting for anything.
fn refuse(gate: &Gate, manner: &Manner, socket: &TcpStream, why: Refused) {
    gate.metrics.refused(why);
    match manner.speaks {
        Speaks::Plain => {
            // A fresh socket's buffer takes this; if not, closing says enough.
            let _ = socket.try_write(FULL.as_bytes());
        }
        Speaks::Tls(_) | Speaks::Presenting(_) => {}
    }
}

/// What a connection hears for which there is no room.
static FULL: LazyLock<String> = LazyLock::new(|| {
    let mut text = "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nContent-Length: 0\r\n\
                    Connection: close\r\n"
        .to_owned();
    for (name, value) in sekimori_web::headers::ALWAYS {
        text.extend([name, ": ", value, "\r\n"]);
    }
    text + "\r\n"
});
