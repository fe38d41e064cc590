//! One round of a sign-in: what was loaded, as facts.

use sekimori_base::{AttemptId, Fault, PersonId, Secret, Timestamp};
use sekimori_directory::Username;
use sekimori_directory::settings::ZoneName;
use sekimori_directory::username::{InputHint, TypedName};
use sekimori_login::throttle::{Bucket, MailRow};
use sekimori_login::{
    AttemptFacts, BrowserFacts, Decision, Demand, FACTS_SCHEMA, Facts, Freshness, IdentifierFacts,
    PersonFacts, Proof, Submission, ThrottleFacts, Verdict, decide,
};
use sekimori_store::{
    Counter, CounterKey, Digest, Loaded, Reserved, StoredPerson, StoredSession, Wanted, Write,
};

use super::certificate::add_certificates;
use super::mail_code::SentCode;
use super::passkey::{UsedPasskey, waits_for_one_more};
use crate::Flow;
use crate::attempt::AttemptState;
use crate::carried::Carried;
use crate::device::Device;
use crate::door::Door;
use crate::guess::{self, GuessAt};
use crate::typed::Word;
use crate::visitor::Visitor;

/// Where the round stands: before the first credential, or in a stored attempt.
#[derive(Debug, Clone)]
pub(crate) enum Stage {
    /// Nothing is stored.
    Carried(Carried),
    /// A stored attempt, at this version.
    Attempt { id: AttemptId, version: u64, state: Box<AttemptState> },
}

impl Stage {
    pub fn door(&self) -> &Door {
        match self {
            Self::Carried(carried) => &carried.door,
            Self::Attempt { state, .. } => &state.door,
        }
    }

    pub fn other_person(&self) -> bool {
        match self {
            Self::Carried(carried) => carried.other_person,
            Self::Attempt { state, .. } => state.other_person,
        }
    }

    /// What is asked now, of `current` if somebody is known already.
    fn demand(
        &self,
        visitor: &Visitor,
        current: Option<PersonId>,
        session: Option<&StoredSession>,
    ) -> Demand {
        let mut demand = self.door().demand(&visitor.tenant, current);
        let Self::Carried(Carried { fresh: Some(fresh), .. }) = self else { return demand };
        let from = session.and_then(|session| fresh.since(session.facts.id, visitor.now));
        let Some(from) = from else { return demand };
        let since = u32::try_from(visitor.now.seconds_since(from)).unwrap_or(0).saturating_add(1);
        demand.freshness = match demand.freshness {
            Freshness::Any => Freshness::Any,
            Freshness::WithinSeconds(seconds) => Freshness::WithinSeconds(seconds.max(since)),
            Freshness::Now => Freshness::WithinSeconds(since),
        };
        demand
    }

    /// The user name as typed; `None` before it was.
    pub fn typed(&self) -> Option<&str> {
        match self {
            Self::Carried(carried) => carried.name.as_deref(),
            Self::Attempt { state, .. } => {
                Some(state.name.as_str()).filter(|name| !name.is_empty())
            }
        }
    }

    /// What was shown in this attempt.
    fn proofs(&self) -> &[Proof] {
        match self {
            Self::Carried(_) => &[],
            Self::Attempt { state, .. } => &state.proofs,
        }
    }

    /// Somebody has shown a credential in this attempt.
    fn has_proofs(&self) -> bool {
        !self.proofs().is_empty()
    }

    /// When the request came first: it does not grow younger by being carried on.
    pub fn requested_at(&self) -> Timestamp {
        match self {
            Self::Carried(carried) => carried.at,
            Self::Attempt { state, .. } => state.requested_at,
        }
    }

    pub fn zone_at_begin(&self) -> Option<&ZoneName> {
        match self {
            Self::Carried(_) => None,
            Self::Attempt { state, .. } => Some(&state.zone_at_begin),
        }
    }
}

/// Whose account is looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Named {
    /// Nobody's, whatever name was typed.
    Only,
    /// That of the name that was typed.
    LookedUp,
    /// That of a passkey, if it is registered.
    ByPasskey(Option<Digest>),
}

/// What one round knows.
pub(crate) struct Round<'a> {
    pub flow: &'a Flow,
    pub visitor: &'a Visitor,
    pub stage: Stage,
    pub typed: Option<TypedName>,
    pub device: Option<Device>,
    /// The session that is looked at.
    pub session: Option<StoredSession>,
    /// The session of the browser's cookie, also when it is left aside: a new one takes its place.
    pub cookie_session: Option<StoredSession>,
    pub person: Option<StoredPerson>,
    /// The counter of what is being submitted, if anything is.
    pub guess: Option<GuessAt>,
    /// The guess that was reserved there.
    pub reserved: Option<Reserved>,
    /// The guess is reserved in this counter in the transaction that stores its verdict.
    pub reserving: Option<CounterKey>,
    /// What begins the attempt in the transaction that stores the verdict, and the request as it was before.
    pub begun: Option<(Write, Carried)>,
    /// The passkey that was checked.
    pub passkey: Option<UsedPasskey>,
    /// The number of the certificate that was checked, in hexadecimal.
    pub certificate: Option<String>,
    /// Codes that the person was sent by mail one after another, where one is wished for.
    pub mail_row: Option<MailRow>,
    /// The attempt that the submit would have begun.
    pub new_id: Option<AttemptId>,
    /// A try within the pace of one a second may be held back instead of refused.
    pub may_hold: bool,
    /// The password just typed, for renewing its record.
    pub typed_password: Option<Secret<String>>,
    /// Its digests.
    pub word: Option<Word>,
    /// Hints from the typed password.
    pub hints: Vec<InputHint>,
    pub facts: Facts,
}

impl<'a> Round<'a> {
    /// Load everything that this round's decisions may look at, in one read. Before somebody has shown a credential
    /// for it, and before one is submitted, a name is not even looked up: pages that anybody may ask for take the
    /// same time for every name.
    pub async fn load(
        flow: &'a Flow,
        visitor: &'a Visitor,
        stage: Stage,
        submitted: Option<Submission>,
    ) -> Result<Self, Fault> {
        let credential = submitted.is_some_and(Submission::is_credential);
        let named = if credential || stage.has_proofs() { Named::LookedUp } else { Named::Only };
        Self::load_named(flow, visitor, stage, submitted, named).await
    }

    /// The same for somebody whose credential was shown elsewhere.
    pub async fn load_shown(
        flow: &'a Flow,
        visitor: &'a Visitor,
        stage: Stage,
    ) -> Result<Self, Fault> {
        Self::load_named(flow, visitor, stage, None, Named::LookedUp).await
    }

    async fn load_named(
        flow: &'a Flow,
        visitor: &'a Visitor,
        stage: Stage,
        submitted: Option<Submission>,
        named: Named,
    ) -> Result<Self, Fault> {
        let tenant = &visitor.tenant;
        let typed = stage.typed().map(|typed| TypedName::fold(typed, &tenant.site.mail_domains));
        let device = visitor.device.as_deref().and_then(|text| Device::open(tenant, text));
        let subject = match (&typed, submitted.and_then(Submission::guess)) {
            (Some(typed), _) => typed.folded().to_owned(),
            // A step-up of a standing session: the guess counts for the session's account.
            (None, Some(_)) => session_username(flow, visitor).await?.unwrap_or_default(),
            (None, None) => String::new(),
        };
        let guesses = candidates(visitor, &subject, device.as_ref(), submitted);
        let wanted = Wanted {
            session: visitor
                .session_digest()
                .filter(|_| named != Named::Only || !stage.other_person())
                .map(Into::into),
            counters: guesses.iter().map(|guess| guess.key).collect(),
            certificates: tenant.certificates.is_some(),
            ..wanted_person(named, typed.as_ref())
        };
        let Loaded { session, mut person, certificates, counters, .. } =
            flow.store.load(tenant.id, visitor.now, wanted).await?;
        if let Some(person) = &mut person {
            let of_session = session.iter().flat_map(|session| &session.facts.proofs);
            let proofs = stage.proofs().iter().chain(of_session);
            add_certificates(tenant, &mut person.known, &certificates, proofs, visitor.now);
        }
        let person = person.filter(|found| match (named, &typed) {
            (Named::ByPasskey(_), _) => true,
            // The account of the name that was typed counts, and no other, even if it does not exist.
            (_, Some(typed)) => Some(&found.person.username) == typed.name(),
            (_, None) => !stage.other_person(),
        });
        let cookie_session = session;
        let owner = person.as_ref().map(|person| person.person.id);
        let by_passkey = matches!(named, Named::ByPasskey(_));
        let session = cookie_session.clone().filter(|session| {
            !stage.other_person() && (!by_passkey || owner == Some(session.facts.person))
        });
        let mut round = Self {
            flow,
            visitor,
            facts: empty_facts(visitor, &stage),
            stage,
            typed,
            device,
            session,
            cookie_session,
            person,
            guess: None,
            reserved: None,
            reserving: None,
            begun: None,
            passkey: None,
            certificate: None,
            mail_row: None,
            new_id: None,
            may_hold: false,
            typed_password: None,
            word: None,
            hints: Vec::new(),
        };
        round.fill(submitted, &guesses, &counters);
        Ok(round)
    }

    /// Load for a passkey's answer. Where somebody is known already it is the one more proof, and theirs; else it says
    /// itself whose it is.
    pub async fn load_passkey(
        flow: &'a Flow,
        visitor: &'a Visitor,
        stage: Stage,
        digest: Option<Digest>,
    ) -> Result<Self, Fault> {
        let submitted = Some(Submission::Passkey);
        if stage.has_proofs() {
            return Self::load(flow, visitor, stage, submitted).await;
        }
        if visitor.session.is_some() && !stage.other_person() && stage.typed().is_none() {
            let round = Self::load(flow, visitor, stage.clone(), submitted).await?;
            if waits_for_one_more(&round.decide()) {
                return Ok(round);
            }
        }
        Self::load_named(flow, visitor, stage, submitted, Named::ByPasskey(digest)).await
    }

    /// A passkey has said whose this sign-in is: what follows is about them, whatever name was typed.
    pub fn named_by_passkey(&mut self) {
        let Some(person) = &self.person else { return };
        let username = &person.person.username;
        let stands = self.session.as_ref().is_some_and(|one| one.facts.person == person.person.id);
        let typed = self.typed.as_ref().and_then(TypedName::name);
        if typed == Some(username) || (self.typed.is_none() && stands) {
            return;
        }
        let name = username.to_string();
        self.typed = Some(TypedName::fold(&name, &self.visitor.tenant.site.mail_domains));
        self.facts.identifier =
            IdentifierFacts::Typed { username: Some(name.clone()), hints: Vec::new() };
        match &mut self.stage {
            Stage::Carried(carried) => {
                carried.name = Some(name);
                carried.other_person |= !stands;
            }
            Stage::Attempt { state, .. } => {
                state.name = name;
                state.other_person |= !stands;
            }
        }
    }

    fn fill(&mut self, submitted: Option<Submission>, guesses: &[GuessAt], counters: &[Counter]) {
        let known = self.person.as_ref().map(|person| person.known.clone());
        let current = known.as_ref().map(|known| known.id);
        self.facts.demand = self.stage.demand(self.visitor, current, self.session.as_ref());
        self.facts.person =
            known.map_or(PersonFacts::Unknown, |known| PersonFacts::Known(Box::new(known)));
        self.facts.session = self.session.as_ref().map(|session| session.facts.clone());
        self.facts.submitted = submitted;
        if let Some(typed) = &self.typed {
            self.facts.identifier = IdentifierFacts::Typed {
                username: self
                    .person
                    .as_ref()
                    .filter(|found| typed.name() == Some(&found.person.username))
                    .map(|found| found.person.username.to_string()),
                hints: typed.hints().to_vec(),
            };
        }
        if let Stage::Attempt { state, .. } = &self.stage {
            self.facts.proofs.clone_from(&state.proofs);
        }
        self.facts.browser.last_method = Device::last(self.device.as_ref(), self.username());
        let chosen = guess::choose(guesses, counters);
        self.facts.browser.known_device =
            chosen.as_ref().is_some_and(|(guess, _)| guess.bucket == Bucket::KnownDevice);
        self.facts.throttle = throttle_facts(self, chosen.as_ref().map(|(_, counter)| counter));
        if let Some((guess, _)) = &chosen {
            self.facts.throttle.bucket = guess.bucket;
        }
        self.guess = chosen.map(|(guess, _)| guess);
    }

    /// The attempt stands in the store now, at this version.
    pub fn stored_as(&mut self, id: AttemptId, version: u64, state: AttemptState) {
        self.stage = Stage::Attempt { id, version, state: Box::new(state) };
    }

    /// Ask the engine.
    pub fn decide(&self) -> Decision {
        decide(&self.visitor.tenant.policy, &self.facts)
    }

    /// Facts with the verdict of the check.
    pub fn with_verdict(mut self, verdict: Verdict) -> Self {
        self.facts.verdict = Some(verdict);
        self
    }

    /// Facts and stage as before the check: the guess was not granted, so that nobody may know its verdict.
    pub fn unchecked(&mut self) {
        self.facts.verdict = None;
        self.reserved = None;
        self.reserving = None;
        if let Some((_, before)) = self.begun.take() {
            self.stage = Stage::Carried(before);
        }
    }

    /// The attempt and version that the form was made for; 0 for one that begins with this submit.
    pub fn submitted_to(&self) -> (AttemptId, u64) {
        match &self.stage {
            Stage::Attempt { id, version, .. } => {
                (*id, if self.begun.is_some() { 0 } else { *version })
            }
            Stage::Carried(_) => (self.new_id.unwrap_or(AttemptId::from_bytes([0; 16])), 0),
        }
    }

    /// The key of the counter that `method`'s guesses use.
    pub fn counter_key(&self) -> Option<CounterKey> {
        self.guess.as_ref().map(|guess| guess.key)
    }

    /// The folded name, or the name of the person of the session.
    pub fn name(&self) -> Option<String> {
        match &self.typed {
            Some(typed) => Some(typed.folded().to_owned()),
            None => self.username().map(ToString::to_string),
        }
    }

    pub fn username(&self) -> Option<&Username> {
        self.person.as_ref().map(|person| &person.person.username)
    }
}

fn empty_facts(visitor: &Visitor, stage: &Stage) -> Facts {
    let tenant = &visitor.tenant;
    let service = stage.door().service();
    Facts {
        schema: FACTS_SCHEMA,
        now: visitor.now,
        demand: stage.demand(visitor, None, None),
        service: tenant.service_facts(&service),
        position: visitor.position.clone(),
        attempt: match stage {
            Stage::Carried(_) => None,
            Stage::Attempt { state, .. } => Some(attempt_facts(state)),
        },
        browser: BrowserFacts { known_device: false, last_method: None },
        identifier: IdentifierFacts::Absent,
        throttle: ThrottleFacts {
            bucket: unknown_bucket(visitor),
            failures: 0,
            wait_until: None,
            source_wait_until: None,
            reservation_refused: false,
            repeated: false,
            alert_wait_until: None,
            mail_wait_until: None,
        },
        person: PersonFacts::Unknown,
        session: None,
        proofs: Vec::<Proof>::new(),
        answered_lately: 0,
        submitted: None,
        verdict: None,
    }
}

fn attempt_facts(state: &AttemptState) -> AttemptFacts {
    AttemptFacts {
        begun_at: state.begun_at,
        zone_at_begin: state.zone_at_begin.clone(),
        credential_epoch: state.credential_epoch,
        chosen: state.last_method(),
        last_drift: state.last_drift,
        mailed: state.mailed.last().map(SentCode::mailed),
    }
}

pub(crate) fn unknown_bucket(visitor: &Visitor) -> Bucket {
    if visitor.position.inside { Bucket::UnknownInside } else { Bucket::UnknownOutside }
}

/// The counters that may apply to what is submitted: the known device's first, if there is one.
pub(crate) fn candidates(
    visitor: &Visitor,
    subject: &str,
    device: Option<&Device>,
    submitted: Option<Submission>,
) -> Vec<GuessAt> {
    let Some(guess) = submitted.and_then(Submission::guess) else { return Vec::new() };
    let known = device
        .filter(|device| device.knows(subject))
        .map(|device| guess::at(&visitor.tenant, guess, Bucket::KnownDevice, subject, device.id()));
    let unknown = guess::at(&visitor.tenant, guess, unknown_bucket(visitor), subject, 0);
    known.into_iter().chain([unknown]).collect()
}

async fn session_username(flow: &Flow, visitor: &Visitor) -> Result<Option<String>, Fault> {
    let session = visitor.session_digest().map(Into::into);
    let wanted = Wanted { session, ..Wanted::default() };
    let loaded = flow.store.load(visitor.tenant.id, visitor.now, wanted).await?;
    Ok(loaded.person.map(|person| person.person.username.to_string()))
}

/// Whom to look up: by the name, where one counts, or by the passkey, which says itself whose it is.
fn wanted_person(named: Named, typed: Option<&TypedName>) -> Wanted {
    let looked_up = typed.filter(|_| named == Named::LookedUp);
    Wanted {
        username: looked_up.and_then(|typed| typed.name().cloned()),
        credential: match named {
            // Bytes that no digest has lead to nobody.
            Named::ByPasskey(digest) => Some(digest.unwrap_or(Digest::from_bytes([0; 32]))),
            Named::Only | Named::LookedUp => None,
        },
        ..Wanted::default()
    }
}

fn throttle_facts(round: &Round<'_>, counter: Option<&Counter>) -> ThrottleFacts {
    let visitor = round.visitor;
    let source = (!visitor.position.inside && !round.facts.browser.known_device)
        .then(|| round.flow.sources.wait_until(visitor.tenant.id, visitor.network(), visitor.now))
        .flatten();
    ThrottleFacts {
        bucket: unknown_bucket(visitor),
        failures: counter.map_or(0, |counter| counter.failures),
        wait_until: counter.and_then(|counter| counter.wait_until),
        source_wait_until: source,
        reservation_refused: counter.is_some_and(|counter| counter.busy),
        repeated: false,
        alert_wait_until: None,
        mail_wait_until: None,
    }
}
