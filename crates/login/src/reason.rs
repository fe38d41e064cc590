//! The public, stable list of reasons: code, disclosure tier, what to do next.
//!
//! One catalogue: the page, the audit line, the metric, the help desk and the protocol error all say the
//! same thing. Texts in both languages live in `words`; `xtask generate` joins and checks the two. A code
//! is never reused for another meaning.

use serde::{Deserialize, Serialize};

/// Who may be told. Ordered: more is further inside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    /// Anybody: says nothing about any account.
    Public,
    /// The person who has just shown the primary credential in this attempt.
    Verified,
    /// The account's owner, through a registered address or the portal.
    Owner,
    /// Authenticated staff.
    HelpDesk,
}

/// The one next step that goes with a reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NextStep {
    /// Nothing is wrong: go on.
    GoOn,
    /// Enter it again in the same field.
    TryAgain,
    /// Wait for the stated time, then enter it again.
    Wait,
    /// Begin again at the same destination.
    StartOver,
    /// Use another of the registered factors.
    OtherFactor,
    /// Register a factor: inside, with a ticket, or at the desk.
    RegisterFactor,
    /// Ask the desk.
    AskDesk,
    /// Ask whoever runs the service.
    AskService,
    /// Sign in as the other person, or go on as this one.
    SwitchPerson,
    /// Allow cookies for this host.
    AllowCookies,
    /// Open the list of services.
    OpenPortal,
}

macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $tier:ident, $next:ident, $kind:ident;)*) => {
        /// Why a sign-in went as it went.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Reason {
            $($(#[$doc])* $name,)*
        }

        impl Reason {
            /// All reasons, in the order of the catalogue.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The stable code, for audit, metrics, logs and programs.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// Who may be told.
            pub const fn tier(self) -> Tier {
                match self { $(Self::$name => Tier::$tier,)* }
            }

            /// The one next step.
            pub const fn next_step(self) -> NextStep {
                match self { $(Self::$name => NextStep::$next,)* }
            }

            /// Whether this is a refusal: something did not go as the person wanted.
            pub const fn is_refusal(self) -> bool {
                match self { $(Self::$name => reasons!(@refusal $kind),)* }
            }

            /// The name of the message in the catalogues of `words`: the code with `-` for `.` and `_`.
            pub fn message_id(self) -> String {
                format!("reason-{}", self.code().replace(['.', '_'], "-"))
            }

            /// The reason with this code.
            pub fn from_code(code: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|reason| reason.code() == code)
            }
        }
    };
    (@refusal refusal) => { true };
    (@refusal progress) => { false };
}

reasons! {
    // Progress: nothing is wrong.
    /// Everything required was shown.
    Admitted = "ok.admitted", Public, GoOn, progress;
    /// The standing session was enough.
    SessionReused = "ok.session", Public, GoOn, progress;
    /// Nobody has said who they are yet.
    AskUsername = "ask.username", Public, GoOn, progress;
    /// The password comes next.
    AskPassword = "ask.password", Public, GoOn, progress;
    /// The password is right; one more proof comes next.
    AskSecondFactor = "ask.second_factor", Verified, GoOn, progress;
    /// A new password was chosen by ticket, and is to be signed in with.
    AskNewPassword = "ask.new_password", Public, GoOn, progress;
    /// A standing session is there, and here it needs one more proof.
    AskStepUp = "ask.step_up", Verified, GoOn, progress;
    /// A standing session is there, and the service asks for a fresh proof.
    AskFresh = "ask.fresh", Verified, GoOn, progress;
    /// A code was sent by mail, and is to be entered.
    AskMailCode = "ask.mail_code", Verified, GoOn, progress;
    /// What was submitted is being checked.
    Checking = "ask.checking", Public, GoOn, progress;

    // Typing.
    /// A field was left empty; nothing was counted.
    InputEmpty = "input.empty", Public, TryAgain, refusal;
    /// The password is longer than anything that we look at.
    PasswordTooLong = "input.password_too_long", Public, TryAgain, refusal;
    /// User name and password do not fit together.
    CredentialMismatch = "cred.mismatch", Public, TryAgain, refusal;

    // Waiting.
    /// Too many failures with this user name: a growing wait.
    ThrottleWait = "throttle.wait", Public, Wait, refusal;
    /// Another guess with this user name is being checked at this moment.
    ThrottleBusy = "throttle.busy", Public, TryAgain, refusal;
    /// A hundred failures in a row: this way is closed for the day.
    ThrottleClosed = "throttle.closed", Public, AskDesk, refusal;
    /// Too many failures from this network.
    ThrottleSource = "throttle.source", Public, Wait, refusal;
    /// Passwords are tried on many names from outside: unknown browsers there take turns.
    ThrottleAlert = "throttle.alert", Public, Wait, refusal;
    /// More sign-ins at once than can be checked.
    ServerBusy = "svc.busy", Public, Wait, refusal;

    // The account. Said to somebody who has just shown its password.
    /// Switched off.
    AccountDisabled = "acct.disabled", Verified, AskDesk, refusal;
    /// Not yet valid.
    AccountNotYet = "acct.not_yet", Verified, AskDesk, refusal;
    /// No longer valid.
    AccountEnded = "acct.ended", Verified, AskDesk, refusal;
    /// Held because somebody else may know the password. Never said on a page.
    AccountHeld = "acct.held", HelpDesk, AskDesk, refusal;

    // One more proof.
    /// Outside, and nothing was ever registered.
    FactorNone = "mfa.none_registered", Verified, RegisterFactor, refusal;
    /// Outside, and what was registered is gone.
    FactorNoneLeft = "mfa.none_left", Verified, AskDesk, refusal;
    /// A registration was begun and never finished.
    FactorUnfinished = "mfa.unfinished", Verified, RegisterFactor, refusal;
    /// The only factors are suspended.
    FactorSuspended = "mfa.suspended", Verified, AskDesk, refusal;
    /// What could be used was switched off by its owner, and nothing else is left.
    FactorSwitchedOff = "mfa.switched_off", Verified, AskDesk, refusal;
    /// Factors are there, and none of them is taken for this service from this place.
    FactorNotAllowed = "mfa.not_allowed", Verified, AskDesk, refusal;
    /// The method that was chosen cannot be used.
    FactorUnusable = "mfa.unusable", Verified, OtherFactor, refusal;
    /// Factors are there, and none reaches the level that the service asks.
    LevelNotReachable = "mfa.level_not_reachable", Verified, AskDesk, refusal;
    /// Not the shape of a code.
    CodeMalformed = "mfa.code_malformed", Verified, TryAgain, refusal;
    /// Not a right code.
    CodeWrong = "mfa.code_wrong", Verified, TryAgain, refusal;
    /// The right code, used before.
    CodeReused = "mfa.code_reused", Verified, TryAgain, refusal;
    /// The device's clock is off, seen twice in a row.
    ClockDrift = "mfa.clock_drift", Verified, TryAgain, refusal;
    /// The device's clock may be off, seen once: the person reads "wrong code", owner and desk read this.
    ClockSuspected = "mfa.clock_suspected", Owner, TryAgain, refusal;
    /// A recovery code that was spent before.
    RecoverySpent = "mfa.recovery_spent", Verified, TryAgain, refusal;
    /// The right code by mail, entered too late.
    CodeExpired = "mail.code_expired", Verified, TryAgain, refusal;
    /// A code of an earlier mail: only the newest is taken.
    CodeSuperseded = "mail.code_superseded", Verified, TryAgain, refusal;
    /// A code by mail was entered, and none was sent in this attempt.
    CodeNotSent = "mail.code_not_sent", Verified, TryAgain, refusal;
    /// Codes were sent by mail one after another: the next one has to wait.
    MailWait = "mail.wait", Verified, Wait, refusal;
    /// Not the shape of a mail address.
    AddressMalformed = "mail.address_malformed", Verified, TryAgain, refusal;
    /// The mailbox opens with this very sign-in, and codes for it would lock its owner out.
    AddressOwn = "mail.address_own", Verified, TryAgain, refusal;
    /// No account here has the passkey.
    PasskeyUnknown = "passkey.unknown", Public, TryAgain, refusal;
    /// What the passkey signed is not this request at this site.
    PasskeyRefused = "passkey.refused", Public, TryAgain, refusal;
    /// The passkey did not check who holds it.
    PasskeyUnverified = "passkey.unverified", Public, TryAgain, refusal;
    /// The passkey's owner has switched passkeys off.
    PasskeySwitchedOff = "passkey.switched_off", Public, TryAgain, refusal;
    /// The same answer of a passkey was sent before.
    PasskeySpent = "passkey.spent", Public, TryAgain, refusal;
    /// The passkey's counter did not grow: there may be a copy. The page says that it was not taken.
    PasskeyCopied = "passkey.copied", HelpDesk, AskDesk, refusal;
    /// The account is held, and its passkey was shown. The page says that it was not taken.
    PasskeyHeld = "acct.held_passkey", HelpDesk, AskDesk, refusal;
    /// What the page for certificates found is too old, or was used before.
    CertificateStale = "cert.stale", Verified, TryAgain, refusal;
    /// The browser presented no certificate.
    CertificateNotPresented = "cert.not_presented", Verified, OtherFactor, refusal;
    /// The certificate cannot be read, or is no person's.
    CertificateMalformed = "cert.malformed", Verified, OtherFactor, refusal;
    /// Nobody who is trusted here issued the certificate.
    CertificateIssuerUnknown = "cert.unknown_issuer", Verified, TryAgain, refusal;
    /// The issuer of the certificate is trusted no longer.
    CertificateIssuerWithdrawn = "cert.withdrawn_issuer", Verified, OtherFactor, refusal;
    /// The certificate is for something else than signing in.
    CertificatePurpose = "cert.wrong_purpose", Verified, TryAgain, refusal;
    /// The certificate begins later.
    CertificateNotYetValid = "cert.not_yet_valid", Verified, OtherFactor, refusal;
    /// The certificate is over.
    CertificateExpired = "cert.expired", Verified, OtherFactor, refusal;
    /// The certificate was taken back.
    CertificateRevoked = "cert.revoked", Verified, OtherFactor, refusal;
    /// Whether the certificate was taken back cannot be told now.
    CertificateRevocationUnknown = "cert.revocation_unknown", Verified, OtherFactor, refusal;
    /// Whoever can tell whether the certificate was taken back gives no answer.
    CertificateStatusUnanswered = "cert.status_unanswered", Verified, OtherFactor, refusal;
    /// The issuer of the certificate says that it knows no such certificate.
    CertificateUnknownToIssuer = "cert.unknown_to_issuer", Verified, OtherFactor, refusal;
    /// The certificate names no account here.
    CertificateNoIdentity = "cert.no_identity", Verified, AskDesk, refusal;
    /// The certificate is somebody else's.
    CertificateOtherPerson = "cert.other_person", Verified, TryAgain, refusal;
    /// The account of the certificate is no more.
    CertificateFormerAccount = "cert.former_account", Verified, OtherFactor, refusal;
    /// The account does not sign in with this certificate.
    CertificateNotRegistered = "cert.not_registered", Verified, OtherFactor, refusal;
    /// The chance was lost in a race: the same code was spent by another request.
    CodeRaced = "mfa.code_raced", Verified, TryAgain, refusal;

    // Who and where.
    /// The service is for other groups.
    NotEntitled = "authz.not_entitled", Verified, AskService, refusal;
    /// The policy lets nobody in from here.
    NotFromHere = "net.not_from_here", Verified, AskDesk, refusal;
    /// The service expects another person than the one who is signed in.
    OtherPerson = "sso.other_person", Verified, SwitchPerson, refusal;
    /// The service allows no page, and nobody is signed in.
    LoginRequired = "sso.login_required", Public, GoOn, refusal;
    /// The service allows no page, and one would be needed.
    InteractionRequired = "sso.interaction_required", Public, GoOn, refusal;
    /// The session ended.
    SessionEnded = "sso.session_ended", Public, StartOver, refusal;

    // Requests.
    /// The attempt was open too long.
    AttemptExpired = "req.expired", Public, StartOver, refusal;
    /// The password or the factors were changed during the attempt.
    AttemptOvertaken = "req.overtaken", Public, StartOver, refusal;
    /// A page of an older sign-in: a bookmark, history, a restored tab.
    RequestStale = "req.stale", Public, StartOver, refusal;
    /// The browser keeps no cookies for us.
    CookiesBlocked = "req.cookies_blocked", Public, AllowCookies, refusal;
    /// A form came from another site.
    CrossSite = "req.cross_site", Public, StartOver, refusal;
    /// The service is not registered here.
    ServiceUnknown = "req.unknown_service", Public, AskService, refusal;
    /// The service is switched off here.
    ServiceDisabled = "req.service_disabled", Public, AskService, refusal;
    /// The return address is not registered for the service.
    RedirectMismatch = "req.redirect_mismatch", Public, AskService, refusal;
    /// The service's request cannot be understood.
    RequestInvalid = "req.invalid", Public, AskService, refusal;
    /// The service asks again and again.
    RequestLoop = "req.loop", Public, AskService, refusal;
    /// There is no such page.
    PageUnknown = "req.no_such_page", Public, OpenPortal, refusal;
    /// There is such an address, and it does not answer a request of this kind: a form's address was opened.
    MethodUnknown = "req.wrong_method", Public, OpenPortal, refusal;
    /// Something of ours broke.
    ServerFault = "svc.fault", Public, TryAgain, refusal;

    // Registering and changing.
    /// A first factor cannot be registered from here with a password alone.
    EnrolNotHere = "enrol.not_here", Verified, RegisterFactor, refusal;
    /// The account had factors before: a ticket, a recovery code or the desk is needed.
    EnrolTicketNeeded = "enrol.ticket_needed", Verified, AskDesk, refusal;
    /// The enrolment ticket is wrong, spent or too old.
    TicketWrong = "enrol.ticket_wrong", Public, AskDesk, refusal;
    /// The ticket is for registering a factor, and was shown to choose a password.
    TicketForFactor = "enrol.ticket_for_factor", Verified, StartOver, refusal;
    /// A ticket for a password, and factors are registered of which none can be shown.
    TicketNeedsFactor = "enrol.ticket_needs_factor", Verified, AskDesk, refusal;
    /// Switching that off would leave nothing that leads in.
    PreferenceLocksOut = "prefs.locks_out", Verified, TryAgain, refusal;
    /// The new password is not taken.
    PasswordWeak = "password.weak", Verified, TryAgain, refusal;
}

impl Reason {
    /// Reasons that no decision has: they are said where requests are read and where decisions are stored, and
    /// tested there. All others are the engine's, and a test of this crate produces each of them.
    pub const fn made_outside_the_engine() -> &'static [Self] {
        &[
            Self::SessionEnded,
            Self::CookiesBlocked,
            Self::CrossSite,
            Self::ServiceUnknown,
            Self::RedirectMismatch,
            Self::PageUnknown,
            Self::MethodUnknown,
            Self::PasswordWeak,
            Self::AskNewPassword,
            Self::AddressMalformed,
            Self::AddressOwn,
        ]
    }

    /// The reason to show to somebody of this tier: itself, or the one that says no more than they may know.
    #[must_use]
    pub const fn shown_to(self, tier: Tier) -> Self {
        if tier as u8 >= self.tier() as u8 {
            return self;
        }
        match self {
            // After a right password the text must not say more than before it.
            Self::ClockSuspected if matches!(tier, Tier::Verified) => Self::CodeWrong,
            Self::PasskeyCopied | Self::PasskeyHeld => Self::PasskeyRefused,
            _ => Self::CredentialMismatch,
        }
    }
}

impl Serialize for Reason {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Reason {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let code = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::from_code(&code).ok_or_else(|| serde::de::Error::custom("an unknown reason"))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn codes_are_unique_and_read_back() {
        let codes: BTreeSet<_> = Reason::ALL.iter().map(|reason| reason.code()).collect();
        assert_eq!(codes.len(), Reason::ALL.len());
        for reason in Reason::ALL {
            assert_eq!(Reason::from_code(reason.code()), Some(*reason));
        }
    }

    #[test]
    fn nobody_is_shown_a_reason_beyond_their_tier() {
        for reason in Reason::ALL {
            for tier in [Tier::Public, Tier::Verified, Tier::Owner, Tier::HelpDesk] {
                let shown = reason.shown_to(tier);
                assert!(shown.tier() <= tier, "{} to {tier:?}", reason.code());
            }
        }
    }
}
