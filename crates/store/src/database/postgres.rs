//! PostgreSQL: some threads, each with a connection of its own.
//!
//! A transaction is READ COMMITTED with statements that carry their conditions: a row's lock decides
//! a race, and the loser sees that its condition no longer holds. All calls of a step travel in one
//! round trip, the first together with BEGIN. Serialisation failures, deadlocks and unique violations
//! of racing inserts are tried again; a connection that is lost before COMMIT was sent, too. What was
//! lost after that is a fault: nobody knows.

mod address;
mod link;

use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use crossbeam_channel::{Receiver, Sender};
use tokio_postgres::error::SqlState;

pub(crate) use address::{Pooling, pooling};
pub(crate) use link::{Direct, Link};

use super::{Connection, DatabaseError, Job, Keep, Transaction};
use crate::audit::{Chains, WriterSeed};

/// Jobs that may wait; beyond it the caller is told at once.
const WAITING_MAX: usize = 4096;
/// Tries of one transaction.
const TRIES_MAX: u32 = 8;

/// What a database error says, with the server's own words.
pub(crate) fn words(error: &tokio_postgres::Error) -> String {
    match error.as_db_error() {
        Some(database) => format!("{} ({})", database.message(), database.code().code()),
        None => match std::error::Error::source(error) {
            Some(source) => format!("{error}: {source}"),
            None => error.to_string(),
        },
    }
}

/// A pool of connections to one PostgreSQL database.
pub(crate) struct Postgres {
    jobs: Mutex<Option<Sender<Box<dyn Job>>>>,
    threads: Mutex<Vec<thread::JoinHandle<()>>>,
}

impl Postgres {
    /// Start `connections` threads. Each connects when it gets its first job.
    pub(crate) fn start(
        url: &str,
        connections: usize,
        seed: WriterSeed,
    ) -> Result<Self, DatabaseError> {
        let (sender, receiver) = crossbeam_channel::bounded(WAITING_MAX);
        let seed = Arc::new(seed);
        let mut threads = Vec::with_capacity(connections);
        for number in 0..connections.max(1) {
            let worker = Worker {
                url: url.to_owned(),
                seed: Arc::clone(&seed),
                open: None,
                jobs: receiver.clone(),
            };
            let thread = thread::Builder::new()
                .name(format!("store-{number}"))
                .spawn(move || worker.serve())
                .map_err(|error| DatabaseError::Other(error.to_string()))?;
            threads.push(thread);
        }
        Ok(Self { jobs: Mutex::new(Some(sender)), threads: Mutex::new(threads) })
    }

    /// Give a job to whichever connection is free first.
    pub(crate) fn submit(&self, job: Box<dyn Job>) {
        let sender = self.jobs.lock().unwrap_or_else(PoisonError::into_inner).clone();
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

    /// Take no more jobs; finish those that wait; close. Blocks until all is done.
    pub(crate) fn close(&self) {
        drop(self.jobs.lock().unwrap_or_else(PoisonError::into_inner).take());
        let threads =
            std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        for thread in threads {
            // A thread that panicked has nothing more to say; its callers were told.
            let _ = thread.join();
        }
    }
}

struct Worker {
    url: String,
    seed: Arc<WriterSeed>,
    /// The connection and the chains that it writes: a new connection is a new writer.
    open: Option<(Link, Chains)>,
    jobs: Receiver<Box<dyn Job>>,
}

/// What became of one try.
enum Tried {
    /// It is over, for good or ill.
    Over(Result<(), DatabaseError>),
    /// It may be tried again, on the same connection or a new one.
    Again(DatabaseError),
}

impl Worker {
    fn serve(mut self) {
        while let Ok(mut job) = self.jobs.recv() {
            let ended = self.work(job.as_mut());
            job.finish(ended);
        }
    }

    fn work(&mut self, job: &mut dyn Job) -> Result<(), DatabaseError> {
        let mut tries = 0;
        loop {
            tries += 1;
            match self.once(job) {
                Tried::Over(ended) => return ended,
                Tried::Again(error) if tries >= TRIES_MAX || !job.repeatable() => {
                    return Err(error);
                }
                Tried::Again(_) => pause(tries),
            }
        }
    }

    fn once(&mut self, job: &mut dyn Job) -> Tried {
        if self.open.as_ref().is_none_or(|(link, _)| link.is_closed()) {
            self.open = None;
            match Link::connect(&self.url) {
                Ok(link) => self.open = Some((link, Chains::new(self.seed.next()))),
                Err(error) => return Tried::Again(error),
            }
        }
        let Some((link, chains)) = &mut self.open else {
            return Tried::Over(Err(DatabaseError::Closed));
        };
        let mark = chains.mark();
        link.begin(job.access());
        let mut transaction =
            Transaction { connection: Connection::Postgres(link), chains: &mut *chains };
        let ran = job.run(&mut transaction);
        match ran {
            Ok(Keep::Yes) => match link.commit() {
                Ok(()) => {
                    chains.settled();
                    Tried::Over(Ok(()))
                }
                Err(error) => {
                    let again = may_repeat(&error);
                    // Whether it was committed is unknown: this writer's chain cannot go on.
                    self.open = None;
                    if again { Tried::Again(error) } else { Tried::Over(Err(error)) }
                }
            },
            Ok(Keep::No) => {
                chains.back_to(mark);
                let ended = link.rollback();
                if ended.is_err() {
                    self.open = None;
                }
                // Nothing was to be kept: that it could not even be rolled back changes nothing.
                Tried::Over(Ok(()))
            }
            Err(error) => {
                chains.back_to(mark);
                let lost = link.is_closed() || link.rollback().is_err();
                if lost {
                    self.open = None;
                }
                if lost || may_repeat(&error) {
                    Tried::Again(error)
                } else {
                    Tried::Over(Err(error))
                }
            }
        }
    }
}

/// A little longer each time; racing transactions part because their threads do not run alike.
fn pause(tries: u32) {
    #[expect(clippy::disallowed_methods, reason = "a database thread waits for its database")]
    thread::sleep(std::time::Duration::from_millis(1 << tries.min(7)));
}

fn code(error: &DatabaseError) -> Option<&SqlState> {
    match error {
        DatabaseError::Postgres(error) => error.code(),
        _ => None,
    }
}

/// The server rolled it back and says that another try may succeed.
fn may_repeat(error: &DatabaseError) -> bool {
    code(error).is_some_and(|code| {
        [
            SqlState::T_R_SERIALIZATION_FAILURE,
            SqlState::T_R_DEADLOCK_DETECTED,
            SqlState::UNIQUE_VIOLATION,
            SqlState::ADMIN_SHUTDOWN,
            SqlState::CRASH_SHUTDOWN,
            SqlState::CANNOT_CONNECT_NOW,
        ]
        .contains(code)
    })
}
