//! What the engine says: what comes next, the one true reason, and what must be done about it.

use sekimori_base::{FactorId, Timestamp};
use sekimori_directory::Method;
use serde::{Deserialize, Serialize};

use crate::{Authenticated, Effect, Reason};

/// A decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// What comes next.
    pub next: Next,
    /// The one true reason.
    pub reason: Reason,
    /// What goes with the reason.
    pub details: Details,
    /// What must be stored, all of it or nothing, before anybody hears of the decision.
    pub effects: Vec<Effect>,
    /// The rule that spoke.
    pub rule: &'static str,
}

/// What comes next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// Show this step (again, if the reason is a refusal).
    Ask(Step),
    /// Check what was submitted and decide again.
    Check(Check),
    /// Answer the service.
    Admit(Authenticated),
    /// Answer with the refusal; the attempt cannot go on.
    Refuse,
}

/// A question to the person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// The user name.
    Username,
    /// The password.
    Password,
    /// One more proof.
    SecondFactor {
        /// The method whose field is shown at once.
        method: Method,
        /// All methods with whether they can be used and why not, the shown one among them.
        choices: Vec<Choice>,
    },
}

/// A method in the choice of a second factor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// The method.
    pub method: Method,
    /// Whether it can be used.
    pub usability: Usability,
}

/// Whether a method can be used as the second factor now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Usability {
    /// It can.
    Usable,
    /// Nothing of this kind is registered.
    NotRegistered,
    /// Its registration was begun and not finished.
    Unfinished,
    /// All its recovery codes are spent.
    UsedUp,
    /// It was suspended.
    Suspended,
    /// Its owner has switched this kind off in the account page.
    SwitchedOff,
    /// The policy does not take it for this service from this place.
    NotAllowedHere,
    /// It was registered in a way that does not count for the level that the service asks.
    BindingTooWeak,
    /// This kind of proof never counts for the level that the service asks.
    MethodTooWeak,
}

/// What must be checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Check {
    /// The submitted password against the account's record, or a decoy of equal cost.
    Password,
    /// The submitted answer of a passkey against those of the account that it names, if there is such an account.
    Passkey {
        /// Passkeys that may be used; empty = any that is registered.
        factors: Vec<FactorId>,
        /// What it must have checked.
        holder: Holder,
    },
    /// What the browser presented, against these certificates of the account.
    Certificate {
        /// Certificates that may be used.
        factors: Vec<FactorId>,
    },
    /// The submitted code against these factors of the method.
    Code {
        /// The method.
        method: Method,
        /// Factors that may be used.
        factors: Vec<FactorId>,
    },
}

/// What a passkey must have checked about who holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holder {
    /// That it is its own (PIN, finger, face): it stands for a password as well.
    Verified,
    /// That somebody touched it: the password was shown before.
    Present,
}

/// What goes with a reason.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Details {
    /// Nothing is evaluated before this moment.
    pub wait_until: Option<Timestamp>,
    /// Seconds by which the device's clock is ahead (negative: behind).
    pub clock_ahead_seconds: Option<i64>,
    /// The moment from which, or until which, the account may be used.
    pub account_moment: Option<Timestamp>,
    /// The policy row that required what was missing.
    pub policy_row: Option<String>,
    /// Methods with why they cannot be used.
    pub choices: Vec<Choice>,
    /// The question that was due and could not be asked (`prompt=none`, one-shot protocols). A one-shot door
    /// that holds the answer already submits it next and decides again.
    pub unasked: Option<Step>,
    /// The method of the code that was sent, or of the way that was chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<Method>,
    /// Name and password (or another opening proof) have been verified: what may be said grows by this.
    pub verified: bool,
}
