//! The troubleshooter: starts at the point that is known already, asks only what no server can know, ends in one action.
//! What it says of reasons is what stands in the catalogue of reasons.

use sekimori_base::Timestamp;
use sekimori_login::{Details, Reason, Tier};
use sekimori_words::Circumstances;

use crate::failure::Link;
use crate::parts::Said;
use crate::view::{Plain, View};
use crate::{ConnectionCheck, Failure, Form, Incident, Page, Place};

/// The public page. An incident code can be entered; it asks by GET with `code`.
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
    /// What was chosen, where no code says it.
    pub topic: Option<Topic>,
    /// The code of this browser's last page that could not go on.
    pub last: Option<String>,
    /// Where things are.
    pub links: TroubleLinks,
}

/// Where the ways of the troubleshooter lead.
#[derive(Debug, Clone, Copy)]
pub struct TroubleLinks {
    /// The account page, which asks for a sign-in.
    pub account: &'static str,
    /// A ticket for a new password.
    pub password_ticket: &'static str,
    /// A ticket to register something.
    pub enrol_ticket: &'static str,
    /// How a certificate is imported.
    pub import_guide: &'static str,
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

/// What people say of their trouble.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Topic {
    /// User name or password is not taken.
    Password,
    /// A code is not taken, or none comes.
    Code,
    /// One more proof is asked, and there is none.
    Outside,
    /// The passkey.
    Passkey,
    /// The client certificate.
    Certificate,
    /// The page is over, or goes round in circles.
    Page,
    /// The service lets nobody in.
    Service,
}

impl Topic {
    /// In the order of the page.
    pub const ALL: [Self; 7] = [
        Self::Password,
        Self::Code,
        Self::Outside,
        Self::Passkey,
        Self::Certificate,
        Self::Page,
        Self::Service,
    ];

    /// The topic of that name in an address.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|topic| topic.word() == word)
    }

    /// Its name in an address.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Code => "code",
            Self::Outside => "outside",
            Self::Passkey => "passkey",
            Self::Certificate => "certificate",
            Self::Page => "page",
            Self::Service => "service",
        }
    }

    /// Where a reason belongs; `None` if nobody who looks for help meets it: nothing is wrong, it is never said on a
    /// page, or it stands beside the field of a form that says all.
    pub fn of(reason: Reason) -> Option<Self> {
        if !reason.is_refusal() || reason.tier() > Tier::Verified {
            return None;
        }
        let (family, _) = reason.code().split_once('.')?;
        match (family, reason) {
            (_, Reason::CookiesBlocked | Reason::CrossSite | Reason::RequestStale) => {
                Some(Self::Page)
            }
            (_, Reason::AttemptExpired | Reason::AttemptOvertaken) => Some(Self::Page),
            (_, Reason::PageUnknown | Reason::MethodUnknown) => Some(Self::Page),
            ("req" | "authz", _) => Some(Self::Service),
            ("sso" | "svc", _) => Some(Self::Page),
            ("input" | "cred" | "throttle" | "acct", _) => Some(Self::Password),
            ("passkey", _) => Some(Self::Passkey),
            ("cert", _) => Some(Self::Certificate),
            ("mail", Reason::AddressMalformed | Reason::AddressOwn) => None,
            ("mail", _) => Some(Self::Code),
            ("mfa", Reason::CodeMalformed | Reason::CodeWrong | Reason::CodeReused) => {
                Some(Self::Code)
            }
            ("mfa", Reason::ClockDrift | Reason::RecoverySpent | Reason::CodeRaced) => {
                Some(Self::Code)
            }
            ("mfa" | "net" | "enrol", _) => Some(Self::Outside),
            _ => None,
        }
    }

    /// What is asked: only what a server cannot know.
    const fn asks(self) -> &'static [(&'static str, Option<Way>)] {
        match self {
            Self::Password => &[
                ("trouble-ask-username", None),
                ("trouble-ask-keyboard", Some(Way::Keyboard)),
                ("trouble-ask-saved", Some(Way::Account)),
                ("trouble-ask-forgotten", Some(Way::PasswordTicket)),
            ],
            Self::Code => &[
                ("trouble-ask-app-entry", Some(Way::Account)),
                ("trouble-ask-app-clock", Some(Way::Clock)),
                ("trouble-ask-app-moved", Some(Way::EnrolTicket)),
                ("trouble-ask-mail-newest", Some(Way::Account)),
                ("trouble-ask-mail-none", Some(Way::Account)),
            ],
            Self::Outside => &[
                ("trouble-ask-place", Some(Way::Network)),
                ("trouble-ask-register", Some(Way::EnrolTicket)),
            ],
            Self::Passkey => &[
                ("trouble-ask-passkey-device", Some(Way::Browser)),
                ("trouble-ask-passkey-without", Some(Way::Account)),
            ],
            Self::Certificate => &[
                ("trouble-ask-certificate-here", Some(Way::ImportGuide)),
                ("trouble-ask-certificate-choice", Some(Way::Account)),
            ],
            Self::Page => &[
                ("trouble-ask-bookmark", Some(Way::Account)),
                ("trouble-ask-cookies", Some(Way::Cookies)),
            ],
            Self::Service => &[
                ("trouble-ask-elsewhere", Some(Way::Account)),
                ("trouble-ask-place", Some(Way::Network)),
            ],
        }
    }

    /// The heading.
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::Password => "trouble-topic-password",
            Self::Code => "trouble-topic-code",
            Self::Outside => "trouble-topic-outside",
            Self::Passkey => "trouble-topic-passkey",
            Self::Certificate => "trouble-topic-certificate",
            Self::Page => "trouble-topic-page",
            Self::Service => "trouble-topic-service",
        }
    }
}

/// Where an answer leads.
#[derive(Debug, Clone, Copy)]
enum Way {
    Account,
    PasswordTicket,
    EnrolTicket,
    ImportGuide,
    Keyboard,
    Clock,
    Network,
    Browser,
    Cookies,
}

impl Way {
    fn href(self, links: TroubleLinks) -> String {
        let check = |part: &str| format!("{}#{part}", ConnectionCheck::PATH);
        match self {
            Self::Account => links.account.to_owned(),
            Self::PasswordTicket => links.password_ticket.to_owned(),
            Self::EnrolTicket => links.enrol_ticket.to_owned(),
            Self::ImportGuide => links.import_guide.to_owned(),
            Self::Keyboard => check("check-keyboard"),
            Self::Clock => check("check-clock"),
            Self::Network => check("check-network"),
            Self::Browser => check("check-browser"),
            Self::Cookies => check("check-cookies"),
        }
    }
}

/// A question or a reason, with what it means and where to go on.
pub(crate) struct Entry {
    pub title: String,
    pub text: String,
    pub way: Option<Link>,
}

impl Page {
    /// The incident code of a page that could not go on, if one was kept.
    pub fn incident_code(&self) -> Option<&str> {
        let failure = match self {
            Self::Username(page) => page.failure.as_ref(),
            Self::Password(page) => page.failure.as_ref(),
            Self::SecondFactor(page) => page.failure.as_ref(),
            Self::Refusal(page) => Some(&page.failure),
            Self::Problem(page) => Some(&page.failure),
            _ => None,
        };
        failure?.incident.code.as_deref()
    }
}

impl Troubleshoot {
    pub(crate) const fn is_mistyped(&self) -> bool {
        matches!(self.answer, TroubleshootAnswer::Mistyped)
    }

    pub(crate) fn said(&self, view: &View<'_>) -> Option<Said> {
        self.is_mistyped().then(|| Said {
            reason: None,
            title: view.t("troubleshoot-mistyped"),
            text: None,
            hints: Vec::new(),
        })
    }

    /// Where the trouble belongs: what is told says it, else what was chosen.
    pub(crate) fn about(&self) -> Option<Topic> {
        match &self.answer {
            TroubleshootAnswer::Told { failure, .. } => Topic::of(failure.reason),
            _ => self.topic,
        }
    }

    pub(crate) const fn is_told(&self) -> bool {
        matches!(self.answer, TroubleshootAnswer::Told { .. })
    }

    /// The one action for what is told.
    pub(crate) fn way_on(
        &self,
        view: &View<'_>,
        failure: &Failure,
        service: Option<&str>,
    ) -> Option<Link> {
        let account = self.links.account.to_owned();
        view.frame.ways(view.words, failure, service, Some(&account), None).main
    }

    pub(crate) fn asked(&self, view: &View<'_>, topic: impl Plain<Topic>) -> Vec<Entry> {
        let desk = view.desk_words();
        let arguments = [("desk", desk.as_str().into())];
        let asked = |&(id, way): &(&str, Option<Way>)| Entry {
            title: view.words.attribute(id, "title", &[]),
            text: view.words.with(id, &arguments),
            way: way.map(|way| Link {
                label: view.words.attribute(id, "way", &[]),
                href: way.href(self.links),
            }),
        };
        topic.plain().asks().iter().map(asked).collect()
    }

    /// What pages may have said that belongs here.
    pub(crate) fn meant(&self, view: &View<'_>, topic: impl Plain<Topic>) -> Vec<Entry> {
        let (frame, topic) = (view.frame, topic.plain());
        let about = Circumstances {
            now: frame.now,
            time_zone: frame.time_zone,
            desk: frame.desk(),
            ..Circumstances::default()
        };
        let here = |reason: &&Reason| Topic::of(**reason) == Some(topic);
        let meant = |reason: &Reason| {
            let failure = Failure {
                reason: *reason,
                details: Details::default(),
                hints: Vec::new(),
                incident: Incident { code: None, at: frame.now },
            };
            Entry {
                title: view.words.reason_title(*reason, &about),
                text: view.words.reason_text(*reason, &about),
                way: self.way_on(view, &failure, None),
            }
        };
        Reason::ALL.iter().filter(here).map(meant).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_refusal_that_a_page_may_say_is_found_under_one_topic() {
        let beside_a_field = [
            Reason::AddressMalformed,
            Reason::AddressOwn,
            Reason::PreferenceLocksOut,
            Reason::PasswordWeak,
        ];
        for reason in Reason::ALL {
            let said = reason.is_refusal()
                && reason.tier() <= Tier::Verified
                && !beside_a_field.contains(reason);
            assert_eq!(Topic::of(*reason).is_some(), said, "{}", reason.code());
        }
        for topic in Topic::ALL {
            assert_eq!(Topic::from_word(topic.word()), Some(topic));
            assert!(Reason::ALL.iter().any(|reason| Topic::of(*reason) == Some(topic)));
        }
    }
}
