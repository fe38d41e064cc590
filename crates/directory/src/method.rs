//! Ways to prove who one is, and how each came to belong to the account.

use serde::{Deserialize, Serialize};

/// A kind of proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Something known.
    Password,
    /// A passkey (WebAuthn): alone if it verified its holder, or as the one more proof after a password.
    Passkey,
    /// A code of an authenticator app (RFC 6238).
    Totp,
    /// A certificate whose key the browser proves to have in a TLS handshake, as the one more proof.
    Certificate,
    /// A code sent by mail to an address outside the organisation: the weakest, and never for an MFA level (C3).
    MailCode,
    /// One of the printed codes, each good once.
    RecoveryCode,
}

impl Method {
    /// All methods, in the order in which they are recommended.
    pub const ALL: [Self; 6] = [
        Self::Passkey,
        Self::Totp,
        Self::Certificate,
        Self::MailCode,
        Self::RecoveryCode,
        Self::Password,
    ];

    /// The stable word, in audit, metrics and settings.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Passkey => "passkey",
            Self::Totp => "totp",
            Self::Certificate => "certificate",
            Self::MailCode => "mail_code",
            Self::RecoveryCode => "recovery_code",
        }
    }

    /// The `amr` values (RFC 8176) of this method.
    pub const fn amr(self) -> &'static [&'static str] {
        match self {
            Self::Password => &["pwd"],
            // Whether the key is in hardware is not attested: the lesser is said, and that somebody was there.
            Self::Passkey => &["swk", "user"],
            // Where its key is kept is not known either, nor whether anybody had to touch anything.
            Self::Certificate => &["swk"],
            Self::Totp | Self::RecoveryCode => &["otp"],
            // There is no value for a code by mail, and `otp` would claim a device.
            Self::MailCode => &[],
        }
    }

    /// Whether it can open a sign-in, before anything else was proven.
    pub const fn opens(self) -> bool {
        match self {
            Self::Password | Self::Passkey => true,
            Self::Totp | Self::Certificate | Self::MailCode | Self::RecoveryCode => false,
        }
    }

    /// Whether it can be the one more proof. A passkey that verified its holder is both at once.
    pub const fn seconds(self) -> bool {
        match self {
            Self::Passkey
            | Self::Totp
            | Self::Certificate
            | Self::MailCode
            | Self::RecoveryCode => true,
            Self::Password => false,
        }
    }

    /// Whether what is shown is a code that somebody types.
    pub const fn is_code(self) -> bool {
        match self {
            Self::Totp | Self::MailCode | Self::RecoveryCode => true,
            Self::Password | Self::Passkey | Self::Certificate => false,
        }
    }

    /// Whether it may ever count towards an MFA `acr`; a mailed code may not.
    pub const fn counts_for_mfa(self) -> bool {
        match self {
            Self::Password
            | Self::Passkey
            | Self::Totp
            | Self::Certificate
            | Self::RecoveryCode => true,
            Self::MailCode => false,
        }
    }
}

/// How a factor came to belong to the account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Binding {
    /// With an enrolment ticket.
    Ticket,
    /// Printed in a letter, already enrolled.
    Letter,
    /// After showing another factor.
    OtherFactor,
    /// At the desk.
    Desk,
    /// With the password alone, from a zone that may enrol.
    InsideWithPassword,
    /// An administrator's break-glass code, printed at the server: every row of the policy takes it.
    BreakGlass,
    /// After the password and a code by mail, and nothing stronger.
    MailCode,
}

impl Binding {
    /// All bindings.
    pub const ALL: [Self; 7] = [
        Self::Ticket,
        Self::Letter,
        Self::OtherFactor,
        Self::Desk,
        Self::InsideWithPassword,
        Self::BreakGlass,
        Self::MailCode,
    ];

    /// What it is worth where the site says which bindings count: a break-glass code was handed out by whoever runs
    /// the server, as at the desk.
    #[must_use]
    pub const fn worth(self) -> Self {
        match self {
            Self::BreakGlass => Self::Desk,
            Self::Ticket
            | Self::Letter
            | Self::OtherFactor
            | Self::Desk
            | Self::InsideWithPassword
            | Self::MailCode => self,
        }
    }
}
