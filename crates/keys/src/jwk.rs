//! Public keys as JSON Web Keys. RFC 7517, 7518, 7638, 8037

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, ED25519, ParsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::DecodingKey;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Map, Value, json};

use crate::json::{self, JsonError};
use crate::sign::SignatureAlgorithm;

/// Longest JWK set that is read, in bytes.
pub const JWKS_BYTES_MAX: usize = 64 * 1024;
/// Most keys in a set that is read.
pub const JWKS_KEYS_MAX: usize = 32;
/// Shortest RSA modulus, in bits.
pub const RSA_BITS_MIN: usize = 2048;
/// Longest RSA modulus, in bits; longer ones buy nothing but our time.
pub const RSA_BITS_MAX: usize = 4096;
/// Longest key id, in bytes.
const KID_BYTES_MAX: usize = 256;

/// Why a text is not a public key, or not a set of them, that we verify with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JwkError {
    /// Not a JSON object, or not of the shape of a key or set.
    #[error("this is not a JSON Web Key or a set of them")]
    Malformed,
    /// A member stands twice.
    #[error("a member stands twice")]
    Duplicate,
    /// More bytes or more keys than are read.
    #[error("the key set is too long (at most 64 KiB and 32 keys)")]
    TooLong,
    /// It has private members: the owner gave away the secret.
    #[error(
        "this is a private key: treat it as compromised, make a new one and give the public part"
    )]
    Private,
    /// Another key type, curve, algorithm or use.
    #[error("not a signature key that is supported (EC P-256, RSA, Ed25519)")]
    Unsupported,
    /// Coordinates or numbers are damaged, or not a point of the curve.
    #[error("the key's numbers are damaged")]
    Damaged,
    /// An RSA key shorter than 2048 or longer than 4096 bits, or with a bad exponent.
    #[error("RSA keys have 2048 to 4096 bits and an odd exponent of at least 3")]
    RsaSize,
    /// A set without any key that we can use.
    #[error("the key set has no signature key that is supported")]
    NoKey,
}

impl From<JsonError> for JwkError {
    fn from(error: JsonError) -> Self {
        match error {
            JsonError::Malformed => Self::Malformed,
            JsonError::Duplicate => Self::Duplicate,
        }
    }
}

/// A public key that verifies signatures.
#[derive(Clone)]
pub struct Jwk {
    kid: Option<String>,
    algorithm: Option<SignatureAlgorithm>,
    material: Material,
    decoding: DecodingKey,
}

#[derive(Clone, PartialEq, Eq)]
enum Material {
    Ec { x: [u8; 32], y: [u8; 32] },
    Rsa { n: Vec<u8>, e: Vec<u8> },
    Ed { x: [u8; 32] },
}

/// The numbers of a public key, for forms other than JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PublicNumbers<'a> {
    /// A point of P-256.
    P256 {
        /// The first coordinate, big-endian.
        x: &'a [u8; 32],
        /// The second coordinate, big-endian.
        y: &'a [u8; 32],
    },
    /// An RSA key.
    Rsa {
        /// The modulus, big-endian without leading zeros.
        modulus: &'a [u8],
        /// The exponent, big-endian without leading zeros.
        exponent: &'a [u8],
    },
    /// An Ed25519 key.
    Ed25519 {
        /// Its 32 bytes. RFC 8032
        x: &'a [u8; 32],
    },
}

/// The members that we look at; all others are ignored. RFC 7517, 4
#[derive(Deserialize)]
struct Raw {
    kty: String,
    #[serde(rename = "use")]
    key_use: Option<String>,
    key_ops: Option<Vec<String>>,
    kid: Option<String>,
    alg: Option<String>,
    crv: Option<String>,
    x: Option<String>,
    y: Option<String>,
    n: Option<String>,
    e: Option<String>,
}

/// Members that only private and symmetric keys have.
const PRIVATE_MEMBERS: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

impl Jwk {
    /// One key from its JSON text.
    pub fn parse(text: &str) -> Result<Self, JwkError> {
        if text.len() > JWKS_BYTES_MAX {
            return Err(JwkError::TooLong);
        }
        Self::from_object(json::object(text.as_bytes())?)
    }

    /// The key id, if it has one; our own keys always do.
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// The only algorithm that it may be used with, if it says so; our own keys always do.
    pub fn algorithm(&self) -> Option<SignatureAlgorithm> {
        self.algorithm
    }

    /// True if it can verify signatures of this algorithm, and does not say otherwise.
    pub fn fits(&self, algorithm: SignatureAlgorithm) -> bool {
        let kind = match self.material {
            Material::Ec { .. } => algorithm == SignatureAlgorithm::Es256,
            Material::Rsa { .. } => {
                matches!(algorithm, SignatureAlgorithm::Rs256 | SignatureAlgorithm::Ps256)
            }
            Material::Ed { .. } => algorithm == SignatureAlgorithm::EdDsa,
        };
        kind && self.algorithm.is_none_or(|only| only == algorithm)
    }

    /// The thumbprint with SHA-256 in base64url. RFC 7638
    pub fn thumbprint(&self) -> String {
        // RFC 7638, 3.3: the required members in lexicographic order, without white space.
        let canonical = match &self.material {
            Material::Ec { x, y } => {
                let (x, y) = (encode(x), encode(y));
                format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#)
            }
            Material::Rsa { n, e } => {
                let (n, e) = (encode(n), encode(e));
                format!(r#"{{"e":"{e}","kty":"RSA","n":"{n}"}}"#)
            }
            Material::Ed { x } => {
                let x = encode(x);
                format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#)
            }
        };
        encode(&crate::digest::sha256(&[canonical.as_bytes()]))
    }

    /// The numbers of the key.
    pub fn numbers(&self) -> PublicNumbers<'_> {
        match &self.material {
            Material::Ec { x, y } => PublicNumbers::P256 { x, y },
            Material::Rsa { n, e } => PublicNumbers::Rsa { modulus: n, exponent: e },
            Material::Ed { x } => PublicNumbers::Ed25519 { x },
        }
    }

    pub(crate) fn decoding(&self) -> &DecodingKey {
        &self.decoding
    }

    /// From an uncompressed point of P-256.
    pub(crate) fn from_ec_point(point: &[u8]) -> Result<Self, JwkError> {
        let [4, coordinates @ ..] = point else {
            return Err(JwkError::Damaged);
        };
        let (x, y) = coordinates.split_first_chunk().ok_or(JwkError::Damaged)?;
        let y = y.try_into().map_err(|_| JwkError::Damaged)?;
        ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).map_err(|_| JwkError::Damaged)?;
        let decoding = DecodingKey::from_ec_der(point);
        Ok(Self::bare(Material::Ec { x: *x, y }, decoding))
    }

    /// From modulus and exponent, big-endian.
    pub(crate) fn from_rsa(n: &[u8], e: &[u8]) -> Result<Self, JwkError> {
        // RFC 7518, 6.3.1.1 forbids leading zeros, and notes that they occur.
        let (n, e) = (without_leading_zeros(n), without_leading_zeros(e));
        let bits = n.len() * 8 - n.first().map_or(0, |first| first.leading_zeros() as usize);
        let odd = |number: &[u8]| number.last().is_some_and(|last| last % 2 == 1);
        let exponent_fits = odd(e) && e != [1] && e.len() <= 4;
        if !(RSA_BITS_MIN..=RSA_BITS_MAX).contains(&bits) || !odd(n) || !exponent_fits {
            return Err(JwkError::RsaSize);
        }
        let decoding = DecodingKey::from_rsa_raw_components(n, e);
        let (n, e) = (n.to_vec(), e.to_vec());
        Ok(Self::bare(Material::Rsa { n, e }, decoding))
    }

    /// From the 32 bytes of an Ed25519 public key.
    pub(crate) fn from_ed25519(x: &[u8]) -> Result<Self, JwkError> {
        let bytes = x.try_into().map_err(|_| JwkError::Damaged)?;
        ParsedPublicKey::new(&ED25519, x).map_err(|_| JwkError::Damaged)?;
        let decoding = DecodingKey::from_ed_der(x);
        Ok(Self::bare(Material::Ed { x: bytes }, decoding))
    }

    /// For this algorithm only, the id being the thumbprint: how our own keys are published.
    pub(crate) fn for_algorithm(mut self, algorithm: SignatureAlgorithm) -> Result<Self, JwkError> {
        if !self.fits(algorithm) {
            return Err(JwkError::Unsupported);
        }
        self.algorithm = Some(algorithm);
        self.kid = Some(self.thumbprint());
        Ok(self)
    }

    fn bare(material: Material, decoding: DecodingKey) -> Self {
        Self { kid: None, algorithm: None, material, decoding }
    }

    fn from_object(object: Map<String, Value>) -> Result<Self, JwkError> {
        if PRIVATE_MEMBERS.iter().any(|name| object.contains_key(*name)) {
            return Err(JwkError::Private);
        }
        let raw: Raw =
            serde_json::from_value(Value::Object(object)).map_err(|_| JwkError::Malformed)?;
        if raw.key_use.as_deref().is_some_and(|usage| usage != "sig") {
            return Err(JwkError::Unsupported);
        }
        let verifies = |operations: &Vec<String>| operations.iter().any(|name| name == "verify");
        if raw.key_ops.as_ref().is_some_and(|operations| !verifies(operations)) {
            return Err(JwkError::Unsupported);
        }
        let algorithm = match raw.alg.as_deref().map(str::parse) {
            Some(Ok(algorithm)) => Some(algorithm),
            Some(Err(_)) => return Err(JwkError::Unsupported),
            None => None,
        };
        if raw.kid.as_ref().is_some_and(|kid| kid.len() > KID_BYTES_MAX) {
            return Err(JwkError::TooLong);
        }
        let mut key = Self::from_members(&raw)?;
        if algorithm.is_some_and(|algorithm| !key.fits(algorithm)) {
            return Err(JwkError::Unsupported);
        }
        key.algorithm = algorithm;
        key.kid = raw.kid;
        Ok(key)
    }

    fn from_members(raw: &Raw) -> Result<Self, JwkError> {
        match (raw.kty.as_str(), raw.crv.as_deref()) {
            ("EC", Some("P-256")) => {
                // RFC 7518, 6.2.1.2: coordinates have the full length of the curve.
                let (x, y) = (decode(raw.x.as_ref())?, decode(raw.y.as_ref())?);
                if x.len() != 32 || y.len() != 32 {
                    return Err(JwkError::Damaged);
                }
                Self::from_ec_point(&[&[4], x.as_slice(), y.as_slice()].concat())
            }
            ("OKP", Some("Ed25519")) => Self::from_ed25519(&decode(raw.x.as_ref())?),
            ("RSA", None) => Self::from_rsa(&decode(raw.n.as_ref())?, &decode(raw.e.as_ref())?),
            _ => Err(JwkError::Unsupported),
        }
    }

    fn to_value(&self) -> Value {
        let mut value = match &self.material {
            Material::Ec { x, y } => {
                json!({"kty": "EC", "crv": "P-256", "x": encode(x), "y": encode(y)})
            }
            Material::Rsa { n, e } => json!({"kty": "RSA", "n": encode(n), "e": encode(e)}),
            Material::Ed { x } => json!({"kty": "OKP", "crv": "Ed25519", "x": encode(x)}),
        };
        value["use"] = "sig".into();
        if let Some(kid) = &self.kid {
            value["kid"] = kid.as_str().into();
        }
        if let Some(algorithm) = self.algorithm {
            value["alg"] = algorithm.name().into();
        }
        value
    }
}

fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn decode(member: Option<&String>) -> Result<Vec<u8>, JwkError> {
    let text = member.ok_or(JwkError::Malformed)?;
    URL_SAFE_NO_PAD.decode(text).map_err(|_| JwkError::Damaged)
}

fn without_leading_zeros(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    &number[zeros..]
}

impl Serialize for Jwk {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_value().serialize(serializer)
    }
}

impl PartialEq for Jwk {
    fn eq(&self, other: &Self) -> bool {
        (&self.kid, self.algorithm, &self.material)
            == (&other.kid, other.algorithm, &other.material)
    }
}

impl Eq for Jwk {}

impl std::fmt::Debug for Jwk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Jwk({})", self.to_value())
    }
}

/// A set of public keys, with its JSON text at hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JwkSet {
    keys: Vec<Jwk>,
    json: String,
}

impl JwkSet {
    /// These keys.
    pub fn new(keys: Vec<Jwk>) -> Self {
        let json = json!({ "keys": keys }).to_string();
        Self { keys, json }
    }

    /// From a set's JSON text. Keys of kinds that we do not know are skipped (RFC 7517, 5); a
    /// private or damaged one spoils the set.
    pub fn parse(text: &str) -> Result<Self, JwkError> {
        if text.len() > JWKS_BYTES_MAX {
            return Err(JwkError::TooLong);
        }
        let Some(Value::Array(values)) = json::object(text.as_bytes())?.remove("keys") else {
            return Err(JwkError::Malformed);
        };
        if values.len() > JWKS_KEYS_MAX {
            return Err(JwkError::TooLong);
        }
        let mut keys = Vec::with_capacity(values.len());
        for value in values {
            let Value::Object(object) = value else {
                return Err(JwkError::Malformed);
            };
            match Jwk::from_object(object) {
                Ok(key) => keys.push(key),
                Err(JwkError::Unsupported) => {}
                Err(error) => return Err(error),
            }
        }
        if keys.is_empty() {
            return Err(JwkError::NoKey);
        }
        Ok(Self::new(keys))
    }

    /// The keys.
    pub fn keys(&self) -> &[Jwk] {
        &self.keys
    }

    /// The JSON text.
    pub fn json(&self) -> &str {
        &self.json
    }
}
