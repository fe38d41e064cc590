//! A code by mail: where it goes, how the last one fares, and the page of registering an address.

use askama::Template;
use sekimori_base::Timestamp;
use sekimori_directory::Method;
use sekimori_login::Reason;

use crate::portal::{FactorRow, Overview};
use crate::view::{Plain, View};
use crate::{Failure, Form, Place};

/// A code by mail, on the page that asks for it.
#[derive(Debug, Clone)]
pub struct MailAsk {
    /// The address, masked.
    pub address: String,
    /// The newest code; `None` before one was sent.
    pub sent: Option<SentMail>,
    /// Another one is sent from this moment on; `None`: at once.
    pub wait_until: Option<Timestamp>,
    /// The form that sends the first. Posts nothing but its hidden fields.
    pub first_form: Form,
    /// The form that sends another. Posts `send` = `another`.
    pub another_form: Form,
    /// Where the same page is loaded again.
    pub reload_href: Option<String>,
}

/// A code that was sent.
#[derive(Debug, Clone)]
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

/// How far a mail has come. Words are a mail server's.
#[derive(Debug, Clone)]
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

/// Register an address for codes by mail. Posts `address`; then `code`, or `send` = `another`.
#[derive(Debug, Clone)]
pub struct RegisterMail {
    /// The form.
    pub form: Form,
    /// How far it is.
    pub step: RegisterMailStep,
    /// The address that will be replaced, masked.
    pub replaces: Option<String>,
    /// Why what was just sent was not taken.
    pub failure: Option<Failure>,
    /// Where the person is.
    pub place: Place,
    /// Another code is sent from this moment on.
    pub wait_until: Option<Timestamp>,
    /// Where the same page is loaded again.
    pub reload_href: String,
    /// Where another address can be entered.
    pub restart_href: String,
}

/// How far registering an address is.
#[derive(Debug, Clone)]
pub enum RegisterMailStep {
    /// It is to be typed.
    Address {
        /// What was typed.
        typed: String,
    },
    /// A code was sent there.
    Code {
        /// The address.
        address: String,
        /// The newest code.
        sent: SentMail,
    },
}

#[derive(Template)]
#[template(path = "parts/mail_told.html")]
pub(crate) struct MailToldPart<'a> {
    v: View<'a>,
    address: &'a str,
    sent: &'a SentMail,
    wait_until: Option<Timestamp>,
    reload_href: Option<&'a str>,
}

impl MailToldPart<'_> {
    fn is_over(&self) -> bool {
        self.sent.until <= self.v.frame.now
    }

    /// Whether nothing will come: it is said as a warning.
    fn will_not_come(&self) -> bool {
        match self.sent.way {
            MailWay::Refused { .. } | MailWay::GivenUp { .. } | MailWay::Bounced { .. } => true,
            MailWay::Waiting | MailWay::Accepted { .. } | MailWay::Deferred { .. } => false,
        }
    }

    pub(crate) fn way(&self) -> String {
        let words =
            |words: &str| if words.is_empty() { "–".to_owned() } else { words.to_owned() };
        let (v, time) = (&self.v, |at: &Timestamp| self.v.clock(*at));
        match &self.sent.way {
            MailWay::Waiting => v.t("mail-code-way-waiting"),
            MailWay::Accepted { at } => v.t1("mail-code-way-accepted", "time", time(at)),
            MailWay::Deferred { next_at: Some(next), words: said } => {
                let (said, time) = (words(said), time(next));
                let arguments = [("words", said.as_str().into()), ("time", time.as_str().into())];
                v.words.with("mail-code-way-deferred", &arguments)
            }
            MailWay::Deferred { next_at: None, words: said } => {
                v.t1("mail-code-way-deferred-soon", "words", words(said))
            }
            MailWay::Refused { words: said } => v.t1("mail-code-way-refused", "words", words(said)),
            MailWay::GivenUp { words: said } => {
                v.t1("mail-code-way-given-up", "words", words(said))
            }
            MailWay::Bounced { at, words: said } => {
                let (said, time) = (words(said), time(at));
                let arguments = [("words", said.as_str().into()), ("time", time.as_str().into())];
                v.words.with("mail-code-way-bounced", &arguments)
            }
        }
    }

    pub(crate) fn sent_at(&self) -> String {
        let (time, until) = (self.v.clock(self.sent.at), self.v.clock(self.sent.until));
        let number = self.sent.number.to_string();
        let arguments = [
            ("time", time.as_str().into()),
            ("address", self.address.into()),
            ("number", number.as_str().into()),
            ("until", until.as_str().into()),
        ];
        self.v.words.with("mail-code-sent-at", &arguments)
    }
}

impl MailAsk {
    /// Whether a code that is still good was sent: then there is a field for it.
    pub(crate) fn is_sent(&self, view: &View<'_>) -> bool {
        self.sent.as_ref().is_some_and(|sent| sent.until > view.frame.now)
    }
}

impl Overview {
    /// What the button says that leads to an address for codes by mail.
    pub(crate) fn add_mail_code(&self) -> &'static str {
        let has = self.factors.iter().any(|factor| factor.method == Method::MailCode);
        if has { "portal-replace-mail-code" } else { "portal-add-mail-code" }
    }

    /// When the last code came back that was sent to this factor's address.
    pub(crate) fn came_back(&self, factor: &FactorRow) -> Option<Timestamp> {
        self.mail_came_back.filter(|_| factor.method == Method::MailCode)
    }

    /// Whether the site has the factor's method at all.
    pub(crate) fn takes(&self, factor: &FactorRow) -> bool {
        factor.method != Method::MailCode || self.takes_mail_codes
    }
}

impl RegisterMail {
    pub(crate) const fn heading(&self) -> &'static str {
        match self.step {
            RegisterMailStep::Address { .. } => "register-mail-heading",
            RegisterMailStep::Code { .. } => "register-mail-code-heading",
        }
    }

    pub(crate) fn failed_field(&self) -> &'static str {
        match (&self.step, self.field_failed()) {
            (RegisterMailStep::Address { .. }, true) => "address",
            (RegisterMailStep::Address { .. }, false) => "send",
            (RegisterMailStep::Code { .. }, true) => "code",
            (RegisterMailStep::Code { .. }, false) => "send-another",
        }
    }

    pub(crate) fn field_failed(&self) -> bool {
        field_failed(self.failure.as_ref())
    }
}

/// Whether a field is to be corrected: where another mail has to wait, none is.
pub(crate) fn field_failed(failure: Option<&Failure>) -> bool {
    failure.is_some_and(|failure| failure.reason != Reason::MailWait)
}

impl<'a> View<'a> {
    /// When a code was sent, and how it fares.
    pub fn mail_told(
        &self,
        address: &'a str,
        sent: &'a SentMail,
        wait_until: Option<&Timestamp>,
        reload_href: Option<&'a str>,
    ) -> MailToldPart<'a> {
        // Minutes are shown: the next whole one, or it would be said too early.
        let wait_until = wait_until.copied().filter(|until| *until > self.frame.now);
        let wait_until = wait_until.map(|until| until.plus_seconds(59));
        MailToldPart { v: *self, address, sent, wait_until, reload_href }
    }

    /// The time of day in the site's zone: `10:03`.
    pub fn clock(&self, at: impl Plain<Timestamp>) -> String {
        at.plain().clock_in_zone(self.frame.time_zone)
    }
}
