//! Full pages for what the person cannot mend in a field: requests, services, faults of ours.

use sekimori_base::Timestamp;

use crate::{Failure, Form, Place};

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

/// The public page where an incident code can be entered. Asks by GET with `code`.
#[derive(Debug, Clone)]
pub struct Troubleshoot {
    /// Where the form leads (its method is GET; hidden fields are sent along).
    pub form: Form,
    /// What was entered, as it reads folded; empty at first.
    pub code: String,
    /// What can be said.
    pub answer: TroubleshootAnswer,
    /// Where the person is.
    pub place: Option<Place>,
}

/// What the page says about a code.
#[derive(Debug, Clone)]
pub enum TroubleshootAnswer {
    /// No code was entered.
    Nothing,
    /// What was entered cannot be a code: its check character does not fit.
    Mistyped,
    /// A code, and somebody who may be told no more than anybody: the same text for unknown codes.
    Public,
    /// A code of this very browser, or of the signed-in person.
    Told {
        /// What happened.
        failure: Box<Failure>,
        /// When.
        at: Timestamp,
        /// The service, in the page's language.
        service: Option<String>,
        /// What the network was called, in the page's language.
        place: Option<String>,
    },
    /// Too many codes were asked for.
    Slower {
        /// Seconds to wait.
        wait_seconds: i64,
    },
}
