//! Full pages for what the person cannot mend in a field: requests, services, faults of ours.

use crate::{Failure, Place};

/// A problem as a full page: unknown service, wrong return address, stale link, blocked cookies, a fault,
/// no such page, overload. Status and `Retry-After` are `web`'s matter.
#[derive(Debug, Clone)]
pub struct Problem {
    /// What.
    pub failure: Failure,
    /// The service, in the page's language, when it is known.
    pub service: Option<String>,
    /// Whom to ask about the service, from its settings.
    pub service_contact: Option<String>,
    /// Where the person is.
    pub place: Option<Place>,
    /// Where the one next step leads. Steps that ask somebody (`AskDesk`, `AskService`) take the desk's or
    /// the service's address and show this one small.
    pub next_href: Option<String>,
    /// What whoever runs the service needs to know, for request errors.
    pub owner: Option<OwnerDetails>,
}

/// Details for whoever runs a service: what arrived, not what would have been right.
#[derive(Debug, Clone, Default)]
pub struct OwnerDetails {
    /// The `client_id` as received.
    pub client_id: Option<String>,
    /// The `redirect_uri` as received. Shown as text, never as a link.
    pub redirect_uri: Option<String>,
    /// The protocol's error code, such as `invalid_request`.
    pub error: Option<String>,
    /// What is wrong, in English, for developers.
    pub description: Option<String>,
}
