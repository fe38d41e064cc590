//! One password on many names, or many networks with many names each: that is no typing mistake.
//!
//! It raises an alert (a line in the log, a count for metrics; neither holds a name, a password or an address), and
//! for a while unknown browsers outside take turns, so that guessing goes at the pace of this node and not of its
//! callers. Inside and on known devices nobody notices. Per node, approximate, in bounded memory.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use sekimori_base::{TenantId, Timestamp};

use crate::bounded::Bounded;
use crate::distinct::{Distinct, Filled};
use crate::tally::Side;

/// Names that one password may fail on within an hour.
const NAMES_MAX: usize = 50;
/// Networks that may be held up for failing with many names, within [`WINDOW_SECONDS`].
const NETWORKS_MAX: usize = 10;
/// Length of that window.
const WINDOW_SECONDS: i64 = 3600;
/// Passwords that are remembered at most.
const WORDS_MAX: usize = 20_000;
/// A password that failed on so many names is worth remembering.
const WORTH_NAMES: usize = 3;
/// For how long unknown browsers outside take turns after the last sign of an attack.
const TURNS_SECONDS: i64 = 600;
/// One turn each so many milliseconds.
const TURN_MILLIS: i64 = 200;
/// Turns that were not taken are kept for so many milliseconds.
const UNUSED_MILLIS: i64 = 1000;
/// Whoever finds no turn is told to come back after so many seconds.
const RETRY_SECONDS: i64 = 10;

/// What an alert is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Alert {
    /// One password failed on many names, from outside.
    PasswordOutside,
    /// One password failed on many names, from inside.
    PasswordInside,
    /// An outside network failed with many names.
    Network,
}

impl Alert {
    /// All alerts.
    pub const ALL: [Self; 3] = [Self::PasswordOutside, Self::PasswordInside, Self::Network];

    /// The stable word, for logs and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PasswordOutside => "password_outside",
            Self::PasswordInside => "password_inside",
            Self::Network => "network",
        }
    }
}

#[derive(Default)]
struct Turns {
    until: Timestamp,
    next: Timestamp,
    networks: Vec<Timestamp>,
}

struct State {
    tried: Bounded<(TenantId, Side, u64), Distinct>,
    turns: HashMap<TenantId, Turns>,
    alerts: HashMap<Alert, u64>,
}

/// What this node knows of passwords that are tried on many names.
pub struct Alarm(Mutex<State>);

impl Default for Alarm {
    fn default() -> Self {
        let tried = Bounded::new(WORDS_MAX);
        Self(Mutex::new(State { tried, turns: HashMap::new(), alerts: HashMap::new() }))
    }
}

impl Alarm {
    /// A password, by its digest, failed on a name, by its digest, in a browser that does not know the account.
    pub(crate) fn failed(
        &self,
        tenant: TenantId,
        side: Side,
        word: u64,
        name: u64,
        now: Timestamp,
    ) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let state = &mut *state;
        let worth = |tried: &Distinct| tried.has(WORTH_NAMES, now);
        let tried = state.tried.entry((tenant, side, word), Distinct::new(now), worth);
        let filled = tried.add(name, NAMES_MAX, now);
        if filled == Filled::Now {
            let alert = match side {
                Side::Inside => Alert::PasswordInside,
                Side::Outside => Alert::PasswordOutside,
            };
            raise(&mut state.alerts, tenant, alert);
        }
        if filled != Filled::NotYet && side == Side::Outside {
            state.turns.entry(tenant).or_default().until = now.plus_seconds(TURNS_SECONDS);
        }
    }

    /// An outside network begins to wait because it failed with many names.
    pub(crate) fn held_up(&self, tenant: TenantId, now: Timestamp) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        raise(&mut state.alerts, tenant, Alert::Network);
        let turns = state.turns.entry(tenant).or_default();
        turns.networks.retain(|at| now.seconds_since(*at) <= WINDOW_SECONDS);
        if turns.networks.len() >= NETWORKS_MAX {
            turns.networks.remove(0);
        }
        turns.networks.push(now);
        if turns.networks.len() >= NETWORKS_MAX {
            turns.until = now.plus_seconds(TURNS_SECONDS);
        }
    }

    /// A turn for an unknown browser outside, or the moment to come back. Without an alarm there is always one.
    pub(crate) fn turn(&self, tenant: TenantId, now: Timestamp) -> Result<(), Timestamp> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(turns) = state.turns.get_mut(&tenant) else { return Ok(()) };
        if turns.until <= now {
            return Ok(());
        }
        if turns.next > now {
            return Err(now.plus_seconds(RETRY_SECONDS));
        }
        turns.next = turns.next.max(now.plus_millis(-UNUSED_MILLIS)).plus_millis(TURN_MILLIS);
        Ok(())
    }

    /// How often each alert was raised since the start of the process.
    pub fn alerts(&self) -> [(Alert, u64); 3] {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Alert::ALL.map(|alert| (alert, state.alerts.get(&alert).copied().unwrap_or(0)))
    }
}

fn raise(alerts: &mut HashMap<Alert, u64>, tenant: TenantId, alert: Alert) {
    *alerts.entry(alert).or_default() += 1;
    tracing::warn!(%tenant, alert = alert.as_str(), "passwords are tried on many user names");
}

#[cfg(test)]
mod tests {
    use super::*;

    const TENANT: TenantId = TenantId::from_bytes([1; 16]);
    const OTHER: TenantId = TenantId::from_bytes([2; 16]);
    const NOW: Timestamp = Timestamp::from_unix_seconds(1_000_000);

    fn raised(alarm: &Alarm) -> Vec<(Alert, u64)> {
        alarm.alerts().into_iter().filter(|(_, count)| *count > 0).collect()
    }

    fn turns_at_once(alarm: &Alarm, tenant: TenantId, now: Timestamp) -> usize {
        (0..1000).filter(|_| alarm.turn(tenant, now).is_ok()).count()
    }

    #[test]
    fn one_password_on_fifty_names_raises_one_alert_and_outside_takes_turns() {
        let alarm = Alarm::default();
        for name in 0..49 {
            alarm.failed(TENANT, Side::Outside, 5, name, NOW);
            alarm.failed(TENANT, Side::Outside, 5, name, NOW);
        }
        assert_eq!((raised(&alarm), turns_at_once(&alarm, TENANT, NOW)), (vec![], 1000));
        for name in 49..200 {
            alarm.failed(TENANT, Side::Outside, 5, name, NOW);
        }
        assert_eq!(raised(&alarm), [(Alert::PasswordOutside, 1)]);
        assert_eq!(turns_at_once(&alarm, TENANT, NOW), 6);
        assert_eq!(alarm.turn(TENANT, NOW), Err(NOW.plus_seconds(RETRY_SECONDS)));
        assert_eq!(turns_at_once(&alarm, TENANT, NOW.plus_seconds(1)), 5);
        assert_eq!(turns_at_once(&alarm, OTHER, NOW), 1000, "the other organisation is not slowed");
        let over = NOW.plus_seconds(TURNS_SECONDS);
        assert_eq!(turns_at_once(&alarm, TENANT, over), 1000);
    }

    #[test]
    fn names_within_an_hour_are_counted_and_no_others() {
        let alarm = Alarm::default();
        for name in 0..200 {
            let minutes = i64::try_from(name).unwrap() * 2;
            alarm.failed(TENANT, Side::Outside, 5, name, NOW.plus_seconds(minutes * 60));
        }
        assert_eq!(raised(&alarm), []);
    }

    #[test]
    fn five_hundred_words_on_five_hundred_names_are_people_who_mistyped() {
        let alarm = Alarm::default();
        for name in 0..500 {
            alarm.failed(TENANT, Side::Inside, name, name, NOW);
            alarm.failed(TENANT, Side::Outside, name, name, NOW);
        }
        assert_eq!((raised(&alarm), turns_at_once(&alarm, TENANT, NOW)), (vec![], 1000));
    }

    #[test]
    fn one_password_on_many_names_inside_is_told_and_slows_nobody() {
        let alarm = Alarm::default();
        for name in 0..500 {
            alarm.failed(TENANT, Side::Inside, 5, name, NOW);
        }
        assert_eq!(raised(&alarm), [(Alert::PasswordInside, 1)]);
        assert_eq!(turns_at_once(&alarm, TENANT, NOW), 1000);
    }

    #[test]
    fn one_held_network_is_its_own_matter_and_ten_are_an_attack() {
        let alarm = Alarm::default();
        for network in 0..9 {
            alarm.held_up(TENANT, NOW.plus_seconds(network));
        }
        assert_eq!(turns_at_once(&alarm, TENANT, NOW.plus_seconds(10)), 1000);
        alarm.held_up(TENANT, NOW.plus_seconds(10));
        assert_eq!(turns_at_once(&alarm, TENANT, NOW.plus_seconds(10)), 6);
        assert_eq!(raised(&alarm), [(Alert::Network, 10)]);
    }

    #[test]
    fn endless_passwords_take_no_endless_memory_and_hide_no_attack() {
        let alarm = Alarm::default();
        let junk = crate::endless();
        for number in 0..junk {
            alarm.failed(TENANT, Side::Outside, 1000 + number, number, NOW);
            if number % (junk / 60) == 0 {
                alarm.failed(TENANT, Side::Outside, 5, number, NOW);
            }
        }
        assert_eq!(alarm.0.lock().unwrap().tried.len(), WORDS_MAX);
        assert_eq!(raised(&alarm), [(Alert::PasswordOutside, 1)]);
    }
}
