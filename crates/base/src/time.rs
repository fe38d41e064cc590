//! Time is an argument: read once per request from [`Clock`], then passed as a value.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The one door to the wall clock.
pub trait Clock: Send + Sync {
    /// The present moment.
    fn now(&self) -> Timestamp;
}

impl<C: Clock + ?Sized> Clock for std::sync::Arc<C> {
    fn now(&self) -> Timestamp {
        (**self).now()
    }
}

/// A moment: milliseconds since 1970-01-01T00:00:00Z, leap seconds not counted. Arithmetic saturates.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// From milliseconds since 1970.
    pub const fn from_unix_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// From seconds since 1970.
    pub const fn from_unix_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1000))
    }

    /// Milliseconds since 1970.
    pub const fn unix_millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since 1970, rounded down.
    pub const fn unix_seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// This moment and `seconds` more (or fewer, if negative).
    #[must_use]
    pub const fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(1000)))
    }

    /// This moment and `millis` more.
    #[must_use]
    pub const fn plus_millis(self, millis: i64) -> Self {
        Self(self.0.saturating_add(millis))
    }

    /// Milliseconds from `earlier` to this moment; negative if `earlier` is later.
    pub const fn millis_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// Whole seconds from `earlier` to this moment, rounded down; negative if `earlier` is later.
    pub const fn seconds_since(self, earlier: Self) -> i64 {
        self.millis_since(earlier).div_euclid(1000)
    }

    /// RFC 3339 in UTC with whole seconds, for logs, audit and programs.
    pub fn rfc3339(self) -> String {
        match jiff::Timestamp::from_second(self.unix_seconds()) {
            Ok(moment) => moment.to_string(),
            Err(_) => format!("@{}", self.unix_seconds()),
        }
    }

    /// The moment of a text in RFC 3339 with its distance from UTC; whole seconds.
    pub fn parse(text: &str) -> Option<Self> {
        let moment: jiff::Timestamp = text.parse().ok()?;
        let whole = moment.subsec_nanosecond() == 0;
        whole.then(|| Self::from_unix_seconds(moment.as_second()))
    }

    /// The time of day in the named IANA zone, `10:02`; UTC if the zone is unknown.
    pub fn clock_in_zone(self, zone: &str) -> String {
        let Ok(moment) = jiff::Timestamp::from_second(self.unix_seconds()) else {
            return self.rfc3339();
        };
        let zone = jiff::tz::TimeZone::get(zone).unwrap_or(jiff::tz::TimeZone::UTC);
        moment.to_zoned(zone).strftime("%H:%M").to_string()
    }

    /// `2026-11-22 10:02:31 JST`-like text in the named IANA zone, for people; UTC if the zone is
    /// unknown.
    pub fn in_zone(self, zone: &str) -> String {
        let Ok(moment) = jiff::Timestamp::from_second(self.unix_seconds()) else {
            return self.rfc3339();
        };
        let zone = jiff::tz::TimeZone::get(zone).unwrap_or(jiff::tz::TimeZone::UTC);
        moment.to_zoned(zone).strftime("%Y-%m-%d %H:%M:%S %Z").to_string()
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.rfc3339())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_prints_in_utc_and_in_a_zone() {
        let moment = Timestamp::from_unix_seconds(1_763_856_000);
        assert_eq!(moment.to_string(), "2025-11-23T00:00:00Z");
        assert_eq!(moment.in_zone("Asia/Tokyo"), "2025-11-23 09:00:00 JST");
        assert_eq!(moment.clock_in_zone("Asia/Tokyo"), "09:00");
    }

    #[test]
    fn a_moment_is_read_with_its_distance_from_utc() {
        let moment = Timestamp::from_unix_seconds(1_692_946_800);
        assert_eq!(Timestamp::parse("2023-08-25T16:00:00+09:00"), Some(moment));
        assert_eq!(Timestamp::parse(&moment.to_string()), Some(moment));
        for text in ["", "2023-08-25", "2023-08-25T16:00:00", "2023-08-25T07:00:00.5Z", "now"] {
            assert_eq!(Timestamp::parse(text), None, "{text}");
        }
    }

    #[test]
    fn arithmetic_saturates_instead_of_wrapping() {
        assert_eq!(Timestamp::from_unix_millis(i64::MAX).plus_seconds(1).unix_millis(), i64::MAX);
        assert_eq!(
            Timestamp::from_unix_millis(-1).unix_seconds(),
            -1,
            "rounded down also before 1970"
        );
    }
}
