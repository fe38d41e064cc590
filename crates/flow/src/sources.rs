//! How much an outside network may fail: approximate, per node, in bounded memory.
//!
//! Counted are *distinct identifiers that fail*, not failures: three hundred students behind one address who
//! mistype once are no attack (C7). Inside networks and known devices are never held up by this.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use sekimori_base::{TenantId, Timestamp};

use crate::bounded::Bounded;
use crate::distinct::{Distinct, Filled};

/// Networks that are remembered of one tenant at most; beyond it the oldest goes.
const NETWORKS_MAX: usize = 20_000;
/// Networks of one tenant that wait at most; beyond it the wait that began first goes.
const WAITS_MAX: usize = 10_000;
/// Distinct failing identifiers that a network may have within an hour.
const IDENTIFIERS_MAX: usize = 30;
/// A network that failed with so many is worth remembering.
const WORTH_IDENTIFIERS: usize = 5;
/// How long a network waits that failed with too many.
const WAIT_SECONDS: i64 = 60;

/// A network for budgets: IPv4 by /24, IPv6 by /56.
pub fn network(address: IpAddr) -> u128 {
    match address.to_canonical() {
        IpAddr::V4(v4) => u128::from(u32::from(v4) >> 8),
        IpAddr::V6(v6) => (u128::from(v6) >> 72) | (1 << 127),
    }
}

/// What a failure came to for its network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Network {
    /// Nothing.
    Calm,
    /// It failed with too many names just now.
    HeldUp,
    /// It had failed with too many names already.
    Held,
}

/// The failing networks of one tenant. Waits stand apart, so that a flood of networks that have only begun to fail
/// ends none.
struct Networks {
    seen: Bounded<u128, Distinct>,
    waits: Bounded<u128, Timestamp>,
}

impl Default for Networks {
    fn default() -> Self {
        Self { seen: Bounded::new(NETWORKS_MAX), waits: Bounded::new(WAITS_MAX) }
    }
}

/// What this node remembers of failing networks, each tenant apart.
#[derive(Default)]
pub struct Sources(Mutex<HashMap<TenantId, Networks>>);

impl Sources {
    /// Until when nothing from this network is evaluated.
    pub fn wait_until(&self, tenant: TenantId, network: u128, now: Timestamp) -> Option<Timestamp> {
        let tenants = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let until = *tenants.get(&tenant)?.waits.get(&network)?;
        (until > now).then_some(until)
    }

    /// An outside network failed with this identifier.
    pub fn failed(
        &self,
        tenant: TenantId,
        network: u128,
        identifier: u64,
        now: Timestamp,
    ) -> Network {
        let mut tenants = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let networks = tenants.entry(tenant).or_default();
        let worth = |seen: &Distinct| seen.has(WORTH_IDENTIFIERS, now);
        let seen = networks.seen.entry(network, Distinct::new(now), worth);
        let held = match seen.add(identifier, IDENTIFIERS_MAX, now) {
            Filled::NotYet => return Network::Calm,
            Filled::Now => Network::HeldUp,
            Filled::Before => Network::Held,
        };
        let until = now.plus_seconds(WAIT_SECONDS);
        *networks.waits.entry(network, until, |until| *until > now) = until;
        held
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TENANT: TenantId = TenantId::from_bytes([1; 16]);
    const NOW: Timestamp = Timestamp::from_unix_seconds(1_000_000);

    #[test]
    fn one_name_failing_for_ever_does_not_hold_up_its_network() {
        let sources = Sources::default();
        for _ in 0..1000 {
            sources.failed(TENANT, 7, 1, NOW);
        }
        assert_eq!(sources.wait_until(TENANT, 7, NOW), None);
    }

    #[test]
    fn many_names_failing_hold_up_their_network_and_no_other() {
        let sources = Sources::default();
        let outcomes: Vec<_> =
            (0..31).map(|number| sources.failed(TENANT, 7, number, NOW)).collect();
        assert_eq!(outcomes[28..], [Network::Calm, Network::HeldUp, Network::Held]);
        assert_eq!(sources.wait_until(TENANT, 7, NOW), Some(NOW.plus_seconds(WAIT_SECONDS)));
        assert_eq!(sources.wait_until(TENANT, 8, NOW), None);
        assert_eq!(sources.wait_until(TenantId::from_bytes([2; 16]), 7, NOW), None);
        assert_eq!(sources.wait_until(TENANT, 7, NOW.plus_seconds(WAIT_SECONDS)), None);
    }

    #[test]
    fn endless_networks_take_no_endless_memory_and_free_no_held_one() {
        let sources = Sources::default();
        for number in 0..30 {
            sources.failed(TENANT, 7, number, NOW);
        }
        for number in 0..crate::endless() {
            sources.failed(TENANT, 1000 + u128::from(number), number, NOW);
        }
        assert_eq!(sources.0.lock().unwrap()[&TENANT].seen.len(), NETWORKS_MAX);
        assert!(sources.wait_until(TENANT, 7, NOW).is_some());
    }

    #[test]
    fn networks_that_have_begun_to_fail_free_no_held_one_of_theirs_or_another_tenant() {
        const OTHER: TenantId = TenantId::from_bytes([2; 16]);
        let sources = Sources::default();
        for held in 0..200 {
            for number in 0..30 {
                sources.failed(TENANT, held, number, NOW);
                sources.failed(OTHER, held, number, NOW);
            }
        }
        // As many as are worth remembering, each with as many names as make it so.
        for network in 0..30_000 {
            for number in 0..5 {
                sources.failed(TENANT, 1000 + network, number, NOW);
            }
        }
        let held =
            |tenant| (0..200).filter(|n| sources.wait_until(tenant, *n, NOW).is_some()).count();
        assert_eq!((held(TENANT), held(OTHER)), (200, 200));
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
