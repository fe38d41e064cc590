//! Certificates for people.

use sekimori_base::{Entropy, Fault, Timestamp};
use sekimori_keys::{KeyProfile, RsaBits, SigningKey};

use crate::authority::Authority;
use crate::certificate::Certificate;
use crate::pin::AccessPin;
use crate::pkcs12::{self, PersonalKey};
use crate::profile::{Profile, Subject};
use crate::public_key::PublicKey;
use crate::request::Request;

/// Why no certificate is issued.
#[derive(Debug, thiserror::Error)]
pub enum IssueError {
    /// The authority's own certificate is over, or has not begun: it must be renewed first.
    #[error("the certificate of the authority is not valid now")]
    AuthorityNotValid,
    /// The key did not sign, or the file could not be written.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// A new certificate of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issued {
    /// The certificate, to be kept beside the account.
    pub certificate: Certificate,
}

/// A new certificate with its key, in a file for the person. Neither key nor file is kept.
pub struct IssuedWithKey {
    /// The certificate, to be kept beside the account.
    pub certificate: Certificate,
    /// The file with key and chain, to be handed to the person once.
    pub pkcs12: PersonalKey,
    /// What opens the file, to be shown to the person once.
    pub pin: AccessPin,
}

impl Authority {
    /// A certificate for somebody who keeps the key: only the key is taken from the request. Ends
    /// with the authority's own certificate at the latest.
    pub fn issue(
        &self,
        profile: &Profile,
        subject: &Subject,
        request: &Request,
        now: Timestamp,
        entropy: &dyn Entropy,
    ) -> Result<Issued, IssueError> {
        let certificate = self.issue_to(profile, subject, request.key(), now, entropy)?;
        Ok(Issued { certificate })
    }

    /// A certificate with a fresh key (ECDSA on P-256; RSA of 2048 bits where old devices need it),
    /// in a PKCS#12 file under a fresh access PIN. `label` is what the person's device shows.
    pub fn issue_with_key(
        &self,
        profile: &Profile,
        subject: &Subject,
        kind: PersonalKeyKind,
        label: &str,
        now: Timestamp,
        entropy: &dyn Entropy,
    ) -> Result<IssuedWithKey, IssueError> {
        let doing = "making a person's key";
        let key = SigningKey::generate(match kind {
            PersonalKeyKind::P256 => KeyProfile::Es256,
            PersonalKeyKind::Rsa2048 => KeyProfile::Rs256(RsaBits::B2048),
        })?;
        let public = PublicKey::of(&key).map_err(Fault::while_doing(doing))?;
        let certificate = self.issue_to(profile, subject, &public, now, entropy)?;
        let pin = AccessPin::random(entropy);
        let label = if label.is_empty() { subject.user_name() } else { label };
        let pkcs12 = pkcs12::write(&key, &certificate, self.certificate(), label, &pin)?;
        Ok(IssuedWithKey { certificate, pkcs12, pin })
    }

    fn issue_to(
        &self,
        profile: &Profile,
        subject: &Subject,
        key: &PublicKey,
        now: Timestamp,
        entropy: &dyn Entropy,
    ) -> Result<Certificate, IssueError> {
        if !self.is_valid(now) {
            return Err(IssueError::AuthorityNotValid);
        }
        let mut params = profile.params(subject);
        Ok(self.sign(&mut params, key, profile.lifetime().months(), now, entropy)?)
    }
}

/// What kind of key we make for a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PersonalKeyKind {
    /// ECDSA on P-256: small and fast, and every present device has it.
    P256,
    /// RSA of 2048 bits: for old devices; takes up to a second to make.
    Rsa2048,
}
