//! The connection check: what a sign-in needs of a browser and a network, for whoever is stuck or asked to look.
//!
//! Open to everybody, and nothing that a browser sends is shown again: of what it says of itself only a name that stands
//! here.

use crate::{Form, Place};

/// The public page.
#[derive(Debug, Clone)]
pub struct ConnectionCheck {
    /// Where they are.
    pub place: Place,
    /// Their address, as it reached us.
    pub address: Option<String>,
    /// Which version of the internet protocol that is.
    pub family: Option<Family>,
    /// The longest range of the site that the address is in.
    pub range: Option<String>,
    /// Whether the browser keeps cookies.
    pub cookies: CookieCheck,
    /// The form that tries it.
    pub form: Form,
    /// What they seem to look at this page with.
    pub browser: SeenBrowser,
}

/// A version of the internet protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

/// What is known of the browser's cookies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CookieCheck {
    /// Nothing yet.
    Untried,
    /// One was set, and came back.
    Kept,
    /// One was set, and did not come back.
    Lost,
}

/// What somebody seems to look at a page with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SeenBrowser {
    /// One of those that people know by name.
    Known(&'static str),
    /// A window inside an app, which keeps no passwords, passkeys or certificates of the device.
    InApp(&'static str),
    /// One that is no longer made.
    Past(&'static str),
    /// Some other program.
    Other,
}

impl ConnectionCheck {
    /// Where the page is.
    pub const PATH: &str = "/check";

    /// Where it is once a cookie was set in a `second` of Unix time.
    #[must_use]
    pub fn cookies_path(second: i64) -> String {
        format!("{}/cookies/{second}", Self::PATH)
    }

    pub(crate) const fn family_name(&self) -> Option<&'static str> {
        match self.family {
            Some(Family::V4) => Some("IPv4"),
            Some(Family::V6) => Some("IPv6"),
            None => None,
        }
    }

    pub(crate) const fn cookie_words(&self) -> &'static str {
        match self.cookies {
            CookieCheck::Untried => "check-cookies-untried",
            CookieCheck::Kept => "check-cookies-kept",
            CookieCheck::Lost => "check-cookies-lost",
        }
    }

    pub(crate) const fn cookies_are_lost(&self) -> bool {
        matches!(self.cookies, CookieCheck::Lost)
    }

    pub(crate) const fn browser_words(&self) -> (&'static str, &'static str) {
        match self.browser {
            SeenBrowser::Known(name) => ("check-browser-known", name),
            SeenBrowser::InApp(name) => ("check-browser-in-app", name),
            SeenBrowser::Past(name) => ("check-browser-past", name),
            SeenBrowser::Other => ("check-browser-other", ""),
        }
    }

    pub(crate) const fn browser_warns(&self) -> bool {
        matches!(self.browser, SeenBrowser::InApp(_) | SeenBrowser::Past(_))
    }
}
