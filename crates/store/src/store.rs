//! The store itself: opening, closing, and how a use case reaches a database.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use sekimori_base::{Fault, NodeId};

use crate::audit::WriterSeed;
use crate::database::postgres::Postgres;
use crate::database::sqlite::{self, Sqlite, SqlitePlace};
use crate::database::{self, DatabaseError, Outcome, Transaction, job, job_once};
use crate::lock::{Lock, SharedBy};
use crate::migrate;

/// Where the database is.
#[derive(Clone, PartialEq, Eq)]
pub enum Place {
    /// SQLite in this file, which is made if it is not there.
    Sqlite {
        /// The file.
        path: PathBuf,
    },
    /// SQLite in memory, for tests and rehearsals: gone when the store is closed.
    SqliteMemory,
    /// PostgreSQL, or what speaks like it.
    Postgres {
        /// `postgres://user:password@host:port/database`. Behind a pooler that gives each transaction
        /// any session (pgbouncer's `pool_mode = transaction`) it must end in `?pooler=transaction`.
        url: String,
    },
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite { path } => write!(f, "SQLite in {}", path.display()),
            Self::SqliteMemory => f.write_str("SQLite in memory"),
            // The URL holds a password.
            Self::Postgres { .. } => f.write_str("PostgreSQL"),
        }
    }
}

/// Who else may use the database meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// A server: beside other nodes on PostgreSQL; alone on an SQLite file.
    Serve,
    /// An offline command: nobody else.
    Exclusive,
}

/// How to open a store.
#[derive(Debug, Clone)]
pub struct Options {
    /// This start of this node: names the writers of the audit. Fresh for every open.
    pub node: NodeId,
    /// Who else may use it.
    pub access: Access,
    /// Connections to PostgreSQL; each is a thread.
    pub connections: usize,
}

impl Options {
    /// For a server.
    pub fn serve(node: NodeId) -> Self {
        Self { node, access: Access::Serve, connections: 16 }
    }

    /// For an offline command.
    pub fn exclusive(node: NodeId) -> Self {
        Self { node, access: Access::Exclusive, connections: 2 }
    }
}

/// Why a store could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process uses it: a server, or an offline command.
    #[error("the database is in use by another process")]
    InUse,
    /// Its schema is older than this program: `sekimori migrate`.
    #[error("the database has schema {found}, this program needs {wanted}: run the migration")]
    NeedsMigration {
        /// What it has.
        found: u32,
        /// What this program needs.
        wanted: u32,
    },
    /// Its schema is newer than this program understands.
    #[error("the database has schema {found}, which is too new for this program ({wanted})")]
    TooNew {
        /// What it has.
        found: u32,
        /// What this program knows.
        wanted: u32,
    },
    /// A place for a restored database is not empty.
    #[error("there is a database already")]
    NotEmpty,
    /// The file is no backup, or is damaged.
    #[error("this is not a sound backup: {0}")]
    BadBackup(String),
    /// Something of ours, or the database, does not work.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl From<DatabaseError> for OpenError {
    fn from(error: DatabaseError) -> Self {
        Self::Fault(Fault::new("opening the database", error))
    }
}

/// Everything that outlives a request. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    pub(crate) inner: Arc<Inner>,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.inner.engine {
            Engine::Sqlite(_) => "Store(SQLite)",
            Engine::Postgres(_) => "Store(PostgreSQL)",
        })
    }
}

/// Transactions that were asked for since the store was opened, whatever became of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Transactions {
    /// That only read.
    pub reads: u64,
    /// That write. Several may share one commit of the database.
    pub writes: u64,
}

pub(crate) struct Inner {
    pub(crate) engine: Engine,
    reads: AtomicU64,
    writes: AtomicU64,
    /// Held as long as the store is open.
    lock: std::sync::Mutex<Option<Lock>>,
}

pub(crate) enum Engine {
    Sqlite(Sqlite),
    Postgres(Postgres),
}

impl Inner {
    fn close(&self) {
        match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.close(),
            Engine::Postgres(postgres) => postgres.close(),
        }
        let lock = self.lock.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
        if let Some(lock) = lock {
            apart(|| drop(lock));
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.close();
    }
}

/// On a thread of its own: connections to PostgreSQL bring a small runtime, which may neither run
/// nor be dropped on a thread of the caller's.
pub(crate) fn apart<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| match scope.spawn(work).join() {
        Ok(value) => value,
        Err(panic) => std::panic::resume_unwind(panic),
    })
}

impl Store {
    /// Open the database; an empty one gets the present schema. Blocks: connections are made and
    /// locks are tried.
    pub fn open(place: &Place, options: &Options) -> Result<Self, OpenError> {
        apart(|| Self::open_here(place, options))
    }

    fn open_here(place: &Place, options: &Options) -> Result<Self, OpenError> {
        let seed = WriterSeed::new(options.node);
        let (engine, lock) = match place {
            Place::Sqlite { path } => {
                let lock = Lock::file(path)?;
                let place = SqlitePlace::File(path.clone());
                let connection = sqlite::connect(&place)?;
                migrate::prepare_sqlite(&connection)?;
                (Engine::Sqlite(Sqlite::start(place, connection, &seed)?), Some(lock))
            }
            Place::SqliteMemory => {
                let place = SqlitePlace::Memory;
                let connection = sqlite::connect(&place)?;
                migrate::prepare_sqlite(&connection)?;
                (Engine::Sqlite(Sqlite::start(place, connection, &seed)?), None)
            }
            Place::Postgres { url } => {
                let shared = match options.access {
                    Access::Serve => SharedBy::Servers,
                    Access::Exclusive => SharedBy::Nobody,
                };
                let lock = Lock::postgres(url, shared)?;
                migrate::prepare_postgres(url)?;
                let postgres = Postgres::start(url, options.connections, seed)?;
                (Engine::Postgres(postgres), Some(lock))
            }
        };
        let inner = Inner {
            engine,
            reads: AtomicU64::new(0),
            writes: AtomicU64::new(0),
            lock: std::sync::Mutex::new(lock),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Transactions that were asked for so far, for metrics.
    pub fn transactions(&self) -> Transactions {
        Transactions {
            reads: self.inner.reads.load(Ordering::Relaxed),
            writes: self.inner.writes.load(Ordering::Relaxed),
        }
    }

    /// Whether the database answers and takes writes. An error means: take this node out of service.
    pub async fn health(&self) -> Result<(), Fault> {
        const DOING: &str = "asking the database how it is";
        if let Engine::Sqlite(sqlite) = &self.inner.engine
            && let Some(why) = sqlite.poisoned()
        {
            return Err(Fault::new(DOING, DatabaseError::Poisoned(why)));
        }
        let asked = self
            .write(DOING, |transaction| {
                transaction.row(&crate::database::call!(crate::statement::HEALTH_ASK))?;
                Ok(Ok::<(), std::convert::Infallible>(()))
            })
            .await?;
        match asked {
            Ok(()) => Ok(()),
            Err(never) => match never {},
        }
    }

    /// Take no more work, finish what waits, close. Blocks until then; later calls get a fault.
    pub fn close(&self) {
        self.inner.close();
    }

    /// One write transaction. `work` may run again after a serialisation failure; a refusal (`Err`
    /// inside) rolls back.
    pub(crate) async fn write<T, E>(
        &self,
        doing: &'static str,
        work: impl Fn(&mut Transaction<'_>) -> Outcome<T, E> + Send + 'static,
    ) -> Result<Result<T, E>, Fault>
    where
        T: Send + 'static,
        E: Send + 'static,
    {
        self.transact(doing, database::Access::Write, work).await
    }

    async fn transact<T, E>(
        &self,
        doing: &'static str,
        access: database::Access,
        work: impl Fn(&mut Transaction<'_>) -> Outcome<T, E> + Send + 'static,
    ) -> Result<Result<T, E>, Fault>
    where
        T: Send + 'static,
        E: Send + 'static,
    {
        let count = match access {
            database::Access::Read => &self.inner.reads,
            database::Access::Write => &self.inner.writes,
        };
        count.fetch_add(1, Ordering::Relaxed);
        let (job, answer) = job(access, work);
        match &self.inner.engine {
            Engine::Sqlite(sqlite) => sqlite.submit(job),
            Engine::Postgres(postgres) => postgres.submit(job),
        }
        answer.await.unwrap_or(Err(DatabaseError::Closed)).map_err(database::fault(doing))
    }

    /// One write transaction that cannot run twice.
    pub(crate) async fn write_once<T, E>(
        &self,
        doing: &'static str,
        work: impl FnOnce(&mut Transaction<'_>) -> Outcome<T, E> + Send + 'static,
    ) -> Result<Result<T, E>, Fault>
    where
        T: Send + 'static,
        E: Send + 'static,
    {
        self.inner.writes.fetch_add(1, Ordering::Relaxed);
        let (job, answer) = job_once(work);
        match &self.inner.engine {
            Engine::Sqlite(sqlite) => sqlite.submit(job),
            Engine::Postgres(postgres) => postgres.submit(job),
        }
        answer.await.unwrap_or(Err(DatabaseError::Closed)).map_err(database::fault(doing))
    }

    /// One short read transaction: of SQLite where the caller stands (a point read costs less than
    /// waking a thread), of PostgreSQL on a connection's thread.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        doing: &'static str,
        work: impl Fn(&mut Transaction<'_>) -> Result<T, DatabaseError> + Send + 'static,
    ) -> Result<T, Fault> {
        if let Engine::Sqlite(sqlite) = &self.inner.engine
            && sqlite.reads_in_place()
        {
            self.inner.reads.fetch_add(1, Ordering::Relaxed);
            return sqlite.read(work).map_err(database::fault(doing));
        }
        self.read_apart(doing, work).await
    }

    /// One longer read transaction, off the caller's thread.
    pub(crate) async fn read_long<T: Send + 'static>(
        &self,
        doing: &'static str,
        work: impl Fn(&mut Transaction<'_>) -> Result<T, DatabaseError> + Send + 'static,
    ) -> Result<T, Fault> {
        if let Engine::Sqlite(sqlite) = &self.inner.engine
            && sqlite.reads_in_place()
        {
            self.inner.reads.fetch_add(1, Ordering::Relaxed);
            let store = self.clone();
            let task = tokio::task::spawn_blocking(move || match &store.inner.engine {
                Engine::Sqlite(sqlite) => sqlite.read(work),
                Engine::Postgres(_) => Err(DatabaseError::Closed),
            });
            let read = task.await.unwrap_or(Err(DatabaseError::Closed));
            return read.map_err(database::fault(doing));
        }
        self.read(doing, work).await
    }

    /// Run calls in one write transaction, whatever they write.
    pub(crate) async fn write_all(
        &self,
        doing: &'static str,
        calls: Vec<crate::database::Call>,
    ) -> Result<(), Fault> {
        let written = self
            .write(doing, move |transaction| {
                transaction.run_all(&calls)?;
                Ok(Ok::<(), std::convert::Infallible>(()))
            })
            .await?;
        match written {
            Ok(()) => Ok(()),
            Err(never) => match never {},
        }
    }

    /// One read transaction on the database's own thread, wherever the database is.
    pub(crate) async fn read_apart<T: Send + 'static>(
        &self,
        doing: &'static str,
        work: impl Fn(&mut Transaction<'_>) -> Result<T, DatabaseError> + Send + 'static,
    ) -> Result<T, Fault> {
        let read = self
            .transact(doing, database::Access::Read, move |transaction| {
                work(transaction).map(Ok::<T, std::convert::Infallible>)
            })
            .await?;
        match read {
            Ok(value) => Ok(value),
            Err(never) => match never {},
        }
    }
}
