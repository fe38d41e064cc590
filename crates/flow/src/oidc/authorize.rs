//! The authorization endpoint: a verified request goes to the sign-in, its outcome goes back as a code.

use std::collections::BTreeSet;

use sekimori_base::limits::SEALED_COOKIE_BYTES_MAX;
use sekimori_base::{Fault, GrantId, SessionId};
use sekimori_directory::client::Consent;
use sekimori_directory::release;
use sekimori_login::{Authenticated, Decision, Interaction, Next, Reason};
use sekimori_protocol_oidc::error::code_of;
use sekimori_protocol_oidc::{
    AuthorizeError, CodePayload, ErrorCode, PendingAuthorize, Refused, answer, hint, request,
    subject,
};
use sekimori_store::{Digest, Write};

use super::token::promised;
use crate::Flow;
use crate::carried::Carried;
use crate::door::{Answer, Door, pairwise_key};
use crate::login::{Round, Stage};
use crate::token::{self, Kind};
use crate::view::{ConsentView, Cookies, Progress};
use crate::visitor::Visitor;

/// Life of an authorization code in seconds (RFC 9700; S58).
const CODE_SECONDS: i64 = 60;

impl Flow {
    /// Take an authorization request, as query or form. A client or address that is not verified comes back as
    /// [`AuthorizeError::Page`].
    pub async fn authorize(
        &self,
        visitor: &Visitor,
        raw: &[u8],
    ) -> Result<Result<Progress, AuthorizeError>, Fault> {
        self.take(visitor, raw, Came::ByGet).await
    }

    /// The same by a POST that may come from another site. An `id_token_hint` is verified here as well.
    pub async fn authorize_by_post(
        &self,
        visitor: &Visitor,
        raw: &[u8],
    ) -> Result<Result<Progress, AuthorizeError>, Fault> {
        self.take(visitor, raw, Came::ByPost).await
    }

    async fn take(
        &self,
        visitor: &Visitor,
        raw: &[u8],
        came: Came,
    ) -> Result<Result<Progress, AuthorizeError>, Fault> {
        let pending = match self.verified(visitor, raw) {
            Ok(pending) => pending,
            Err(AuthorizeError::Redirect(refused)) => return Ok(Ok(refusal(visitor, &refused))),
            Err(page @ AuthorizeError::Page(_)) => return Ok(Err(page)),
        };
        let door = Door::Oidc { pending: Box::new(pending) };
        match came {
            Came::ByGet => self.begin(visitor, door).await.map(Ok),
            Came::ByPost => self.begin_by_post(visitor, door).await.map(Ok),
        }
    }

    /// The verified request.
    fn verified(&self, visitor: &Visitor, raw: &[u8]) -> Result<PendingAuthorize, AuthorizeError> {
        let tenant = &visitor.tenant;
        let request = request::parse(raw, &tenant.site)?;
        let Some(sent) = request.id_token_hint.clone() else { return Ok(request.pending) };
        let published = tenant.signing.published(visitor.now);
        let verified = hint::verify(&sent, &tenant.site, &published, visitor.now);
        let request = request.with_hint(verified).map_err(AuthorizeError::Redirect)?;
        Ok(request.pending)
    }

    /// The door of a request that was carried, by what is registered now: an address, a scope or a client that was
    /// taken away is not answered because it stood in an older request.
    pub(crate) fn door_again(&self, visitor: &Visitor, door: Door) -> Result<Door, Box<Progress>> {
        let Door::Oidc { pending } = &door else { return Ok(door) };
        match request::parse_again(pending, &visitor.tenant.site) {
            Ok(pending) => Ok(Door::Oidc { pending: Box::new(pending) }),
            Err(AuthorizeError::Redirect(refused)) => Err(Box::new(refusal(visitor, &refused))),
            Err(AuthorizeError::Page(error)) => {
                let carried = Carried::new(door, visitor.now);
                Err(Box::new(self.plain_refusal(visitor, Some(&carried), error.reason)))
            }
        }
    }

    /// The code for a service, made of the engine's proof, and what must be stored with it.
    pub(crate) fn code_answer(
        &self,
        visitor: &Visitor,
        authenticated: &Authenticated,
        pending: &PendingAuthorize,
        session: SessionId,
        grant: GrantId,
    ) -> Result<(Answer, Digest, [Write; 2]), Fault> {
        let tenant = &visitor.tenant;
        let doing = "making an authorization code";
        let (_, client) = tenant
            .client(pending.client_id().as_str())
            .ok_or_else(|| Fault::new(doing, "the client has just been removed"))?;
        let sub = subject::sub(client, authenticated.person(), &pairwise_key(tenant));
        let payload = CodePayload::new(authenticated, pending, session, grant, &sub)
            .map_err(Fault::while_doing(doing))?;
        let (code, digest) = token::fresh(tenant, Kind::Code, &*self.entropy);
        let digest = Digest::from_bytes(digest);
        let expires_at = visitor.now.plus_seconds(CODE_SECONDS);
        let promise = promised(payload.granted(), expires_at)?;
        let write = Write::CodePut {
            digest,
            person: authenticated.person(),
            grant,
            payload: serde_json::to_string(&payload).map_err(Fault::while_doing(doing))?,
            expires_at,
        };
        let answer = answer::code(&payload, pending, &code, tenant.issuer()).into();
        Ok((answer, digest, [write, promise]))
    }

    /// The error for a service whose person could not be admitted; `None` for the portal.
    pub(crate) fn refusal_answer(
        &self,
        visitor: &Visitor,
        door: &Door,
        reason: Reason,
    ) -> Option<Answer> {
        match door {
            Door::Portal { .. } | Door::Rehearsal { .. } | Door::Desk { .. } => None,
            Door::Oidc { pending } => {
                let code = code_of(reason, pending.interaction());
                Some(answer::error(pending.return_to(), visitor.tenant.issuer(), code, None).into())
            }
        }
    }

    /// Whether this person has to be asked before the service receives anything.
    pub(crate) async fn needs_consent(
        &self,
        round: &Round<'_>,
        pending: &PendingAuthorize,
    ) -> Result<bool, Fault> {
        let tenant = &round.visitor.tenant;
        let client = tenant.client(pending.client_id().as_str());
        let asks = client.is_some_and(|(_, client)| client.consent == Consent::Ask);
        let Some(person) = round.person.as_ref().filter(|_| asks) else { return Ok(false) };
        if pending.asks_consent_again() {
            return Ok(true);
        }
        let client_id = pending.client_id().as_str();
        let given = self.store.consents_of(tenant.id, person.person.id).await?;
        let given: BTreeSet<String> = given
            .into_iter()
            .find(|consent| consent.client_id == client_id)
            .map(|consent| consent.scopes.split(' ').map(str::to_owned).collect())
            .unwrap_or_default();
        Ok(!pending.released_scopes().is_subset(&given))
    }

    /// The question for consent, if it must be put before this admission is answered.
    pub(crate) async fn consent_question(
        &self,
        round: &Round<'_>,
        decision: &Decision,
    ) -> Result<Option<Progress>, Fault> {
        let (Door::Oidc { pending }, Next::Admit(_)) = (round.stage.door(), &decision.next) else {
            return Ok(None);
        };
        if !self.needs_consent(round, pending).await? {
            return Ok(None);
        }
        let visitor = round.visitor;
        if pending.interaction() == Interaction::Silent {
            let issuer = visitor.tenant.issuer();
            let answer =
                answer::error(pending.return_to(), issuer, ErrorCode::ConsentRequired, None);
            let cookies = Cookies::default();
            return Ok(Some(Progress::Answer { answer: answer.into(), cookies }));
        }
        let Some(person) = &round.person else { return Ok(None) };
        let scopes = pending.released_scopes();
        let released = release::release(&person.person, &scopes);
        let Stage::Carried(carried) = &round.stage else {
            return Err(Fault::new("asking for consent", "the attempt goes on"));
        };
        let asked = Carried { asked: Some(person.person.id), ..carried.clone() };
        let request = asked.seal(&visitor.tenant, SEALED_COOKIE_BYTES_MAX, &*self.entropy);
        Ok(Some(Progress::Consent(Box::new(ConsentView {
            destination: round.stage.door().destination(&visitor.tenant),
            scopes,
            released,
            request: request.unwrap_or_default(),
            name: person.person.username.to_string(),
        }))))
    }

    /// The person said whether the service may have their data.
    pub async fn consent(
        &self,
        visitor: &Visitor,
        request: &str,
        allowed: Allowed,
    ) -> Result<Progress, Fault> {
        let carried = match self.carried(visitor, request) {
            Ok(carried) => carried,
            Err(progress) => return Ok(*progress),
        };
        let mark = visitor.browser_digest().map(crate::carried::browser_mark);
        let Door::Oidc { pending } = &carried.door else { return Ok(self.stale(visitor, None)) };
        if mark.is_none() || mark != carried.browser {
            return Ok(self.stale(visitor, Some(&carried)));
        }
        if let Some(over) = self.answered_before(visitor, &carried.door).await? {
            return Ok(over);
        }
        if allowed == Allowed::No {
            let error = ErrorCode::AccessDenied;
            let answer = answer::error(pending.return_to(), visitor.tenant.issuer(), error, None);
            let cookies = Cookies::default();
            return Ok(Progress::Answer { answer: answer.into(), cookies });
        }
        let stage = Stage::Carried(carried.clone());
        let round = Round::load(self, visitor, stage, None).await?;
        let decision = round.decide();
        let (Next::Admit(_), Some(person)) = (&decision.next, &round.person) else {
            return Ok(self.see_carried(visitor, &carried));
        };
        if carried.asked != Some(person.person.id) {
            // Somebody else has signed in since the page was shown: they are asked themselves.
            return Ok(self.see_carried(visitor, &Carried { asked: None, ..carried }));
        }
        let write = Write::ConsentPut {
            person: person.person.id,
            client_id: pending.client_id().to_string(),
            scopes: pending.released_scopes().into_iter().collect::<Vec<_>>().join(" "),
        };
        self.answer_by_session(&round, &decision, vec![write]).await
    }
}

/// How a request came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Came {
    /// Cookies of ours came with it.
    ByGet,
    /// From another site none did.
    ByPost,
}

/// What the person said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Allowed {
    /// The service may have the data.
    Yes,
    /// It may not.
    No,
}

fn refusal(visitor: &Visitor, refused: &Refused) -> Progress {
    let answer = answer::refused(refused, visitor.tenant.issuer());
    Progress::Answer { answer: answer.into(), cookies: Cookies::default() }
}
