//! Requests before any credential: a door's request, and the page that carries it. Nothing is stored here except
//! what a standing session is answered with, and refusals worth an incident code.

use sekimori_base::limits::{SEALED_COOKIE_BYTES_MAX, SEALED_REQUEST_BYTES_MAX};
use sekimori_base::{Fault, random};
use sekimori_keys::Purpose;
use sekimori_login::{Decision, Interaction, Next, Reason, Submission};

use super::mail_code::unsent;
use super::pages::shown;
use super::round::{Round, Stage};
use crate::Flow;
use crate::carried::{CARRIED_SECONDS_MAX, Carried};
use crate::door::Door;
use crate::view::{Cookies, Progress};
use crate::visitor::Visitor;

/// A cookie that was set comes back with the redirect, at once; a page whose address is copied to another browser
/// after so many seconds is tried anew.
const COOKIE_TRY_SECONDS: i64 = 20;

/// How a carried request came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CameBy {
    /// In the URL.
    Url,
    /// In a short-lived cookie.
    Cookie,
}

impl Flow {
    /// A door hands over a request: answered by the standing session, refused, or to be continued on a page.
    pub async fn begin(&self, visitor: &Visitor, door: Door) -> Result<Progress, Fault> {
        let (digest, new_cookie) = if let Some(digest) = visitor.browser_digest() {
            (digest, None)
        } else {
            let (digest, text) = self.new_browser(visitor);
            (digest, Some(text))
        };
        self.answered.forget(visitor, &door);
        let carried = Carried::requested(door, visitor.now).bound_to(digest);
        let round = Round::load(self, visitor, Stage::Carried(carried.clone()), None).await?;
        let decision = round.decide();
        if matches!(decision.next, Next::Ask(_)) {
            let mut progress = self.see_carried(visitor, &carried);
            if let Progress::Refused(view) = &mut progress {
                view.incident =
                    self.note_plain(visitor, view.reason, &carried.door.service()).await?;
            }
            if let Progress::SeeOther { path, cookies } = &mut progress {
                cookies.browser = new_cookie;
                if let Some(language) = carried.door.language() {
                    path.push_str("&lang=");
                    path.push_str(language.tag());
                }
            }
            return Ok(progress);
        }
        self.without_question(round, decision).await
    }

    /// A carried request as it was sealed, if it is not too old, by what is registered now; else what to say.
    pub(crate) fn carried(&self, visitor: &Visitor, text: &str) -> Result<Carried, Box<Progress>> {
        let Some(carried) = Carried::open(&visitor.tenant, text) else {
            return Err(Box::new(self.stale(visitor, None)));
        };
        if visitor.now.seconds_since(carried.at) > CARRIED_SECONDS_MAX {
            return Err(Box::new(self.stale(visitor, Some(&carried))));
        }
        let door = self.door_again(visitor, carried.door.clone())?;
        Ok(Carried { door, ..carried })
    }

    /// The page of a carried request.
    pub async fn resume(
        &self,
        visitor: &Visitor,
        request: &str,
        came_by: CameBy,
    ) -> Result<Progress, Fault> {
        let mut carried = match self.carried(visitor, request) {
            Ok(carried) => carried,
            Err(progress) => return Ok(*progress),
        };
        let (digest, new_cookie) = match (visitor.browser_digest(), came_by) {
            (Some(digest), _) => (digest, None),
            // A request that lay in a cookie has shown that cookies work: it is bound now.
            (None, CameBy::Cookie) => {
                let (digest, text) = self.new_browser(visitor);
                (digest, Some(text))
            }
            (None, CameBy::Url) => return self.without_cookie(visitor, carried).await,
        };
        if let Some(over) = self.answered_before(visitor, &carried.door).await? {
            return Ok(over);
        }
        if came_by == CameBy::Cookie
            && let Some(there) = self.url_of_cookie(visitor, &carried, digest, new_cookie.as_ref())
        {
            return Ok(there);
        }
        let (reason, incident, wait) = (carried.reason, carried.incident, carried.wait_until);
        // A wait that is over is no reason any more.
        let reason = reason.filter(|_| wait.is_none_or(|until| until > visitor.now));
        carried.cookie_tried = None;
        let carried = carried.unsaid().bound_to(digest);
        let chosen = carried.chosen.map(Submission::Choose);
        let stage = Stage::Carried(carried);
        let round = Round::load(self, visitor, stage, chosen).await?;
        let decision = round.decide();
        let Next::Ask(step) = decision.next.clone() else {
            return self.without_question(round, decision).await;
        };
        let person = round.person.as_ref();
        let mut view = self.step_view(visitor, &round.stage, step, person);
        view.reason = reason.or_else(|| unsent(&decision)).unwrap_or_else(|| shown(&decision));
        view.details = decision.details;
        view.details.wait_until = view.details.wait_until.or(wait.filter(|_| reason.is_some()));
        view.incident = incident.filter(|_| reason.is_some());
        view.name = round.name().or(view.name);
        // A cookie of a session that has ended: nothing is wrong, and the person may wonder why they are asked.
        let ended = decision.reason == Reason::AskUsername
            && visitor.session.is_some()
            && !round.stage.other_person();
        view.note = ended.then_some(Reason::SessionEnded);
        if let Some(typed) = &round.typed {
            view.hints = typed.hints().to_vec();
        }
        view.verified = view.details.verified;
        view.browser = new_cookie;
        self.wait_of(visitor, &mut view).await?;
        self.add_mail(visitor, &round.stage, &mut view).await?;
        Ok(Progress::Step(Box::new(view)))
    }

    /// A request out of a cookie is bound now: it may travel in the URL as others do, and its cookie can go. `None` if
    /// it is too long for that.
    fn url_of_cookie(
        &self,
        visitor: &Visitor,
        carried: &Carried,
        digest: [u8; 32],
        new_cookie: Option<&String>,
    ) -> Option<Progress> {
        let bound = carried.clone().bound_to(digest);
        let text = bound.seal(&visitor.tenant, SEALED_REQUEST_BYTES_MAX, &*self.entropy)?;
        let cookies = Cookies { browser: new_cookie.cloned(), ..Cookies::default() };
        Some(Progress::SeeOther { path: format!("/login?r={text}"), cookies })
    }

    /// A request that came by a cross-site POST, where no cookie of ours is sent along: kept in a cookie of its own,
    /// taken up by a GET of ours. Nothing is written.
    pub(crate) async fn begin_by_post(
        &self,
        visitor: &Visitor,
        door: Door,
    ) -> Result<Progress, Fault> {
        let carried = Carried::requested(door, visitor.now);
        let sealed = carried.seal(&visitor.tenant, SEALED_COOKIE_BYTES_MAX, &*self.entropy);
        match sealed {
            Some(text) => {
                let id = self.word();
                let path = format!("/login?c={id}");
                let cookies = Cookies { request: Some((id, text)), ..Cookies::default() };
                Ok(Progress::SeeOther { path, cookies })
            }
            None => self.noted_refusal(visitor, &carried, Reason::RequestInvalid).await,
        }
    }

    /// Somebody else wants to sign in than the one who is signed in: the same request, session aside.
    pub async fn other_person(&self, visitor: &Visitor, request: &str) -> Result<Progress, Fault> {
        let carried = match self.carried(visitor, request) {
            Ok(carried) => carried,
            Err(progress) => return Ok(*progress),
        };
        let Some(digest) = visitor.browser_digest() else {
            return self.without_cookie(visitor, carried).await;
        };
        let other = Carried {
            other_person: true,
            name: None,
            chosen: None,
            fresh: None,
            asked: None,
            ..carried.unsaid()
        };
        Ok(self.see_carried(visitor, &other.bound_to(digest)))
    }

    /// Admitted by the session, or refused: either way no question is asked.
    async fn without_question(
        &self,
        round: Round<'_>,
        decision: Decision,
    ) -> Result<Progress, Fault> {
        match decision.next {
            Next::Admit(_) => self.settle_by_session(round, decision).await,
            Next::Refuse | Next::Check(_) | Next::Ask(_) => {
                self.refuse_unproven(round, decision).await
            }
        }
    }

    /// A refusal before anything was proven in this attempt.
    pub(super) async fn refuse_unproven(
        &self,
        round: Round<'_>,
        decision: Decision,
    ) -> Result<Progress, Fault> {
        let visitor = round.visitor;
        let door = round.stage.door();
        match door.interaction() {
            Interaction::Silent | Interaction::Impossible => {
                self.tally.decided(&decision, visitor.position.inside);
                let answer = self.refusal_answer(visitor, door, decision.reason);
                Ok(answer.map_or_else(
                    || self.plain_refusal(visitor, None, decision.reason),
                    |answer| Progress::Answer { answer, cookies: Cookies::default() },
                ))
            }
            Interaction::Allowed => self.refuse_with_page(round, decision).await,
        }
    }

    /// A page of ours in a browser that sends no cookie: it was opened in another browser than the one that made it,
    /// cookies were cleared, or none are kept. One try tells which: a cookie is set, and the page asked for again.
    pub(crate) async fn without_cookie(
        &self,
        visitor: &Visitor,
        carried: Carried,
    ) -> Result<Progress, Fault> {
        if visitor.now.seconds_since(carried.at) > CARRIED_SECONDS_MAX {
            return Ok(self.stale(visitor, Some(&carried)));
        }
        let tried = carried.cookie_tried.map(|at| visitor.now.seconds_since(at));
        if tried.is_some_and(|seconds| seconds <= COOKIE_TRY_SECONDS) {
            return self.noted_refusal(visitor, &carried, Reason::CookiesBlocked).await;
        }
        let (digest, text) = self.new_browser(visitor);
        let again = Carried { cookie_tried: Some(visitor.now), ..carried }.bound_to(digest);
        let mut progress = self.see_carried(visitor, &again);
        if let Progress::SeeOther { cookies, .. } = &mut progress {
            cookies.browser = Some(text);
        }
        Ok(progress)
    }

    /// A fresh binding cookie: its digest and text.
    pub(crate) fn new_browser(&self, visitor: &Visitor) -> ([u8; 32], String) {
        let text = self.word();
        let keys = &visitor.tenant.keys;
        let digest = keys.digest(Purpose::BindingCookie, visitor.tenant.id, text.as_bytes());
        (*digest.bytes(), text)
    }

    /// A random word of 128 bits for cookies.
    pub(crate) fn word(&self) -> String {
        data_encoding::BASE64URL_NOPAD.encode(&random::<16>(&*self.entropy))
    }
}
