//! "This was not me": a link in every notice. Opening it changes nothing, because mail scanners open links; only the
//! page's button acts. It suspends the factor that the notice is about, never another, and ends all sessions.

use sekimori_base::limits::SEALED_REQUEST_BYTES_MAX;
use sekimori_base::{Fault, PersonId, Sealed, Timestamp};
use sekimori_directory::Method;
use sekimori_directory::settings::ZoneName;
use sekimori_keys::{Binding, Purpose, seal};
use sekimori_login::{FactorState, Notice};
use sekimori_store::{CommitError, StoredPerson, Write};
use serde::{Deserialize, Serialize};

use super::enter::portal_line;
use crate::Flow;
use crate::notices::{About, Message};
use crate::tenant::Tenant;
use crate::visitor::Visitor;

/// A link counts for so long.
const LINK_SECONDS: i64 = 30 * 24 * 3600;
/// A suspension ends by itself after so long, or at the desk.
pub(crate) const SUSPENDED_SECONDS: i64 = 7 * 24 * 3600;

/// What the link carries, sealed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Link {
    #[serde(rename = "p")]
    person: PersonId,
    #[serde(rename = "n")]
    notice: Notice,
    #[serde(rename = "f")]
    about: About,
    #[serde(rename = "t")]
    at: Timestamp,
    #[serde(rename = "z")]
    zone: ZoneName,
}

/// The page behind the link.
#[derive(Debug, Clone, PartialEq)]
pub struct NotMeView {
    /// What was noticed.
    pub notice: Notice,
    /// When it happened.
    pub at: Timestamp,
    /// From which zone.
    pub zone: ZoneName,
    /// The factor that would be suspended, by its method.
    pub method: Option<Method>,
    /// How far it is.
    pub state: NotMeState,
}

/// How far a "this was not me" is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotMeState {
    /// The button has not been pressed.
    Asked,
    /// It was pressed.
    Done,
    /// The link is too old, or what it is about is gone.
    Over,
}

impl Flow {
    /// The path of a notice's link.
    pub fn not_me_path(&self, tenant: &Tenant, message: &Message) -> Result<String, Fault> {
        let link = Link {
            person: message.person,
            notice: message.notice,
            about: message.about,
            at: message.at,
            zone: message.zone.clone(),
        };
        let binding = Binding::new(Purpose::NoticeLink, tenant.id);
        let sealed = tenant
            .keys
            .seal_json(&binding, &link, SEALED_REQUEST_BYTES_MAX, &*self.entropy)
            .map_err(Fault::while_doing("sealing a notice's link"))?;
        Ok(format!("/not-me/{}", seal::to_text(&sealed)))
    }

    /// The page behind the link; `None` if it is no link of ours.
    pub async fn not_me_page(
        &self,
        visitor: &Visitor,
        text: &str,
        pressed: bool,
    ) -> Result<Option<NotMeView>, Fault> {
        let Some(link) = open(&visitor.tenant, text) else { return Ok(None) };
        let person = self.store.person(visitor.tenant.id, visitor.now, link.person).await?;
        Ok(Some(view(visitor, &link, person.as_ref(), pressed)))
    }

    /// The button.
    pub async fn not_me(&self, visitor: &Visitor, text: &str) -> Result<Option<NotMeView>, Fault> {
        let Some(link) = open(&visitor.tenant, text) else { return Ok(None) };
        let (tenant, now) = (visitor.tenant.id, visitor.now);
        let Some(person) = self.store.person(tenant, now, link.person).await? else {
            return Ok(Some(view(visitor, &link, None, false)));
        };
        let before = view(visitor, &link, Some(&person), false);
        if before.state != NotMeState::Asked {
            return Ok(Some(before));
        }
        let id = person.person.id;
        let mut line = portal_line(visitor, &person, "not_me");
        if let Some(factor) = link.about.factor {
            line.details = serde_json::json!({ "factor": factor }).to_string();
        }
        let mut writes = vec![
            Write::SessionsEndOfPerson { person: id, except: None },
            Write::Audit(Box::new(line)),
        ];
        if let Some(factor) = link.about.factor {
            let until = Some(now.plus_seconds(SUSPENDED_SECONDS));
            writes.push(Write::FactorSuspend { person: id, factor, until });
        }
        match self.store.commit(tenant, now, writes).await {
            // A conflict: the factor went meanwhile. The page says how it stands.
            Ok(_) | Err(CommitError::Conflict { .. }) => {}
            Err(CommitError::Fault(fault)) => return Err(fault),
        }
        self.not_me_page(visitor, text, true).await
    }
}

fn open(tenant: &Tenant, text: &str) -> Option<Link> {
    let sealed: Sealed<Link> = seal::from_text(text, SEALED_REQUEST_BYTES_MAX).ok()?;
    tenant.keys.open_json(&Binding::new(Purpose::NoticeLink, tenant.id), &sealed).ok()
}

fn view(visitor: &Visitor, link: &Link, person: Option<&StoredPerson>, pressed: bool) -> NotMeView {
    let factor = link
        .about
        .factor
        .and_then(|id| person?.known.factors.iter().find(|factor| factor.id == id));
    let old = visitor.now.seconds_since(link.at) > LINK_SECONDS;
    // A removed factor is gone already; what can still be done is to end the sessions.
    let concerns_factor = link.about.factor.is_some() && link.notice != Notice::FactorRemoved;
    let state = match factor.map(|factor| factor.state) {
        Some(FactorState::Suspended) => NotMeState::Done,
        _ if old || person.is_none() => NotMeState::Over,
        None if concerns_factor => NotMeState::Over,
        Some(FactorState::Ready | FactorState::Unfinished) | None if pressed => NotMeState::Done,
        Some(FactorState::Ready | FactorState::Unfinished) | None => NotMeState::Asked,
    };
    NotMeView {
        notice: link.notice,
        at: link.at,
        zone: link.zone.clone(),
        method: factor.map(|factor| factor.method),
        state,
    }
}
