//! Pages of demo mode: pretend to be on another network, read outgoing mail, the sample service.

use crate::Form;

/// Choose the network that one pretends to be on. Posts `address` of the chosen one, empty for the real one.
#[derive(Debug, Clone)]
pub struct Networks {
    /// The form.
    pub form: Form,
    /// The networks.
    pub networks: Vec<Network>,
    /// Where to go back to.
    pub back_href: String,
}

/// A network.
#[derive(Debug, Clone)]
pub struct Network {
    /// What it is called, in the page's language.
    pub title: String,
    /// Why it counts as it does, in one sentence.
    pub explanation: String,
    /// An address inside it.
    pub address: String,
    /// Counts as inside.
    pub inside: bool,
    /// It is the one that is pretended now.
    pub chosen: bool,
}

/// Outgoing mail, newest first.
#[derive(Debug, Clone)]
pub struct Mails {
    /// The mails.
    pub mails: Vec<SentMail>,
}

/// A mail.
#[derive(Debug, Clone)]
pub struct SentMail {
    /// To whom.
    pub to: String,
    /// Where it comes back to, if it has an address of its own for that.
    pub returns_to: Option<String>,
    /// When.
    pub at: sekimori_base::Timestamp,
    /// The subject.
    pub subject: String,
    /// The body, plain text.
    pub body: String,
}

/// What the authenticator apps of the demo's people show.
#[derive(Debug, Clone)]
pub struct Codes {
    /// The apps.
    pub apps: Vec<ShownApp>,
    /// Seconds until the codes change.
    pub seconds_left: i64,
    /// This page.
    pub here_href: String,
}

/// An authenticator app.
#[derive(Debug, Clone)]
pub struct ShownApp {
    /// Whose.
    pub username: String,
    /// What it shows.
    pub code: String,
    /// What it once scanned.
    pub otpauth_uri: String,
}

/// The sample service: what it received.
#[derive(Debug, Clone)]
pub struct SampleService {
    /// The service's name, in the page's language.
    pub title: String,
    /// Claims as received, name and value; empty when nobody is signed in.
    pub claims: Vec<(String, String)>,
    /// Where one signs in; shown when nobody is signed in.
    pub sign_in_href: String,
    /// Where one signs in with two factors (`acr_values`).
    pub sign_in_strong_href: String,
    /// Where one signs out.
    pub sign_out_href: String,
    /// An error that came back instead of a code, as the protocol words it.
    pub error: Option<String>,
}
