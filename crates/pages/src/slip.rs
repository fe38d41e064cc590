//! The slip: where one is going, what has been checked, what is left. The same on every page of a
//! sign-in, on success, in the middle and on failure.

use sekimori_base::Language;
use sekimori_directory::settings::Site;
use sekimori_directory::{Method, Position, PositionOrigin};
use sekimori_login::{Details, NextStep, Reason, Step, Usability};

use crate::Problem;

/// The slip. [`Slip::at_step`] and [`Slip::at_refusal`] fill it from the engine's words.
#[derive(Debug, Clone)]
pub struct Slip {
    /// What the service is called, in the page's language; empty when it is not known, then the line is left
    /// out.
    pub to: String,
    /// Where the person is.
    pub place: Place,
    /// Name and password.
    pub identity: Identity,
    /// One more proof.
    pub proof: SecondProof,
    /// Something else that stands in the way.
    pub obstacle: Obstacle,
}

/// Where the person is, in the page's language.
#[derive(Debug, Clone)]
pub struct Place {
    /// The zone's name, if the site describes the zone.
    pub title: Option<String>,
    /// Why it counts as it does, in one sentence, if the site says so.
    pub explanation: Option<String>,
    /// Counts as inside.
    pub inside: bool,
    /// A password alone may be enough there.
    pub password_suffices: bool,
    /// A service that hides addresses stands between: its name.
    pub relay: Option<String>,
    /// The address is not known (a proxy did not tell it): that is why it counts as outside.
    pub unknown: bool,
    /// The network changed since the sign-in began: what the earlier one is called.
    pub moved_from: Option<String>,
}

/// The slip's line of name and password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identity {
    /// Nothing can be said: no line.
    Unspoken,
    /// Nobody has said who they are.
    Open,
    /// This user name (folded) was given; the password is next.
    Named(String),
    /// Checked and right; the user name, if it is shown.
    Right(Option<String>),
    /// Not right; the user name as given.
    Wrong(String),
    /// A ticket of this user name is right; a new password is next.
    Ticket(String),
}

/// The slip's line of one more proof.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecondProof {
    /// Nothing can be said yet: no line.
    Unspoken,
    /// From here one is usually needed. Public: depends on the network alone.
    Likely,
    /// Needed, by one of these; without any, of whichever kind.
    Needed(Vec<Method>),
    /// Shown and right.
    Right(Method),
    /// Tried and not right.
    Wrong(Method),
    /// Needed, and there is none that could be used.
    Missing,
}

/// Something besides the two proofs that stands in the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Obstacle {
    /// Nothing.
    None,
    /// The account is switched off.
    AccountOff,
    /// It is not open yet.
    AccountNotYet,
    /// Its time has ended.
    AccountEnded,
    /// The service is for others.
    Group,
    /// Nobody gets in from this network.
    Network,
}

impl Place {
    /// The place of `position` in the words of the site settings.
    pub fn of(position: &Position, site: &Site, language: Language) -> Self {
        let zone = site.zone(&position.zone);
        let filled = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Self {
            title: zone.and_then(|zone| filled(zone.title.text(language))),
            explanation: zone.and_then(|zone| filled(zone.explanation.text(language))),
            inside: position.inside,
            password_suffices: position.password_suffices,
            relay: position.relay.clone(),
            unknown: position.address.is_none()
                && matches!(position.origin, PositionOrigin::Unreadable | PositionOrigin::Unstated),
            moved_from: None,
        }
    }
}

impl Place {
    /// What that means for a sign-in.
    pub(crate) const fn means(&self) -> &'static str {
        if self.password_suffices { "place-password-suffices" } else { "place-two-proofs" }
    }
}

impl Slip {
    /// The slip where nothing is known but where from, and perhaps where to.
    pub fn bare(to: impl Into<String>, place: Place) -> Self {
        let (identity, proof) = (Identity::Unspoken, SecondProof::Unspoken);
        Self { to: to.into(), place, identity, proof, obstacle: Obstacle::None }
    }

    /// The slip after a right ticket for a password.
    pub fn at_new_password(
        to: impl Into<String>,
        place: Place,
        username: &str,
        asks_code: bool,
    ) -> Self {
        let identity = Identity::Ticket(username.to_owned());
        let proof = if asks_code { SecondProof::Needed(Vec::new()) } else { SecondProof::Unspoken };
        Self { identity, proof, ..Self::bare(to, place) }
    }

    /// The slip where a ticket for a proof is entered: somebody is known, by a session or, with a user name, by the
    /// sign-in that was refused for want of a proof.
    pub fn at_ticket(to: impl Into<String>, place: Place, refused: Option<String>) -> Self {
        let proof = if refused.is_some() { SecondProof::Missing } else { SecondProof::Unspoken };
        Self { identity: Identity::Right(refused), proof, ..Self::bare(to, place) }
    }

    /// The slip of a step: shown for the first time (`reason` is progress) or again after a refusal.
    /// `username` is the folded name, once one was given.
    pub fn at_step(
        to: impl Into<String>,
        place: Place,
        step: &Step,
        username: Option<&str>,
        reason: Reason,
    ) -> Self {
        let name = username.map(str::to_owned);
        let likely =
            if place.password_suffices { SecondProof::Unspoken } else { SecondProof::Likely };
        let (identity, proof) = match step {
            Step::Username => (Identity::Open, likely),
            Step::Password => {
                let name = name.unwrap_or_default();
                if reason == Reason::CredentialMismatch {
                    (Identity::Wrong(name), likely)
                } else {
                    (Identity::Named(name), likely)
                }
            }
            Step::SecondFactor { method, choices } => {
                let refused =
                    reason.is_refusal() && matches!(reason.next_step(), NextStep::TryAgain);
                let untried = matches!(
                    reason,
                    Reason::InputEmpty | Reason::ThrottleBusy | Reason::ServerFault
                );
                let proof = if refused && !untried {
                    SecondProof::Wrong(*method)
                } else {
                    let usable =
                        choices.iter().filter(|choice| choice.usability == Usability::Usable);
                    SecondProof::Needed(usable.map(|choice| choice.method).collect())
                };
                (Identity::Right(name), proof)
            }
        };
        Self { to: to.into(), place, identity, proof, obstacle: Obstacle::None }
    }

    /// What the service is called; `None` when it is not known.
    pub(crate) fn service(&self) -> Option<&str> {
        Some(self.to.as_str()).filter(|to| !to.is_empty())
    }

    /// The slip of a refusal: what was right, and which line it failed at.
    pub fn at_refusal(
        to: impl Into<String>,
        place: Place,
        reason: Reason,
        details: &Details,
        username: Option<&str>,
    ) -> Self {
        let name = username.map(str::to_owned);
        let identity = match (details.verified, name) {
            (true, name) => Identity::Right(name),
            (false, Some(name)) => Identity::Named(name),
            (false, None) => Identity::Open,
        };
        let obstacle = match reason {
            Reason::AccountDisabled => Obstacle::AccountOff,
            Reason::AccountNotYet => Obstacle::AccountNotYet,
            Reason::AccountEnded => Obstacle::AccountEnded,
            Reason::NotEntitled => Obstacle::Group,
            Reason::NotFromHere => Obstacle::Network,
            _ => Obstacle::None,
        };
        let proof = match reason {
            Reason::FactorNone
            | Reason::FactorNoneLeft
            | Reason::FactorUnfinished
            | Reason::FactorSuspended
            | Reason::FactorSwitchedOff
            | Reason::FactorNotAllowed
            | Reason::LevelNotReachable => SecondProof::Missing,
            _ => SecondProof::Unspoken,
        };
        Self { to: to.into(), place, identity, proof, obstacle }
    }
}

impl Problem {
    /// The slip; nobody is on the way anywhere at an address that is none.
    pub(crate) fn slip(&self) -> Option<Slip> {
        let lost = matches!(self.failure.reason, Reason::PageUnknown | Reason::MethodUnknown);
        let place = self.place.clone().filter(|_| !lost)?;
        Some(Slip::bare(self.service.clone().unwrap_or_default(), place))
    }
}
