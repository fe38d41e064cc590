//! The login engine: facts in, decision out.
//!
//! **A login is a value, a decision is a pure function, everything else is carrying.** Every door turns
//! what it receives into a [`Demand`]; [`decide`] weighs [`Facts`] under a [`Policy`] and returns a
//! [`Decision`] with one [`Reason`]. Pure, total and deterministic: a recorded attempt replays to the
//! recorded reason, a changed policy can be tried on last month, a person can be told today whether the
//! same sign-in would work from elsewhere ([`replay`]).
//!
//! Deliberately absent: cryptography (a check's verdict is a fact), storage, clocks, logs, words.

mod authenticated;
mod decision;
mod demand;
pub mod desk;
mod effect;
pub mod enrol;
mod facts;
mod going_on;
pub mod letter;
mod policy;
pub mod preferences;
#[cfg(test)]
mod properties;
mod reason;
pub mod replay;
mod rules;
#[cfg(any(test, feature = "samples"))]
pub mod samples;
mod submitted;
pub mod throttle;
pub mod ticket;

pub use authenticated::{Assurance, Authenticated};
pub use decision::{Check, Choice, Decision, Details, Holder, Next, Step, Usability};
pub use demand::{AssuranceDemand, Demand, Freshness, Interaction};
pub use effect::{Effect, Notice};
pub use facts::{
    AttemptFacts, BrowserFacts, Drift, FACTS_SCHEMA, FactorFacts, FactorState, Facts,
    IdentifierFacts, KnownPerson, Mailed, PersonFacts, Proof, ServiceFacts, SessionFacts,
    ThrottleFacts,
};
pub use going_on::GoingOn;
pub use policy::{Policy, PolicyLine, PolicyMatch};
pub use reason::{NextStep, Reason, Tier};
pub use rules::{RULE_SET, account_refusal, decide, rule_names, standing_session};
pub use submitted::{CertificateRefusal, Submission, Verdict};
