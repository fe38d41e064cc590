//! Claims about a person, and the userinfo endpoint (OpenID Connect Core, 5.3; RFC 6750).

use std::collections::BTreeSet;

use sekimori_base::{Language, Secret};
use sekimori_directory::release::Released;
use sekimori_directory::{Affiliation, Group, Site};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::form::Form;
use crate::grant::Granted;
use crate::reply::Reply;

/// Longest access token that is looked at, in bytes.
const TOKEN_BYTES_MAX: usize = 8 * 1024;
/// Longest form of the userinfo endpoint, in bytes.
const FORM_BYTES_MAX: usize = 16 * 1024;

/// A claim about a person that can be asked by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ClaimName {
    /// `name`, and the name in both languages.
    #[serde(rename = "n")]
    Name,
    /// `preferred_username`.
    #[serde(rename = "p")]
    PreferredUsername,
    /// `updated_at`.
    #[serde(rename = "t")]
    UpdatedAt,
    /// `email`.
    #[serde(rename = "e")]
    Email,
    /// `email_verified`.
    #[serde(rename = "v")]
    EmailVerified,
    /// `eduperson_affiliation` (REFEDS OIDC attribute mapping).
    #[serde(rename = "a")]
    Affiliation,
    /// `groups`.
    #[serde(rename = "g")]
    Groups,
}

/// Several claims.
pub type ClaimNames = BTreeSet<ClaimName>;

impl ClaimName {
    /// All claims.
    pub const ALL: [Self; 7] = [
        Self::Name,
        Self::PreferredUsername,
        Self::UpdatedAt,
        Self::Email,
        Self::EmailVerified,
        Self::Affiliation,
        Self::Groups,
    ];

    /// The member in tokens and answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::PreferredUsername => "preferred_username",
            Self::UpdatedAt => "updated_at",
            Self::Email => "email",
            Self::EmailVerified => "email_verified",
            Self::Affiliation => "eduperson_affiliation",
            Self::Groups => "groups",
        }
    }

    /// The scope that releases it.
    pub const fn scope(self) -> &'static str {
        match self {
            Self::Name | Self::PreferredUsername | Self::UpdatedAt => "profile",
            Self::Email | Self::EmailVerified => "email",
            Self::Affiliation => "affiliation",
            Self::Groups => "groups",
        }
    }

    /// All claims of these scopes.
    pub fn of_scopes(scopes: &BTreeSet<String>) -> ClaimNames {
        Self::ALL.into_iter().filter(|name| scopes.contains(name.scope())).collect()
    }
}

/// The scopes to hand to [`sekimori_directory::release::release`], for all claims that a grant may show.
pub fn release_scopes(granted: &Granted) -> BTreeSet<String> {
    let named = granted.id_token_claims().iter().chain(granted.userinfo_claims());
    let named = named.copied().map(ClaimName::scope).map(str::to_owned);
    granted.scopes().iter().cloned().chain(named).collect()
}

/// The claims `names` of what was released. `language` is that of the plain `name`.
pub(crate) fn claims(
    released: &Released,
    names: &ClaimNames,
    site: &Site,
    language: Option<Language>,
) -> Map<String, Value> {
    let mut claims = Map::new();
    for name in names {
        match name {
            ClaimName::Name => add_name(&mut claims, released, language.unwrap_or(site.language)),
            ClaimName::PreferredUsername => {
                add(&mut claims, *name, released.username.as_deref().map(Value::from));
            }
            ClaimName::UpdatedAt => add(&mut claims, *name, released.updated_at.map(Value::from)),
            ClaimName::Email => {
                let mail = released.mail.as_ref().map(|mail| Value::from(mail.as_str()));
                add(&mut claims, *name, mail);
            }
            ClaimName::EmailVerified => {
                // The organisation vouches for the addresses that it gives out itself.
                let own = |domain: &str| site.mail_domains.iter().any(|known| known == domain);
                let verified = released.mail.as_ref().map(|mail| Value::from(own(mail.domain())));
                add(&mut claims, *name, verified);
            }
            ClaimName::Affiliation => {
                let words = released.affiliations.iter().copied().map(Affiliation::as_str);
                add(&mut claims, *name, array(words));
            }
            ClaimName::Groups => {
                add(&mut claims, *name, array(released.groups.iter().map(Group::as_str)));
            }
        }
    }
    claims
}

fn add(claims: &mut Map<String, Value>, name: ClaimName, value: Option<Value>) {
    if let Some(value) = value {
        claims.insert(name.as_str().to_owned(), value);
    }
}

fn array<'a>(words: impl Iterator<Item = &'a str>) -> Option<Value> {
    let words: Vec<Value> = words.map(Value::from).collect();
    (!words.is_empty()).then_some(Value::Array(words))
}

/// `name` in one language, `name#en` and `name#ja` beside it. OpenID Connect Core, 5.2
fn add_name(claims: &mut Map<String, Value>, released: &Released, language: Language) {
    let Some(name) = &released.name else { return };
    let spoken = |text: &str| (!text.is_empty()).then(|| Value::from(text));
    let plain = spoken(name.text(language))
        .or_else(|| Language::ALL.into_iter().find_map(|other| spoken(name.text(other))));
    add(claims, ClaimName::Name, plain);
    for language in Language::ALL {
        if let Some(text) = spoken(name.text(language)) {
            claims.insert(format!("{}#{}", ClaimName::Name.as_str(), language.tag()), text);
        }
    }
}

/// The answer of the userinfo endpoint. `scopes` are those of the presented token, which may be fewer than
/// were granted.
pub fn answer(
    granted: &Granted,
    scopes: &BTreeSet<String>,
    released: &Released,
    sub: &str,
    site: &Site,
) -> Result<Reply, BearerError> {
    if !scopes.contains("openid") {
        return Err(BearerError::InsufficientScope);
    }
    let mut names = ClaimName::of_scopes(scopes);
    names.extend(granted.userinfo_claims());
    let mut claims = claims(released, &names, site, granted.language());
    claims.insert("sub".to_owned(), json!(sub));
    Ok(Reply::json(200, &claims))
}

/// Why a request with an access token is refused. RFC 6750, 3.1
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BearerError {
    /// There is no token.
    #[error("no access token was sent")]
    Missing,
    /// Malformed, in two places, or in the query.
    #[error("{0}")]
    Request(&'static str),
    /// Unknown, expired, ended, or of something that was switched off.
    #[error("the access token is unknown, over or ended")]
    Token,
    /// It is not a token of a sign-in with `openid`.
    #[error("the access token was not granted openid")]
    InsufficientScope,
}

impl BearerError {
    /// The answer.
    pub fn reply(self) -> Reply {
        const REALM: &str = "Bearer realm=\"userinfo\"";
        let (status, code) = match self {
            // RFC 6750, 3.1: no code for a request without credentials.
            Self::Missing => {
                let www_authenticate = Some(REALM.to_owned());
                return Reply { www_authenticate, ..Reply::empty(401) };
            }
            Self::Request(_) => (400, "invalid_request"),
            Self::Token => (401, "invalid_token"),
            Self::InsufficientScope => (403, "insufficient_scope"),
        };
        let description = crate::reply::described(&self.to_string());
        let www_authenticate =
            format!("{REALM}, error=\"{code}\", error_description=\"{description}\"");
        let body = json!({ "error": code, "error_description": description });
        Reply { www_authenticate: Some(www_authenticate), ..Reply::json(status, &body) }
    }
}

/// What came to the userinfo endpoint.
#[derive(Debug, Clone, Copy, Default)]
pub struct BearerRequest<'a> {
    /// The `Authorization` header.
    pub authorization: Option<&'a [u8]>,
    /// The query string.
    pub query: Option<&'a [u8]>,
    /// The body of a POST with the content type of a form.
    pub form: Option<&'a [u8]>,
}

/// The access token in a request: in the header or in the form, never in the query (OAuth 2.1, 5.1).
pub fn token(request: &BearerRequest<'_>) -> Result<Secret<String>, BearerError> {
    let malformed = |_| BearerError::Request("the request cannot be read");
    if let Some(query) = request.query {
        let query = Form::parse(query, FORM_BYTES_MAX).map_err(malformed)?;
        if query.value("access_token").is_some() {
            return Err(BearerError::Request("an access token never stands in the query"));
        }
    }
    let by_header = request.authorization.map(bearer).transpose()?.flatten();
    let by_form = match request.form {
        Some(form) => {
            let mut form = Form::parse(form, FORM_BYTES_MAX).map_err(malformed)?;
            if form.is_repeated("access_token") {
                return Err(BearerError::Request("access_token is repeated"));
            }
            form.take_secret("access_token")
        }
        None => None,
    };
    match (by_header, by_form) {
        (Some(_), Some(_)) => Err(BearerError::Request("the access token is sent in two ways")),
        (Some(token), None) | (None, Some(token)) if is_token(token.expose()) => Ok(token),
        (Some(_), None) | (None, Some(_)) => Err(BearerError::Token),
        (None, None) => Err(BearerError::Missing),
    }
}

/// The token of `Bearer …`; `None` for another scheme.
fn bearer(header: &[u8]) -> Result<Option<Secret<String>>, BearerError> {
    let text = std::str::from_utf8(header)
        .map_err(|_| BearerError::Request("the Authorization header cannot be read"))?;
    let (scheme, token) = text.split_once(' ').unwrap_or((text, ""));
    let is_bearer = scheme.eq_ignore_ascii_case("bearer");
    Ok(is_bearer.then(|| Secret::new(token.trim_matches(' ').to_owned())))
}

/// RFC 6750, 2.1: `b64token`.
fn is_token(text: &str) -> bool {
    (1..=TOKEN_BYTES_MAX).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte))
}
