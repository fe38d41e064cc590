//! Responders of other authorities (OCSP): asked about a certificate while somebody signs in with it, at the addresses in
//! the settings and at no other.
//!
//! Somebody waits meanwhile: each address has two seconds, all of it four, and only so many questions to one issuer are
//! under way side by side, so that a slow one holds up nobody but its own people. What was answered is kept in memory
//! for as long as it holds and is asked anew after the time in the settings; while nobody answers then, an answer that
//! still holds counts on.

use std::cell::Cell;
use std::collections::{HashMap, HashSet};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use moka::sync::Cache;
use sekimori_base::limits::CLOCK_SKEW_SECONDS_MAX;
use sekimori_base::{Timestamp, random};
use sekimori_directory::settings::CertificateIssuer;
use sekimori_pki::ocsp::{NONCE_BYTES, StatusAnswer, question};
use sekimori_pki::presented::{IssuerId, Revocation, RevocationUnknown, Status};
use sekimori_pki::{Certificate, Serial};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::{Issuers, NUMBER_BYTES, TAG_BYTES, number, until_stale};
use crate::Flow;
use crate::tenant::Tenant;

/// An address that has not answered by then is left alone.
const ADDRESS_WAIT: Duration = Duration::from_secs(2);
/// All of asking is over by then, waiting for a place included.
const WAIT_MAX: Duration = Duration::from_secs(4);
/// So many questions to one issuer are under way side by side, on this node.
const SIDE_BY_SIDE: usize = 16;
/// So many answers are kept.
const ANSWERS_MAX: u64 = 20_000;

/// What comes back for a question, or in words why nothing does.
pub type Carried = Pin<Box<dyn Future<Output = Result<Vec<u8>, String>> + Send>>;

/// Carries a question (DER) to the address of a responder; what comes back is not longer than
/// [`ANSWER_BYTES_MAX`](sekimori_pki::ocsp::ANSWER_BYTES_MAX).
pub type Carrier = dyn Fn(String, Vec<u8>) -> Carried + Send + Sync;

/// What responders have said.
pub(super) struct Heard {
    answers: Cache<(IssuerId, Serial), Answer>,
    /// The ids that revoked ones would have as factors, without the time of their end.
    revoked: Cache<[u8; TAG_BYTES + NUMBER_BYTES], ()>,
    /// Addresses that gave no answer when they were last asked.
    failing: Mutex<HashSet<String>>,
    /// Places for questions, of each issuer by itself: a slow one holds up nobody but its own people.
    places: Mutex<HashMap<IssuerId, Arc<Semaphore>>>,
}

#[derive(Clone, Copy)]
struct Answer {
    said: StatusAnswer,
    asked_at: Timestamp,
}

/// Of which certificate the check wanted to know whether it was taken back: none that would not hold anyway.
#[derive(Default)]
struct Wanted(Cell<Option<(IssuerId, Serial)>>);

impl Revocation for Wanted {
    fn status(&self, issuer: IssuerId, certificate: &Certificate, _: Timestamp) -> Status {
        self.0.set(Some((issuer, certificate.serial())));
        Status::Unknown(RevocationUnknown::Missing)
    }
}

impl Default for Heard {
    fn default() -> Self {
        Self {
            answers: Cache::new(ANSWERS_MAX),
            revoked: Cache::new(ANSWERS_MAX),
            failing: Mutex::default(),
            places: Mutex::default(),
        }
    }
}

impl Heard {
    /// What goes on to be known when settings or keys are taken anew: what was taken back stays so; answers as well if
    /// the issuers are as they were.
    pub(super) fn after(before: &Self, same_issuers: bool) -> Self {
        let answers = if same_issuers { before.answers.clone() } else { Cache::new(ANSWERS_MAX) };
        Self { answers, revoked: before.revoked.clone(), ..Self::default() }
    }

    /// Where questions to this issuer wait for their turn.
    fn places_of(&self, issuer: IssuerId) -> Arc<Semaphore> {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = || Arc::new(Semaphore::new(SIDE_BY_SIDE));
        Arc::clone(places.entry(issuer).or_insert_with(fresh))
    }

    /// What is known of a certificate, beside what the lists say of it.
    pub(super) fn beside(
        &self,
        list: Status,
        settings: &CertificateIssuer,
        (issuer, certificate): (IssuerId, &Certificate),
        at: Timestamp,
    ) -> Status {
        let answer = self.answers.get(&(issuer, certificate.serial()));
        let answer = answer.map(|answer| {
            let until = until_stale(settings, answer.said.this_update(), answer.said.next_update());
            match answer.said.status(issuer, certificate, at) {
                Status::Good | Status::Unknown(_) if until <= at => {
                    Status::Unknown(RevocationUnknown::Stale { next_update: until })
                }
                said => said,
            }
        });
        match (answer, list) {
            (Some(revoked @ Status::Revoked { .. }), _) | (_, revoked @ Status::Revoked { .. }) => {
                revoked
            }
            // Its issuer has no such certificate: no list would name it.
            (Some(never @ Status::Unknown(RevocationUnknown::NeverIssued)), _) => never,
            (Some(Status::Good), _) | (_, Status::Good) => Status::Good,
            (Some(Status::Unknown(_)) | None, Status::Unknown(_)) => {
                Status::Unknown(RevocationUnknown::Unanswered)
            }
        }
    }

    /// Whether a responder said that the certificate of this key was taken back.
    pub(super) fn revoked(&self, key: &[u8; TAG_BYTES + NUMBER_BYTES]) -> bool {
        self.revoked.contains_key(key)
    }

    /// How many addresses gave no answer when they were last asked.
    pub(super) fn failing(&self) -> usize {
        self.failing.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Remembers what became of an address; logged when it changes.
    fn came_of(&self, issuer: &CertificateIssuer, address: &str, problem: Option<&str>) {
        let issuer = &issuer.name;
        let mut failing = self.failing.lock().unwrap_or_else(PoisonError::into_inner);
        match problem {
            Some(problem) if failing.insert(address.to_owned()) => {
                tracing::warn!(%issuer, address, problem, "a responder gives no answer");
            }
            Some(problem) => tracing::debug!(%issuer, address, problem, "a responder is silent"),
            None if failing.remove(address) => {
                tracing::info!(%issuer, address, "a responder answers again");
            }
            None => {}
        }
    }
}

impl Issuers {
    /// How many addresses of responders gave no answer when they were last asked.
    pub fn responders_failing(&self) -> usize {
        self.heard.failing()
    }

    /// Whom to ask about what was presented; nobody, if it does not hold anyway or was asked about lately.
    fn to_ask(&self, der: &[u8], now: Timestamp) -> Option<(IssuerId, Serial)> {
        if self.settings.values().all(|settings| settings.responders.is_empty()) {
            return None;
        }
        let wanted = Wanted::default();
        // What it is worth is said later, by what is known then.
        let _ = self.trust.as_ref()?.verify(der, now, &wanted);
        let asked = wanted.0.get()?;
        let settings = self.settings.get(&asked.0)?;
        let lately = self.heard.answers.get(&asked).is_some_and(|answer| {
            let again = answer.asked_at.plus_seconds(i64::from(settings.fetch_minutes) * 60);
            let (said, until) = (answer.said.this_update(), answer.said.next_update());
            now < again.min(until_stale(settings, said, until))
        });
        (!settings.responders.is_empty() && !lately).then_some(asked)
    }

    /// Takes an answer, unless it is older than the one that is here: one played back forgives nobody.
    fn hear(&self, (issuer, serial): (IssuerId, Serial), said: StatusAnswer, asked_at: Timestamp) {
        let heard = &self.heard;
        let here = heard.answers.get(&(issuer, serial));
        if here.is_some_and(|here| here.said.this_update() > said.this_update()) {
            return;
        }
        let mut key = [0; TAG_BYTES + NUMBER_BYTES];
        key[..TAG_BYTES].copy_from_slice(&self.tag(issuer));
        key[TAG_BYTES..].copy_from_slice(&number(self.tenant, issuer, serial));
        match said.said() {
            Status::Revoked { .. } => heard.revoked.insert(key, ()),
            Status::Good | Status::Unknown(_) => heard.revoked.invalidate(&key),
        }
        heard.answers.insert((issuer, serial), Answer { said, asked_at });
    }
}

impl Flow {
    /// From now on questions to responders of other authorities go out by this; without it none is answered.
    pub fn carry_questions(&self, carrier: Arc<Carrier>) {
        // The first one stays: a process has one way out.
        let _ = self.carrier.set(carrier);
    }

    /// Asks the responders about what was presented, if its issuer has some and it would hold. What came of it is
    /// what [`Issuers::judge`] knows afterwards.
    pub(crate) async fn ask_responders(&self, tenant: &Tenant, der: &[u8], now: Timestamp) {
        let issuers = &tenant.issuers;
        let Some((issuer, serial)) = issuers.to_ask(der, now) else { return };
        let Some(settings) = issuers.settings.get(&issuer) else { return };
        let asking = async {
            // The semaphore is never closed; without a place the question is merely not bounded.
            let places = issuers.heard.places_of(issuer);
            let _place = places.acquire().await.ok();
            for address in &settings.responders {
                let asked = timeout(ADDRESS_WAIT, self.ask(issuers, address, issuer, serial));
                let said = match asked.await {
                    Ok(said) => said,
                    Err(_) => Err(format!("no answer within {} seconds", ADDRESS_WAIT.as_secs())),
                };
                issuers.heard.came_of(settings, address, said.as_ref().err().map(String::as_str));
                if let Ok(said) = said {
                    issuers.hear((issuer, serial), said, now);
                    return;
                }
            }
        };
        if timeout(WAIT_MAX, asking).await.is_err() {
            tracing::warn!(issuer = %settings.name, "too many questions to its responder wait");
        }
    }

    async fn ask(
        &self,
        issuers: &Issuers,
        address: &str,
        issuer: IssuerId,
        serial: Serial,
    ) -> Result<StatusAnswer, String> {
        let carrier = self.carrier.get().ok_or("nobody carries questions here")?;
        let issuer = issuers.trust.as_ref().and_then(|trust| trust.issuer(issuer));
        let issuer = issuer.ok_or("its issuer is not known")?;
        let nonce: [u8; NONCE_BYTES] = random(&*self.entropy);
        let question = question(issuer, serial, &nonce).map_err(|fault| fault.to_string())?;
        let answer = carrier(address.to_owned(), question).await?;
        // Read by the clock of the moment in which it came.
        let now = self.clock.now();
        let said = StatusAnswer::read(&answer, issuer, serial, &nonce, now);
        let said = said.map_err(|refused| refused.to_string())?;
        let (from, until) = (said.this_update(), said.next_update());
        if until <= now {
            return Err(format!("the answer was due for replacement at {until}"));
        }
        if from > now.plus_seconds(CLOCK_SKEW_SECONDS_MAX) {
            return Err(format!("the answer begins at {from}, which is not yet"));
        }
        Ok(said)
    }
}
