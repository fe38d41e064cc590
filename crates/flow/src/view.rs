//! What `web` hears: what to show, where to send the browser, which cookies to set. No HTML, no HTTP.

use std::collections::BTreeSet;

use sekimori_base::Timestamp;
use sekimori_directory::release::Released;
use sekimori_directory::settings::ZoneName;
use sekimori_directory::username::InputHint;
use sekimori_login::{Details, Reason, Step};
use sekimori_store::{MailState, StoredMailCode};
use serde::{Deserialize, Serialize};

use crate::door::{Answer, Destination};
use crate::incident::IncidentCode;
use crate::login::good_until;
use crate::visitor::Visitor;

/// The outcome of a request of the sign-in.
#[derive(Debug, Clone, PartialEq)]
pub enum Progress {
    /// Show this step.
    Step(Box<StepView>),
    /// Show why it does not go on, until the person leaves.
    Refused(Box<RefusedView>),
    /// The try came within the pace of one a second: nothing was looked at; submit the same form again, with
    /// [`crate::SignInForm::held`], after so many milliseconds (at most a second).
    Hold {
        /// Milliseconds.
        millis: u64,
    },
    /// Nothing can be checked at this moment: 503 with `Retry-After`.
    Busy(Box<RefusedView>),
    /// Ask whether the service may have the person's data.
    Consent(Box<ConsentView>),
    /// Go to this path of ours.
    SeeOther {
        /// Path and query.
        path: String,
        /// Cookies to set.
        cookies: Cookies,
    },
    /// Take this answer to the service.
    Answer {
        /// The answer.
        answer: Answer,
        /// Cookies to set.
        cookies: Cookies,
    },
}

/// Cookies to set; `None` leaves one as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Cookies {
    /// The session's token. Text is kept only inside sealed state.
    pub session: Option<String>,
    /// The device cookie.
    pub device: Option<String>,
    /// The binding cookie.
    pub browser: Option<String>,
    /// End the session cookie.
    pub end_session: bool,
    /// A request that is too long for a URL: its id and sealed text, for two minutes.
    pub request: Option<(String, String)>,
}

impl Cookies {
    /// The session's cookie goes if it came along: a cross-site form, which brings none, takes none away.
    pub(crate) fn after_signing_out(visitor: &Visitor) -> Self {
        Self { end_session: visitor.session.is_some(), ..Self::default() }
    }
}

/// A step to show.
#[derive(Debug, Clone, PartialEq)]
pub struct StepView {
    /// Where the person is going.
    pub destination: Destination,
    /// The question.
    pub step: Step,
    /// Why it is asked, or what went wrong with the last answer.
    pub reason: Reason,
    /// What goes with the reason.
    pub details: Details,
    /// Hints from the typed text.
    pub hints: Vec<InputHint>,
    /// The incident code of a refusal.
    pub incident: Option<IncidentCode>,
    /// When the reason was given.
    pub at: Timestamp,
    /// The user name, folded, once it was typed.
    pub name: Option<String>,
    /// The sealed request, before the first credential.
    pub request: Option<String>,
    /// The attempt's id, afterwards.
    pub attempt: Option<String>,
    /// The attempt's version.
    pub version: u64,
    /// The password (or another opening proof) has been verified.
    pub verified: bool,
    /// The zone in which the attempt began.
    pub zone_at_begin: Option<ZoneName>,
    /// A binding cookie to set with the page.
    pub browser: Option<String>,
    /// What the person may wonder about, beside the question.
    pub note: Option<Reason>,
    /// Where it leads not to answer: a sign-in before a change of the portal can be called off.
    pub cancel: Option<String>,
    /// Where a code by mail goes, and how the last one fares; on the step that asks for one.
    pub mail: Option<MailView>,
    /// What the page asks a passkey for.
    pub passkey: Option<PasskeyPrompt>,
    /// Where a certificate is presented; on the step that asks for one.
    pub certificate: Option<CertificatePrompt>,
}

/// Where a page leads to present a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificatePrompt {
    /// A host that this browser has not met: `https://host[:port]`.
    pub origin: String,
    /// What goes along.
    pub ticket: String,
}

/// What a page asks a passkey for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasskeyPrompt {
    /// What the browser is told, as JSON with bytes in base64url.
    pub options: String,
    /// The sealed challenge, for the form.
    pub challenge: String,
    /// Nobody's passkeys are named: the browser may offer one that is no longer registered here.
    pub may_be_unknown: bool,
}

/// A refusal that stays until the person leaves.
#[derive(Debug, Clone, PartialEq)]
pub struct RefusedView {
    /// Where the person was going, when known.
    pub destination: Option<Destination>,
    /// The reason that may be shown.
    pub reason: Reason,
    /// What goes with it.
    pub details: Details,
    /// The incident code, if one was kept.
    pub incident: Option<IncidentCode>,
    /// When.
    pub at: Timestamp,
    /// Whether name and password (or the like) were verified.
    pub verified: bool,
    /// Where one can begin again at the same destination, as a path of ours or the service's start page.
    pub start_over: Option<String>,
    /// Who is signed in, for "other person" pages.
    pub signed_in_as: Option<String>,
    /// The attempt that ended here, if an enrolment ticket may still help in it.
    pub ticket_attempt: Option<String>,
}

/// The question whether a service may have the person's data.
#[derive(Debug, Clone, PartialEq)]
pub struct ConsentView {
    /// The service.
    pub destination: Destination,
    /// The scopes that it asks for.
    pub scopes: BTreeSet<String>,
    /// What it would receive.
    pub released: Released,
    /// The sealed request.
    pub request: String,
    /// Who is signed in.
    pub name: String,
}

/// A code by mail, as the page that asks for it shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailView {
    /// The address, masked.
    pub address: String,
    /// The newest code; `None` before one was sent.
    pub sent: Option<SentMail>,
    /// Another one is sent from this moment on; `None`: at once.
    pub wait_until: Option<Timestamp>,
}

/// A code that was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentMail {
    /// The how manyth.
    pub number: u32,
    /// When it was asked for.
    pub at: Timestamp,
    /// Good until then.
    pub until: Timestamp,
    /// How far it has come.
    pub way: MailWay,
}

/// How far a mail has come. Words are the other server's, without addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MailWay {
    /// It is about to be handed over.
    Waiting,
    /// A mail server has taken it.
    Accepted {
        /// When.
        at: Timestamp,
    },
    /// It has to wait.
    Deferred {
        /// The next try.
        next_at: Option<Timestamp>,
        /// Why.
        words: String,
    },
    /// It was refused for good.
    Refused {
        /// Why.
        words: String,
    },
    /// It could not be handed over while it was good.
    GivenUp {
        /// Why.
        words: String,
    },
    /// It was taken, and came back.
    Bounced {
        /// When.
        at: Timestamp,
        /// Why.
        words: String,
    },
}

impl SentMail {
    /// A code, with what is known of its way.
    pub(crate) fn of(number: u32, at: Timestamp, followed: Option<&StoredMailCode>) -> Self {
        let words =
            |code: &StoredMailCode| without_addresses(code.words.as_deref().unwrap_or_default());
        let way = followed.map_or(MailWay::Waiting, |code| match code.state {
            MailState::Waiting => MailWay::Waiting,
            MailState::Accepted => MailWay::Accepted { at: code.state_at },
            MailState::Deferred => MailWay::Deferred { next_at: code.next_at, words: words(code) },
            MailState::Refused => MailWay::Refused { words: words(code) },
            MailState::GivenUp => MailWay::GivenUp { words: words(code) },
            MailState::Bounced => MailWay::Bounced { at: code.state_at, words: words(code) },
        });
        Self { number, at, until: good_until(at), way }
    }
}

/// A mail server's words for somebody who may not know the address: whoever has a password only would learn it.
fn without_addresses(words: &str) -> String {
    let word = |word: &str| if word.contains('@') { "…".to_owned() } else { word.to_owned() };
    words.split_whitespace().map(word).collect::<Vec<_>>().join(" ")
}
