//! The URL of every endpoint, the discovery document and the key set. OpenID Connect Discovery, 3; RFC 8414
//!
//! The document states what exists and nothing else; what clients would otherwise assume is denied expressly.

use sekimori_base::Language;
use sekimori_directory::Site;
use sekimori_directory::client::ClientAuth;
use sekimori_keys::{JwkSet, SignatureAlgorithm};
use serde_json::json;

use crate::client_auth::method_name;
use crate::reply::{Caching, Reply};
use crate::request::Prompt;
use crate::userinfo::ClaimName;

/// For how long the discovery document and the key set may be kept, in seconds: shorter than a signing key
/// is published before it signs.
pub const PUBLIC_SECONDS: u32 = 300;

/// An endpoint of this protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Endpoint {
    /// The discovery document.
    Discovery,
    /// The same document under the name of RFC 8414.
    ServerMetadata,
    /// The public keys.
    Jwks,
    /// Authorization.
    Authorize,
    /// Tokens.
    Token,
    /// Claims about the person.
    Userinfo,
    /// Introspection.
    Introspect,
    /// Revocation.
    Revoke,
    /// RP-initiated logout.
    Logout,
}

impl Endpoint {
    /// All endpoints.
    pub const ALL: [Self; 9] = [
        Self::Discovery,
        Self::ServerMetadata,
        Self::Jwks,
        Self::Authorize,
        Self::Token,
        Self::Userinfo,
        Self::Introspect,
        Self::Revoke,
        Self::Logout,
    ];

    /// The endpoint at a path below the issuer.
    pub fn at(path: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|endpoint| endpoint.path() == path)
    }

    /// Whether programs ask there: they read JSON, also of what went wrong. The others show pages.
    pub const fn is_for_programs(self) -> bool {
        !matches!(self, Self::Authorize | Self::Logout)
    }

    /// The path below the issuer.
    pub const fn path(self) -> &'static str {
        match self {
            Self::Discovery => "/.well-known/openid-configuration",
            Self::ServerMetadata => "/.well-known/oauth-authorization-server",
            Self::Jwks => "/oidc/jwks",
            Self::Authorize => "/oidc/authorize",
            Self::Token => "/oidc/token",
            Self::Userinfo => "/oidc/userinfo",
            Self::Introspect => "/oidc/introspect",
            Self::Revoke => "/oidc/revoke",
            Self::Logout => "/oidc/logout",
        }
    }

    /// The whole URL.
    pub fn url(self, issuer: &str) -> String {
        format!("{issuer}{}", self.path())
    }
}

/// Ways to prove oneself as a confidential client.
const CONFIDENTIAL: [ClientAuth; 3] =
    [ClientAuth::ClientSecretBasic, ClientAuth::ClientSecretPost, ClientAuth::PrivateKeyJwt];

/// The discovery document; the same for both of its names. `signing` are the algorithms that the tenant has
/// active keys for.
pub fn discovery(site: &Site, signing: &[SignatureAlgorithm]) -> Reply {
    let url = |endpoint: Endpoint| endpoint.url(&site.issuer);
    let confidential = CONFIDENTIAL.map(method_name);
    let all_methods: Vec<_> =
        confidential.into_iter().chain([method_name(ClientAuth::None)]).collect();
    let verifying = SignatureAlgorithm::ALL.map(SignatureAlgorithm::name);
    let signing: Vec<_> = signing
        .iter()
        .filter(|algorithm| crate::tokens::ID_TOKEN_ALGORITHMS.contains(algorithm))
        .map(|algorithm| algorithm.name())
        .collect();
    let claims = ["iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "at_hash"];
    let claims: Vec<_> =
        claims.into_iter().chain(["sid"]).chain(ClaimName::ALL.map(ClaimName::as_str)).collect();
    let document = json!({
        "issuer": site.issuer,
        "authorization_endpoint": url(Endpoint::Authorize),
        "token_endpoint": url(Endpoint::Token),
        "userinfo_endpoint": url(Endpoint::Userinfo),
        "jwks_uri": url(Endpoint::Jwks),
        "introspection_endpoint": url(Endpoint::Introspect),
        "revocation_endpoint": url(Endpoint::Revoke),
        "end_session_endpoint": url(Endpoint::Logout),
        "scopes_supported":
            ["openid", "profile", "email", "affiliation", "groups", "offline_access"],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query", "form_post"],
        "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials"],
        "acr_values_supported": [site.policy.acr_one_factor, site.policy.acr_two_factors],
        "subject_types_supported": ["public", "pairwise"],
        "id_token_signing_alg_values_supported": signing,
        "token_endpoint_auth_methods_supported": all_methods,
        "token_endpoint_auth_signing_alg_values_supported": verifying,
        "introspection_endpoint_auth_methods_supported": confidential,
        "introspection_endpoint_auth_signing_alg_values_supported": verifying,
        "revocation_endpoint_auth_methods_supported": all_methods,
        "revocation_endpoint_auth_signing_alg_values_supported": verifying,
        "code_challenge_methods_supported": ["S256"],
        "prompt_values_supported": Prompt::ALL.map(Prompt::as_str),
        "claim_types_supported": ["normal"],
        "claims_supported": claims,
        "claims_locales_supported": Language::ALL.map(Language::tag),
        "ui_locales_supported": Language::ALL.map(Language::tag),
        "claims_parameter_supported": true,
        "request_parameter_supported": false,
        "request_uri_parameter_supported": false,
        "require_request_uri_registration": false,
        "authorization_response_iss_parameter_supported": true,
        "backchannel_logout_supported": false,
        "frontchannel_logout_supported": false,
    });
    public(Reply::json(200, &document))
}

/// The key set.
pub fn jwks(keys: &JwkSet) -> Reply {
    public(Reply { body: keys.json().to_owned(), ..Reply::empty(200) })
}

fn public(reply: Reply) -> Reply {
    Reply { caching: Caching::Public { max_age_seconds: PUBLIC_SECONDS }, ..reply }
}
