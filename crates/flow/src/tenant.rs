//! Tenants as they run: settings, zones, policy and keys of one organisation, ready to be asked.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use sekimori_base::{TenantId, Timestamp};
use sekimori_credential::passkey::RelyingParty;
use sekimori_directory::settings::{CertificateHosts, Service, ServiceName, Site, ZoneName};
use sekimori_directory::{Client, NetworkMap, Position, PositionOrigin};
use sekimori_keys::jws::JwsKey;
use sekimori_keys::{Jwk, KeyRing, KeyedDigest, SigningKeySet};
use sekimori_login::{Policy, ServiceFacts};

use crate::certificates::{Authorities, Issuers};

/// One organisation, ready to be asked. Replaced as a whole when its settings or keys change.
pub struct Tenant {
    /// Which.
    pub id: TenantId,
    /// The version of the site document.
    pub settings_version: u64,
    /// The site document.
    pub site: Site,
    /// The policy of it.
    pub policy: Policy,
    /// The zones of it.
    pub networks: NetworkMap,
    /// Keys that seal and digest.
    pub keys: Arc<KeyRing>,
    /// Keys that sign tokens.
    pub signing: Arc<SigningKeySet>,
    /// The version of the set of keys.
    pub keys_version: u64,
    /// The stored digests of the clients' secrets, by `client_id`.
    pub secrets: HashMap<String, Vec<KeyedDigest>>,
    /// Keys of the audit's checkpoints.
    pub checkpoint_keys: CheckpointKeys,
    /// What passkeys are bound to; none where browsers know no passkeys (the issuer is an address, not a name).
    pub relying_party: Option<Arc<RelyingParty>>,
    /// Authorities that issue certificates, or did.
    pub authorities: Arc<Authorities>,
    /// Other authorities whose certificates are taken.
    pub issuers: Arc<Issuers>,
    /// Where people present a certificate to sign in; none where nobody does.
    pub certificates: Option<CertificateHosts>,
}

/// Keys that sign checkpoints of the audit, and nothing else.
#[derive(Clone, Default)]
pub struct CheckpointKeys {
    /// The one that signs now.
    pub active: Option<Arc<JwsKey>>,
    /// The public keys of all that ever signed.
    pub known: Vec<Jwk>,
}

impl Tenant {
    /// How long a wrong password is held before it is answered: an imported hash is checked at its own cost, a name
    /// that nobody bears against a decoy, and the clock must not tell which.
    pub fn wrong_password_held(&self) -> Duration {
        Duration::from_millis(u64::from(self.site.password.wrong_password_millis))
    }

    /// The tenant of a site document and its keys.
    pub fn new(
        id: TenantId,
        settings_version: u64,
        site: Site,
        keys: Arc<KeyRing>,
        signing: Arc<SigningKeySet>,
    ) -> Self {
        let policy = Policy::of(&site);
        let networks = NetworkMap::new(&site.zones, &site.relays);
        let relying_party = relying_party(&site).map(Arc::new);
        let certificates = site.certificates.hosts.clone();
        let issuers = crate::certificates::others::open(id, &site);
        Self {
            id,
            settings_version,
            site,
            policy,
            networks,
            keys,
            signing,
            keys_version: 0,
            secrets: HashMap::new(),
            checkpoint_keys: CheckpointKeys::default(),
            relying_party,
            authorities: Arc::default(),
            issuers,
            certificates,
        }
    }

    /// The issuer of all tokens: `https://login.example.ac.jp`.
    pub fn issuer(&self) -> &str {
        &self.site.issuer
    }

    /// `host[:port]` of the issuer.
    pub fn host(&self) -> &str {
        self.site.host()
    }

    /// Whether browsers reach us by TLS; only then cookies can be `Secure`.
    pub fn is_https(&self) -> bool {
        self.site.issuer.starts_with("https://")
    }

    /// Facts of a service; the portal is one of ours and is always there.
    pub fn service_facts(&self, name: &ServiceName) -> ServiceFacts {
        let service = self.site.service(name);
        ServiceFacts {
            name: name.clone(),
            disabled: service.map_or(*name != ServiceName::portal(), |service| service.disabled),
            groups: service.map(|service| service.groups.clone()).unwrap_or_default(),
        }
    }

    /// The service with its OpenID Connect part, by `client_id`.
    pub fn client(&self, client_id: &str) -> Option<(&Service, &Client)> {
        self.site.client(client_id)
    }

    /// The names (DER) of the authorities whose certificates are taken, for browsers to choose by. RFC 8446, 4.2.4
    pub fn certificate_issuers(&self, now: Timestamp) -> Vec<Vec<u8>> {
        let own = self.authorities.all().iter();
        let own = own.map(|own| own.authority.certificate().subject_der());
        own.chain(self.issuers.names(now)).collect()
    }

    /// The position of an address.
    pub fn position(&self, address: Option<std::net::IpAddr>, origin: PositionOrigin) -> Position {
        self.networks.position(address, origin)
    }

    /// Any place of the zone, as if somebody were there; a zone that the site does not know is outside.
    pub fn somewhere_in(&self, zone: &ZoneName) -> Position {
        self.site
            .zone(zone)
            .map_or_else(|| self.position(None, PositionOrigin::Unstated), Position::somewhere_in)
    }
}

/// What passkeys of the site are bound to.
fn relying_party(site: &Site) -> Option<RelyingParty> {
    let (_, rest) = site.issuer.split_once("://")?;
    let host = rest.rsplit_once(':').map_or(rest, |(host, _)| host);
    let id = site.passkeys.relying_party.as_deref().unwrap_or(host);
    let name = &site.organisation.name;
    let name = if name.en.is_empty() { &name.ja } else { &name.en };
    RelyingParty::new(id, &site.issuer, name).ok()
}

/// All tenants of the deployment, by host name. Reading costs no lock.
#[derive(Default)]
pub struct Tenants(ArcSwap<Hosts>);

#[derive(Default)]
struct Hosts {
    by_host: HashMap<String, Arc<Tenant>>,
    only: Option<Arc<Tenant>>,
}

impl Tenants {
    /// Take a new set of tenants.
    pub fn replace(&self, tenants: Vec<Arc<Tenant>>) {
        let only = match tenants.as_slice() {
            [one] => Some(Arc::clone(one)),
            _ => None,
        };
        let by_host =
            tenants.into_iter().map(|tenant| (tenant.host().to_owned(), tenant)).collect();
        self.0.store(Arc::new(Hosts { by_host, only }));
    }

    /// The tenant of a `Host` header; where there is only one, it answers to every name.
    pub fn by_host(&self, host: &str) -> Option<Arc<Tenant>> {
        let hosts = self.0.load();
        // Case does not matter in a host name (RFC 9110, 4.2.3); browsers send lower case.
        hosts
            .by_host
            .get(host)
            .or_else(|| hosts.by_host.get(&host.to_ascii_lowercase()))
            .or(hosts.only.as_ref())
            .cloned()
    }

    /// The tenant whose certificates are presented on that host, a name without a port.
    pub fn by_certificate_host(&self, host: &str) -> Option<Arc<Tenant>> {
        let hosts = self.0.load();
        let here = |tenant: &&Arc<Tenant>| {
            tenant.certificates.as_ref().is_some_and(|hosts| hosts.holds(host))
        };
        hosts.by_host.values().find(here).cloned()
    }

    /// The tenant of that id.
    pub fn by_id(&self, id: TenantId) -> Option<Arc<Tenant>> {
        self.0.load().by_host.values().find(|tenant| tenant.id == id).cloned()
    }

    /// All tenants.
    pub fn all(&self) -> Vec<Arc<Tenant>> {
        self.0.load().by_host.values().cloned().collect()
    }
}
