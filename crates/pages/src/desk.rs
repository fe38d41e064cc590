//! The help desk's console.

use sekimori_base::Timestamp;
use sekimori_directory::{Affiliation, PersonState};
use sekimori_login::desk::Role;
use sekimori_login::replay::Change;
use sekimori_login::throttle::Guess;
use sekimori_login::{Details, FactorState, Reason};
use sekimori_words::{Argument, Circumstances};

use crate::portal::{EventRow, FactorRow, SessionRow};
use crate::view::{Plain, View};
use crate::{Form, SentMail};

/// The front page. Posts `q`.
#[derive(Debug, Clone)]
pub struct Console {
    /// The form.
    pub form: Form,
    /// What came of a search.
    pub searched: Option<SearchedFor>,
}

/// What came of a search.
#[derive(Debug, Clone)]
pub struct SearchedFor {
    /// What was typed.
    pub text: String,
    /// Who was found.
    pub people: Vec<FoundPerson>,
    /// There are more.
    pub more: bool,
}

/// Somebody who was found.
#[derive(Debug, Clone)]
pub struct FoundPerson {
    /// The address of their page.
    pub href: String,
    /// Their name, in the page's language.
    pub name: String,
    /// Their user name.
    pub username: String,
}

/// A person.
#[derive(Debug, Clone)]
pub struct DeskPerson {
    /// The front page.
    pub console_href: String,
    /// Their name, in the page's language.
    pub name: String,
    /// Their name in the other language, if it is another.
    pub other_name: Option<String>,
    /// Their user name.
    pub username: String,
    /// Their mail address, masked.
    pub mail: Option<String>,
    /// What they are to the organisation.
    pub affiliations: Vec<Affiliation>,
    /// Groups.
    pub groups: Vec<String>,
    /// Whether the account may be used.
    pub state: PersonState,
    /// Their role at the console.
    pub role: Role,
    /// Whoever looks may change nothing.
    pub see_only: bool,
    /// What sign-ins would come to.
    pub outlooks: Vec<PlaceOutlook>,
    /// Waits.
    pub waits: Vec<WaitRow>,
    /// They have a password.
    pub has_password: bool,
    /// Factors, also those that cannot be used.
    pub factors: Vec<FactorRow>,
    /// Certificates that are good.
    pub certificates: Vec<DeskCertificate>,
    /// Standing sessions.
    pub sessions: Vec<SessionRow>,
    /// What happened, newest first, with the pages that explain it.
    pub events: Vec<(EventRow, Option<String>)>,
    /// Where older events are; `None` at the end.
    pub older_href: Option<String>,
}

/// What a sign-in from somewhere would come to.
#[derive(Debug, Clone)]
pub struct PlaceOutlook {
    /// The name of its zone.
    pub zone: String,
    /// What the place is called, in the page's language.
    pub place: String,
    /// Why not; `None` if it would succeed.
    pub why_not: Option<Reason>,
}

/// A wait after wrong tries.
#[derive(Debug, Clone, Copy)]
pub struct WaitRow {
    /// What was tried.
    pub guess: Guess,
    /// Inside, or outside.
    pub inside: bool,
    /// Wrong tries in a row.
    pub failures: u32,
    /// Nothing is looked at before this moment.
    pub until: Option<Timestamp>,
    /// Closed for the day.
    pub closed: bool,
}

/// A certificate that is good.
#[derive(Debug, Clone)]
pub struct DeskCertificate {
    /// What its owner calls it.
    pub name: String,
    /// Its number in hexadecimal.
    pub serial: String,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// Its last moment.
    pub expires_at: Timestamp,
}

/// An incident.
#[derive(Debug, Clone)]
pub struct DeskIncident {
    /// The front page.
    pub console_href: String,
    /// The code.
    pub code: String,
    /// What is known; `None` if nothing is, or nothing that may be read.
    pub known: Option<Box<KnownIncident>>,
}

/// What is known of an incident.
#[derive(Debug, Clone)]
pub struct KnownIncident {
    /// When.
    pub at: Timestamp,
    /// Of whom: their user name, and the address of their page.
    pub person: Option<(String, String)>,
    /// The service, in the page's language.
    pub service: Option<String>,
    /// What the network was called, in the page's language.
    pub place: Option<String>,
    /// The network counted as inside.
    pub inside: bool,
    /// The reason; `None` of a line that has none.
    pub reason: Option<Reason>,
    /// What goes with it.
    pub details: Option<Details>,
    /// The rule that decided, while that is known.
    pub rule: Option<String>,
    /// What deciding again gives.
    pub replay: Option<Replay>,
    /// Changes, one of which would have been enough.
    pub changes: Vec<Change>,
    /// Codes by mail around it: addresses, masked, and how they fared.
    pub mails: Vec<(String, SentMail)>,
    /// What the decision looked at, line by line.
    pub facts: Option<String>,
    /// What was sent, if it was a request that no rule decided about.
    pub request: Option<SentRequest>,
    /// It was a fault of ours, in its own words.
    pub fault: Option<String>,
}

/// What deciding again gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replay {
    /// The same.
    Same,
    /// Something else by the same rules.
    Broken,
    /// Something else by the rules of today.
    Differently,
    /// The record cannot be read any more.
    Unreadable,
    /// The settings of that time are gone.
    Unknown,
}

/// A request that no rule decided about.
#[derive(Debug, Clone)]
pub struct SentRequest {
    /// What is wrong, for developers.
    pub problem: String,
    /// The `client_id` that was sent.
    pub client_id: Option<String>,
    /// The `redirect_uri` that was sent.
    pub redirect_uri: Option<String>,
    /// What is registered, the nearest first.
    pub registered: Vec<String>,
    /// The first character that differs, from 1.
    pub differs_at: Option<usize>,
}

impl Replay {
    pub(crate) const fn text(self) -> &'static str {
        match self {
            Self::Same => "desk-replay-same",
            Self::Broken => "desk-replay-broken",
            Self::Differently => "desk-replay-differently",
            Self::Unreadable => "desk-replay-unreadable",
            Self::Unknown => "desk-replay-unknown",
        }
    }
}

impl DeskPerson {
    pub(crate) const fn role_text(&self) -> Option<&'static str> {
        match self.role {
            Role::Nobody => None,
            Role::Staff => Some("desk-role-staff"),
            Role::Administrator => Some("desk-role-administrator"),
        }
    }
}

impl WaitRow {
    pub(crate) fn words(&self, view: &View<'_>) -> String {
        let what = view.t(match self.guess {
            Guess::Password => "desk-guess-password",
            Guess::Totp => "desk-guess-totp",
            Guess::MailCode => "desk-guess-mail-code",
            Guess::RecoveryCode => "desk-guess-recovery-code",
            Guess::Ticket => "desk-guess-ticket",
            Guess::PasswordTicket => "desk-guess-password-ticket",
        });
        let side = if self.inside { "inside" } else { "outside" };
        let arguments = [
            ("what", what.as_str().into()),
            ("side", side.into()),
            ("failures", Argument::Number(i64::from(self.failures))),
        ];
        view.words.with("desk-wait", &arguments)
    }
}

impl KnownIncident {
    fn circumstances<'b>(&'b self, view: &'b View<'_>) -> Circumstances<'b> {
        Circumstances {
            details: self.details.as_ref(),
            // What was said then is said as it was.
            now: self.at,
            place: self.place.as_deref(),
            inside: self.inside,
            ..view.circumstances(self.service.as_deref())
        }
    }

    pub(crate) fn title(&self, view: &View<'_>) -> String {
        match self.reason {
            Some(reason) => view.words.reason_title(reason, &self.circumstances(view)),
            None => view.t("desk-heading"),
        }
    }

    pub(crate) fn text(&self, view: &View<'_>) -> Option<String> {
        Some(view.words.reason_text(self.reason?, &self.circumstances(view)))
    }

    /// Whether it is worth saying that nothing would have been enough.
    pub(crate) fn is_hopeless(&self) -> bool {
        let refused = self.reason.is_some_and(Reason::is_refusal);
        refused && self.facts.is_some() && self.changes.is_empty()
    }
}

impl View<'_> {
    /// Whether an account may be used, at the moment of the page.
    pub fn person_state(&self, state: impl Plain<PersonState>) -> String {
        let said = |text, at| self.t1(text, "moment", self.moment(at));
        match state.plain() {
            PersonState::Active { from: Some(from), .. } if from > self.frame.now => {
                said("desk-state-not-yet", from)
            }
            PersonState::Active { until: Some(until), .. } if until <= self.frame.now => {
                said("desk-state-ended", until)
            }
            PersonState::Active { .. } => self.t("desk-state-active"),
            PersonState::Disabled { since } => said("desk-state-disabled", since),
            PersonState::Held { since } => said("desk-state-held", since),
        }
    }

    /// Whether a factor can be used, for somebody who is not its owner.
    pub fn their_factor_state(&self, state: impl Plain<FactorState>) -> String {
        match state.plain() {
            FactorState::SwitchedOff => self.t("desk-factor-switched-off"),
            state => self.factor_state(state),
        }
    }

    /// A change, as what would have been enough.
    pub fn change(&self, change: &Change) -> String {
        match change {
            Change::RightPassword => self.t("desk-change-right-password"),
            Change::FreshCode(method) => {
                self.t1("desk-change-fresh-code", "method", self.method_name(*method))
            }
            Change::RegisteredFactor(method) => {
                self.t1("desk-change-registered-factor", "method", self.method_name(*method))
            }
            Change::InsideZone => self.t("desk-change-inside-zone"),
            Change::UsableAccount => self.t("desk-change-usable-account"),
            Change::GroupMember(group) => self.t1("desk-change-group", "group", group.as_str()),
            Change::WaitUntil(at) => self.t1("desk-change-wait", "moment", self.moment(*at)),
            Change::EnabledService => self.t("desk-change-enabled-service"),
            Change::StartOver => self.t("desk-change-start-over"),
        }
    }
}
