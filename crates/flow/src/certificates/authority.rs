//! A new authority: its key is made here and never leaves; a root, which may be anywhere, signs its request.

use std::sync::Arc;

use sekimori_base::{Fault, Sealed};
use sekimori_keys::{
    DeviceError, KeyDevice, KeyProfile, KeyRing, RsaBits, SignatureAlgorithm, Signer, SigningKey,
};
use sekimori_pki::{
    Authority, AuthorityError, AuthorityName, Certificate, CertificateMalformed, request_issuing,
};
use sekimori_store::{ChangeError, KeySet, KeyStanding, KeyStep, StoredKey, Write};

use super::{AUTHORITY_LINE, Beside, InDevice, key_binding, open_key};
use crate::Flow;
use crate::admin::By;
use crate::tenant::Tenant;

/// So often a change is tried again when somebody else changes keys at the same moment.
const TRIES: usize = 5;

const MAKING: &str = "making an authority's key";

/// What an authority's key is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuthorityPlan {
    /// ECDSA on P-256.
    P256,
    /// RSA of 3072 bits, where old devices need it.
    Rsa3072,
    /// The key with this label in the device of the node: ECDSA on P-256, made there if there is none.
    InDevice {
        /// The label of the key.
        label: String,
    },
}

/// The request of a new authority to its root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorityRequest {
    /// The name of its key.
    pub name: String,
    /// The request (DER).
    pub request: Vec<u8>,
    /// The device that its key is in; `None` = it lies sealed in the database.
    pub device: Option<InDevice>,
}

/// Why no key of a new authority is made.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    /// The settings of this node name no device.
    #[error(
        "this node has no token: name its module, label and PIN file under [pkcs11] of sekimori.toml"
    )]
    NoDevice,
    /// The device does not do it.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// It has the key of an authority that is here already.
    #[error(
        "the key {0} of the token belongs to an authority that is here already: take another label"
    )]
    Taken(String),
    /// Something of ours does not work.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// A key that waits for its certificate, and its request.
struct Waiting {
    stored: StoredKey,
    request: Vec<u8>,
    device: Option<InDevice>,
}

/// Why a signed authority is not taken.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    /// One of the two cannot be read.
    #[error(transparent)]
    Malformed(#[from] CertificateMalformed),
    /// No key waits for this certificate.
    #[error("no request of this server waits for this certificate")]
    NotAsked,
    /// The key and the certificate do not make an authority.
    #[error(transparent)]
    Authority(#[from] AuthorityError),
    /// The root is not one, or did not sign.
    #[error("the certificate is not signed by this root, or the root not by itself")]
    Root,
    /// The root's key is one of an authority of this server.
    #[error(
        "the root has the key of an authority that issues here: a root has a key of its own, kept elsewhere"
    )]
    OneKey,
    /// The certificate is over, or has not begun.
    #[error("the certificate is not valid now")]
    NotValid,
    /// Something of ours does not work.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl Flow {
    /// Make the key of a new authority and its request. A request that was made before and never signed is forgotten.
    pub async fn request_authority(
        &self,
        tenant: &Tenant,
        name: &AuthorityName,
        plan: AuthorityPlan,
        by: &By,
    ) -> Result<AuthorityRequest, RequestError> {
        let Waiting { stored, request, device } = match plan {
            AuthorityPlan::P256 => self.sealed_key(tenant, name, KeyProfile::Es256).await?,
            AuthorityPlan::Rsa3072 => {
                self.sealed_key(tenant, name, KeyProfile::Rs256(RsaBits::B3072)).await?
            }
            AuthorityPlan::InDevice { label } => self.device_key(name, label).await?,
        };
        let kid = stored.name.clone();
        if let Some(device) = device.as_ref().filter(|_| tenant.authorities.named(&kid).is_some()) {
            return Err(RequestError::Taken(device.label.clone()));
        }
        self.change_authorities(tenant, |standing| {
            let mut steps = remove_waiting(standing);
            steps.push(KeyStep::Put(stored.clone()));
            Ok(steps)
        })
        .await?;
        self.authority_line(tenant, "ca.requested", &kid, by).await?;
        Ok(AuthorityRequest { name: kid, request, device })
    }

    async fn sealed_key(
        &self,
        tenant: &Tenant,
        name: &AuthorityName,
        profile: KeyProfile,
    ) -> Result<Waiting, Fault> {
        let made = tokio::task::spawn_blocking(move || SigningKey::generate(profile));
        let key = Arc::new(made.await.map_err(Fault::while_doing(MAKING))??);
        let request = request_issuing(name, Arc::clone(&key) as Arc<dyn Signer>)?;
        let stored = self.waiting_key(tenant, &tenant.keys, &key, profile.algorithm())?;
        Ok(Waiting { stored, request, device: None })
    }

    async fn device_key(
        &self,
        name: &AuthorityName,
        label: String,
    ) -> Result<Waiting, RequestError> {
        let device = self.device.port().cloned().ok_or(RequestError::NoDevice)?;
        let name = name.clone();
        let making = tokio::task::spawn_blocking(move || {
            let (point, _) = device.take_or_make(&label)?;
            let there = InDevice::new(device.name(), &label, &point);
            let key = Arc::new(there.key(Some(&device))?);
            let kid = key.kid().to_owned();
            let request = request_issuing(&name, key)?;
            Ok::<_, RequestError>((there, kid, request))
        });
        let (there, kid, request) = making.await.map_err(Fault::while_doing(MAKING))??;
        let algorithm = SignatureAlgorithm::Es256.name().to_owned();
        let device = Some(there.clone());
        let beside = Beside { algorithm, certificates: None, root_list: None, device };
        let now = self.clock.now();
        let stored = StoredKey {
            line: AUTHORITY_LINE.to_owned(),
            name: kid,
            standing: KeyStanding::Next,
            moment: now,
            sealed: Sealed::from_bytes(Vec::new()),
            public: Some(beside.written()?),
            made_at: now,
        };
        Ok(Waiting { stored, request, device: Some(there) })
    }

    /// Take the certificate that a root made of the request. The authority issues from now on; the one before only
    /// answers for what it issued.
    pub async fn install_authority(
        &self,
        tenant: &Tenant,
        certificate: &[u8],
        root: &[u8],
        by: &By,
    ) -> Result<String, InstallError> {
        let (own, root) = (Certificate::read(certificate)?, Certificate::read(root)?);
        if !root.is_signed_by(&root) || !own.is_signed_by(&root) {
            return Err(InstallError::Root);
        }
        let root_key = root.key_name();
        let issuing = tenant.authorities.all().iter().map(|own| own.authority.certificate());
        if issuing.chain([&own]).any(|certificate| certificate.key_name() == root_key) {
            return Err(InstallError::OneKey);
        }
        let set = self.store.keys(tenant.id).await?;
        let device = self.device.port();
        let (stored, beside, authority) = waiting_for(tenant, &set, certificate, device)?;
        let now = self.clock.now();
        if !authority.is_valid(now) {
            return Err(InstallError::NotValid);
        }
        let encode = |one: &Certificate| data_encoding::BASE64.encode(one.der());
        let certificates = Some([encode(&own), encode(&root)]);
        let below = tenant.authorities.below(&root.key_name());
        let list = below.filter(|below| below.root == root).and_then(|one| one.root_list.as_ref());
        let root_list = list.map(|list| data_encoding::BASE64.encode(list.der()));
        let beside = Beside { certificates, root_list, ..beside };
        let active = StoredKey {
            standing: KeyStanding::Active,
            moment: now,
            public: Some(beside.written()?),
            made_at: now,
            ..stored.clone()
        };
        self.change_authorities(tenant, |standing| {
            if !standing.iter().any(|key| is_waiting(key) && key.name == stored.name) {
                return Err(Fault::new(
                    "taking an authority",
                    "its request was replaced meanwhile",
                ));
            }
            let mut steps = remove_waiting(standing);
            let former = standing.iter().filter(|key| key.standing == KeyStanding::Active);
            steps.extend(former.map(|key| KeyStep::Move {
                line: AUTHORITY_LINE.to_owned(),
                name: key.name.clone(),
                standing: KeyStanding::Retired,
                moment: now,
            }));
            steps.push(KeyStep::Put(active.clone()));
            Ok(steps)
        })
        .await?;
        self.authority_line(tenant, "ca.made", &stored.name, by).await?;
        Ok(stored.name)
    }

    pub(super) async fn authority_line(
        &self,
        tenant: &Tenant,
        event: &str,
        name: &str,
        by: &By,
    ) -> Result<(), Fault> {
        let now = self.clock.now();
        let mut line = by.line(now, event, None);
        line.details = serde_json::json!({ "authority": name }).to_string();
        let done = self.store.commit(tenant.id, now, vec![Write::Audit(Box::new(line))]).await;
        done.map(drop).map_err(Fault::while_doing("writing down a new authority"))
    }

    fn waiting_key(
        &self,
        tenant: &Tenant,
        ring: &KeyRing,
        key: &SigningKey,
        algorithm: SignatureAlgorithm,
    ) -> Result<StoredKey, Fault> {
        let sealed: Sealed<SigningKey> = ring
            .seal(&key_binding(tenant.id, key.kid()), key.to_pkcs8().expose(), &*self.entropy)
            .map_err(Fault::while_doing("sealing an authority's key"))?;
        let now = self.clock.now();
        let algorithm = algorithm.name().to_owned();
        let beside = Beside { algorithm, certificates: None, root_list: None, device: None };
        Ok(StoredKey {
            line: AUTHORITY_LINE.to_owned(),
            name: key.kid().to_owned(),
            standing: KeyStanding::Next,
            moment: now,
            sealed: Sealed::from_bytes(sealed.into_bytes()),
            public: Some(beside.written()?),
            made_at: now,
        })
    }

    /// Change the line of authorities; again on what is there now, if somebody else was first.
    pub(super) async fn change_authorities(
        &self,
        tenant: &Tenant,
        steps: impl Fn(&[&StoredKey]) -> Result<Vec<KeyStep>, Fault>,
    ) -> Result<(), Fault> {
        for _ in 0..TRIES {
            let set = self.store.keys(tenant.id).await?;
            let standing: Vec<&StoredKey> =
                set.keys.iter().filter(|key| key.line == AUTHORITY_LINE).collect();
            let steps = steps(&standing)?;
            match self.store.change_keys(tenant.id, set.version, steps).await {
                Ok(_) => return Ok(()),
                Err(ChangeError::Stale) => {}
                Err(ChangeError::Fault(fault)) => return Err(fault),
            }
        }
        Err(Fault::new("changing authorities", "the keys keep changing"))
    }
}

/// The key that waits for this certificate.
fn waiting_for(
    tenant: &Tenant,
    set: &KeySet,
    certificate: &[u8],
    device: Option<&Arc<dyn KeyDevice>>,
) -> Result<(StoredKey, Beside, Authority), InstallError> {
    for stored in set.keys.iter().filter(|key| is_waiting(key)) {
        let beside = Beside::read(stored)?;
        let key = open_key(tenant.id, stored, &beside, &tenant.keys, device)?;
        match Authority::open(certificate, key) {
            Ok(authority) => return Ok((stored.clone(), beside, authority)),
            Err(AuthorityError::OtherKey) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(InstallError::NotAsked)
}

fn is_waiting(key: &StoredKey) -> bool {
    key.line == AUTHORITY_LINE && key.standing == KeyStanding::Next
}

fn remove_waiting(standing: &[&StoredKey]) -> Vec<KeyStep> {
    let waiting = standing.iter().filter(|key| is_waiting(key));
    let remove = waiting
        .map(|key| KeyStep::Remove { line: AUTHORITY_LINE.to_owned(), name: key.name.clone() });
    remove.collect()
}
