//! Moments in the forms that certificates have.

use std::time::Duration;

use der::asn1::GeneralizedTime;
use sekimori_base::Timestamp;
use time::OffsetDateTime;
use x509_cert::time::Time;

/// The last second of the year 9999, beyond which no certificate can say a time. RFC 5280, 4.1.2.5.2
const LAST_SECOND: i64 = 253_402_300_799;

fn seconds(at: Timestamp) -> i64 {
    at.unix_seconds().clamp(0, LAST_SECOND)
}

/// For the issuing library; moments outside 1970..9999 become the nearest one inside.
pub(crate) fn offset(at: Timestamp) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(seconds(at)).expect("between 1970 and 9999")
}

/// For structures of our own.
pub(crate) fn generalized(at: Timestamp) -> GeneralizedTime {
    let since = Duration::from_secs(u64::try_from(seconds(at)).expect("not before 1970"));
    GeneralizedTime::from_unix_duration(since).expect("between 1970 and 9999")
}

/// From a certificate.
pub(crate) fn from_x509(time: Time) -> Timestamp {
    since_epoch(time.to_unix_duration())
}

/// From a duration since 1970.
pub(crate) fn since_epoch(duration: Duration) -> Timestamp {
    Timestamp::from_unix_seconds(i64::try_from(duration.as_secs()).unwrap_or(LAST_SECOND))
}

/// The same day and time of day so many calendar months later, in UTC; the last day of a month that
/// has no such day.
pub(crate) fn later(from: Timestamp, months: u16) -> Timestamp {
    let span = jiff::Span::new().months(i64::from(months));
    let moment = jiff::Timestamp::from_second(seconds(from)).ok();
    let moment = moment.map(|moment| moment.to_zoned(jiff::tz::TimeZone::UTC));
    let later = moment.and_then(|moment| moment.checked_add(span).ok());
    later.map_or(Timestamp::from_unix_seconds(LAST_SECOND), |later| {
        Timestamp::from_unix_seconds(later.timestamp().as_second())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_are_those_of_the_calendar() {
        let cases = [
            ("2026-01-31T10:00:00Z", 1, "2026-02-28T10:00:00Z"),
            ("2026-11-22T10:00:00Z", 13, "2027-12-22T10:00:00Z"),
            ("2026-11-22T10:00:00Z", 25, "2028-12-22T10:00:00Z"),
            ("2026-11-22T10:00:00Z", 48, "2030-11-22T10:00:00Z"),
        ];
        for (from, months, wanted) in cases {
            let from: jiff::Timestamp = from.parse().unwrap();
            let from = Timestamp::from_unix_seconds(from.as_second());
            assert_eq!(later(from, months).rfc3339(), wanted);
        }
    }

    #[test]
    fn no_moment_is_outside_what_a_certificate_can_say() {
        for at in [i64::MIN, -1, 0, LAST_SECOND, i64::MAX] {
            let at = Timestamp::from_unix_seconds(at);
            assert!((1970..=9999).contains(&offset(at).year()));
            assert!((1970..=9999).contains(&generalized(at).to_date_time().year()));
            later(at, 48);
        }
    }
}
