//! Facts with what follows from them, computed once for all rules.

use sekimori_base::Timestamp;
use sekimori_directory::Method;
use sekimori_directory::settings::Requirement;

use crate::facts::{
    FactorState, Facts, KnownPerson, Proof, SessionFacts, Submission, Verdict, assurance_of,
};
use crate::policy::{Policy, PolicyMatch};
use crate::throttle::Guess;
use crate::{Assurance, AssuranceDemand, Choice, Effect, Notice, Usability};

pub(crate) struct Weighed<'a> {
    pub policy: &'a Policy,
    pub facts: &'a Facts,
    pub matched: PolicyMatch,
    /// What the verdict on the submission proves.
    pub fresh: Option<Proof>,
    /// The standing session, if it still stands.
    pub session: Option<&'a SessionFacts>,
}

impl<'a> Weighed<'a> {
    pub fn new(policy: &'a Policy, facts: &'a Facts) -> Self {
        let matched = policy.matching(&facts.position, &facts.service, facts.known());
        let session = facts.session.as_ref().filter(|session| stands(policy, facts, session));
        Self { policy, facts, matched, fresh: facts.fresh_proof(), session }
    }

    pub fn person(&self) -> Option<&'a KnownPerson> {
        self.facts.known()
    }

    /// Proofs that still count: those of this attempt, the fresh one, and those of the standing session.
    pub fn proofs(&self) -> Vec<&Proof> {
        let now = self.facts.now;
        let limits = &self.policy.session;
        let row_limit = self.matched.max_age_seconds.unwrap_or(u32::MAX);
        let session =
            self.session.iter().flat_map(|session| session.proofs.iter()).filter(|proof| {
                let life = if proof.method.opens() {
                    limits.absolute_seconds
                } else {
                    limits.second_factor_seconds
                };
                proof.within(now, life.min(row_limit)) && self.factor_still_ready(proof)
            });
        self.attempt_proofs().chain(session).collect()
    }

    /// Proofs made in this attempt, the fresh one among them.
    pub fn attempt_proofs(&self) -> impl Iterator<Item = &Proof> {
        self.facts
            .proofs
            .iter()
            .filter(|proof| self.person().is_some() && self.factor_still_ready(proof))
            .chain(self.fresh.iter())
    }

    /// A factor that was removed or suspended meanwhile proves nothing any more.
    fn factor_still_ready(&self, proof: &Proof) -> bool {
        let Some(id) = proof.factor else { return true };
        self.person().is_some_and(|person| {
            person
                .factors
                .iter()
                .any(|factor| factor.id == id && factor.state == FactorState::Ready)
        })
    }

    /// The newest opening proof that counts.
    pub fn opening(&self) -> Option<&Proof> {
        self.proofs().into_iter().filter(|proof| proof.method.opens()).max_by_key(|proof| proof.at)
    }

    /// Somebody has shown the primary credential, in this attempt or by the standing session.
    pub fn verified(&self) -> bool {
        self.attempt_proofs().any(|proof| proof.method.opens()) || self.session.is_some()
    }

    /// Proofs of a second factor that the matched row takes.
    pub fn has_second(&self) -> bool {
        self.proofs().iter().any(|proof| !proof.method.opens() && self.row_takes(proof.method))
    }

    pub fn row_takes(&self, method: Method) -> bool {
        self.matched.methods.is_empty() || self.matched.methods.contains(&method)
    }

    /// The level that the counting proofs reach.
    pub fn assurance(&self) -> Option<Assurance> {
        assurance_of(&self.proofs(), &self.policy.settings.mfa_bindings)
    }

    /// The level that the service demands, if it demands one. `Highest` is what the account can reach.
    pub fn demanded(&self) -> Assurance {
        match self.facts.demand.assurance {
            AssuranceDemand::Any | AssuranceDemand::Unreachable => Assurance::OneFactor,
            AssuranceDemand::AtLeast(level) => level,
            AssuranceDemand::Highest if self.can_reach_two() => Assurance::TwoFactors,
            AssuranceDemand::Highest => Assurance::OneFactor,
        }
    }

    fn can_reach_two(&self) -> bool {
        self.person().is_some_and(|person| {
            person
                .factors
                .iter()
                .any(|factor| is_usable_now(factor) && self.policy.counts_for_mfa(factor.binding))
        })
    }

    /// Whether one more proof is still missing: for the site, or for the service's level.
    pub fn second_missing(&self) -> bool {
        let site = self.matched.require == Requirement::TwoFactors && !self.has_second();
        let service = self.assurance().is_some_and(|reached| reached < self.demanded());
        let own = self.facts.demand.assurance == AssuranceDemand::Highest
            && self.any_usable()
            && !self.proofs().iter().any(|proof| !proof.method.opens());
        site || service || own
    }

    fn any_usable(&self) -> bool {
        self.person().is_some_and(|person| person.factors.iter().any(is_usable_now))
    }

    /// All second-factor methods with whether they can be used now and why not.
    pub fn choices(&self) -> Vec<Choice> {
        Method::ALL
            .into_iter()
            .filter(|method| !method.opens())
            .map(|method| Choice { method, usability: self.usability(method) })
            .collect()
    }

    fn usability(&self, method: Method) -> Usability {
        let factors: Vec<_> = self
            .person()
            .map(|person| person.factors.iter().filter(|known| known.method == method).collect())
            .unwrap_or_default();
        if factors.is_empty() {
            return Usability::NotRegistered;
        }
        if !factors.iter().any(|factor| is_usable_now(factor)) {
            let all = |state| factors.iter().all(|factor| factor.state == state);
            return if all(FactorState::Unfinished) {
                Usability::Unfinished
            } else if all(FactorState::Suspended) {
                Usability::Suspended
            } else {
                Usability::UsedUp
            };
        }
        if !self.row_takes(method) {
            return Usability::NotAllowedHere;
        }
        let enough = self.demanded() == Assurance::OneFactor
            || (method.counts_for_mfa()
                && factors.iter().any(|factor| {
                    is_usable_now(factor) && self.policy.counts_for_mfa(factor.binding)
                }));
        if enough { Usability::Usable } else { Usability::BindingTooWeak }
    }

    /// What is being guessed by the present submission.
    pub fn guess(&self) -> Option<Guess> {
        match self.facts.submitted? {
            Submission::Password => Some(Guess::Password),
            Submission::Code(Method::Totp) => Some(Guess::Totp),
            Submission::Code(Method::RecoveryCode) => Some(Guess::RecoveryCode),
            Submission::Code(Method::Password)
            | Submission::Username
            | Submission::Choose(_)
            | Submission::Empty
            | Submission::Overlong => None,
        }
    }

    /// What a verdict means for counters and proofs, whatever is decided afterwards.
    pub fn verdict_effects(&self) -> Vec<Effect> {
        let (Some(guess), Some(verdict)) = (self.guess(), self.facts.verdict) else {
            return Vec::new();
        };
        let bucket = self.facts.throttle.bucket;
        let failure = Effect::CountFailure { guess, bucket };
        let mut effects = match verdict {
            Verdict::Busy | Verdict::CodeMalformed => vec![Effect::GiveBack { guess, bucket }],
            Verdict::PasswordMismatch
            | Verdict::CodeReused
            | Verdict::CodeWrong
            | Verdict::RecoverySpent => vec![failure],
            Verdict::CodeDrift { factor, step, offset_seconds } => {
                vec![failure, Effect::BurnCode { factor, step, offset_seconds }]
            }
            Verdict::PasswordMatch
            | Verdict::PasswordMatchRehash
            | Verdict::CodeAccepted { .. } => Vec::new(),
        };
        if verdict_is_failed_code(verdict) {
            effects.push(Effect::Notify(Notice::SecondFactorFailed));
        }
        if let Some(proof) = &self.fresh {
            effects.push(Effect::ClearFailures { guess, bucket });
            if let Verdict::CodeAccepted { factor, step } = verdict {
                effects.push(Effect::SpendCode { factor, step });
            }
            if proof.method == Method::RecoveryCode {
                effects.push(Effect::Notify(Notice::RecoveryCodeUsed));
            }
            if verdict == Verdict::PasswordMatchRehash {
                effects.push(Effect::Rehash);
            }
            effects.push(Effect::RecordProof(proof.clone()));
        } else if effects.is_empty() {
            // A positive verdict that proves nothing (the factor vanished meanwhile) counts as a failure.
            effects.push(Effect::CountFailure { guess, bucket });
        }
        effects
    }
}

fn verdict_is_failed_code(verdict: Verdict) -> bool {
    matches!(
        verdict,
        Verdict::CodeReused
            | Verdict::CodeWrong
            | Verdict::RecoverySpent
            | Verdict::CodeDrift { .. }
    )
}

fn is_usable_now(factor: &crate::FactorFacts) -> bool {
    factor.state == FactorState::Ready && factor.codes_left != Some(0)
}

/// A session stands while it is young enough, in use, of the account that is asked about, and no password
/// or factor was changed since.
fn stands(policy: &Policy, facts: &Facts, session: &SessionFacts) -> bool {
    let limits = &policy.session;
    let young = |since: Timestamp, seconds: u32| {
        (0..=i64::from(seconds) * 1000).contains(&facts.now.millis_since(since))
    };
    facts.known().is_some_and(|person| {
        person.id == session.person && person.credential_epoch == session.credential_epoch
    }) && young(session.opened_at, limits.absolute_seconds)
        && young(session.used_at, limits.idle_seconds)
}
