//! The same questions answered once more, in the plainest way: nothing here calls the engine.

use std::collections::BTreeSet;

use sekimori_base::Timestamp;
use sekimori_directory::settings::{PolicyRow, Requirement};
use sekimori_directory::{Binding, Method, PersonState};

use crate::{
    Assurance, AssuranceDemand, FactorFacts, FactorState, Facts, Freshness, KnownPerson,
    PersonFacts, Policy, Proof, Submission, Verdict,
};

/// What counts.
pub struct Model<'a> {
    policy: &'a Policy,
    facts: &'a Facts,
    /// Proofs of this attempt, the fresh one among them.
    pub attempt: Vec<Proof>,
    /// Proofs of the standing session that are young enough.
    pub session: Vec<Proof>,
    /// The session stands.
    pub stands: bool,
    /// What was proven just now.
    pub fresh: Option<Proof>,
}

fn opens(proof: &Proof) -> bool {
    proof.method == Method::Password || (proof.method == Method::Passkey && proof.user_verified)
}

/// At most `seconds` old, and at most 30 seconds in the future.
fn young(at: Timestamp, now: Timestamp, seconds: i128) -> bool {
    let age = i128::from(now.unix_millis()) - i128::from(at.unix_millis());
    -30_000 <= age && age <= seconds * 1000
}

fn person(facts: &Facts) -> Option<&KnownPerson> {
    match &facts.person {
        PersonFacts::Known(person) => Some(person),
        PersonFacts::Unknown => None,
    }
}

fn ready(person: &KnownPerson, proof: &Proof) -> bool {
    match proof.factor {
        None => proof.method == Method::Password,
        Some(id) => person.factors.iter().any(|factor| {
            factor.id == id && factor.method == proof.method && factor.state == FactorState::Ready
        }),
    }
}

fn counts(facts: &Facts, proof: &Proof) -> bool {
    person(facts).is_some_and(|person| {
        !matches!(person.state, PersonState::Held { .. })
            && proof.person == person.id
            && ready(person, proof)
    })
}

impl<'a> Model<'a> {
    pub fn new(policy: &'a Policy, facts: &'a Facts) -> Self {
        let now = facts.now;
        let mut attempt: Vec<Proof> = facts
            .proofs
            .iter()
            .filter(|proof| counts(facts, proof) && young(proof.at, now, 600))
            .cloned()
            .collect();
        let limits = &policy.session;
        let stands = facts.session.as_ref().is_some_and(|session| {
            person(facts).is_some_and(|person| {
                person.id == session.person
                    && person.credential_epoch == session.credential_epoch
                    && !matches!(person.state, PersonState::Held { .. })
            }) && young(session.opened_at, now, limits.absolute_seconds.into())
                && young(session.used_at, now, limits.idle_seconds.into())
        });
        let row_age = row(policy, facts).and_then(|row| row.max_age_seconds);
        let session: Vec<Proof> = facts
            .session
            .iter()
            .filter(|_| stands)
            .flat_map(|session| session.proofs.iter())
            .filter(|proof| {
                let life = if opens(proof) {
                    limits.absolute_seconds
                } else {
                    limits.second_factor_seconds
                };
                let asked = match facts.demand.freshness {
                    Freshness::Any => true,
                    Freshness::WithinSeconds(seconds) => young(proof.at, now, seconds.into()),
                    Freshness::Now => false,
                };
                counts(facts, proof)
                    && young(proof.at, now, life.into())
                    && row_age.is_none_or(|seconds| young(proof.at, now, seconds.into()))
                    && asked
            })
            .cloned()
            .collect();
        let opened = attempt.iter().chain(&session).any(opens);
        let fresh = fresh(facts).filter(|proof| opened || opens(proof));
        attempt.extend(fresh.clone());
        Self { policy, facts, attempt, session, stands, fresh }
    }

    pub fn all(&self) -> impl Iterator<Item = &Proof> {
        self.attempt.iter().chain(&self.session)
    }

    fn seconds(&self) -> impl Iterator<Item = &Proof> {
        let life = i128::from(self.policy.session.second_factor_seconds);
        let young = move |proof: &&Proof| young(proof.at, self.facts.now, life);
        self.attempt
            .iter()
            .chain(self.session.iter().filter(young))
            .filter(|proof| proof.method != Method::Password)
    }

    /// Somebody has shown the primary credential.
    pub fn verified(&self) -> bool {
        self.stands || self.attempt.iter().any(opens)
    }

    fn strong(&self, proof: &Proof) -> bool {
        proof.method != Method::MailCode
            && proof.binding.is_some_and(|binding| strong(self.policy, binding))
    }

    pub fn level(&self) -> Assurance {
        if self.seconds().any(|proof| self.strong(proof)) {
            Assurance::TwoFactors
        } else {
            Assurance::OneFactor
        }
    }

    pub fn opened_at(&self) -> Option<Timestamp> {
        self.all().filter(|proof| opens(proof)).map(|proof| proof.at).max()
    }

    pub fn methods(&self) -> BTreeSet<Method> {
        self.all().map(|proof| proof.method).collect()
    }

    /// Why nobody may be let in on these facts, if nothing more is sent; `Ok` if somebody must be.
    pub fn may_enter(&self) -> Result<(), &'static str> {
        let facts = self.facts;
        let demand = &facts.demand;
        let person = person(facts).ok_or("nobody is known")?;
        let must = |holds: bool, why| if holds { Ok(()) } else { Err(why) };
        must(!facts.service.disabled, "the service is off")?;
        must(usable_at(person.state, facts.now), "the account cannot be used")?;
        let groups = &facts.service.groups;
        must(
            groups.is_empty() || person.groups.iter().any(|group| groups.contains(group)),
            "not a member",
        )?;
        must(demand.subject.is_none_or(|subject| subject == person.id), "another was expected")?;
        if let Some(attempt) = &facts.attempt {
            must(young(attempt.begun_at, facts.now, 600), "the attempt is over")?;
            let proven = facts.proofs.iter().any(|proof| proof.person == person.id);
            must(!proven || attempt.credential_epoch == person.credential_epoch, "overtaken")?;
        }
        must(self.opened_at().is_some(), "nothing that opens, or not fresh enough")?;
        self.second(person)
    }

    fn second(&self, person: &KnownPerson) -> Result<(), &'static str> {
        let must = |holds: bool, why| if holds { Ok(()) } else { Err(why) };
        let row = row(self.policy, self.facts);
        let takes = |method: Method| {
            (method != Method::MailCode || self.policy.settings.mail_codes)
                && (method != Method::Certificate || self.policy.certificates)
                && row.is_none_or(|row| row.methods.is_empty() || row.methods.contains(&method))
        };
        let require = match row {
            Some(row) => row.require,
            None if self.facts.position.password_suffices => Requirement::OneFactor,
            None => Requirement::TwoFactors,
        };
        match require {
            Requirement::OneFactor => {}
            Requirement::TwoFactors => {
                let glass = |proof: &Proof| proof.binding == Some(Binding::BreakGlass);
                let second = self.seconds().any(|proof| takes(proof.method) || glass(proof));
                must(second, "the row wants a second")?;
            }
            Requirement::Refuse => return Err("nobody gets in from here"),
        }
        let here = |factor: &&FactorFacts| {
            factor.method != Method::Password
                && factor.binding != Binding::BreakGlass
                && factor.state == FactorState::Ready
                && factor.codes_left != Some(0)
                && takes(factor.method)
        };
        let strong = |factor: &FactorFacts| {
            factor.method != Method::MailCode && strong(self.policy, factor.binding)
        };
        match self.facts.demand.assurance {
            AssuranceDemand::Any | AssuranceDemand::AtLeast(Assurance::OneFactor) => Ok(()),
            AssuranceDemand::AtLeast(Assurance::TwoFactors) => {
                must(self.level() == Assurance::TwoFactors, "the service wants two factors")
            }
            AssuranceDemand::Highest if person.factors.iter().filter(here).any(strong) => {
                must(self.level() == Assurance::TwoFactors, "the account can do more")
            }
            AssuranceDemand::Highest => must(
                !person.factors.iter().any(|factor| here(&factor))
                    || self.seconds().next().is_some(),
                "the account has a factor",
            ),
            AssuranceDemand::Unreachable => Err("no such level"),
        }
    }
}

/// A break-glass code is worth what the desk hands out.
fn strong(policy: &Policy, binding: Binding) -> bool {
    let bindings = &policy.settings.mfa_bindings;
    match binding {
        Binding::BreakGlass => bindings.contains(&Binding::Desk),
        other => bindings.contains(&other),
    }
}

fn usable_at(state: PersonState, now: Timestamp) -> bool {
    match state {
        PersonState::Active { from, until } => {
            from.is_none_or(|from| from <= now) && until.is_none_or(|until| now < until)
        }
        PersonState::Disabled { .. } | PersonState::Held { .. } => false,
    }
}

fn fresh(facts: &Facts) -> Option<Proof> {
    let person = person(facts)?;
    let (method, factor, user_verified) = match (facts.submitted, facts.verdict) {
        (
            Some(Submission::Password),
            Some(Verdict::PasswordMatch | Verdict::PasswordMatchRehash),
        ) => (Method::Password, None, false),
        (
            Some(Submission::Passkey),
            Some(Verdict::PasskeyAccepted { factor, user_verified, .. }),
        ) => (Method::Passkey, Some(factor), user_verified),
        (Some(Submission::Certificate), Some(Verdict::CertificateAccepted { factor })) => {
            (Method::Certificate, Some(factor), false)
        }
        (
            Some(Submission::Code(
                method @ (Method::Totp | Method::MailCode | Method::RecoveryCode),
            )),
            Some(Verdict::CodeAccepted { factor, .. }),
        ) => (method, Some(factor), false),
        _ => return None,
    };
    let known = person.factors.iter().find(|known| Some(known.id) == factor);
    let proof = Proof {
        person: person.id,
        method,
        factor,
        binding: known.map(|known| known.binding),
        at: facts.now,
        zone: facts.position.zone.clone(),
        user_verified,
    };
    let right = factor.is_none()
        || known.is_some_and(|known| known.method == method && known.state == FactorState::Ready);
    (right && counts(facts, &proof)).then_some(proof)
}

fn row<'a>(policy: &'a Policy, facts: &Facts) -> Option<&'a PolicyRow> {
    policy.settings.rows.iter().find(|row| {
        let position = &facts.position;
        let zones = row.zones.iter().any(|zone| {
            zone == &position.zone
                || (zone.as_str() == "inside" && position.inside)
                || (zone.as_str() == "outside" && !position.inside)
        });
        let groups = person(facts)
            .is_some_and(|person| row.groups.iter().any(|group| person.groups.contains(group)));
        (row.zones.is_empty() || zones)
            && (row.services.is_empty() || row.services.contains(&facts.service.name))
            && (row.groups.is_empty() || groups)
    })
}
