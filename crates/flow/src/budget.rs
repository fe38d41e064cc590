//! How many refusals are narrated that nobody proved anything for: a fixed number per network and in all, so that
//! anonymous input cannot fill the database. Over the budget the page says that no code was kept.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use sekimori_base::{TenantId, Timestamp};

/// Narrated refusals in a minute, of one network and of one tenant.
const NARRATED: Shares = Shares { network: 20, tenant: 600 };
/// Logged reports of browsers in a minute.
const REPORTS: Shares = Shares { network: 3, tenant: 30 };

/// What there is in a minute.
#[derive(Debug, Clone, Copy)]
struct Shares {
    /// Of one network.
    network: u32,
    /// Of one tenant.
    tenant: u32,
}

#[derive(Default)]
struct Minute {
    number: i64,
    tenants: HashMap<TenantId, u32>,
    networks: HashMap<(TenantId, u128), u32>,
}

/// The budget of this node. Bounded: the maps hold at most one minute's tenants and narrated networks.
pub struct Budget {
    shares: Shares,
    minute: Mutex<Minute>,
}

impl Budget {
    /// For narrated refusals.
    pub fn narrated() -> Self {
        Self { shares: NARRATED, minute: Mutex::default() }
    }

    /// For what browsers report about our pages.
    pub fn reports() -> Self {
        Self { shares: REPORTS, minute: Mutex::default() }
    }

    /// Take one, if there is any left in this minute.
    pub fn take(&self, tenant: TenantId, network: u128, now: Timestamp) -> bool {
        let mut minute = self.minute.lock().unwrap_or_else(PoisonError::into_inner);
        let number = now.unix_seconds().div_euclid(60);
        if minute.number != number {
            *minute = Minute { number, ..Minute::default() };
        }
        let Minute { tenants, networks, .. } = &mut *minute;
        let of_tenant = tenants.entry(tenant).or_default();
        if *of_tenant >= self.shares.tenant {
            return false;
        }
        let of_network = networks.entry((tenant, network)).or_default();
        if *of_network >= self.shares.network {
            // What one network may not have is left for the others.
            return false;
        }
        *of_tenant += 1;
        *of_network += 1;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TENANT: TenantId = TenantId::from_bytes([1; 16]);
    const NOW: Timestamp = Timestamp::from_unix_seconds(600);

    #[test]
    fn a_network_gets_its_share_a_minute() {
        let budget = Budget::narrated();
        let taken = (0..10_000).filter(|_| budget.take(TENANT, 1, NOW)).count();
        assert_eq!(taken, 20);
        assert!(budget.take(TENANT, 2, NOW));
        assert!(budget.take(TENANT, 1, NOW.plus_seconds(60)));
    }

    #[test]
    fn a_tenant_gets_its_share_whatever_the_networks() {
        let budget = Budget::narrated();
        let taken = (0..10_000).filter(|network| budget.take(TENANT, *network, NOW)).count();
        assert_eq!(taken, 600);
        assert!(budget.take(TenantId::from_bytes([2; 16]), 1, NOW));
    }
}
