//! How much an outside network may fail: approximate, per node, in bounded memory.
//!
//! Counted are *distinct identifiers that fail*, not failures: three hundred students behind one address who
//! mistype once are no attack (C7). Inside networks and known devices are never held up by this.

use std::collections::VecDeque;
use std::collections::hash_map::{Entry, HashMap};
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use sekimori_base::{TenantId, Timestamp};

/// Networks that are remembered at most; beyond it the oldest goes.
const NETWORKS_MAX: usize = 20_000;
/// Distinct failing identifiers that a network may have within [`WINDOW_SECONDS`].
const IDENTIFIERS_MAX: usize = 30;
/// Length of the window.
const WINDOW_SECONDS: i64 = 3600;
/// How long a network waits that failed with too many.
const WAIT_SECONDS: i64 = 60;

/// A network for budgets: IPv4 by /24, IPv6 by /56.
pub fn network(address: IpAddr) -> u128 {
    match address.to_canonical() {
        IpAddr::V4(v4) => u128::from(u32::from(v4) >> 8),
        IpAddr::V6(v6) => (u128::from(v6) >> 72) | (1 << 127),
    }
}

#[derive(Default)]
struct Seen {
    identifiers: Vec<[u8; 32]>,
    since: Timestamp,
    wait_until: Option<Timestamp>,
}

#[derive(Default)]
struct State {
    seen: HashMap<(TenantId, u128), Seen>,
    order: VecDeque<(TenantId, u128)>,
}

/// What this node remembers of failing networks.
#[derive(Default)]
pub struct Sources(Mutex<State>);

impl Sources {
    /// Until when nothing from this network is evaluated.
    pub fn wait_until(&self, tenant: TenantId, network: u128, now: Timestamp) -> Option<Timestamp> {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let until = state.seen.get(&(tenant, network))?.wait_until?;
        (until > now).then_some(until)
    }

    /// An outside network failed with this identifier.
    pub fn failed(&self, tenant: TenantId, network: u128, identifier: [u8; 32], now: Timestamp) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let State { seen, order } = &mut *state;
        let key = (tenant, network);
        let seen_now = match seen.entry(key) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => {
                order.push_back(key);
                entry.insert(Seen { since: now, ..Seen::default() })
            }
        };
        if now.seconds_since(seen_now.since) > WINDOW_SECONDS {
            *seen_now = Seen { since: now, ..Seen::default() };
        }
        if seen_now.identifiers.len() < IDENTIFIERS_MAX
            && !seen_now.identifiers.contains(&identifier)
        {
            seen_now.identifiers.push(identifier);
        }
        if seen_now.identifiers.len() >= IDENTIFIERS_MAX {
            seen_now.wait_until = Some(now.plus_seconds(WAIT_SECONDS));
        }
        if order.len() > NETWORKS_MAX
            && let Some(oldest) = order.pop_front()
        {
            seen.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TENANT: TenantId = TenantId::from_bytes([1; 16]);
    const NOW: Timestamp = Timestamp::from_unix_seconds(1_000_000);

    fn identifier(number: usize) -> [u8; 32] {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&number.to_be_bytes());
        bytes
    }

    #[test]
    fn one_name_failing_for_ever_does_not_hold_up_its_network() {
        let sources = Sources::default();
        for _ in 0..1000 {
            sources.failed(TENANT, 7, identifier(1), NOW);
        }
        assert_eq!(sources.wait_until(TENANT, 7, NOW), None);
    }

    #[test]
    fn many_names_failing_hold_up_their_network_and_no_other() {
        let sources = Sources::default();
        for number in 0..IDENTIFIERS_MAX {
            sources.failed(TENANT, 7, identifier(number), NOW);
        }
        assert_eq!(sources.wait_until(TENANT, 7, NOW), Some(NOW.plus_seconds(WAIT_SECONDS)));
        assert_eq!(sources.wait_until(TENANT, 8, NOW), None);
        assert_eq!(sources.wait_until(TenantId::from_bytes([2; 16]), 7, NOW), None);
        assert_eq!(sources.wait_until(TENANT, 7, NOW.plus_seconds(WAIT_SECONDS)), None);
    }

    #[test]
    fn memory_stays_bounded_against_endless_networks() {
        let sources = Sources::default();
        for number in 0..NETWORKS_MAX + 500 {
            sources.failed(TENANT, number as u128, identifier(number), NOW);
        }
        let state = sources.0.lock().unwrap();
        assert_eq!((state.seen.len(), state.order.len()), (NETWORKS_MAX, NETWORKS_MAX));
    }

    #[test]
    fn addresses_of_one_household_are_one_network() {
        let net = |text: &str| network(text.parse().unwrap());
        assert_eq!(net("203.0.113.1"), net("203.0.113.200"));
        assert_ne!(net("203.0.113.1"), net("203.0.114.1"));
        assert_eq!(net("2001:db8:0:1201::1"), net("2001:db8:0:12ff::2"));
        assert_ne!(net("2001:db8:0:1201::1"), net("2001:db8:0:1301::1"));
        assert_eq!(net("::ffff:203.0.113.9"), net("203.0.113.1"));
    }
}
