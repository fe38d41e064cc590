//! Pages at the way out: consent, signing out, the relay of a POST answer.

use crate::{Form, Slip};

/// Whether a service may receive what it asks for. Posts `decision` = `allow` or `deny`.
#[derive(Debug, Clone)]
pub struct Consent {
    /// The slip, with everything checked.
    pub slip: Slip,
    /// The form.
    pub form: Form,
    /// The service, in the page's language.
    pub service: String,
    /// Its page, shown as text.
    pub service_home: Option<String>,
    /// Whose data: the name, in the page's language.
    pub person: String,
    /// Scopes that are asked for; unknown ones are shown by their name.
    pub scopes: Vec<String>,
    /// What the service will receive, value by value.
    pub released: Vec<ReleasedItem>,
}

/// A value that a service receives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReleasedItem {
    /// The name.
    Name(String),
    /// The user name.
    Username(String),
    /// The mail address.
    Mail(String),
    /// What the person is to the organisation, in the registered words (`student`).
    Affiliations(Vec<sekimori_directory::Affiliation>),
    /// Groups.
    Groups(Vec<String>),
}

/// The question whether to sign out. Posts `decision` = `sign_out`.
#[derive(Debug, Clone)]
pub struct SignOut {
    /// The form.
    pub form: Form,
    /// Who is signed in.
    pub person: String,
    /// The service that asked, in the page's language.
    pub service: Option<String>,
    /// Where "Stay signed in" leads.
    pub cancel_href: String,
}

/// Signed out.
#[derive(Debug, Clone)]
pub struct SignedOut {
    /// The service to go back to, with its address, where one asked and the address is registered.
    pub back: Option<(String, String)>,
    /// Services that this browser was signed in to and that may keep a sign-in of their own.
    pub services: Vec<String>,
    /// Where one can sign in again.
    pub sign_in_href: String,
}

/// An answer that must be posted to the service (`response_mode=form_post`). JavaScript submits it at once;
/// without, one presses Continue.
#[derive(Debug, Clone)]
pub struct Relay {
    /// The service's registered address.
    pub action: String,
    /// The answer's fields.
    pub fields: Vec<(String, String)>,
    /// The service, in the page's language.
    pub service: String,
}
