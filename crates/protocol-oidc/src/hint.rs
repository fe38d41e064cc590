//! An ID token that comes back as a hint: who is meant, never a proof of anything.

use std::borrow::Cow;

use sekimori_base::Timestamp;
use sekimori_directory::Site;
use sekimori_keys::JwkSet;
use sekimori_keys::jws::{
    self, Expected, ExpectedAudience, ExpectedLifetime, ExpectedTyp, JwsError, Typ,
};
use serde::{Deserialize, Serialize};

use crate::error::{ErrorCode, Refused};
use crate::request::AuthorizeRequest;
use crate::tokens::ID_TOKEN_ALGORITHMS;

/// How far the clocks of our own nodes may differ, in seconds.
const LEEWAY_SECONDS: i64 = 10;

/// A verified hint: an ID token that we made, perhaps over by now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdTokenHint {
    /// The client that it was made for.
    pub client_id: String,
    /// The person towards that client.
    pub sub: String,
    /// The session towards that client.
    pub sid: Option<String>,
}

#[derive(Deserialize)]
struct Claims {
    sub: String,
    #[serde(default)]
    sid: Option<String>,
}

/// Verify a hint with our own published keys.
pub fn verify(
    hint: &str,
    site: &Site,
    keys: &JwkSet,
    now: Timestamp,
) -> Result<IdTokenHint, JwsError> {
    let expected = Expected {
        algorithms: &ID_TOKEN_ALGORITHMS,
        typ: ExpectedTyp::Stated(&[Typ::Jwt]),
        issuer: &site.issuer,
        audience: ExpectedAudience::Any,
        lifetime: ExpectedLifetime::MayBeOver,
        now,
        leeway_seconds: LEEWAY_SECONDS,
        keys: keys.keys(),
    };
    let verified = jws::verify::<Claims>(hint, &expected)?;
    // Our ID tokens have one audience.
    let [client_id] = verified.audience() else { return Err(JwsError::Audience) };
    let client_id = client_id.clone();
    let Claims { sub, sid } = verified.into_claims();
    Ok(IdTokenHint { client_id, sub, sid })
}

impl AuthorizeRequest {
    /// The request with what its `id_token_hint` says ([`verify`]): afterwards nobody else is answered with
    /// (S64). A hint that does not verify, or was made for another client, is the client's mistake.
    pub fn with_hint(mut self, hint: Result<IdTokenHint, JwsError>) -> Result<Self, Refused> {
        let refuse = |error, description| Refused {
            service: self.pending.service.clone(),
            return_to: self.pending.return_to.clone(),
            error,
            description: Cow::Borrowed(description),
        };
        let hint = match hint {
            Ok(hint) if hint.client_id == self.pending.client_id.as_str() => hint,
            Ok(_) | Err(_) => {
                let description = "id_token_hint is not an ID token of this client";
                return Err(refuse(ErrorCode::InvalidRequest, description));
            }
        };
        if self.pending.expected_sub.as_ref().is_some_and(|expected| *expected != hint.sub) {
            let description = "id_token_hint and the claims parameter name different people";
            return Err(refuse(ErrorCode::LoginRequired, description));
        }
        let mut pending = self.pending.clone();
        pending.expected_sub = Some(hint.sub);
        let description = "state, nonce and redirect_uri together are too long to be carried";
        self.carriage =
            pending.carriage().ok_or_else(|| refuse(ErrorCode::InvalidRequest, description))?;
        self.pending = pending;
        Ok(self)
    }
}
