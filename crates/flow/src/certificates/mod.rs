//! Certificates of our own authority: kept among the keys, issued to people, taken back, and what the world is told.
//!
//! An authority is a key in the line `ca` of the tenant's keys, sealed like all of them, with its certificate beside it:
//! every node takes a new one with the next version of the keys. The root's key is not here; who made it keeps it.
//! The key may be in a device instead ([`device`]): then the line says where, and nothing is sealed.

mod authority;
mod device;
mod issue;
pub(crate) mod others;
mod root_list;
mod status;

use std::sync::Arc;

use sekimori_base::{Fault, Sealed, TenantId, Timestamp};
use sekimori_keys::{Binding, KeyDevice, KeyRing, Purpose, SignatureAlgorithm, Signer, SigningKey};
use sekimori_pki::presented::{Field, IdentityRule, IssuerSettings, Trust};
use sekimori_pki::{Authority, Certificate, RevokedCertificate, RootList};
use sekimori_store::{KeySet, KeyStanding, StoredKey};
use serde::{Deserialize, Serialize};

use crate::tenant::Tenant;

pub use authority::{AuthorityPlan, AuthorityRequest, InstallError, RequestError};
pub use device::{Device, InDevice};
pub(crate) use issue::stored_serial;
pub use issue::{Asked, IssuedCertificate, NotIssued, ShownCertificate, WantedKey};
pub use others::{Carried, Carrier, DueList, Issuers};
pub use root_list::RootListNotTaken;
pub use sekimori_pki::Serial;
pub(crate) use status::Published;
pub use status::StatusAnswer;

/// The line of authorities among the keys.
pub const AUTHORITY_LINE: &str = "ca";

/// The authorities of a tenant, ready to sign.
#[derive(Default)]
pub struct Authorities {
    own: Vec<OwnAuthority>,
    /// All of them as issuers of presented certificates.
    trust: Option<Trust>,
}

/// One of our authorities.
pub struct OwnAuthority {
    /// Its name in addresses and rows: the thumbprint of its key.
    pub name: String,
    /// What signs.
    pub authority: Authority,
    /// The root that signed it.
    pub root: Certificate,
    /// What its root takes back; none while the root has not said.
    pub root_list: Option<RootList>,
    /// It issues, or only answers for what it issued.
    pub standing: KeyStanding,
    /// When it came here.
    pub since: Timestamp,
    /// The device that its key is in; `None` = it lies sealed in the database.
    pub device: Option<InDevice>,
}

impl OwnAuthority {
    /// When and why its root took it back.
    pub fn revoked(&self) -> Option<RevokedCertificate> {
        self.root_list.as_ref()?.revokes(self.authority.certificate())
    }
}

impl Authorities {
    /// The one that issues; none while its root has taken it back.
    pub fn active(&self) -> Option<&OwnAuthority> {
        let active = self.own.iter().find(|own| own.standing == KeyStanding::Active);
        active.filter(|own| own.revoked().is_none())
    }

    /// The one of that name.
    pub fn named(&self, name: &str) -> Option<&OwnAuthority> {
        self.own.iter().find(|own| own.name == name)
    }

    /// One whose root has this name: what is said of a root stands beside each authority below it.
    pub fn below(&self, root: &str) -> Option<&OwnAuthority> {
        self.own.iter().find(|own| own.root.key_name() == root)
    }

    /// All of them.
    pub fn all(&self) -> &[OwnAuthority] {
        &self.own
    }

    /// What a presented certificate is judged by; none where there is no authority.
    pub fn trust(&self) -> Option<&Trust> {
        self.trust.as_ref()
    }

    /// Those among a tenant's keys. One that cannot be opened is logged and left out: nobody's sign-in hangs on it.
    pub(crate) fn open(
        tenant: TenantId,
        set: &KeySet,
        ring: &KeyRing,
        device: &Device,
    ) -> Arc<Self> {
        let stored = set.keys.iter().filter(|key| {
            key.line == AUTHORITY_LINE
                && matches!(key.standing, KeyStanding::Active | KeyStanding::Retired)
        });
        let opened = stored.filter_map(|stored| match open(tenant, stored, ring, device.port()) {
            Ok(own) => Some(own),
            Err(fault) => {
                let error = &fault as &dyn std::error::Error;
                tracing::error!(error, authority = stored.name, "an authority cannot be used");
                None
            }
        });
        let own: Vec<OwnAuthority> = opened.collect();
        let trust = trust_in(&own);
        Arc::new(Self { own, trust })
    }
}

/// Our authorities as issuers. One whose chain does not hold is logged, and then nobody signs in with a certificate.
fn trust_in(own: &[OwnAuthority]) -> Option<Trust> {
    if own.is_empty() {
        return None;
    }
    let settings = own.iter().map(|own| IssuerSettings {
        certificate: own.authority.certificate().der().to_vec(),
        above: vec![own.root.der().to_vec()],
        withdrawn_since: own.revoked().map(|revoked| revoked.at),
        identities: vec![IdentityRule::always(Field::SerialNumber)],
    });
    let trust = Trust::new(settings.collect());
    trust
        .inspect_err(|error| {
            tracing::error!(error = error as &dyn std::error::Error, "no certificate is trusted");
        })
        .ok()
}

/// What stands beside an authority's key.
#[derive(Debug, Serialize, Deserialize)]
struct Beside {
    /// The algorithm of the key.
    algorithm: String,
    /// Its certificate and that of its root, in base 64; none while the root has not signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    certificates: Option<[String; 2]>,
    /// The list of the root, in base 64, once there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    root_list: Option<String>,
    /// Where the key is, if it is not sealed in the same row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    device: Option<InDevice>,
}

impl Beside {
    fn read(stored: &StoredKey) -> Result<Self, Fault> {
        let text = stored.public.as_deref().unwrap_or_default();
        serde_json::from_str(text).map_err(Fault::while_doing(OPENING))
    }

    /// The root's list, proven.
    fn root_list(&self, root: &Certificate) -> Result<Option<RootList>, Fault> {
        let Some(text) = &self.root_list else { return Ok(None) };
        let der = data_encoding::BASE64.decode(text.as_bytes());
        let der = der.map_err(Fault::while_doing(OPENING))?;
        RootList::read(&der, root).map(Some).map_err(Fault::while_doing(OPENING))
    }

    fn written(&self) -> Result<String, Fault> {
        serde_json::to_string(self).map_err(Fault::while_doing("writing an authority down"))
    }
}

const OPENING: &str = "opening an authority";

fn open(
    tenant: TenantId,
    stored: &StoredKey,
    ring: &KeyRing,
    device: Option<&Arc<dyn KeyDevice>>,
) -> Result<OwnAuthority, Fault> {
    let beside = Beside::read(stored)?;
    let [certificate, root] =
        beside.certificates.as_ref().ok_or_else(|| Fault::new(OPENING, "it has no certificate"))?;
    let decode = |text: &str| data_encoding::BASE64.decode(text.as_bytes());
    let certificate = decode(certificate).map_err(Fault::while_doing(OPENING))?;
    let root = decode(root).map_err(Fault::while_doing(OPENING))?;
    let key = open_key(tenant, stored, &beside, ring, device)?;
    let root = Certificate::read(&root).map_err(Fault::while_doing(OPENING))?;
    let root_list = beside.root_list(&root)?;
    Ok(OwnAuthority {
        name: stored.name.clone(),
        authority: Authority::open(&certificate, key).map_err(Fault::while_doing(OPENING))?,
        root,
        root_list,
        standing: stored.standing,
        since: stored.made_at,
        device: beside.device,
    })
}

fn open_key(
    tenant: TenantId,
    stored: &StoredKey,
    beside: &Beside,
    ring: &KeyRing,
    device: Option<&Arc<dyn KeyDevice>>,
) -> Result<Arc<dyn Signer>, Fault> {
    if let Some(there) = &beside.device {
        return Ok(Arc::new(there.key(device)?));
    }
    let algorithm: SignatureAlgorithm =
        beside.algorithm.parse().map_err(Fault::while_doing(OPENING))?;
    let sealed: Sealed<SigningKey> = Sealed::from_bytes(stored.sealed.bytes().to_vec());
    let pkcs8 = ring
        .open(&key_binding(tenant, &stored.name), &sealed)
        .map_err(Fault::while_doing(OPENING))?;
    let key = SigningKey::from_pkcs8(algorithm, pkcs8.expose());
    Ok(Arc::new(key.map_err(Fault::while_doing(OPENING))?))
}

fn key_binding(tenant: TenantId, kid: &str) -> Binding<'_> {
    Binding::new(Purpose::AuthorityKeyAtRest, tenant).about(kid.as_bytes())
}

/// Where the world asks about certificates of this authority.
pub struct Addresses {
    /// Its revocation list.
    pub list: String,
    /// The responder.
    pub responder: String,
    /// Its own certificate.
    pub certificate: String,
}

impl Addresses {
    /// Those of an authority under the present settings.
    pub fn of(tenant: &Tenant, authority: &str) -> Self {
        let base = Self::base(tenant);
        Self {
            list: format!("{base}/ca/{authority}.crl"),
            responder: format!("{base}/ca/ocsp"),
            certificate: format!("{base}/ca/{authority}.cer"),
        }
    }

    /// What they begin with.
    pub fn base(tenant: &Tenant) -> &str {
        tenant.site.certificates.status_url.as_deref().unwrap_or(tenant.issuer())
    }
}
