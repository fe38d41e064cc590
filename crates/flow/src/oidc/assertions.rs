//! Ids of assertions that were accepted and are not over: each is accepted once (S62). They go when they are over
//! and never before; where there is no room, the next assertion is refused.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::{Mutex, PoisonError};

use sekimori_base::{TenantId, Timestamp};
use sekimori_keys::digest::sha256;

/// Ids of one client at most: 66 assertions a second of five minutes each.
const OF_CLIENT_MAX: usize = 20_000;
/// Ids of all clients at most.
const ALL_MAX: usize = 400_000;

/// What becomes of an assertion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Accepted {
    /// It is accepted, and never again.
    Once,
    /// It was accepted before.
    Before,
    /// There is no room to remember it.
    Full,
}

/// The ids that were accepted.
#[derive(Debug, Default)]
pub(crate) struct Assertions(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    clients: HashMap<(TenantId, String), Ids>,
    count: usize,
}

/// Digests of one client's ids, by themselves and by their end.
#[derive(Debug, Default)]
struct Ids {
    known: HashSet<[u8; 32]>,
    ends: BTreeSet<(Timestamp, [u8; 32])>,
}

impl Ids {
    /// Forget what is over; gives how many that were.
    fn forget(&mut self, now: Timestamp) -> usize {
        let mut gone = 0;
        while let Some((end, id)) = self.ends.first().copied()
            && end < now
        {
            self.ends.remove(&(end, id));
            self.known.remove(&id);
            gone += 1;
        }
        gone
    }
}

impl Assertions {
    /// Accept an assertion that is over at `expires`.
    pub fn accept(
        &self,
        tenant: TenantId,
        client_id: &str,
        token_id: &str,
        expires: Timestamp,
        now: Timestamp,
    ) -> Accepted {
        self.accept_within(tenant, client_id, token_id, (expires, now), (OF_CLIENT_MAX, ALL_MAX))
    }

    fn accept_within(
        &self,
        tenant: TenantId,
        client_id: &str,
        token_id: &str,
        (expires, now): (Timestamp, Timestamp),
        (of_client_max, all_max): (usize, usize),
    ) -> Accepted {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Known { clients, count } = &mut *state;
        if *count >= all_max {
            clients.retain(|_, ids| {
                *count -= ids.forget(now);
                !ids.known.is_empty()
            });
        }
        let full = *count >= all_max;
        let ids = clients.entry((tenant, client_id.to_owned())).or_default();
        *count -= ids.forget(now);
        let id = sha256(&[token_id.as_bytes()]);
        if ids.known.contains(&id) {
            return Accepted::Before;
        }
        if full || ids.known.len() >= of_client_max {
            return Accepted::Full;
        }
        ids.known.insert(id);
        ids.ends.insert((expires, id));
        *count += 1;
        Accepted::Once
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_unix_seconds(1_800_000_000);
    const TENANT: TenantId = TenantId::from_bytes([7; 16]);

    #[test]
    fn an_id_is_accepted_once_however_many_others_came_since() {
        let known = Assertions::default();
        let end = NOW.plus_seconds(300);
        let accept = |id: &str| known.accept(TENANT, "robot", id, end, NOW);
        assert_eq!(accept("first"), Accepted::Once);
        for other in 1..OF_CLIENT_MAX {
            assert_eq!(accept(&other.to_string()), Accepted::Once);
        }
        assert_eq!(accept("one more"), Accepted::Full);
        assert_eq!(accept("first"), Accepted::Before);
        assert_eq!(accept("1"), Accepted::Before);
    }

    #[test]
    fn a_client_that_floods_leaves_the_others_their_room() {
        let known = Assertions::default();
        let times = (NOW.plus_seconds(300), NOW);
        let accept = |client: &str, id: u32| {
            known.accept_within(TENANT, client, &id.to_string(), times, (10, 25))
        };
        let taken = (0..100).filter(|id| accept("flood", *id) == Accepted::Once).count();
        assert_eq!(taken, 10);
        assert_eq!(accept("calm", 1), Accepted::Once);
        assert_eq!(accept("calm", 1), Accepted::Before);
    }

    #[test]
    fn what_is_over_makes_room_and_nothing_else_does() {
        let known = Assertions::default();
        let accept = |client: &str, id: &str, end: i64, now: i64| {
            let times = (NOW.plus_seconds(end), NOW.plus_seconds(now));
            known.accept_within(TENANT, client, id, times, (2, 3))
        };
        assert_eq!(accept("a", "long", 300, 0), Accepted::Once);
        assert_eq!(accept("a", "short", 60, 0), Accepted::Once);
        assert_eq!(accept("b", "short", 60, 0), Accepted::Once);
        assert_eq!(accept("a", "new", 300, 60), Accepted::Full);
        assert_eq!(accept("c", "new", 300, 60), Accepted::Full);
        assert_eq!(accept("a", "short", 60, 60), Accepted::Before, "to its last second");
        assert_eq!(accept("c", "new", 300, 61), Accepted::Once);
        assert_eq!(accept("a", "new", 300, 61), Accepted::Once);
        assert_eq!(accept("a", "long", 300, 61), Accepted::Before);
    }
}
