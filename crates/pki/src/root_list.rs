//! The revocation list of a root: signed where its key is, perhaps far away, and carried here. It takes back issuing
//! authorities, and must go on naming whatever the list before it named.

use sekimori_base::{Fault, Timestamp};

use crate::authority::{Authority, BACKDATED_SECONDS};
use crate::certificate::Certificate;
use crate::crl::RevokedCertificate;
use crate::months::later;
use crate::presented::{
    Field, IdentityRule, IssuerSettings, ListRefused, RevocationList, Trust, TrustProblem,
};

/// Why a root's list is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RootListRefused {
    /// The root's certificate is not one of an authority.
    #[error(transparent)]
    Root(#[from] TrustProblem),
    /// It is no list of this root.
    #[error(transparent)]
    List(#[from] ListRefused),
    /// It is over, or not yet current.
    #[error("the list is not current now")]
    NotCurrent,
    /// The one that is here is the same, or was made later.
    #[error("the list that is here is not older than this one")]
    NotNewer,
    /// What was revoked stays so.
    #[error("the list forgets what the one before it took back")]
    Forgets,
}

/// A list that a root signed.
#[derive(Debug)]
pub struct RootList {
    der: Vec<u8>,
    list: RevocationList,
}

impl RootList {
    /// From its DER form, if this root signed it. Whether it is current is not looked at.
    pub fn read(der: &[u8], root: &Certificate) -> Result<Self, RootListRefused> {
        let trust = Trust::new(vec![IssuerSettings {
            certificate: root.der().to_vec(),
            above: Vec::new(),
            withdrawn_since: None,
            identities: vec![IdentityRule::always(Field::SerialNumber)],
        }])?;
        Ok(Self { list: RevocationList::read(der, &trust)?, der: der.to_vec() })
    }

    /// Whether it may take the place of `former` at that moment.
    pub fn follows(&self, former: Option<&Self>, now: Timestamp) -> Result<(), RootListRefused> {
        if self.until() <= now || now < self.list.this_update() {
            return Err(RootListRefused::NotCurrent);
        }
        let Some(former) = former else { return Ok(()) };
        if !self.list.is_newer_than(&former.list) {
            return Err(RootListRefused::NotNewer);
        }
        let kept = |entry: &RevokedCertificate| self.list.entry(entry.serial).is_some();
        if former.list.entries().all(|entry| kept(&entry)) {
            Ok(())
        } else {
            Err(RootListRefused::Forgets)
        }
    }

    /// Its DER form.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// From this moment on it is over, and whoever checks the whole chain lets nobody in.
    pub const fn until(&self) -> Timestamp {
        self.list.next_update()
    }

    /// What it takes back.
    pub fn entries(&self) -> Vec<RevokedCertificate> {
        self.list.entries().collect()
    }

    /// Whether it takes this certificate back.
    pub fn revokes(&self, certificate: &Certificate) -> Option<RevokedCertificate> {
        self.list.entry(certificate.serial())
    }
}

impl Authority {
    /// A root's list (DER) of everything that it ever took back, current for so many months. Its number is the moment in
    /// milliseconds: nothing has to be counted where the key is.
    pub fn root_list(
        &self,
        revoked: &[RevokedCertificate],
        months: u16,
        now: Timestamp,
    ) -> Result<Vec<u8>, Fault> {
        let number = now.unix_millis().max(0).unsigned_abs();
        self.crl(number, now.plus_seconds(-BACKDATED_SECONDS), later(now, months), revoked)
    }
}
