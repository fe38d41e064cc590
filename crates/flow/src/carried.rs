//! The request that travels with the page before any credential was submitted: sealed, bound to the browser,
//! never a proof (decisions on the attempt). Nothing of it is written to the database.

use sekimori_base::limits::{SEALED_COOKIE_BYTES_MAX, SEALED_REQUEST_BYTES_MAX};
use sekimori_base::{Entropy, Sealed, Timestamp};
use sekimori_keys::{Binding, Purpose, seal};
use sekimori_login::Reason;
use serde::{Deserialize, Serialize};

use crate::door::Door;
use crate::tenant::Tenant;

/// A page of an earlier sign-in is shown again for so long; afterwards the service has forgotten it too.
pub const CARRIED_SECONDS_MAX: i64 = 8 * 3600;

/// What is carried. Field names are short because the sealed text stands in a URL.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Carried {
    /// Through which door the request came, and what it asks.
    #[serde(rename = "d")]
    pub door: Door,
    /// The first bytes of the digest of the browser's binding cookie; `None` if it had none yet.
    #[serde(rename = "b", default, skip_serializing_if = "Option::is_none")]
    pub browser: Option<u64>,
    /// When the request came.
    #[serde(rename = "t")]
    pub at: Timestamp,
    /// The user name as it was typed.
    #[serde(rename = "n", default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What to say above the form.
    #[serde(rename = "r", default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// The standing session is to be left aside: somebody else wants to sign in.
    #[serde(rename = "o", default, skip_serializing_if = "std::ops::Not::not")]
    pub other_person: bool,
}

/// Why a carried request cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CarriedError {
    /// It is not ours, was damaged, or its keys are gone.
    Unreadable,
}

/// The first bytes of the digest of a binding cookie.
pub fn browser_mark(digest: [u8; 32]) -> u64 {
    u64::from_be_bytes(digest[..8].try_into().expect("a digest has 32 bytes"))
}

impl Carried {
    /// The sealed text for a URL and a form; `None` when it would be too long.
    pub fn seal(&self, tenant: &Tenant, entropy: &(impl Entropy + ?Sized)) -> Option<String> {
        self.sealed(tenant, Purpose::SealedRequest, SEALED_REQUEST_BYTES_MAX, entropy)
    }

    /// The sealed text for the cookie of a request that came by a cross-site POST.
    pub fn seal_cookie(&self, tenant: &Tenant, entropy: &(impl Entropy + ?Sized)) -> Option<String> {
        self.sealed(tenant, Purpose::CrossSitePost, SEALED_COOKIE_BYTES_MAX, entropy)
    }

    /// Open what [`Self::seal`] made.
    pub fn open(tenant: &Tenant, text: &str) -> Result<Self, CarriedError> {
        Self::opened(tenant, Purpose::SealedRequest, SEALED_REQUEST_BYTES_MAX, text)
    }

    /// Open what [`Self::seal_cookie`] made.
    pub fn open_cookie(tenant: &Tenant, text: &str) -> Result<Self, CarriedError> {
        Self::opened(tenant, Purpose::CrossSitePost, SEALED_COOKIE_BYTES_MAX, text)
    }

    fn sealed(
        &self,
        tenant: &Tenant,
        purpose: Purpose,
        bytes_max: usize,
        entropy: &(impl Entropy + ?Sized),
    ) -> Option<String> {
        let binding = Binding::new(purpose, tenant.id);
        let sealed = tenant.keys.seal_json(&binding, self, bytes_max, entropy).ok()?;
        let text = seal::to_text(&sealed);
        (text.len() <= bytes_max).then_some(text)
    }

    fn opened(
        tenant: &Tenant,
        purpose: Purpose,
        bytes_max: usize,
        text: &str,
    ) -> Result<Self, CarriedError> {
        let sealed: Sealed<Self> =
            seal::from_text(text, bytes_max).map_err(|_| CarriedError::Unreadable)?;
        let binding = Binding::new(purpose, tenant.id);
        tenant.keys.open_json(&binding, &sealed).map_err(|_| CarriedError::Unreadable)
    }
}
