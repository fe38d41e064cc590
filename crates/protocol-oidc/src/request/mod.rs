//! The authorization request: bytes in, a verified request or a precise refusal out.
//!
//! Client and address are verified first; until both are, every mistake ends on a page and nothing is ever
//! redirected (S56). Afterwards the client hears of its mistakes itself. Deliberately absent: every response
//! type but `code`, request objects, `plain` PKCE, answers in a fragment.

mod claims;
mod pending;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::collections::BTreeSet;

use sekimori_base::Language;
use sekimori_base::limits::USERNAME_BYTES_MAX;
use sekimori_directory::client::{ClientAuth, GrantType, Pkce};
use sekimori_directory::settings::{PolicySettings, Service};
use sekimori_directory::{Client, Site};
use sekimori_login::{Assurance, Reason};

use crate::error::{
    AuthorizeError, ErrorCode, PageError, Problem, Refused, ResponseMode, ReturnTo, mismatch, shown,
};
use crate::form::{Form, QUERY_BYTES_MAX, scope_values};
use crate::userinfo::ClaimName;

pub use pending::{
    AcrRequest, COOKIE_BYTES_MAX, Carriage, PendingAuthorize, Prompt, URL_BYTES_MAX,
};

/// Longest `state`, `nonce` and `claims` together, in bytes.
const CARRIED_BYTES_MAX: usize = 8 * 1024;
/// Longest `nonce`, in bytes.
const NONCE_BYTES_MAX: usize = 512;

/// A verified request: what travels, and what flow looks at once, at the beginning. Printed without the hint,
/// which is a token.
#[derive(Clone, PartialEq, Eq)]
pub struct AuthorizeRequest {
    /// What travels until the answer.
    pub pending: PendingAuthorize,
    /// How it can travel.
    pub carriage: Carriage,
    /// `id_token_hint`, not verified yet: see [`crate::hint::verify`].
    pub id_token_hint: Option<String>,
}

impl std::fmt::Debug for AuthorizeRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AuthorizeRequest")
            .field("pending", &self.pending)
            .field("carriage", &self.carriage)
            .finish_non_exhaustive()
    }
}

/// Read a request: the query of a GET or the form of a POST, which have the same form.
pub fn parse(raw: &[u8], site: &Site) -> Result<AuthorizeRequest, AuthorizeError> {
    let form = Form::parse(raw, QUERY_BYTES_MAX)
        .map_err(|error| page(Reason::RequestInvalid, None, Problem::Form(error)))?;
    let (service, client) = sender(&form, site)?;
    let redirect_uri = address(&form, service, client)?;
    let return_to = ReturnTo { redirect_uri, state: state(&form), mode: mode(&form) };
    read(&form, site, service, client, &return_to).map_err(|mistake| {
        AuthorizeError::Redirect(Refused {
            service: service.name.clone(),
            return_to,
            error: mistake.0,
            description: mistake.1,
        })
    })
}

/// A request that was verified before, verified once more by what is registered now: what was taken from the client
/// meanwhile is gone from its request.
pub fn parse_again(
    pending: &PendingAuthorize,
    site: &Site,
) -> Result<PendingAuthorize, AuthorizeError> {
    let sent = pending.client_id.as_str();
    let known = site.client(sent).filter(|(service, _)| service.name == pending.service);
    let Some((service, client)) = known else {
        let problem = Problem::ClientUnknown { sent: shown(sent) };
        return Err(page(Reason::ServiceUnknown, None, problem));
    };
    let address = pending.return_to.redirect_uri.as_str();
    if client.redirect_uri(address).is_none() {
        let registered = client.redirect_uris.iter().map(sekimori_directory::RedirectUri::as_str);
        return Err(page(Reason::RedirectMismatch, Some(service), mismatch(address, registered)));
    }
    read_again(pending, client).map_err(|mistake| {
        AuthorizeError::Redirect(Refused {
            service: service.name.clone(),
            return_to: pending.return_to.clone(),
            error: mistake.0,
            description: mistake.1,
        })
    })
}

fn read_again(pending: &PendingAuthorize, client: &Client) -> Result<PendingAuthorize, Mistake> {
    may_ask(client)?;
    if pending.challenge.is_none() && must_use_pkce(client) {
        return Err(NO_CHALLENGE);
    }
    let claims = |names: &crate::userinfo::ClaimNames| {
        let still = |name: &&ClaimName| client.scopes.contains(name.scope());
        names.iter().filter(still).copied().collect()
    };
    Ok(PendingAuthorize {
        scopes: narrowed(pending.scopes.iter().map(String::as_str), client)?,
        id_token_claims: claims(&pending.id_token_claims),
        userinfo_claims: claims(&pending.userinfo_claims),
        ..pending.clone()
    })
}

/// A mistake of a verified client: the code, and what its developer reads.
struct Mistake(ErrorCode, Cow<'static, str>);

const fn invalid(description: &'static str) -> Mistake {
    Mistake(ErrorCode::InvalidRequest, Cow::Borrowed(description))
}

fn page(reason: Reason, service: Option<&Service>, problem: Problem) -> AuthorizeError {
    let service = service.map(|service| service.name.clone());
    AuthorizeError::Page(PageError { reason, service, problem })
}

/// The service and client that the request names.
fn sender<'a>(form: &Form, site: &'a Site) -> Result<(&'a Service, &'a Client), AuthorizeError> {
    if form.is_repeated("client_id") {
        return Err(page(Reason::RequestInvalid, None, Problem::Repeated("client_id")));
    }
    let Some(sent) = form.value("client_id") else {
        return Err(page(Reason::RequestInvalid, None, Problem::ClientIdMissing));
    };
    site.client(sent).ok_or_else(|| {
        page(Reason::ServiceUnknown, None, Problem::ClientUnknown { sent: shown(sent) })
    })
}

/// The address, to the letter, if it is a registered one.
fn address(form: &Form, service: &Service, client: &Client) -> Result<String, AuthorizeError> {
    if form.is_repeated("redirect_uri") {
        let problem = Problem::Repeated("redirect_uri");
        return Err(page(Reason::RedirectMismatch, Some(service), problem));
    }
    let registered = || client.redirect_uris.iter().map(sekimori_directory::RedirectUri::as_str);
    let problem = match form.value("redirect_uri") {
        Some(sent) if client.redirect_uri(sent).is_some() => return Ok(sent.to_owned()),
        Some(sent) => mismatch(sent, registered()),
        None => Problem::RedirectMissing { registered: registered().map(str::to_owned).collect() },
    };
    Err(page(Reason::RedirectMismatch, Some(service), problem))
}

/// The `state`, if it can be given back at all.
fn state(form: &Form) -> Option<String> {
    let state = form.value("state")?;
    (!form.is_repeated("state") && is_carried(state)).then(|| state.to_owned())
}

fn mode(form: &Form) -> ResponseMode {
    match form.value("response_mode") {
        Some("form_post") if !form.is_repeated("response_mode") => ResponseMode::FormPost,
        Some(_) | None => ResponseMode::Query,
    }
}

/// Whether a word of the client can be given back: not too long, without control characters.
fn is_carried(text: &str) -> bool {
    text.len() <= CARRIED_BYTES_MAX && !text.chars().any(char::is_control)
}

fn read(
    form: &Form,
    site: &Site,
    service: &Service,
    client: &Client,
    return_to: &ReturnTo,
) -> Result<AuthorizeRequest, Mistake> {
    check_shape(form, client)?;
    check_carried(form)?;
    let prompts = prompts(form)?;
    let asked = match form.value("claims") {
        Some(text) => claims::parse(text, client).map_err(|claims::ClaimsError| {
            invalid("claims is not the JSON object of OpenID Connect Core, 5.5, or it is too long")
        })?,
        None => claims::Asked::default(),
    };
    let pending = PendingAuthorize {
        client_id: client.client_id.clone(),
        service: service.name.clone(),
        return_to: return_to.clone(),
        scopes: scopes(form, client)?,
        challenge: challenge(form, client)?,
        nonce: form.value("nonce").map(str::to_owned),
        prompts,
        max_age_seconds: max_age(form)?.or(client.default_max_age_seconds),
        login_hint: login_hint(form),
        language: language(form),
        acr: acr(form, asked.acr, &site.policy),
        id_token_claims: asked.id_token,
        userinfo_claims: asked.userinfo,
        expected_sub: asked.sub,
    };
    let carriage = pending.carriage().ok_or_else(|| {
        invalid("state, nonce and redirect_uri together are too long to be carried (1,500 bytes)")
    })?;
    let id_token_hint = form.value("id_token_hint").map(str::to_owned);
    Ok(AuthorizeRequest { pending, carriage, id_token_hint })
}

/// What every request must and must not have.
fn check_shape(form: &Form, client: &Client) -> Result<(), Mistake> {
    if form.has_repeated() {
        return Err(invalid("a parameter is repeated"));
    }
    for (name, code) in [
        ("request", ErrorCode::RequestNotSupported),
        ("request_uri", ErrorCode::RequestUriNotSupported),
        ("registration", ErrorCode::RegistrationNotSupported),
    ] {
        if form.value(name).is_some() {
            return Err(Mistake(code, Cow::Borrowed("this parameter is not supported")));
        }
    }
    may_ask(client)?;
    match form.value("response_type") {
        Some("code") => {}
        Some(_) => {
            let description = "the only response_type is code";
            return Err(Mistake(ErrorCode::UnsupportedResponseType, Cow::Borrowed(description)));
        }
        None => return Err(invalid("response_type is missing: it must be code")),
    }
    match form.value("response_mode") {
        None | Some("query" | "form_post") => Ok(()),
        Some(_) => Err(invalid("the response_mode must be query or form_post")),
    }
}

/// Whether the client is one that people sign in to.
fn may_ask(client: &Client) -> Result<(), Mistake> {
    if client.grants.contains(&GrantType::AuthorizationCode) {
        return Ok(());
    }
    let description = "the client is not registered for authorization_code";
    Err(Mistake(ErrorCode::UnauthorizedClient, Cow::Borrowed(description)))
}

fn check_carried(form: &Form) -> Result<(), Mistake> {
    let length = |name| form.value(name).map_or(0, str::len);
    if length("state") + length("nonce") + length("claims") > CARRIED_BYTES_MAX {
        return Err(invalid("state, nonce and claims together are longer than 8 KB"));
    }
    if length("nonce") > NONCE_BYTES_MAX {
        return Err(invalid("nonce is longer than 512 bytes"));
    }
    let carried = |name| form.value(name).is_none_or(is_carried);
    if carried("state") && carried("nonce") {
        Ok(())
    } else {
        Err(invalid("state or nonce has control characters"))
    }
}

/// `prompt` (OpenID Connect Core, 3.1.2.1): `none` stands alone; values that do not exist are refused
/// (Initiating User Registration 1.0, 4.1).
fn prompts(form: &Form) -> Result<BTreeSet<Prompt>, Mistake> {
    let mut prompts = BTreeSet::new();
    for word in form.value("prompt").unwrap_or_default().split(' ').filter(|word| !word.is_empty())
    {
        let known = Prompt::ALL.into_iter().find(|prompt| prompt.as_str() == word);
        prompts.insert(known.ok_or(invalid(
            "a prompt is unknown: there are none, login, consent and select_account",
        ))?);
    }
    if prompts.contains(&Prompt::None) && prompts.len() > 1 {
        return Err(invalid("prompt=none stands alone"));
    }
    Ok(prompts)
}

/// Scopes that exist for this client; others are ignored (OpenID Connect Core, 3.1.2.1).
fn scopes(form: &Form, client: &Client) -> Result<BTreeSet<String>, Mistake> {
    let refused = |description| Mistake(ErrorCode::InvalidScope, Cow::Borrowed(description));
    let values = scope_values(form.value("scope").unwrap_or_default())
        .ok_or(refused("scope is malformed or longer than 1 KB"))?;
    narrowed(values.into_iter(), client)
}

/// The scopes of these that exist for the client; at least one must.
fn narrowed<'a>(
    values: impl Iterator<Item = &'a str>,
    client: &Client,
) -> Result<BTreeSet<String>, Mistake> {
    let mut scopes: BTreeSet<String> = values
        .filter(|value| *value == "openid" || client.scopes.contains(*value))
        .map(str::to_owned)
        .collect();
    if !client.grants.contains(&GrantType::RefreshToken) {
        scopes.remove("offline_access");
    }
    if scopes.is_empty() {
        let description = "none of the scopes is known for this client: ask at least openid";
        return Err(Mistake(ErrorCode::InvalidScope, Cow::Borrowed(description)));
    }
    Ok(scopes)
}

/// The PKCE challenge. RFC 7636, 4.3; S57: S256 only, and public clients always.
fn challenge(form: &Form, client: &Client) -> Result<Option<String>, Mistake> {
    let method = form.value("code_challenge_method");
    let Some(challenge) = form.value("code_challenge") else {
        if must_use_pkce(client) {
            return Err(NO_CHALLENGE);
        }
        return match method {
            None => Ok(None),
            Some(_) => Err(invalid("code_challenge_method stands without code_challenge")),
        };
    };
    if method != Some("S256") {
        return Err(invalid("code_challenge_method must be S256"));
    }
    if !sekimori_keys::pkce::is_challenge(challenge) {
        return Err(invalid("code_challenge is not 43 characters of base64url"));
    }
    Ok(Some(challenge.to_owned()))
}

const NO_CHALLENGE: Mistake =
    invalid("code_challenge is missing: this client must use PKCE with S256");

/// Whether the client must use PKCE: public clients always.
pub(crate) fn must_use_pkce(client: &Client) -> bool {
    match client.pkce {
        Pkce::Required => true,
        Pkce::Optional => client.auth == ClientAuth::None,
    }
}

fn max_age(form: &Form) -> Result<Option<u32>, Mistake> {
    let Some(text) = form.value("max_age") else { return Ok(None) };
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(invalid("max_age is not a whole number of seconds"));
    }
    // Longer than a u32 holds is longer than any session lives.
    Ok(Some(text.parse().unwrap_or(u32::MAX)))
}

/// The hint, if it could be a user name at all; a hint is never a reason to refuse.
fn login_hint(form: &Form) -> Option<String> {
    let hint = form.value("login_hint")?;
    let fits = hint.len() <= USERNAME_BYTES_MAX && !hint.chars().any(char::is_control);
    fits.then(|| hint.to_owned())
}

fn language(form: &Form) -> Option<Language> {
    form.value("ui_locales")?.split(' ').find_map(Language::from_tag)
}

/// What is asked of the level: the essential claim, else the voluntary claim, else `acr_values`.
fn acr(form: &Form, claim: Option<claims::AskedAcr>, policy: &PolicySettings) -> AcrRequest {
    let level = |name: &str| {
        [Assurance::TwoFactors, Assurance::OneFactor]
            .into_iter()
            .find(|level| crate::grant::acr_name(*level, policy) == name)
    };
    match claim {
        Some(claim) if claim.essential => {
            let known: Vec<_> = claim.values.iter().filter_map(|name| level(name)).collect();
            if known.is_empty() { AcrRequest::Unreachable } else { AcrRequest::OneOf(known) }
        }
        Some(claim) => {
            let known = claim.values.iter().find_map(|name| level(name));
            known.map_or(AcrRequest::Any, AcrRequest::Wanted)
        }
        None => {
            let values = form.value("acr_values").unwrap_or_default();
            values.split(' ').find_map(level).map_or(AcrRequest::Any, AcrRequest::Wanted)
        }
    }
}
