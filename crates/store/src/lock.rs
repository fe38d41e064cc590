//! Who else uses the database: an SQLite file has one process at a time; PostgreSQL has any number of
//! servers, or one offline command.

use std::fs::File;
use std::path::Path;
use std::time::Duration;

use crate::database::DatabaseError;
use crate::database::postgres::{Direct, Pooling, pooling};
use crate::store::OpenError;

/// The advisory lock that servers share and offline commands want alone.
const USE_LOCK: i64 = 0x5E4B_1302;

/// The server hears by and by that whoever held the lock has gone.
const TRIES_MAX: u32 = 20;
/// Between two tries.
const BETWEEN_TRIES: Duration = Duration::from_millis(100);

/// With whom a PostgreSQL database is shared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SharedBy {
    /// With other servers.
    Servers,
    /// With nobody.
    Nobody,
}

/// Held as long as the database is used; the operating system or the server lets go of it when the
/// process dies.
pub(crate) enum Lock {
    /// An open, locked file beside the database.
    File(#[expect(dead_code, reason = "held for its lock")] File),
    /// Behind a pooler there is none.
    None,
    /// A session that holds an advisory lock.
    Session(#[expect(dead_code, reason = "held for its lock")] Box<Direct>),
}

impl Lock {
    /// Take the file `DATABASE.lock`.
    pub(crate) fn file(database: &Path) -> Result<Self, OpenError> {
        let mut name = database.as_os_str().to_owned();
        name.push(".lock");
        #[expect(clippy::disallowed_methods, reason = "the lock file belongs to the database")]
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&name)
            .map_err(|error| DatabaseError::Other(format!("{}: {error}", name.display())))?;
        match file.try_lock() {
            Ok(()) => Ok(Self::File(file)),
            Err(std::fs::TryLockError::WouldBlock) => Err(OpenError::InUse),
            Err(std::fs::TryLockError::Error(error)) => {
                Err(DatabaseError::Other(error.to_string()).into())
            }
        }
    }

    /// Take the advisory lock. A pooler that exchanges sessions would keep it for ever: behind one,
    /// servers go without, and offline commands must be given the database's own address.
    pub(crate) fn postgres(url: &str, shared: SharedBy) -> Result<Self, OpenError> {
        match (pooling(url), shared) {
            (Pooling::None, _) => {}
            (Pooling::Transaction, SharedBy::Servers) => return Ok(Self::None),
            (Pooling::Transaction, SharedBy::Nobody) => {
                let words = "behind a pooler nobody is alone: give the database's own address";
                return Err(DatabaseError::Other(words.to_owned()).into());
            }
        }
        let mut direct = Direct::connect(url)?;
        let how = match shared {
            SharedBy::Servers => "_shared",
            SharedBy::Nobody => "",
        };
        let ask = format!("SELECT pg_try_advisory_lock{how}({USE_LOCK})");
        for tried in 1.. {
            let row = direct.first(&ask)?;
            if matches!(row.first(), Some(Some(text)) if text == "t") {
                break;
            }
            if tried == TRIES_MAX {
                return Err(OpenError::InUse);
            }
            #[expect(clippy::disallowed_methods, reason = "opening a database blocks")]
            std::thread::sleep(BETWEEN_TRIES);
        }
        Ok(Self::Session(Box::new(direct)))
    }
}
