//! RP-initiated logout: the person is asked unless the request proves that it is about this session (S65).

use sekimori_base::Fault;
use sekimori_protocol_oidc::logout::{
    self, After, Confirm, CurrentSession, LogoutError, LogoutRequest,
};
use sekimori_protocol_oidc::{hint, subject};
use sekimori_store::{AuditLine, CommitError, Digest, StoredSession, Wanted, Write};

use crate::Flow;
use crate::door::{Destination, destination, pairwise_key};
use crate::visitor::Visitor;

/// What a request to sign out comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogoutProgress {
    /// Ask the person first; the parameters are to be sent again with the answer.
    Ask {
        /// The service that asks, if that is proven.
        service: Option<Destination>,
        /// The parameters.
        query: String,
        /// Who is signed in.
        name: String,
    },
    /// Signed out: show our own page.
    Done {
        /// The service that asked, if that is proven.
        service: Option<Destination>,
    },
    /// Signed out: go back to the client.
    Return(String),
    /// The request cannot be read.
    Unreadable(LogoutError),
}

/// Whether the person has said that they want to sign out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Confirmed {
    /// Yes, with a form of ours.
    Yes,
    /// They were not asked yet.
    NotYet,
}

impl Flow {
    /// Take a logout request.
    pub async fn logout(
        &self,
        visitor: &Visitor,
        raw: &[u8],
        confirmed: Confirmed,
    ) -> Result<LogoutProgress, Fault> {
        let request = match logout::parse(raw) {
            Ok(request) => request,
            Err(error) => return Ok(LogoutProgress::Unreadable(error)),
        };
        let tenant = &visitor.tenant;
        let (session, name) = self.standing_session(visitor).await?;
        let plan = self.logout_plan(visitor, &request, session.as_ref());
        let service = plan.service.as_ref().map(|name| destination(tenant, name));
        if plan.confirm == Confirm::Needed && confirmed == Confirmed::NotYet {
            let query = String::from_utf8_lossy(raw).into_owned();
            return Ok(LogoutProgress::Ask { service, query, name });
        }
        if let Some(session) = session {
            self.end_session(visitor, &session).await?;
        }
        Ok(match plan.after {
            After::Return(location) => LogoutProgress::Return(location),
            After::Here | After::NotReturned(_) => LogoutProgress::Done { service },
        })
    }

    fn logout_plan(
        &self,
        visitor: &Visitor,
        request: &LogoutRequest,
        session: Option<&StoredSession>,
    ) -> logout::LogoutPlan {
        let tenant = &visitor.tenant;
        let published = tenant.signing.published(visitor.now);
        let hint = request
            .id_token_hint
            .as_deref()
            .and_then(|sent| hint::verify(sent, &tenant.site, &published, visitor.now).ok());
        let sid = session.zip(hint.as_ref()).and_then(|(session, hint)| {
            let (_, client) = tenant.client(&hint.client_id)?;
            Some(subject::sid(client, session.facts.id, &pairwise_key(tenant)))
        });
        let current = match session {
            None => CurrentSession::None,
            Some(_) => CurrentSession::Standing { sid: sid.as_deref() },
        };
        logout::decide(request, hint.as_ref(), current, &tenant.site)
    }

    async fn standing_session(
        &self,
        visitor: &Visitor,
    ) -> Result<(Option<StoredSession>, String), Fault> {
        let wanted = Wanted {
            session: visitor.session_digest().map(Digest::from_bytes),
            ..Wanted::default()
        };
        let loaded = self.store.load(visitor.tenant.id, visitor.now, wanted).await?;
        let name = loaded.person.map(|person| person.person.username.to_string());
        Ok((loaded.session, name.unwrap_or_default()))
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
