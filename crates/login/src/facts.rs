//! Everything that a decision may look at. What is not here cannot matter.
//!
//! Facts are recorded beside the audit line of an attempt (never a secret among them), so that the
//! decision can be made again: `schema` says how to read them.

use std::collections::BTreeSet;

use sekimori_base::limits::CLOCK_SKEW_SECONDS_MAX;
use sekimori_base::{FactorId, PersonId, SessionId, Timestamp};
use sekimori_directory::settings::{Service, ServiceName, ZoneName};
use sekimori_directory::username::InputHint;
use sekimori_directory::{Affiliation, Binding, Group, Method, PersonState, Position, Preferences};
use serde::{Deserialize, Serialize};

use crate::Demand;
use crate::submitted::{Submission, Verdict};
use crate::throttle::Bucket;

/// The version of the shape of [`Facts`]; a change of meaning raises it.
pub const FACTS_SCHEMA: u16 = 1;

/// All that a decision may look at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// [`FACTS_SCHEMA`] when they were gathered.
    pub schema: u16,
    /// The moment of the decision.
    pub now: Timestamp,
    /// What the service asks.
    pub demand: Demand,
    /// The service itself.
    pub service: ServiceFacts,
    /// Where the person is, by the address of this very request.
    pub position: Position,
    /// The attempt so far; `None` before the first credential.
    pub attempt: Option<AttemptFacts>,
    /// The browser.
    pub browser: BrowserFacts,
    /// What was typed as the user name.
    pub identifier: IdentifierFacts,
    /// Counters for what is being submitted.
    pub throttle: ThrottleFacts,
    /// The account behind the identifier or the session.
    pub person: PersonFacts,
    /// The browser's standing sign-in.
    pub session: Option<SessionFacts>,
    /// What was proven in this attempt.
    pub proofs: Vec<Proof>,
    /// How often the standing session answered this service within the last minute. Zero where it answers nothing.
    #[serde(default)]
    pub answered_lately: u32,
    /// What the person has just sent.
    pub submitted: Option<Submission>,
    /// The verdict of checking it.
    pub verdict: Option<Verdict>,
}

/// The service that asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceFacts {
    /// Its name.
    pub name: ServiceName,
    /// Switched off.
    pub disabled: bool,
    /// Groups that may use it; empty = everybody.
    pub groups: BTreeSet<Group>,
}

/// The attempt so far.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttemptFacts {
    /// When its first credential came.
    pub begun_at: Timestamp,
    /// The zone then.
    pub zone_at_begin: ZoneName,
    /// The account's credential epoch when the first proof was recorded; another one now ends the attempt.
    pub credential_epoch: u64,
    /// The factor method that the person chose instead of the recommended one.
    pub chosen: Option<Method>,
    /// The last code, if it was refused because it belonged to another step. Kept on
    /// [`Effect::BurnCode`](crate::Effect::BurnCode), dropped on
    /// [`Effect::ForgetDrift`](crate::Effect::ForgetDrift): so two of them stand in a row.
    pub last_drift: Option<Drift>,
    /// The newest code that was sent by mail in this attempt: it ends the ones before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mailed: Option<Mailed>,
}

/// A code that was sent by mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mailed {
    /// To the address of which factor.
    pub factor: FactorId,
    /// The how manyth of the attempt, from 1: so "use the newest" can be said.
    pub number: u32,
    /// When.
    pub at: Timestamp,
}

/// A code that belonged to another step than the present one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drift {
    /// Of which factor.
    pub factor: FactorId,
    /// The step that the code belongs to: two codes of one step are the same code.
    pub step: u64,
    /// Seconds by which the device's clock is ahead (negative: behind).
    pub offset_seconds: i64,
}

/// The browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BrowserFacts {
    /// It signed this account in before and its device cookie stands in good repute.
    pub known_device: bool,
    /// The one more proof that was shown last for this account in this browser; no recovery code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_method: Option<Method>,
}

/// What was typed as the user name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum IdentifierFacts {
    /// Nothing yet.
    Absent,
    /// Something; the text itself is not kept unless it is an account's name.
    Typed {
        /// The canonical name, kept only when such an account exists.
        username: Option<String>,
        /// What the text itself shows.
        hints: Vec<InputHint>,
    },
}

/// Counters for what is being submitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThrottleFacts {
    /// Which counter of the identifier applies.
    pub bucket: Bucket,
    /// Failures in a row there.
    pub failures: u32,
    /// Nothing is evaluated before this moment (identifier).
    pub wait_until: Option<Timestamp>,
    /// Nothing is evaluated before this moment (source).
    pub source_wait_until: Option<Timestamp>,
    /// A guess could not be reserved because another one is being checked, or the wait has just begun.
    pub reservation_refused: bool,
    /// The same wrong password was counted for this identifier shortly before, from the same network.
    #[serde(default)]
    pub repeated: bool,
    /// No further code is sent to this account by mail before this moment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mail_wait_until: Option<Timestamp>,
    /// Passwords are being tried on many names from outside, and nothing from unknown devices there is evaluated
    /// before this moment.
    #[serde(default)]
    pub alert_wait_until: Option<Timestamp>,
}

/// The account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum PersonFacts {
    /// Nobody was named, or nobody bears the name.
    Unknown,
    /// Somebody.
    Known(Box<KnownPerson>),
}

/// What may be read about a known account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownPerson {
    /// Who.
    pub id: PersonId,
    /// Whether the account may be used.
    pub state: PersonState,
    /// Groups.
    pub groups: BTreeSet<Group>,
    /// Affiliations.
    pub affiliations: BTreeSet<Affiliation>,
    /// Administrator.
    pub administrator: bool,
    /// Factors, also those that cannot be used.
    pub factors: Vec<FactorFacts>,
    /// The account had a factor at some time.
    pub ever_had_factor: bool,
    /// Raised by every change of password or factors.
    pub credential_epoch: u64,
    /// What they want to be asked for.
    #[serde(default, skip_serializing_if = "Preferences::is_default")]
    pub preferences: Preferences,
}

/// A factor of the account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FactorFacts {
    /// Which.
    pub id: FactorId,
    /// Of what kind.
    pub method: Method,
    /// How it was bound.
    pub binding: Binding,
    /// Whether it can be used.
    pub state: FactorState,
    /// When it was registered.
    pub registered_at: Timestamp,
    /// When it was last used.
    pub last_used_at: Option<Timestamp>,
    /// Codes left, for recovery codes.
    pub codes_left: Option<u8>,
}

/// Whether a factor can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FactorState {
    /// It can.
    Ready,
    /// Its registration was begun and not finished: no correct code yet.
    Unfinished,
    /// Somebody said "this was not me".
    Suspended,
    /// In order, and its owner does not want its kind to be used. Never stored: it follows from their preferences.
    SwitchedOff,
    /// The account may have one from somebody else, and whether it does shows when it is presented. Nothing that asks
    /// what the account has counts it.
    Elsewhere,
}

/// The browser's standing sign-in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionFacts {
    /// Which.
    pub id: SessionId,
    /// Whose.
    pub person: PersonId,
    /// Opened at.
    pub opened_at: Timestamp,
    /// Last used at.
    pub used_at: Timestamp,
    /// What was proven, when and where.
    pub proofs: Vec<Proof>,
    /// The account's credential epoch that the session knows.
    pub credential_epoch: u64,
}

/// Something proven.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    /// Who was proven. What was proven about one person counts for no other, whatever name is typed next.
    pub person: PersonId,
    /// How.
    pub method: Method,
    /// With which factor; `None` for the password.
    pub factor: Option<FactorId>,
    /// How that factor was bound when it was shown.
    pub binding: Option<Binding>,
    /// When.
    pub at: Timestamp,
    /// In which zone.
    pub zone: ZoneName,
    /// The authenticator checked that it was its holder (PIN, finger, face): only then does a passkey open.
    #[serde(default, skip_serializing_if = "is_false")]
    pub user_verified: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]
const fn is_false(flag: &bool) -> bool {
    !*flag
}

impl Facts {
    /// The account, if one is known.
    pub fn known(&self) -> Option<&KnownPerson> {
        match &self.person {
            PersonFacts::Known(person) => Some(person),
            PersonFacts::Unknown => None,
        }
    }

    /// What the verdict on the submission proves, if anything. Nothing is proven about a held account: somebody
    /// else may know its password, and must not learn that it is the right one.
    pub fn fresh_proof(&self) -> Option<Proof> {
        let person = self.known().filter(|person| !person.is_held())?;
        let (method, factor, user_verified) = match (self.submitted?, self.verdict?) {
            (Submission::Password, Verdict::PasswordMatch | Verdict::PasswordMatchRehash) => {
                (Method::Password, None, false)
            }
            (Submission::Passkey, Verdict::PasskeyAccepted { factor, user_verified, .. }) => {
                (Method::Passkey, Some(factor), user_verified)
            }
            (Submission::Certificate, Verdict::CertificateAccepted { factor }) => {
                (Method::Certificate, Some(factor), false)
            }
            (Submission::Code(method), Verdict::CodeAccepted { factor, .. })
                if method.is_code() =>
            {
                (method, Some(factor), false)
            }
            _ => return None,
        };
        // A factor that the account does not have proves nothing, whatever a check said.
        let binding = match factor {
            Some(id) => {
                let known = person.factors.iter().find(|known| known.id == id)?;
                (known.method == method && known.state == FactorState::Ready)
                    .then_some(known.binding)
                    .map(Some)?
            }
            None => None,
        };
        Some(Proof {
            person: person.id,
            method,
            factor,
            binding,
            at: self.now,
            zone: self.position.zone.clone(),
            user_verified,
        })
    }
}

impl KnownPerson {
    /// Somebody else may know the password: nothing that is shown counts until the desk says otherwise.
    pub const fn is_held(&self) -> bool {
        matches!(self.state, PersonState::Held { .. })
    }

    /// Whether a factor that is in order is of a kind that its owner has switched off.
    pub(crate) fn has_switched_off(&self, id: FactorId) -> bool {
        let off = |factor: &&FactorFacts| factor.state == FactorState::SwitchedOff;
        self.factors.iter().filter(off).any(|factor| factor.id == id)
    }

    /// The same person with these preferences: their factors are usable as those say.
    #[must_use]
    pub fn preferring(mut self, preferences: Preferences) -> Self {
        for factor in &mut self.factors {
            factor.state = factor.state.under(&preferences, factor.method);
        }
        self.preferences = preferences;
        self
    }

    /// The factors of the method that can be used now.
    pub(crate) fn usable(&self, method: Method) -> impl Iterator<Item = &FactorFacts> {
        self.factors.iter().filter(move |factor| factor.method == method && factor.is_usable())
    }

    /// Those, and certificates that the account may have from somebody else.
    pub(crate) fn presentable(&self, method: Method) -> impl Iterator<Item = &FactorFacts> {
        self.factors.iter().filter(move |factor| {
            let elsewhere =
                factor.state == FactorState::Elsewhere && factor.method == Method::Certificate;
            factor.method == method && (factor.is_usable() || elsewhere)
        })
    }

    /// Whether the factor exists, is of the method and in order.
    pub(crate) fn has_ready(&self, id: FactorId, method: Method) -> bool {
        self.factors.iter().any(|factor| {
            factor.id == id && factor.method == method && factor.state == FactorState::Ready
        })
    }
}

impl FactorState {
    /// The state of a factor of this kind under its owner's preferences.
    #[must_use]
    pub fn under(self, preferences: &Preferences, method: Method) -> Self {
        match self {
            Self::Ready | Self::SwitchedOff if preferences.is_off(method) => Self::SwitchedOff,
            Self::Ready | Self::SwitchedOff => Self::Ready,
            Self::Unfinished | Self::Suspended | Self::Elsewhere => self,
        }
    }
}

impl FactorFacts {
    /// Whether it can be used now: finished, not suspended, and with codes left if it is a list of codes.
    pub fn is_usable(&self) -> bool {
        self.state == FactorState::Ready && self.codes_left != Some(0)
    }
}

impl ServiceFacts {
    /// The facts of a service of the site.
    pub fn of(service: &Service) -> Self {
        Self {
            name: service.name.clone(),
            disabled: service.disabled,
            groups: service.groups.clone(),
        }
    }

    /// Whether somebody of these groups may use it.
    pub fn is_open_to(&self, groups: &BTreeSet<Group>) -> bool {
        self.groups.is_empty() || !self.groups.is_disjoint(groups)
    }
}

impl Proof {
    /// Whether it opens a sign-in: a password, or a passkey that verified its holder.
    pub fn opens(&self) -> bool {
        match self.method {
            Method::Password => true,
            Method::Passkey => self.user_verified,
            Method::Totp | Method::Certificate | Method::MailCode | Method::RecoveryCode => false,
        }
    }

    /// Whether it counts as the second of two factors, for a level that a service is told.
    pub(crate) fn counts_as_second(&self, mfa_bindings: &BTreeSet<Binding>) -> bool {
        self.method.seconds()
            && self.method.counts_for_mfa()
            && self.binding.is_some_and(|binding| mfa_bindings.contains(&binding.worth()))
    }

    /// Whether the proof is at most `seconds` old at `now`. One from the future is not, beyond what clocks of
    /// nodes may differ by.
    pub fn within(&self, now: Timestamp, seconds: u32) -> bool {
        is_within(self.at, now, seconds)
    }
}

/// Whether `moment` lies at most `seconds` before `now`, and not after it by more than clocks may differ.
pub(crate) fn is_within(moment: Timestamp, now: Timestamp, seconds: u32) -> bool {
    let age = now.millis_since(moment);
    (-CLOCK_SKEW_SECONDS_MAX * 1000..=i64::from(seconds) * 1000).contains(&age)
}
