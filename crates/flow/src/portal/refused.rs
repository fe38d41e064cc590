//! Why a form was not taken, sealed into the address of the page that says so. Every form is answered by a redirect:
//! reload, back and the language switch then show the same once more, and send nothing again.

use sekimori_base::limits::SEALED_REQUEST_BYTES_MAX;
use sekimori_base::{Entropy, Fault, Sealed, Timestamp};
use sekimori_keys::{Binding, Purpose, seal};
use sekimori_words::PasswordFlaw;
use serde::{Deserialize, Serialize};

use super::ticket::TicketAnswer;
use crate::carried::browser_mark;
use crate::visitor::Visitor;

/// It is said for so long; afterwards the page is as at first.
const SAID_SECONDS: i64 = 600;

/// Why a form was not taken. What was typed into it is not among it, save a user name.
#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Refused {
    /// The user name as it was typed.
    #[serde(rename = "n", default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// What is wrong with the new password.
    #[serde(rename = "w", default, skip_serializing_if = "Vec::is_empty")]
    pub flaws: Vec<PasswordFlaw>,
    /// Why a ticket or a code was not taken.
    #[serde(rename = "a", default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<TicketAnswer>,
}

/// What is sealed: it is said to the browser that sent the form.
#[derive(Serialize, Deserialize)]
struct Said {
    #[serde(rename = "r")]
    refused: Refused,
    #[serde(rename = "b")]
    browser: Option<u64>,
    #[serde(rename = "t")]
    at: Timestamp,
}

impl Refused {
    /// A new password that is too easy to guess, or too long.
    pub fn flaws(flaws: Vec<PasswordFlaw>) -> Self {
        Self { flaws, ..Self::default() }
    }

    /// The address that says it: `address`, which may have a query, is the page's own.
    pub fn path(
        self,
        visitor: &Visitor,
        address: &str,
        entropy: &(impl Entropy + ?Sized),
    ) -> Result<String, Fault> {
        let (path, join) = match address.split_once('?') {
            Some((path, _)) => (path, '&'),
            None => (address, '?'),
        };
        let browser = visitor.browser_digest().map(browser_mark);
        let said = Said { refused: self, browser, at: visitor.now };
        let sealed = visitor
            .tenant
            .keys
            .seal_json(&binding(visitor, path), &said, SEALED_REQUEST_BYTES_MAX, entropy)
            .map_err(Fault::while_doing("sealing why a form was not taken"))?;
        Ok(format!("{address}{join}f={}", seal::to_text(&sealed)))
    }

    /// What an address says on the page at `path`: nothing, if it is not for this browser or was said long ago.
    pub fn open(visitor: &Visitor, path: &str, text: Option<&str>) -> Self {
        let said = || {
            let sealed: Sealed<Said> = seal::from_text(text?, SEALED_REQUEST_BYTES_MAX).ok()?;
            let said = visitor.tenant.keys.open_json(&binding(visitor, path), &sealed).ok()?;
            let own = visitor.browser_digest().map(browser_mark) == said.browser;
            let young = visitor.now.seconds_since(said.at) <= SAID_SECONDS;
            (own && young).then_some(said.refused)
        };
        said().unwrap_or_default()
    }
}

impl From<TicketAnswer> for Refused {
    fn from(answer: TicketAnswer) -> Self {
        Self { answer: Some(answer), ..Self::default() }
    }
}

fn binding<'v>(visitor: &'v Visitor, path: &'v str) -> Binding<'v> {
    Binding::new(Purpose::RefusedForm, visitor.tenant.id).about(path.as_bytes())
}
