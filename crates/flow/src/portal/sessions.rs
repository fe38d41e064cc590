//! Ending sessions: one, all others, this one.

use sekimori_base::{Fault, SessionId};
use sekimori_store::{CommitError, Write};

use super::enter::{Care, Who, form_token, is_form_token, portal_line, who};
use super::{Done, Portal};
use crate::Flow;
use crate::oidc::logout::session_owner;
use crate::view::{Cookies, Progress};
use crate::visitor::Visitor;

/// Which sessions are to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// This one of the person's.
    One(SessionId),
    /// All but the present one.
    Others,
}

/// The question whether to sign out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignOutView {
    /// Who.
    pub who: Who,
    /// The token of the form.
    pub token: String,
}

impl Flow {
    /// End sessions of one's own; it works at once.
    pub async fn end_sessions(
        &self,
        visitor: &Visitor,
        token: &str,
        ending: Ending,
    ) -> Result<Portal<()>, Fault> {
        let inside = match self.enter(visitor, "/portal", Care::Plain).await? {
            Ok(inside) => inside,
            Err(progress) => return Ok(Portal::elsewhere(progress)),
        };
        if !inside.is_token(token) {
            return Ok(Portal::see("/portal"));
        }
        let (tenant, now) = (visitor.tenant.id, visitor.now);
        let (person, own) = (inside.person.person.id, inside.session.facts.id);
        let mut writes =
            vec![Write::Audit(Box::new(portal_line(visitor, &inside.person, "session.ended")))];
        let done = match ending {
            Ending::One(id) if id == own => return Ok(Portal::see("/portal/sign-out")),
            Ending::One(id) => {
                writes.push(Write::SessionEndById { person, id });
                Done::SessionEnded
            }
            Ending::Others => {
                writes.push(Write::SessionsEndOfPerson { person, except: Some(own) });
                Done::OthersEnded
            }
        };
        match self.store.commit(tenant, now, writes).await {
            Ok(_) | Err(CommitError::Conflict { .. }) => Ok(Portal::done(done)),
            Err(CommitError::Fault(fault)) => Err(fault),
        }
    }

    /// Whether to sign out. Works for every session, also one that the portal would ask for more.
    pub async fn sign_out_page(&self, visitor: &Visitor) -> Result<Portal<SignOutView>, Fault> {
        let Some((session, Some(name))) = self.own_session(visitor).await? else {
            return Ok(Portal::see("/signed-out"));
        };
        let owner = session_owner(&session);
        Ok(Portal::Here(SignOutView {
            who: who(visitor, name, &session),
            token: form_token(&visitor.tenant, &owner),
        }))
    }

    /// Sign out.
    pub async fn sign_out(&self, visitor: &Visitor, token: &str) -> Result<Portal<()>, Fault> {
        if let Some((session, _)) = self.own_session(visitor).await? {
            let owner = session_owner(&session);
            if !is_form_token(&visitor.tenant, &owner, token) {
                return Ok(Portal::see("/portal/sign-out"));
            }
            self.end_session(visitor, &session).await?;
        }
        let cookies = Cookies::after_signing_out(visitor);
        Ok(Portal::elsewhere(Progress::SeeOther { path: "/signed-out".to_owned(), cookies }))
    }
}
