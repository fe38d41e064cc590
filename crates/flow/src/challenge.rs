//! Challenges for passkeys. Nobody keeps one: it travels sealed with its page, bound to that page, to the browser and
//! to a few minutes, and it counts once because the attempt that it leads to begins, or moves on, once.

use sekimori_base::{AttemptId, Entropy, FactorId, Sealed, Timestamp, random};
use sekimori_credential::passkey::{CHALLENGE_BYTES, Passkey};
use sekimori_keys::{Binding, Purpose, digest, seal};
use sekimori_store::{Digest, StoredFactor};
use serde::{Deserialize, Serialize};

use crate::carried::browser_mark;
use crate::tenant::Tenant;
use crate::visitor::Visitor;

/// A challenge is good for so many seconds (S15).
pub const CHALLENGE_SECONDS: i64 = 300;
/// Longest sealed challenge, in bytes.
const SEALED_BYTES_MAX: usize = 512;

/// The page that a challenge stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum OnPage {
    /// A step of a sign-in: the attempt that it belongs to or would begin, and that one's version.
    #[serde(rename = "s")]
    SignIn(AttemptId, u64),
    /// Registering: the factor that it would make.
    #[serde(rename = "r")]
    Registering(FactorId),
}

/// A challenge as it is carried.
#[derive(Serialize, Deserialize)]
struct Carried {
    #[serde(rename = "c")]
    value: String,
    #[serde(rename = "p")]
    page: OnPage,
    #[serde(rename = "b")]
    browser: u64,
    #[serde(rename = "t")]
    at: Timestamp,
}

/// A challenge that was just made.
pub(crate) struct Challenge {
    /// What is to be signed.
    pub value: [u8; CHALLENGE_BYTES],
    /// What the page's form carries.
    pub sealed: String,
}

impl Challenge {
    /// A fresh one for a page; none for a browser without a cookie of ours.
    pub fn new(
        visitor: &Visitor,
        browser: Option<u64>,
        page: OnPage,
        entropy: &(impl Entropy + ?Sized),
    ) -> Option<Self> {
        let value: [u8; CHALLENGE_BYTES] = random(entropy);
        let carried = Carried {
            value: data_encoding::BASE64URL_NOPAD.encode(&value),
            page,
            browser: browser?,
            at: visitor.now,
        };
        let tenant = &visitor.tenant;
        let binding = Binding::new(Purpose::PasskeyChallenge, tenant.id);
        let sealed = tenant.keys.seal_json(&binding, &carried, SEALED_BYTES_MAX, entropy).ok()?;
        Some(Self { value, sealed: seal::to_text(&sealed) })
    }

    /// What was to be signed, if it is of this page and browser and not too old.
    pub fn open(visitor: &Visitor, text: &str, page: OnPage) -> Option<[u8; CHALLENGE_BYTES]> {
        let tenant = &visitor.tenant;
        let sealed: Sealed<Carried> = seal::from_text(text, 2 * SEALED_BYTES_MAX).ok()?;
        let binding = Binding::new(Purpose::PasskeyChallenge, tenant.id);
        let carried = tenant.keys.open_json(&binding, &sealed).ok()?;
        let young = visitor.now.seconds_since(carried.at) <= CHALLENGE_SECONDS;
        let own = visitor.browser_digest().map(browser_mark) == Some(carried.browser);
        if carried.page != page || !young || !own {
            return None;
        }
        let value = data_encoding::BASE64URL_NOPAD.decode(carried.value.as_bytes()).ok()?;
        value.try_into().ok()
    }
}

/// By what a passkey is found. Its credential id is random already (WebAuthn, 4: at least 100 bits), so that a plain
/// digest tells nothing, and one without a key stays the same when keys change.
pub(crate) fn credential_digest(tenant: &Tenant, credential_id: &[u8]) -> Digest {
    Digest::from_bytes(digest::sha256(&[b"passkey:", tenant.id.bytes(), credential_id]))
}

/// A passkey, opened from its row; none if the row holds something else.
pub(crate) fn open_passkey(tenant: &Tenant, factor: &StoredFactor) -> Option<Passkey> {
    let binding = Binding::new(Purpose::DatabaseSecret, tenant.id).about(factor.facts.id.bytes());
    let bytes = tenant.keys.open(&binding, &factor.secret).ok()?;
    Passkey::from_bytes(bytes.expose())
}
