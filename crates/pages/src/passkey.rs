//! What a page asks a passkey for: a button and fields of its form that a script fills in, and what it says where that
//! does not work.

use askama::Template;
use sekimori_directory::Method;
use sekimori_login::Reason;

use crate::parts::Said;
use crate::portal::{FactorRow, RegisterPasskey};
use crate::view::View;
use crate::{Failure, Password, Username};

/// What a page asks a passkey for. Its form posts `passkey`, what the browser answered, and `challenge`.
#[derive(Debug, Clone)]
pub struct PasskeyAsk {
    /// The sealed challenge.
    pub challenge: String,
    /// What the browser is told, as JSON with bytes in base64url.
    pub options: String,
    /// What the passkey is for.
    pub purpose: PasskeyPurpose,
    /// The one that was shown last is not registered here: the browser may forget it.
    pub unknown: bool,
}

/// What a passkey is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasskeyPurpose {
    /// To sign in with it instead of what the page asks for; the browser offers it in the user name field.
    Offered,
    /// To sign in with it instead of what the page asks for, by the button alone.
    Instead,
    /// As the one more proof.
    Second,
    /// To make one.
    Make,
}

#[derive(Template)]
#[template(path = "parts/passkey.html")]
pub(crate) struct PasskeyPart<'a> {
    v: View<'a>,
    ask: &'a PasskeyAsk,
}

impl<'a> View<'a> {
    /// What asks for a passkey, inside a form.
    pub fn passkey(&self, ask: &'a PasskeyAsk) -> PasskeyPart<'a> {
        PasskeyPart { v: *self, ask }
    }
}

impl PasskeyPart<'_> {
    const fn makes(&self) -> bool {
        matches!(self.ask.purpose, PasskeyPurpose::Make)
    }

    const fn offers(&self) -> bool {
        matches!(self.ask.purpose, PasskeyPurpose::Offered)
    }

    /// Whether the page asks for something else first.
    const fn is_aside(&self) -> bool {
        matches!(self.ask.purpose, PasskeyPurpose::Offered | PasskeyPurpose::Instead)
    }

    const fn button(&self) -> &'static str {
        match self.ask.purpose {
            PasskeyPurpose::Offered | PasskeyPurpose::Instead => "passkey-sign-in",
            PasskeyPurpose::Second => "passkey-use",
            PasskeyPurpose::Make => "register-passkey-button",
        }
    }

    const fn no_script(&self) -> &'static str {
        if self.makes() { "register-passkey-no-script" } else { "passkey-no-script" }
    }

    /// What the script says, by the names that it knows it by.
    fn said(&self) -> Vec<(&'static str, String)> {
        let texts: &[(&str, &str)] = if self.makes() {
            &[
                ("cancelled", "register-passkey-cancelled"),
                ("timeout", "register-passkey-timeout"),
                ("known", "register-passkey-known"),
                ("unfit", "register-passkey-unfit"),
                ("address", "register-passkey-wrong-address"),
                ("unusable", "register-passkey-not-usable"),
                ("unsupported", "register-passkey-no-support"),
            ]
        } else {
            &[
                ("cancelled", "passkey-cancelled"),
                ("timeout", "passkey-timeout"),
                ("none", "passkey-none-here"),
                ("address", "passkey-wrong-address"),
                ("unusable", "passkey-not-usable"),
                ("unfit", "passkey-not-usable"),
                ("known", "passkey-not-usable"),
            ]
        };
        let mut said: Vec<_> = texts.iter().map(|(name, id)| (*name, self.v.t(id))).collect();
        // Where it is one of several ways nothing is missed.
        if self.ask.purpose == PasskeyPurpose::Second {
            said.push(("unsupported", self.v.t("passkey-no-support")));
        }
        said
    }
}

impl View<'_> {
    /// A factor with the name that its person knows it by.
    pub fn factor_name(&self, factor: &FactorRow) -> String {
        let method = self.words.method_name(factor.method);
        let named =
            matches!(factor.method, Method::Passkey | Method::MailCode | Method::Certificate);
        if !named || factor.label.is_empty() {
            return method;
        }
        let (name, method) = (factor.label.as_str(), method.as_str());
        self.words.with("factor-named", &[("method", method.into()), ("name", name.into())])
    }
}

/// Whether it is a passkey that did not fit: nothing is wrong with what the page's field holds.
fn is_of_passkey(failure: Option<&Failure>) -> bool {
    failure.is_some_and(|failure| {
        matches!(
            failure.reason,
            Reason::PasskeyUnknown
                | Reason::PasskeyRefused
                | Reason::PasskeyUnverified
                | Reason::PasskeySpent
        )
    })
}

impl Username {
    pub(crate) fn field_failed(&self) -> bool {
        self.failure.is_some() && !is_of_passkey(self.failure.as_ref())
    }

    pub(crate) fn failed_field(&self) -> &'static str {
        if self.field_failed() { "username" } else { "passkey-button" }
    }
}

impl Password {
    pub(crate) fn field_failed(&self) -> bool {
        self.failure.is_some() && !is_of_passkey(self.failure.as_ref())
    }

    pub(crate) fn failed_field(&self) -> &'static str {
        if self.field_failed() { "password" } else { "passkey-button" }
    }
}

impl RegisterPasskey {
    pub(crate) fn said(&self, view: &View<'_>) -> Option<Said> {
        let said = view.said_plainly(self.failure.as_ref())?;
        // The texts of the sign-in lead to other ways of signing in, and here one is being registered.
        Some(Said { text: Some(view.t("register-passkey-refused")), ..said })
    }
}
