//! The issuers that are trusted, and what is asked of each.

use std::fmt;

use rustls_pki_types::{CertificateDer, TrustAnchor};
use sekimori_base::Timestamp;
use sekimori_keys::digest::sha256;
use x509_cert::name::Name;
use x509_cert::spki::SubjectPublicKeyInfoOwned;

use crate::certificate::{Certificate, name_bytes};
use crate::presented::identity::{self, Identity, IdentityRule, NoIdentity};
use crate::signed::Signed;

/// Which issuer: SHA-256 over its name and key, the same for a renewed certificate of both.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IssuerId([u8; 32]);

impl IssuerId {
    fn of(certificate: &Certificate) -> Self {
        let key = certificate.key().subject_public_key.raw_bytes();
        // A name is a DER structure and says its own length: nothing can move between the two.
        Self(sha256(&[&name_bytes(certificate.subject()), key]))
    }

    /// The 32 bytes.
    pub const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for IssuerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().take(8).try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for IssuerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IssuerId({self})")
    }
}

/// What a site says about one issuer of people's certificates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuerSettings {
    /// The certificate of the authority that signs people's certificates (DER).
    pub certificate: Vec<u8>,
    /// The certificates above it, each signing the one before, the anchor last (DER); empty if that
    /// authority itself is the anchor.
    pub above: Vec<Vec<u8>>,
    /// From this moment on none of its certificates is taken any more.
    pub withdrawn_since: Option<Timestamp>,
    /// Whom its certificates name: the first rule that covers the day of issue.
    pub identities: Vec<IdentityRule>,
}

/// Why an issuer cannot be trusted as it is configured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TrustProblem {
    /// One of its certificates cannot be read.
    #[error("issuer {issuer}: certificate {place} is not a certificate in DER of at most 16 KiB")]
    Malformed {
        /// Which issuer, from 0.
        issuer: usize,
        /// Which of its certificates, from 0, the issuing one first.
        place: usize,
    },
    /// One of its certificates may not sign others.
    #[error("issuer {issuer}: certificate {place} is not that of an authority")]
    NotAnAuthority {
        /// Which issuer, from 0.
        issuer: usize,
        /// Which of its certificates, from 0.
        place: usize,
    },
    /// One certificate is not signed by the next.
    #[error("issuer {issuer}: certificate {place} is not signed by the one after it")]
    NotSigned {
        /// Which issuer, from 0.
        issuer: usize,
        /// Which of its certificates, from 0.
        place: usize,
    },
    /// Name and key stand twice: two rules for one certificate.
    #[error("issuer {issuer} stands twice")]
    Twice {
        /// Which issuer, from 0.
        issuer: usize,
    },
    /// No rule says whom its certificates name.
    #[error("issuer {issuer}: no rule says whom its certificates name")]
    NoRule {
        /// Which issuer, from 0.
        issuer: usize,
    },
}

/// One issuer that is trusted.
#[derive(Debug)]
pub struct Issuer {
    id: IssuerId,
    /// The issuing certificate first, the anchor last.
    chain: Vec<Certificate>,
    /// All but the anchor, in the form of the verifying library.
    between: Vec<CertificateDer<'static>>,
    anchor: CertificateDer<'static>,
    withdrawn_since: Option<Timestamp>,
    identities: Vec<IdentityRule>,
}

impl Issuer {
    /// Its id.
    pub const fn id(&self) -> IssuerId {
        self.id
    }

    /// The certificate with which it signs people's certificates.
    pub fn certificate(&self) -> &Certificate {
        &self.chain[0]
    }

    /// The DER form of its name, as TLS tells browsers so that they offer fitting certificates only.
    /// RFC 8446, 4.2.4
    pub fn name_der(&self) -> Vec<u8> {
        name_bytes(self.certificate().subject())
    }

    /// Since when it is trusted no longer, if that was said.
    pub const fn withdrawn_since(&self) -> Option<Timestamp> {
        self.withdrawn_since
    }

    /// True if its own certificate and all above hold at that moment.
    pub fn is_valid(&self, at: Timestamp) -> bool {
        let at = Timestamp::from_unix_seconds(at.unix_seconds());
        self.chain.iter().all(|one| (one.not_before()..=one.not_after()).contains(&at))
    }

    pub(super) fn is_named(&self, name: &Name) -> bool {
        self.certificate().subject() == name
    }

    pub(super) fn key(&self) -> &SubjectPublicKeyInfoOwned {
        self.certificate().key()
    }

    pub(super) fn anchor(&self) -> Result<TrustAnchor<'_>, webpki::Error> {
        webpki::anchor_from_trusted_cert(&self.anchor)
    }

    pub(super) fn between(&self) -> &[CertificateDer<'static>] {
        &self.between
    }

    pub(super) fn identity(&self, certificate: &Certificate) -> Result<Identity, NoIdentity> {
        identity::of(&self.identities, certificate)
    }
}

/// The issuers that are trusted.
#[derive(Debug)]
pub struct Trust {
    issuers: Vec<Issuer>,
}

impl Trust {
    /// From what the site says; every chain is proven here once.
    pub fn new(settings: Vec<IssuerSettings>) -> Result<Self, TrustProblem> {
        let mut issuers: Vec<Issuer> = Vec::with_capacity(settings.len());
        for (place, settings) in settings.into_iter().enumerate() {
            let issuer = issuer(place, settings)?;
            if issuers.iter().any(|other| other.id == issuer.id) {
                return Err(TrustProblem::Twice { issuer: place });
            }
            issuers.push(issuer);
        }
        Ok(Self { issuers })
    }

    /// The issuers, in the order in which they were given.
    pub fn issuers(&self) -> &[Issuer] {
        &self.issuers
    }

    /// One issuer.
    pub fn issuer(&self, id: IssuerId) -> Option<&Issuer> {
        self.issuers.iter().find(|issuer| issuer.id == id)
    }
}

fn issuer(issuer: usize, settings: IssuerSettings) -> Result<Issuer, TrustProblem> {
    let mut chain: Vec<Certificate> = Vec::with_capacity(1 + settings.above.len());
    for (place, der) in std::iter::once(&settings.certificate).chain(&settings.above).enumerate() {
        let malformed = TrustProblem::Malformed { issuer, place };
        let certificate = Certificate::read(der).map_err(|_| malformed)?;
        let signs = certificate.key_usage().map_err(|_| malformed)?;
        let signs = signs.is_none_or(|usage| usage.key_cert_sign());
        if !signs || !certificate.is_authority().map_err(|_| malformed)? {
            return Err(TrustProblem::NotAnAuthority { issuer, place });
        }
        chain.push(certificate);
    }
    for (place, pair) in chain.windows(2).enumerate() {
        let [lower, upper] = pair else { continue };
        let signed = Signed::read(lower.der()).ok_or(TrustProblem::Malformed { issuer, place })?;
        if lower.issuer() != upper.subject() || signed.verify(upper.key()).is_err() {
            return Err(TrustProblem::NotSigned { issuer, place });
        }
    }
    if settings.identities.is_empty() {
        return Err(TrustProblem::NoRule { issuer });
    }
    let mut ders: Vec<_> =
        chain.iter().map(|one| CertificateDer::from(one.der().to_vec())).collect();
    let anchor = ders.pop().expect("there is at least the issuing certificate");
    let malformed = TrustProblem::Malformed { issuer, place: ders.len() };
    webpki::anchor_from_trusted_cert(&anchor).map_err(|_| malformed)?;
    Ok(Issuer {
        id: IssuerId::of(&chain[0]),
        between: ders,
        anchor,
        chain,
        withdrawn_since: settings.withdrawn_since,
        identities: settings.identities,
    })
}
