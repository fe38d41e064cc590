//! The steps of a sign-in, and its refusal.

use sekimori_directory::Method;
use sekimori_login::{Choice, Reason};
use sekimori_words::PasswordFlaw;

use crate::{Failure, Form, MailAsk, PasskeyAsk, Slip};

/// The first step. Posts `username`.
#[derive(Debug, Clone)]
pub struct Username {
    /// The slip.
    pub slip: Slip,
    /// The form.
    pub form: Form,
    /// What stands in the field: as typed, a `login_hint`, or nothing.
    pub username: String,
    /// Why the step is shown again; `None` the first time.
    pub failure: Option<Failure>,
    /// Something to know beforehand (`SessionEnded`, `RequestStale`): its text stands above the form.
    pub note: Option<Reason>,
    /// Where a password is chosen by ticket.
    pub ticket_href: String,
    /// A passkey may be used instead.
    pub passkey: Option<PasskeyAsk>,
}

/// The password. Posts `password`, and `username` for password managers (ignore it: the name that counts is
/// in the sealed request); `caps_lock=on` if the browser saw Caps Lock.
#[derive(Debug, Clone)]
pub struct Password {
    /// The slip.
    pub slip: Slip,
    /// The form.
    pub form: Form,
    /// The folded user name.
    pub username: String,
    /// Where another user name can be entered; `None` when the person is fixed.
    pub change_username_href: Option<String>,
    /// `AskPassword`; `AskFresh` for a repeated proof before a sensitive change or for a service; `AskNewPassword` after
    /// one was chosen by ticket.
    pub reason: Reason,
    /// Why the step is shown again; `None` the first time.
    pub failure: Option<Failure>,
    /// Where "Cancel" leads; `None` without it.
    pub cancel_href: Option<String>,
    /// Where a password is chosen by ticket; `None` for somebody who just used or chose theirs.
    pub ticket_href: Option<String>,
    /// A passkey may be used instead.
    pub passkey: Option<PasskeyAsk>,
}

/// Choose a password by ticket, for somebody new or somebody who has forgotten theirs. Posts `username` and `ticket`.
#[derive(Debug, Clone)]
pub struct PasswordTicket {
    /// The slip.
    pub slip: Slip,
    /// The form.
    pub form: Form,
    /// The user name as it was typed.
    pub username: String,
    /// Why the ticket just sent was not taken.
    pub failure: Option<Failure>,
    /// Back to the sign-in.
    pub back_href: String,
}

/// The new password after a right ticket. Posts `new_password`, `username` for password managers, and `code` if the
/// account has a factor.
#[derive(Debug, Clone)]
pub struct NewPassword {
    /// The slip.
    pub slip: Slip,
    /// The form.
    pub form: Form,
    /// The user name.
    pub username: String,
    /// Shortest new password, in characters.
    pub length_min: u16,
    /// A code of a registered factor is asked as well.
    pub asks_code: bool,
    /// Why the password just sent was not taken; empty at first.
    pub flaws: Vec<PasswordFlaw>,
    /// Another reason why nothing was stored.
    pub failure: Option<Failure>,
}

/// One more proof. Posts `code`, or what a passkey signed; a button of the other form posts `method` (`totp`,
/// `recovery_code`).
#[derive(Debug, Clone)]
pub struct SecondFactor {
    /// The slip.
    pub slip: Slip,
    /// The form of the code.
    pub form: Form,
    /// The form that chooses another method.
    pub other_form: Form,
    /// The user name, for password managers.
    pub username: String,
    /// The method whose field is shown.
    pub method: Method,
    /// All methods with whether they can be used, as the engine's step lists them.
    pub choices: Vec<Choice>,
    /// `AskSecondFactor`, `AskStepUp` or `AskFresh`.
    pub reason: Reason,
    /// Why the step is shown again; `None` the first time.
    pub failure: Option<Failure>,
    /// Where somebody else can sign in; `None` when the person is fixed.
    pub change_username_href: Option<String>,
    /// What somebody can do who has lost it.
    pub lost_href: Option<String>,
    /// Where "Cancel" leads; `None` without it.
    pub cancel_href: Option<String>,
    /// The passkey that is asked for, where that is the method.
    pub passkey: Option<PasskeyAsk>,
    /// Where a certificate is presented, where that is the method.
    pub certificate: Option<CertificateAsk>,
    /// Where a code by mail goes and how the last one fares, where that is the method.
    pub mail: Option<MailAsk>,
}

/// What somebody can do who has lost what is asked for. Its form is the one of [`SecondFactor`] that chooses another
/// method.
#[derive(Debug, Clone)]
pub struct LostProof {
    /// The slip.
    pub slip: Slip,
    /// The form that chooses another method.
    pub other_form: Form,
    /// What is lost.
    pub method: Method,
    /// All methods with whether they can be used.
    pub choices: Vec<Choice>,
    /// Back to the question.
    pub back_href: String,
}

/// Where a certificate is presented: a form that leads to another host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateAsk {
    /// The address.
    pub action: String,
    /// What goes along.
    pub ticket: String,
}

/// The sign-in cannot go on. The page stays until left.
#[derive(Debug, Clone)]
pub struct Refusal {
    /// The slip with the failed line.
    pub slip: Slip,
    /// Why.
    pub failure: Failure,
    /// Where the one next step leads. Steps that ask somebody (`AskDesk`, `AskService`) take the desk's or
    /// the service's address and show this one small; without any, the first of `others` is the button.
    pub next_href: Option<String>,
    /// Whom to ask about the service, from its settings.
    pub service_contact: Option<String>,
    /// Other ways, in order.
    pub others: Vec<WayOn>,
    /// Where a first proof may be registered with the password alone.
    pub enrolment: Enrolment,
}

/// Where somebody can register a first proof with the password alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Enrolment {
    /// In certain networks inside; the person is in none of them.
    Inside,
    /// Where the person is.
    Here,
    /// Nowhere: the account page itself has just asked for a second proof in such a network.
    Nowhere,
}

/// Another way on, shown small.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WayOn {
    /// Sign in as somebody else.
    OtherPerson {
        /// Where.
        href: String,
    },
    /// Begin the same sign-in again.
    StartOver {
        /// Where.
        href: String,
    },
    /// Go back to the service without being signed in (its protocol's error answer).
    BackToService {
        /// Where.
        href: String,
    },
    /// Enter an enrolment ticket.
    EnterTicket {
        /// Where.
        href: String,
    },
    /// Open the portal.
    Portal {
        /// Where.
        href: String,
    },
}

/// Signed in as somebody; the service, or the person, may want somebody else. Posts `decision` =
/// `continue` or `switch`.
#[derive(Debug, Clone)]
pub struct SwitchPerson {
    /// The slip.
    pub slip: Slip,
    /// The form.
    pub form: Form,
    /// The name of the person who is signed in, in the page's language.
    pub person: String,
    /// Their user name.
    pub username: String,
    /// Whether the service accepts the person who is signed in.
    pub choice: SwitchChoice,
}

/// Who may go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SwitchChoice {
    /// Either: go on as this person, or switch.
    Free,
    /// The service expects somebody else: only switching helps.
    OtherExpected,
}
