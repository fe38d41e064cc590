//! Statistics of a young database.
//!
//! Until PostgreSQL has counted the rows of a table, it cannot tell the key from another index that begins with the
//! tenant as well, and may read all of a tenant for one row. Its autovacuum counts within a minute or so; a server that
//! begins to be used asks for it earlier, where it has not happened yet.

use std::sync::atomic::{AtomicU64, Ordering};

use super::direct::Direct;
use crate::database::DatabaseError;

/// After so many transactions of this process it is looked: some tables get their first rows late.
const LOOK_AFTER: [u64; 4] = [200, 1_000, 5_000, 25_000];

/// Tables that grow and whose rows were never counted.
const UNCOUNTED: &str = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() \
    AND tablename IN ('person', 'person_word', 'factor', 'attempt', 'counter', 'session', 'code', \
        'token_grant', 'access_token', 'refresh_token', 'ticket', 'outbox', 'audit_line', \
        'audit_facts') \
    AND NOT EXISTS (SELECT 1 FROM pg_stats WHERE pg_stats.schemaname = pg_tables.schemaname \
        AND pg_stats.tablename = pg_tables.tablename)";

/// Counts the transactions of all connections.
#[derive(Debug, Default)]
pub(super) struct Young(AtomicU64);

impl Young {
    /// One more transaction: whether it is time to look.
    pub(super) fn is_time(&self) -> bool {
        LOOK_AFTER.contains(&(self.0.fetch_add(1, Ordering::Relaxed) + 1))
    }
}

/// Let the database count the rows of tables that it has not counted yet.
pub(super) fn count(direct: &mut Direct) -> Result<(), DatabaseError> {
    for table in direct.all(UNCOUNTED)? {
        direct.execute(&format!("ANALYZE {table}"))?;
    }
    Ok(())
}
