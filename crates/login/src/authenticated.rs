//! The proof that the engine admitted somebody.

use std::collections::BTreeSet;

use sekimori_base::{PersonId, SessionId, Timestamp};
use sekimori_directory::Method;
use sekimori_directory::settings::{ServiceName, ZoneName};
use serde::{Deserialize, Serialize};

/// How strongly somebody was authenticated. Ordered: more is greater. A place is never a factor (C2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Assurance {
    /// One factor.
    OneFactor,
    /// Two of different kinds, the second bound in a way that the site counts.
    TwoFactors,
}

/// Proof that the engine admitted this person for this audience. Only [`crate::decide`] makes one; every
/// protocol's answer takes one (invariant 1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authenticated {
    person: PersonId,
    audience: ServiceName,
    at: Timestamp,
    assurance: Assurance,
    methods: BTreeSet<Method>,
    zone: ZoneName,
    session: Option<SessionId>,
}

impl Authenticated {
    pub(crate) fn new(
        person: PersonId,
        audience: ServiceName,
        at: Timestamp,
        assurance: Assurance,
        methods: BTreeSet<Method>,
        zone: ZoneName,
        session: Option<SessionId>,
    ) -> Self {
        Self { person, audience, at, assurance, methods, zone, session }
    }

    /// Who.
    pub const fn person(&self) -> PersonId {
        self.person
    }

    /// For whom the answer is.
    pub const fn audience(&self) -> &ServiceName {
        &self.audience
    }

    /// When the person actively proved who they are (`auth_time`).
    pub const fn at(&self) -> Timestamp {
        self.at
    }

    /// How strongly: never more than the evidence.
    pub const fn assurance(&self) -> Assurance {
        self.assurance
    }

    /// With what, exactly.
    pub const fn methods(&self) -> &BTreeSet<Method> {
        &self.methods
    }

    /// Where the admitted request came from.
    pub const fn zone(&self) -> &ZoneName {
        &self.zone
    }

    /// The standing session that was used, if no new proof was needed.
    pub const fn session(&self) -> Option<SessionId> {
        self.session
    }

    /// The `amr` values (RFC 8176): the methods, and `mfa` when the level is two factors.
    pub fn amr(&self) -> Vec<&'static str> {
        let mut values: Vec<&'static str> =
            self.methods.iter().flat_map(|method| method.amr().iter().copied()).collect();
        values.sort_unstable();
        values.dedup();
        if self.assurance == Assurance::TwoFactors {
            values.push("mfa");
        }
        values
    }
}
