//! What a decision asks to be done. Data: nothing here does anything.

use sekimori_base::FactorId;
use serde::{Deserialize, Serialize};

use crate::Proof;
use crate::throttle::{Bucket, Guess};

/// One thing that must be stored together with the decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// The reserved guess was wrong: it counts.
    CountFailure {
        /// What was guessed.
        guess: Guess,
        /// In which counter.
        bucket: Bucket,
    },
    /// The reserved guess was wrong as it was before: it is not counted again, and the wait of the failures that
    /// were counted begins anew.
    RepeatFailure {
        /// What was guessed.
        guess: Guess,
        /// In which counter.
        bucket: Bucket,
    },
    /// The reserved guess was right: the counter begins anew.
    ClearFailures {
        /// What was guessed.
        guess: Guess,
        /// In which counter.
        bucket: Bucket,
    },
    /// Nothing was checked: the reservation, if one was made, is given back.
    GiveBack {
        /// What was guessed.
        guess: Guess,
        /// In which counter.
        bucket: Bucket,
    },
    /// Keep the proof with the attempt. The first one fixes the attempt's credential epoch.
    RecordProof(Proof),
    /// This code is spent, on all nodes; if it was spent meanwhile, the whole commit fails.
    SpendCode {
        /// Of which factor.
        factor: FactorId,
        /// Step, or index of the recovery code.
        step: u64,
    },
    /// The passkey was used, with this counter of signatures; if its answer was used meanwhile, the whole commit fails.
    UsePasskey {
        /// Which.
        factor: FactorId,
        /// Its counter after this signature.
        counter: u32,
    },
    /// Send a code to this address, the next of the attempt.
    SendCode {
        /// The address.
        factor: FactorId,
    },
    /// A code of another moment is burned and can never be used: a later `SpendCode` of it fails.
    BurnCode {
        /// Of which factor.
        factor: FactorId,
        /// The step that it belongs to.
        step: u64,
        /// Offset in seconds, kept with the attempt for the second time in a row.
        offset_seconds: i64,
    },
    /// The attempt's last code of another moment is no longer the last one: forget it.
    ForgetDrift,
    /// Compute the password's record again with today's cost.
    Rehash,
    /// Open a session with the proofs of this attempt (and the still valid ones of the standing session), under
    /// a fresh id.
    OpenSession,
    /// The standing session was used.
    TouchSession,
    /// Mark this browser as known to the account.
    RememberDevice,
    /// Tell the person.
    Notify(Notice),
}

/// A message to the person's registered addresses and portal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Notice {
    /// The password was right and the second factor failed (S31).
    SecondFactorFailed,
    /// A recovery code was used (S14).
    RecoveryCodeUsed,
    /// A passkey's counter did not grow.
    PasskeyCopied,
    /// The phone's clock seems wrong.
    ClockSuspected,
    /// The password was changed.
    PasswordChanged,
    /// A factor was added.
    FactorAdded,
    /// A factor was removed.
    FactorRemoved,
    /// A suspended factor may be used again.
    FactorResumed,
    /// New recovery codes were made.
    RecoveryCodesMade,
    /// A client certificate was issued.
    CertificateIssued,
    /// A client certificate was revoked.
    CertificateRevoked,
    /// Which proofs may be used was chosen anew.
    PreferencesChanged,
    /// Something was reported lost, and what was on it has ended.
    LossReported,
}
