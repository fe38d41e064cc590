//! The schema: numbered migrations, both dialects side by side, expand before contract.
//!
//! An empty database gets all of them when it is opened. One that holds something is migrated only
//! by [`migrate`]; a program works with a newer schema as long as that schema says so, so that nodes
//! can be replaced one by one.

use crate::database::DatabaseError;
use crate::database::postgres::Direct;
use crate::database::sqlite::{self, SqlitePlace};
use crate::lock::{Lock, SharedBy};
use crate::store::{OpenError, Place, apart};

/// One migration.
struct Migration {
    /// Its number: the schema after it.
    version: u32,
    /// The oldest program (by the schema that it was built for) that works with that schema.
    works_for: u32,
    sqlite: &'static str,
    postgres: &'static str,
}

macro_rules! migration {
    ($version:literal, works for $works_for:literal, $name:literal) => {
        Migration {
            version: $version,
            works_for: $works_for,
            sqlite: include_str!(concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/migrations/",
                $name,
                ".sqlite.sql"
            )),
            postgres: include_str!(concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/migrations/",
                $name,
                ".postgres.sql"
            )),
        }
    };
}

const MIGRATIONS: &[Migration] = &[
    migration!(1, works for 1, "0001_first"),
    migration!(2, works for 1, "0002_checkpoints"),
    migration!(3, works for 1, "0003_ticket_purpose"),
    migration!(4, works for 1, "0004_passkeys"),
    migration!(5, works for 1, "0005_mail_codes"),
    migration!(6, works for 1, "0006_certificates"),
    migration!(7, works for 1, "0007_prompt_dismissed"),
    migration!(8, works for 1, "0008_preferences"),
    migration!(9, works for 1, "0009_revocation_lists"),
    migration!(10, works for 1, "0010_mail_bounces"),
];

/// The schema that this program was built for.
pub const SCHEMA_VERSION: u32 = MIGRATIONS[MIGRATIONS.len() - 1].version;

/// The table of schemas. `works_for` of the last row says who may use it.
const SCHEMA_TABLE: &str = "CREATE TABLE IF NOT EXISTS schema_version (
    version BIGINT NOT NULL PRIMARY KEY, works_for BIGINT NOT NULL)";
const SCHEMA_LAST: &str =
    "SELECT version, works_for FROM schema_version ORDER BY version DESC LIMIT 1";
/// Where one migration at a time is let through on PostgreSQL.
const MIGRATION_LOCK: i64 = 0x5E4B_1301;

/// What a migration did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Migrated {
    /// The schema before; 0 for an empty database.
    pub from: u32,
    /// The schema now.
    pub to: u32,
}

/// Bring a database to the schema of this program. Blocks. On PostgreSQL nodes of the version before
/// may go on serving meanwhile; an SQLite file must not be in use.
pub fn migrate(place: &Place) -> Result<Migrated, OpenError> {
    apart(|| migrate_here(place))
}

fn migrate_here(place: &Place) -> Result<Migrated, OpenError> {
    match place {
        Place::Sqlite { path } => {
            let _lock = Lock::file(path)?;
            let connection = sqlite::connect(&SqlitePlace::File(path.clone()))?;
            Ok(run_sqlite(&connection)?)
        }
        Place::SqliteMemory => Ok(Migrated { from: 0, to: SCHEMA_VERSION }),
        Place::Postgres { url } => {
            let _lock = Lock::postgres(url, SharedBy::Servers)?;
            Ok(run_postgres(&mut Direct::connect(url)?)?)
        }
    }
}

/// The schema of a database; 0 when it is empty. Blocks.
pub fn schema_version(place: &Place) -> Result<u32, OpenError> {
    apart(|| schema_version_here(place))
}

fn schema_version_here(place: &Place) -> Result<u32, OpenError> {
    match place {
        Place::Sqlite { path } => {
            let connection = sqlite::connect(&SqlitePlace::File(path.clone()))?;
            Ok(last_sqlite(&connection)?.map_or(0, |(version, _)| version))
        }
        Place::SqliteMemory => Ok(SCHEMA_VERSION),
        Place::Postgres { url } => {
            Ok(last_postgres(&mut Direct::connect(url)?)?.map_or(0, |(version, _)| version))
        }
    }
}

/// An empty database gets its schema; another one must have one that this program can use.
pub(crate) fn prepare_sqlite(connection: &rusqlite::Connection) -> Result<(), OpenError> {
    let last = last_sqlite(connection)?;
    if last.is_none() {
        run_sqlite(connection)?;
        return Ok(());
    }
    judge(last)
}

/// The same for PostgreSQL.
pub(crate) fn prepare_postgres(url: &str) -> Result<(), OpenError> {
    let mut direct = Direct::connect(url)?;
    let last = last_postgres(&mut direct)?;
    if last.is_none() {
        run_postgres(&mut direct)?;
        return Ok(());
    }
    judge(last)
}

fn judge(last: Option<(u32, u32)>) -> Result<(), OpenError> {
    let (found, works_for) = last.unwrap_or((0, 0));
    let wanted = SCHEMA_VERSION;
    if found < wanted {
        Err(OpenError::NeedsMigration { found, wanted })
    } else if works_for > wanted {
        Err(OpenError::TooNew { found, wanted })
    } else {
        Ok(())
    }
}

fn last_sqlite(connection: &rusqlite::Connection) -> Result<Option<(u32, u32)>, DatabaseError> {
    use rusqlite::OptionalExtension as _;
    if !connection.table_exists(None, "schema_version")? {
        return Ok(None);
    }
    let last =
        connection.query_row(SCHEMA_LAST, [], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    Ok(last)
}

/// All migrations that are missing, in one transaction.
pub(crate) fn run_sqlite(connection: &rusqlite::Connection) -> Result<Migrated, DatabaseError> {
    connection.execute_batch("BEGIN IMMEDIATE")?;
    let ran = (|| {
        connection.execute_batch(SCHEMA_TABLE)?;
        let from = last_sqlite(connection)?.map_or(0, |(version, _)| version);
        for migration in MIGRATIONS.iter().filter(|migration| migration.version > from) {
            connection.execute_batch(migration.sqlite)?;
            connection.execute(
                "INSERT INTO schema_version (version, works_for) VALUES (?1, ?2)",
                (migration.version, migration.works_for),
            )?;
        }
        state_sizes(connection)?;
        Ok(Migrated { from, to: SCHEMA_VERSION.max(from) })
    })();
    connection.execute_batch(if ran.is_ok() { "COMMIT" } else { "ROLLBACK" })?;
    ran
}

/// Tell SQLite's planner what the indexes will look like. It has no statistics of its own, guesses
/// that a tenant is a handful of rows, and then walks all of one instead of taking a better index.
fn state_sizes(connection: &rusqlite::Connection) -> Result<(), DatabaseError> {
    connection.execute_batch("ANALYZE; DELETE FROM sqlite_stat1;")?;
    let mut indexes = connection.prepare(
        "SELECT item.name, list.name, list.origin, item.sql LIKE '%WITHOUT ROWID%',
             (SELECT count(*) FROM pragma_index_info(list.name)), list.\"unique\"
         FROM sqlite_schema AS item JOIN pragma_index_list(item.name) AS list
         WHERE item.type = 'table' AND item.name NOT LIKE 'sqlite_%'",
    )?;
    let mut rows = indexes.query([])?;
    while let Some(row) = rows.next()? {
        let (table, index, origin): (String, String, String) =
            (row.get(0)?, row.get(1)?, row.get(2)?);
        let (clustered, columns, unique): (bool, u32, bool) =
            (row.get(3)?, row.get(4)?, row.get(5)?);
        // A table that is its own primary key goes by the table's name.
        let name = if origin == "pk" && clustered { &table } else { &index };
        let mut stat = "1000000".to_owned();
        for column in 1..=columns {
            stat.push_str(match column {
                last if last == columns && unique => " 1",
                1 => " 100000",
                _ => " 10",
            });
        }
        connection.execute(
            "INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES (?1, ?2, ?3)",
            (&table, name, &stat),
        )?;
    }
    drop(rows);
    drop(indexes);
    connection.execute_batch("ANALYZE sqlite_schema;")?;
    Ok(())
}

/// Whether a PostgreSQL database has a schema of ours.
pub(crate) fn there_postgres(direct: &mut Direct) -> Result<bool, DatabaseError> {
    let there = direct.first("SELECT to_regclass('schema_version')::text")?;
    Ok(there.first().is_some_and(Option::is_some))
}

fn last_postgres(direct: &mut Direct) -> Result<Option<(u32, u32)>, DatabaseError> {
    if !there_postgres(direct)? {
        return Ok(None);
    }
    let row = direct.first(SCHEMA_LAST)?;
    let number = |column: usize| row.get(column)?.as_ref()?.parse::<u32>().ok();
    Ok(number(0).zip(number(1)))
}

/// The same for PostgreSQL; one at a time.
fn run_postgres(direct: &mut Direct) -> Result<Migrated, DatabaseError> {
    direct.execute(&format!("BEGIN; SELECT pg_advisory_xact_lock({MIGRATION_LOCK})"))?;
    let ran = (|| {
        direct.execute(SCHEMA_TABLE)?;
        let from = last_postgres(direct)?.map_or(0, |(version, _)| version);
        for migration in MIGRATIONS.iter().filter(|migration| migration.version > from) {
            direct.execute(migration.postgres)?;
            let (version, works_for) = (migration.version, migration.works_for);
            direct.execute(&format!(
                "INSERT INTO schema_version (version, works_for) VALUES ({version}, {works_for})"
            ))?;
        }
        Ok(Migrated { from, to: SCHEMA_VERSION.max(from) })
    })();
    direct.execute(if ran.is_ok() { "COMMIT" } else { "ROLLBACK" })?;
    ran
}
