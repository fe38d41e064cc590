//! The portal's first page.

use sekimori_base::{FactorId, SessionId, Timestamp};
use sekimori_directory::{Affiliation, Binding, Method};
use sekimori_login::{FactorState, Notice, Reason};

use crate::{Form, Place};

/// The overview. Its forms post `end=ses_…` (one session) or `end=others`.
#[derive(Debug, Clone)]
pub struct Overview {
    /// Who.
    pub person: PersonCard,
    /// Where.
    pub place: Place,
    /// The address of the request, as text.
    pub address: Option<String>,
    /// What was just done, shown once on top.
    pub done: Option<Done>,
    /// What would be good to do.
    pub suggestion: Option<Suggestion>,
    /// The form that puts off for good what is said about registering.
    pub dismiss_form: Form,
    /// Networks where the first factor can be registered, in the page's language.
    pub enrolling_networks: Vec<String>,
    /// Services that the person may use, with where they start.
    pub services: Vec<ServiceLink>,
    /// Factors, also those that cannot be used.
    pub factors: Vec<FactorRow>,
    /// What browsers are told about which passkeys there are, as JSON.
    pub accepted_passkeys: Option<String>,
    /// Passkeys can be registered here.
    pub takes_passkeys: bool,
    /// Whether codes by mail are switched on here.
    pub takes_mail_codes: bool,
    /// When the last code by mail came back, if it did.
    pub mail_came_back: Option<Timestamp>,
    /// There are client certificates here.
    pub has_certificates: bool,
    /// When the password was last changed, if known.
    pub password_changed_at: Option<Timestamp>,
    /// Standing sessions, the present one first.
    pub sessions: Vec<SessionRow>,
    /// The form that ends sessions.
    pub sessions_form: Form,
    /// What happened, newest first.
    pub events: Vec<EventRow>,
    /// Where older events are; `None` at the end.
    pub older_href: Option<String>,
}

/// Who.
#[derive(Debug, Clone)]
pub struct PersonCard {
    /// The name, in the page's language.
    pub name: String,
    /// The user name.
    pub username: String,
    /// The mail address.
    pub mail: Option<String>,
    /// What they are to the organisation.
    pub affiliations: Vec<Affiliation>,
    /// Groups.
    pub groups: Vec<String>,
}

/// A service that can be opened.
#[derive(Debug, Clone)]
pub struct ServiceLink {
    /// What it is called, in the page's language.
    pub title: String,
    /// Where it starts.
    pub href: String,
}

/// A factor of the account.
#[derive(Debug, Clone)]
pub struct FactorRow {
    /// Which.
    pub id: FactorId,
    /// Of what kind.
    pub method: Method,
    /// The name that its person knows it by; empty if it has none.
    pub label: String,
    /// How it came to the account.
    pub binding: Binding,
    /// Whether it can be used.
    pub state: FactorState,
    /// When it was registered.
    pub registered_at: Timestamp,
    /// When it was last used.
    pub last_used_at: Option<Timestamp>,
    /// Recovery codes left.
    pub codes_left: Option<u8>,
}

/// A standing session.
#[derive(Debug, Clone)]
pub struct SessionRow {
    /// Which.
    pub id: SessionId,
    /// The browser in words ("Firefox on Windows"); `None` if it does not say.
    pub browser: Option<String>,
    /// What the network was called at its last use, in the page's language.
    pub place: String,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// When it was last used.
    pub used_at: Timestamp,
    /// What was shown in it.
    pub methods: Vec<Method>,
    /// Whether it is the one of this request.
    pub current: bool,
}

/// Something that happened.
#[derive(Debug, Clone)]
pub struct EventRow {
    /// When.
    pub at: Timestamp,
    /// What.
    pub what: Happened,
    /// The service, in the page's language.
    pub service: Option<String>,
    /// What the network was called, in the page's language.
    pub place: String,
    /// The address, as text.
    pub address: Option<String>,
    /// What was shown.
    pub methods: Vec<Method>,
    /// The incident code, if one was kept.
    pub code: Option<String>,
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Happened {
    /// Signed in.
    SignedIn,
    /// Not signed in, and why; to the owner, so up to the tier `Owner`.
    Refused(Reason),
    /// Not registered, and why.
    NotRegistered(Reason),
    /// The password was right, and nobody went on.
    LeftOff,
    /// Something of the account was changed.
    Changed(Notice),
    /// The help desk looked at the account.
    Viewed,
    /// A ticket was made for them.
    TicketMade,
    /// The help desk ended the waits after wrong tries.
    Unlocked,
    /// A break-glass code was made for them.
    BreakGlassMade,
    /// They signed out, or ended a sign-in elsewhere.
    SessionEnded,
    /// The help desk ended sign-ins.
    SessionEndedByDesk,
    /// What is stored about them was changed.
    PersonChanged,
    /// They said of something that it was not them.
    NotMe,
}

/// What was just done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Done {
    /// The password was changed.
    PasswordChanged,
    /// An authenticator app was registered.
    TotpRegistered,
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
    /// Nothing: as many authenticator apps are registered as may be.
    AppsFull,
    /// A passkey was registered.
    PasskeyRegistered,
    /// A passkey has another name.
    PasskeyRenamed,
    /// An address for codes by mail was registered.
    MailCodeRegistered,
    /// Nothing: as many passkeys are registered as may be.
    PasskeysFull,
}

/// What would be good to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Suggestion {
    /// Nothing is registered, and here the first can be.
    RegisterFirst,
    /// Nothing is registered, and here only a ticket helps; elsewhere the first can be registered without.
    RegisterElsewhere,
    /// Nothing is registered, and only a ticket helps.
    RegisterWithTicket,
    /// One method only: recovery codes would save a way home.
    MakeRecoveryCodes,
    /// Few recovery codes are left.
    FewRecoveryCodes,
}

impl Suggestion {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::RegisterFirst,
        Self::RegisterElsewhere,
        Self::RegisterWithTicket,
        Self::MakeRecoveryCodes,
        Self::FewRecoveryCodes,
    ];

    /// Its word, where it is put off.
    pub const fn word(self) -> &'static str {
        match self {
            Self::RegisterFirst => "register-first",
            Self::RegisterElsewhere => "register-elsewhere",
            Self::RegisterWithTicket => "register-with-ticket",
            Self::MakeRecoveryCodes => "make-recovery-codes",
            Self::FewRecoveryCodes => "few-recovery-codes",
        }
    }
}
