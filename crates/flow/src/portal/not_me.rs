//! "This was not me": a link in every notice. Opening it changes nothing, because mail scanners open links; only the
//! page's button acts. It ends all sessions, and whatever was proven or given out before: attempts, codes, tickets.
//! A factor that the notice calls new is suspended, a certificate that it calls new is revoked, and never another one. A
//! password or a factor that is gone comes back by no link: whoever holds the mailbox would decide about the account.

use sekimori_base::limits::SEALED_REQUEST_BYTES_MAX;
use sekimori_base::{FactorId, Fault, PersonId, Sealed, Timestamp};
use sekimori_directory::Method;
use sekimori_directory::settings::ZoneName;
use sekimori_keys::{Binding, Purpose, seal};
use sekimori_login::{FactorFacts, FactorState, Notice};
use sekimori_pki::RevocationReason;
use sekimori_store::{AuditLine, CommitError, StoredPerson, Write};
use serde::{Deserialize, Serialize};

use super::enter::portal_line;
use crate::Flow;
use crate::certificates::{Serial, stored_serial};
use crate::notices::{About, Message};
use crate::tenant::Tenant;
use crate::visitor::Visitor;

/// A link counts for so long.
const LINK_SECONDS: i64 = 30 * 24 * 3600;
/// A suspension ends by itself after so long, or at the desk.
pub(crate) const SUSPENDED_SECONDS: i64 = 7 * 24 * 3600;

/// How often the button's work is begun anew when something was changed in the same moment.
const TRIES_MAX: usize = 3;

/// The audit's word for a pressed button.
pub(super) const EVENT: &str = "not_me";
/// Lines of a history that are read at once when it is asked whether a button was pressed.
const LINES: u32 = 200;
/// So many times at most.
const PAGES_MAX: usize = 10;

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

impl Link {
    /// The factor that the notice calls new, copied, or usable again. One that was used, failed or removed is none.
    fn doubtful_factor(&self) -> Option<FactorId> {
        match self.notice {
            Notice::FactorAdded
            | Notice::FactorResumed
            | Notice::RecoveryCodesMade
            | Notice::PasskeyCopied => self.about.factor,
            Notice::SecondFactorFailed
            | Notice::RecoveryCodeUsed
            | Notice::ClockSuspected
            | Notice::PasswordChanged
            | Notice::FactorRemoved
            | Notice::CertificateIssued
            | Notice::CertificateRevoked
            | Notice::PreferencesChanged
            | Notice::LossReported => None,
        }
    }

    /// The certificate that the notice calls new.
    fn doubtful_certificate(&self) -> Option<Serial> {
        self.about.certificate.filter(|_| self.notice == Notice::CertificateIssued)
    }

    /// The doubtful factor, if it can be suspended, or is: what is gone meanwhile proves nothing any more.
    fn suspendable<'p>(&self, person: Option<&'p StoredPerson>) -> Option<&'p FactorFacts> {
        let id = self.doubtful_factor()?;
        let mut factors = person?.known.factors.iter();
        factors.find(|factor| factor.id == id && factor.state != FactorState::Unfinished)
    }
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
    /// The factor that the notice is about, by its method.
    pub method: Option<Method>,
    /// What the button does.
    pub remedy: Remedy,
    /// How far it is.
    pub state: NotMeState,
}

/// What "this was not me" does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remedy {
    /// The new factor is suspended, and everything ends that stands.
    Suspend,
    /// The new certificate is revoked, and everything ends that stands.
    Revoke,
    /// Nothing is new that could be suspended, or it is gone: everything ends that stands.
    EndAll,
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
    ) -> Result<Option<NotMeView>, Fault> {
        let Some(link) = open(&visitor.tenant, text) else { return Ok(None) };
        let person = self.store.person(visitor.tenant.id, visitor.now, link.person).await?;
        let pressed = self.was_pressed(visitor, &link).await?;
        Ok(Some(view(visitor, &link, person.as_ref(), pressed)))
    }

    /// Whether this link's button was pressed before: the account's history knows.
    async fn was_pressed(&self, visitor: &Visitor, link: &Link) -> Result<bool, Fault> {
        let mark = mark(link);
        let mut before = visitor.now.plus_seconds(1);
        for _ in 0..PAGES_MAX {
            let lines =
                self.store.history_of(visitor.tenant.id, link.person, before, LINES).await?;
            let is_of = |details: &serde_json::Value| details["link"] == mark.as_str();
            let pressed = lines
                .iter()
                .filter(|entry| entry.line.event == EVENT)
                .any(|entry| entry.line.details.as_ref().is_some_and(is_of));
            if pressed {
                return Ok(true);
            }
            match lines.last() {
                Some(oldest) if oldest.line.at > link.at => before = oldest.line.at,
                Some(_) | None => return Ok(false),
            }
        }
        Ok(false)
    }

    /// The button.
    pub async fn not_me(&self, visitor: &Visitor, text: &str) -> Result<Option<NotMeView>, Fault> {
        let Some(link) = open(&visitor.tenant, text) else { return Ok(None) };
        for _ in 0..TRIES_MAX {
            if !self.end_it_all(visitor, &link).await? {
                break;
            }
        }
        self.not_me_page(visitor, text).await
    }

    /// End all that stands, and suspend what is new. Whether it has to be done again: the new factor went in this very
    /// moment, and everything else is to end all the same.
    async fn end_it_all(&self, visitor: &Visitor, link: &Link) -> Result<bool, Fault> {
        let (tenant, now) = (visitor.tenant.id, visitor.now);
        let Some(person) = self.store.person(tenant, now, link.person).await? else {
            return Ok(false);
        };
        let pressed = self.was_pressed(visitor, link).await?;
        if view(visitor, link, Some(&person), pressed).state != NotMeState::Asked {
            return Ok(false);
        }
        let id = person.person.id;
        let mut details = serde_json::json!({ "link": mark(link), "notice": link.notice });
        let mut writes = vec![
            Write::SessionsEndOfPerson { person: id, except: None },
            Write::TicketsEndOfPerson { person: id },
        ];
        match link.suspendable(Some(&person)) {
            Some(&FactorFacts { id: factor, .. }) => {
                details["factor"] = factor.to_string().into();
                let until = Some(now.plus_seconds(SUSPENDED_SECONDS));
                writes.push(Write::FactorSuspend { person: id, factor, until });
            }
            None => writes.push(Write::EpochRaise { person: id }),
        }
        if let Some(serial) = link.doubtful_certificate() {
            writes.extend(self.revoke_doubtful(visitor, &person, serial).await?);
        }
        let line =
            AuditLine { details: details.to_string(), ..portal_line(visitor, &person, EVENT) };
        writes.push(Write::Audit(Box::new(line)));
        match self.store.commit(tenant, now, writes).await {
            Ok(_) => Ok(false),
            Err(CommitError::Conflict { .. }) => Ok(true),
            Err(CommitError::Fault(fault)) => Err(fault),
        }
    }
}

impl Flow {
    /// Revoke the certificate that somebody says is not theirs, if it is still good; its owner is told of that as well.
    async fn revoke_doubtful(
        &self,
        visitor: &Visitor,
        person: &StoredPerson,
        serial: Serial,
    ) -> Result<Vec<Write>, Fault> {
        let stored = self.store.certificate(visitor.tenant.id, stored_serial(serial)).await?;
        let theirs = stored
            .filter(|stored| stored.person == Some(person.person.id) && stored.revoked.is_none());
        let Some(stored) = theirs else { return Ok(Vec::new()) };
        // Somebody else has its key: that is what this reason is for.
        let reason = RevocationReason::KeyCompromise.code();
        let details = serde_json::json!({ "serial": serial.to_string(), "reason": reason });
        let line = AuditLine {
            details: details.to_string(),
            ..portal_line(visitor, person, "certificate.revoked")
        };
        let mut writes = vec![
            Write::CertificateRevoke { serial: stored.serial, reason },
            Write::Audit(Box::new(line)),
        ];
        let (notice, about) = (Notice::CertificateRevoked, About::certificate(serial));
        writes.extend(self.notice_to_all(visitor, person, notice, about)?);
        Ok(writes)
    }
}

fn open(tenant: &Tenant, text: &str) -> Option<Link> {
    let sealed: Sealed<Link> = seal::from_text(text, SEALED_REQUEST_BYTES_MAX).ok()?;
    tenant.keys.open_json(&Binding::new(Purpose::NoticeLink, tenant.id), &sealed).ok()
}

/// By which a link is found again in the history.
fn mark(link: &Link) -> String {
    let factor = link.about.factor.map(|factor| factor.to_string()).unwrap_or_default();
    let notice = serde_json::to_string(&link.notice).unwrap_or_default();
    let at = link.at.unix_millis().to_be_bytes();
    let certificate = link.about.certificate.map(|serial| serial.to_string()).unwrap_or_default();
    let about = [factor, certificate].concat();
    let digest = sekimori_keys::digest::sha256(&[about.as_bytes(), notice.as_bytes(), &at]);
    data_encoding::BASE64URL_NOPAD.encode(&digest[..9])
}

fn view(visitor: &Visitor, link: &Link, person: Option<&StoredPerson>, pressed: bool) -> NotMeView {
    let known = |id| person?.known.factors.iter().find(|factor| factor.id == id);
    let about = link.about.factor.and_then(known);
    let new = link.suspendable(person);
    let old = visitor.now.seconds_since(link.at) > LINK_SECONDS;
    let state = match new.map(|factor| factor.state) {
        Some(FactorState::Suspended) => NotMeState::Done,
        _ if old || person.is_none() => NotMeState::Over,
        // Suspended once by this link, and in use again since: the suspension has ended, or the desk has ended it.
        Some(
            FactorState::Ready
            | FactorState::SwitchedOff
            | FactorState::Unfinished
            | FactorState::Elsewhere,
        ) if pressed => NotMeState::Over,
        None if pressed => NotMeState::Done,
        Some(
            FactorState::Ready
            | FactorState::SwitchedOff
            | FactorState::Unfinished
            | FactorState::Elsewhere,
        )
        | None => NotMeState::Asked,
    };
    NotMeView {
        notice: link.notice,
        at: link.at,
        zone: link.zone.clone(),
        method: about.map(|factor| factor.method).or(link.about.method),
        remedy: match (new, link.doubtful_certificate()) {
            (Some(_), _) => Remedy::Suspend,
            (None, Some(_)) => Remedy::Revoke,
            (None, None) => Remedy::EndAll,
        },
        state,
    }
}
