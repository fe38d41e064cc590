//! Sealing: authenticated encryption bound to purpose, scope, key version and what it is about.
//!
//! Each message has a key of its own, derived by HKDF from the context's key and a random salt of
//! 128 bits, and is sealed by AES-256-GCM-SIV. So there is no count of messages after which a
//! random nonce could repeat, and even a repeated salt (a restored machine image) would show no
//! more than that two equal texts are equal.
//!
//! Layout: format (1) | which key (4 or 8) | salt (16) | ciphertext | tag (16).

use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, Okm, Prk, Salt};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sekimori_base::{Entropy, Sealed, Secret};
use zeroize::Zeroizing;

use crate::purpose::{Purpose, Scope, context_bytes};
use crate::{KeyVersion, RootKeyId};

/// Longest text that is sealed in one piece, in bytes.
pub const PLAINTEXT_BYTES_MAX: usize = 1024 * 1024;
/// By how much a sealed value is longer than its text, in bytes.
pub const OVERHEAD_BYTES: usize = 1 + 4 + SALT_BYTES + TAG_BYTES;

const SALT_BYTES: usize = 16;
const TAG_BYTES: usize = 16;

/// What a sealed value is bound to; it opens only with the same again.
#[derive(Debug, Clone, Copy)]
pub struct Binding<'a> {
    /// What it is for.
    pub purpose: Purpose,
    /// For whom.
    pub scope: Scope,
    /// What it is about: the row's id, the cookie's name; empty if nothing.
    pub about: &'a [u8],
}

impl<'a> Binding<'a> {
    /// Bound to purpose and scope only.
    pub fn new(purpose: Purpose, scope: impl Into<Scope>) -> Self {
        Self { purpose, scope: scope.into(), about: &[] }
    }

    /// Also bound to what it is about, so that it cannot be moved to another row.
    #[must_use]
    pub fn about(self, about: &'a [u8]) -> Self {
        Self { about, ..self }
    }
}

/// Why a value could not be sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// It is longer than allowed.
    #[error("the value is longer than {bytes_max} bytes")]
    TooLong {
        /// The bound, in bytes.
        bytes_max: usize,
    },
    /// It has no JSON form.
    #[error("the value has no JSON form")]
    NotJson,
}

/// Why a sealed value does not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// These bytes were never made by sealing, or were cut.
    #[error("this is not a sealed value")]
    Malformed,
    /// It was sealed under a data key that is not here (any more, or yet).
    #[error("the value is sealed under key version {0}, which is not here")]
    UnknownVersion(KeyVersion),
    /// It was sealed under a root key that is not in the root key file.
    #[error("the data key is sealed under root key {0}, which is not in the root key file")]
    UnknownRootKey(RootKeyId),
    /// It was changed, or sealed for another purpose, tenant, version or thing.
    #[error("the sealed value is not authentic")]
    NotAuthentic,
    /// It is authentic, but what was sealed is not of the wanted shape.
    #[error("the sealed value holds something else")]
    Content,
}

/// The text form for URLs and cookies: base64url without padding.
pub fn to_text<T: ?Sized>(sealed: &Sealed<T>) -> String {
    URL_SAFE_NO_PAD.encode(sealed.bytes())
}

/// From the text form, if it is one and has at most `text_bytes_max` bytes.
pub fn from_text<T: ?Sized>(text: &str, text_bytes_max: usize) -> Result<Sealed<T>, OpenError> {
    if text.len() > text_bytes_max {
        return Err(OpenError::Malformed);
    }
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| OpenError::Malformed)?;
    Ok(Sealed::from_bytes(bytes))
}

/// The key of one purpose and scope under `secret`, from which message keys are derived.
pub(crate) fn context_key(root: &Prk, purpose: Purpose, scope: Scope) -> Prk {
    let context = context_bytes(purpose, scope);
    let info = [b"sekimori/1/seal".as_slice(), &context];
    Prk::from(expand(root, &info, HKDF_SHA256))
}

/// HKDF-Extract of 256 random bits under a salt that names what they are.
pub(crate) fn extract(kind: &'static str, secret: &Secret<[u8; 32]>) -> Prk {
    Salt::new(HKDF_SHA256, kind.as_bytes()).extract(secret.expose())
}

/// HKDF-Expand, for lengths of one or two blocks.
pub(crate) fn expand<'a, L: aws_lc_rs::hkdf::KeyType>(
    key: &'a Prk,
    info: &'a [&'a [u8]],
    length: L,
) -> Okm<'a, L> {
    key.expand(info, length).expect("the length is far below 255 blocks")
}

/// `header | salt | ciphertext | tag` of `plaintext` under a context's key.
pub(crate) fn seal_bytes(
    context_key: &Prk,
    header: &[u8],
    binding: &Binding<'_>,
    plaintext: &[u8],
    entropy: &(impl Entropy + ?Sized),
) -> Result<Vec<u8>, SealError> {
    if plaintext.len() > PLAINTEXT_BYTES_MAX {
        let bytes_max = PLAINTEXT_BYTES_MAX;
        return Err(SealError::TooLong { bytes_max });
    }
    let salt: [u8; SALT_BYTES] = sekimori_base::random(entropy);
    let text_start = header.len() + SALT_BYTES;
    let mut bytes = Vec::with_capacity(text_start + plaintext.len() + TAG_BYTES);
    bytes.extend_from_slice(header);
    bytes.extend_from_slice(&salt);
    bytes.extend_from_slice(plaintext);
    let tag = message_key(context_key, &salt)
        .seal_in_place_separate_tag(
            message_nonce(),
            Aad::from(associated_data(header, binding)),
            &mut bytes[text_start..],
        )
        .expect("a megabyte is far below the limit of AES-GCM-SIV");
    bytes.extend_from_slice(tag.as_ref());
    Ok(bytes)
}

/// The text of what [`seal_bytes`] made with the same key, header length and binding.
pub(crate) fn open_bytes(
    context_key: &Prk,
    header_bytes: usize,
    binding: &Binding<'_>,
    sealed: &[u8],
) -> Result<Secret<Vec<u8>>, OpenError> {
    let (header, rest) = sealed.split_at_checked(header_bytes).ok_or(OpenError::Malformed)?;
    let (salt, ciphertext) = rest.split_at_checked(SALT_BYTES).ok_or(OpenError::Malformed)?;
    if ciphertext.len() < TAG_BYTES || ciphertext.len() > PLAINTEXT_BYTES_MAX + TAG_BYTES {
        return Err(OpenError::Malformed);
    }
    let mut text = Zeroizing::new(ciphertext.to_vec());
    let length = message_key(context_key, salt)
        .open_in_place(message_nonce(), Aad::from(associated_data(header, binding)), &mut text)
        .map_err(|_| OpenError::NotAuthentic)?
        .len();
    text.truncate(length);
    Ok(Secret::new(std::mem::take(&mut *text)))
}

fn message_key(context_key: &Prk, salt: &[u8]) -> LessSafeKey {
    let info = [b"message".as_slice(), salt];
    LessSafeKey::new(UnboundKey::from(expand(context_key, &info, &AES_256_GCM_SIV)))
}

/// The salt makes the key unique, so that the nonce need not be.
fn message_nonce() -> Nonce {
    Nonce::assume_unique_for_key([0; 12])
}

fn associated_data(header: &[u8], binding: &Binding<'_>) -> Vec<u8> {
    let context = context_bytes(binding.purpose, binding.scope);
    let mut data = Vec::with_capacity(header.len() + context.len() + binding.about.len());
    data.extend_from_slice(header);
    data.extend_from_slice(&context);
    data.extend_from_slice(binding.about);
    data
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::hkdf::KeyType;

    use super::*;

    struct Bytes(usize);

    impl KeyType for Bytes {
        fn len(&self) -> usize {
            self.0
        }
    }

    #[test]
    fn derivation_is_hkdf_rfc_5869_a_1() {
        let salt: Vec<u8> = (0..=0x0c).collect();
        let info: Vec<u8> = (0xf0..=0xf9).collect();
        let key = Salt::new(HKDF_SHA256, &salt).extract(&[0x0b; 22]);
        let mut output = [0; 42];
        let info = [info.as_slice()];
        expand(&key, &info, Bytes(42)).fill(&mut output).unwrap();
        let expected = [
            0x3c, 0xb2, 0x5f, 0x25, 0xfa, 0xac, 0xd5, 0x7a, 0x90, 0x43, 0x4f, 0x64, 0xd0, 0x36,
            0x2f, 0x2a, 0x2d, 0x2d, 0x0a, 0x90, 0xcf, 0x1a, 0x5a, 0x4c, 0x5d, 0xb0, 0x2d, 0x56,
            0xec, 0xc4, 0xc5, 0xbf, 0x34, 0x00, 0x72, 0x08, 0xd5, 0xb8, 0x87, 0x18, 0x58, 0x65,
        ];
        assert_eq!(output, expected);
    }
}
