//! Counters of guesses: reserved before a check, counted or cleared after it (decisions 7 and 8).
//!
//! A row looks the same for existing and missing names. Rows live a day; above the cap of a tenant
//! the lowest and oldest go.

use sekimori_base::{TenantId, Timestamp};
use sekimori_login::throttle::{self, FAILURES_CAP};

use crate::Store;
use crate::commit::{Receipt, apply, steps};
use crate::conflict::CommitError;
use crate::database::{DatabaseError, call};
use crate::ids::CounterKey;
use crate::statement as sql;
use crate::value::Row;
use crate::write::Write;

/// A counter that nobody touched for so long begins anew.
pub(crate) const COUNTER_SECONDS: i64 = 24 * 3600;

/// A counter as a decision sees it. One that was never used, or not for a day, is all zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counter {
    /// Which.
    pub key: CounterKey,
    /// Failures in a row.
    pub failures: u32,
    /// Nothing is evaluated before this moment; `None` when that is over, or the counter is closed.
    pub wait_until: Option<Timestamp>,
    /// A guess is being checked right now.
    pub busy: bool,
}

impl Counter {
    /// The counter is closed: only another way helps.
    pub fn closed(&self) -> bool {
        self.failures >= FAILURES_CAP
    }
}

/// The permission to check one guess. It goes back in one of the counter's writes; if it does not,
/// it expires.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reserved {
    /// In which counter.
    pub(crate) key: CounterKey,
    /// Until when.
    pub(crate) until: Timestamp,
}

impl Reserved {
    /// What [`Store::reserve`] grants, for writes of that very transaction.
    pub fn granted(key: CounterKey, now: Timestamp, seconds: u32) -> Self {
        Self { key, until: now.plus_seconds(i64::from(seconds)) }
    }

    /// In which counter.
    pub fn key(&self) -> CounterKey {
        self.key
    }

    /// When it expires.
    pub fn until(&self) -> Timestamp {
        self.until
    }
}

/// What became of a reservation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reservation {
    /// The guess may be checked; the other writes are done.
    Granted {
        /// Failures in a row before it.
        failures: u32,
        /// To be given back with the verdict.
        reserved: Reserved,
        /// What the other writes gave.
        receipt: Receipt,
    },
    /// It may not; nothing was written.
    Refused(Counter),
}

impl Store {
    /// Reserve a guess for `seconds`, and do `and` in the same transaction if it is granted.
    pub async fn reserve(
        &self,
        tenant: TenantId,
        now: Timestamp,
        key: CounterKey,
        seconds: u32,
        and: Vec<Write>,
    ) -> Result<Reservation, CommitError> {
        let until = now.plus_seconds(i64::from(seconds));
        let day_ago = now.plus_seconds(-COUNTER_SECONDS);
        let reserve =
            call!(sql::COUNTERS_RESERVE, tenant.bytes(), key.bytes(), now, until, day_ago);
        let steps = steps(tenant, now, and);
        self.write("reserving a guess", move |transaction| {
            let Some(mut row) = transaction.row(&reserve)? else {
                let call = call!(sql::COUNTERS_BY_KEY, tenant.bytes(), key.bytes());
                let mut found = transaction.row(&call)?;
                return Ok(Ok(Reservation::Refused(counter(key, found.as_mut(), now)?)));
            };
            let failures = row.small()?;
            let reserved = Reserved { key, until };
            Ok(apply(transaction, tenant, &steps)?.map(|receipt| Reservation::Granted {
                failures,
                reserved,
                receipt,
            }))
        })
        .await?
        .map_err(|(write, conflict)| CommitError::Conflict { write, conflict })
    }
}

/// A counter from its row.
pub(crate) fn counter(
    key: CounterKey,
    row: Option<&mut Row>,
    now: Timestamp,
) -> Result<Counter, DatabaseError> {
    let fresh = Counter { key, failures: 0, wait_until: None, busy: false };
    let Some(row) = row else { return Ok(fresh) };
    let failures = row.small()?;
    let touched_at = row.moment()?;
    let wait_until = row.moment()?;
    let reserved_until = row.moment()?;
    if touched_at < now.plus_seconds(-COUNTER_SECONDS) {
        return Ok(fresh);
    }
    let waits = throttle::wait_seconds(failures).is_some() && wait_until > now;
    let busy = reserved_until > now;
    Ok(Counter { key, failures, wait_until: waits.then_some(wait_until), busy })
}
