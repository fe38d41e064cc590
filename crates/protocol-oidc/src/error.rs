//! [`Reason`] into the words of this protocol, and errors as the authorization endpoint answers them.

use std::borrow::Cow;

use sekimori_directory::settings::ServiceName;
use sekimori_login::{Interaction, Reason};
use serde::{Deserialize, Serialize};

use crate::form::FormError;

macro_rules! error_codes {
    ($($(#[$doc:meta])* $name:ident = $code:literal,)*) => {
        /// An error code of an authorization response.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum ErrorCode {
            $($(#[$doc])* $name,)*
        }

        impl ErrorCode {
            /// All codes.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The word in the response.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }
        }
    };
}

error_codes! {
    /// A parameter is missing, malformed, repeated or contradicts another.
    InvalidRequest = "invalid_request",
    /// The client may not sign people in by code.
    UnauthorizedClient = "unauthorized_client",
    /// The person, the site or the policy said no.
    AccessDenied = "access_denied",
    /// Another `response_type` than `code`.
    UnsupportedResponseType = "unsupported_response_type",
    /// No known scope was asked, or the parameter is malformed.
    InvalidScope = "invalid_scope",
    /// Something of ours broke.
    ServerError = "server_error",
    /// Too busy, or a wait is on.
    TemporarilyUnavailable = "temporarily_unavailable",
    /// A sign-in is needed and no page may be shown. OpenID Connect Core, 3.1.2.6
    LoginRequired = "login_required",
    /// A page is needed and none may be shown.
    InteractionRequired = "interaction_required",
    /// Consent is needed and no page may be shown.
    ConsentRequired = "consent_required",
    /// The demanded level cannot be reached. OpenID Connect Core Error Code
    /// `unmet_authentication_requirements` 1.0
    UnmetAuthenticationRequirements = "unmet_authentication_requirements",
    /// The `request` parameter does not exist here.
    RequestNotSupported = "request_not_supported",
    /// The `request_uri` parameter does not exist here.
    RequestUriNotSupported = "request_uri_not_supported",
    /// The `registration` parameter does not exist here.
    RegistrationNotSupported = "registration_not_supported",
}

/// What the service hears when a sign-in ends with this reason. It learns the kind of the outcome and
/// nothing about the account: the person was told, by the page.
pub const fn code_of(reason: Reason, interaction: Interaction) -> ErrorCode {
    match reason {
        // Progress is no error: asked for one, something of ours went wrong.
        Reason::Admitted | Reason::SessionReused | Reason::Checking => ErrorCode::ServerError,
        // Questions that could not be put, or that the person did not answer.
        Reason::AskUsername | Reason::AskPassword | Reason::AskNewPassword | Reason::AskFresh => {
            unasked(interaction, ErrorCode::LoginRequired)
        }
        Reason::AskSecondFactor | Reason::AskStepUp | Reason::AskMailCode => {
            unasked(interaction, ErrorCode::InteractionRequired)
        }
        Reason::InputEmpty
        | Reason::PasswordTooLong
        | Reason::CredentialMismatch
        | Reason::AttemptExpired
        | Reason::AttemptOvertaken
        | Reason::RequestStale
        | Reason::CookiesBlocked
        | Reason::CrossSite => unasked(interaction, ErrorCode::LoginRequired),
        Reason::LoginRequired | Reason::SessionEnded => ErrorCode::LoginRequired,
        // OpenID Connect Core, 3.1.2.2: another person than the one of `id_token_hint`.
        Reason::OtherPerson => ErrorCode::LoginRequired,
        Reason::InteractionRequired => ErrorCode::InteractionRequired,
        Reason::ThrottleWait
        | Reason::ThrottleBusy
        | Reason::ThrottleSource
        | Reason::ThrottleAlert
        | Reason::ServerBusy => ErrorCode::TemporarilyUnavailable,
        Reason::ServerFault => ErrorCode::ServerError,
        Reason::LevelNotReachable => ErrorCode::UnmetAuthenticationRequirements,
        Reason::RequestInvalid => ErrorCode::InvalidRequest,
        Reason::ServiceUnknown | Reason::ServiceDisabled | Reason::RedirectMismatch => {
            ErrorCode::UnauthorizedClient
        }
        // Asked silently, the service learns that somebody has to come, and nothing of what they have registered.
        Reason::FactorNone
        | Reason::FactorNoneLeft
        | Reason::FactorUnfinished
        | Reason::FactorSuspended
        | Reason::FactorSwitchedOff
        | Reason::FactorNotAllowed
        | Reason::FactorUnusable => unasked(interaction, ErrorCode::InteractionRequired),
        Reason::ThrottleClosed
        | Reason::AccountDisabled
        | Reason::AccountNotYet
        | Reason::AccountEnded
        | Reason::AccountHeld
        | Reason::PasskeyHeld
        | Reason::CodeMalformed
        | Reason::CodeWrong
        | Reason::CodeReused
        | Reason::CodeRaced
        | Reason::ClockDrift
        | Reason::ClockSuspected
        | Reason::RecoverySpent
        | Reason::CodeExpired
        | Reason::CodeSuperseded
        | Reason::CodeNotSent
        | Reason::MailWait
        | Reason::AddressMalformed
        | Reason::AddressOwn
        | Reason::PasskeyUnknown
        | Reason::PasskeyRefused
        | Reason::PasskeyUnverified
        | Reason::PasskeySpent
        | Reason::PasskeyCopied
        | Reason::PasskeySwitchedOff
        | Reason::CertificateStale
        | Reason::CertificateNotPresented
        | Reason::CertificateMalformed
        | Reason::CertificateIssuerUnknown
        | Reason::CertificateIssuerWithdrawn
        | Reason::CertificatePurpose
        | Reason::CertificateNotYetValid
        | Reason::CertificateExpired
        | Reason::CertificateRevoked
        | Reason::CertificateRevocationUnknown
        | Reason::CertificateStatusUnanswered
        | Reason::CertificateUnknownToIssuer
        | Reason::CertificateNoIdentity
        | Reason::CertificateOtherPerson
        | Reason::CertificateFormerAccount
        | Reason::CertificateNotRegistered
        | Reason::NotEntitled
        | Reason::NotFromHere
        | Reason::RequestLoop
        | Reason::PageUnknown
        | Reason::MethodUnknown
        | Reason::EnrolNotHere
        | Reason::EnrolTicketNeeded
        | Reason::TicketWrong
        | Reason::TicketForFactor
        | Reason::TicketNeedsFactor
        | Reason::PreferenceLocksOut
        | Reason::PasswordWeak => ErrorCode::AccessDenied,
    }
}

const fn unasked(interaction: Interaction, silent: ErrorCode) -> ErrorCode {
    match interaction {
        Interaction::Silent => silent,
        Interaction::Allowed | Interaction::Impossible => ErrorCode::AccessDenied,
    }
}

/// How the answer travels to the client (OAuth 2.0 Multiple Response Types, Form Post).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum ResponseMode {
    /// In the query of the redirection.
    #[default]
    #[serde(rename = "q")]
    Query,
    /// In a form that the browser posts.
    #[serde(rename = "p")]
    FormPost,
}

/// Where an answer goes: verified against the registration, kept to the letter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReturnTo {
    /// The client's address, as it was sent.
    #[serde(rename = "u")]
    pub(crate) redirect_uri: String,
    /// The client's own word, to be given back.
    #[serde(rename = "s", default, skip_serializing_if = "Option::is_none")]
    pub(crate) state: Option<String>,
    /// By redirection or by form.
    #[serde(rename = "m", default)]
    pub(crate) mode: ResponseMode,
}

impl ReturnTo {
    /// The client's address, as it was sent.
    pub fn redirect_uri(&self) -> &str {
        &self.redirect_uri
    }

    /// The client's own word, to be given back.
    pub fn state(&self) -> Option<&str> {
        self.state.as_deref()
    }

    /// By redirection or by form.
    pub const fn mode(&self) -> ResponseMode {
        self.mode
    }
}

/// An authorization request that is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuthorizeError {
    /// Client or address are not verified: an error page, never a redirection (S56).
    Page(PageError),
    /// Both are verified: the client hears of its mistake.
    Redirect(Refused),
}

/// A mistake of the client that it is told of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The service.
    pub service: ServiceName,
    /// Where the answer goes.
    pub return_to: ReturnTo,
    /// The code.
    pub error: ErrorCode,
    /// For the client's developer: ASCII without `"` and `\`.
    pub description: Cow<'static, str>,
}

/// A request whose sender is not verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageError {
    /// What the page says.
    pub reason: Reason,
    /// The service, if the `client_id` is one.
    pub service: Option<ServiceName>,
    /// For the service's owner.
    pub problem: Problem,
}

impl PageError {
    /// What was sent as `client_id`, where that is what is wrong.
    pub fn client_id(&self) -> Option<&str> {
        match &self.problem {
            Problem::ClientUnknown { sent } => Some(sent),
            Problem::Form(_)
            | Problem::Repeated(_)
            | Problem::ClientIdMissing
            | Problem::RedirectMissing { .. }
            | Problem::RedirectMismatch { .. } => None,
        }
    }

    /// What was sent as `redirect_uri`, where that is what is wrong.
    pub fn redirect_uri(&self) -> Option<&str> {
        match &self.problem {
            Problem::RedirectMismatch { sent, .. } => Some(sent),
            Problem::Form(_)
            | Problem::Repeated(_)
            | Problem::ClientIdMissing
            | Problem::ClientUnknown { .. }
            | Problem::RedirectMissing { .. } => None,
        }
    }

    /// The mistake in a sentence for the service's developer.
    pub fn description(&self) -> String {
        match &self.problem {
            Problem::Form(form) => form.to_string(),
            Problem::Repeated(name) => format!("{name} stands twice"),
            Problem::ClientIdMissing => "client_id is missing".to_owned(),
            Problem::ClientUnknown { .. } => {
                "no service is registered with this client_id".to_owned()
            }
            Problem::RedirectMissing { registered } => {
                format!("redirect_uri is missing; registered: {}", registered.len())
            }
            Problem::RedirectMismatch { differs_at: Some(at), .. } => {
                format!("it differs from the nearest registered address at character {at}")
            }
            Problem::RedirectMismatch { differs_at: None, .. } => {
                "no address is registered for this service".to_owned()
            }
        }
    }
}

/// What exactly is wrong with the sender of a request. Texts of the request are cut and freed of control
/// characters: they are for showing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// The parameters cannot be read.
    Form(FormError),
    /// This parameter stands twice.
    Repeated(&'static str),
    /// There is no `client_id`.
    ClientIdMissing,
    /// No service has this `client_id`.
    ClientUnknown {
        /// What was sent.
        sent: String,
    },
    /// There is no `redirect_uri`.
    RedirectMissing {
        /// What is registered.
        registered: Vec<String>,
    },
    /// The `redirect_uri` is none of the registered ones.
    RedirectMismatch {
        /// What was sent.
        sent: String,
        /// What is registered and nearest to it; `None` if nothing is registered.
        nearest: Option<String>,
        /// The first character (counted from 1) in which the two differ.
        differs_at: Option<usize>,
    },
}

/// Longest text of a request that is shown, in characters.
const SHOWN_CHARACTERS_MAX: usize = 300;

/// A text of a request, for showing: cut, and without control or direction characters.
pub(crate) fn shown(text: &str) -> String {
    let hidden = |character: char| {
        character.is_control()
            || matches!(character, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
    };
    let clean = |character| if hidden(character) { '\u{fffd}' } else { character };
    text.chars().take(SHOWN_CHARACTERS_MAX).map(clean).collect()
}

/// The registered text that shares the longest beginning with `sent`, and the first character (from 1) that
/// differs.
pub(crate) fn mismatch<'a>(sent: &str, registered: impl Iterator<Item = &'a str>) -> Problem {
    let common = |other: &str| sent.chars().zip(other.chars()).take_while(|(a, b)| a == b).count();
    let nearest = registered.map(|other| (common(other), other)).max_by_key(|(same, _)| *same);
    Problem::RedirectMismatch {
        sent: shown(sent),
        nearest: nearest.map(|(_, other)| other.to_owned()),
        differs_at: nearest.map(|(same, _)| same + 1),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_reason_has_a_code_and_a_silent_request_never_hears_access_denied_for_a_missing_login()
    {
        for reason in Reason::ALL {
            for interaction in [Interaction::Allowed, Interaction::Silent, Interaction::Impossible]
            {
                assert!(!code_of(*reason, interaction).as_str().is_empty());
            }
        }
        for (reason, code) in [
            (Reason::AskUsername, ErrorCode::LoginRequired),
            (Reason::AskPassword, ErrorCode::LoginRequired),
            (Reason::AskStepUp, ErrorCode::InteractionRequired),
            (Reason::LoginRequired, ErrorCode::LoginRequired),
            (Reason::InteractionRequired, ErrorCode::InteractionRequired),
            (Reason::FactorNone, ErrorCode::InteractionRequired),
            (Reason::FactorSuspended, ErrorCode::InteractionRequired),
            (Reason::FactorNotAllowed, ErrorCode::InteractionRequired),
            (Reason::OtherPerson, ErrorCode::LoginRequired),
        ] {
            assert_eq!(code_of(reason, Interaction::Silent), code, "{}", reason.code());
        }
    }

    #[test]
    fn the_state_of_an_account_never_reaches_the_service() {
        let said: BTreeSet<_> = [
            Reason::AccountDisabled,
            Reason::AccountHeld,
            Reason::AccountEnded,
            Reason::FactorNone,
            Reason::NotEntitled,
            Reason::CodeWrong,
        ]
        .into_iter()
        .map(|reason| code_of(reason, Interaction::Allowed))
        .collect();
        assert_eq!(said, BTreeSet::from([ErrorCode::AccessDenied]));
    }

    #[test]
    fn a_mismatch_names_the_nearest_address_and_the_first_difference() {
        let registered = ["https://other.example/", "https://app.example/cb"];
        assert_eq!(
            mismatch("https://app.example/cb/", registered.into_iter()),
            Problem::RedirectMismatch {
                sent: "https://app.example/cb/".into(),
                nearest: Some("https://app.example/cb".into()),
                differs_at: Some(23),
            }
        );
    }

    #[test]
    fn what_is_shown_of_a_request_is_cut_and_harmless() {
        assert_eq!(shown("a\r\nb\u{202e}c"), "a\u{fffd}\u{fffd}b\u{fffd}c");
        assert_eq!(shown(&"あ".repeat(1000)).chars().count(), SHOWN_CHARACTERS_MAX);
    }
}
