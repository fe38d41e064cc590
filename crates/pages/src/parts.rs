//! Parts that several pages show: the slip, the error summary, the field's error, the incident.

use askama::Template;
use sekimori_base::Timestamp;
use sekimori_login::Reason;
use sekimori_words::{Circumstances, PasswordFlaw};

use crate::view::{Plain, View};
use crate::{Failure, Form, Identity, Incident, Obstacle, Place, SecondProof, Slip};

/// How a line of the slip stands: a colour only ever comes with the icon and the words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mark {
    Goal,
    Told,
    Done,
    Needed,
    Failed,
}

impl Mark {
    pub const fn class(self) -> &'static str {
        match self {
            Self::Goal => "goal",
            Self::Told => "told",
            Self::Done => "done",
            Self::Needed => "needed",
            Self::Failed => "failed",
        }
    }
}

/// A line of the slip.
pub(crate) struct Line {
    pub term: String,
    pub mark: Mark,
    pub text: String,
    /// Smaller, behind the text.
    pub note: Option<String>,
    /// Behind "why?".
    pub why: Option<String>,
    /// Where another user name can be entered.
    pub change: Option<String>,
}

#[derive(Template)]
#[template(path = "parts/slip.html")]
pub(crate) struct SlipPart<'a> {
    v: View<'a>,
    lines: Vec<Line>,
}

#[derive(Template)]
#[template(path = "parts/summary.html")]
pub(crate) struct SummaryPart<'a> {
    v: View<'a>,
    /// The field that the entry leads to.
    field: &'a str,
    said: Said,
}

#[derive(Template)]
#[template(path = "parts/field_error.html")]
pub(crate) struct FieldErrorPart<'a> {
    v: View<'a>,
    said: Said,
    wait: Option<Wait>,
}

/// What went wrong, as summary and field say it: the title in both, the sentences once.
#[derive(Debug, Clone)]
pub(crate) struct Said {
    /// What it is said about, for programs.
    pub reason: Option<Reason>,
    pub title: String,
    /// In the summary only.
    pub text: Option<String>,
    /// Beside the field: what helps to mend it.
    pub hints: Vec<String>,
}

pub(crate) struct Wait {
    seconds: i64,
    text: String,
}

#[derive(Template)]
#[template(path = "parts/incident.html")]
pub(crate) struct IncidentPart<'a> {
    v: View<'a>,
    incident: &'a Incident,
    place: Option<String>,
    reason: Reason,
}

impl IncidentPart<'_> {
    /// A page that does not exist is no incident: no record is ever kept of it, so that a code is not spoken of.
    fn may_have_code(&self) -> bool {
        self.incident.code.is_some()
            || !matches!(
                self.reason,
                Reason::PageUnknown | Reason::MethodUnknown | Reason::InputEmpty
            )
    }
}

#[derive(Template)]
#[template(path = "parts/hidden.html")]
pub(crate) struct HiddenPart<'a> {
    form: &'a Form,
}

#[derive(Template)]
#[template(path = "parts/time.html")]
pub(crate) struct TimePart {
    machine: String,
    shown: String,
    exact: Option<String>,
}

impl<'a> View<'a> {
    pub fn slip(&self, slip: &Slip) -> SlipPart<'a> {
        self.slip_with_change(slip, None)
    }

    /// The slip with a link to enter another user name.
    pub fn slip_with_change(&self, slip: &Slip, change: Option<&String>) -> SlipPart<'a> {
        let to = slip.service().map(|to| Line {
            term: self.t("slip-to"),
            mark: Mark::Goal,
            text: to.to_owned(),
            note: None,
            why: None,
            change: None,
        });
        let mut lines: Vec<Line> = to.into_iter().collect();
        lines.push(self.place_line(&slip.place, slip.obstacle == Obstacle::Network));
        let identity = self.identity_line(&slip.identity);
        lines.extend(identity.map(|line| Line { change: change.cloned(), ..line }));
        lines.extend(self.proof_line(&slip.proof));
        lines.extend(self.obstacle_line(slip.obstacle));
        SlipPart { v: *self, lines }
    }

    /// What somebody reads about where they are: "outside the campus network (eduroam)".
    pub fn place_words(&self, place: &Place) -> String {
        let side = self.t(match (place.inside, place.unknown) {
            (true, _) => "place-inside",
            (false, true) => "place-unknown",
            (false, false) => "place-outside",
        });
        // "on the campus network (Campus network)" says one thing twice.
        let new = |title: &&String| !side.to_lowercase().ends_with(&title.to_lowercase());
        match place.title.as_ref().filter(new) {
            Some(title) => self.words.with(
                "place-with-name",
                &[("side", (&side).into()), ("name", title.as_str().into())],
            ),
            None => side,
        }
    }

    fn place_line(&self, place: &Place, refused: bool) -> Line {
        Line {
            term: self.t("slip-you-are"),
            mark: if refused { Mark::Failed } else { Mark::Told },
            text: self.place_words(place),
            note: place
                .moved_from
                .as_deref()
                .map(|earlier| self.t1("place-moved", "earlier", earlier)),
            why: Some(self.place_reasons(place).join(&self.t("sentence-separator"))),
            change: None,
        }
    }

    fn identity_line(&self, identity: &Identity) -> Option<Line> {
        let (mark, id, name) = match identity {
            Identity::Unspoken => return None,
            Identity::Open => (Mark::Needed, "slip-needed", None),
            Identity::Named(name) => (Mark::Needed, "slip-password-needed", Some(name)),
            Identity::Right(name) => (Mark::Done, "slip-checked", name.as_ref()),
            Identity::Wrong(name) => (Mark::Failed, "slip-no-match", Some(name)),
            Identity::Ticket(name) => (Mark::Needed, "slip-new-password-needed", Some(name)),
        };
        Some(Line {
            term: self.t("slip-name-and-password"),
            mark,
            text: self.t(id),
            note: name.filter(|name| !name.is_empty()).cloned(),
            why: None,
            change: None,
        })
    }

    fn proof_line(&self, proof: &SecondProof) -> Option<Line> {
        let (mark, text, note) = match proof {
            SecondProof::Unspoken => return None,
            SecondProof::Likely => (Mark::Needed, "slip-proof-likely", None),
            SecondProof::Needed(methods) => {
                let methods = (!methods.is_empty()).then(|| self.methods(methods));
                (Mark::Needed, "slip-needed", methods)
            }
            SecondProof::Right(method) => {
                (Mark::Done, "slip-checked", Some(self.words.method_name(*method)))
            }
            SecondProof::Wrong(method) => {
                (Mark::Failed, "slip-no-match", Some(self.words.method_name(*method)))
            }
            SecondProof::Missing => (Mark::Failed, "slip-proof-missing", None),
        };
        Some(Line {
            term: self.t("slip-one-more-proof"),
            mark,
            text: self.t(text),
            note,
            why: None,
            change: None,
        })
    }

    fn obstacle_line(&self, obstacle: Obstacle) -> Option<Line> {
        let (term, text) = match obstacle {
            Obstacle::None | Obstacle::Network => return None,
            Obstacle::AccountOff => ("slip-account", "slip-account-off"),
            Obstacle::AccountNotYet => ("slip-account", "slip-account-not-yet"),
            Obstacle::AccountEnded => ("slip-account", "slip-account-ended"),
            Obstacle::Group => ("slip-group", "slip-group-other"),
        };
        let (term, text) = (self.t(term), self.t(text));
        Some(Line { term, mark: Mark::Failed, text, note: None, why: None, change: None })
    }

    /// What failed, and what the typed text shows.
    pub fn said(&self, failure: &Failure, about: &Circumstances<'_>) -> Said {
        Said {
            reason: Some(failure.reason),
            title: self.words.reason_title(failure.reason, about),
            text: Some(self.words.reason_text(failure.reason, about)),
            hints: failure.hints.iter().map(|hint| self.words.hint(*hint)).collect(),
        }
    }

    /// The error summary of a sign-in step, leading to `field`.
    pub fn summary(&self, failure: &Failure, slip: &Slip, field: &'a str) -> SummaryPart<'a> {
        let said =
            self.said(failure, &failure.about(self.frame, slip.service(), None, slip.place.inside));
        SummaryPart { v: *self, field, said }
    }

    /// The same words beside the field.
    pub fn field_error(&self, failure: &Failure, slip: &Slip) -> FieldErrorPart<'a> {
        let said =
            self.said(failure, &failure.about(self.frame, slip.service(), None, slip.place.inside));
        let wait = failure.wait_seconds(self.frame.now).zip(failure.details.wait_until);
        let wait = wait.map(|(seconds, until)| Wait {
            seconds,
            text: self.t1("wait-until", "moment", self.moment(until)),
        });
        FieldErrorPart { v: *self, said, wait }
    }

    /// The error summary of a page without a slip.
    pub fn summary_of(&self, said: Option<&Said>, field: &'a str) -> SummaryPart<'a> {
        SummaryPart { v: *self, field, said: said.cloned().unwrap_or_else(|| self.unsaid()) }
    }

    /// The same words beside the field of a page without a slip.
    pub fn field_error_of(&self, said: Option<&Said>) -> FieldErrorPart<'a> {
        let said = said.cloned().unwrap_or_else(|| self.unsaid());
        FieldErrorPart { v: *self, said, wait: None }
    }

    fn unsaid(&self) -> Said {
        Said { reason: None, title: self.t("summary-heading"), text: None, hints: Vec::new() }
    }

    /// What failed while something is being registered. The texts about codes are those of signing in, which begin
    /// with the password being right; here `text` stands instead.
    pub fn said_registering(&self, failure: Option<&Failure>, text: &str) -> Option<Said> {
        let said = self.said_plainly(failure)?;
        let of_code = matches!(
            failure?.reason,
            Reason::CodeWrong
                | Reason::CodeMalformed
                | Reason::CodeExpired
                | Reason::CodeSuperseded
                | Reason::CodeNotSent
        );
        Some(if of_code { Said { text: Some(self.t(text)), ..said } } else { said })
    }

    /// What is wrong with a new password.
    pub fn said_of_flaws(&self, flaws: &[PasswordFlaw]) -> Option<Said> {
        let reason = Reason::PasswordWeak;
        let mut flaws = flaws.iter().map(|flaw| self.words.password_flaw(*flaw));
        let text = Some(self.reason_text(reason, None));
        flaws.next().map(|title| Said { reason: Some(reason), title, text, hints: flaws.collect() })
    }

    /// The incident: code, time with zone, network.
    pub fn incident(&self, failure: &'a Failure, place: Option<&Place>) -> IncidentPart<'a> {
        IncidentPart {
            v: *self,
            incident: &failure.incident,
            place: place.map(|place| self.place_words(place)),
            reason: failure.reason,
        }
    }

    /// A moment, written out.
    pub fn time(&self, at: impl Plain<Timestamp>) -> TimePart {
        let at = at.plain();
        TimePart { machine: at.rfc3339(), shown: self.moment(at), exact: None }
    }

    /// A moment as "3 minutes ago", with the exact one on hover and in print.
    pub fn time_ago(&self, at: impl Plain<Timestamp>) -> TimePart {
        let at = at.plain();
        TimePart { machine: at.rfc3339(), shown: self.ago(at), exact: Some(self.moment(at)) }
    }
}

impl Form {
    /// The hidden fields.
    pub(crate) const fn inputs(&self) -> HiddenPart<'_> {
        HiddenPart { form: self }
    }
}
