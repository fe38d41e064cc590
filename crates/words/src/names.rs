//! The words for things that the engine and the directory name.

use sekimori_directory::{Affiliation, Binding, InputHint, Method};
use sekimori_login::{FactorState, NextStep, Usability};
use serde::{Deserialize, Serialize};

use crate::{Argument, Words};

/// Why a new password is not taken: each has its own text and its own advice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PasswordFlaw {
    /// It has `length` characters and needs `length_min`.
    TooShort {
        /// Characters of this one.
        length: usize,
        /// Characters that it needs.
        length_min: usize,
    },
    /// It is longer than anything that we look at.
    TooLong,
    /// It stands in the lists of common passwords, perhaps with small changes.
    Common,
    /// It is a repetition, a row of keys, a run of letters or a date.
    Pattern,
    /// It is nothing but words of the organisation.
    OrganisationWord,
    /// It is nothing but the person's own names.
    PersonWord,
}

impl PasswordFlaw {
    /// One of each, for tests and samples.
    pub const SAMPLES: [Self; 6] = [
        Self::TooShort { length: 9, length_min: 15 },
        Self::TooLong,
        Self::Common,
        Self::Pattern,
        Self::OrganisationWord,
        Self::PersonWord,
    ];
}

impl Words {
    /// What the button of the next step says; `service` and `desk` as they should be called.
    pub fn next_step_label(&self, step: NextStep, service: Option<&str>) -> String {
        let service = service.map_or_else(|| self.text("generic-service"), str::to_owned);
        self.with(next_step_id(step), &[("service", Argument::Text(&service))])
    }

    /// The name of a method: "Authenticator app".
    pub fn method_name(&self, method: Method) -> String {
        self.text(method_id(method))
    }

    /// One line about a method: what it is and what one needs at hand.
    pub fn method_description(&self, method: Method) -> String {
        self.attribute(method_id(method), "description", &[])
    }

    /// What the button says that chooses the method: "Use a recovery code".
    pub fn method_choice(&self, method: Method) -> String {
        self.attribute(method_id(method), "choose", &[])
    }

    /// Why a method can or cannot be used, as it stands after its name.
    pub fn usability(&self, usability: Usability) -> String {
        self.text(match usability {
            Usability::Usable => "usability-usable",
            Usability::NotRegistered => "usability-not-registered",
            Usability::Unfinished => "usability-unfinished",
            Usability::UsedUp => "usability-used-up",
            Usability::Suspended => "usability-suspended",
            Usability::SwitchedOff => "usability-switched-off",
            Usability::NotAllowedHere => "usability-not-allowed-here",
            Usability::BindingTooWeak => "usability-binding-too-weak",
            Usability::MethodTooWeak => "usability-method-too-weak",
        })
    }

    /// What the typed text itself shows, in one sentence.
    pub fn hint(&self, hint: InputHint) -> String {
        self.text(match hint {
            InputHint::FullWidth => "hint-full-width",
            InputHint::Spaces => "hint-spaces",
            InputHint::OwnMailDomain => "hint-own-mail-domain",
            InputHint::LooksLikeMail => "hint-looks-like-mail",
            InputHint::NotAName => "hint-not-a-name",
            InputHint::PasswordFullWidth => "hint-password-full-width",
            InputHint::PasswordSpaces => "hint-password-spaces",
            InputHint::PasswordTicket => "hint-password-ticket",
            InputHint::CapsLock => "hint-caps-lock",
        })
    }

    /// How a factor came to belong to the account.
    pub fn binding(&self, binding: Binding) -> String {
        self.text(match binding {
            Binding::Ticket => "binding-ticket",
            Binding::Letter => "binding-letter",
            Binding::OtherFactor => "binding-other-factor",
            Binding::Desk => "binding-desk",
            Binding::InsideWithPassword => "binding-inside-with-password",
            Binding::BreakGlass => "binding-break-glass",
            Binding::MailCode => "binding-mail-code",
        })
    }

    /// Whether a factor can be used.
    pub fn factor_state(&self, state: FactorState) -> String {
        self.text(match state {
            FactorState::Ready => "factor-state-ready",
            FactorState::Unfinished => "factor-state-unfinished",
            FactorState::Suspended => "factor-state-suspended",
            FactorState::SwitchedOff => "factor-state-switched-off",
            FactorState::Elsewhere => "factor-state-elsewhere",
        })
    }

    /// What somebody is to the organisation.
    pub fn affiliation(&self, affiliation: Affiliation) -> String {
        self.text(&format!("affiliation-{}", affiliation.as_str()))
    }

    /// What a service receives with a scope; `None` for a scope that has no words of its own.
    pub fn scope(&self, scope: &str) -> Option<String> {
        let known = ["openid", "profile", "email", "affiliation", "groups", "offline_access"];
        known.contains(&scope).then(|| self.text(&format!("scope-{}", scope.replace('_', "-"))))
    }

    /// Why a new password is not taken, and what helps.
    pub fn password_flaw(&self, flaw: PasswordFlaw) -> String {
        match flaw {
            PasswordFlaw::TooShort { length, length_min } => {
                let number = |count: usize| Argument::Number(i64::try_from(count).unwrap_or(0));
                self.with(
                    "password-too-short",
                    &[("length", number(length)), ("minimum", number(length_min))],
                )
            }
            PasswordFlaw::TooLong => self.text("password-too-long"),
            PasswordFlaw::Common => self.text("password-common"),
            PasswordFlaw::Pattern => self.text("password-pattern"),
            PasswordFlaw::OrganisationWord => self.text("password-organisation-word"),
            PasswordFlaw::PersonWord => self.text("password-person-word"),
        }
    }
}

pub(crate) const fn next_step_id(step: NextStep) -> &'static str {
    match step {
        NextStep::GoOn => "next-go-on",
        NextStep::TryAgain => "next-try-again",
        NextStep::Wait => "next-wait",
        NextStep::StartOver => "next-start-over",
        NextStep::OtherFactor => "next-other-factor",
        NextStep::RegisterFactor => "next-register-factor",
        NextStep::AskDesk => "next-ask-desk",
        NextStep::AskService => "next-ask-service",
        NextStep::SwitchPerson => "next-switch-person",
        NextStep::AllowCookies => "next-allow-cookies",
        NextStep::OpenPortal => "next-open-portal",
    }
}

const fn method_id(method: Method) -> &'static str {
    match method {
        Method::Password => "method-password",
        Method::Passkey => "method-passkey",
        Method::Totp => "method-totp",
        Method::Certificate => "method-certificate",
        Method::MailCode => "method-mail-code",
        Method::RecoveryCode => "method-recovery-code",
    }
}
