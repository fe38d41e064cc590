//! The portal: who am I, where am I, what happened, what can I change.
//!
//! Nothing is decided here either. Each request asks the engine with the portal's demand ([`Door::Portal`]): a session
//! that was opened inside with the password and shows up outside steps up before anything is shown; a sensitive
//! change asks for a recent proof at the account's highest level, once, and then not again within the sudo window.
//!
//! **Registering** keeps nothing until it counts. What a page of registering shows (the secret of an authenticator
//! app, a sheet of recovery codes) follows from a random seed that travels sealed in the page's address
//! ([`enrolment`]): reload, back and several tabs show the same again, and what is abandoned leaves nothing behind.
//! One correct code, or "I have saved them", makes the factor in one transaction.
//!
//! **A ticket for a password** is entered before any sign-in ([`password_ticket`]).
//!
//! **A ticket for a factor** counts after the right password only, and for nothing but registering. With a standing session it is
//! entered in the portal. Somebody outside without a usable factor has no session: they enter it on the page that
//! refused them. Their attempt has shown the password; attempt and ticket together permit to register, bound to this
//! browser, and nothing else: no session is opened, and afterwards they sign in as everybody does. The ticket is
//! spent in the transaction that stores the factor, so that nobody loses one by closing a page.
//!
//! [`Door::Portal`]: crate::door::Door::Portal

mod certificates;
mod codes;
mod consents;
pub(crate) mod enrolment;
pub(crate) mod enter;
mod help;
mod history;
mod lost;
mod mail_code;
mod new_password;
mod not_me;
pub(crate) mod overview;
mod passkeys;
mod password;
mod password_ticket;
mod preferences;
mod refused;
mod refused_code;
mod rehearsal;
mod remove;
mod seeded;
mod sessions;
mod ticket;
mod totp;

use crate::view::{Cookies, Progress};

pub use certificates::{
    CertificateDone, CertificatesPage, DocumentView, Fate, FilePage, IssueAnswer, IssueForm,
    IssuePage, MayIssue, Renewed, RequestRefusal, RevokePage, Wanted,
};
pub use codes::CodesPage;
pub use consents::{ConsentRow, ConsentsView};
pub use enrolment::NotNow;
pub use enter::Who;
pub(crate) use help::Lookups;
pub use help::{HelpView, Told};
pub use history::{Entry, Happening};
pub use lost::{Lost, LostPage};
pub use mail_code::{MailAnswer, MailForm, MailPage, MailStep};
pub use new_password::{NewPasswordForm, NewPasswordPage};
pub(crate) use not_me::SUSPENDED_SECONDS;
pub use not_me::{NotMeState, NotMeView, Remedy};
pub use overview::{FactorView, OverviewView, SessionView, Suggestion};
pub use passkeys::{PasskeyAnswer, PasskeyMade, PasskeyPage, RenamePage};
pub use password::{PasswordChange, PasswordPage};
pub use password_ticket::PasswordTicketPage;
pub use preferences::{Chosen, ClosedWay, PreferencesPage, Use};
pub use refused_code::CodeFailure;
pub(crate) use rehearsal::{REHEARSAL, rehearsed_path};
pub use rehearsal::{Registering, RehearsalPage, RehearsedPage, RehearsedPlace};
pub use remove::{Remaining, RemovePage};
pub use sessions::{Ending, SignOutView};
pub use ticket::{TicketAnswer, TicketPage};
pub use totp::{TotpAnswer, TotpPage};

/// Authenticator apps that one account may have.
pub const APPS_MAX: usize = 5;
/// Passkeys that one account may have.
pub const PASSKEYS_MAX: usize = 10;

/// What was just done, as a word in the query of the page that says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Done {
    /// The password was changed.
    PasswordChanged,
    /// An authenticator app was registered.
    TotpRegistered,
    /// A passkey was registered.
    PasskeyRegistered,
    /// A passkey has another name.
    PasskeyRenamed,
    /// An address for codes by mail was registered.
    MailCodeRegistered,
    /// Recovery codes were made and saved.
    RecoveryCodesMade,
    /// A factor was removed.
    FactorRemoved,
    /// It was chosen which proofs may be used.
    PreferencesChosen,
    /// What was lost has ended.
    LossReported,
    /// One session was ended.
    SessionEnded,
    /// The other sessions were ended.
    OthersEnded,
    /// A consent was withdrawn.
    ConsentWithdrawn,
    /// Nothing was done: as many apps are registered as may be.
    AppsFull,
    /// Nothing was done: as many passkeys are registered as may be.
    PasskeysFull,
}

impl Done {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::PasswordChanged,
        Self::TotpRegistered,
        Self::PasskeyRegistered,
        Self::PasskeyRenamed,
        Self::MailCodeRegistered,
        Self::RecoveryCodesMade,
        Self::FactorRemoved,
        Self::PreferencesChosen,
        Self::LossReported,
        Self::SessionEnded,
        Self::OthersEnded,
        Self::ConsentWithdrawn,
        Self::AppsFull,
        Self::PasskeysFull,
    ];

    /// The word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::PasswordChanged => "password",
            Self::TotpRegistered => "totp",
            Self::PasskeyRegistered => "passkey",
            Self::PasskeyRenamed => "renamed",
            Self::MailCodeRegistered => "mail-code",
            Self::RecoveryCodesMade => "codes",
            Self::FactorRemoved => "removed",
            Self::PreferencesChosen => "preferences",
            Self::LossReported => "lost",
            Self::SessionEnded => "session",
            Self::OthersEnded => "others",
            Self::ConsentWithdrawn => "consent",
            Self::AppsFull => "apps-full",
            Self::PasskeysFull => "passkeys-full",
        }
    }

    /// The page that says so.
    pub(crate) fn path(self) -> String {
        format!("/portal?done={}", self.word())
    }

    /// What the word says.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|done| done.word() == word)
    }
}

/// What a request of the portal comes to.
#[derive(Debug)]
pub enum Portal<T> {
    /// Show this.
    Here(T),
    /// Something else comes first, or the next page is another one.
    Elsewhere(Box<Progress>),
}

impl<T> Portal<T> {
    pub(crate) fn elsewhere(progress: Progress) -> Self {
        Self::Elsewhere(Box::new(progress))
    }

    pub(crate) fn see(path: impl Into<String>) -> Self {
        Self::elsewhere(see(path))
    }

    pub(crate) fn done(done: Done) -> Self {
        Self::see(done.path())
    }
}

/// Go to a path of ours.
pub(crate) fn see(path: impl Into<String>) -> Progress {
    Progress::SeeOther { path: path.into(), cookies: Cookies::default() }
}
