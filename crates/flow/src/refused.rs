//! Requests that are refused before the engine is asked: a service that nobody knows, an address that is not
//! registered, a request that cannot be read or carried, a browser that keeps no cookies.
//!
//! Within the budget of refusals they get an audit line and an incident code, so that the desk can tell what was
//! sent. No rule spoke: what is kept is told, and not decided again.

use sekimori_base::{Fault, random};
use sekimori_directory::RedirectUri;
use sekimori_directory::settings::ServiceName;
use sekimori_login::Reason;
use sekimori_protocol_oidc::{PageError, Problem};
use sekimori_store::{AuditFacts, AuditLine, CommitError, Write};
use serde::{Deserialize, Serialize};

use crate::Flow;
use crate::carried::browser_mark;
use crate::incident::IncidentCode;
use crate::visitor::Visitor;

/// Registered addresses that are kept with a refusal.
const REGISTERED_MAX: usize = 20;

/// What a refused request said, as it lies beside its audit line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RefusedRequest {
    /// The version of the site settings then.
    pub settings_version: u64,
    /// The browser that it was said to, by the mark of its binding cookie.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub browser: Option<u64>,
    /// What is wrong, for the service's developer.
    pub problem: String,
    /// What was sent as `client_id`, where that is what is wrong. Cut.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// What was sent as `redirect_uri`, where that is what is wrong. Cut.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redirect_uri: Option<String>,
    /// What was registered then, the nearest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub registered: Vec<String>,
    /// The first character, from 1, in which what was sent differs from the nearest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub differs_at: Option<usize>,
}

impl RefusedRequest {
    fn new(visitor: &Visitor, problem: String) -> Self {
        Self {
            settings_version: visitor.tenant.settings_version,
            browser: visitor.browser_digest().map(browser_mark),
            problem,
            client_id: None,
            redirect_uri: None,
            registered: Vec::new(),
            differs_at: None,
        }
    }

    fn of(visitor: &Visitor, error: &PageError) -> Self {
        let mut refused = Self::new(visitor, error.description());
        refused.client_id = error.client_id().map(str::to_owned);
        refused.redirect_uri = error.redirect_uri().map(str::to_owned);
        let nearest = match &error.problem {
            Problem::RedirectMismatch { nearest, differs_at, .. } => {
                refused.differs_at = *differs_at;
                nearest.clone()
            }
            Problem::RedirectMissing { .. } => None,
            Problem::Form(_)
            | Problem::Repeated(_)
            | Problem::ClientIdMissing
            | Problem::ClientUnknown { .. } => return refused,
        };
        let service = error.service.as_ref().and_then(|name| visitor.tenant.site.service(name));
        let client = service.and_then(|service| service.oidc.as_ref());
        let uris = client.into_iter().flat_map(|client| &client.redirect_uris);
        let others = uris.map(RedirectUri::as_str).filter(|uri| nearest.as_deref() != Some(uri));
        refused.registered = nearest.iter().cloned().chain(others.map(str::to_owned)).collect();
        refused.registered.truncate(REGISTERED_MAX);
        refused
    }
}

impl Flow {
    /// Keep what a request said whose sender is not verified; the code that it can be asked about by.
    pub async fn note_request(
        &self,
        visitor: &Visitor,
        error: &PageError,
    ) -> Result<Option<IncidentCode>, Fault> {
        let refused = RefusedRequest::of(visitor, error);
        self.note_refused(visitor, error.reason, error.service.as_ref(), &refused).await
    }

    /// Keep that a request was refused for what it is, or for what the browser does with it.
    pub(crate) async fn note_plain(
        &self,
        visitor: &Visitor,
        reason: Reason,
        service: &ServiceName,
    ) -> Result<Option<IncidentCode>, Fault> {
        let problem = match reason {
            Reason::CookiesBlocked => "a cookie that was set did not come back",
            Reason::RequestInvalid => "the request is too long to be carried",
            _ => "the request cannot be continued",
        };
        let refused = RefusedRequest::new(visitor, problem.to_owned());
        self.note_refused(visitor, reason, Some(service), &refused).await
    }

    async fn note_refused(
        &self,
        visitor: &Visitor,
        reason: Reason,
        service: Option<&ServiceName>,
        refused: &RefusedRequest,
    ) -> Result<Option<IncidentCode>, Fault> {
        let tenant = visitor.tenant.id;
        if !self.budget.take(tenant, visitor.network(), visitor.now) {
            return Ok(None);
        }
        let json = serde_json::to_string(refused).map_err(Fault::while_doing("recording"))?;
        let incident = IncidentCode::random(&*self.entropy);
        let line = AuditLine {
            at: visitor.now,
            event: "request.refused".to_owned(),
            reason: Some(reason.code().to_owned()),
            person: None,
            by: None,
            service: service.map(ToString::to_string),
            zone: Some(visitor.position.zone.to_string()),
            incident: Some(incident.to_string()),
            details: String::new(),
            facts: Some(AuditFacts { json, salt: random(&*self.entropy) }),
        };
        match self.store.commit(tenant, visitor.now, vec![Write::Audit(Box::new(line))]).await {
            Ok(_) => Ok(Some(incident)),
            Err(CommitError::Conflict { .. }) => Ok(None),
            Err(CommitError::Fault(fault)) => Err(fault),
        }
    }
}
