//! Reasons in words. Who may be told what has been settled before (`Reason::shown_to`).

use sekimori_base::Timestamp;
use sekimori_directory::Method;
use sekimori_login::{Details, Reason};

use crate::{Argument, Words};

/// What goes with a reason's text. Everything may be left out; the text then speaks in general.
#[derive(Debug, Clone, Copy, Default)]
pub struct Circumstances<'a> {
    /// The decision's details; `None` where no decision was made (a page that does not exist).
    pub details: Option<&'a Details>,
    /// The moment of the page: waits are counted from it.
    pub now: Timestamp,
    /// IANA zone in which moments are written.
    pub time_zone: &'a str,
    /// What the service is called, in the language of the text.
    pub service: Option<&'a str>,
    /// What the person's network is called, in the language of the text.
    pub place: Option<&'a str>,
    /// What the help desk is called, in the language of the text.
    pub desk: Option<&'a str>,
    /// The person is inside, where the policy asks for as much.
    pub inside: bool,
}

impl Words {
    /// The heading of a reason.
    pub fn reason_title(&self, reason: Reason, circumstances: &Circumstances<'_>) -> String {
        self.reason(reason, Some("title"), circumstances)
    }

    /// The text of a reason: what is right, what is not, what to do.
    pub fn reason_text(&self, reason: Reason, circumstances: &Circumstances<'_>) -> String {
        self.reason(reason, None, circumstances)
    }

    fn reason(&self, reason: Reason, part: Option<&str>, about: &Circumstances<'_>) -> String {
        let id = reason.message_id();
        let details = about.details;
        let wait = details
            .and_then(|details| details.wait_until)
            .map(|until| self.waiting(seconds_until(until, about.now)));
        let moment = |at: Option<Timestamp>| at.map(|at| at.in_zone(about.time_zone));
        let until = moment(details.and_then(|details| details.wait_until));
        let account = moment(details.and_then(|details| details.account_moment));
        let ahead = details.and_then(|details| details.clock_ahead_seconds);
        let direction = match ahead {
            Some(..=-1) => "behind",
            Some(1..) => "ahead",
            Some(0) | None => "none",
        };
        let drift = ahead.map(|seconds| self.span(seconds.saturating_abs()));
        let method = details.and_then(|details| details.method).map_or("none", Method::as_str);
        let or = |name: Option<&str>, id: &str| name.map_or_else(|| self.text(id), str::to_owned);
        let service = or(about.service, "generic-service");
        let place = or(about.place, "generic-place");
        let desk = or(about.desk, "generic-desk");
        let (service_first, desk_first) = (capitalised(&service), capitalised(&desk));
        let arguments = [
            ("service", Argument::Text(&service)),
            ("Service", Argument::Text(&service_first)),
            ("place", Argument::Text(&place)),
            ("desk", Argument::Text(&desk)),
            ("Desk", Argument::Text(&desk_first)),
            ("wait", or_none(wait.as_ref())),
            ("until", or_none(until.as_ref())),
            ("moment", or_none(account.as_ref())),
            ("drift", or_none(drift.as_ref())),
            ("direction", Argument::Text(direction)),
            ("method", Argument::Text(method)),
            ("side", Argument::Text(if about.inside { "inside" } else { "outside" })),
        ];
        match part {
            Some(part) => self.attribute(&id, part, &arguments),
            None => self.with(&id, &arguments),
        }
    }
}

/// A missing text is the word that the catalogues select by.
fn or_none(text: Option<&String>) -> Argument<'_> {
    Argument::Text(text.map_or("none", String::as_str))
}

/// Whole seconds from `now` until `until`, rounded up: after so many it is over.
pub(crate) fn seconds_until(until: Timestamp, now: Timestamp) -> i64 {
    -now.millis_since(until).div_euclid(1000)
}

/// The text with a capital at its beginning, for names that begin a sentence.
pub(crate) fn capitalised(text: &str) -> String {
    let mut characters = text.chars();
    match characters.next() {
        Some(first) => first.to_uppercase().chain(characters).collect(),
        None => String::new(),
    }
}
