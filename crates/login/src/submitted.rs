//! What the person has just sent, and what checking it found.

use sekimori_base::FactorId;
use sekimori_directory::Method;
use serde::{Deserialize, Serialize};

use crate::throttle::Guess;

/// What the person has just sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Submission {
    /// A user name.
    Username,
    /// A password.
    Password,
    /// What a passkey signed.
    Passkey,
    /// What became of the page on which the browser may present a certificate.
    Certificate,
    /// A code of the method.
    Code(Method),
    /// The wish to use another method.
    Choose(Method),
    /// The wish for another code by mail.
    SendCode,
    /// A field left empty: of this step.
    Empty,
    /// A password longer than anything that is looked at.
    Overlong,
}

impl Submission {
    /// The method of a code, or of the way that was chosen.
    pub const fn method(self) -> Option<Method> {
        match self {
            Self::Code(method) | Self::Choose(method) => Some(method),
            Self::Passkey => Some(Method::Passkey),
            Self::Certificate => Some(Method::Certificate),
            Self::SendCode => Some(Method::MailCode),
            Self::Password | Self::Username | Self::Empty | Self::Overlong => None,
        }
    }

    /// What is being guessed.
    pub const fn guess(self) -> Option<Guess> {
        match self {
            Self::Password => Some(Guess::Password),
            Self::Code(Method::Totp) => Some(Guess::Totp),
            Self::Code(Method::RecoveryCode) => Some(Guess::RecoveryCode),
            Self::Code(Method::MailCode) => Some(Guess::MailCode),
            // Nobody guesses a signature.
            Self::Passkey
            | Self::Certificate
            | Self::Code(Method::Password | Method::Passkey | Method::Certificate)
            | Self::Username
            | Self::Choose(_)
            | Self::SendCode
            | Self::Empty
            | Self::Overlong => None,
        }
    }

    /// Whether it is something signed: nobody guesses it, and its attempt moves on without a counter.
    pub const fn is_signature(self) -> bool {
        matches!(self, Self::Passkey | Self::Certificate)
    }

    /// Whether it is a credential that is to be checked.
    pub const fn is_credential(self) -> bool {
        match self {
            Self::Password | Self::Passkey | Self::Certificate | Self::Code(_) => true,
            Self::Username | Self::Choose(_) | Self::SendCode | Self::Empty | Self::Overlong => {
                false
            }
        }
    }

    /// What is sent where the method is asked for.
    pub const fn of(method: Method) -> Self {
        match method {
            Method::Password => Self::Password,
            Method::Passkey => Self::Passkey,
            Method::Certificate => Self::Certificate,
            Method::Totp | Method::MailCode | Method::RecoveryCode => Self::Code(method),
        }
    }
}

/// What checking a submission found. Checks run in flow's workers by `credential`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The password is right; its record should be computed again with today's cost.
    PasswordMatchRehash,
    /// The password is right.
    PasswordMatch,
    /// It is not, or there is no such account.
    PasswordMismatch,
    /// The code is right; it spends this step of this factor.
    CodeAccepted {
        /// Which factor.
        factor: FactorId,
        /// Step number since 1970 (RFC 6238), or the index of the recovery code.
        step: u64,
    },
    /// The right code, used before.
    CodeReused,
    /// The right code; another request has just spent it.
    CodeRaced,
    /// The right code of another moment: never accepted, burned.
    CodeDrift {
        /// Which factor.
        factor: FactorId,
        /// The step that it belongs to.
        step: u64,
        /// Seconds by which the device's clock is ahead (negative: behind).
        offset_seconds: i64,
    },
    /// A recovery code that was spent before.
    RecoverySpent,
    /// The right code by mail, which came too late.
    CodeExpired,
    /// A code of an earlier mail: a newer one was sent since.
    CodeSuperseded,
    /// No code was sent in this attempt.
    CodeNotSent,
    /// The passkey signed this very request.
    PasskeyAccepted {
        /// Which.
        factor: FactorId,
        /// It checked its holder.
        user_verified: bool,
        /// Its counter of signatures, zero if it keeps none (WebAuthn 2, 6.1.1).
        counter: u32,
    },
    /// A passkey that no account here has.
    PasskeyUnknown,
    /// The signature is not one of that passkey over this request at this site.
    PasskeyRefused,
    /// It did not check its holder, and here it must.
    PasskeyUnverified,
    /// Its counter did not grow: there may be a copy of it.
    PasskeyCopied,
    /// The same answer of the passkey was used before.
    PasskeySpent,
    /// The certificate holds and is one of this account.
    CertificateAccepted {
        /// Which.
        factor: FactorId,
    },
    /// No certificate that counts here.
    CertificateRefused(CertificateRefusal),
    /// Not a right code.
    CodeWrong,
    /// Not even the shape of a code (too short, too long, letters).
    CodeMalformed,
    /// All places in the queue are taken: nothing was checked, nothing is counted.
    Busy,
}

/// Why a certificate does not count. In the order of the checks (`pki::presented`), then by whose it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CertificateRefusal {
    /// The page came back too late, a second time, or to another try than the present one.
    Stale,
    /// The browser presented none.
    NotPresented,
    /// It cannot be read, or is no certificate of a person.
    Malformed,
    /// No issuer that is trusted here signed it.
    UnknownIssuer,
    /// Its issuer is trusted no longer.
    WithdrawnIssuer,
    /// It is not for signing in.
    WrongPurpose,
    /// It begins later.
    NotYetValid,
    /// It is over, or a certificate of its issuer is.
    Expired,
    /// Its issuer took it back.
    Revoked,
    /// Whether it was taken back is not known at this moment.
    RevocationUnknown,
    /// Its issuer's responder gives no answer at this moment.
    StatusUnanswered,
    /// Its issuer knows no such certificate.
    UnknownToIssuer,
    /// It names no account, by the rules for its issuer.
    NoIdentity,
    /// It is somebody else's.
    OtherPerson,
    /// The account that it was issued for is no more.
    FormerAccount,
    /// It holds, and is not among the certificates that this account signs in with.
    NotRegistered,
}

impl CertificateRefusal {
    /// All of them.
    pub const ALL: [Self; 16] = [
        Self::Stale,
        Self::NotPresented,
        Self::Malformed,
        Self::UnknownIssuer,
        Self::WithdrawnIssuer,
        Self::WrongPurpose,
        Self::NotYetValid,
        Self::Expired,
        Self::Revoked,
        Self::RevocationUnknown,
        Self::StatusUnanswered,
        Self::UnknownToIssuer,
        Self::NoIdentity,
        Self::OtherPerson,
        Self::FormerAccount,
        Self::NotRegistered,
    ];
}
