//! What a service is to the OpenID Provider: the typed `oidc` part of a service's settings.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};
use url::{Host, Url};

/// A `client_id`: 1 to 128 visible ASCII characters (RFC 6749, appendix A.1, narrowed).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ClientId(String);

/// Why a text is not a `client_id`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a client_id has 1 to 128 visible ASCII characters")]
pub struct ClientIdError;

impl ClientId {
    /// A `client_id`.
    pub fn parse(text: &str) -> Result<Self, ClientIdError> {
        let fits = (1..=128).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\');
        if fits { Ok(Self(text.to_owned())) } else { Err(ClientIdError) }
    }

    /// The id.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ClientId {
    type Error = ClientIdError;
    fn try_from(text: String) -> Result<Self, ClientIdError> {
        Self::parse(&text)
    }
}

impl From<ClientId> for String {
    fn from(id: ClientId) -> Self {
        id.0
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A registered redirection target, kept to the letter as it was registered.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RedirectUri(String);

/// Why a text cannot be registered as a redirection target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RedirectUriError {
    /// Not an absolute URI, or over 1,024 characters.
    #[error("it is not an absolute URI of at most 1,024 ASCII characters")]
    NotAbsolute,
    /// It carries a fragment (RFC 6749, 3.1.2).
    #[error("it carries a fragment (#…)")]
    Fragment,
    /// It carries a user name or password.
    #[error("it carries a user name or a password")]
    UserInfo,
    /// It has a `*`: targets are compared to the letter, patterns do not exist.
    #[error("it has a '*': targets are compared to the letter, there are no patterns")]
    Wildcard,
    /// Plain http to something else than a loopback address.
    #[error("plain http is for loopback addresses (127.0.0.1, [::1], localhost) only")]
    PlainHttp,
    /// A scheme that browsers execute or that reads files.
    #[error("this scheme cannot receive a sign-in")]
    Scheme,
}

impl RedirectUri {
    /// A target that may be registered.
    pub fn parse(text: &str) -> Result<Self, RedirectUriError> {
        if text.len() > 1024 || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(RedirectUriError::NotAbsolute);
        }
        if text.contains('*') {
            return Err(RedirectUriError::Wildcard);
        }
        let url = Url::parse(text).map_err(|_| RedirectUriError::NotAbsolute)?;
        if url.fragment().is_some() {
            return Err(RedirectUriError::Fragment);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(RedirectUriError::UserInfo);
        }
        match url.scheme() {
            "https" if url.host().is_some() => {}
            "http" if is_loopback(&url) => {}
            "http" => return Err(RedirectUriError::PlainHttp),
            // RFC 8252, 7.1: a private-use scheme is a reversed domain name, so it has a dot.
            other if other.contains('.') => {}
            _ => return Err(RedirectUriError::Scheme),
        }
        Ok(Self(text.to_owned()))
    }

    /// The target to the letter.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether `presented` is this target. RFC 9700, 2.1: to the letter; RFC 8252, 7.3: only the port of a
    /// native app's loopback address may differ.
    pub fn matches(&self, presented: &str, kind: ClientKind) -> bool {
        if self.0 == presented {
            return true;
        }
        if kind != ClientKind::Native {
            return false;
        }
        let (Ok(mine), Ok(mut theirs)) = (Url::parse(&self.0), Url::parse(presented)) else {
            return false;
        };
        let loopback_address = |url: &Url| {
            url.scheme() == "http"
                && matches!(url.host(), Some(Host::Ipv4(_) | Host::Ipv6(_)))
                && is_loopback(url)
        };
        if !loopback_address(&mine) || !loopback_address(&theirs) || theirs.as_str() != presented {
            return false;
        }
        theirs.set_port(mine.port()).is_ok() && theirs.as_str() == mine.as_str()
    }

    /// `scheme://host[:port]` of the target, for a page's `form-action`; `None` for private-use schemes.
    pub fn origin(&self) -> Option<String> {
        let url = Url::parse(&self.0).ok()?;
        url.has_host().then(|| url.origin().ascii_serialization())
    }
}

impl TryFrom<String> for RedirectUri {
    type Error = RedirectUriError;
    fn try_from(text: String) -> Result<Self, RedirectUriError> {
        Self::parse(&text)
    }
}

impl From<RedirectUri> for String {
    fn from(uri: RedirectUri) -> Self {
        uri.0
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// What kind of program the client is (OpenID Connect Registration, `application_type`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientKind {
    /// Runs on a server or in a browser.
    #[default]
    Web,
    /// Installed on a device.
    Native,
}

/// How the client proves itself at the token endpoint. One method a client (S62).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientAuth {
    /// HTTP Basic with the client secret.
    #[default]
    ClientSecretBasic,
    /// The client secret in the form.
    ClientSecretPost,
    /// A JWT signed with a key of the client's `jwks` (RFC 7523).
    PrivateKeyJwt,
    /// A public client: PKCE alone.
    None,
}

/// Which `sub` the client sees (OpenID Connect Core, 8).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SubjectType {
    /// The same for all clients.
    #[default]
    Public,
    /// One per sector, not linkable.
    Pairwise,
}

/// The signature algorithm of tokens (RFC 7518, RFC 8037).
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
pub enum TokenAlgorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256: every client knows it (OpenID Connect Core, 15.1).
    #[default]
    #[serde(rename = "RS256")]
    Rs256,
    /// ECDSA on P-256 with SHA-256.
    #[serde(rename = "ES256")]
    Es256,
    /// Ed25519.
    #[serde(rename = "EdDSA")]
    EdDsa,
}

/// The form of access tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccessTokenFormat {
    /// A random word; the services ask by introspection or userinfo.
    #[default]
    Opaque,
    /// A signed JWT (RFC 9068).
    Jwt,
}

/// A grant type that a client may use. There are no others (S60).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GrantType {
    /// A sign-in (RFC 6749, 4.1).
    AuthorizationCode,
    /// Going on without the person (RFC 6749, 6).
    RefreshToken,
    /// The client itself (RFC 6749, 4.4).
    ClientCredentials,
}

/// The `oidc` part of a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Client {
    /// The `client_id`.
    pub client_id: ClientId,
    /// Web or native.
    #[serde(default)]
    pub kind: ClientKind,
    /// How it proves itself.
    #[serde(default)]
    pub auth: ClientAuth,
    /// Public keys of `private_key_jwt`, as a JWK set in JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwks: Option<String>,
    /// Where sign-ins may be answered to.
    #[serde(default)]
    pub redirect_uris: Vec<RedirectUri>,
    /// Where a logout may return to.
    #[serde(default)]
    pub post_logout_redirect_uris: Vec<RedirectUri>,
    /// Grants that it may use.
    #[serde(default = "Client::default_grants")]
    pub grants: BTreeSet<GrantType>,
    /// Scopes that it may ask for; `openid` is always among them.
    #[serde(default = "Client::default_scopes")]
    pub scopes: BTreeSet<String>,
    /// Whether PKCE may be left out (only for confidential clients that cannot do it).
    #[serde(default)]
    pub pkce: Pkce,
    /// Whether people are asked before their data goes there.
    #[serde(default)]
    pub consent: Consent,
    /// Which `sub` it sees.
    #[serde(default)]
    pub subject: SubjectType,
    /// The sector of a pairwise `sub`; the host of the redirect URIs by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sector: Option<String>,
    /// Algorithm of its ID tokens and JWT access tokens.
    #[serde(default)]
    pub token_algorithm: TokenAlgorithm,
    /// Form of its access tokens.
    #[serde(default)]
    pub access_token: AccessTokenFormat,
    /// Life of an access token in seconds.
    #[serde(default = "Client::default_access_seconds")]
    pub access_token_seconds: u32,
    /// Absolute life of a family of refresh tokens in seconds.
    #[serde(default = "Client::default_refresh_seconds")]
    pub refresh_token_seconds: u32,
    /// What a refresh asks of the sign-in behind it.
    #[serde(default)]
    pub refresh: RefreshRule,
    /// Origins whose scripts may call token and userinfo (S67).
    #[serde(default)]
    pub cors_origins: BTreeSet<String>,
    /// `default_max_age` in seconds (OpenID Connect Registration, 2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_max_age_seconds: Option<u32>,
}

/// Whether a client must use PKCE (RFC 7636) with S256.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pkce {
    /// It must.
    #[default]
    Required,
    /// It may; when it does, it is checked as strictly.
    Optional,
}

/// Whether people are asked before their data goes to the service (S68).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Consent {
    /// The organisation's own service: not asked.
    #[default]
    FirstParty,
    /// Asked once, remembered, revocable in the portal.
    Ask,
}

/// What a refresh asks of the sign-in behind it (S36).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefreshRule {
    /// What was granted goes on, wherever the person is.
    #[default]
    AsGranted,
    /// What the policy asks of somebody whose place is unknown, each time.
    ByPolicy,
}

impl Client {
    /// Authorization code and refresh token.
    pub fn default_grants() -> BTreeSet<GrantType> {
        [GrantType::AuthorizationCode, GrantType::RefreshToken].into()
    }

    /// `openid`, `profile`, `email`, `offline_access`.
    pub fn default_scopes() -> BTreeSet<String> {
        ["openid", "profile", "email", "offline_access"].map(str::to_owned).into()
    }

    const fn default_access_seconds() -> u32 {
        600
    }

    const fn default_refresh_seconds() -> u32 {
        30 * 24 * 3600
    }

    /// The registered target that `presented` is, if any.
    pub fn redirect_uri(&self, presented: &str) -> Option<&RedirectUri> {
        self.redirect_uris.iter().find(|registered| registered.matches(presented, self.kind))
    }

    /// The front page of the site that signs people in, as its first redirect URI tells it. An installed app has
    /// none, and neither has what listens on somebody's own machine.
    pub fn front_page(&self) -> Option<String> {
        front_page(self.kind, &self.redirect_uris)
    }
}

fn front_page(kind: ClientKind, uris: &[RedirectUri]) -> Option<String> {
    let url = Url::parse(uris.first().filter(|_| kind == ClientKind::Web)?.as_str()).ok()?;
    (url.scheme() == "https" && !is_loopback(&url))
        .then(|| format!("{}/", url.origin().ascii_serialization()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_exact_safe_targets_can_be_registered() {
        for good in [
            "https://app.example/cb",
            "https://app.example/cb?x=1",
            "http://127.0.0.1/cb",
            "http://localhost:8080/cb",
            "jp.ac.example.app:/cb",
        ] {
            assert!(RedirectUri::parse(good).is_ok(), "{good}");
        }
        for (bad, why) in [
            ("https://*.example/cb", RedirectUriError::Wildcard),
            ("https://app.example/cb#x", RedirectUriError::Fragment),
            ("https://u:p@app.example/cb", RedirectUriError::UserInfo),
            ("http://app.example/cb", RedirectUriError::PlainHttp),
            ("javascript:alert(1)", RedirectUriError::Scheme),
            ("data:text/html,x", RedirectUriError::Scheme),
            ("/cb", RedirectUriError::NotAbsolute),
            ("https://app.example/c b", RedirectUriError::NotAbsolute),
        ] {
            assert_eq!(RedirectUri::parse(bad), Err(why), "{bad}");
        }
    }

    #[test]
    fn the_front_page_of_a_site_follows_from_its_target_and_an_app_has_none() {
        for (kind, uris, expected) in [
            (ClientKind::Web, vec!["https://app.example/a/cb?x"], Some("https://app.example/")),
            (
                ClientKind::Web,
                vec!["https://app.example:8443/cb", "https://b.example/"],
                Some("https://app.example:8443/"),
            ),
            (ClientKind::Web, vec!["http://localhost:8080/cb"], None),
            (ClientKind::Web, vec!["https://127.0.0.1/cb"], None),
            (ClientKind::Web, vec!["jp.ac.example.app:/cb"], None),
            (ClientKind::Web, vec![], None),
            (ClientKind::Native, vec!["https://app.example/cb"], None),
        ] {
            let redirect_uris: Vec<_> =
                uris.iter().map(|uri| RedirectUri::parse(uri).unwrap()).collect();
            assert_eq!(front_page(kind, &redirect_uris).as_deref(), expected, "{uris:?}");
        }
    }

    #[test]
    fn targets_are_compared_to_the_letter() {
        let uri = RedirectUri::parse("https://app.example/cb").unwrap();
        assert!(uri.matches("https://app.example/cb", ClientKind::Web));
        for other in [
            "https://app.example/cb/",
            "https://APP.example/cb",
            "https://app.example:443/cb",
            "https://app.example/%63b",
            "https://app.example/cb?x",
            "https://app.example/./cb",
            "https://app.example@evil.example/cb",
        ] {
            assert!(!uri.matches(other, ClientKind::Web), "{other}");
            assert!(!uri.matches(other, ClientKind::Native), "{other}");
        }
    }

    #[test]
    fn only_the_port_of_a_native_apps_loopback_address_may_differ() {
        let uri = RedirectUri::parse("http://127.0.0.1/cb").unwrap();
        assert!(uri.matches("http://127.0.0.1:51234/cb", ClientKind::Native));
        assert!(!uri.matches("http://127.0.0.1:51234/cb", ClientKind::Web));
        assert!(!uri.matches("http://127.0.0.1:51234/other", ClientKind::Native));
        assert!(!uri.matches("http://127.0.0.2:51234/cb", ClientKind::Native));
        let name = RedirectUri::parse("http://localhost/cb").unwrap();
        assert!(!name.matches("http://localhost:1/cb", ClientKind::Native), "RFC 8252, 8.3");
    }
}
