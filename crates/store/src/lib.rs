//! Everything that outlives a request: SQLite (embedded, the default) and PostgreSQL behind one struct.
//!
//! [`Store`] has methods shaped by use case: [`Store::load`] reads all that a decision needs,
//! [`Store::reserve`] reserves a guess, [`Store::commit`] does a list of [`Write`]s in one transaction.
//! Every method takes the tenant that the host name or listener gave. What is acknowledged has reached
//! the disk; what fails was not done.
//!
//! Secrets come sealed or as digests: nothing here opens or draws them. Time is an argument.

mod audit;
mod backup;
mod certificates;
mod commit;
mod conflict;
mod counters;
mod database;
mod everybody;
mod ids;
mod import;
mod keys;
mod load;
mod lock;
mod mail_codes;
mod migrate;
mod new;
mod outbox;
mod people;
#[cfg(test)]
mod plans;
mod prompt;
mod revocation_lists;
mod sessions;
mod settings;
mod statement;
mod store;
mod sweep;
mod tokens;
mod value;
mod write;

pub use audit::{
    AuditEntry, AuditFacts, AuditHead, AuditLine, AuditPlace, Checkpoint, FoundBy, LineId,
    ListedChain, ScannedLine, StoredLine, Unlisted, UnlistedChain, chain_start, commitment,
    verify_next,
};
pub use backup::{BackupReport, public_halves, restore, sealed_keys};
pub use certificates::{
    CertificateSerial, GoodCertificate, NewCertificate, RevokedRow, StoredCertificate, Taken,
    WithEndedAccount,
};
pub use commit::Receipt;
pub use conflict::{CommitError, Conflict};
pub use counters::{Counter, Reservation, Reserved};
pub use everybody::{EverybodyPage, Somebody};
pub use ids::{CounterKey, Digest, MessageId, WriterId};
pub use import::{ImportError, ImportRow, PersonExport};
pub use keys::{KeySet, KeyStanding, KeyStep, Node, StoredKey};
pub use load::{Loaded, StoredAttempt, Wanted};
pub use mail_codes::{MailPurpose, MailState, MailTold, MailWrite, NewMailCode, StoredMailCode};
pub use migrate::{Migrated, SCHEMA_VERSION, migrate, schema_version};
pub use new::{NewFactor, NewGrant, NewPasskey, NewSession};
pub use outbox::{Message, Urgency};
pub use people::{
    Consent, Cursor, NewTicket, PeoplePage, StoredFactor, StoredPerson, StoredTicket,
};
pub use revocation_lists::ListHead;
pub use sessions::{SessionProofs, StoredSession};
pub use settings::{ChangeError, SiteVersion, SiteVersionLine, Tenant, Versions};
pub use store::{Access, OpenError, Options, Place, Store, Transactions};
pub use sweep::Swept;
pub use tokens::{
    Account, RefreshState, StoredAccessToken, StoredCode, StoredGrant, StoredRefreshToken,
};
pub use write::Write;
