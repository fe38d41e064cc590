//! Services that receive data because the person allowed it.

use sekimori_base::{Bilingual, Fault, Timestamp};
use sekimori_store::{AuditLine, CommitError, Write};

use super::enter::{Care, Who, portal_line};
use super::{Done, Portal};
use crate::Flow;
use crate::visitor::Visitor;

/// Where it is.
const PATH: &str = "/portal/consents";

/// All consents of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsentsView {
    /// Who.
    pub who: Who,
    /// The consents.
    pub rows: Vec<ConsentRow>,
    /// The token of the form.
    pub token: String,
}

/// A consent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsentRow {
    /// The service's `client_id`.
    pub client_id: String,
    /// The service's title; its `client_id` if it is no longer registered.
    pub service: Bilingual,
    /// Since when.
    pub at: Timestamp,
    /// For which scopes.
    pub scopes: Vec<String>,
}

impl Flow {
    /// What the person allows.
    pub async fn consents_page(&self, visitor: &Visitor) -> Result<Portal<ConsentsView>, Fault> {
        let inside = match self.enter(visitor, PATH, Care::Plain).await? {
            Ok(inside) => inside,
            Err(progress) => return Ok(Portal::elsewhere(progress)),
        };
        let tenant = &visitor.tenant;
        let consents = self.store.consents_of(tenant.id, inside.person.person.id).await?;
        let rows = consents
            .into_iter()
            .map(|consent| ConsentRow {
                service: tenant.client(&consent.client_id).map_or_else(
                    || Bilingual::new(&consent.client_id, &consent.client_id),
                    |(service, _)| service.title.clone(),
                ),
                at: consent.given_at,
                scopes: consent.scopes.split(' ').map(str::to_owned).collect(),
                client_id: consent.client_id,
            })
            .collect();
        let who = inside.who();
        Ok(Portal::Here(ConsentsView { who, rows, token: inside.token() }))
    }

    /// Withdraw one: what the service holds ends at once, and the next sign-in there asks again.
    pub async fn withdraw_consent(
        &self,
        visitor: &Visitor,
        token: &str,
        client_id: &str,
    ) -> Result<Portal<()>, Fault> {
        let inside = match self.enter(visitor, PATH, Care::Plain).await? {
            Ok(inside) => inside,
            Err(progress) => return Ok(Portal::elsewhere(progress)),
        };
        if !inside.is_token(token) {
            return Ok(Portal::see(PATH));
        }
        let person = inside.person.person.id;
        let service = visitor.tenant.client(client_id).map(|(service, _)| service.name.to_string());
        let line =
            AuditLine { service, ..portal_line(visitor, &inside.person, "consent.withdrawn") };
        let writes = vec![
            Write::ConsentRemove { person, client_id: client_id.to_owned() },
            Write::GrantsEndOfClient { person, client_id: client_id.to_owned() },
            Write::Audit(Box::new(line)),
        ];
        match self.store.commit(visitor.tenant.id, visitor.now, writes).await {
            Ok(_) | Err(CommitError::Conflict { .. }) => Ok(Portal::done(Done::ConsentWithdrawn)),
            Err(CommitError::Fault(fault)) => Err(fault),
        }
    }
}
