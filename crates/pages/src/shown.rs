//! What the templates ask of the view models: choices of texts, never of content.

use sekimori_directory::{Affiliation, Method};
use sekimori_login::{Choice, NextStep, Reason, Usability};
use sekimori_words::{Circumstances, Words};

use crate::Place;
use crate::demo::ShownApp;
use crate::failure::{Link, Ways};
use crate::login::SwitchChoice;
use crate::mail_code::field_failed;
use crate::parts::Said;
use crate::qr::{Drawing, draw};
use crate::view::View;
use crate::{
    Enrolment, Failure, LostProof, NewPassword, Password, PasswordTicket, Problem, Refusal,
    ReleasedItem, SecondFactor, SwitchPerson, WayOn,
};

impl View<'_> {
    fn about<'b>(
        &'b self,
        failure: &'b Failure,
        service: Option<&'b str>,
        place: Option<&'b str>,
        inside: bool,
    ) -> Circumstances<'b> {
        failure.about(self.frame, service, place, inside)
    }

    pub fn failure_title(
        &self,
        failure: &Failure,
        service: Option<&str>,
        place: Option<&Place>,
    ) -> String {
        let inside = place.is_some_and(|place| place.inside);
        let place = place.map(|place| self.place_words(place));
        let about = self.about(failure, service, place.as_deref(), inside);
        self.words.reason_title(failure.reason, &about)
    }

    pub fn failure_text(
        &self,
        failure: &Failure,
        service: Option<&str>,
        place: Option<&Place>,
    ) -> String {
        let inside = place.is_some_and(|place| place.inside);
        let place = place.map(|place| self.place_words(place));
        let about = self.about(failure, service, place.as_deref(), inside);
        self.words.reason_text(failure.reason, &about)
    }

    /// A failure on a page without a slip.
    pub fn said_plainly(&self, failure: Option<&Failure>) -> Option<Said> {
        let failure = failure?;
        Some(self.said(failure, &self.about(failure, None, None, false)))
    }

    /// The help desk's name inside a sentence.
    pub fn desk_words(&self) -> String {
        self.frame.desk().map_or_else(|| self.t("generic-desk"), str::to_owned)
    }

    /// The help desk's name as a heading.
    pub fn desk_heading(&self) -> String {
        let name = self.frame.desk().map_or_else(|| self.t("generic-desk-heading"), str::to_owned);
        let mut characters = name.chars();
        let first = characters.next().map(char::to_uppercase);
        first.into_iter().flatten().chain(characters).collect()
    }

    /// What somebody is to the organisation, joined.
    pub fn affiliations(&self, affiliations: &[Affiliation]) -> String {
        let names: Vec<String> =
            affiliations.iter().map(|affiliation| self.words.affiliation(*affiliation)).collect();
        self.joined(&names)
    }

    /// Scopes as they are read: that it is the person, what is known about them, and last for how long.
    pub fn scopes<'s>(&self, scopes: &'s [String]) -> Vec<&'s String> {
        const FIRST: [&str; 5] = ["openid", "profile", "email", "affiliation", "groups"];
        let place = |scope: &&String| match FIRST.iter().position(|first| first == scope) {
            Some(place) => place,
            None if *scope == "offline_access" => FIRST.len() + 1,
            None => FIRST.len(),
        };
        let mut scopes: Vec<&String> = scopes.iter().collect();
        scopes.sort_by_key(place);
        scopes
    }

    /// Names, joined.
    pub fn joined(&self, names: &[String]) -> String {
        names.join(&self.t("list-separator"))
    }

    /// The link back to the portal's overview.
    pub fn cancel_link(&self) -> String {
        match &self.frame.portal {
            Some(portal) => {
                format!("<p><a href=\"{}\">{}</a></p>", portal.links.overview, self.t("cancel"))
            }
            None => String::new(),
        }
    }

    /// What makes somewhere count as it does, sentence by sentence.
    pub fn place_reasons(&self, place: &Place) -> Vec<String> {
        let mut sentences: Vec<String> = place.explanation.iter().cloned().collect();
        if let Some(relay) = &place.relay {
            sentences.push(self.t1("place-relay", "relay", relay));
        }
        if place.unknown {
            sentences.push(self.t("place-why-unknown"));
        } else if sentences.is_empty() {
            sentences.push(self.t(if place.inside {
                "place-why-inside"
            } else {
                "place-why-outside"
            }));
        }
        sentences
    }
}

impl SecondFactor {
    pub(crate) const fn is_numeric(&self) -> bool {
        matches!(self.method, Method::Totp | Method::MailCode)
    }

    /// Whether there is a field for a code: of a code by mail once one was sent.
    pub(crate) fn has_field(&self, view: &View<'_>) -> bool {
        self.mail.as_ref().is_none_or(|ask| ask.is_sent(view))
    }

    pub(crate) const fn code_label(&self) -> &'static str {
        match self.method {
            Method::Totp | Method::Password | Method::Passkey | Method::Certificate => {
                "code-totp-label"
            }
            Method::MailCode => "code-mail-label",
            Method::RecoveryCode => "code-recovery-label",
        }
    }

    pub(crate) const fn asks_passkey(&self) -> bool {
        matches!(self.method, Method::Passkey)
    }

    pub(crate) const fn asks_certificate(&self) -> bool {
        matches!(self.method, Method::Certificate)
    }

    pub(crate) fn failed_field(&self, view: &View<'_>) -> &'static str {
        if self.asks_certificate() {
            return "certificate-button";
        }
        match (self.asks_passkey(), self.has_field(view), self.field_failed()) {
            (true, ..) => "passkey-button",
            (false, true, true) => "code",
            (false, true, false) => "send-another",
            (false, false, _) => "send",
        }
    }

    /// Whether it is what was entered that failed: nothing is wrong with a field when no other mail is sent yet.
    pub(crate) fn field_failed(&self) -> bool {
        field_failed(self.failure.as_ref())
    }

    pub(crate) fn has_others(&self) -> bool {
        !self.usable().is_empty() || !self.unusable().is_empty()
    }

    pub(crate) const fn code_hint(&self) -> &'static str {
        match self.method {
            Method::Totp | Method::Password | Method::Passkey | Method::Certificate => {
                "code-totp-hint"
            }
            Method::MailCode => "code-mail-hint",
            Method::RecoveryCode => "code-recovery-hint",
        }
    }

    /// The other methods that can be used.
    pub(crate) fn usable(&self) -> Vec<&Choice> {
        self.others(|usability| usability == Usability::Usable)
    }

    /// The other methods that cannot, with why.
    pub(crate) fn unusable(&self) -> Vec<&Choice> {
        self.others(|usability| usability != Usability::Usable)
    }

    fn others(&self, wanted: impl Fn(Usability) -> bool) -> Vec<&Choice> {
        let others = self.choices.iter().filter(|choice| choice.method != self.method);
        others.filter(|choice| is_told_of(choice) && wanted(choice.usability)).collect()
    }
}

impl LostProof {
    /// What can be used instead.
    pub(crate) fn usable(&self) -> Vec<&Choice> {
        let other = |choice: &&Choice| {
            choice.method != self.method && choice.usability == Usability::Usable
        };
        self.choices.iter().filter(other).collect()
    }
}

/// Whether a method is spoken of. Certificates are for few: who has none hears nothing of them.
pub(crate) fn is_told_of(choice: &Choice) -> bool {
    !matches!(choice.method, Method::Certificate) || choice.usability != Usability::NotRegistered
}

impl Refusal {
    /// The methods that are spoken of.
    pub(crate) fn proofs(&self) -> Vec<&Choice> {
        self.failure.details.choices.iter().filter(|choice| is_told_of(choice)).collect()
    }

    pub(crate) const fn registers(&self) -> bool {
        matches!(self.failure.reason.next_step(), NextStep::RegisterFactor)
    }

    /// The message of the way that needs no ticket and no desk, if there is one.
    pub(crate) const fn own_way(&self) -> Option<&'static str> {
        match self.enrolment {
            Enrolment::Inside => Some("register-way-inside"),
            Enrolment::Here => Some("register-way-here"),
            Enrolment::Nowhere => None,
        }
    }

    /// Whether the list of methods says more than that nothing is registered.
    pub(crate) fn lists_proofs(&self) -> bool {
        let choices = &self.failure.details.choices;
        choices.iter().any(|choice| choice.usability != Usability::NotRegistered)
    }

    /// The one next step as a button, everything else small.
    pub(crate) fn ways(&self, view: &View<'_>) -> Ways {
        let service = self.slip.service();
        let (given, contact) = (self.next_href.as_ref(), self.service_contact.as_deref());
        let mut ways = view.frame.ways(view.words, &self.failure, service, given, contact);
        let name = service.map_or_else(|| view.t("generic-service"), str::to_owned);
        let first = ways.others.len();
        ways.others.extend(self.others.iter().map(|way| Link {
            label: view.t1(way.label(), "service", &name),
            href: way.href().to_owned(),
        }));
        if ways.main.is_none() && !ways.others.is_empty() {
            // A ticket is the way to register; anything else is only another way.
            let ticket =
                self.others.iter().position(|way| matches!(way, WayOn::EnterTicket { .. }));
            let chosen = ticket.filter(|_| self.registers()).map_or(0, |at| first + at);
            ways.main = Some(ways.others.remove(chosen));
        }
        ways
    }
}

impl WayOn {
    pub(crate) fn href(&self) -> &str {
        match self {
            Self::OtherPerson { href }
            | Self::StartOver { href }
            | Self::BackToService { href }
            | Self::EnterTicket { href }
            | Self::Portal { href } => href,
        }
    }

    pub(crate) const fn label(&self) -> &'static str {
        match self {
            Self::OtherPerson { .. } => "other-person",
            Self::StartOver { .. } => "way-start-over",
            Self::BackToService { .. } => "way-back-to-service",
            Self::EnterTicket { .. } => "way-enter-ticket",
            Self::Portal { .. } => "way-portal",
        }
    }
}

impl SwitchPerson {
    pub(crate) const fn may_continue(&self) -> bool {
        matches!(self.choice, SwitchChoice::Free)
    }

    pub(crate) const fn text(&self) -> &'static str {
        match self.choice {
            SwitchChoice::Free => "switch-text",
            SwitchChoice::OtherExpected => "switch-text-other",
        }
    }
}

impl Problem {
    /// The one next step as a button, everything else small.
    pub(crate) fn ways(&self, view: &View<'_>) -> Ways {
        let (given, contact) = (self.next_href.as_ref(), self.service_contact.as_deref());
        let service = self.service.as_deref();
        let mut ways = view.frame.ways(view.words, &self.failure, service, given, contact);
        if ways.main.is_none() && !ways.others.is_empty() {
            ways.main = Some(ways.others.remove(0));
        }
        ways
    }

    pub(crate) fn about_cookies(&self) -> bool {
        self.failure.reason == Reason::CookiesBlocked
    }
}

impl ReleasedItem {
    pub(crate) const fn label(&self) -> &'static str {
        match self {
            Self::Name(_) => "portal-name",
            Self::Username(_) => "username-label",
            Self::Mail(_) => "portal-mail",
            Self::Affiliations(_) => "portal-affiliation",
            Self::Groups(_) => "portal-groups",
        }
    }

    pub(crate) fn value(&self, words: &Words) -> String {
        match self {
            Self::Name(text) | Self::Username(text) | Self::Mail(text) => text.clone(),
            Self::Affiliations(list) => {
                let names: Vec<String> = list.iter().map(|item| words.affiliation(*item)).collect();
                names.join(&words.text("list-separator"))
            }
            Self::Groups(groups) => groups.join(&words.text("list-separator")),
        }
    }
}

impl Password {
    /// Whether the page says in a sentence why it asks.
    pub(crate) const fn says_why(&self) -> bool {
        matches!(self.reason, Reason::AskFresh | Reason::AskNewPassword)
    }
}

impl PasswordTicket {
    pub(crate) fn said(&self, view: &View<'_>) -> Option<Said> {
        let said = view.said_plainly(self.failure.as_ref())?;
        // The texts about accounts begin with the password being right, and here none was entered.
        let account = [Reason::AccountDisabled, Reason::AccountNotYet, Reason::AccountEnded];
        let of_account = self.failure.as_ref().is_some_and(|one| account.contains(&one.reason));
        Some(if of_account { Said { text: None, ..said } } else { said })
    }
}

impl NewPassword {
    pub(crate) const fn failed(&self) -> bool {
        !self.flaws.is_empty() || self.failure.is_some()
    }

    /// Whether it is the code that did not fit: measured first is the password.
    pub(crate) fn code_failed(&self) -> bool {
        self.asks_code
            && self.flaws.is_empty()
            && self.failure.as_ref().is_some_and(|failure| failure.reason != Reason::ServerBusy)
    }

    pub(crate) fn password_failed(&self) -> bool {
        self.failed() && !self.code_failed()
    }

    pub(crate) fn failed_field(&self) -> &'static str {
        if self.code_failed() { "code" } else { "new-password" }
    }

    pub(crate) fn said(&self, view: &View<'_>) -> Option<Said> {
        if let Some(weak) = view.said_of_flaws(&self.flaws) {
            return Some(weak);
        }
        let said = view.said_plainly(self.failure.as_ref())?;
        // The texts about codes begin with the password being right, and here it is only being chosen.
        let waits = self.failure.as_ref().is_some_and(|one| one.details.wait_until.is_some());
        Some(if self.code_failed() && !waits { Said { text: None, ..said } } else { said })
    }
}

impl ShownApp {
    pub(crate) fn drawing(&self) -> Option<Drawing> {
        draw(&self.otpauth_uri)
    }
}
