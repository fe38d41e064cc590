//! What has expired goes, a few rows at a time, so that nobody waits for it.

use sekimori_base::{Fault, TenantId, Timestamp};
use sekimori_directory::settings::Retention;
use sekimori_login::throttle::FAILURES_CAP;

use crate::Store;
use crate::audit::{checkpoint, read};
use crate::counters::COUNTER_SECONDS;
use crate::database::{Call, DatabaseError, Transaction, call};
use crate::statement as sql;

/// Rows of one statement, as its text says: with a parameter there PostgreSQL expects a tenth of the
/// table and walks all of it.
const PIECE: u64 = 500;
/// Counters of a tenant at most.
const COUNTERS_MAX: u64 = 500_000;
/// A redeemed or expired code is remembered so long, to recognise a second redemption.
const CODE_SECONDS: i64 = 24 * 3600;
/// Ended tickets, burned steps and expired certificates are remembered so long.
const TRACE_SECONDS: i64 = 90 * 24 * 3600;
/// Seconds of a day.
const DAY: i64 = 24 * 3600;

/// How many rows went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Swept {
    /// Sessions, attempts, codes, tokens, grants, tickets, burned steps, codes by mail, certificates and their files.
    pub expired: u64,
    /// Counters, expired or beyond the cap.
    pub counters: u64,
    /// Facts of the audit.
    pub facts: u64,
    /// Lines of the audit.
    pub lines: u64,
    /// Checkpoints over it.
    pub checkpoints: u64,
    /// Whether a step stopped at its limit: there is more to do.
    pub more: bool,
}

impl Store {
    /// Remove what has expired, at most 500 rows of each kind. Call it again while it says `more`.
    pub async fn sweep(
        &self,
        tenant: TenantId,
        now: Timestamp,
        retention: Retention,
    ) -> Result<Swept, Fault> {
        self.sweep_within(tenant, now, retention, COUNTERS_MAX).await
    }

    pub(crate) async fn sweep_within(
        &self,
        tenant: TenantId,
        now: Timestamp,
        retention: Retention,
        counters_max: u64,
    ) -> Result<Swept, Fault> {
        let broom = Broom {
            tenant,
            now,
            facts_seconds: DAY * i64::from(retention.facts_days),
            lines_seconds: DAY * i64::from(retention.audit_days),
        };
        let mut swept = Swept::default();
        for kind in [Kind::Expired, Kind::Facts, Kind::Lines, Kind::Checkpoints, Kind::Counters] {
            let done = self
                .write("sweeping", move |transaction| {
                    broom
                        .sweep(transaction, kind, counters_max)
                        .map(Ok::<_, std::convert::Infallible>)
                })
                .await?;
            let done = match done {
                Ok(done) => done,
                Err(never) => match never {},
            };
            swept.expired += done.expired;
            swept.counters += done.counters;
            swept.facts += done.facts;
            swept.lines += done.lines;
            swept.checkpoints += done.checkpoints;
            swept.more |= done.more;
        }
        Ok(swept)
    }
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Expired,
    Facts,
    Lines,
    Checkpoints,
    Counters,
}

#[derive(Debug, Clone, Copy)]
struct Broom {
    tenant: TenantId,
    now: Timestamp,
    facts_seconds: i64,
    lines_seconds: i64,
}

impl Broom {
    fn sweep(
        self,
        transaction: &mut Transaction<'_>,
        kind: Kind,
        counters_max: u64,
    ) -> Result<Swept, DatabaseError> {
        match kind {
            Kind::Expired => self.expired(transaction),
            Kind::Facts => {
                let call = self.before(&sql::SWEEP_FACTS, self.facts_seconds);
                let facts = transaction.count(&call)?;
                Ok(Swept { facts, more: Self::full(facts), ..Swept::default() })
            }
            Kind::Lines => self.lines(transaction),
            Kind::Checkpoints => {
                // A day later than the lines: what a kept checkpoint lists was kept a day ago.
                let cutoff = self.now.plus_seconds(-self.lines_seconds - DAY);
                let checkpoints = checkpoint::sweep(transaction, self.tenant, cutoff, PIECE)?;
                Ok(Swept { checkpoints, more: Self::full(checkpoints), ..Swept::default() })
            }
            Kind::Counters => self.counters(transaction, counters_max),
        }
    }

    fn full(count: u64) -> bool {
        count >= PIECE
    }

    fn before(self, statement: &'static crate::statement::Statement, seconds: i64) -> Call {
        let values = vec![self.tenant.bytes().into(), self.now.plus_seconds(-seconds).into()];
        Call { statement, values }
    }

    fn expired(self, transaction: &mut Transaction<'_>) -> Result<Swept, DatabaseError> {
        let calls = [
            self.before(&sql::SWEEP_ATTEMPTS, 0),
            self.before(&sql::SWEEP_SESSIONS, 0),
            self.before(&sql::SWEEP_CODES, CODE_SECONDS),
            self.before(&sql::SWEEP_ACCESS_TOKENS, 0),
            self.before(&sql::SWEEP_REFRESH_TOKENS, 0),
            // A grant outlives the codes that name it.
            self.before(&sql::SWEEP_GRANTS, CODE_SECONDS),
            self.before(&sql::SWEEP_TICKETS, TRACE_SECONDS),
            self.before(&sql::SWEEP_BURNED_STEPS, TRACE_SECONDS),
            // What mail servers say names addresses: it is personal as facts are.
            self.before(&sql::SWEEP_MAIL_CODES, self.facts_seconds),
            self.before(&sql::SWEEP_MAIL_ROWS, DAY),
            self.before(&sql::SWEEP_CERTIFICATE_FILES, 0),
            self.before(&sql::SWEEP_CERTIFICATES, TRACE_SECONDS),
        ];
        let mut swept = Swept::default();
        for done in transaction.run_all(&calls)? {
            swept.expired += done.count;
            swept.more |= Self::full(done.count);
        }
        Ok(swept)
    }

    /// Lines go from the beginning of each chain; where the kept part begins is remembered.
    fn lines(self, transaction: &mut Transaction<'_>) -> Result<Swept, DatabaseError> {
        let t = self.tenant.bytes();
        let cutoff = self.now.plus_seconds(-self.lines_seconds);
        let mut swept = Swept::default();
        for head in read::heads(transaction, self.tenant)? {
            let call = call!(sql::AUDIT_FIRST, t, head.writer.bytes(), PIECE);
            let mut last = None;
            let mut lines = 0;
            for mut row in transaction.rows(&call)? {
                let (sequence, at) = (row.natural()?, row.moment()?);
                let hash: [u8; 32] = row.array()?;
                if at >= cutoff {
                    break;
                }
                last = Some((sequence, hash));
                lines += 1;
            }
            let Some((sequence, hash)) = last else { continue };
            transaction.run_all(&[
                call!(sql::AUDIT_FACTS_REMOVE, t, head.writer.bytes(), sequence),
                call!(sql::AUDIT_LINE_REMOVE, t, head.writer.bytes(), sequence),
                call!(sql::AUDIT_WRITER_CUT, sequence + 1, &hash, t, head.writer.bytes()),
            ])?;
            if head.ended_at.is_some() && sequence == head.sequence {
                transaction.count(&call!(sql::AUDIT_WRITER_REMOVE, t, head.writer.bytes()))?;
            }
            swept.lines += lines;
            if Self::full(swept.lines) {
                swept.more = true;
                break;
            }
        }
        Ok(swept)
    }

    fn counters(
        self,
        transaction: &mut Transaction<'_>,
        counters_max: u64,
    ) -> Result<Swept, DatabaseError> {
        let t = self.tenant.bytes();
        let day_ago = self.now.plus_seconds(-COUNTER_SECONDS);
        // Failures beyond the cap happen only when reservations expire: they are few, and go with
        // the cap's last rows.
        let calls: Vec<Call> = (0..=FAILURES_CAP + 8)
            .map(|failures| call!(sql::COUNTERS_EXPIRE, t, failures, day_ago))
            .collect();
        let mut swept = Swept::default();
        for done in transaction.run_all(&calls)? {
            swept.counters += done.count;
            swept.more |= Self::full(done.count);
        }
        let boundary = call!(sql::COUNTERS_BOUNDARY, t, counters_max.saturating_sub(1));
        if let Some(mut row) = transaction.row(&boundary)? {
            let (failures, touched_at) = (row.integer()?, row.moment()?);
            let evict = call!(sql::COUNTERS_EVICT, t, failures, touched_at);
            let evicted = transaction.count(&evict)?;
            swept.counters += evicted;
            swept.more |= Self::full(evicted);
        }
        Ok(swept)
    }
}
