//! RP-initiated logout: the person is asked unless the request proves that it is about this session (S65).

use sekimori_base::{Bilingual, Entropy, Fault, Sealed};
use sekimori_keys::{Binding, Purpose, seal};
use sekimori_protocol_oidc::hint::{self, IdTokenHint};
use sekimori_protocol_oidc::logout::{
    self, After, Confirm, CurrentSession, LogoutPlan, LogoutRequest,
};
use sekimori_protocol_oidc::subject;
use sekimori_store::{AuditLine, CommitError, StoredSession, Write};
use serde::{Deserialize, Serialize};

use crate::Flow;
use crate::door::{Destination, destination, pairwise_key};
use crate::portal::enter::{form_token, is_form_token};
use crate::view::Cookies;
use crate::visitor::Visitor;

/// What a request to sign out comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogoutProgress {
    /// Ask the person first; the wish is to be sent again with the answer.
    Ask {
        /// The service that asks, if that is proven.
        service: Option<Destination>,
        /// The sealed wish.
        request: String,
        /// The token of the form: only the session that was asked about ends.
        token: String,
        /// Who is signed in, as the head of the portal's pages says it.
        name: Bilingual,
    },
    /// Signed out, or not signed in: show our own page.
    Done {
        /// The service that asked, if that is proven.
        service: Option<Destination>,
        /// The session's cookie.
        cookies: Cookies,
    },
    /// Signed out, or not signed in: go back to the client.
    Return {
        /// To where.
        location: String,
        /// The session's cookie.
        cookies: Cookies,
    },
    /// Take the wish up at this path of ours.
    See(String),
    /// The request cannot be read.
    Unreadable,
}

/// The person's answer to [`LogoutProgress::Ask`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Confirmed<'a> {
    /// They want to sign out: the token of the form.
    Yes(&'a str),
    /// They were not asked yet.
    NotYet,
}

/// A request to sign out whose hint was looked at: what our own page carries, sealed.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Wish {
    #[serde(rename = "h", default, skip_serializing_if = "Option::is_none")]
    hint: Option<IdTokenHint>,
    #[serde(rename = "c", default, skip_serializing_if = "Option::is_none")]
    client_id: Option<String>,
    #[serde(rename = "u", default, skip_serializing_if = "Option::is_none")]
    back: Option<String>,
    #[serde(rename = "s", default, skip_serializing_if = "Option::is_none")]
    state: Option<String>,
}

/// Longest sealed wish, in bytes: a state of 2 KB and an address fit.
const WISH_BYTES_MAX: usize = 8 * 1024;

impl Wish {
    /// Read a request; what its hint says is kept, the hint itself (a token) is not.
    fn parse(visitor: &Visitor, raw: &[u8]) -> Option<Self> {
        let request = logout::parse(raw).ok()?;
        let tenant = &visitor.tenant;
        let published = tenant.signing.published(visitor.now);
        let hint = request
            .id_token_hint
            .as_deref()
            .and_then(|sent| hint::verify(sent, &tenant.site, &published, visitor.now).ok());
        let LogoutRequest { client_id, post_logout_redirect_uri: back, state, .. } = request;
        Some(Self { hint, client_id, back, state })
    }

    fn seal(&self, visitor: &Visitor, entropy: &(impl Entropy + ?Sized)) -> Option<String> {
        let keys = &visitor.tenant.keys;
        let sealed = keys.seal_json(&binding(visitor), self, WISH_BYTES_MAX, entropy).ok()?;
        Some(seal::to_text(&sealed)).filter(|text| text.len() <= WISH_BYTES_MAX)
    }

    fn open(visitor: &Visitor, text: &str) -> Option<Self> {
        let sealed: Sealed<Self> = seal::from_text(text, WISH_BYTES_MAX).ok()?;
        visitor.tenant.keys.open_json(&binding(visitor), &sealed).ok()
    }

    fn plan(self, visitor: &Visitor, session: Option<&StoredSession>) -> LogoutPlan {
        let tenant = &visitor.tenant;
        let sid = session.zip(self.hint.as_ref()).and_then(|(session, hint)| {
            let (_, client) = tenant.client(&hint.client_id)?;
            Some(subject::sid(client, session.facts.id, &pairwise_key(tenant)))
        });
        let current = match session {
            None => CurrentSession::None,
            Some(_) => CurrentSession::Standing { sid: sid.as_deref() },
        };
        let request = LogoutRequest {
            client_id: self.client_id,
            post_logout_redirect_uri: self.back,
            state: self.state,
            ..LogoutRequest::default()
        };
        logout::decide(&request, self.hint.as_ref(), current, &tenant.site)
    }
}

fn binding(visitor: &Visitor) -> Binding<'static> {
    Binding::new(Purpose::SealedRequest, visitor.tenant.id).about(b"logout")
}

impl Flow {
    /// Take a logout request that came by GET.
    pub async fn logout(&self, visitor: &Visitor, raw: &[u8]) -> Result<LogoutProgress, Fault> {
        match Wish::parse(visitor, raw) {
            Some(wish) => self.logout_wish(visitor, wish, Confirmed::NotYet).await,
            None => Ok(LogoutProgress::Unreadable),
        }
    }

    /// Take a logout request that came by POST. From another site no cookie of ours comes along, so that nobody
    /// can tell whether there is a session: the wish is taken up by a GET of ours. Nothing ends here.
    pub fn logout_by_post(&self, visitor: &Visitor, raw: &[u8]) -> LogoutProgress {
        Wish::parse(visitor, raw)
            .and_then(|wish| wish.seal(visitor, &*self.entropy))
            .map_or(LogoutProgress::Unreadable, |text| LogoutProgress::See(page(&text)))
    }

    /// A wish that our own page carries; one that cannot be opened is a plain wish to sign out.
    pub async fn logout_again(
        &self,
        visitor: &Visitor,
        request: &str,
        confirmed: Confirmed<'_>,
    ) -> Result<LogoutProgress, Fault> {
        let wish = Wish::open(visitor, request).unwrap_or_default();
        self.logout_wish(visitor, wish, confirmed).await
    }

    async fn logout_wish(
        &self,
        visitor: &Visitor,
        wish: Wish,
        confirmed: Confirmed<'_>,
    ) -> Result<LogoutProgress, Fault> {
        let tenant = &visitor.tenant;
        let session = self.own_session(visitor).await?;
        let request = wish.seal(visitor, &*self.entropy);
        let plan = wish.plan(visitor, session.as_ref().map(|(session, _)| session));
        let service = plan.service.as_ref().map(|name| destination(tenant, name));
        if let Some((session, name)) = session {
            let owner = session_owner(&session);
            let asked = match confirmed {
                Confirmed::Yes(token) if !is_form_token(tenant, &owner, token) => {
                    return Ok(LogoutProgress::See(page(&request.unwrap_or_default())));
                }
                Confirmed::Yes(_) => true,
                Confirmed::NotYet => plan.confirm == Confirm::NotNeeded,
            };
            if let (false, Some(name)) = (asked, name) {
                let Some(request) = request else { return Ok(LogoutProgress::Unreadable) };
                let token = form_token(tenant, &owner);
                return Ok(LogoutProgress::Ask { service, request, token, name });
            }
            // One that has ended by itself is asked about by nobody.
            if asked {
                self.end_session(visitor, &session).await?;
            }
        }
        let cookies = Cookies::after_signing_out(visitor);
        Ok(match plan.after {
            After::Return(location) => LogoutProgress::Return { location, cookies },
            After::Here | After::NotReturned(_) => LogoutProgress::Done { service, cookies },
        })
    }

    /// End a session and the grants that it gave which do not outlive it.
    pub(crate) async fn end_session(
        &self,
        visitor: &Visitor,
        session: &StoredSession,
    ) -> Result<(), Fault> {
        let line = AuditLine {
            at: visitor.now,
            event: "session.ended".to_owned(),
            person: Some(session.facts.person),
            zone: Some(visitor.position.zone.to_string()),
            ..AuditLine::default()
        };
        let writes =
            vec![Write::SessionEnd { digest: session.digest }, Write::Audit(Box::new(line))];
        match self.store.commit(visitor.tenant.id, visitor.now, writes).await {
            Ok(_) | Err(CommitError::Conflict { .. }) => Ok(()),
            Err(CommitError::Fault(fault)) => Err(fault),
        }
    }
}

/// Where our own page takes a wish up.
fn page(request: &str) -> String {
    format!("/logout?r={request}")
}

/// What the token of a form that signs out belongs to.
pub(crate) fn session_owner(session: &StoredSession) -> Vec<u8> {
    [b"session:".as_slice(), session.facts.id.bytes()].concat()
}
