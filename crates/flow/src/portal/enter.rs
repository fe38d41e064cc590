//! Coming in: the engine is asked for every page, and every form carries a token of its session.

use sekimori_base::{Bilingual, Fault, Timestamp, random};
use sekimori_directory::Method;
use sekimori_directory::settings::ServiceName;
use sekimori_keys::{KeyedDigest, Purpose};
use sekimori_login::replay::Asked;
use sekimori_login::{Decision, Effect, Facts, Next, Notice, standing_session};
use sekimori_store::{AuditLine, CommitError, Conflict, StoredPerson, StoredSession, Write};

use crate::Flow;
use crate::carried::{Carried, browser_mark};
use crate::door::{Door, PortalPath};
use crate::incident::IncidentCode;
use crate::login::{Round, Stage};
use crate::notices::About;
use crate::record::RecordedFacts;
use crate::tenant::Tenant;
use crate::view::Progress;
use crate::visitor::Visitor;

/// A session's last use is written down at most this often, in seconds.
const TOUCH_SECONDS: i64 = 60;
/// Sessions that may end while a change is stored, before the change is given up.
const TRIES_MAX: usize = 3;

/// How much a page needs to be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Care {
    /// A sign-in as the policy asks for it.
    Plain,
    /// A recent proof at the account's highest level.
    Sensitive,
}

/// What becomes of the person's other sessions after a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Others {
    /// They learn the new epoch.
    Keep,
    /// They end, and all grants with them.
    End,
}

/// What became of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Changed {
    /// It is stored.
    Done,
    /// Something else was changed meanwhile; nothing was stored.
    Overtaken,
}

/// Somebody whom the engine lets into the portal.
pub(crate) struct Inside<'a> {
    pub round: Round<'a>,
    pub person: StoredPerson,
    pub session: StoredSession,
}

/// Who is signed in, for the head of a page, and until when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Who {
    /// Their name.
    pub name: Bilingual,
    /// The session ends at this moment, unless it is used before.
    pub ends_at: Timestamp,
    /// Using it puts the end off by so many seconds; `None` when it ends then in any case.
    pub use_adds_seconds: Option<u32>,
}

/// Whose session it is, as it stands after this request has used it.
pub(crate) fn who(visitor: &Visitor, name: Bilingual, session: &StoredSession) -> Who {
    let limits = &visitor.tenant.site.session;
    let absolute = session.facts.opened_at.plus_seconds(i64::from(limits.absolute_seconds));
    // A use is written down once a minute.
    let unwritten = visitor.now.seconds_since(session.facts.used_at) < TOUCH_SECONDS;
    let used_at = if unwritten { session.facts.used_at } else { visitor.now };
    let idle = used_at.plus_seconds(i64::from(limits.idle_seconds));
    let use_adds_seconds = (idle < absolute).then_some(limits.idle_seconds);
    Who { name, ends_at: idle.min(absolute), use_adds_seconds }
}

/// What the engine says about coming in.
pub(crate) enum Entrance<'a> {
    /// In.
    Inside(Box<Inside<'a>>),
    /// Not now.
    Not(Box<Decision>),
}

impl Flow {
    /// Ask the engine whether the standing session may see `path`; if not, the sign-in comes first.
    pub(crate) async fn enter<'a>(
        &'a self,
        visitor: &'a Visitor,
        path: &str,
        care: Care,
    ) -> Result<Result<Box<Inside<'a>>, Progress>, Fault> {
        let door = door(path, care);
        match self.look_in(visitor, door.clone()).await? {
            Entrance::Inside(inside) => Ok(Ok(inside)),
            Entrance::Not(_) => self.begin(visitor, door).await.map(Err),
        }
    }

    /// Ask the engine, and nothing else.
    pub(crate) async fn look_in<'a>(
        &'a self,
        visitor: &'a Visitor,
        door: Door,
    ) -> Result<Entrance<'a>, Fault> {
        let browser = visitor.browser_digest().map(browser_mark);
        let carried = Carried { browser, ..Carried::new(door, visitor.now) };
        let mut round = Round::load(self, visitor, Stage::Carried(carried), None).await?;
        let decision = round.decide();
        let admitted = matches!(decision.next, Next::Admit(_));
        let (Some(person), Some(session), true) =
            (round.person.take(), round.session.take(), admitted)
        else {
            return Ok(Entrance::Not(Box::new(decision)));
        };
        self.touch(visitor, &session, &decision).await?;
        Ok(Entrance::Inside(Box::new(Inside { round, person, session })))
    }

    /// The session of the browser's cookie, and the name of whoever is signed in: none if it has ended, so that whoever
    /// comes to the browser afterwards does not read it.
    pub(crate) async fn own_session(
        &self,
        visitor: &Visitor,
    ) -> Result<Option<(StoredSession, Option<Bilingual>)>, Fault> {
        let carried = Carried::new(door("/portal", Care::Plain), visitor.now);
        let round = Round::load(self, visitor, Stage::Carried(carried), None).await?;
        let stands = standing_session(&visitor.tenant.policy, &round.facts).is_some();
        let name = round.person.filter(|_| stands).map(|person| person.person.name);
        Ok(round.session.map(|session| (session, name)))
    }

    async fn touch(
        &self,
        visitor: &Visitor,
        session: &StoredSession,
        decision: &Decision,
    ) -> Result<(), Fault> {
        let due = visitor.now.seconds_since(session.facts.used_at) >= TOUCH_SECONDS;
        if !due || !decision.effects.contains(&Effect::TouchSession) {
            return Ok(());
        }
        let write = Write::SessionTouch { digest: session.digest, used_at: visitor.now };
        match self.store.commit(visitor.tenant.id, visitor.now, vec![write]).await {
            Ok(_) | Err(CommitError::Conflict { .. }) => Ok(()),
            Err(CommitError::Fault(fault)) => Err(fault),
        }
    }

    /// Store a change of password or factors. Its own session goes on; `raises` is by how much the writes raise the
    /// person's epoch.
    pub(crate) async fn change(
        &self,
        inside: &Inside<'_>,
        writes: Vec<Write>,
        raises: u64,
        others: Others,
    ) -> Result<Changed, Fault> {
        let (tenant, now) = (inside.visitor().tenant.id, inside.visitor().now);
        let person = inside.person.person.id;
        let epoch = inside.person.known.credential_epoch + raises;
        let renew =
            |session: &StoredSession| Write::SessionRenew { digest: session.digest, person, epoch };
        for _ in 0..TRIES_MAX {
            let mut all = writes.clone();
            all.push(renew(&inside.session));
            match others {
                Others::End => {
                    let except = Some(inside.session.facts.id);
                    all.push(Write::SessionsEndOfPerson { person, except });
                    all.push(Write::GrantsEndOfPerson { person });
                }
                Others::Keep => {
                    let sessions = self.store.sessions_of(tenant, person).await?;
                    all.extend(inside.other_standing(&sessions, now).map(renew));
                }
            }
            match self.store.commit(tenant, now, all).await {
                Ok(_) => return Ok(Changed::Done),
                // Another session ended meanwhile, or this one.
                Err(CommitError::Conflict { conflict: Conflict::SessionGone, .. }) => {}
                Err(CommitError::Conflict { .. }) => return Ok(Changed::Overtaken),
                Err(CommitError::Fault(fault)) => return Err(fault),
            }
        }
        Ok(Changed::Overtaken)
    }

    /// Keep a line about a refusal to register something, with its facts and an incident code, within the budget.
    pub(crate) async fn narrate_registering(
        &self,
        inside: &Inside<'_>,
        decision: &Decision,
    ) -> Result<Option<IncidentCode>, Fault> {
        let visitor = inside.visitor();
        if !self.budget.take(visitor.tenant.id, visitor.network(), visitor.now) {
            return Ok(None);
        }
        let incident = IncidentCode::random(&*self.entropy);
        let recorded = RecordedFacts::of(visitor, Asked::Registering, inside.facts(), decision);
        let line = AuditLine {
            reason: Some(decision.reason.code().to_owned()),
            incident: Some(incident.to_string()),
            facts: Some(recorded.beside(random(&*self.entropy))?),
            ..portal_line(visitor, &inside.person, "enrol.refused")
        };
        let writes = vec![Write::Audit(Box::new(line))];
        match self.store.commit(visitor.tenant.id, visitor.now, writes).await {
            Ok(_) => Ok(Some(incident)),
            Err(CommitError::Conflict { .. }) => Ok(None),
            Err(CommitError::Fault(fault)) => Err(fault),
        }
    }

    /// The audit line and the notice of a change.
    pub(crate) fn told(
        &self,
        visitor: &Visitor,
        person: &StoredPerson,
        event: &str,
        notice: Notice,
        about: About,
    ) -> Result<Vec<Write>, Fault> {
        let mut details = serde_json::Map::new();
        if let Some(method) = about.method {
            details.insert("method".into(), method.as_str().into());
        }
        if let Some(binding) = about.binding {
            let binding =
                serde_json::to_value(binding).map_err(Fault::while_doing("writing a binding"))?;
            details.insert("binding".into(), binding);
        }
        if let Some(factor) = about.factor {
            details.insert("factor".into(), factor.to_string().into());
        }
        let line = AuditLine {
            details: serde_json::Value::Object(details).to_string(),
            ..portal_line(visitor, person, event)
        };
        let mut writes = vec![Write::Audit(Box::new(line))];
        writes.extend(self.notice_to_all(visitor, person, notice, about)?);
        Ok(writes)
    }
}

/// The portal's door.
pub(crate) fn door(path: &str, care: Care) -> Door {
    let path = PortalPath::parse(path).unwrap_or_else(|_| PortalPath::front());
    Door::Portal { path, sensitive: care == Care::Sensitive }
}

/// The audit line of something that a person did or tried in the portal.
pub(crate) fn portal_line(visitor: &Visitor, person: &StoredPerson, event: &str) -> AuditLine {
    AuditLine {
        at: visitor.now,
        event: event.to_owned(),
        person: Some(person.person.id),
        service: Some(ServiceName::portal().to_string()),
        zone: Some(visitor.position.zone.to_string()),
        ..AuditLine::default()
    }
}

impl<'a> Inside<'a> {
    pub fn visitor(&self) -> &'a Visitor {
        self.round.visitor
    }

    /// Whether the site has this method at all.
    pub fn takes(&self, method: Method) -> bool {
        method != Method::MailCode || self.visitor().tenant.site.policy.mail_codes
    }

    /// Who it is, and until when.
    pub fn who(&self) -> Who {
        who(self.visitor(), self.person.person.name.clone(), &self.session)
    }

    pub fn facts(&self) -> &Facts {
        &self.round.facts
    }

    /// The token of this session's forms.
    pub fn token(&self) -> String {
        form_token(&self.visitor().tenant, &self.token_data())
    }

    /// Whether a form came from a page of this session.
    pub fn is_token(&self, text: &str) -> bool {
        is_form_token(&self.visitor().tenant, &self.token_data(), text)
    }

    fn token_data(&self) -> Vec<u8> {
        [b"session:".as_slice(), self.session.facts.id.bytes()].concat()
    }

    /// The person's other sessions that stand.
    pub fn other_standing<'s>(
        &self,
        sessions: &'s [StoredSession],
        now: Timestamp,
    ) -> impl Iterator<Item = &'s StoredSession> {
        let (own, epoch) = (self.session.facts.id, self.session.facts.credential_epoch);
        let idle = i64::from(self.visitor().tenant.site.session.idle_seconds);
        sessions.iter().filter(move |session| {
            session.facts.id != own
                && session.facts.credential_epoch == epoch
                && session.expires_at > now
                && now.seconds_since(session.facts.used_at) <= idle
        })
    }
}

/// A token of forms that belong to `owner`.
pub(crate) fn form_token(tenant: &Tenant, owner: &[u8]) -> String {
    let digest = tenant.keys.digest(Purpose::FormToken, tenant.id, owner);
    data_encoding::BASE64URL_NOPAD.encode(&digest.stored())
}

/// Whether `text` is the token of `owner`.
pub(crate) fn is_form_token(tenant: &Tenant, owner: &[u8], text: &str) -> bool {
    data_encoding::BASE64URL_NOPAD
        .decode(text.as_bytes())
        .ok()
        .and_then(|stored| KeyedDigest::from_stored(&stored))
        .is_some_and(|stored| tenant.keys.matches(Purpose::FormToken, tenant.id, owner, &stored))
}
