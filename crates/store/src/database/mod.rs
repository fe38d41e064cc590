//! One way to speak to both databases: a transaction is a closure over [`Transaction`], run on a
//! database thread (or, for a short read of SQLite, where it stands).

pub(crate) mod postgres;
pub(crate) mod sqlite;

use std::sync::Arc;

use sekimori_base::Fault;
use tokio::sync::oneshot;

use crate::audit::Chains;
use crate::statement::Statement;
use crate::value::{Row, Value};

/// What went wrong in a database, or in what it holds.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DatabaseError {
    /// SQLite says so.
    #[error("SQLite: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// PostgreSQL, or the way to it, says so.
    #[error("PostgreSQL: {}", postgres::words(.0))]
    Postgres(#[from] tokio_postgres::Error),
    /// What is stored cannot be read.
    #[error("a row cannot be read: {0}")]
    Damaged(&'static str),
    /// A stored document cannot be read.
    #[error("a stored document cannot be read: {0}")]
    Json(serde_json::Error),
    /// The transaction was one of several that shared a commit, which failed.
    #[error("the shared commit failed: {0}")]
    Commit(Arc<DatabaseError>),
    /// An earlier write failed in a way that leaves the disk's state unknown.
    #[error("writing has stopped after: {0}")]
    Poisoned(Arc<str>),
    /// Too many transactions wait.
    #[error("too many transactions wait for the database")]
    Overloaded,
    /// The store is closed, or its thread has died.
    #[error("the store is closed")]
    Closed,
    /// An operation of the file system or of a helper failed.
    #[error("{0}")]
    Other(String),
}

/// A closure for `map_err`: a fault of the database, which says whether it may be over in a moment.
pub(crate) fn fault(doing: &'static str) -> impl FnOnce(DatabaseError) -> Fault {
    move |error| {
        let passing = error.is_passing();
        let fault = Fault::new(doing, error);
        if passing { fault.passing() } else { fault }
    }
}

impl DatabaseError {
    /// Whether it may be over in a moment: nobody answers, or there is too much to do.
    fn is_passing(&self) -> bool {
        match self {
            // 08: the connection; 53: resources; 57P: the server is stopped or starts. Without a code nobody answered.
            Self::Postgres(error) => error.code().is_none_or(|state| {
                ["08", "53", "57P"].iter().any(|class| state.code().starts_with(class))
            }),
            Self::Sqlite(error) => matches!(
                error.sqlite_error_code(),
                Some(rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked)
            ),
            Self::Commit(error) => error.is_passing(),
            Self::Overloaded | Self::Closed => true,
            Self::Damaged(_) | Self::Json(_) | Self::Poisoned(_) | Self::Other(_) => false,
        }
    }

    /// A unique index refused a row of PostgreSQL.
    pub(crate) fn is_unique_violation(&self) -> bool {
        match self {
            Self::Postgres(error) => {
                error.code() == Some(&tokio_postgres::error::SqlState::UNIQUE_VIOLATION)
            }
            _ => false,
        }
    }
}

/// One call of a statement.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) statement: &'static Statement,
    pub(crate) values: Vec<Value>,
}

/// `call!(STATEMENT, value, …)`: a [`Call`] with its parameters in order.
macro_rules! call {
    ($statement:expr $(, $value:expr)* $(,)?) => {
        $crate::database::Call {
            statement: &$statement,
            values: vec![$($crate::value::Value::from($value)),*],
        }
    };
}
pub(crate) use call;

/// What a call gave.
#[derive(Debug, Default)]
pub(crate) struct Done {
    /// The rows, for statements that return some.
    pub(crate) rows: Vec<Row>,
    /// Rows that were written (or returned).
    pub(crate) count: u64,
}

/// A connection in the middle of a transaction.
pub(crate) struct Transaction<'c> {
    pub(crate) connection: Connection<'c>,
    /// The heads of this connection's audit chains.
    pub(crate) chains: &'c mut Chains,
}

/// The database behind a transaction.
pub(crate) enum Connection<'c> {
    /// SQLite.
    Sqlite(&'c rusqlite::Connection),
    /// PostgreSQL.
    Postgres(&'c mut postgres::Link),
}

impl Transaction<'_> {
    /// Run a call.
    pub(crate) fn run(&mut self, call: &Call) -> Result<Done, DatabaseError> {
        match &mut self.connection {
            Connection::Sqlite(connection) => sqlite::run(connection, call),
            Connection::Postgres(link) => {
                let mut done = link.run(std::slice::from_ref(call))?;
                Ok(done.pop().unwrap_or_default())
            }
        }
    }

    /// Run several calls, in order; PostgreSQL gets them in one round trip.
    pub(crate) fn run_all(&mut self, calls: &[Call]) -> Result<Vec<Done>, DatabaseError> {
        match &mut self.connection {
            Connection::Sqlite(connection) => {
                calls.iter().map(|call| sqlite::run(connection, call)).collect()
            }
            Connection::Postgres(link) => link.run(calls),
        }
    }

    /// Run several calls, in order, as far as `judge` lets them go on. PostgreSQL runs all of them
    /// before the first is judged: what a refusal leaves behind is rolled back in any case.
    pub(crate) fn run_until<E>(
        &mut self,
        calls: &[Call],
        judge: impl Fn(usize, &Done) -> Result<(), E>,
    ) -> Outcome<(), E> {
        match &mut self.connection {
            Connection::Sqlite(connection) => {
                for (index, call) in calls.iter().enumerate() {
                    if let Err(refusal) = judge(index, &sqlite::run(connection, call)?) {
                        return Ok(Err(refusal));
                    }
                }
            }
            Connection::Postgres(link) => {
                for (index, done) in link.run(calls)?.iter().enumerate() {
                    if let Err(refusal) = judge(index, done) {
                        return Ok(Err(refusal));
                    }
                }
            }
        }
        Ok(Ok(()))
    }

    /// The rows of a call.
    pub(crate) fn rows(&mut self, call: &Call) -> Result<Vec<Row>, DatabaseError> {
        self.run(call).map(|done| done.rows)
    }

    /// The first row of a call.
    pub(crate) fn row(&mut self, call: &Call) -> Result<Option<Row>, DatabaseError> {
        self.run(call).map(|done| done.rows.into_iter().next())
    }

    /// How many rows a call wrote.
    pub(crate) fn count(&mut self, call: &Call) -> Result<u64, DatabaseError> {
        self.run(call).map(|done| done.count)
    }
}

/// What a transaction gave: a value and a commit, or a refusal and nothing written.
pub(crate) type Outcome<T, E> = Result<Result<T, E>, DatabaseError>;

/// Whether what a job wrote is to stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keep {
    /// Commit.
    Yes,
    /// Roll back.
    No,
}

/// What a transaction is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// It only reads, from one moment.
    Read,
    /// It writes.
    Write,
}

/// A transaction that waits for its thread.
pub(crate) trait Job: Send {
    /// Do it. May be called again after an error (serialisation failure).
    fn run(&mut self, transaction: &mut Transaction<'_>) -> Result<Keep, DatabaseError>;
    /// Tell the caller what became of it.
    fn finish(self: Box<Self>, ended: Result<(), DatabaseError>);
    /// Whether it may run again after a failure.
    fn repeatable(&self) -> bool;
    /// What it is for.
    fn access(&self) -> Access;
}

/// A job that can run any number of times.
struct Repeatable<F, T, E> {
    access: Access,
    work: F,
    result: Option<Result<T, E>>,
    answer: oneshot::Sender<Outcome<T, E>>,
}

/// A job and the receiver of its outcome.
pub(crate) fn job<T, E, F>(
    access: Access,
    work: F,
) -> (Box<dyn Job>, oneshot::Receiver<Outcome<T, E>>)
where
    T: Send + 'static,
    E: Send + 'static,
    F: Fn(&mut Transaction<'_>) -> Outcome<T, E> + Send + 'static,
{
    let (answer, receiver) = oneshot::channel();
    (Box::new(Repeatable { access, work, result: None, answer }), receiver)
}

impl<F, T, E> Job for Repeatable<F, T, E>
where
    T: Send,
    E: Send,
    F: Fn(&mut Transaction<'_>) -> Outcome<T, E> + Send,
{
    fn run(&mut self, transaction: &mut Transaction<'_>) -> Result<Keep, DatabaseError> {
        let result = (self.work)(transaction)?;
        let keep = if result.is_ok() { Keep::Yes } else { Keep::No };
        self.result = Some(result);
        Ok(keep)
    }

    fn finish(self: Box<Self>, ended: Result<(), DatabaseError>) {
        let outcome = match (ended, self.result) {
            (Ok(()), Some(result)) => Ok(result),
            (Ok(()), None) => Err(DatabaseError::Closed),
            (Err(error), _) => Err(error),
        };
        // A caller that has gone away does not want to know.
        let _ = self.answer.send(outcome);
    }

    fn repeatable(&self) -> bool {
        true
    }

    fn access(&self) -> Access {
        self.access
    }
}

/// A job that consumes what it works on: one run only.
struct Once<F, T, E> {
    work: Option<F>,
    result: Option<Result<T, E>>,
    answer: oneshot::Sender<Outcome<T, E>>,
}

/// A job that runs once, and the receiver of its outcome.
pub(crate) fn job_once<T, E, F>(work: F) -> (Box<dyn Job>, oneshot::Receiver<Outcome<T, E>>)
where
    T: Send + 'static,
    E: Send + 'static,
    F: FnOnce(&mut Transaction<'_>) -> Outcome<T, E> + Send + 'static,
{
    let (answer, receiver) = oneshot::channel();
    (Box::new(Once { work: Some(work), result: None, answer }), receiver)
}

impl<F, T, E> Job for Once<F, T, E>
where
    T: Send,
    E: Send,
    F: FnOnce(&mut Transaction<'_>) -> Outcome<T, E> + Send,
{
    fn run(&mut self, transaction: &mut Transaction<'_>) -> Result<Keep, DatabaseError> {
        let work = self.work.take().ok_or(DatabaseError::Closed)?;
        let result = work(transaction)?;
        let keep = if result.is_ok() { Keep::Yes } else { Keep::No };
        self.result = Some(result);
        Ok(keep)
    }

    fn finish(self: Box<Self>, ended: Result<(), DatabaseError>) {
        let outcome = match (ended, self.result) {
            (Ok(()), Some(result)) => Ok(result),
            (Ok(()), None) => Err(DatabaseError::Closed),
            (Err(error), _) => Err(error),
        };
        let _ = self.answer.send(outcome);
    }

    fn repeatable(&self) -> bool {
        false
    }

    fn access(&self) -> Access {
        Access::Write
    }
}
