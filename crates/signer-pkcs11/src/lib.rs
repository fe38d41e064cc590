//! Keys in a PKCS#11 token, such as SoftHSM2 or a hardware security module.
//!
//! One thread of its own loads the module, when it is first needed, and is the only one that ever calls it: modules
//! differ in what they make of several. Callers wait for it within bounds, in number and time; a module that never
//! returns holds up nobody for longer, and no signature of anything else.
//!
//! A session that fails is thrown away with everything around it, and the module begun anew, at most every few
//! seconds. A PIN that the token refused is not tried again before the file says another one.
//!
//! Deliberately absent: keys that may leave the token, other keys than ECDSA on P-256, PINs typed at the device.

mod connection;
mod worker;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{self, SyncSender, TrySendError};
use std::time::Duration;

use sekimori_base::{Clock, Secret};
use sekimori_keys::{DeviceError, KeyDevice, Origin};

use worker::{Task, Worker};

/// So many calls may wait for the token; beyond, they are refused at once.
const WAITING_MAX: usize = 64;
/// So long a call waits for the token.
const ANSWER_MAX: Duration = Duration::from_secs(10);

/// Reads the PIN, each time that somebody logs in.
pub type PinSource = Box<dyn Fn() -> std::io::Result<Secret<String>> + Send + Sync>;

/// Where keys are.
pub struct TokenSettings {
    /// The module: a shared library, by its path.
    pub module: PathBuf,
    /// The label of the token.
    pub token: String,
    /// Where its PIN comes from.
    pub pin: PinSource,
    /// What the time is, for pauses between tries.
    pub clock: Arc<dyn Clock>,
}

/// What a token says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenFound {
    /// Who made it.
    pub manufacturer: String,
    /// Its model.
    pub model: String,
    /// Its serial number.
    pub serial: String,
}

/// A token, and the thread that speaks with it. Nothing is loaded before it is asked something.
pub struct Token {
    name: String,
    tasks: SyncSender<Task>,
}

impl Token {
    /// Start the thread.
    pub fn start(settings: TokenSettings) -> std::io::Result<Self> {
        let (tasks, waiting) = mpsc::sync_channel(WAITING_MAX);
        let name = settings.token.clone();
        let worker = Worker::new(settings);
        std::thread::Builder::new()
            .name("pkcs11".to_owned())
            .spawn(move || worker.run(&waiting))?;
        Ok(Self { name, tasks })
    }

    /// Whether a token of that label is behind a module; nobody logs in. For the moment of this call only.
    pub fn find(module: &Path, token: &str) -> Result<TokenFound, DeviceError> {
        connection::find_once(module, token)
    }

    fn ask<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Worker) -> Result<T, DeviceError> + Send + 'static,
    ) -> Result<T, DeviceError> {
        let (answer, answered) = mpsc::sync_channel(1);
        let task = Task::new(move |worker, expected| {
            // Whoever gave up waiting wants no signature any more.
            if expected {
                let _ = answer.try_send(work(worker));
            }
        });
        let abandoned = task.abandoned();
        self.tasks.try_send(task).map_err(|error| match error {
            TrySendError::Full(_) => DeviceError::Busy,
            TrySendError::Disconnected(_) => {
                DeviceError::Failed { why: "its thread has ended".to_owned() }
            }
        })?;
        answered.recv_timeout(ANSWER_MAX).unwrap_or_else(|_| {
            abandoned.abandon();
            Err(DeviceError::Silent { seconds: ANSWER_MAX.as_secs() })
        })
    }
}

impl KeyDevice for Token {
    fn name(&self) -> &str {
        &self.name
    }

    fn take_or_make(&self, label: &str) -> Result<(Vec<u8>, Origin), DeviceError> {
        let label = label.to_owned();
        self.ask(move |worker| worker.take_or_make(&label))
    }

    fn sign_digest(&self, label: &str, digest: [u8; 32]) -> Result<Vec<u8>, DeviceError> {
        let label = label.to_owned();
        self.ask(move |worker| worker.sign(&label, &digest))
    }

    fn look(&self, labels: &[String]) -> Result<(), DeviceError> {
        let labels = labels.to_vec();
        self.ask(move |worker| worker.look(&labels))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use sekimori_base::Timestamp;

    use super::*;

    struct Standing;

    impl Clock for Standing {
        fn now(&self) -> Timestamp {
            Timestamp::from_unix_seconds(1_800_000_000)
        }
    }

    #[test]
    fn a_token_that_does_not_answer_holds_up_so_many_for_so_long_and_nobody_else() {
        let module = PathBuf::from("/usr/lib/softhsm/libsofthsm2.so");
        let (go_on, hanging) = mpsc::channel::<()>();
        let hanging = Mutex::new(hanging);
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        let pin = move || {
            count.fetch_add(1, Ordering::SeqCst);
            let _ = hanging.lock().unwrap().recv();
            Ok(Secret::new("1234".to_owned()))
        };
        let token = "campus".to_owned();
        let clock = Arc::new(Standing);
        let token = Token::start(TokenSettings { module, token, pin: Box::new(pin), clock });
        let token = token.unwrap();
        let answers: Vec<DeviceError> = std::thread::scope(|scope| {
            let ask = || token.sign_digest("ca", [0; 32]).unwrap_err();
            let calls: Vec<_> = (0..WAITING_MAX * 2).map(|_| scope.spawn(ask)).collect();
            calls.into_iter().map(|call| call.join().unwrap()).collect()
        });
        let busy = answers.iter().filter(|answer| **answer == DeviceError::Busy).count();
        let silent = answers.iter().filter(|one| **one == DeviceError::Silent { seconds: 10 });
        let (busy, silent) = (busy, silent.count());
        assert_eq!(asked.load(Ordering::SeqCst), 1, "{answers:?}: apt-get install softhsm2");
        assert_eq!(busy + silent, answers.len());
        assert!((WAITING_MAX..=WAITING_MAX + 1).contains(&silent), "{silent} waited");

        // What nobody waits for any more is not done.
        drop(go_on);
        // The thread needs a moment to put aside what waits.
        let said = std::iter::repeat_with(|| token.look(&[]).unwrap_err())
            .inspect(|_| std::thread::yield_now())
            .take(10_000_000)
            .find(|error| *error != DeviceError::Busy)
            .unwrap();
        assert!(matches!(said, DeviceError::NoToken { .. } | DeviceError::Module { .. }), "{said}");
        assert_eq!(asked.load(Ordering::SeqCst), 1, "the pause goes on, and nobody else asked");
    }
}
