//! How many connections there are, in all and of one peer.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use prometheus_client::metrics::gauge::Gauge;
use tokio::sync::Notify;
use tokio::sync::futures::Notified;
use tokio::time::Instant;

use crate::manage::metrics::Refused;

/// Counts open connections.
pub(super) struct Peers {
    all_max: usize,
    each_max: u32,
    open: Mutex<Open>,
    gauge: Gauge,
    crowded: Notify,
}

/// Idle connections are told of a crowd at most this often.
const TELL_AGAIN: Duration = Duration::from_secs(1);

#[derive(Default)]
struct Open {
    all: usize,
    each: HashMap<IpAddr, u32>,
    told: Option<Instant>,
}

/// One open connection; counted until it is dropped.
pub(super) struct Counted {
    peers: Arc<Peers>,
    peer: Option<IpAddr>,
}

impl Peers {
    pub(super) fn new(all_max: usize, each_max: u32, gauge: Gauge) -> Arc<Self> {
        Arc::new(Self { all_max, each_max, open: Mutex::default(), gauge, crowded: Notify::new() })
    }

    /// Ready when all connections are taken and somebody is refused for it: who is idle shall make room.
    pub(super) fn crowded(&self) -> Notified<'_> {
        self.crowded.notified()
    }

    /// Count a connection of `peer`; `None` stands for a proxy, which speaks for many.
    pub(super) fn enter(self: &Arc<Self>, peer: Option<IpAddr>) -> Result<Counted, Refused> {
        let peer = peer.map(network);
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.all >= self.all_max {
            let now = Instant::now();
            if open.told.is_none_or(|told| now.duration_since(told) >= TELL_AGAIN) {
                open.told = Some(now);
                self.crowded.notify_waiters();
            }
            return Err(Refused::Full);
        }
        if let Some(peer) = peer {
            let count = open.each.entry(peer).or_default();
            if *count >= self.each_max {
                return Err(Refused::FullForPeer);
            }
            *count += 1;
        }
        open.all += 1;
        self.gauge.inc();
        Ok(Counted { peers: Arc::clone(self), peer })
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let mut open = self.peers.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.all -= 1;
        self.peers.gauge.dec();
        let Some(peer) = self.peer else { return };
        if let Some(count) = open.each.get_mut(&peer) {
            *count -= 1;
            if *count == 0 {
                open.each.remove(&peer);
            }
        }
    }
}

/// The smallest network that one holder is given: an IPv4 address, an IPv6 /64.
fn network(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V6(address) => {
            let network = u128::from(address) & (u128::MAX << 64);
            IpAddr::V6(Ipv6Addr::from(network))
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn one_peer_cannot_take_all_connections() {
        let peers = Peers::new(3, 1, Gauge::default());
        let first = peers.enter(Some(address("2001:db8::1"))).ok().unwrap();
        assert_eq!(peers.enter(Some(address("2001:db8::2"))).err(), Some(Refused::FullForPeer));
        let _other = peers.enter(Some(address("192.0.2.1"))).ok().unwrap();
        drop(first);
        let _again = peers.enter(Some(address("2001:db8::2"))).ok().unwrap();
        let _proxy = peers.enter(None).ok().unwrap();
        assert_eq!(peers.enter(None).err(), Some(Refused::Full));
    }
}
