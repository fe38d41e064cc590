//! Keeping tenants ready: their first keys, new settings and keys within seconds, rotation in its time.
//!
//! A key becomes active only when every live node has reported that it knows it; each node reports what it knows
//! with every round of keeping.

use std::collections::HashMap;
use std::sync::Arc;

use sekimori_base::{Fault, NodeId, Sealed, Secret, TenantId, Timestamp, base32, random};
use sekimori_keys::jws::JwsKey;
use sekimori_keys::rotation::{self, KeyChange, Spread, Standing};
use sekimori_keys::{
    Binding, DataKey, KeyProfile, KeyRing, KeyState, KeyVersion, KeyedDigest, Purpose, RsaBits,
    SignatureAlgorithm, Signer, SigningKey, SigningKeySet,
};
use sekimori_store::{ChangeError, KeySet, KeyStanding, KeyStep, Node, StoredKey};

use crate::Flow;
use crate::certificates::Authorities;
use crate::tenant::{CheckpointKeys, Tenant};

/// The line of data keys; signing keys stand in a line named after their algorithm.
pub const DATA_LINE: &str = "data";
/// The line of keys that sign checkpoints of the audit.
const CHECKPOINT_LINE: &str = "checkpoint";
/// The digests of a client's secrets stand in a line of this prefix and its `client_id`.
const CLIENT_LINES: &str = "client/";
/// A node that was not seen for so long does not hold up a rotation, in seconds.
const NODE_GONE_SECONDS: i64 = 30;
/// Algorithms that every tenant has a key of, with how their keys are made.
const PROFILES: [(&str, KeyProfile); 3] = [
    ("RS256", KeyProfile::Rs256(RsaBits::B2048)),
    ("ES256", KeyProfile::Es256),
    ("EdDSA", KeyProfile::EdDsa),
];
/// Signing keys: published an hour before use, used for 90 days, kept a day longer than any token.
const SIGNING_POLICY: rotation::Policy = rotation::Policy {
    publish_seconds: 3600,
    active_seconds: 90 * 24 * 3600,
    retain_seconds: 2 * 24 * 3600,
};
/// Data keys: rows hold digests under them, so they are kept for ever.
const DATA_POLICY: rotation::Policy = rotation::Policy {
    publish_seconds: 60,
    active_seconds: 365 * 24 * 3600,
    retain_seconds: i64::MAX,
};
/// The key of checkpoints: whoever keeps them elsewhere knows it, so it changes only when somebody asks, and it
/// is kept for ever.
const CHECKPOINT_POLICY: rotation::Policy =
    rotation::Policy { publish_seconds: 60, active_seconds: i64::MAX, retain_seconds: i64::MAX };

fn policy_of(line: &str) -> rotation::Policy {
    match line {
        DATA_LINE => DATA_POLICY,
        CHECKPOINT_LINE => CHECKPOINT_POLICY,
        _ => SIGNING_POLICY,
    }
}

/// From when on a key of this line that is published since then may be used, once every node has it.
pub fn usable_from(line: &str, published: Timestamp) -> Timestamp {
    published.plus_seconds(policy_of(line).publish_seconds)
}

impl Flow {
    /// The tenant of a site document's issuer, made if it is new, with keys.
    pub async fn ensure_tenant(&self, host: &str, now: Timestamp) -> Result<TenantId, Fault> {
        let fresh = TenantId::random(&*self.entropy);
        let tenant = self.store.ensure_tenant(host, now, fresh).await?;
        self.ensure_keys(tenant, now).await?;
        Ok(tenant)
    }

    /// One round of keeping: report this node, rotate what is due, take what has changed. Called every two
    /// seconds, and once before the first request.
    pub async fn keep(&self, node: NodeId, started_at: Timestamp) -> Result<(), Fault> {
        let now = self.clock.now();
        let mut ready = Vec::new();
        let mut known = Vec::new();
        for tenant in self.store.tenants().await? {
            let standing = self.tenants.by_id(tenant.id);
            let versions = self.store.versions(tenant.id).await?;
            let fresh = match standing {
                Some(standing)
                    if standing.settings_version == versions.site
                        && standing.keys_version == versions.keys =>
                {
                    Some(standing)
                }
                _ => self.load_tenant(tenant.id, now).await?.map(Arc::new),
            };
            if let Some(fresh) = fresh {
                self.keep_lists(&fresh).await?;
                known.push(format!("{}:{}", fresh.id, fresh.keys_version));
                ready.push(fresh);
            }
        }
        let changed = ready.iter().any(|tenant| {
            self.tenants.by_id(tenant.id).is_none_or(|standing| !Arc::ptr_eq(&standing, tenant))
        });
        if changed || ready.len() != self.tenants.all().len() {
            self.tenants.replace(ready);
        }
        let seen = Node { id: node, started_at, seen_at: now, known: known.join(" ") };
        self.store.node_seen(seen).await?;
        self.keep_faults().await;
        Ok(())
    }

    /// Rotate what is due in all tenants. Called once a minute.
    pub async fn rotate_due_keys(&self) -> Result<(), Fault> {
        let now = self.clock.now();
        for tenant in self.tenants.all() {
            self.rotate(tenant.id, now, None).await?;
        }
        Ok(())
    }

    /// Rotate one line of keys at once, as far as it may: publish the next key, or make it active.
    pub async fn rotate_line(&self, tenant: TenantId, line: &str) -> Result<(), Fault> {
        self.rotate(tenant, self.clock.now(), Some(line)).await
    }

    async fn rotate(
        &self,
        tenant: TenantId,
        now: Timestamp,
        at_once: Option<&str>,
    ) -> Result<(), Fault> {
        let set = self.store.keys(tenant).await?;
        let spread = self.spread(tenant, set.version, now).await?;
        let mut steps = Vec::new();
        for line in [DATA_LINE, CHECKPOINT_LINE].into_iter().chain(PROFILES.map(|(line, _)| line)) {
            let policy = policy_of(line);
            let policy = if at_once == Some(line) { policy.at_once() } else { policy };
            let keys: Vec<_> = set.keys.iter().filter(|key| key.line == line).collect();
            let standing: Vec<_> = keys
                .iter()
                .enumerate()
                .filter_map(|(index, key)| {
                    let state = KeyState::from_parts(key.standing.as_str(), key.moment)?;
                    Some(Standing { key: index, state, spread })
                })
                .collect();
            for change in rotation::plan(now, &standing, &policy) {
                steps.extend(self.step(tenant, &set, line, &keys, change, now)?);
            }
        }
        if steps.is_empty() {
            return Ok(());
        }
        match self.store.change_keys(tenant, set.version, steps).await {
            // Another node was first: it did the same.
            Ok(_) | Err(ChangeError::Stale) => Ok(()),
            Err(ChangeError::Fault(fault)) => Err(fault),
        }
    }

    fn step(
        &self,
        tenant: TenantId,
        set: &KeySet,
        line: &str,
        keys: &[&StoredKey],
        change: KeyChange<usize>,
        now: Timestamp,
    ) -> Result<Option<KeyStep>, Fault> {
        Ok(match change {
            KeyChange::Create(state) => {
                Some(KeyStep::Put(self.make_key(tenant, set, line, state, now)?))
            }
            KeyChange::Move(key, state) => keys.get(key).map(|stored| KeyStep::Move {
                line: line.to_owned(),
                name: stored.name.clone(),
                standing: standing(state),
                moment: state.moment(),
            }),
            KeyChange::Remove(key) => keys
                .get(key)
                .map(|stored| KeyStep::Remove { line: line.to_owned(), name: stored.name.clone() }),
        })
    }

    /// Whether every live node knows the present set of keys.
    async fn spread(
        &self,
        tenant: TenantId,
        version: u64,
        now: Timestamp,
    ) -> Result<Spread, Fault> {
        let nodes = self.store.nodes(now.plus_seconds(-NODE_GONE_SECONDS)).await?;
        let wanted = format!("{tenant}:{version}");
        let all = nodes.iter().all(|node| node.known.split(' ').any(|known| known == wanted));
        Ok(if all { Spread::Everywhere } else { Spread::Partial })
    }

    /// The first keys of a tenant, active at once: nothing was made before them.
    async fn ensure_keys(&self, tenant: TenantId, now: Timestamp) -> Result<(), Fault> {
        let set = self.store.keys(tenant).await?;
        if !set.keys.is_empty() {
            return Ok(());
        }
        let active = KeyState::Active { since: now };
        let data = self.make_key(tenant, &set, DATA_LINE, active, now)?;
        let with_data = KeySet { version: set.version, keys: vec![data.clone()] };
        let mut steps = vec![KeyStep::Put(data)];
        for line in PROFILES.map(|(line, _)| line).into_iter().chain([CHECKPOINT_LINE]) {
            let key = self.make_key(tenant, &with_data, line, active, now)?;
            steps.push(KeyStep::Put(key));
        }
        match self.store.change_keys(tenant, set.version, steps).await {
            Ok(_) | Err(ChangeError::Stale) => Ok(()),
            Err(ChangeError::Fault(fault)) => Err(fault),
        }
    }

    fn make_key(
        &self,
        tenant: TenantId,
        set: &KeySet,
        line: &str,
        state: KeyState,
        now: Timestamp,
    ) -> Result<StoredKey, Fault> {
        let doing = "making a key";
        let (name, sealed, public) = if line == DATA_LINE {
            let versions = set.keys.iter().filter(|key| key.line == DATA_LINE);
            let newest = versions.filter_map(|key| key.name.parse::<u32>().ok()).max();
            let version = KeyVersion(newest.unwrap_or(0) + 1);
            let key = DataKey::generate(&*self.entropy);
            let sealed = self.root_keys.seal_data_key(tenant, version, &key, &*self.entropy);
            (version.0.to_string(), Sealed::from_bytes(sealed.into_bytes()), None)
        } else if line == CHECKPOINT_LINE {
            let key = SigningKey::generate(KeyProfile::EdDsa)?;
            let sealed: Sealed<SigningKey> = self
                .ring(tenant, set)?
                .seal(
                    &checkpoint_binding(tenant, key.kid()),
                    key.to_pkcs8().expose(),
                    &*self.entropy,
                )
                .map_err(Fault::while_doing(doing))?;
            let public = serde_json::to_string(key.public()).map_err(Fault::while_doing(doing))?;
            (key.kid().to_owned(), Sealed::from_bytes(sealed.into_bytes()), Some(public))
        } else {
            let profile = PROFILES
                .into_iter()
                .find(|(name, _)| *name == line)
                .map(|(_, profile)| profile)
                .ok_or_else(|| Fault::new(doing, "an unknown line of keys"))?;
            let key = SigningKey::generate(profile)?;
            let ring = self.ring(tenant, set)?;
            let sealed = ring
                .seal_signing_key(tenant, &key, &*self.entropy)
                .map_err(Fault::while_doing(doing))?;
            let public = serde_json::to_string(key.public()).map_err(Fault::while_doing(doing))?;
            (key.kid().to_owned(), Sealed::from_bytes(sealed.into_bytes()), Some(public))
        };
        Ok(StoredKey {
            line: line.to_owned(),
            name,
            standing: standing(state),
            moment: state.moment(),
            sealed,
            public,
            made_at: now,
        })
    }

    /// The tenant as the database has it now; `None` while it has no settings.
    pub async fn load_tenant(&self, id: TenantId, now: Timestamp) -> Result<Option<Tenant>, Fault> {
        let Some(settings) = self.store.site(id).await? else { return Ok(None) };
        let set = self.store.keys(id).await?;
        let ring = self.ring(id, &set)?;
        let signing = self.signing(id, &set, &ring, now)?;
        let secrets = client_secrets(&set);
        let mut tenant =
            Tenant::new(id, settings.version, settings.site, Arc::new(ring), Arc::new(signing));
        if let (Some(before), Some(issuers)) =
            (self.tenants.by_id(id), Arc::get_mut(&mut tenant.issuers))
        {
            issuers.remember(&before.issuers);
        }
        tenant.keys_version = set.version;
        tenant.secrets = secrets;
        tenant.checkpoint_keys = checkpoint_keys(id, &set, &tenant.keys)?;
        tenant.authorities = Authorities::open(id, &set, &tenant.keys, &self.device);
        // Before anybody is served by it: without them no certificate of another authority counts.
        self.keep_lists(&tenant).await?;
        Ok(Some(tenant))
    }

    fn ring(&self, tenant: TenantId, set: &KeySet) -> Result<KeyRing, Fault> {
        let doing = "opening the data keys";
        let mut keys = Vec::new();
        for stored in set.keys.iter().filter(|key| key.line == DATA_LINE) {
            let version = stored.name.parse().map(KeyVersion).map_err(Fault::while_doing(doing))?;
            let state = KeyState::from_parts(stored.standing.as_str(), stored.moment)
                .ok_or_else(|| Fault::new(doing, "a key is in an unknown state"))?;
            let sealed = Sealed::from_bytes(stored.sealed.bytes().to_vec());
            let key = self
                .root_keys
                .open_data_key(tenant, version, &sealed)
                .map_err(Fault::while_doing(doing))?;
            keys.push((version, state, key));
        }
        KeyRing::new(keys).map_err(Fault::while_doing(doing))
    }

    fn signing(
        &self,
        tenant: TenantId,
        set: &KeySet,
        ring: &KeyRing,
        now: Timestamp,
    ) -> Result<SigningKeySet, Fault> {
        let doing = "opening the signing keys";
        let mut keys: Vec<(KeyState, Arc<dyn Signer>)> = Vec::new();
        for stored in set.keys.iter().filter(|key| is_signing(key)) {
            let state = KeyState::from_parts(stored.standing.as_str(), stored.moment)
                .ok_or_else(|| Fault::new(doing, "a key is in an unknown state"))?;
            let algorithm: SignatureAlgorithm =
                stored.line.parse().map_err(Fault::while_doing(doing))?;
            let sealed = Sealed::from_bytes(stored.sealed.bytes().to_vec());
            let key = ring
                .open_signing_key(tenant, algorithm, &stored.name, &sealed)
                .map_err(Fault::while_doing(doing))?;
            keys.push((state, Arc::new(key)));
        }
        Ok(SigningKeySet::new(now, keys))
    }

    /// Keep the digest of a fresh secret of a client, and forget the former ones if `replace` says so. The secret
    /// is returned once and stored nowhere.
    pub async fn make_client_secret(
        &self,
        tenant: &Tenant,
        client_id: &str,
        former: FormerSecrets,
    ) -> Result<Secret<String>, Fault> {
        let bits: [u8; 32] = random(&*self.entropy);
        let secret = data_encoding::BASE64URL_NOPAD.encode(&bits);
        let digest = crate::oidc::secret_digest(tenant, client_id, &secret);
        let line = format!("{CLIENT_LINES}{client_id}");
        let now = self.clock.now();
        // Somebody else may change keys at the same moment: then again, on what is there now.
        for _ in 0..5 {
            let set = self.store.keys(tenant.id).await?;
            let mut steps = Vec::new();
            if former == FormerSecrets::End {
                let old = set.keys.iter().filter(|key| key.line == line);
                steps.extend(
                    old.map(|key| KeyStep::Remove { line: line.clone(), name: key.name.clone() }),
                );
            }
            steps.push(KeyStep::Put(StoredKey {
                line: line.clone(),
                name: base32::encode(&random::<10>(&*self.entropy)),
                standing: KeyStanding::Active,
                moment: now,
                sealed: Sealed::from_bytes(digest.stored().to_vec()),
                public: None,
                made_at: now,
            }));
            match self.store.change_keys(tenant.id, set.version, steps).await {
                Ok(_) => return Ok(Secret::new(secret)),
                Err(ChangeError::Stale) => {}
                Err(ChangeError::Fault(fault)) => return Err(fault),
            }
        }
        Err(Fault::new("keeping a client's secret", "the keys keep changing"))
    }
}

/// An algorithm that every tenant signs with, and of which there is no active key here; `None` if all are there.
pub fn lacking_key(signing: &SigningKeySet) -> Option<&'static str> {
    let active = |name: &str| name.parse().ok().and_then(|algorithm| signing.active(algorithm));
    PROFILES.into_iter().map(|(name, _)| name).find(|name| active(name).is_none())
}

/// What becomes of the secrets that a client had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FormerSecrets {
    /// They stay good, so that the service can change over.
    Keep,
    /// They end at once.
    End,
}

/// The stored digests of the clients' secrets. They stand among the keys, so that every node takes a new one with
/// the next version of the keys.
fn client_secrets(set: &KeySet) -> HashMap<String, Vec<KeyedDigest>> {
    let mut secrets: HashMap<String, Vec<KeyedDigest>> = HashMap::new();
    for key in &set.keys {
        if let Some(client_id) = key.line.strip_prefix(CLIENT_LINES)
            && let Some(digest) = KeyedDigest::from_stored(key.sealed.bytes())
        {
            secrets.entry(client_id.to_owned()).or_default().push(digest);
        }
    }
    secrets
}

/// The keys of checkpoints, each bound to a purpose of its own: no key of tokens can stand in their place.
fn checkpoint_keys(
    tenant: TenantId,
    set: &KeySet,
    ring: &KeyRing,
) -> Result<CheckpointKeys, Fault> {
    let doing = "opening the keys of checkpoints";
    let mut keys = CheckpointKeys::default();
    for stored in set.keys.iter().filter(|key| key.line == CHECKPOINT_LINE) {
        let sealed: Sealed<SigningKey> = Sealed::from_bytes(stored.sealed.bytes().to_vec());
        let pkcs8 = ring
            .open(&checkpoint_binding(tenant, &stored.name), &sealed)
            .map_err(Fault::while_doing(doing))?;
        let key = SigningKey::from_pkcs8(SignatureAlgorithm::EdDsa, pkcs8.expose())
            .map_err(Fault::while_doing(doing))?;
        keys.known.push(key.public().clone());
        if stored.standing == KeyStanding::Active {
            keys.active = Some(Arc::new(JwsKey::new(Arc::new(key))));
        }
    }
    Ok(keys)
}

fn checkpoint_binding(tenant: TenantId, kid: &str) -> Binding<'_> {
    Binding::new(Purpose::AuditCheckpoint, tenant).about(kid.as_bytes())
}

fn is_signing(key: &StoredKey) -> bool {
    PROFILES.iter().any(|(line, _)| key.line == *line)
}

const fn standing(state: KeyState) -> KeyStanding {
    match state {
        KeyState::Next { .. } => KeyStanding::Next,
        KeyState::Active { .. } => KeyStanding::Active,
        KeyState::Retired { .. } => KeyStanding::Retired,
    }
}
