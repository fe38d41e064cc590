//! Data keys and the ring of them: sealing under the active one, opening under any that is known.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use aws_lc_rs::hkdf::Prk;
use aws_lc_rs::hmac;
use sekimori_base::{Entropy, Sealed, Secret};
use serde::Serialize;
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use crate::purpose::{Purpose, Scope, context_bytes};
use crate::seal::{self, Binding, OpenError, SealError};
use crate::sign::{SignatureAlgorithm, SigningKey};
use crate::{KeyRejected, KeyState};

/// Which data key: counted up from 1 by whoever creates them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyVersion(pub u32);

impl fmt::Display for KeyVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// 256 random bits under which everything else is sealed; lies sealed under a root key.
pub struct DataKey(Secret<[u8; 32]>);

impl DataKey {
    /// A fresh key.
    pub fn generate(entropy: &(impl Entropy + ?Sized)) -> Self {
        Self(Secret::new(sekimori_base::random(entropy)))
    }

    pub(crate) fn from_secret(bytes: Secret<[u8; 32]>) -> Self {
        Self(bytes)
    }

    pub(crate) fn expose(&self) -> &[u8; 32] {
        self.0.expose()
    }
}

/// Why keys do not make a ring.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyRingError {
    /// None of the keys is active.
    #[error("no data key is active")]
    NoActive,
    /// More than one key is active.
    #[error("data keys {0} and {1} are both active")]
    TwoActive(KeyVersion, KeyVersion),
    /// Two keys have the same version.
    #[error("there are two data keys of version {0}")]
    Twice(KeyVersion),
}

/// A keyed SHA-256, with the version of the key that made it.
///
/// Unlike sealed values it cannot be made again under another key: a data key may be removed only
/// when no row holds a digest of its version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyedDigest {
    version: KeyVersion,
    bytes: [u8; 32],
}

impl KeyedDigest {
    /// Bytes of [`Self::stored`].
    pub const STORED_BYTES: usize = 36;

    /// The version of the key that made it.
    pub fn version(&self) -> KeyVersion {
        self.version
    }

    /// The digest alone.
    pub fn bytes(&self) -> &[u8; 32] {
        &self.bytes
    }

    /// Version and digest, as a row keeps them.
    pub fn stored(&self) -> [u8; Self::STORED_BYTES] {
        let mut stored = [0; Self::STORED_BYTES];
        stored[..4].copy_from_slice(&self.version.0.to_be_bytes());
        stored[4..].copy_from_slice(&self.bytes);
        stored
    }

    /// From what [`Self::stored`] gave.
    pub fn from_stored(stored: &[u8]) -> Option<Self> {
        let (version, bytes) = stored.split_first_chunk()?;
        Some(Self {
            version: KeyVersion(u32::from_be_bytes(*version)),
            bytes: bytes.try_into().ok()?,
        })
    }
}

/// Format byte of a value that is sealed under a data key.
const FORMAT: u8 = 1;
/// Format byte and version.
const HEADER_BYTES: usize = 5;
/// Derived keys that are kept; beyond it all are dropped and derived anew.
const DERIVED_MAX: usize = 4096;

/// All data keys that a node knows: seals with the active one, opens with any.
pub struct KeyRing {
    active: KeyVersion,
    keys: BTreeMap<KeyVersion, Prk>,
    derived: RwLock<HashMap<(KeyVersion, Purpose, Scope), Arc<Derived>>>,
}

/// The keys of one version, purpose and scope.
struct Derived {
    seal: Prk,
    digest: hmac::Key,
}

impl KeyRing {
    /// A ring of these keys, exactly one of them active.
    pub fn new(
        keys: impl IntoIterator<Item = (KeyVersion, KeyState, DataKey)>,
    ) -> Result<Self, KeyRingError> {
        let mut known = BTreeMap::new();
        let mut active = None;
        for (version, state, key) in keys {
            let extracted = seal::extract("sekimori/1/data-key", &key.0);
            if known.insert(version, extracted).is_some() {
                return Err(KeyRingError::Twice(version));
            }
            match state {
                KeyState::Active { .. } => {
                    if let Some(first) = active.replace(version) {
                        return Err(KeyRingError::TwoActive(first, version));
                    }
                }
                KeyState::Next { .. } | KeyState::Retired { .. } => {}
            }
        }
        Ok(Self {
            active: active.ok_or(KeyRingError::NoActive)?,
            keys: known,
            derived: RwLock::default(),
        })
    }

    /// The version that seals now.
    pub fn active(&self) -> KeyVersion {
        self.active
    }

    /// All versions that open, ascending.
    pub fn versions(&self) -> impl Iterator<Item = KeyVersion> + '_ {
        self.keys.keys().copied()
    }

    /// Seal bytes under the active key.
    pub fn seal<T: ?Sized>(
        &self,
        binding: &Binding<'_>,
        plaintext: &[u8],
        entropy: &(impl Entropy + ?Sized),
    ) -> Result<Sealed<T>, SealError> {
        let derived = self
            .derived(self.active, binding.purpose, binding.scope)
            .expect("the active version is in the ring");
        let header = header(self.active);
        seal::seal_bytes(&derived.seal, &header, binding, plaintext, entropy)
            .map(Sealed::from_bytes)
    }

    /// Open what [`Self::seal`] made on any node with the same binding.
    pub fn open<T: ?Sized>(
        &self,
        binding: &Binding<'_>,
        sealed: &Sealed<T>,
    ) -> Result<Secret<Vec<u8>>, OpenError> {
        let version = sealed_version(sealed)?;
        let derived = self
            .derived(version, binding.purpose, binding.scope)
            .ok_or(OpenError::UnknownVersion(version))?;
        seal::open_bytes(&derived.seal, HEADER_BYTES, binding, sealed.bytes())
    }

    /// Seal the JSON form of a value, if it has at most `bytes_max` bytes.
    pub fn seal_json<T: Serialize>(
        &self,
        binding: &Binding<'_>,
        value: &T,
        bytes_max: usize,
        entropy: &(impl Entropy + ?Sized),
    ) -> Result<Sealed<T>, SealError> {
        let json = serde_json::to_vec(value).map_err(|_| SealError::NotJson)?;
        let json = Zeroizing::new(json);
        if json.len() > bytes_max {
            return Err(SealError::TooLong { bytes_max });
        }
        self.seal(binding, &json, entropy)
    }

    /// Open what [`Self::seal_json`] made.
    pub fn open_json<T: DeserializeOwned>(
        &self,
        binding: &Binding<'_>,
        sealed: &Sealed<T>,
    ) -> Result<T, OpenError> {
        let json = self.open(binding, sealed)?;
        serde_json::from_slice(json.expose()).map_err(|_| OpenError::Content)
    }

    /// Seal a private signing key for its row, bound to its key id.
    pub fn seal_signing_key(
        &self,
        scope: impl Into<Scope>,
        key: &SigningKey,
        entropy: &(impl Entropy + ?Sized),
    ) -> Result<Sealed<SigningKey>, SealError> {
        let binding = Binding::new(Purpose::SigningKeyAtRest, scope);
        self.seal(&binding.about(key.kid().as_bytes()), key.to_pkcs8().expose(), entropy)
    }

    /// Open a private signing key; `kid` and `algorithm` are those of its row.
    pub fn open_signing_key(
        &self,
        scope: impl Into<Scope>,
        algorithm: SignatureAlgorithm,
        kid: &str,
        sealed: &Sealed<SigningKey>,
    ) -> Result<SigningKey, OpenError> {
        let binding = Binding::new(Purpose::SigningKeyAtRest, scope);
        let pkcs8 = self.open(&binding.about(kid.as_bytes()), sealed)?;
        SigningKey::from_pkcs8(algorithm, pkcs8.expose()).map_err(|KeyRejected| OpenError::Content)
    }

    /// True if a value is sealed under another key than the active one, so that it is time to seal
    /// it again.
    pub fn outdated<T: ?Sized>(&self, sealed: &Sealed<T>) -> bool {
        sealed_version(sealed) != Ok(self.active)
    }

    /// The keyed digest of `data` under the active key: for new rows.
    pub fn digest(&self, purpose: Purpose, scope: impl Into<Scope>, data: &[u8]) -> KeyedDigest {
        self.digest_under(self.active, purpose, scope, data)
            .expect("the active version is in the ring")
    }

    /// The keyed digest of `data` under a certain version, if that is known.
    pub fn digest_under(
        &self,
        version: KeyVersion,
        purpose: Purpose,
        scope: impl Into<Scope>,
        data: &[u8],
    ) -> Option<KeyedDigest> {
        let derived = self.derived(version, purpose, scope.into())?;
        let tag = hmac::sign(&derived.digest, data);
        let bytes = tag.as_ref().try_into().expect("SHA-256 gives 32 bytes");
        Some(KeyedDigest { version, bytes })
    }

    /// The keyed digests of `data` under every version, newest first: for looking up rows that may
    /// be older than the active key.
    pub fn digests(
        &self,
        purpose: Purpose,
        scope: impl Into<Scope>,
        data: &[u8],
    ) -> Vec<KeyedDigest> {
        let scope = scope.into();
        self.keys
            .keys()
            .rev()
            .filter_map(|version| self.digest_under(*version, purpose, scope, data))
            .collect()
    }

    /// True if `stored` is the digest of `data` under the version that it names; in constant time.
    pub fn matches(
        &self,
        purpose: Purpose,
        scope: impl Into<Scope>,
        data: &[u8],
        stored: &KeyedDigest,
    ) -> bool {
        self.digest_under(stored.version, purpose, scope, data)
            .is_some_and(|digest| crate::digest::equal(&digest.bytes, &stored.bytes))
    }

    fn derived(&self, version: KeyVersion, purpose: Purpose, scope: Scope) -> Option<Arc<Derived>> {
        let at = (version, purpose, scope);
        // The map holds only what can be derived again: a panic elsewhere cannot leave it wrong.
        let known = self.derived.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(derived) = known.get(&at) {
            return Some(Arc::clone(derived));
        }
        drop(known);
        let derived = Arc::new(derive(self.keys.get(&version)?, purpose, scope));
        let mut known = self.derived.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= DERIVED_MAX {
            known.clear();
        }
        known.insert(at, Arc::clone(&derived));
        Some(derived)
    }
}

fn derive(key: &Prk, purpose: Purpose, scope: Scope) -> Derived {
    let context = context_bytes(purpose, scope);
    let info = [b"sekimori/1/digest".as_slice(), &context];
    Derived {
        seal: seal::context_key(key, purpose, scope),
        digest: hmac::Key::from(seal::expand(key, &info, hmac::HMAC_SHA256)),
    }
}

fn header(version: KeyVersion) -> [u8; HEADER_BYTES] {
    let [a, b, c, d] = version.0.to_be_bytes();
    [FORMAT, a, b, c, d]
}

fn sealed_version<T: ?Sized>(sealed: &Sealed<T>) -> Result<KeyVersion, OpenError> {
    match sealed.bytes() {
        [FORMAT, a, b, c, d, ..] => Ok(KeyVersion(u32::from_be_bytes([*a, *b, *c, *d]))),
        _ => Err(OpenError::Malformed),
    }
}
