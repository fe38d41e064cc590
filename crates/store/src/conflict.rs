//! Why a transaction was not done.

use sekimori_base::Fault;

/// Why nothing was committed.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// A condition did not hold.
    #[error("{conflict} (write {write})")]
    Conflict {
        /// Which of the writes, from 0.
        write: usize,
        /// Which condition.
        conflict: Conflict,
    },
    /// Something of ours does not work.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl CommitError {
    /// The condition that did not hold, if that is the reason.
    pub fn conflict(&self) -> Option<Conflict> {
        match self {
            Self::Conflict { conflict, .. } => Some(*conflict),
            Self::Fault(_) => None,
        }
    }
}

/// Why a transaction was refused. Nothing of it happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Conflict {
    /// The attempt is gone or at another version.
    #[error("the attempt has moved on")]
    AttemptMoved,
    /// The step, or a later one, was accepted before, is burned, or the factor cannot be used.
    #[error("the code was spent")]
    StepSpent,
    /// The recovery code was used.
    #[error("the recovery code was spent")]
    RecoveryCodeSpent,
    /// The passkey's counter has reached this one already, or the passkey cannot be used.
    #[error("the passkey was used meanwhile")]
    PasskeyUsed,
    /// Password or factors changed meanwhile, or the person is gone.
    #[error("password or factors have changed")]
    EpochMoved,
    /// The person was changed meanwhile, or is gone.
    #[error("the person was changed meanwhile")]
    PersonMoved,
    /// Nobody has that id.
    #[error("there is no such person")]
    PersonMissing,
    /// Somebody else has that user name.
    #[error("the user name is taken")]
    UsernameTaken,
    /// The person has no such factor in that state.
    #[error("there is no such factor")]
    FactorMissing,
    /// The session has ended.
    #[error("the session has ended")]
    SessionGone,
    /// The ticket was used, has ended, or has no tries left.
    #[error("the ticket cannot be used")]
    TicketSpent,
    /// The code was redeemed, has expired or never was.
    #[error("the code cannot be redeemed")]
    CodeSpent,
    /// The grant has ended, or what it came from: the session, the password, the account.
    #[error("the grant has ended")]
    GrantEnded,
    /// The refresh token was used, has expired, never was, or its grant has ended.
    #[error("the refresh token cannot be used")]
    RefreshSpent,
    /// The person has as many good certificates as they may, or is gone.
    #[error("the person has as many certificates as they may")]
    CertificatesFull,
    /// The certificate was taken back before, or never issued.
    #[error("there is no such certificate, or it was taken back before")]
    CertificateGone,
    /// The incident code is in use: draw another one.
    #[error("the incident code is in use")]
    IncidentTaken,
    /// Another code was sent to the person meanwhile.
    #[error("another code was sent by mail")]
    MailRowMoved,
    /// The code by mail was used, or a newer one ended it.
    #[error("the code by mail was spent")]
    MailCodeSpent,
    /// An id or digest that should be new exists.
    #[error("the row exists")]
    Exists,
}
