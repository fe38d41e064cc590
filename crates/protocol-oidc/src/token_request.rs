//! Requests to the token endpoint, to introspection and to revocation, as they come in.

use std::collections::BTreeSet;

use sekimori_base::Secret;
use sekimori_base::limits::BODY_BYTES_MAX;

use crate::client_auth::Credential;
use crate::form::{Form, scope_values};
use crate::token_error::{TokenError, invalid};

/// Longest code, refresh token or access token that is looked at, in bytes.
const TOKEN_BYTES_MAX: usize = 8 * 1024;

/// A request to the token endpoint.
#[derive(Debug)]
pub struct TokenRequest {
    /// Who asks.
    pub credential: Credential,
    /// For what.
    pub grant: GrantRequest,
}

/// What is asked. There is no other grant type (S60).
pub enum GrantRequest {
    /// `authorization_code`.
    Code {
        /// The code.
        code: Secret<String>,
        /// The address of the authorization request, to the letter.
        redirect_uri: Option<String>,
        /// The PKCE verifier.
        verifier: Option<String>,
    },
    /// `refresh_token`.
    Refresh {
        /// The token.
        token: Secret<String>,
        /// Fewer scopes than granted.
        scopes: Option<BTreeSet<String>>,
    },
    /// `client_credentials`.
    ClientCredentials {
        /// The scopes.
        scopes: Option<BTreeSet<String>>,
    },
}

impl std::fmt::Debug for GrantRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Code { .. } => "authorization_code",
            Self::Refresh { .. } => "refresh_token",
            Self::ClientCredentials { .. } => "client_credentials",
        })
    }
}

/// Read a request to the token endpoint: its form, and its `Authorization` header if it has one.
pub fn parse(form: &[u8], authorization: Option<&[u8]>) -> Result<TokenRequest, TokenError> {
    let mut form = read(form)?;
    let Some(grant_type) = form.value("grant_type").map(str::to_owned) else {
        return Err(invalid("grant_type is missing"));
    };
    let grant = match grant_type.as_str() {
        "authorization_code" => GrantRequest::Code {
            redirect_uri: form.value("redirect_uri").map(str::to_owned),
            verifier: form.value("code_verifier").map(str::to_owned),
            code: bounded(form.take_secret("code"), "code is missing or too long")?,
        },
        "refresh_token" => GrantRequest::Refresh {
            scopes: scopes(&form)?,
            token: bounded(
                form.take_secret("refresh_token"),
                "refresh_token is missing or too long",
            )?,
        },
        "client_credentials" => GrantRequest::ClientCredentials { scopes: scopes(&form)? },
        _ => return Err(TokenError::UnsupportedGrantType),
    };
    let credential = Credential::read(&mut form, authorization)?;
    Ok(TokenRequest { credential, grant })
}

/// A request to introspection (RFC 7662, 2.1) or revocation (RFC 7009, 2.1). `token_type_hint` is ignored:
/// every token is looked for wherever it could be.
#[derive(Debug)]
pub struct AboutToken {
    /// Who asks.
    pub credential: Credential,
    /// About which token.
    pub token: PresentedToken,
}

/// A token that somebody presents, not looked up yet.
pub struct PresentedToken(Secret<String>);

impl PresentedToken {
    /// The token.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

impl std::fmt::Debug for PresentedToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PresentedToken")
    }
}

/// Read a request to introspection or revocation.
pub fn parse_about(form: &[u8], authorization: Option<&[u8]>) -> Result<AboutToken, TokenError> {
    let mut form = read(form)?;
    let token = bounded(form.take_secret("token"), "token is missing or too long")?;
    let credential = Credential::read(&mut form, authorization)?;
    Ok(AboutToken { credential, token: PresentedToken(token) })
}

fn read(form: &[u8]) -> Result<Form, TokenError> {
    let form = Form::parse(form, BODY_BYTES_MAX)
        .map_err(|error| TokenError::InvalidRequest(error.to_string().into()))?;
    if form.has_repeated() {
        return Err(invalid("a parameter is repeated"));
    }
    Ok(form)
}

fn bounded(
    token: Option<Secret<String>>,
    description: &'static str,
) -> Result<Secret<String>, TokenError> {
    token.filter(|token| token.expose().len() <= TOKEN_BYTES_MAX).ok_or(invalid(description))
}

fn scopes(form: &Form) -> Result<Option<BTreeSet<String>>, TokenError> {
    let Some(text) = form.value("scope") else { return Ok(None) };
    let malformed = TokenError::InvalidScope("scope is malformed or longer than 1 KB".into());
    let values = scope_values(text).ok_or(malformed)?;
    Ok(Some(values.into_iter().map(str::to_owned).collect()))
}
