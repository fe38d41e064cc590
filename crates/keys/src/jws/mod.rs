//! JSON Web Signatures in compact form, and JSON Web Tokens in them. RFC 7515, 7519, 8725
//!
//! [`JwsKey::sign`] makes ours; [`verify`] checks ours and those of clients. Nothing is believed
//! before its signature was verified with a key that we already had, under an algorithm that the
//! caller allowed for this use.

mod verify;

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sekimori_base::Fault;
use serde::Serialize;

use crate::jwk::Jwk;
use crate::sign::{SignatureAlgorithm, Signer};

pub use verify::{
    COMPACT_BYTES_MAX, Expected, ExpectedAudience, ExpectedLifetime, ExpectedTyp, JwsError,
    Unverified, Verified, peek, verify,
};

/// What kind of token a JWS is: the `typ` of its header. A token of one kind is never taken for
/// another. RFC 8725, 3.11
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Typ {
    /// `JWT`: an ID token, or a client assertion of the old kind.
    Jwt,
    /// `at+jwt`: an access token. RFC 9068
    AccessToken,
    /// `logout+jwt`: a back-channel logout token.
    LogoutToken,
    /// `client-authentication+jwt`: a client assertion.
    ClientAuthentication,
    /// `oauth-authz-req+jwt`: a signed authorization request. RFC 9101
    AuthorizationRequest,
    /// `token-introspection+jwt`: an introspection answer. RFC 9701
    Introspection,
    /// `sekimori-checkpoint+jwt`: a checkpoint over the audit.
    AuditCheckpoint,
}

impl Typ {
    /// Every kind, in the order of its discriminants.
    pub const ALL: [Self; 7] = [
        Self::Jwt,
        Self::AccessToken,
        Self::LogoutToken,
        Self::ClientAuthentication,
        Self::AuthorizationRequest,
        Self::Introspection,
        Self::AuditCheckpoint,
    ];

    /// The text in the header.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Jwt => "JWT",
            Self::AccessToken => "at+jwt",
            Self::LogoutToken => "logout+jwt",
            Self::ClientAuthentication => "client-authentication+jwt",
            Self::AuthorizationRequest => "oauth-authz-req+jwt",
            Self::Introspection => "token-introspection+jwt",
            Self::AuditCheckpoint => "sekimori-checkpoint+jwt",
        }
    }

    /// From a header: case does not matter and `application/` may stand before. RFC 7515, 4.1.9
    fn from_header(text: &str) -> Option<Self> {
        const PREFIX: &str = "application/";
        let short = match text.split_at_checked(PREFIX.len()) {
            Some((prefix, rest)) if prefix.eq_ignore_ascii_case(PREFIX) => rest,
            Some(_) | None => text,
        };
        Self::ALL.into_iter().find(|typ| typ.name().eq_ignore_ascii_case(short))
    }
}

/// A signing key with its headers at hand.
pub struct JwsKey {
    signer: Arc<dyn Signer>,
    /// Encoded, with the point that follows, in the order of [`Typ::ALL`].
    headers: [String; Typ::ALL.len()],
}

impl JwsKey {
    /// Prepare the headers of a key.
    pub fn new(signer: Arc<dyn Signer>) -> Self {
        let kid = signer.public().kid().unwrap_or_default();
        let headers = Typ::ALL.map(|typ| {
            let header = serde_json::json!({
                "alg": signer.algorithm().name(),
                "kid": kid,
                "typ": typ.name(),
            });
            format!("{}.", URL_SAFE_NO_PAD.encode(header.to_string()))
        });
        Self { signer, headers }
    }

    /// The algorithm that it signs with.
    pub fn algorithm(&self) -> SignatureAlgorithm {
        self.signer.algorithm()
    }

    /// The key itself, for signatures on other things than tokens.
    pub fn signer(&self) -> &Arc<dyn Signer> {
        &self.signer
    }

    /// The public key.
    pub fn public(&self) -> &Jwk {
        self.signer.public()
    }

    /// The claims as a signed token of this kind, in compact form.
    pub fn sign(&self, typ: Typ, claims: &impl Serialize) -> Result<String, Fault> {
        let claims =
            serde_json::to_vec(claims).map_err(Fault::while_doing("encoding a token's claims"))?;
        let mut token = self.headers[typ as usize].clone();
        URL_SAFE_NO_PAD.encode_string(claims, &mut token);
        let signature = self.signer.sign(token.as_bytes())?;
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut token);
        Ok(token)
    }
}
