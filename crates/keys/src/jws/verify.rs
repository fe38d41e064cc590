//! Verification: the only way to a [`Verified`].

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER;
use sekimori_base::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::Typ;
use crate::json::{self, JsonError};
use crate::jwk::Jwk;
use crate::sign::SignatureAlgorithm;

/// Longest token that is looked at, in bytes.
pub const COMPACT_BYTES_MAX: usize = 16 * 1024;
/// Most keys that are tried on one token.
const KEYS_TRIED_MAX: usize = 8;

/// Why a token is refused. Which of these it was is for our log; a client learns less.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JwsError {
    /// Longer than tokens are.
    #[error("the token is longer than 16 KiB")]
    TooLong,
    /// Not three parts of base64url with JSON objects in the first two.
    #[error("this is not a signed token")]
    Malformed,
    /// A member of header or claims stands twice.
    #[error("a member of the token stands twice")]
    Duplicate,
    /// The header demands extensions, which we do not have. RFC 7515, 4.1.11
    #[error("the token demands extensions that are not supported")]
    Critical,
    /// The algorithm is unknown or not allowed here.
    #[error("the token's algorithm is not allowed here")]
    Algorithm,
    /// It is a token of another kind.
    #[error("the token is of another kind")]
    Typ,
    /// None of the keys has this id and fits the algorithm.
    #[error("no known key fits the token")]
    UnknownKey,
    /// The signature is not of these keys.
    #[error("the token's signature is wrong")]
    Signature,
    /// Made by somebody else.
    #[error("the token has another issuer")]
    Issuer,
    /// Made for somebody else.
    #[error("the token is for another audience")]
    Audience,
    /// It is over.
    #[error("the token has expired")]
    Expired,
    /// It has not begun, or says that it was made in the future.
    #[error("the token is not valid yet: does its maker's clock run ahead?")]
    NotYet,
    /// It lives longer than is accepted here.
    #[error("the token expires too far in the future")]
    LivesTooLong,
    /// A claim is missing or of the wrong type.
    #[error("a claim of the token is missing or of the wrong type")]
    Claims,
}

impl From<JsonError> for JwsError {
    fn from(error: JsonError) -> Self {
        match error {
            JsonError::Malformed => Self::Malformed,
            JsonError::Duplicate => Self::Duplicate,
        }
    }
}

/// Which kinds of token are taken.
#[derive(Debug, Clone, Copy)]
pub enum ExpectedTyp<'a> {
    /// One of these, and the header says so.
    Stated(&'a [Typ]),
    /// One of these, or the header does not say: for makers that never did (client assertions).
    StatedOrAbsent(&'a [Typ]),
}

/// Whom the token must be for.
#[derive(Debug, Clone, Copy)]
pub enum ExpectedAudience<'a> {
    /// For one of these and nobody else.
    Only(&'a [&'a str]),
    /// For one of these, perhaps among others.
    Includes(&'a [&'a str]),
    /// For anybody: only where the keys are ours and the audience is looked at afterwards.
    Any,
}

/// When the token must be valid.
#[derive(Debug, Clone, Copy)]
pub enum ExpectedLifetime {
    /// Now, and for no longer than this from now, in seconds.
    Current {
        /// The longest rest of its life: how long its id must be remembered.
        ahead_seconds_max: i64,
    },
    /// It may be over, but must have begun: an ID token that only says who is meant.
    /// `OpenID` Connect RP-Initiated Logout 1.0, 4
    MayBeOver,
}

/// What a token is held against.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    /// The algorithms that are allowed for this use.
    pub algorithms: &'a [SignatureAlgorithm],
    /// The kinds that are taken.
    pub typ: ExpectedTyp<'a>,
    /// The only issuer.
    pub issuer: &'a str,
    /// Whom it must be for.
    pub audience: ExpectedAudience<'a>,
    /// When it must be valid.
    pub lifetime: ExpectedLifetime,
    /// The present moment.
    pub now: Timestamp,
    /// How far clocks may differ, in seconds.
    pub leeway_seconds: i64,
    /// The issuer's keys.
    pub keys: &'a [Jwk],
}

/// Claims whose signature, issuer, audience and times were checked. Only [`verify`] makes one.
///
/// It has no `Debug`: claims name people.
pub struct Verified<T> {
    claims: T,
    registered: Registered,
    algorithm: SignatureAlgorithm,
}

impl<T> Verified<T> {
    /// All claims.
    pub fn claims(&self) -> &T {
        &self.claims
    }

    /// All claims, by value.
    pub fn into_claims(self) -> T {
        self.claims
    }

    /// Who made it (`iss`).
    pub fn issuer(&self) -> &str {
        &self.registered.issuer
    }

    /// Whom it is about (`sub`).
    pub fn subject(&self) -> Option<&str> {
        self.registered.subject.as_deref()
    }

    /// Whom it is for (`aud`).
    pub fn audience(&self) -> &[String] {
        &self.registered.audience
    }

    /// Its id (`jti`), to be accepted once.
    pub fn token_id(&self) -> Option<&str> {
        self.registered.token_id.as_deref()
    }

    /// When it ends (`exp`).
    pub fn expires(&self) -> Option<Timestamp> {
        self.registered.expires
    }

    /// When it was made (`iat`).
    pub fn issued(&self) -> Option<Timestamp> {
        self.registered.issued
    }

    /// The algorithm of its signature.
    pub fn algorithm(&self) -> SignatureAlgorithm {
        self.algorithm
    }
}

/// What a token says of itself, believed by nobody: for finding the keys to verify it with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unverified {
    /// The claimed issuer.
    pub issuer: Option<String>,
    /// The claimed subject.
    pub subject: Option<String>,
    /// The claimed audience.
    pub audience: Vec<String>,
}

/// Look at a token without verifying anything.
pub fn peek(compact: &str) -> Result<Unverified, JwsError> {
    let parts = Parts::split(compact)?;
    let claims = json::object(&decode(parts.claims)?)?;
    Ok(Unverified {
        issuer: text(&claims, "iss")?,
        subject: text(&claims, "sub")?,
        audience: audience(&claims)?,
    })
}

/// Verify a token in compact form: structure, algorithm, kind, signature, then claims.
///
/// Of the header only `alg`, `typ`, `kid` and `crit` are read: keys that a token brings along or
/// points to (`jwk`, `jku`, `x5c`, `x5u`) are ignored. RFC 8725
pub fn verify<T: DeserializeOwned>(
    compact: &str,
    expected: &Expected<'_>,
) -> Result<Verified<T>, JwsError> {
    let parts = Parts::split(compact)?;
    let header = Header::parse(&decode(parts.header)?)?;
    if !expected.algorithms.contains(&header.algorithm) {
        return Err(JwsError::Algorithm);
    }
    check_typ(header.typ, expected.typ)?;
    let signature = decode(parts.signature)?;
    check_signature(&header, expected.keys, parts.signed, &signature)?;
    let claims = json::object(&decode(parts.claims)?)?;
    let registered = Registered::read(&claims)?;
    registered.check(expected)?;
    Ok(Verified {
        claims: serde_json::from_value(Value::Object(claims)).map_err(|_| JwsError::Claims)?,
        registered,
        algorithm: header.algorithm,
    })
}

struct Parts<'a> {
    signed: &'a [u8],
    header: &'a str,
    claims: &'a str,
    signature: &'a str,
}

impl<'a> Parts<'a> {
    fn split(compact: &'a str) -> Result<Self, JwsError> {
        if compact.len() > COMPACT_BYTES_MAX {
            return Err(JwsError::TooLong);
        }
        let (signed, signature) = compact.rsplit_once('.').ok_or(JwsError::Malformed)?;
        let (header, claims) = signed.split_once('.').ok_or(JwsError::Malformed)?;
        // Five parts are an encrypted token: RFC 7516, 9.
        if claims.contains('.') {
            return Err(JwsError::Malformed);
        }
        Ok(Self { signed: signed.as_bytes(), header, claims, signature })
    }
}

fn decode(part: &str) -> Result<Vec<u8>, JwsError> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| JwsError::Malformed)
}

#[derive(Clone, Copy)]
enum HeaderTyp {
    Absent,
    Known(Typ),
    Foreign,
}

struct Header {
    algorithm: SignatureAlgorithm,
    typ: HeaderTyp,
    kid: Option<String>,
}

impl Header {
    fn parse(bytes: &[u8]) -> Result<Self, JwsError> {
        let members = json::object(bytes)?;
        if members.contains_key("crit") {
            return Err(JwsError::Critical);
        }
        let Some(Value::String(algorithm)) = members.get("alg") else {
            return Err(JwsError::Malformed);
        };
        let typ = match members.get("typ") {
            None => HeaderTyp::Absent,
            Some(Value::String(text)) => {
                Typ::from_header(text).map_or(HeaderTyp::Foreign, HeaderTyp::Known)
            }
            Some(_) => return Err(JwsError::Malformed),
        };
        let kid = match members.get("kid") {
            None => None,
            Some(Value::String(kid)) => Some(kid.clone()),
            Some(_) => return Err(JwsError::Malformed),
        };
        Ok(Self { algorithm: algorithm.parse().map_err(|_| JwsError::Algorithm)?, typ, kid })
    }
}

fn check_typ(typ: HeaderTyp, expected: ExpectedTyp<'_>) -> Result<(), JwsError> {
    let taken = match (typ, expected) {
        (
            HeaderTyp::Known(typ),
            ExpectedTyp::Stated(known) | ExpectedTyp::StatedOrAbsent(known),
        ) => known.contains(&typ),
        (HeaderTyp::Absent, ExpectedTyp::StatedOrAbsent(_)) => true,
        (HeaderTyp::Absent, ExpectedTyp::Stated(_)) | (HeaderTyp::Foreign, _) => false,
    };
    taken.then_some(()).ok_or(JwsError::Typ)
}

/// One of `keys` must verify the signature. The token's key id only narrows the choice, and no key
/// is used with an algorithm that is not its own.
fn check_signature(
    header: &Header,
    keys: &[Jwk],
    signed: &[u8],
    signature: &[u8],
) -> Result<(), JwsError> {
    let mut fitting = keys
        .iter()
        .filter(|key| key.fits(header.algorithm))
        .filter(|key| header.kid.is_none() || header.kid.as_deref() == key.kid())
        .take(KEYS_TRIED_MAX)
        .peekable();
    if fitting.peek().is_none() {
        return Err(JwsError::UnknownKey);
    }
    fitting
        .any(|key| is_signature(header.algorithm, key, signed, signature))
        .then_some(())
        .ok_or(JwsError::Signature)
}

fn is_signature(algorithm: SignatureAlgorithm, key: &Jwk, signed: &[u8], signature: &[u8]) -> bool {
    let algorithm = match algorithm {
        SignatureAlgorithm::Es256 => jsonwebtoken::Algorithm::ES256,
        SignatureAlgorithm::Rs256 => jsonwebtoken::Algorithm::RS256,
        SignatureAlgorithm::Ps256 => jsonwebtoken::Algorithm::PS256,
        SignatureAlgorithm::EdDsa => jsonwebtoken::Algorithm::EdDSA,
    };
    // Named here rather than taken from the process's default, which depends on cargo features.
    let verifier = (DEFAULT_PROVIDER.verifier_factory)(&algorithm, key.decoding());
    verifier.is_ok_and(|verifier| verifier.verify(signed, &signature.to_vec()).is_ok())
}

/// The registered claims that we look at. RFC 7519, 4.1
struct Registered {
    issuer: String,
    subject: Option<String>,
    audience: Vec<String>,
    token_id: Option<String>,
    expires: Option<Timestamp>,
    not_before: Option<Timestamp>,
    issued: Option<Timestamp>,
}

impl Registered {
    fn read(claims: &Map<String, Value>) -> Result<Self, JwsError> {
        Ok(Self {
            issuer: text(claims, "iss")?.ok_or(JwsError::Issuer)?,
            subject: text(claims, "sub")?,
            audience: audience(claims)?,
            token_id: text(claims, "jti")?,
            expires: moment(claims, "exp")?,
            not_before: moment(claims, "nbf")?,
            issued: moment(claims, "iat")?,
        })
    }

    fn check(&self, expected: &Expected<'_>) -> Result<(), JwsError> {
        if self.issuer != expected.issuer {
            return Err(JwsError::Issuer);
        }
        let known = |wanted: &[&str], one: &String| wanted.contains(&one.as_str());
        let for_us = match expected.audience {
            ExpectedAudience::Only(wanted) => {
                !self.audience.is_empty() && self.audience.iter().all(|one| known(wanted, one))
            }
            ExpectedAudience::Includes(wanted) => {
                self.audience.iter().any(|one| known(wanted, one))
            }
            ExpectedAudience::Any => true,
        };
        if !for_us {
            return Err(JwsError::Audience);
        }
        self.check_times(expected)
    }

    fn check_times(&self, expected: &Expected<'_>) -> Result<(), JwsError> {
        let latest = expected.now.plus_seconds(expected.leeway_seconds);
        let earliest = expected.now.plus_seconds(expected.leeway_seconds.saturating_neg());
        match expected.lifetime {
            ExpectedLifetime::Current { ahead_seconds_max } => {
                let expires = self.expires.ok_or(JwsError::Claims)?;
                if expires <= earliest {
                    return Err(JwsError::Expired);
                }
                if expires > latest.plus_seconds(ahead_seconds_max) {
                    return Err(JwsError::LivesTooLong);
                }
            }
            ExpectedLifetime::MayBeOver => {}
        }
        let begun =
            [self.not_before, self.issued].into_iter().flatten().all(|moment| moment <= latest);
        begun.then_some(()).ok_or(JwsError::NotYet)
    }
}

fn text(claims: &Map<String, Value>, name: &str) -> Result<Option<String>, JwsError> {
    match claims.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(JwsError::Claims),
    }
}

/// One text or an array of texts. RFC 7519, 4.1.3
fn audience(claims: &Map<String, Value>) -> Result<Vec<String>, JwsError> {
    match claims.get("aud") {
        None => Ok(Vec::new()),
        Some(Value::String(one)) => Ok(vec![one.clone()]),
        Some(Value::Array(several)) => several
            .iter()
            .map(|one| one.as_str().map(str::to_owned).ok_or(JwsError::Claims))
            .collect(),
        Some(_) => Err(JwsError::Claims),
    }
}

/// A `NumericDate`: seconds since 1970, perhaps with a fraction, rounded down. RFC 7519, 2
fn moment(claims: &Map<String, Value>, name: &str) -> Result<Option<Timestamp>, JwsError> {
    /// Far beyond every calendar, and exact in every representation.
    const SECONDS_MAX: f64 = 1e12;
    let number = match claims.get(name) {
        None => return Ok(None),
        Some(Value::Number(number)) => number,
        Some(_) => return Err(JwsError::Claims),
    };
    match number.as_f64() {
        Some(seconds) if seconds.abs() <= SECONDS_MAX => {
            #[expect(clippy::cast_possible_truncation, reason = "bounded by the line above")]
            let seconds = seconds.floor() as i64;
            Ok(Some(Timestamp::from_unix_seconds(seconds)))
        }
        Some(_) | None => Err(JwsError::Claims),
    }
}
