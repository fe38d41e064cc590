//! Errors of the token endpoint and its relatives. RFC 6749, 5.2; RFC 7009, 2.2.1

use std::borrow::Cow;

use serde_json::json;

use crate::reply::{Reply, described};

/// Why a token request is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// A parameter is missing, malformed, repeated or contradicts another.
    #[error("invalid_request: {0}")]
    InvalidRequest(Cow<'static, str>),
    /// The client is unknown, switched off, or did not prove itself in its registered way.
    #[error("invalid_client: {0}")]
    InvalidClient(Cow<'static, str>),
    /// The code or refresh token is unknown, over, spent, or was given to somebody else.
    #[error("invalid_grant: {0}")]
    InvalidGrant(Cow<'static, str>),
    /// The client is not registered for this grant.
    #[error("unauthorized_client: {0}")]
    UnauthorizedClient(Cow<'static, str>),
    /// There are three grant types, and this is another one.
    #[error("unsupported_grant_type")]
    UnsupportedGrantType,
    /// More than was granted, nothing that exists, or malformed.
    #[error("invalid_scope: {0}")]
    InvalidScope(Cow<'static, str>),
    /// Too much to do.
    #[error("temporarily_unavailable")]
    Busy {
        /// When to come again.
        retry_after_seconds: u32,
    },
    /// Something of ours broke.
    #[error("server_error")]
    Server,
}

impl TokenError {
    /// The word in the answer.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::InvalidRequest(_) => "invalid_request",
            Self::InvalidClient(_) => "invalid_client",
            Self::InvalidGrant(_) => "invalid_grant",
            Self::UnauthorizedClient(_) => "unauthorized_client",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::InvalidScope(_) => "invalid_scope",
            Self::Busy { .. } => "temporarily_unavailable",
            Self::Server => "server_error",
        }
    }

    /// The answer.
    pub fn reply(&self) -> Reply {
        let status = match self {
            Self::InvalidClient(_) => 401,
            Self::Busy { .. } => 503,
            Self::Server => 500,
            Self::InvalidRequest(_)
            | Self::InvalidGrant(_)
            | Self::UnauthorizedClient(_)
            | Self::UnsupportedGrantType
            | Self::InvalidScope(_) => 400,
        };
        let description = described(self.description());
        let body = json!({ "error": self.code(), "error_description": description });
        Reply {
            www_authenticate: self.www_authenticate(),
            retry_after_seconds: match self {
                Self::Busy { retry_after_seconds } => Some(*retry_after_seconds),
                _ => None,
            },
            ..Reply::json(status, &body)
        }
    }

    fn description(&self) -> &str {
        match self {
            Self::InvalidRequest(description)
            | Self::InvalidGrant(description)
            | Self::UnauthorizedClient(description)
            | Self::InvalidScope(description)
            | Self::InvalidClient(description) => description,
            Self::UnsupportedGrantType => {
                "there are authorization_code, refresh_token and client_credentials"
            }
            Self::Busy { .. } => "too much to do: come again later",
            Self::Server => "something went wrong here",
        }
    }

    /// Every 401 names a way to prove oneself (RFC 9110, 15.5.2), however it was tried.
    fn www_authenticate(&self) -> Option<String> {
        matches!(self, Self::InvalidClient(_))
            .then(|| "Basic realm=\"token\", charset=\"UTF-8\"".to_owned())
    }
}

/// A request that cannot be taken as it is.
pub(crate) const fn invalid(description: &'static str) -> TokenError {
    TokenError::InvalidRequest(Cow::Borrowed(description))
}
