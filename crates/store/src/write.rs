//! What a transaction may do, as data: [`Write`]. [`crate::Store::commit`] does all of it or nothing.
//!
//! A write is either unconditional or names the one [`Conflict`] that refuses the whole transaction.

use sekimori_base::{
    AttemptId, FactorId, GrantId, PersonId, Sealed, SessionId, TicketId, Timestamp,
};
use sekimori_directory::{Person, PersonState, Preferences};
use sekimori_login::ticket::TicketPurpose;

use crate::audit::AuditLine;
use crate::certificates::{CertificateSerial, NewCertificate};
#[cfg(doc)]
use crate::conflict::Conflict;
use crate::counters::Reserved;
use crate::ids::{CounterKey, Digest, MessageId};
use crate::mail_codes::MailWrite;
use crate::new::{NewFactor, NewGrant, NewSession};
use crate::people::NewTicket;
use crate::sessions::SessionProofs;

/// One step of a transaction.
#[derive(Debug, Clone)]
pub enum Write {
    /// Begin an attempt, at version 1.
    AttemptPut {
        /// Which.
        id: AttemptId,
        /// What flow knows of it.
        state: Sealed<[u8]>,
        /// What the submit that made this version was answered with.
        outcome: Option<Sealed<[u8]>>,
        /// Gone from then on.
        expires_at: Timestamp,
    },
    /// Move an attempt to `from_version + 1`. Conflict: [`Conflict::AttemptMoved`].
    AttemptAdvance {
        /// Which.
        id: AttemptId,
        /// The version that the submit was made for.
        from_version: u64,
        /// What flow knows of it now.
        state: Sealed<[u8]>,
        /// What this submit is answered with: a second submit of `from_version` gets it again.
        outcome: Option<Sealed<[u8]>>,
    },
    /// End an attempt: its state goes, its outcome stays. Conflict: [`Conflict::AttemptMoved`].
    AttemptEnd {
        /// Which.
        id: AttemptId,
        /// The version that the submit was made for.
        from_version: u64,
        /// What this submit is answered with.
        outcome: Option<Sealed<[u8]>>,
    },

    /// The reserved guess was wrong: it counts, and the next wait begins.
    CounterFail(Reserved),
    /// The reserved guess was wrong as it was before: it does not count again, and the wait of the failures that
    /// were counted begins anew.
    CounterRepeat(Reserved),
    /// The reserved guess was right: this counter begins anew.
    CounterClear(Reserved),
    /// Nothing was checked: the reservation is given back.
    CounterGiveBack(Reserved),
    /// Forget a counter, by the desk.
    CounterForget(CounterKey),

    /// Spend a TOTP step and all before it. Conflict: [`Conflict::StepSpent`].
    SpendStep {
        /// Whose.
        person: PersonId,
        /// Of which factor.
        factor: FactorId,
        /// Steps of 30 s since 1970.
        step: u64,
    },
    /// Burn a step of another moment: never accepted.
    BurnStep {
        /// Of which factor.
        factor: FactorId,
        /// Steps of 30 s since 1970.
        step: u64,
    },
    /// Spend one recovery code. Conflict: [`Conflict::RecoveryCodeSpent`].
    SpendRecoveryCode {
        /// Whose.
        person: PersonId,
        /// Of which set.
        factor: FactorId,
        /// Index in the set, from 0, below 63.
        index: u8,
    },
    /// A passkey signed, with this counter: it grows, or the passkey keeps none (0). Conflict:
    /// [`Conflict::PasskeyUsed`].
    UsePasskey {
        /// Whose.
        person: PersonId,
        /// Which.
        factor: FactorId,
        /// Its counter of signatures.
        counter: u32,
        /// What is kept of it from now on, if that changed.
        secret: Option<Sealed<[u8]>>,
    },

    /// Set a password; raises the credential epoch by one. Conflict: [`Conflict::EpochMoved`].
    PasswordSet {
        /// Whose.
        person: PersonId,
        /// The record of `credential`.
        record: String,
        /// The epoch that the change was decided under; `None` for the desk.
        from_epoch: Option<u64>,
    },
    /// The same password under today's cost; nothing happens if the record changed meanwhile.
    PasswordRehash {
        /// Whose.
        person: PersonId,
        /// The record that was verified.
        from: String,
        /// The new record.
        to: String,
    },
    /// What a person wants to be asked for; raises the credential epoch by one. Conflict: [`Conflict::PersonMissing`].
    PreferencesSet {
        /// Whose.
        person: PersonId,
        /// What they want.
        preferences: Preferences,
    },
    /// A person does not want to be told once more that they would not get in from outside. Conflict:
    /// [`Conflict::PersonMissing`].
    PromptDismiss {
        /// Who.
        person: PersonId,
        /// The code of the reason that they were told.
        reason: String,
    },
    /// What follows was decided under this epoch. Conflict: [`Conflict::EpochMoved`] if the person's is another.
    EpochIs {
        /// Whose.
        person: PersonId,
        /// The epoch.
        epoch: u64,
    },
    /// What follows was decided of the person as they were then, their state and groups included. Conflict:
    /// [`Conflict::PersonMoved`] if they were changed since, or are gone.
    PersonIs {
        /// Who.
        person: PersonId,
        /// When what was looked at had last been changed.
        updated_at: Timestamp,
    },
    /// What was proven or given out under this epoch counts no more. Conflict: [`Conflict::PersonMissing`].
    EpochRaise {
        /// Whose.
        person: PersonId,
    },
    /// Add a factor. One that is [`FactorState::Ready`](sekimori_login::FactorState::Ready) raises the epoch by one.
    /// Conflict: [`Conflict::PersonMissing`]; for a passkey [`Conflict::Exists`], if its credential is somebody's.
    FactorAdd(NewFactor),
    /// A correct code was entered: an unfinished factor is ready; its step is spent; raises the epoch
    /// by one. Conflict: [`Conflict::FactorMissing`].
    FactorConfirm {
        /// Whose.
        person: PersonId,
        /// Which.
        factor: FactorId,
        /// The step of the code, for TOTP.
        step: Option<u64>,
    },
    /// Give a factor another label. Conflict: [`Conflict::FactorMissing`].
    FactorRename {
        /// Whose.
        person: PersonId,
        /// Which.
        factor: FactorId,
        /// The label.
        label: String,
    },
    /// "This was not me": cannot be used until then, or until the desk speaks; raises the epoch by
    /// one. Conflict: [`Conflict::FactorMissing`].
    FactorSuspend {
        /// Whose.
        person: PersonId,
        /// Which.
        factor: FactorId,
        /// Ends by itself at this moment.
        until: Option<Timestamp>,
    },
    /// A suspended factor can be used again. Conflict: [`Conflict::FactorMissing`].
    FactorResume {
        /// Whose.
        person: PersonId,
        /// Which.
        factor: FactorId,
    },
    /// Remove a factor; raises the epoch by one if it was ready or suspended.
    /// Conflict: [`Conflict::FactorMissing`].
    FactorRemove {
        /// Whose.
        person: PersonId,
        /// Which.
        factor: FactorId,
    },
    /// Replace all recovery codes of the person by this set; raises the epoch by one.
    /// Conflict: [`Conflict::PersonMissing`].
    RecoveryCodesSet(NewFactor),
    /// Replace the break-glass code of the person. It opens nothing that stands and registers nothing, so the epoch
    /// stays, and whoever never had a factor still had none. Conflict: [`Conflict::PersonMissing`].
    BreakGlassSet(NewFactor),

    /// Open a session. Conflict: [`Conflict::EpochMoved`] unless the person's epoch at this point of
    /// the transaction is the session's.
    SessionOpen(NewSession),
    /// Open a session in the place of one that dies at once. Under the same id it is the same one to grants and
    /// services: only its cookie and its proofs change. Conflicts: [`Conflict::SessionGone`],
    /// [`Conflict::EpochMoved`].
    SessionReplace {
        /// The digest that dies.
        old: Digest,
        /// What lives on.
        session: NewSession,
    },
    /// The standing session learns the person's new epoch (after its own change of password or
    /// factors). Conflicts: [`Conflict::SessionGone`], also if the epoch is not the person's.
    SessionRenew {
        /// Which.
        digest: Digest,
        /// Whose.
        person: PersonId,
        /// The epoch, as it is at this point of the transaction.
        epoch: u64,
    },
    /// What was proven in the standing session is this from now on. Conflict: [`Conflict::SessionGone`].
    SessionProofs(SessionProofs),
    /// The session was used.
    SessionTouch {
        /// Which.
        digest: Digest,
        /// When.
        used_at: Timestamp,
    },
    /// End the session of a cookie, and the grants that it gave.
    SessionEnd {
        /// Which.
        digest: Digest,
    },
    /// End one session of a person by its id, and the grants that it gave.
    SessionEndById {
        /// Whose.
        person: PersonId,
        /// Which.
        id: SessionId,
    },
    /// End all sessions of a person, or all others, and all grants but those of the one that stays.
    SessionsEndOfPerson {
        /// Whose.
        person: PersonId,
        /// The one that stays.
        except: Option<SessionId>,
    },

    /// Add a person. Conflict: [`Conflict::UsernameTaken`].
    PersonAdd {
        /// Who.
        person: Box<Person>,
        /// The record of their password.
        password: Option<String>,
    },
    /// Change a person's fields; a state among them works as in [`Write::PersonStateSet`]. Conflict: [`Conflict::PersonMissing`] (and
    /// [`Conflict::UsernameTaken`] when the new name is another's).
    PersonPut(Box<Person>),
    /// Change whether the account may be used. What shuts somebody out raises the epoch and ends sessions, grants,
    /// codes and tickets, so that nothing of before comes back. Conflict: [`Conflict::PersonMissing`].
    PersonStateSet {
        /// Who.
        person: PersonId,
        /// The state.
        state: PersonState,
    },

    /// Make a ticket under the person's present epoch; their earlier ones end.
    TicketPut(NewTicket),
    /// Use a ticket; a starting ticket goes on as one for a factor, under the next epoch. Stands before the write
    /// that raises the epoch. Conflict: [`Conflict::TicketSpent`] (used, ended, expired, no tries left, for something
    /// else, or another password or factor since).
    TicketSpend {
        /// Whose.
        person: PersonId,
        /// Which.
        id: TicketId,
        /// For what.
        purpose: TicketPurpose,
    },
    /// A wrong try; the fifth ends the ticket.
    TicketWrong {
        /// Whose.
        person: PersonId,
        /// Which.
        id: TicketId,
    },
    /// End all tickets of a person.
    TicketsEndOfPerson {
        /// Whose.
        person: PersonId,
    },

    /// Make an authorization code.
    CodePut {
        /// Its digest.
        digest: Digest,
        /// For whom.
        person: PersonId,
        /// The grant that redeeming it opens (or has opened).
        grant: GrantId,
        /// What the token endpoint must know, as JSON.
        payload: String,
        /// Not from this moment on.
        expires_at: Timestamp,
    },
    /// Redeem a code, once. Conflict: [`Conflict::CodeSpent`] (redeemed, expired or unknown).
    CodeRedeem {
        /// Its digest.
        digest: Digest,
    },
    /// Promise a grant, the family of a code's tokens. It ends with whatever ends grants, and is over with its code.
    GrantPromise(NewGrant),
    /// The promised grant stands from now on. Conflict: [`Conflict::GrantEnded`], also when the session that it came
    /// from has ended, or password, factors or state of the person changed since.
    GrantOpen {
        /// Which.
        grant: GrantId,
        /// Its absolute end.
        expires_at: Timestamp,
    },
    /// End a grant and with it all its tokens.
    GrantEnd {
        /// Which.
        grant: GrantId,
    },
    /// End all grants of a person.
    GrantsEndOfPerson {
        /// Whose.
        person: PersonId,
    },
    /// End all grants of a person to a client.
    GrantsEndOfClient {
        /// Whose.
        person: PersonId,
        /// To whom.
        client_id: String,
    },
    /// Make an access token.
    AccessTokenPut {
        /// Its digest.
        digest: Digest,
        /// Of which grant.
        grant: GrantId,
        /// What the resource must know, as JSON.
        payload: String,
        /// Not from this moment on.
        expires_at: Timestamp,
    },
    /// End one access token.
    AccessTokenEnd {
        /// Its digest.
        digest: Digest,
    },
    /// Make the first refresh token of a grant.
    RefreshPut {
        /// Its digest.
        digest: Digest,
        /// Of which grant.
        grant: GrantId,
        /// Not from this moment on.
        expires_at: Timestamp,
    },
    /// Spend a refresh token and make its successor. Conflict: [`Conflict::RefreshSpent`] (spent,
    /// expired, unknown, or its grant has ended).
    RefreshRotate {
        /// The digest that is presented.
        digest: Digest,
        /// The digest of the successor.
        successor: Digest,
        /// Of which grant.
        grant: GrantId,
        /// The successor ends then.
        expires_at: Timestamp,
    },
    /// Remember what a person allows a client.
    ConsentPut {
        /// Who.
        person: PersonId,
        /// Whom.
        client_id: String,
        /// What, as flow writes it.
        scopes: String,
    },
    /// Forget what a person allows a client.
    ConsentRemove {
        /// Who.
        person: PersonId,
        /// Whom.
        client_id: String,
    },

    /// Keep a certificate that was issued. Conflict: [`Conflict::CertificatesFull`], also if the person is gone.
    CertificatePut(NewCertificate),
    /// Take a certificate back. Conflict: [`Conflict::CertificateGone`] (taken back before, or never issued).
    CertificateRevoke {
        /// Which.
        serial: CertificateSerial,
        /// The number of CRLReason. RFC 5280, 5.3.1
        reason: u8,
    },
    /// Keep the file of a certificate no longer.
    CertificateFileForget {
        /// Whose.
        person: PersonId,
        /// Of which.
        serial: CertificateSerial,
    },

    /// Put a message in the outbox.
    OutboxPut {
        /// Which.
        id: MessageId,
        /// The message.
        message: Sealed<[u8]>,
        /// Not before this moment.
        due_at: Timestamp,
    },
    /// Put a message in the outbox unless it waits there already.
    OutboxPutOnce {
        /// Which.
        id: MessageId,
        /// The message.
        message: Sealed<[u8]>,
        /// Not before this moment.
        due_at: Timestamp,
    },
    /// Send a code by mail, and what belongs to it.
    Mail(MailWrite),
    /// Add a line to the audit. Conflict: [`Conflict::IncidentTaken`] if its code is in use.
    Audit(Box<AuditLine>),
}
