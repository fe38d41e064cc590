//! Facts with what follows from them, computed once for all rules.

use sekimori_base::FactorId;
use sekimori_base::limits::ATTEMPT_SECONDS_MAX;
use sekimori_directory::settings::Requirement;
use sekimori_directory::{Binding, Method};

use crate::facts::{FactorFacts, FactorState, Facts, KnownPerson, Proof, SessionFacts, is_within};
use crate::policy::{Policy, PolicyMatch};
use crate::throttle::Guess;
use crate::{Assurance, AssuranceDemand, Choice, Details, Freshness, Usability};

pub(crate) struct Weighed<'a> {
    pub policy: &'a Policy,
    pub facts: &'a Facts,
    /// The row of the policy for where the person is.
    matched: PolicyMatch,
    /// The row for where they would be, if a sign-in from there is rehearsed.
    rehearsed: Option<PolicyMatch>,
    /// What the verdict on the submission proves.
    pub fresh: Option<Proof>,
    /// The standing session, if it still stands.
    pub session: Option<&'a SessionFacts>,
}

impl<'a> Weighed<'a> {
    pub fn new(policy: &'a Policy, facts: &'a Facts) -> Self {
        let matched = policy.matching(&facts.position, &facts.service, facts.known());
        let rehearsed = facts.demand.as_from.as_ref();
        let rehearsed = rehearsed.map(|at| policy.matching(at, &facts.service, facts.known()));
        let session = standing_session(policy, facts);
        let mut weighed = Self { policy, facts, matched, rehearsed, fresh: None, session };
        // A code never proves anything before the opening proof, nor instead of it (R-MFA-ORDER).
        weighed.fresh =
            facts.fresh_proof().filter(|proof| proof.opens() || weighed.opening().is_some());
        weighed
    }

    pub fn person(&self) -> Option<&'a KnownPerson> {
        self.facts.known()
    }

    /// The rows of the policy that must be satisfied: one, or two in a rehearsal.
    fn rows(&self) -> impl Iterator<Item = &PolicyMatch> {
        [&self.matched].into_iter().chain(&self.rehearsed)
    }

    /// The first row that requires this.
    pub fn row_requiring(&self, require: Requirement) -> Option<&PolicyMatch> {
        self.rows().find(|row| row.require == require)
    }

    /// Proofs that count: those of this attempt, the fresh one, and those of the standing session.
    pub fn proofs(&self) -> impl Iterator<Item = &Proof> {
        self.attempt_proofs().chain(self.session_proofs())
    }

    /// Proofs made in this attempt, the fresh one among them. They were made for this very request, so that they
    /// are fresh enough for whatever it asks, for as long as an attempt lasts.
    pub fn attempt_proofs(&self) -> impl Iterator<Item = &Proof> {
        let life = u32::try_from(ATTEMPT_SECONDS_MAX).unwrap_or(0);
        self.facts
            .proofs
            .iter()
            .filter(move |proof| proof.within(self.facts.now, life) && self.still_proves(proof))
            .chain(self.fresh.iter())
    }

    /// Proofs that the standing session brings: young enough for the site, for the row of the policy and for
    /// what the service asks. All of them: a fresh sign-in is fresh in both factors.
    fn session_proofs(&self) -> impl Iterator<Item = &Proof> {
        let now = self.facts.now;
        let limits = &self.policy.session;
        let fresh = match self.facts.demand.freshness {
            Freshness::Any => Some(u32::MAX),
            Freshness::WithinSeconds(seconds) => Some(seconds),
            Freshness::Now => None,
        };
        let row = self.rows().filter_map(|row| row.max_age_seconds).min().unwrap_or(u32::MAX);
        self.session.into_iter().flat_map(|session| session.proofs.iter()).filter(move |proof| {
            let site =
                if proof.opens() { limits.absolute_seconds } else { limits.second_factor_seconds };
            fresh.is_some_and(|fresh| proof.within(now, site.min(row).min(fresh)))
                && self.still_proves(proof)
        })
    }

    /// What was proven about another person, or by a factor that was removed or suspended meanwhile, proves
    /// nothing here, and nothing is proven about a held account.
    pub fn still_proves(&self, proof: &Proof) -> bool {
        self.person().filter(|person| person.id == proof.person && !person.is_held()).is_some_and(
            |person| match proof.factor {
                Some(id) => person.has_ready(id, proof.method),
                None => proof.method == Method::Password,
            },
        )
    }

    /// Proofs that count as the one more: a passkey that opened is one as well, for as long as a second factor is.
    fn seconds(&self) -> impl Iterator<Item = &Proof> {
        let life = self.policy.session.second_factor_seconds;
        let young = self.session_proofs().filter(move |proof| proof.within(self.facts.now, life));
        self.attempt_proofs().chain(young).filter(|proof| proof.method.seconds())
    }

    /// The newest opening proof that counts.
    pub fn opening(&self) -> Option<&Proof> {
        self.proofs().filter(|proof| proof.opens()).max_by_key(|proof| proof.at)
    }

    /// Somebody has shown the primary credential, in this attempt or by the standing session.
    pub fn verified(&self) -> bool {
        self.session.is_some() || self.attempt_proofs().any(Proof::opens)
    }

    /// The account, if somebody has shown its primary credential: only to them anything is said about it.
    pub fn verified_person(&self) -> Option<&'a KnownPerson> {
        self.person().filter(|_| self.verified())
    }

    /// Whether the row takes the method, and the site has it at all. In a rehearsal each row that asks for one more
    /// proof must take it.
    pub fn row_takes(&self, method: Method) -> bool {
        let asks = |row: &&PolicyMatch| row.require == Requirement::TwoFactors;
        let takes = |row: &PolicyMatch| self.takes(row, method);
        match &self.rehearsed {
            Some(_) if self.rows().any(|row| asks(&row)) => self.rows().filter(asks).all(takes),
            Some(_) | None => takes(&self.matched),
        }
    }

    fn takes(&self, row: &PolicyMatch, method: Method) -> bool {
        (row.methods.is_empty() || row.methods.contains(&method)) && self.policy.has(method)
    }

    /// Whether the row takes what is bound like this: a break-glass code everywhere, or a policy could lock
    /// everybody out.
    fn row_takes_bound(&self, method: Method, binding: Option<Binding>) -> bool {
        self.row_takes(method) || binding == Some(Binding::BreakGlass)
    }

    /// The level that the counting proofs reach.
    pub fn assurance(&self) -> Option<Assurance> {
        self.opening()?;
        let bindings = &self.policy.settings.mfa_bindings;
        let two = self.seconds().any(|proof| proof.counts_as_second(bindings));
        Some(if two { Assurance::TwoFactors } else { Assurance::OneFactor })
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

    pub fn can_reach_two(&self) -> bool {
        self.usable_here().any(|factor| self.counts_for_mfa(factor))
    }

    /// Second factors that can be used now and that the row takes. A break-glass code is not among them: it is for
    /// when there are none, and nobody is asked for it in earnest.
    pub fn usable_here(&self) -> impl Iterator<Item = &'a FactorFacts> {
        self.person().into_iter().flat_map(|person| person.factors.iter()).filter(|factor| {
            factor.method.seconds()
                && factor.binding != Binding::BreakGlass
                && factor.is_usable()
                && self.row_takes(factor.method)
        })
    }

    fn counts_for_mfa(&self, factor: &FactorFacts) -> bool {
        factor.method.counts_for_mfa() && self.policy.counts_for_mfa(factor.binding)
    }

    /// Whether one more proof is still missing: for the site, for the service's level, or because the most is
    /// asked that the account has.
    pub fn second_missing(&self) -> bool {
        let satisfied = |row: &PolicyMatch| {
            self.seconds().any(|proof| {
                self.takes(row, proof.method) || proof.binding == Some(Binding::BreakGlass)
            })
        };
        let site = self.rows().any(|row| row.require == Requirement::TwoFactors && !satisfied(row));
        let service = self.demanded() == Assurance::TwoFactors
            && self.assurance() != Some(Assurance::TwoFactors);
        let own = self.facts.demand.assurance == AssuranceDemand::Highest
            && self.usable_here().next().is_some()
            && self.seconds().next().is_none();
        site || service || own
    }

    /// Whether a code is what is waited for now: who it is is proven afresh enough, and one more proof is missing.
    pub fn awaits_code(&self) -> bool {
        self.opening().is_some() && self.second_missing()
    }

    /// Details that name the row of the policy.
    pub fn row_details(&self) -> Details {
        let row = match &self.rehearsed {
            Some(_) => self.row_requiring(Requirement::TwoFactors),
            None => None,
        };
        let row = row.unwrap_or(&self.matched).row.clone();
        Details { policy_row: Some(row), ..Details::default() }
    }

    /// All second-factor methods with whether they can be used now and why not: those that the site has, and those that
    /// are registered all the same.
    pub fn choices(&self) -> Vec<Choice> {
        Method::ALL
            .into_iter()
            .filter(|method| method.seconds())
            .map(|method| Choice { method, usability: self.usability(method) })
            .filter(|choice| {
                self.policy.has(choice.method) || choice.usability != Usability::NotRegistered
            })
            .collect()
    }

    pub fn usability(&self, method: Method) -> Usability {
        let has = |state| {
            self.person().is_some_and(|person| {
                person.factors.iter().any(|known| known.method == method && known.state == state)
            })
        };
        let presentable =
            || self.person().into_iter().flat_map(|person| person.presentable(method));
        if presentable().next().is_none() {
            return if has(FactorState::Ready) {
                Usability::UsedUp
            } else if has(FactorState::SwitchedOff) {
                Usability::SwitchedOff
            } else if has(FactorState::Suspended) {
                Usability::Suspended
            } else if has(FactorState::Unfinished) {
                Usability::Unfinished
            } else {
                Usability::NotRegistered
            };
        }
        let taken = |factor: &&FactorFacts| self.row_takes_bound(method, Some(factor.binding));
        if !presentable().any(|factor| taken(&factor)) {
            Usability::NotAllowedHere
        } else if self.demanded() == Assurance::TwoFactors && !method.counts_for_mfa() {
            Usability::MethodTooWeak
        } else if self.bringing_on(presentable().filter(taken)).next().is_none() {
            Usability::BindingTooWeak
        } else {
            Usability::Usable
        }
    }

    /// Whether this one factor can be used now, and why not.
    pub fn usability_of(&self, factor: &FactorFacts) -> Usability {
        let two = self.demanded() == Assurance::TwoFactors;
        match factor.state {
            FactorState::Suspended => Usability::Suspended,
            FactorState::SwitchedOff => Usability::SwitchedOff,
            FactorState::Unfinished => Usability::Unfinished,
            FactorState::Elsewhere => Usability::NotRegistered,
            FactorState::Ready if !factor.is_usable() => Usability::UsedUp,
            FactorState::Ready if !self.row_takes_bound(factor.method, Some(factor.binding)) => {
                Usability::NotAllowedHere
            }
            FactorState::Ready if two && !factor.method.counts_for_mfa() => {
                Usability::MethodTooWeak
            }
            FactorState::Ready if two && !self.counts_for_mfa(factor) => Usability::BindingTooWeak,
            FactorState::Ready => Usability::Usable,
        }
    }

    /// The factors of the method whose code would bring the person on: usable, and bound strongly enough.
    pub fn counting(&self, method: Method) -> Vec<FactorId> {
        let usable = self
            .person()
            .into_iter()
            .flat_map(|person| person.usable(method))
            .filter(|factor| self.row_takes_bound(method, Some(factor.binding)));
        self.bringing_on(usable).map(|factor| factor.id).collect()
    }

    /// Those of the factors that are bound strongly enough for what is asked.
    fn bringing_on<'f>(
        &self,
        factors: impl Iterator<Item = &'f FactorFacts>,
    ) -> impl Iterator<Item = &'f FactorFacts> {
        let two = self.demanded() == Assurance::TwoFactors;
        factors.filter(move |factor| !two || self.counts_for_mfa(factor))
    }

    /// Whether the account has anything itself that would bring the person on.
    pub fn has_own(&self) -> bool {
        Method::ALL.into_iter().any(|method| method.seconds() && !self.counting(method).is_empty())
    }

    /// What is being guessed by the present submission.
    pub fn guess(&self) -> Option<Guess> {
        self.facts.submitted?.guess()
    }
}

/// The session of the facts, if it still stands: only such a one is added to by a new proof.
pub fn standing_session<'f>(policy: &Policy, facts: &'f Facts) -> Option<&'f SessionFacts> {
    facts.session.as_ref().filter(|session| stands(policy, facts, session))
}

/// A session stands while it is young enough, in use, of the account that is asked about, and no password
/// or factor was changed since. A held account has none.
fn stands(policy: &Policy, facts: &Facts, session: &SessionFacts) -> bool {
    let limits = &policy.session;
    facts.known().is_some_and(|person| {
        person.id == session.person
            && person.credential_epoch == session.credential_epoch
            && !person.is_held()
    }) && is_within(session.opened_at, facts.now, limits.absolute_seconds)
        && is_within(session.used_at, facts.now, limits.idle_seconds)
}
