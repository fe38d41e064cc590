//! The hash queue: bounded, fair, and the only place where Argon2 runs.
//!
//! A place is taken *before* a guess is reserved, so that a full queue costs nobody a guess. Each worker owns its
//! memory: the pool is the bound on memory as well.

mod queue;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use sekimori_base::{Fault, Secret, TenantId};
use sekimori_credential::password::{Against, HashRecord, PasswordError, Recipe, Salt, Verdict};
use sekimori_credential::{Argon2Cost, Memory, MemoryError, password};
use tokio::sync::oneshot;

pub use queue::{Class, Turn};
use queue::{Job, Queue};

/// How the pool is made.
#[derive(Debug, Clone, Copy)]
pub struct HashingSettings {
    /// What a fresh hash costs.
    pub cost: Argon2Cost,
    /// Workers, each with memory of its own; as many as cores.
    pub workers: usize,
    /// Jobs that may wait or run at once; beyond it 503.
    pub places: usize,
}

/// There is no place for this class and tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Busy;

struct Shared {
    queue: Mutex<Queue>,
    wake: Condvar,
    /// Hashes computed since the start.
    hashed: AtomicU64,
}

/// The pool of hash workers.
pub struct Hashing {
    shared: Arc<Shared>,
    cost: Argon2Cost,
    workers: Vec<JoinHandle<()>>,
}

/// A place in the queue. It is free again when this is dropped and its job has run: whoever goes away while a
/// job waits does not make room for another one.
pub struct Place {
    taken: Arc<Taken>,
    class: Class,
    turn: Turn,
    cost: Argon2Cost,
}

/// One of the places, taken by a [`Place`] and by the job that it put into the queue.
struct Taken(Arc<Shared>, TenantId);

impl Drop for Taken {
    fn drop(&mut self) {
        lock(&self.0.queue).leave(self.1);
    }
}

impl Hashing {
    /// Start the workers.
    pub fn start(settings: HashingSettings) -> Result<Self, MemoryError> {
        let shared = Arc::new(Shared {
            queue: Mutex::new(Queue::new(settings.places)),
            wake: Condvar::new(),
            hashed: AtomicU64::new(0),
        });
        let mut workers = Vec::new();
        for _ in 0..settings.workers.max(1) {
            let memory = Memory::new(settings.cost.memory_kib)?;
            let shared = Arc::clone(&shared);
            workers.push(std::thread::spawn(move || work(&shared, memory)));
        }
        Ok(Self { shared, cost: settings.cost, workers })
    }

    /// Take a place, or hear at once that there is none.
    pub fn enter(&self, class: Class, turn: Turn) -> Result<Place, Busy> {
        let mut queue = lock(&self.shared.queue);
        if !queue.enter(class, turn.0) {
            return Err(Busy);
        }
        let taken = Arc::new(Taken(Arc::clone(&self.shared), turn.0));
        Ok(Place { taken, class, turn, cost: self.cost })
    }

    /// What a fresh hash costs.
    pub const fn cost(&self) -> Argon2Cost {
        self.cost
    }

    /// Hashes computed so far, for metrics.
    pub fn hashed(&self) -> u64 {
        self.shared.hashed.load(Ordering::Relaxed)
    }

    /// Places taken now, waiting or running: for metrics and readiness.
    pub fn places_taken(&self) -> usize {
        lock(&self.shared.queue).taken()
    }
}

impl Drop for Hashing {
    fn drop(&mut self) {
        lock(&self.shared.queue).closed = true;
        self.shared.wake.notify_all();
        for worker in self.workers.drain(..) {
            // A worker that panicked has already answered its caller with a fault.
            let _ = worker.join();
        }
    }
}

impl Place {
    /// Check one password against one record or a decoy of equal cost, once.
    pub async fn verify(
        &self,
        record: Option<HashRecord>,
        typed: Secret<String>,
    ) -> Result<Result<Verdict, PasswordError>, Fault> {
        let cost = self.cost;
        self.run(move |memory| {
            let recipe = Recipe { cost, peppers: &[] };
            let against = record.as_ref().map_or(Against::Decoy, Against::Record);
            password::verify(memory, &recipe, against, &typed)
        })
        .await
    }

    /// A fresh record of a new password.
    pub async fn hash(
        &self,
        new: Secret<String>,
        salt: Salt,
    ) -> Result<Result<HashRecord, PasswordError>, Fault> {
        let cost = self.cost;
        self.run(move |memory| password::hash(memory, &Recipe { cost, peppers: &[] }, &new, salt))
            .await
    }

    /// The record that checks the passwords of a hash of another system.
    pub async fn wrap(
        &self,
        hash: String,
        salt: Salt,
    ) -> Result<Result<HashRecord, password::ImportError>, Fault> {
        let cost = self.cost;
        self.run(move |memory| password::wrap(memory, &Recipe { cost, peppers: &[] }, &hash, salt))
            .await
    }

    async fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Memory) -> T + Send + 'static,
    ) -> Result<T, Fault> {
        let (answer, result) = oneshot::channel();
        let taken = Arc::clone(&self.taken);
        self.enqueue(Box::new(move |memory| {
            // Whoever asked may have gone away; then there is nothing to do.
            if !answer.is_closed() {
                taken.0.hashed.fetch_add(1, Ordering::Relaxed);
                let _ = answer.send(job(memory));
            }
        }));
        result.await.map_err(Fault::while_doing("hashing a password"))
    }

    fn enqueue(&self, job: Job) {
        let shared = &self.taken.0;
        lock(&shared.queue).put(self.class, self.turn, job);
        shared.wake.notify_one();
    }
}

fn work(shared: &Shared, mut memory: Memory) {
    loop {
        let mut queue = lock(&shared.queue);
        let job = loop {
            if let Some(job) = queue.next() {
                break job;
            }
            if queue.closed {
                return;
            }
            queue = shared.wake.wait(queue).unwrap_or_else(PoisonError::into_inner);
        };
        drop(queue);
        job(&mut memory);
    }
}

fn lock(queue: &Mutex<Queue>) -> MutexGuard<'_, Queue> {
    // Jobs run outside the lock, and the few lines inside it leave no half-done state behind.
    queue.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(places: usize) -> HashingSettings {
        HashingSettings {
            cost: Argon2Cost { memory_kib: 64, passes: 1, lanes: 1 },
            workers: 1,
            places,
        }
    }

    const TENANT: TenantId = TenantId::from_bytes([1; 16]);

    #[test]
    fn a_full_queue_says_so_at_once_and_a_dropped_place_is_free_again() {
        let hashing = Hashing::start(settings(1)).unwrap();
        let place = hashing.enter(Class::Rest, (TENANT, 1)).unwrap();
        assert_eq!(hashing.enter(Class::KnownDevice, (TENANT, 2)).err(), Some(Busy));
        drop(place);
        assert!(hashing.enter(Class::Rest, (TENANT, 1)).is_ok());
    }

    #[tokio::test]
    async fn who_goes_away_makes_no_room_while_the_job_waits() {
        let hashing = Hashing::start(settings(1)).unwrap();
        let (release, held) = std::sync::mpsc::channel::<()>();
        let (running, started) = oneshot::channel();
        let place = hashing.enter(Class::Rest, (TENANT, 1)).unwrap();
        let job = tokio::spawn(async move {
            let work = move |_: &mut Memory| {
                let _ = running.send(());
                let _ = held.recv();
            };
            let _ = place.run(work).await;
        });
        started.await.unwrap();
        job.abort();
        assert!(job.await.unwrap_err().is_cancelled());
        assert_eq!(hashing.enter(Class::Rest, (TENANT, 1)).err(), Some(Busy));
        release.send(()).unwrap();
        while hashing.places_taken() > 0 {
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
        assert!(hashing.enter(Class::Rest, (TENANT, 1)).is_ok());
    }

    #[tokio::test]
    async fn a_password_is_hashed_and_found_again_and_a_decoy_never_matches() {
        let hashing = Hashing::start(settings(4)).unwrap();
        let place = hashing.enter(Class::Rest, (TENANT, 1)).unwrap();
        let word = || Secret::new("correct horse".to_owned());
        let record = place.hash(word(), [7; 16]).await.unwrap().unwrap();
        let right = place.verify(Some(record), word()).await.unwrap().unwrap();
        assert!(matches!(right, Verdict::Match { .. }));
        let decoy = place.verify(None, word()).await.unwrap().unwrap();
        assert_eq!(decoy, Verdict::Mismatch);
    }
}
