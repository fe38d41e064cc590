//! Proof key for code exchange, method S256. RFC 7636

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// The challenge of a verifier: BASE64URL(SHA256(verifier)).
pub fn s256_challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(crate::digest::sha256(&[verifier.as_bytes()]))
}

/// True if `verifier` has the form of one and `challenge` is its challenge.
pub fn s256_matches(verifier: &str, challenge: &str) -> bool {
    is_verifier(verifier)
        && crate::digest::equal(s256_challenge(verifier).as_bytes(), challenge.as_bytes())
}

/// True if a text has the form of a verifier: 43 to 128 unreserved characters. RFC 7636, 4.1
pub fn is_verifier(text: &str) -> bool {
    (43..=128).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte))
}

/// True if a text has the form of an S256 challenge: 43 characters of base64url.
pub fn is_challenge(text: &str) -> bool {
    URL_SAFE_NO_PAD.decode(text).is_ok_and(|digest| digest.len() == 32)
}
