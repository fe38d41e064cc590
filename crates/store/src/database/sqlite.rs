//! SQLite: one writer thread with group commit, and readers that read where they stand.
//!
//! Every job that waits runs in a savepoint of its own inside one transaction, so that one conflict
//! does not hurt the others; one COMMIT is one fsync; only then is anybody answered. A commit that
//! fails otherwise than for space or a lock leaves the disk's state unknown: writing stops until the
//! process is started again, reading goes on.

use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread;

use crossbeam_channel::{Receiver, Sender};
use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};
use rusqlite::{ErrorCode, OpenFlags};

use super::{Call, Connection, DatabaseError, Done, Job, Keep, Transaction};
use crate::audit::{Chains, Mark, WriterSeed};
use crate::value::{Row, Value};

/// Jobs that share one commit at most.
const GROUP_MAX: usize = 128;
/// Jobs that may wait; beyond it the caller is told at once.
const WAITING_MAX: usize = 4096;
/// Prepared statements that a connection keeps: more than there are.
const STATEMENTS_MAX: usize = 512;
/// Idle readers that are kept open.
const READERS_MAX: usize = 8;
/// Pages in the write-ahead log at which it is copied back.
const CHECKPOINT_PAGES: i64 = 4000;

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Integer(number) => ValueRef::Integer(*number),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Bytes(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

pub(crate) fn owned(value: ValueRef<'_>) -> Result<Value, DatabaseError> {
    match value {
        ValueRef::Null => Ok(Value::Null),
        ValueRef::Integer(number) => Ok(Value::Integer(number)),
        ValueRef::Real(_) => Err(DatabaseError::Damaged("a number with a fraction")),
        ValueRef::Text(text) => std::str::from_utf8(text)
            .map(|text| Value::Text(text.to_owned()))
            .map_err(|_| DatabaseError::Damaged("a text is not UTF-8")),
        ValueRef::Blob(bytes) => Ok(Value::Bytes(bytes.to_vec())),
    }
}

/// Run one call on a connection.
pub(crate) fn run(connection: &rusqlite::Connection, call: &Call) -> Result<Done, DatabaseError> {
    let mut statement = connection.prepare_cached(call.statement.sqlite)?;
    let columns = statement.column_count();
    let values = rusqlite::params_from_iter(&call.values);
    if columns == 0 {
        let count = statement.execute(values)?;
        return Ok(Done { rows: Vec::new(), count: count as u64 });
    }
    let mut found = statement.query(values)?;
    let mut rows = Vec::new();
    while let Some(row) = found.next()? {
        let values: Result<_, _> = (0..columns).map(|column| owned(row.get_ref(column)?)).collect();
        rows.push(Row::new(values?));
    }
    let count = rows.len() as u64;
    Ok(Done { rows, count })
}

/// Where an SQLite database is.
#[derive(Debug, Clone)]
pub(crate) enum SqlitePlace {
    /// In this file.
    File(std::path::PathBuf),
    /// In memory: one connection, on the writer's thread.
    Memory,
}

/// Open a connection with everything set as it must be.
pub(crate) fn connect(place: &SqlitePlace) -> Result<rusqlite::Connection, DatabaseError> {
    let connection = match place {
        SqlitePlace::File(path) => open_file(path)?,
        SqlitePlace::Memory => rusqlite::Connection::open_in_memory()?,
    };
    connection.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    connection.execute_batch(
        "PRAGMA synchronous = FULL; PRAGMA foreign_keys = OFF; PRAGMA temp_store = MEMORY;
         PRAGMA trusted_schema = OFF;",
    )?;
    Ok(connection)
}

fn open_file(path: &Path) -> Result<rusqlite::Connection, DatabaseError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = rusqlite::Connection::open_with_flags(path, flags)?;
    connection
        .pragma_update_and_check(None, "journal_mode", "wal", |row| row.get::<_, String>(0))?;
    Ok(connection)
}

/// An open SQLite database.
pub(crate) struct Sqlite {
    place: SqlitePlace,
    /// To the writer; gone once the store is closed.
    writer: Mutex<Option<Sender<Box<dyn Job>>>>,
    thread: Mutex<Option<thread::JoinHandle<()>>>,
    /// Readers that nobody uses now.
    readers: Mutex<Vec<rusqlite::Connection>>,
    /// Why writing has stopped.
    poison: Arc<OnceLock<Arc<str>>>,
}

impl Sqlite {
    /// Start the writer on a database that exists and has its schema.
    pub(crate) fn start(
        place: SqlitePlace,
        connection: rusqlite::Connection,
        seed: &WriterSeed,
    ) -> Result<Self, DatabaseError> {
        connection.pragma_update(None, "cache_size", -4_000)?;
        connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
        let (sender, receiver) = crossbeam_channel::bounded(WAITING_MAX);
        let poison = Arc::new(OnceLock::new());
        let chains = Chains::new(seed.next());
        let poisoned = Arc::clone(&poison);
        let thread = thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || Writer { connection, chains, poison: poisoned }.serve(&receiver))
            .map_err(|error| DatabaseError::Other(error.to_string()))?;
        Ok(Self {
            place,
            writer: Mutex::new(Some(sender)),
            thread: Mutex::new(Some(thread)),
            readers: Mutex::default(),
            poison,
        })
    }

    /// Give a job to the writer.
    pub(crate) fn submit(&self, job: Box<dyn Job>) {
        let sender = self.writer.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(sender) = sender else {
            job.finish(Err(DatabaseError::Closed));
            return;
        };
        match sender.try_send(job) {
            Ok(()) => {}
            Err(crossbeam_channel::TrySendError::Full(job)) => {
                job.finish(Err(DatabaseError::Overloaded));
            }
            Err(crossbeam_channel::TrySendError::Disconnected(job)) => {
                job.finish(Err(DatabaseError::Closed));
            }
        }
    }

    /// Whether reads may run where the caller stands: in memory only the writer sees the database.
    pub(crate) fn reads_in_place(&self) -> bool {
        matches!(self.place, SqlitePlace::File(_))
    }

    /// Read in one transaction, here and now.
    pub(crate) fn read<T>(
        &self,
        work: impl FnOnce(&mut Transaction<'_>) -> Result<T, DatabaseError>,
    ) -> Result<T, DatabaseError> {
        if self.writer.lock().unwrap_or_else(PoisonError::into_inner).is_none() {
            return Err(DatabaseError::Closed);
        }
        let idle = self.readers.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let connection = match idle {
            Some(connection) => connection,
            None => self.reader()?,
        };
        run_cached(&connection, "BEGIN")?;
        let mut chains = Chains::none();
        let mut transaction =
            Transaction { connection: Connection::Sqlite(&connection), chains: &mut chains };
        let result = work(&mut transaction);
        // A reader that cannot end its transaction is dropped, which ends it.
        if run_cached(&connection, "COMMIT").is_ok() {
            let mut readers = self.readers.lock().unwrap_or_else(PoisonError::into_inner);
            if readers.len() < READERS_MAX {
                readers.push(connection);
            }
        }
        result
    }

    /// A connection that only reads.
    pub(crate) fn reader(&self) -> Result<rusqlite::Connection, DatabaseError> {
        let connection = connect(&self.place)?;
        connection.execute_batch("PRAGMA query_only = ON; PRAGMA cache_size = -1000;")?;
        Ok(connection)
    }

    /// Why writing has stopped, if it has.
    pub(crate) fn poisoned(&self) -> Option<Arc<str>> {
        self.poison.get().cloned()
    }

    /// Take no more jobs; finish those that wait; close. Blocks until all is done.
    pub(crate) fn close(&self) {
        drop(self.writer.lock().unwrap_or_else(PoisonError::into_inner).take());
        self.readers.lock().unwrap_or_else(PoisonError::into_inner).clear();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            // A writer that panicked has nothing more to say; its callers were told.
            let _ = thread.join();
        }
    }
}

fn run_cached(connection: &rusqlite::Connection, sql: &str) -> Result<(), DatabaseError> {
    connection.prepare_cached(sql)?.execute([])?;
    Ok(())
}

/// A job that has run, and what it said.
type Ran = (Box<dyn Job>, Result<(), DatabaseError>);

struct Writer {
    connection: rusqlite::Connection,
    chains: Chains,
    poison: Arc<OnceLock<Arc<str>>>,
}

impl Writer {
    fn serve(mut self, jobs: &Receiver<Box<dyn Job>>) {
        let mut group = Vec::with_capacity(GROUP_MAX);
        while let Ok(first) = jobs.recv() {
            if let Some(why) = self.poison.get() {
                first.finish(Err(DatabaseError::Poisoned(Arc::clone(why))));
                continue;
            }
            self.group(first, jobs, &mut group);
            for (job, ended) in group.drain(..) {
                job.finish(ended);
            }
        }
    }

    /// One transaction for the first job and all that wait.
    fn group(&mut self, first: Box<dyn Job>, jobs: &Receiver<Box<dyn Job>>, group: &mut Vec<Ran>) {
        if let Err(error) = run_cached(&self.connection, "BEGIN IMMEDIATE") {
            self.judge(&error);
            first.finish(Err(error));
            return;
        }
        let before = self.chains.mark();
        let mut next = Some(first);
        while let Some(mut job) = next.take() {
            let ended = self.in_savepoint(job.as_mut());
            let unsound = ended.as_ref().is_err_and(is_unsound);
            if unsound && let Err(error) = &ended {
                self.judge(error);
            }
            group.push((job, ended));
            // SQLite itself may have rolled everything back (full disk, failed read).
            if unsound || self.connection.is_autocommit() {
                let why = DatabaseError::Other("the transaction was rolled back".into());
                self.give_up(group, before, why);
                return;
            }
            if group.len() < GROUP_MAX {
                next = jobs.try_recv().ok();
            }
        }
        match run_cached(&self.connection, "COMMIT") {
            Ok(()) => self.chains.settled(),
            Err(error) => {
                self.judge(&error);
                self.give_up(group, before, error);
            }
        }
    }

    /// Nothing of the group is kept, and all of it hears why.
    fn give_up(&mut self, group: &mut [Ran], before: Mark, error: DatabaseError) {
        self.chains.back_to(before);
        if !self.connection.is_autocommit() {
            // Nothing was acknowledged: should even this fail, the next BEGIN will say so.
            let _ = run_cached(&self.connection, "ROLLBACK");
        }
        let error = Arc::new(error);
        for (_, ended) in group {
            if ended.is_ok() {
                *ended = Err(DatabaseError::Commit(Arc::clone(&error)));
            }
        }
    }

    fn in_savepoint(&mut self, job: &mut dyn Job) -> Result<(), DatabaseError> {
        run_cached(&self.connection, "SAVEPOINT job")?;
        let mark = self.chains.mark();
        let mut transaction = Transaction {
            connection: Connection::Sqlite(&self.connection),
            chains: &mut self.chains,
        };
        let result = job.run(&mut transaction);
        if let Ok(Keep::Yes) = result {
            return run_cached(&self.connection, "RELEASE job");
        }
        self.chains.back_to(mark);
        if !self.connection.is_autocommit() {
            run_cached(&self.connection, "ROLLBACK TO job")?;
            run_cached(&self.connection, "RELEASE job")?;
        }
        result.map(|_| ())
    }

    /// After an error whose effect on the disk is unknown, writing stops for good.
    fn judge(&self, error: &DatabaseError) {
        let passing = matches!(
            error,
            DatabaseError::Sqlite(rusqlite::Error::SqliteFailure(failure, _))
                if matches!(
                    failure.code,
                    ErrorCode::DiskFull | ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked
                )
        );
        if !passing {
            // The first reason is the one that counts.
            let _ = self.poison.set(Arc::from(error.to_string()));
        }
    }
}

/// The file or the disk cannot be trusted any more.
fn is_unsound(error: &DatabaseError) -> bool {
    matches!(
        error,
        DatabaseError::Sqlite(rusqlite::Error::SqliteFailure(failure, _))
            if matches!(
                failure.code,
                ErrorCode::SystemIoFailure
                    | ErrorCode::DatabaseCorrupt
                    | ErrorCode::NotADatabase
                    | ErrorCode::OutOfMemory
            )
    )
}

#[cfg(test)]
mod tests;
