//! A new authority: its key is made here and never leaves; a root, which may be anywhere, signs its request.

use std::sync::Arc;

use sekimori_base::{Fault, Sealed};
use sekimori_keys::{KeyProfile, KeyRing, RsaBits, SignatureAlgorithm, SigningKey};
use sekimori_pki::{
    Authority, AuthorityError, AuthorityName, Certificate, CertificateMalformed, request_issuing,
};
use sekimori_store::{ChangeError, KeySet, KeyStanding, KeyStep, StoredKey, Write};

use super::{AUTHORITY_LINE, Beside, key_binding, open_key};
use crate::Flow;
use crate::admin::By;
use crate::tenant::Tenant;

/// So often a change is tried again when somebody else changes keys at the same moment.
const TRIES: usize = 5;

/// What an authority's key is to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthorityPlan {
    /// ECDSA on P-256.
    P256,
    /// RSA of 3072 bits, where old devices need it.
    Rsa3072,
}

/// The request of a new authority to its root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorityRequest {
    /// The name of its key.
    pub name: String,
    /// The request (DER).
    pub request: Vec<u8>,
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
    ) -> Result<AuthorityRequest, Fault> {
        let profile = match plan {
            AuthorityPlan::P256 => KeyProfile::Es256,
            AuthorityPlan::Rsa3072 => KeyProfile::Rs256(RsaBits::B3072),
        };
        let made = tokio::task::spawn_blocking(move || SigningKey::generate(profile));
        let key = made.await.map_err(Fault::while_doing("making an authority's key"))??;
        let key = Arc::new(key);
        let request = request_issuing(name, Arc::clone(&key) as Arc<dyn sekimori_keys::Signer>)?;
        let put = self.waiting_key(tenant, &tenant.keys, &key, profile.algorithm())?;
        let kid = key.kid().to_owned();
        self.change_authorities(tenant, |standing| {
            let mut steps = remove_waiting(standing);
            steps.push(KeyStep::Put(put.clone()));
            Ok(steps)
        })
        .await?;
        self.authority_line(tenant, "ca.requested", &kid, by).await?;
        Ok(AuthorityRequest { name: kid, request })
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
        let set = self.store.keys(tenant.id).await?;
        let (stored, beside, authority) = waiting_for(tenant, &set, certificate)?;
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
        let beside =
            Beside { algorithm: algorithm.name().to_owned(), certificates: None, root_list: None };
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
) -> Result<(StoredKey, Beside, Authority), InstallError> {
    for stored in set.keys.iter().filter(|key| is_waiting(key)) {
        let beside = Beside::read(stored)?;
        let key = open_key(tenant.id, stored, &beside, &tenant.keys)?;
        match Authority::open(certificate, Arc::new(key)) {
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
