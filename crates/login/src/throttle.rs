//! How long a wait grows, and which counter applies. Pure: `store` keeps the counters.
//!
//! standards.md C5 and C7: ten free tries at a pace of one a second, then growing waits, nothing evaluated
//! while waiting, the same for names that do not exist; at 100 failures in a row the counter closes.

use sekimori_base::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Decision, Reason};

/// Failures in a row at which a counter closes: then recovery, another counter's way, or the desk.
pub const FAILURES_CAP: u32 = 100;
/// Tries without a growing wait.
pub const FREE_TRIES: u32 = 10;

/// The pace of tries, which is not a wait that anybody should read about.
const PACE_MILLIS: u64 = 1000;

/// Which of the identifier's three counters applies. Success on one does not clear another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bucket {
    /// A browser that signed this account in before.
    KnownDevice,
    /// Another browser, inside.
    UnknownInside,
    /// Another browser, outside.
    UnknownOutside,
}

impl Bucket {
    /// All buckets.
    pub const ALL: [Self; 3] = [Self::KnownDevice, Self::UnknownInside, Self::UnknownOutside];

    /// The stable word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::KnownDevice => "known_device",
            Self::UnknownInside => "unknown_inside",
            Self::UnknownOutside => "unknown_outside",
        }
    }
}

/// What is being guessed: each has counters of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Guess {
    /// A password.
    Password,
    /// A code of an authenticator app.
    Totp,
    /// A code sent by mail, whichever.
    MailCode,
    /// A recovery code.
    RecoveryCode,
    /// A ticket for a factor, after the password.
    Ticket,
    /// A ticket for a password, before anything else.
    PasswordTicket,
}

impl Guess {
    /// All kinds.
    pub const ALL: [Self; 6] = [
        Self::Password,
        Self::Totp,
        Self::MailCode,
        Self::RecoveryCode,
        Self::Ticket,
        Self::PasswordTicket,
    ];

    /// The stable word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Totp => "totp",
            Self::MailCode => "mail_code",
            Self::RecoveryCode => "recovery_code",
            Self::Ticket => "ticket",
            Self::PasswordTicket => "password_ticket",
        }
    }
}

/// Seconds to wait after the `failures`-th failure in a row; `None` from [`FAILURES_CAP`] on.
///
/// 1 s for the ten free tries, then 15 s, 30 s, 1 min, 2 min, 5 min, 10 min, then 15 min each.
pub const fn wait_seconds(failures: u32) -> Option<u32> {
    match failures {
        0 => Some(0),
        1..FREE_TRIES => Some(1),
        FREE_TRIES => Some(15),
        11 => Some(30),
        12 => Some(60),
        13 => Some(120),
        14 => Some(300),
        15 => Some(600),
        16..FAILURES_CAP => Some(900),
        FAILURES_CAP.. => None,
    }
}

/// The codes that somebody was sent by mail one after another, whatever the attempt; entering one begins anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MailRow {
    /// How many.
    pub sent: u32,
    /// When the last one was sent.
    pub at: Timestamp,
}

/// Without a code for so long the row of codes by mail is forgotten, in seconds.
const MAIL_ROW_SECONDS: i64 = 6 * 3600;

impl MailRow {
    /// The row with one more.
    #[must_use]
    pub fn and_one(row: Option<Self>, now: Timestamp) -> Self {
        let before = row.filter(|row| row.is_of(now)).map_or(0, |row| row.sent);
        Self { sent: before.saturating_add(1), at: now }
    }

    /// The next code is sent from this moment on: 30 s after the first, then 1 min, 2 min, 5 min, 10 min, half an
    /// hour, then an hour after each. `None` when no wait runs.
    pub fn wait_until(self, now: Timestamp) -> Option<Timestamp> {
        let seconds = match self.sent {
            0 => 0,
            1 => 30,
            2 => 60,
            3 => 120,
            4 => 300,
            5 => 600,
            6 => 1800,
            7.. => 3600,
        };
        Some(self.at.plus_seconds(seconds)).filter(|until| *until > now && self.is_of(now))
    }

    fn is_of(self, now: Timestamp) -> bool {
        now.seconds_since(self.at) < MAIL_ROW_SECONDS
    }
}

/// For how many milliseconds a try is held back instead of refused because it came within the pace of one a second:
/// nobody types that fast, but password managers and programs do, and a second is shorter than reading about it.
/// `None` for everything else. Whoever was held back once is not held back again.
pub fn hold_millis(decision: &Decision, now: Timestamp) -> Option<u64> {
    if decision.reason != Reason::ThrottleWait {
        return None;
    }
    let left = decision.details.wait_until?.millis_since(now);
    u64::try_from(left).ok().filter(|left| (1..=PACE_MILLIS).contains(left))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{NOW, calm, no_wait, policy, sent};
    use crate::{Facts, Submission, ThrottleFacts, decide};

    #[test]
    fn a_try_within_the_pace_is_held_back_and_a_growing_wait_is_told() {
        let after = |throttle| {
            let facts = sent(Submission::Password, Facts { throttle, ..calm() });
            hold_millis(&decide(&policy(), &facts), NOW)
        };
        let waits =
            |millis| ThrottleFacts { wait_until: Some(NOW.plus_millis(millis)), ..no_wait() };
        assert_eq!(after(waits(1)), Some(1));
        assert_eq!(after(waits(1000)), Some(1000));
        assert_eq!(after(waits(1001)), None, "told");
        assert_eq!(after(waits(0)), None, "over");
        let source = ThrottleFacts { source_wait_until: waits(500).wait_until, ..no_wait() };
        assert_eq!(after(source), None, "a network is not paced");
        let closed = ThrottleFacts { failures: FAILURES_CAP, ..waits(500) };
        assert_eq!(after(closed), None);
    }

    #[test]
    fn the_waits_between_codes_by_mail_grow_and_the_row_is_forgotten() {
        let mut row = None;
        let mut now = NOW;
        for seconds in [30, 60, 120, 300, 600, 1800, 3600, 3600, 3600] {
            let sent = MailRow::and_one(row, now);
            let until = now.plus_seconds(seconds);
            assert_eq!(sent.wait_until(now), Some(until), "after {}", sent.sent);
            assert_eq!(sent.wait_until(until.plus_millis(-1)), Some(until));
            assert_eq!(sent.wait_until(until), None, "over");
            (row, now) = (Some(sent), until);
        }
        let much = MailRow { sent: u32::MAX, at: NOW };
        assert_eq!(MailRow::and_one(Some(much), NOW).sent, u32::MAX);
        let later = NOW.plus_seconds(MAIL_ROW_SECONDS);
        assert_eq!(MailRow::and_one(Some(much), later), MailRow { sent: 1, at: later });
        assert_eq!(MailRow { sent: 0, at: NOW }.wait_until(NOW), None);
        let clock = MailRow { sent: 1, at: NOW.plus_seconds(5) };
        assert!(clock.wait_until(NOW).is_some(), "another node's clock is a little ahead");
    }

    #[test]
    fn waits_never_shrink_and_the_counter_closes_at_the_cap() {
        let mut last = 0;
        for failures in 0..FAILURES_CAP {
            let wait = wait_seconds(failures).unwrap();
            assert!(wait >= last, "{failures}");
            last = wait;
        }
        assert_eq!(wait_seconds(FREE_TRIES - 1), Some(1));
        assert_eq!(wait_seconds(FAILURES_CAP), None);
        assert_eq!(wait_seconds(u32::MAX), None);
    }
}
