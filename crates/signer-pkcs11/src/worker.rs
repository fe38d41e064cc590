//! The thread that speaks with the token: one connection, begun anew when it fails, and never a PIN twice that was
//! refused.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Receiver;

use cryptoki::context::Pkcs11;
use sekimori_base::{Secret, Timestamp};
use sekimori_keys::{DeviceError, Origin};

use crate::TokenSettings;
use crate::connection::{Connection, NotConnected, load};

/// So long after a try to connect none is made, in milliseconds.
const PAUSE_MILLIS: i64 = 2_000;

type Work = Box<dyn FnOnce(&mut Worker, bool) + Send>;

/// Something to be done by the thread.
pub(crate) struct Task {
    work: Work,
    abandoned: Arc<AtomicBool>,
}

impl Task {
    /// `work` hears whether somebody still waits for it.
    pub(crate) fn new(work: impl FnOnce(&mut Worker, bool) + Send + 'static) -> Self {
        Self { work: Box::new(work), abandoned: Arc::default() }
    }

    /// How to say that nobody does.
    pub(crate) fn abandoned(&self) -> Abandoned {
        Abandoned(Arc::clone(&self.abandoned))
    }
}

/// Whether somebody gave up waiting.
pub(crate) struct Abandoned(Arc<AtomicBool>);

impl Abandoned {
    pub(crate) fn abandon(&self) {
        self.0.store(true, Ordering::Release);
    }
}

/// What the thread holds.
pub(crate) struct Worker {
    settings: TokenSettings,
    module: Option<Pkcs11>,
    connection: Option<Connection>,
    /// The PIN that the token refused, and what it said.
    refused: Option<(Secret<String>, DeviceError)>,
    /// When it was last tried to connect, and what came of it.
    tried: Option<(Timestamp, DeviceError)>,
}

impl Worker {
    pub(crate) fn new(settings: TokenSettings) -> Self {
        Self { settings, module: None, connection: None, refused: None, tried: None }
    }

    pub(crate) fn run(mut self, waiting: &Receiver<Task>) {
        while let Ok(task) = waiting.recv() {
            let expected = !task.abandoned.load(Ordering::Acquire);
            (task.work)(&mut self, expected);
        }
        self.disconnect();
    }

    pub(crate) fn take_or_make(&mut self, label: &str) -> Result<(Vec<u8>, Origin), DeviceError> {
        let made = self.with(|connection| match connection.public_point(label)? {
            Some(point) => Ok((point, Origin::Taken)),
            None => Ok((connection.make(label)?, Origin::Made)),
        })?;
        Ok(made)
    }

    pub(crate) fn sign(&mut self, label: &str, digest: &[u8; 32]) -> Result<Vec<u8>, DeviceError> {
        self.with(|connection| connection.sign(label, digest))
    }

    pub(crate) fn look(&mut self, labels: &[String]) -> Result<(), DeviceError> {
        self.with(|connection| connection.look(labels))
    }

    /// Do it in the connection that is there; if that fails, once more in a new one.
    fn with<T>(
        &mut self,
        work: impl Fn(&mut Connection) -> Result<T, DeviceError>,
    ) -> Result<T, DeviceError> {
        if let Some(connection) = &mut self.connection {
            match work(connection) {
                // A key that cannot be used is no better in another session.
                done @ (Ok(_)
                | Err(DeviceError::Unfit { .. } | DeviceError::SeveralKeys { .. })) => {
                    return done;
                }
                Err(error) if self.rests() => return Err(error),
                Err(_) => self.disconnect(),
            }
        }
        if let Some((_, error)) = self.tried.as_ref().filter(|_| self.rests()) {
            return Err(error.clone());
        }
        let now = self.settings.clock.now();
        match self.connect() {
            Ok(mut connection) => {
                let done = work(&mut connection);
                self.connection = Some(connection);
                let again = DeviceError::Failed { why: "the session ended".to_owned() };
                self.tried = Some((now, done.as_ref().err().cloned().unwrap_or(again)));
                done
            }
            Err(error) => {
                self.tried = Some((now, error.clone()));
                Err(error)
            }
        }
    }

    /// Whether it was tried to connect just now. A clock that went back makes no pause.
    fn rests(&self) -> bool {
        let now = self.settings.clock.now().unix_millis();
        let since = self.tried.as_ref().map(|(at, _)| now - at.unix_millis());
        since.is_some_and(|since| (0..PAUSE_MILLIS).contains(&since))
    }

    fn connect(&mut self) -> Result<Connection, DeviceError> {
        let module = match &self.module {
            Some(module) => module.clone(),
            None => self.module.insert(load(&self.settings.module)?).clone(),
        };
        let pin = (self.settings.pin)()
            .map_err(|error| DeviceError::PinFile { why: error.to_string() })?;
        if let Some((refused, error)) = &self.refused
            && *refused == pin
        {
            return Err(error.clone());
        }
        match Connection::open(module, &self.settings.token, &pin) {
            Ok(connection) => {
                self.refused = None;
                Ok(connection)
            }
            Err(NotConnected::Refused(error)) => {
                self.refused = Some((pin, error.clone()));
                Err(error)
            }
            Err(NotConnected::Other(error)) => Err(error),
        }
    }

    fn disconnect(&mut self) {
        if let Some(connection) = self.connection.take() {
            connection.close();
        }
    }
}
