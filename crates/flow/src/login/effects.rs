//! A decision's effects as writes of one transaction.

use sekimori_base::{FactorId, Fault, SessionId};
use sekimori_directory::Method;
use sekimori_login::{Decision, Effect, Proof, standing_session};
use sekimori_store::{Conflict, Digest, NewSession, Reserved, StoredSession, Write};

use super::mail_code::SentCode;
use super::reserve::Reserve;
use super::round::Round;
use crate::Flow;
use crate::device::Device;
use crate::door::Answer;
use crate::incident::IncidentCode;
use crate::token::{self, Kind};
use crate::view::Cookies;

/// A session's last use is written down at most this often, in seconds.
const TOUCH_SECONDS: i64 = 60;

/// What a transaction is made of, and what leaves after it.
#[derive(Default)]
pub(super) struct Plan {
    pub writes: Vec<Write>,
    pub cookies: Cookies,
    pub answer: Option<Answer>,
    /// What is stored of the code in the answer.
    pub code: Option<Digest>,
    pub incident: Option<IncidentCode>,
    /// The code by mail that goes out with it.
    pub sent: Option<SentCode>,
}

/// What became of a transaction.
pub(super) enum Settled {
    Done,
    /// The guess could not be reserved; nothing happened.
    NotGranted(Reserve),
    /// A write was refused; nothing happened.
    Refused(Conflict),
}

impl Flow {
    pub(super) async fn add_effect(
        &self,
        plan: &mut Plan,
        round: &Round<'_>,
        decision: &Decision,
        effect: &Effect,
        opened: &mut Option<SessionId>,
    ) -> Result<(), Fault> {
        let mut counter = |write: fn(Reserved) -> Write| {
            plan.writes.extend(round.reserved.map(write));
        };
        match effect {
            Effect::CountFailure { .. } => counter(Write::CounterFail),
            Effect::RepeatFailure { .. } => counter(Write::CounterRepeat),
            Effect::ClearFailures { .. } => counter(Write::CounterClear),
            Effect::GiveBack { .. } => counter(Write::CounterGiveBack),
            Effect::SpendCode { factor, step } => {
                plan.writes.extend(spend(round, *factor, *step));
            }
            Effect::UsePasskey { factor, counter } => {
                plan.writes.extend(round.use_passkey(*factor, *counter)?);
            }
            Effect::BurnCode { factor, step, .. } => {
                plan.writes.push(Write::BurnStep { factor: *factor, step: *step });
            }
            Effect::OpenSession => {
                *opened = Some(self.add_session(plan, round, decision)?);
            }
            Effect::TouchSession => {
                if let Some(session) = &round.session
                    && round.visitor.now.seconds_since(session.facts.used_at) >= TOUCH_SECONDS
                {
                    plan.writes.push(Write::SessionTouch {
                        digest: session.digest,
                        used_at: round.visitor.now,
                    });
                }
            }
            Effect::RememberDevice => {
                if let Some(name) = round.username() {
                    let tenant = &round.visitor.tenant;
                    let known = round.device.clone();
                    plan.cookies.device = Device::remembering(
                        known,
                        tenant,
                        (name.as_str(), shown_last(round)),
                        round.visitor.now,
                        &*self.entropy,
                    );
                }
            }
            Effect::Notify(notice) => {
                plan.writes.extend(self.notice_writes(round, *notice).await?);
            }
            Effect::SendCode { factor } => self.add_code(plan, round, *factor)?,
            // Proofs are kept with the attempt's state; a rehash runs after the answer.
            Effect::RecordProof(_) | Effect::Rehash | Effect::ForgetDrift => {}
        }
        Ok(())
    }

    /// Open a session with a fresh cookie and the proofs that count; the one that stood dies with it. The same
    /// person's goes on under its id, so that ending it ends all that it ever gave; somebody else's ends with what
    /// it gave.
    fn add_session(
        &self,
        plan: &mut Plan,
        round: &Round<'_>,
        decision: &Decision,
    ) -> Result<SessionId, Fault> {
        let visitor = round.visitor;
        let person = round
            .person
            .as_ref()
            .ok_or_else(|| Fault::new("opening a session", "nobody is known"))?;
        let (text, digest) = token::fresh(&visitor.tenant, Kind::Session, &*self.entropy);
        let mut proofs = round.facts.proofs.clone();
        proofs.extend(new_proofs(decision));
        let own = |session: &&StoredSession| session.facts.person == person.person.id;
        // One that has ended lends a new one neither its age nor what it had shown.
        let stands = standing_session(&visitor.tenant.policy, &round.facts).is_some();
        let standing = round.session.as_ref().filter(own).filter(|_| stands);
        let before = round.cookie_session.as_ref().filter(own);
        let id =
            before.map_or_else(|| SessionId::random(&*self.entropy), |session| session.facts.id);
        if let Some(session) = standing {
            // A step-up adds to what the session had shown; a newer proof of a method replaces an older one.
            let kept = session.facts.proofs.iter().filter(|old| {
                !proofs.iter().any(|new| new.method == old.method && new.factor == old.factor)
            });
            proofs.extend(kept.cloned().collect::<Vec<_>>());
        }
        let opened_at =
            standing.map_or(visitor.now, |session| session.facts.opened_at.min(visitor.now));
        let absolute = i64::from(visitor.tenant.site.session.absolute_seconds);
        let session = NewSession {
            digest: Digest::from_bytes(digest),
            id,
            person: person.person.id,
            proofs,
            device: visitor.user_agent.clone(),
            zone: visitor.position.zone.clone(),
            opened_at,
            expires_at: opened_at.plus_seconds(absolute),
            epoch: person.known.credential_epoch,
        };
        let old = round.visitor.session_digest().map(Digest::from_bytes);
        match (old, before) {
            (Some(old), Some(_)) => plan.writes.push(Write::SessionReplace { old, session }),
            (Some(old), None) => {
                plan.writes.push(Write::SessionEnd { digest: old });
                plan.writes.push(Write::SessionOpen(session));
            }
            (None, _) => plan.writes.push(Write::SessionOpen(session)),
        }
        plan.cookies.session = Some(text.expose().clone());
        Ok(id)
    }
}

pub(super) fn new_proofs(decision: &Decision) -> impl Iterator<Item = Proof> + '_ {
    decision.effects.iter().filter_map(|effect| match effect {
        Effect::RecordProof(proof) => Some(proof.clone()),
        _ => None,
    })
}

/// The writes that spend an accepted code.
pub(crate) fn spend(round: &Round<'_>, factor: FactorId, step: u64) -> Vec<Write> {
    let Some(person) = &round.person else { return Vec::new() };
    let stored = person.factors.iter().find(|stored| stored.facts.id == factor);
    let Some(stored) = stored else { return Vec::new() };
    let person = person.person.id;
    match stored.facts.method {
        Method::Totp => vec![Write::SpendStep { person, factor, step }],
        Method::RecoveryCode => u8::try_from(step)
            .map(|index| Write::SpendRecoveryCode { person, factor, index })
            .into_iter()
            .collect(),
        Method::MailCode => round.spend_mail_code(factor, step),
        Method::Password | Method::Passkey | Method::Certificate => Vec::new(),
    }
}

/// The one more proof that was shown last in this attempt. A recovery code is for an emergency and not to be asked for
/// first the next time.
fn shown_last(round: &Round<'_>) -> Option<Method> {
    let fresh = round.facts.fresh_proof();
    let proofs = round.facts.proofs.iter().chain(fresh.iter());
    let mut methods = proofs.map(|proof| proof.method);
    methods.rfind(|method| method.seconds() && *method != Method::RecoveryCode)
}
