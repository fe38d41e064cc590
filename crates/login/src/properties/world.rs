//! A browser, an account and a store, small: as `flow` drives the engine, with a ledger of what was truly shown.

use sekimori_base::{FactorId, PersonId, Timestamp};
use sekimori_directory::{Method, PersonState, Position};

use crate::samples::{
    APP, CERTIFICATE, CODES, HANA, KENJI, MAIL, NOW, PASSKEY, SESSION, app, campus, certificate,
    codes, hana, home, mail, no_wait, nobody, passkey, zone,
};
use crate::{
    AttemptFacts, CertificateRefusal, Check, Decision, Demand, Drift, Effect, FactorState, Facts,
    Holder, IdentifierFacts, KnownPerson, Mailed, Next, PersonFacts, Policy, Proof, SessionFacts,
    Submission, Verdict, decide,
};

/// Something truly shown: the engine asked to check it, and it was right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    pub person: PersonId,
    pub method: Method,
    pub factor: Option<FactorId>,
    pub at: Timestamp,
    pub epoch: u64,
    pub user_verified: bool,
}

/// How a check turns out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Luck {
    Right,
    Wrong,
    Malformed,
    Reused,
    Drift(u64),
    Busy,
}

/// One tab's sign-in.
#[derive(Debug, Clone, Default)]
pub struct Tab {
    pub attempt: Option<AttemptFacts>,
    pub proofs: Vec<Proof>,
    pub typed: Option<PersonId>,
}

/// Everything.
#[derive(Debug, Clone)]
pub struct World {
    pub policy: Policy,
    pub now: Timestamp,
    pub demand: Demand,
    pub position: Position,
    pub people: Vec<KnownPerson>,
    pub session: Option<SessionFacts>,
    pub tab: Tab,
    pub other_tab: Tab,
    pub ledger: Vec<Shown>,
    /// The rounds that the last request took.
    pub rounds: usize,
}

impl World {
    pub fn new(policy: Policy) -> Self {
        let kenji = KnownPerson { id: KENJI, ..hana() };
        let factors = vec![app(), codes(), passkey(), mail(), certificate()];
        Self {
            policy,
            now: NOW,
            demand: nobody().demand,
            position: campus(),
            people: vec![KnownPerson { factors, ever_had_factor: true, ..hana() }, kenji],
            session: None,
            tab: Tab::default(),
            other_tab: Tab::default(),
            ledger: Vec::new(),
            rounds: 0,
        }
    }

    pub fn person(&mut self, id: PersonId) -> &mut KnownPerson {
        self.people.iter_mut().find(|person| person.id == id).expect("a person of this world")
    }

    /// A new request of a service: in this tab everything begins again.
    pub fn request(&mut self, demand: Demand) {
        self.demand = demand;
        self.tab = Tab::default();
    }

    pub fn go(&mut self, inside: bool) {
        self.position = if inside { campus() } else { home() };
    }

    pub fn hold(&mut self, state: PersonState) {
        self.person(HANA).state = state;
    }

    pub fn set_factor(&mut self, id: FactorId, state: FactorState) {
        for factor in &mut self.person(HANA).factors {
            if factor.id == id {
                factor.state = state;
            }
        }
    }

    pub fn facts(&self, submitted: Option<Submission>) -> Facts {
        let subject = self.tab.typed.or(self.session.as_ref().map(|session| session.person));
        let person = self
            .people
            .iter()
            .find(|person| Some(person.id) == subject)
            .map_or(PersonFacts::Unknown, |known| PersonFacts::Known(Box::new(known.clone())));
        Facts {
            now: self.now,
            demand: self.demand.clone(),
            position: self.position.clone(),
            attempt: self.tab.attempt.clone(),
            identifier: match self.tab.typed {
                Some(_) => IdentifierFacts::Typed { username: None, hints: Vec::new() },
                None => IdentifierFacts::Absent,
            },
            throttle: no_wait(),
            person,
            session: self.session.clone(),
            proofs: self.tab.proofs.clone(),
            submitted,
            ..nobody()
        }
    }

    /// One request: what was sent is decided, checked if the engine says so, decided again and stored.
    pub fn send(&mut self, submitted: Option<Submission>, luck: Luck) -> Decision {
        let mut facts = self.facts(submitted);
        let mut decision = decide(&self.policy, &facts);
        self.rounds = 1;
        if let Next::Check(check) = &decision.next {
            self.begin_attempt(&facts);
            facts.attempt.clone_from(&self.tab.attempt);
            facts.verdict = Some(self.verdict(check, &facts, luck));
            decision = decide(&self.policy, &facts);
            self.rounds = 2;
        }
        if let (Some(Submission::Choose(method)), Next::Ask(_)) = (submitted, &decision.next)
            && let Some(attempt) = &mut self.tab.attempt
        {
            attempt.chosen = Some(method);
        }
        for effect in &decision.effects {
            self.store(effect, &facts);
        }
        if matches!(decision.next, Next::Admit(_)) {
            self.tab = Tab { typed: None, ..Tab::default() };
        }
        decision
    }

    fn begin_attempt(&mut self, facts: &Facts) {
        let epoch = facts.known().map_or(0, |person| person.credential_epoch);
        self.tab.attempt.get_or_insert(AttemptFacts {
            begun_at: self.now,
            zone_at_begin: zone("campus"),
            credential_epoch: epoch,
            chosen: None,
            last_drift: None,
            mailed: None,
        });
    }

    fn verdict(&mut self, check: &Check, facts: &Facts, luck: Luck) -> Verdict {
        let known = facts.known();
        match (check, luck) {
            (_, Luck::Busy) => Verdict::Busy,
            (Check::Password, Luck::Right) => {
                let Some(person) = known else { return Verdict::PasswordMismatch };
                self.show(person, Method::Password, None, false);
                Verdict::PasswordMatch
            }
            (Check::Password, _) => Verdict::PasswordMismatch,
            (Check::Passkey { factors, holder }, Luck::Right) => {
                let Some(person) = known else { return Verdict::PasskeyUnknown };
                let mine = person.factors.iter().find(|known| {
                    known.method == Method::Passkey
                        && (factors.is_empty() || factors.contains(&known.id))
                });
                let Some(factor) = mine.map(|known| known.id) else {
                    return Verdict::PasskeyUnknown;
                };
                let user_verified = *holder == Holder::Verified;
                self.show(person, Method::Passkey, Some(factor), user_verified);
                Verdict::PasskeyAccepted { factor, user_verified, counter: 0 }
            }
            (Check::Passkey { .. }, Luck::Reused) => Verdict::PasskeySpent,
            (Check::Passkey { .. }, Luck::Malformed) => Verdict::PasskeyUnverified,
            (Check::Passkey { .. }, Luck::Wrong | Luck::Drift(_)) => Verdict::PasskeyRefused,
            (Check::Certificate { factors }, Luck::Right) => {
                let person = known.expect("a certificate of nobody is never checked");
                // Somebody who may have one from elsewhere, and has not.
                let Some(factor) = factors.first().copied() else {
                    return Verdict::CertificateRefused(CertificateRefusal::NotPresented);
                };
                self.show(person, Method::Certificate, Some(factor), false);
                Verdict::CertificateAccepted { factor }
            }
            (Check::Certificate { .. }, Luck::Reused) => {
                Verdict::CertificateRefused(CertificateRefusal::Stale)
            }
            (Check::Certificate { .. }, Luck::Malformed) => {
                Verdict::CertificateRefused(CertificateRefusal::NotPresented)
            }
            (Check::Certificate { .. }, Luck::Wrong | Luck::Drift(_)) => {
                Verdict::CertificateRefused(CertificateRefusal::OtherPerson)
            }
            (Check::Code { method, factors }, Luck::Right) => {
                let person = known.expect("a code of nobody is never checked");
                self.show(person, *method, factors.first().copied(), false);
                let factor = *factors.first().expect("a code is checked against some factor");
                Verdict::CodeAccepted { factor, step: 1 }
            }
            (Check::Code { factors, method: Method::Totp }, Luck::Drift(step)) => {
                Verdict::CodeDrift { factor: factors[0], step, offset_seconds: 90 }
            }
            (Check::Code { .. }, Luck::Malformed) => Verdict::CodeMalformed,
            (Check::Code { .. }, Luck::Reused) => Verdict::CodeReused,
            (Check::Code { .. }, Luck::Wrong | Luck::Drift(_)) => Verdict::CodeWrong,
        }
    }

    fn show(
        &mut self,
        person: &KnownPerson,
        method: Method,
        factor: Option<FactorId>,
        user_verified: bool,
    ) {
        self.ledger.push(Shown {
            person: person.id,
            method,
            factor,
            at: self.now,
            epoch: person.credential_epoch,
            user_verified,
        });
    }

    fn store(&mut self, effect: &Effect, facts: &Facts) {
        match effect {
            Effect::RecordProof(proof) => {
                if let (true, Some(attempt), Some(person)) =
                    (self.tab.proofs.is_empty(), &mut self.tab.attempt, facts.known())
                {
                    attempt.credential_epoch = person.credential_epoch;
                }
                self.tab.proofs.push(proof.clone());
            }
            Effect::BurnCode { factor, step, offset_seconds } => {
                if let Some(attempt) = &mut self.tab.attempt {
                    let (factor, step) = (*factor, *step);
                    attempt.last_drift =
                        Some(Drift { factor, step, offset_seconds: *offset_seconds });
                }
            }
            Effect::ForgetDrift => {
                if let Some(attempt) = &mut self.tab.attempt {
                    attempt.last_drift = None;
                }
            }
            Effect::SendCode { factor } => {
                if let Some(attempt) = &mut self.tab.attempt {
                    let number = attempt.mailed.map_or(1, |mailed| mailed.number + 1);
                    attempt.mailed = Some(Mailed { factor: *factor, number, at: self.now });
                }
            }
            Effect::OpenSession => self.open_session(facts),
            Effect::TouchSession => {
                if let Some(session) = &mut self.session {
                    session.used_at = self.now;
                }
            }
            Effect::CountFailure { .. }
            | Effect::RepeatFailure { .. }
            | Effect::ClearFailures { .. }
            | Effect::GiveBack { .. }
            | Effect::SpendCode { .. }
            | Effect::UsePasskey { .. }
            | Effect::Rehash
            | Effect::RememberDevice
            | Effect::Notify(_) => {}
        }
    }

    fn open_session(&mut self, facts: &Facts) {
        let person = facts.known().expect("whoever is let in is known");
        let mut proofs = self.tab.proofs.clone();
        if let Some(old) = &self.session
            && old.person == person.id
            && old.credential_epoch == person.credential_epoch
        {
            proofs.extend(old.proofs.iter().cloned());
        }
        self.session = Some(SessionFacts {
            id: SESSION,
            person: person.id,
            opened_at: self.now,
            used_at: self.now,
            proofs,
            credential_epoch: person.credential_epoch,
        });
    }
}

/// The factors of this world.
pub const FACTORS: [FactorId; 5] = [APP, CODES, PASSKEY, MAIL, CERTIFICATE];
