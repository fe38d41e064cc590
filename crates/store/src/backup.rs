//! Backup while everybody works, and restore into an empty place.
//!
//! A backup is an SQLite file with the same tables, whatever the database is; so it can be looked at,
//! and moved from one kind of database to the other. A restored database begins a new epoch: what
//! may have been spent, revoked or sent since the backup is void.

use std::path::{Path, PathBuf};

use rusqlite::{Connection as File, OpenFlags};
use sekimori_base::{Fault, Sealed, Timestamp};

use crate::Store;
use crate::database::postgres::{Direct, Link};
use crate::database::sqlite::{self, SqlitePlace};
use crate::database::{self, Access, DatabaseError, Transaction};
use crate::import::copy_line;
use crate::lock::{Lock, SharedBy};
use crate::migrate;
use crate::statement::{self as sql, Statement};
use crate::store::{Engine, OpenError, Place, apart};
use crate::value::Value;

/// `PRAGMA application_id` of a backup.
const BACKUP_ID: i32 = 0x5E4B_1310;
/// Pages that are copied before the writer is let in again.
const PAGES: i32 = 256;
/// Seconds of a TOTP step, and the steps that a code may be early.
const STEP_SECONDS: i64 = 30;
const STEPS_EARLY: i64 = 1;

/// What voids what may have happened since the backup. `restore/grants` and `restore/steps` have a
/// parameter.
const NEW_EPOCH: [&Statement; 10] = [
    &sql::RESTORE_SESSIONS,
    &sql::RESTORE_CODES,
    &sql::RESTORE_ACCESS_TOKENS,
    &sql::RESTORE_REFRESH_TOKENS,
    &sql::RESTORE_TICKETS,
    &sql::RESTORE_ATTEMPTS,
    &sql::RESTORE_CERTIFICATE_FILES,
    &sql::RESTORE_OUTBOX,
    &sql::RESTORE_MAIL_CODES,
    &sql::RESTORE_NODES,
];

/// A backup that was made, read back and found sound; or what was restored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BackupReport {
    /// Rows in all tables.
    pub rows: u64,
    /// People among them.
    pub people: u64,
}

impl Store {
    /// Write a backup to `path`, which must not exist, while others read and write. It is checked
    /// before it gets its name.
    pub async fn backup(&self, path: &Path) -> Result<BackupReport, Fault> {
        const DOING: &str = "writing a backup";
        let path = path.to_owned();
        if let Engine::Sqlite(sqlite) = &self.inner.engine
            && sqlite.reads_in_place()
        {
            let store = self.clone();
            let task = tokio::task::spawn_blocking(move || {
                let Engine::Sqlite(sqlite) = &store.inner.engine else {
                    return Err(DatabaseError::Closed);
                };
                finish(&path, |part| copy_pages(&sqlite.reader()?, part))
            });
            let report = task.await.unwrap_or(Err(DatabaseError::Closed));
            return report.map_err(Fault::while_doing(DOING));
        }
        self.read_apart(DOING, move |transaction| {
            finish(&path, |part| {
                let mut file = File::open(part)?;
                migrate::run_sqlite(&file)?;
                copy_rows(transaction, &mut file)
            })
        })
        .await
    }
}

/// Make the file under another name, check it, give it its own.
fn finish(
    path: &Path,
    make: impl FnOnce(&Path) -> Result<(), DatabaseError>,
) -> Result<BackupReport, DatabaseError> {
    let part = beside(path, ".part");
    #[expect(clippy::disallowed_methods, reason = "the store writes its own files")]
    if let Some(found) = [path, &part].into_iter().find(|path| path.exists()) {
        let found = found.display();
        return Err(DatabaseError::Other(format!("{found} exists: move it out of the way")));
    }
    let report = make(&part).and_then(|()| {
        let file = File::open(&part)?;
        file.pragma_update_and_check(None, "journal_mode", "delete", |_| Ok(()))?;
        file.pragma_update(None, "application_id", BACKUP_ID)?;
        check(&file)
    });
    #[expect(clippy::disallowed_methods, reason = "the store writes its own files")]
    let named = match &report {
        Ok(_) => std::fs::File::open(&part)
            .and_then(|file| file.sync_all())
            .and_then(|()| std::fs::rename(&part, path)),
        Err(_) => std::fs::remove_file(&part),
    };
    let report = report?;
    named.map_err(|error| DatabaseError::Other(format!("{}: {error}", path.display())))?;
    Ok(report)
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

fn copy_pages(from: &File, part: &Path) -> Result<(), DatabaseError> {
    let mut to = File::open(part)?;
    let backup = rusqlite::backup::Backup::new(from, &mut to)?;
    backup.run_to_completion(PAGES, std::time::Duration::from_millis(1), None)?;
    Ok(())
}

/// All tables but that of the schema, each with its columns.
fn tables(file: &File) -> Result<Vec<(String, Vec<String>)>, DatabaseError> {
    let mut names = file.prepare(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'
         AND name <> 'schema_version' ORDER BY name",
    )?;
    let names: Vec<String> = names.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    let mut tables = Vec::with_capacity(names.len());
    for name in names {
        let mut columns = file.prepare("SELECT name FROM pragma_table_info(?1) ORDER BY cid")?;
        let columns: Result<Vec<String>, _> =
            columns.query_map([&name], |row| row.get(0))?.collect();
        tables.push((name, columns?));
    }
    Ok(tables)
}

/// From any database, seen from one moment, to a file with the present schema.
fn copy_rows(transaction: &mut Transaction<'_>, file: &mut File) -> Result<(), DatabaseError> {
    let tables = tables(file)?;
    let to = file.transaction()?;
    for (table, columns) in tables {
        let marks: Vec<String> = (1..=columns.len()).map(|n| format!("?{n}")).collect();
        let names = columns.join(", ");
        let mut insert =
            to.prepare(&format!("INSERT INTO {table} ({names}) VALUES ({})", marks.join(", ")))?;
        transaction.each_row(&format!("SELECT {names} FROM {table}"), &mut |values| {
            insert.execute(rusqlite::params_from_iter(&values))?;
            Ok(())
        })?;
    }
    to.commit()?;
    Ok(())
}

/// Whether a file is sound, and what is in it.
fn check(file: &File) -> Result<BackupReport, DatabaseError> {
    let verdict: String = file.query_row("PRAGMA integrity_check", [], |row| row.get(0))?;
    if verdict != "ok" {
        return Err(DatabaseError::Other(format!("the file is damaged: {verdict}")));
    }
    let mut report = BackupReport { rows: 0, people: 0 };
    for (table, _) in tables(file)? {
        let rows: i64 =
            file.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0))?;
        let rows = u64::try_from(rows).unwrap_or(0);
        report.rows += rows;
        if table == "person" {
            report.people = rows;
        }
    }
    Ok(report)
}

/// The sealed keys of one line that a backup holds, so that whoever restores it can see first whether they open.
pub fn sealed_keys(backup: &Path, line: &str) -> Result<Vec<Sealed<[u8]>>, OpenError> {
    let read = || {
        let from = opened(backup)?;
        let mut keys = from.prepare("SELECT sealed FROM sealing_key WHERE line = ?1")?;
        let keys = keys.query_map([line], |row| row.get(0).map(Sealed::from_bytes))?;
        Ok(keys.collect::<Result<_, _>>()?)
    };
    read().map_err(|error| bad(&error))
}

/// What stands in the open beside the keys of one line that a backup holds.
pub fn public_halves(backup: &Path, line: &str) -> Result<Vec<String>, OpenError> {
    let read = || {
        let from = opened(backup)?;
        let wanted = "SELECT public FROM sealing_key WHERE line = ?1 AND public IS NOT NULL";
        let mut halves = from.prepare(wanted)?;
        let halves = halves.query_map([line], |row| row.get(0))?;
        Ok(halves.collect::<Result<_, _>>()?)
    };
    read().map_err(|error| bad(&error))
}

/// Restore a backup into an empty place, as of `now`. Blocks. Sessions, codes, tokens, tickets and
/// attempts are void, grants have ended, TOTP steps up to now are spent.
pub fn restore(backup: &Path, place: &Place, now: Timestamp) -> Result<BackupReport, OpenError> {
    apart(|| restore_here(backup, place, now))
}

fn bad(error: &DatabaseError) -> OpenError {
    OpenError::BadBackup(error.to_string())
}

/// A file that a backup wrote.
fn opened(backup: &Path) -> Result<File, DatabaseError> {
    let from = File::open_with_flags(backup, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let id: i32 = from.query_row("PRAGMA application_id", [], |row| row.get(0))?;
    if id == BACKUP_ID {
        return Ok(from);
    }
    Err(DatabaseError::Other("it was not written by a backup".to_owned()))
}

fn restore_here(backup: &Path, place: &Place, now: Timestamp) -> Result<BackupReport, OpenError> {
    let from = opened(backup).map_err(|error| bad(&error))?;
    check(&from).map_err(|error| bad(&error))?;
    match place {
        Place::Sqlite { path } => {
            let _lock = Lock::file(path)?;
            #[expect(clippy::disallowed_methods, reason = "the store writes its own files")]
            if path.exists() {
                return Err(OpenError::NotEmpty);
            }
            let report = finish_restored(&from, path, now)?;
            Ok(report)
        }
        Place::SqliteMemory => Err(OpenError::NotEmpty),
        Place::Postgres { url } => {
            let _lock = Lock::postgres(url, SharedBy::Nobody)?;
            if migrate::there_postgres(&mut Direct::connect(url)?)? {
                return Err(OpenError::NotEmpty);
            }
            let mut file = sqlite::connect(&SqlitePlace::Memory)?;
            let report = begin_epoch(&from, &mut file, now)?;
            migrate::prepare_postgres(url)?;
            send_rows(&file, &mut Link::connect(url)?)?;
            Ok(report)
        }
    }
}

fn finish_restored(
    from: &File,
    path: &Path,
    now: Timestamp,
) -> Result<BackupReport, DatabaseError> {
    let part = beside(path, ".part");
    let report = {
        let mut file = File::open(&part)?;
        let report = begin_epoch(from, &mut file, now)?;
        file.pragma_update(None, "application_id", 0)?;
        file.pragma_update_and_check(None, "journal_mode", "delete", |_| Ok(()))?;
        report
    };
    #[expect(clippy::disallowed_methods, reason = "the store writes its own files")]
    std::fs::File::open(&part)
        .and_then(|file| file.sync_all())
        .and_then(|()| std::fs::rename(&part, path))
        .map_err(|error| DatabaseError::Other(format!("{}: {error}", path.display())))?;
    Ok(report)
}

/// A copy of the backup in which nothing that was lent or spent is good any more.
fn begin_epoch(from: &File, to: &mut File, now: Timestamp) -> Result<BackupReport, DatabaseError> {
    {
        let copy = rusqlite::backup::Backup::new(from, to)?;
        copy.run_to_completion(PAGES, std::time::Duration::ZERO, None)?;
    }
    migrate::run_sqlite(to)?;
    let step = now.unix_seconds().div_euclid(STEP_SECONDS) + STEPS_EARLY;
    let epoch = to.transaction()?;
    for statement in NEW_EPOCH {
        epoch.execute(statement.sqlite, [])?;
    }
    epoch.execute(sql::RESTORE_GRANTS.sqlite, [now.unix_millis()])?;
    epoch.execute(sql::RESTORE_STEPS.sqlite, [step])?;
    epoch.commit()?;
    check(to)
}

/// All rows of a file into a PostgreSQL database with the present schema, in one transaction.
fn send_rows(file: &File, link: &mut Link) -> Result<(), DatabaseError> {
    link.begin(Access::Write);
    for (table, columns) in tables(file)? {
        let names = columns.join(", ");
        let mut select = file.prepare(&format!("SELECT {names} FROM {table}"))?;
        let width = columns.len();
        let rows = select.query_map([], |row| {
            (0..width)
                .map(|column| row.get_ref(column).map(sqlite::owned))
                .collect::<Result<Vec<_>, _>>()
        })?;
        let lines = rows.map(|row| {
            let values: Result<Vec<Value>, DatabaseError> = row?.into_iter().collect();
            Ok(copy_line(&values?))
        });
        link.copy_in(&format!("COPY {table} ({names}) FROM STDIN"), lines)?;
    }
    link.commit()
}

impl Transaction<'_> {
    /// Each row of a query without parameters.
    fn each_row(
        &mut self,
        query: &str,
        take: &mut dyn FnMut(Vec<Value>) -> Result<(), DatabaseError>,
    ) -> Result<(), DatabaseError> {
        match &mut self.connection {
            database::Connection::Sqlite(connection) => {
                let mut select = connection.prepare(query)?;
                let width = select.column_count();
                let mut rows = select.query([])?;
                while let Some(row) = rows.next()? {
                    let values: Result<Vec<Value>, _> =
                        (0..width).map(|column| sqlite::owned(row.get_ref(column)?)).collect();
                    take(values?)?;
                }
                Ok(())
            }
            database::Connection::Postgres(link) => link.each_row(query, take),
        }
    }
}
