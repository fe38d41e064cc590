//! What stands around every page, and what every form carries.

use sekimori_base::{Language, Timestamp};
use sekimori_directory::settings::Organisation;

/// What stands around every page.
#[derive(Debug, Clone)]
pub struct Frame<'a> {
    /// The language of the page.
    pub language: Language,
    /// Name, accent colour and help desk, from the site settings.
    pub organisation: &'a Organisation,
    /// IANA time zone of the site settings, in which moments are written.
    pub time_zone: &'a str,
    /// The moment of the request: waits and "3 minutes ago" are counted from it.
    pub now: Timestamp,
    /// This same page in the other languages. Empty for answers to a POST that cannot be asked for again.
    pub languages: Vec<LanguageLink>,
    /// The public page where an incident code can be entered.
    pub troubleshoot_href: &'a str,
    /// The connection check.
    pub check_href: &'a str,
    /// The portal's head, on pages for somebody who is signed in to it.
    pub portal: Option<PortalHead<'a>>,
    /// In demo mode, the strip that says where one pretends to be.
    pub demo: Option<DemoStrip<'a>>,
}

/// A link to this page in another language.
#[derive(Debug, Clone)]
pub struct LanguageLink {
    /// The other language.
    pub language: Language,
    /// The address of this page in it.
    pub href: String,
}

impl LanguageLink {
    /// The language's name in itself.
    pub(crate) const fn name(&self) -> &'static str {
        match self.language {
            Language::English => "English",
            Language::Japanese => "日本語",
        }
    }
}

/// The portal's head.
#[derive(Debug, Clone)]
pub struct PortalHead<'a> {
    /// The person's name, in the page's language.
    pub person: String,
    /// Where the portal's pages are.
    pub links: &'a PortalLinks,
    /// The session ends after so many seconds, unless it is used before.
    pub ends_in_seconds: i64,
    /// By how many seconds using it puts the end off; `None` when it ends then in any case.
    pub use_adds_seconds: Option<u32>,
}

/// Addresses of the portal's pages: one constant in `web`.
#[derive(Debug, Clone, Copy)]
pub struct PortalLinks {
    /// The overview.
    pub overview: &'static str,
    /// Change the password.
    pub password: &'static str,
    /// Register an authenticator app.
    pub totp: &'static str,
    /// Register a passkey.
    pub passkey: &'static str,
    /// Register an address for codes by mail.
    pub mail_code: &'static str,
    /// Make recovery codes.
    pub recovery_codes: &'static str,
    /// Enter an enrolment ticket.
    pub ticket: &'static str,
    /// Remove a factor: `?factor=fac_…` is added.
    pub remove_factor: &'static str,
    /// Give a passkey another name: `/fac_…` is added.
    pub rename_factor: &'static str,
    /// Something is lost.
    pub lost: &'static str,
    /// Which proofs may be used.
    pub preferences: &'static str,
    /// The person's client certificates.
    pub certificates: &'static str,
    /// What a sign-in from elsewhere would come to.
    pub rehearsal: &'static str,
    /// Services that were given consent.
    pub consents: &'static str,
    /// The question whether to sign out.
    pub sign_out: &'static str,
}

/// The strip on top of every page in demo mode.
#[derive(Debug, Clone)]
pub struct DemoStrip<'a> {
    /// The network that one pretends to be on, in the page's language; `None` = the real one.
    pub network: Option<String>,
    /// The page to choose another.
    pub networks_href: &'a str,
    /// The page of outgoing mail.
    pub mails_href: &'a str,
    /// The page of what the authenticator apps show.
    pub codes_href: &'a str,
}

/// What a form carries besides its visible fields.
#[derive(Debug, Clone, Default)]
pub struct Form {
    /// Where it posts to.
    pub action: String,
    /// Hidden fields in order. The steps of a sign-in use `request` (the sealed request), `attempt` and
    /// `version`; forms of the portal their token.
    pub hidden: Vec<(&'static str, String)>,
}

impl Form {
    /// A form that posts to `action` with these hidden fields.
    pub fn new(action: impl Into<String>, hidden: Vec<(&'static str, String)>) -> Self {
        Self { action: action.into(), hidden }
    }
}
