//! Revocation lists of our own authority: complete, numbered, with reasons. RFC 5280, 5

use rcgen::{CertificateRevocationListParams, KeyIdMethod, RevokedCertParams};
use sekimori_base::{Fault, Timestamp};

use crate::authority::Authority;
use crate::months::offset;
use crate::serial::Serial;

/// Why a certificate was taken back. RFC 5280, 5.3.1 (those that concern people's certificates; none
/// is ever only on hold, so that a list's word stands)
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RevocationReason {
    /// Not said.
    Unspecified,
    /// Somebody else may have the key: a lost device.
    KeyCompromise,
    /// The authority's own key may be in other hands.
    AuthorityCompromise,
    /// The person's name or organisation changed.
    AffiliationChanged,
    /// A newer certificate took its place.
    Superseded,
    /// The account ended.
    CessationOfOperation,
    /// The person may no longer have one.
    PrivilegeWithdrawn,
}

impl RevocationReason {
    /// Every reason.
    pub const ALL: [Self; 7] = [
        Self::Unspecified,
        Self::KeyCompromise,
        Self::AuthorityCompromise,
        Self::AffiliationChanged,
        Self::Superseded,
        Self::CessationOfOperation,
        Self::PrivilegeWithdrawn,
    ];

    /// The number of CRLReason.
    pub const fn code(self) -> u8 {
        match self {
            Self::Unspecified => 0,
            Self::KeyCompromise => 1,
            Self::AuthorityCompromise => 2,
            Self::AffiliationChanged => 3,
            Self::Superseded => 4,
            Self::CessationOfOperation => 5,
            Self::PrivilegeWithdrawn => 9,
        }
    }

    /// From the number of CRLReason; those that others may use and we do not are "not said".
    pub fn from_code(code: u8) -> Self {
        let known = Self::ALL.into_iter().find(|reason| reason.code() == code);
        known.unwrap_or(Self::Unspecified)
    }

    /// RFC 5280, 5.3.1: "unspecified" is said by saying nothing.
    fn written(self) -> Option<rcgen::RevocationReason> {
        match self {
            Self::Unspecified => None,
            Self::KeyCompromise => Some(rcgen::RevocationReason::KeyCompromise),
            Self::AuthorityCompromise => Some(rcgen::RevocationReason::CaCompromise),
            Self::AffiliationChanged => Some(rcgen::RevocationReason::AffiliationChanged),
            Self::Superseded => Some(rcgen::RevocationReason::Superseded),
            Self::CessationOfOperation => Some(rcgen::RevocationReason::CessationOfOperation),
            Self::PrivilegeWithdrawn => Some(rcgen::RevocationReason::PrivilegeWithdrawn),
        }
    }
}

/// A certificate that was taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RevokedCertificate {
    /// Which one.
    pub serial: Serial,
    /// When it was taken back.
    pub at: Timestamp,
    /// Why.
    pub reason: RevocationReason,
}

impl Authority {
    /// The complete list (DER): everything that was taken back and is not yet long over. `number`
    /// grows with every list; the list is current from `this_update` until before `next_update`.
    pub fn crl(
        &self,
        number: u64,
        this_update: Timestamp,
        next_update: Timestamp,
        revoked: &[RevokedCertificate],
    ) -> Result<Vec<u8>, Fault> {
        let entries = revoked.iter().map(|entry| RevokedCertParams {
            serial_number: entry.serial.bytes().to_vec().into(),
            revocation_time: offset(entry.at),
            reason_code: entry.reason.written(),
            invalidity_date: None,
        });
        let params = CertificateRevocationListParams {
            this_update: offset(this_update),
            next_update: offset(next_update),
            crl_number: number.into(),
            issuing_distribution_point: None,
            revoked_certs: entries.collect(),
            key_identifier_method: KeyIdMethod::PreSpecified(self.key_id().to_vec()),
        };
        let list = params.signed_by(self.issuer());
        let list = list.map_err(|error| self.signer().fault("signing a revocation list", error))?;
        Ok(list.der().to_vec())
    }
}
