//! Ways to prove who one is, and how each came to belong to the account.

use serde::{Deserialize, Serialize};

/// A kind of proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Something known.
    Password,
    /// A code of an authenticator app (RFC 6238).
    Totp,
    /// One of the printed codes, each good once.
    RecoveryCode,
}

impl Method {
    /// All methods, in the order in which they are recommended.
    pub const ALL: [Self; 3] = [Self::Totp, Self::RecoveryCode, Self::Password];

    /// The stable word, in audit, metrics and settings.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Totp => "totp",
            Self::RecoveryCode => "recovery_code",
        }
    }

    /// The `amr` values (RFC 8176) of this method.
    pub const fn amr(self) -> &'static [&'static str] {
        match self {
            Self::Password => &["pwd"],
            Self::Totp | Self::RecoveryCode => &["otp"],
        }
    }

    /// Whether it can open a sign-in, before anything else was proven.
    pub const fn opens(self) -> bool {
        match self {
            Self::Password => true,
            Self::Totp | Self::RecoveryCode => false,
        }
    }

    /// Whether it may ever count towards an MFA `acr`; a mailed code may not.
    pub const fn counts_for_mfa(self) -> bool {
        match self {
            Self::Password | Self::Totp | Self::RecoveryCode => true,
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
}

impl Binding {
    /// All bindings.
    pub const ALL: [Self; 6] = [
        Self::Ticket,
        Self::Letter,
        Self::OtherFactor,
        Self::Desk,
        Self::InsideWithPassword,
        Self::BreakGlass,
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
            | Self::InsideWithPassword => self,
        }
    }
}
