//! Keys of authorities in a device: where they are, and how the device fares.
//!
//! An authority whose key is in a device is opened without it, so that people sign in and certificates are judged
//! whatever becomes of it. Only issuing, new revocation lists and OCSP answers wait for it. A list that was signed is
//! kept, and served until it is over by nodes that cannot sign one.

use std::sync::{Arc, Mutex, PoisonError};

use data_encoding::BASE64;
use sekimori_base::{Fault, Timestamp};
use sekimori_keys::{DeviceError, DeviceKey, KeyDevice};
use sekimori_pki::presented::RevocationList;
use serde::{Deserialize, Serialize};

use super::Beside;
use crate::Flow;
use crate::tenant::Tenant;

/// A key in a device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InDevice {
    /// The label of the token.
    pub token: String,
    /// The label of the key in it.
    pub label: String,
    /// The point of its public half, in base 64.
    point: String,
}

impl std::fmt::Display for InDevice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} in the token {}", self.label, self.token)
    }
}

impl InDevice {
    pub(super) fn new(token: &str, label: &str, point: &[u8]) -> Self {
        let (token, label) = (token.to_owned(), label.to_owned());
        Self { token, label, point: BASE64.encode(point) }
    }

    /// Where a key of an authority is, by what stands beside it; `None` = sealed in its row.
    pub fn beside(public: &str) -> Option<Self> {
        let beside: Beside = serde_json::from_str(public).ok()?;
        beside.device
    }

    /// The key, whether or not its device is there.
    pub(super) fn key(&self, device: Option<&Arc<dyn KeyDevice>>) -> Result<DeviceKey, Fault> {
        let doing = "opening a key that is in a token";
        let point = BASE64.decode(self.point.as_bytes()).map_err(Fault::while_doing(doing))?;
        DeviceKey::new(device, &self.token, &self.label, &point).map_err(Fault::while_doing(doing))
    }
}

/// The device of this node, if it has one, and what was last known of it.
#[derive(Default)]
pub struct Device {
    port: Option<Arc<dyn KeyDevice>>,
    problem: Mutex<Option<DeviceError>>,
}

impl Device {
    /// The device that the settings of the node name.
    pub fn new(port: Option<Arc<dyn KeyDevice>>) -> Self {
        Self { port, problem: Mutex::default() }
    }

    /// It.
    pub fn port(&self) -> Option<&Arc<dyn KeyDevice>> {
        self.port.as_ref()
    }

    /// What kept it from signing when it was last looked at.
    pub fn problem(&self) -> Option<DeviceError> {
        self.problem.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// It was looked at. Gives what was known before.
    fn looked_at(&self, problem: Option<DeviceError>) -> Option<DeviceError> {
        let mut known = self.problem.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *known, problem)
    }
}

impl Flow {
    /// Look whether the keys of authorities that are in a device can sign, and tell a change in the log. Called every
    /// few seconds.
    pub async fn look_at_device(&self) -> Result<(), Fault> {
        let tenants = self.tenants.all();
        let own = tenants.iter().flat_map(|tenant| tenant.authorities.all());
        let wanted: Vec<InDevice> = own.filter_map(|own| own.device.clone()).collect();
        if wanted.is_empty() && self.device.port.is_none() {
            return Ok(());
        }
        let port = self.device.port.clone();
        let looking = tokio::task::spawn_blocking(move || looked(port.as_ref(), &wanted));
        let looked = looking.await.map_err(Fault::while_doing("looking at the token"))?;
        let problem = looked.err();
        let before = self.device.looked_at(problem.clone());
        match problem {
            Some(problem) if before.as_ref() != Some(&problem) => {
                let problem = problem.to_string();
                tracing::error!(
                    problem,
                    "no certificate, revocation list or OCSP answer can be signed with the token; sign-ins go on"
                );
            }
            None if before.is_some() => tracing::info!("the token can sign again"),
            Some(_) | None => {}
        }
        Ok(())
    }

    /// Keep a list that a device signed, for nodes that cannot.
    pub(super) async fn keep_signed_list(
        &self,
        tenant: &Tenant,
        authority: &str,
        list: Vec<u8>,
        now: Timestamp,
    ) -> Result<(), Fault> {
        let address = list_name(authority);
        // Only where there is a row is one written; the later list stays, whoever was first.
        self.store.claim_list(tenant.id, &address, now, now).await?;
        self.store.put_list(tenant.id, &address, now, list).await
    }

    /// The list that was last signed, if it is not over.
    pub(super) async fn signed_list(
        &self,
        tenant: &Arc<Tenant>,
        authority: &str,
        now: Timestamp,
    ) -> Result<Option<Vec<u8>>, Fault> {
        let doing = "reading a list that was signed before";
        let Some(list) = self.store.list(tenant.id, &list_name(authority)).await? else {
            return Ok(None);
        };
        let here = Arc::clone(tenant);
        let reading = tokio::task::spawn_blocking(move || {
            let read = RevocationList::read(&list, here.authorities.trust()?).ok()?;
            (now < read.next_update()).then_some(list)
        });
        reading.await.map_err(Fault::while_doing(doing))
    }
}

/// What the list of an authority is called among those that are fetched from elsewhere, none of whose addresses begins
/// so.
fn list_name(authority: &str) -> String {
    format!("{OWN_LISTS}{authority}")
}

/// How the names of our own lists begin.
pub(super) const OWN_LISTS: &str = "own:";

fn looked(device: Option<&Arc<dyn KeyDevice>>, wanted: &[InDevice]) -> Result<(), DeviceError> {
    let here = device.map(|device| device.name());
    let (own, others): (Vec<_>, Vec<_>) =
        wanted.iter().partition(|one| here == Some(one.token.as_str()));
    if let Some(device) = device {
        let mut labels: Vec<String> = own.into_iter().map(|one| one.label.clone()).collect();
        labels.sort();
        labels.dedup();
        device.look(&labels)?;
    }
    let Some(other) = others.first() else { return Ok(()) };
    let token = other.token.clone();
    Err(match here {
        Some(here) => DeviceError::OtherToken { token, here: here.to_owned() },
        None => DeviceError::NotHere { token },
    })
}
