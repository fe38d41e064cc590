//! What a browser presents: whose certificate it is, whether it holds, and which account it names.
//!
//! Checks come in one order, and the first that fails is the answer:
//!
//! 1. readable at all;
//! 2. signed by an issuer that is trusted here: until then it is anybody's writing, and none of its
//!    words are repeated to anybody;
//! 3. the issuer not withdrawn: its word counts no more, whatever the certificate is;
//! 4. made for signing in: a certificate for mail will never do, expired or not;
//! 5. within its time, and its issuers within theirs: issuers forget what they took back once it is
//!    over, so that this comes before the next;
//! 6. not revoked, by what is known now; not knowing is a refusal (it fails closed);
//! 7. naming an account, by the issuer's rule for the day of issue.
//!
//! Issuers are configured, each with its certificates up to the anchor: intermediate certificates
//! that a client sends along are not looked at, nor is any address inside a certificate.

mod identity;
mod revocation;
mod trust;

use rustls_pki_types::{CertificateDer, UnixTime};
use sekimori_base::Timestamp;
use webpki::{EndEntityCert, ExtendedKeyUsageValidator, KeyPurposeIdIter};

use crate::certificate::{Certificate, Fingerprint};
use crate::crl::RevocationReason;
use crate::serial::Serial;
use crate::signed::{ACCEPTED, Signed};

pub use identity::{Field, Identity, IdentityRule, NoIdentity, Which};
pub use revocation::{
    AnyOf, ListRefused, Revocation, RevocationList, RevocationLists, RevocationUnknown, Status,
};
pub use trust::{Issuer, IssuerId, IssuerSettings, Trust, TrustProblem};

use der::oid::db::rfc5280::ID_KP_CLIENT_AUTH;

/// Why a presented certificate does not let anybody in. In the order of the checks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Not a certificate that can be read, or with a critical extension that nobody here knows.
    #[error("the certificate cannot be read")]
    Malformed,
    /// Not signed by any issuer that is trusted here.
    #[error("the certificate is not of an issuer that is trusted here")]
    UnknownIssuer,
    /// The issuer is trusted no longer.
    #[error("the issuer is withdrawn since {since}")]
    WithdrawnIssuer {
        /// Since when.
        since: Timestamp,
    },
    /// An authority's own certificate.
    #[error("the certificate is that of an authority")]
    AuthorityCertificate,
    /// The extended key usage does not say clientAuth, or is absent: one for mail, or for servers.
    #[error("the certificate is not for signing in (extended key usage)")]
    WrongPurpose,
    /// The key usage is there and does not say digitalSignature: a key for decryption.
    #[error("the certificate's key is not for signatures (key usage)")]
    WrongKeyUsage,
    /// It begins later.
    #[error("the certificate is not valid before {not_before}")]
    NotYetValid {
        /// When it begins.
        not_before: Timestamp,
    },
    /// It is over.
    #[error("the certificate expired at {not_after}")]
    Expired {
        /// Its last second.
        not_after: Timestamp,
    },
    /// A certificate above it has not begun or is over.
    #[error("a certificate of the issuer is not valid now")]
    IssuerNotValid,
    /// The chain breaks a constraint of a certificate above (length of the path, names, purposes).
    #[error("the certificate breaks a constraint of its issuer")]
    Constraint,
    /// The issuer took it back.
    #[error("the certificate was revoked at {at}")]
    Revoked {
        /// When.
        at: Timestamp,
        /// Why, if the issuer said.
        reason: RevocationReason,
    },
    /// Whether it was taken back is not known: nobody is let in on a guess.
    #[error("whether the certificate is revoked is not known: {0}")]
    RevocationUnknown(RevocationUnknown),
    /// It names no account by the issuer's rules.
    #[error("the certificate names no account: {0}")]
    NoIdentity(NoIdentity),
}

/// A certificate that was verified. That its holder has the key is the TLS handshake's proof.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    identity: Identity,
    issuer: IssuerId,
    serial: Serial,
    fingerprint: Fingerprint,
    not_before: Timestamp,
    not_after: Timestamp,
    sealed: (),
}

impl Verified {
    /// Whom it names.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Who issued it.
    pub fn issuer(&self) -> IssuerId {
        self.issuer
    }

    /// Its serial number.
    pub fn serial(&self) -> Serial {
        self.serial
    }

    /// Which certificate it is.
    pub fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }

    /// Its first second.
    pub fn not_before(&self) -> Timestamp {
        self.not_before
    }

    /// Its last second, for a reminder to renew it.
    pub fn not_after(&self) -> Timestamp {
        self.not_after
    }
}

impl Trust {
    /// Verifies what was presented (DER) as of `at`, by what `revocation` knows.
    pub fn verify(
        &self,
        presented: &[u8],
        at: Timestamp,
        revocation: &impl Revocation,
    ) -> Result<Verified, Refusal> {
        let certificate = Certificate::read(presented).map_err(|_| Refusal::Malformed)?;
        let der = CertificateDer::from(presented);
        let end = EndEntityCert::try_from(&der).map_err(|_| Refusal::Malformed)?;
        let issuer = self.issuer_of(&certificate)?;
        if let Some(since) = issuer.withdrawn_since().filter(|since| *since <= at) {
            return Err(Refusal::WithdrawnIssuer { since });
        }
        is_for_signing_in(&certificate)?;
        is_in_time(&certificate, at)?;
        if !issuer.is_valid(at) {
            return Err(Refusal::IssuerNotValid);
        }
        has_a_path(&end, issuer, at)?;
        match revocation.status(issuer.id(), &certificate, at) {
            Status::Good => {}
            Status::Revoked { at, reason } => return Err(Refusal::Revoked { at, reason }),
            Status::Unknown(why) => return Err(Refusal::RevocationUnknown(why)),
        }
        let identity = issuer.identity(&certificate).map_err(Refusal::NoIdentity)?;
        Ok(Verified {
            identity,
            issuer: issuer.id(),
            serial: certificate.serial(),
            fingerprint: certificate.fingerprint(),
            not_before: certificate.not_before(),
            not_after: certificate.not_after(),
            sealed: (),
        })
    }

    /// The issuer whose key signed it. Several may have one name: an authority whose key was renewed.
    fn issuer_of(&self, certificate: &Certificate) -> Result<&Issuer, Refusal> {
        let signed = Signed::read(certificate.der()).ok_or(Refusal::Malformed)?;
        let named = self.issuers().iter().filter(|issuer| issuer.is_named(certificate.issuer()));
        let signer = named.into_iter().find(|issuer| signed.verify(issuer.key()).is_ok());
        signer.ok_or(Refusal::UnknownIssuer)
    }
}

fn is_for_signing_in(certificate: &Certificate) -> Result<(), Refusal> {
    if certificate.is_authority().map_err(|_| Refusal::Malformed)? {
        return Err(Refusal::AuthorityCertificate);
    }
    let purposes = certificate.purposes().map_err(|_| Refusal::Malformed)?;
    if !purposes.is_some_and(|purposes| purposes.contains(&ID_KP_CLIENT_AUTH)) {
        return Err(Refusal::WrongPurpose);
    }
    // RFC 5280, 4.2.1.3: a key usage that is absent restricts nothing.
    let usage = certificate.key_usage().map_err(|_| Refusal::Malformed)?;
    if usage.is_some_and(|usage| !usage.digital_signature()) {
        return Err(Refusal::WrongKeyUsage);
    }
    Ok(())
}

fn is_in_time(certificate: &Certificate, at: Timestamp) -> Result<(), Refusal> {
    let (not_before, not_after) = (certificate.not_before(), certificate.not_after());
    // The last second belongs to it. RFC 5280, 4.1.2.5
    let second = Timestamp::from_unix_seconds(at.unix_seconds());
    if second < not_before {
        Err(Refusal::NotYetValid { not_before })
    } else if second > not_after {
        Err(Refusal::Expired { not_after })
    } else {
        Ok(())
    }
}

/// The whole chain once more by the verifying library: signatures, times, basic constraints, path
/// length, name constraints, purposes all the way up. RFC 5280, 6.1
fn has_a_path(end: &EndEntityCert<'_>, issuer: &Issuer, at: Timestamp) -> Result<(), Refusal> {
    let anchors = [issuer.anchor().map_err(|_| Refusal::UnknownIssuer)?];
    let seconds = u64::try_from(at.unix_seconds()).unwrap_or(0);
    let time = UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds));
    let between = issuer.between();
    let path = end.verify_for_usage(ACCEPTED, &anchors, between, time, ForSigningIn, None, None);
    match path {
        Ok(_) => Ok(()),
        Err(
            webpki::Error::UnknownIssuer
            | webpki::Error::InvalidSignatureForPublicKey
            | webpki::Error::UnsupportedSignatureAlgorithmContext(_)
            | webpki::Error::UnsupportedSignatureAlgorithmForPublicKeyContext(_),
        ) => Err(Refusal::UnknownIssuer),
        Err(webpki::Error::CertExpired { .. } | webpki::Error::CertNotValidYet { .. }) => {
            Err(Refusal::IssuerNotValid)
        }
        Err(_) => Err(Refusal::Constraint),
    }
}

/// clientAuth wherever purposes are restricted; that people's certificates must say so was seen
/// before. Also id-kp-anyExtendedKeyUsage of an authority is enough for what is below it.
struct ForSigningIn;

impl ExtendedKeyUsageValidator for ForSigningIn {
    fn validate(&self, purposes: KeyPurposeIdIter<'_, '_>) -> Result<(), webpki::Error> {
        const CLIENT_AUTH: &[usize] = webpki::KeyUsage::CLIENT_AUTH_REPR;
        const ANY: &[usize] = &[2, 5, 29, 37, 0];
        let mut restricted = false;
        for purpose in purposes {
            restricted = true;
            let purpose = purpose?.to_decoded_oid();
            if purpose == CLIENT_AUTH || purpose == ANY {
                return Ok(());
            }
        }
        if restricted { Err(webpki::Error::EmptyEkuExtension) } else { Ok(()) }
    }
}
