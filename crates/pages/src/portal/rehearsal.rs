//! "Could I sign in from home?"

use sekimori_base::Timestamp;
use sekimori_directory::Method;
use sekimori_login::replay::Forecast;
use sekimori_login::{Reason, Usability};

use super::FactorRow;
use crate::view::{Plain, View};
use crate::{Form, Place};

/// What a sign-in would come to, place by place. Posts `zone`.
#[derive(Debug, Clone)]
pub struct Rehearsal {
    /// The form that does it for real.
    pub form: Form,
    /// The places: outside first.
    pub places: Vec<RehearsedPlace>,
    /// Whether something can be registered here and now.
    pub registering: Registering,
}

/// What a sign-in would come to at one place.
#[derive(Debug, Clone)]
pub struct RehearsedPlace {
    /// The name of its zone, as the form sends it.
    pub zone: String,
    /// The place.
    pub place: Place,
    /// It is wherever no zone of the site is.
    pub anywhere_else: bool,
    /// The person is there now.
    pub here: bool,
    /// What it comes to.
    pub outlook: Outlook,
    /// Methods of which one more would be enough there.
    pub mends: Vec<Method>,
    /// Services, in the page's language, where it comes to something else.
    pub apart: Vec<(String, Outlook)>,
    /// Whether it can be done for real from here.
    pub trial: Trial,
}

/// Whether a sign-in can be tried from where somebody is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trial {
    /// It can.
    Offered,
    /// What counts there does not count here.
    OnlyThere,
    /// There is nothing to try.
    Pointless,
}

/// What a sign-in would come to.
#[derive(Debug, Clone)]
pub struct Outlook {
    /// How it ends.
    pub forecast: Forecast,
    /// Why.
    pub reason: Reason,
    /// The person's factors with whether they would do, where one more proof is needed.
    pub factors: Vec<(FactorRow, Usability)>,
}

/// Whether something can be registered here and now.
#[derive(Debug, Clone)]
pub enum Registering {
    /// It can.
    Here,
    /// Without a ticket in these networks only, in the page's language.
    There(Vec<String>),
    /// Only with a ticket.
    WithTicket,
}

/// How a sign-in as if from elsewhere went.
#[derive(Debug, Clone)]
pub struct Rehearsed {
    /// From where it was rehearsed, in the page's language.
    pub from: String,
    /// What was shown.
    pub shown: Vec<(Method, Timestamp)>,
}

impl Outlook {
    pub(crate) const fn is_good(&self) -> bool {
        matches!(self.forecast, Forecast::Admitted | Forecast::AskedAble)
    }

    pub(crate) const fn verdict(&self) -> &'static str {
        match self.forecast {
            Forecast::Admitted => "rehearsal-admitted",
            Forecast::AskedAble => "rehearsal-asked",
            Forecast::AskedUnable => "rehearsal-unable",
            Forecast::Refused | Forecast::Unknown => "rehearsal-refused",
        }
    }

    /// Why not, if it is a no.
    pub(crate) fn why(&self, view: &View<'_>) -> Option<String> {
        let message = match self.reason {
            _ if self.is_good() => return None,
            Reason::FactorNone => "rehearsal-why-none",
            Reason::FactorNoneLeft => "rehearsal-why-none-left",
            Reason::FactorUnfinished => "rehearsal-why-unfinished",
            Reason::FactorSuspended => "rehearsal-why-suspended",
            Reason::FactorSwitchedOff => "rehearsal-why-switched-off",
            Reason::FactorNotAllowed => "rehearsal-why-not-allowed",
            Reason::LevelNotReachable => "rehearsal-why-level",
            Reason::NotFromHere => "rehearsal-why-not-from-there",
            other => return Some(view.reason_title(other, None)),
        };
        Some(view.t(message))
    }

    /// The names of what would do, joined.
    pub(crate) fn would_do(&self, view: &View<'_>) -> Option<String> {
        let usable = self.factors.iter().filter(|(_, usability)| *usability == Usability::Usable);
        let names: Vec<String> = usable.map(|(factor, _)| view.factor_name(factor)).collect();
        (self.is_good() && !names.is_empty()).then(|| view.joined(&names))
    }
}

impl Rehearsal {
    pub(crate) fn offers_trial(&self) -> bool {
        self.places.iter().any(RehearsedPlace::may_be_tried)
    }

    /// Whether what would mend it stands at a place above.
    pub(crate) fn says_above(&self, index: impl Plain<usize>) -> bool {
        let (above, rest) = self.places.split_at(index.plain());
        let mends = rest.first().map_or(&[][..], |place| &place.mends);
        let mut lacking = above.iter().filter(|place| place.lacks_proof());
        !mends.is_empty() && lacking.next_back().is_some_and(|place| place.mends == mends)
    }

    /// The first button is the main one.
    pub(crate) fn is_main(&self, place: &RehearsedPlace) -> bool {
        let first = self.places.iter().find(|place| place.trial == Trial::Offered);
        first.is_some_and(|first| first.zone == place.zone)
    }
}

impl RehearsedPlace {
    pub(crate) fn may_be_tried(&self) -> bool {
        self.trial == Trial::Offered
    }

    pub(crate) fn is_only_there(&self) -> bool {
        self.trial == Trial::OnlyThere
    }

    pub(crate) fn heading(&self, view: &View<'_>) -> String {
        if self.anywhere_else {
            return view.t("rehearsal-from-home");
        }
        let words = view.t1("rehearsal-from", "place", view.place_words(&self.place));
        let mut characters = words.chars();
        let first = characters.next().map(char::to_uppercase);
        first.into_iter().flatten().chain(characters).collect()
    }

    /// They have what would do, and do not want it to be used.
    pub(crate) fn switched_off(&self) -> bool {
        self.outlook.reason == Reason::FactorSwitchedOff
    }

    pub(crate) fn lacks_proof(&self) -> bool {
        self.outlook.forecast == Forecast::AskedUnable
    }
}

impl View<'_> {
    /// Where a method is registered, and what the link says.
    pub fn register_way(&self, method: impl Plain<Method>) -> Option<(&'static str, String)> {
        let links = self.frame.portal.as_ref()?.links;
        let (href, label) = match method.plain() {
            Method::Passkey => (links.passkey, "portal-add-passkey"),
            Method::Totp => (links.totp, "portal-add-totp"),
            Method::MailCode => (links.mail_code, "portal-add-mail-code"),
            Method::Certificate => (links.certificates, "certificate-get"),
            Method::RecoveryCode => (links.recovery_codes, "portal-make-recovery-codes"),
            Method::Password => (links.password, "portal-change-password"),
        };
        Some((href, self.t(label)))
    }

    /// Whether a factor would do at another place, as it stands after its name.
    pub fn would_do(&self, usability: impl Plain<Usability>) -> String {
        match usability.plain() {
            Usability::Usable => self.t("rehearsal-would-do"),
            Usability::NotAllowedHere => self.t("rehearsal-not-accepted"),
            other @ (Usability::NotRegistered
            | Usability::Unfinished
            | Usability::UsedUp
            | Usability::Suspended
            | Usability::SwitchedOff
            | Usability::BindingTooWeak
            | Usability::MethodTooWeak) => self.usability(other),
        }
    }
}
