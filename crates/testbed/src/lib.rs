//! The whole server in one process: seeded, with a clock that can be moved, and with actors to drive it.
//!
//! [`Testbed`] is the server over a database in memory (or on disk, or PostgreSQL). [`Browser`] is a person's
//! browser: it keeps cookies, fills forms and presses buttons. [`Service`] is an OpenID Connect client that
//! believes nothing it has not verified. Every answer that a browser gets is checked for the headers and cookie
//! attributes that must always be there.
//!
//! Deliberately absent: sockets, processes, real time. Nothing of this belongs into production.

mod authenticator;
mod authority;
mod browser;
mod certificates;
mod chance;
mod elsewhere;
mod html;
mod mail;
mod people;
mod reasons;
mod seed;
mod service;
mod site;
mod tickets;

use std::sync::Arc;

use axum::Router;
use sekimori_base::{Clock, Entropy, NodeId, TenantId, Timestamp, random};
use sekimori_credential::Argon2Cost;
use sekimori_flow::admin::Told;
use sekimori_flow::{Flow, Hashing, HashingSettings, RecordedFacts, Tenant};
use sekimori_keys::RootKeys;
use sekimori_login::replay::{Replayed, replay};
use sekimori_store::{AuditEntry, AuditPlace, Checkpoint, Options, Store, Transactions};
use sekimori_web::App;

pub use authenticator::{Authenticator, Manner};
pub use browser::{Browser, Page, is_incident_code};
pub use certificates::CERTIFICATE_HOSTS;
pub use chance::{Seeded, TestClock};
pub use elsewhere::{Elsewhere, LIST_ADDRESS, Says};
pub use html::{Form, attribute, forms};
pub use mail::Delivery;
pub use people::{App as AuthenticatorApp, Someone};
pub use rcgen::ExtendedKeyUsagePurpose;
pub use sekimori_flow::RefusedRequest;
pub use sekimori_pki::RevocationReason;
pub use sekimori_pki::ocsp::CertificateStatus;
pub use sekimori_store::{CertificateSerial, Place, StoredFactor, Write};
pub use service::{Reply, Robot, Service, SignIn, Tokens};
pub use site::{HOST, Network, OTHER_HOST};

/// When the clock of every testbed begins.
pub const BEGINNING: Timestamp = Timestamp::from_unix_seconds(1_795_309_360);
/// What a hash costs in the testbed: next to nothing.
pub const COST: Argon2Cost = Argon2Cost { memory_kib: 64, passes: 1, lanes: 1 };

/// How a testbed is made.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Where the database is.
    pub place: Place,
    /// Places in the hash queue.
    pub places: usize,
    /// Seed of all chance.
    pub seed: u64,
    /// Hosts of its organisations: [`HOST`] first.
    pub hosts: &'static [&'static str],
}

impl Default for Plan {
    fn default() -> Self {
        Self { place: Place::SqliteMemory, places: 128, seed: 1, hosts: &[HOST] }
    }
}

/// An organisation of the testbed. All have equal names, clients and passwords, and nothing in common.
pub struct Organisation {
    /// Its host.
    pub host: &'static str,
    /// Its id.
    pub id: TenantId,
    people: Vec<Someone>,
    secrets: Vec<(String, String)>,
}

impl Organisation {
    /// Somebody by their user name.
    pub fn person(&self, name: &str) -> &Someone {
        self.people
            .iter()
            .find(|person| person.username == name)
            .unwrap_or_else(|| panic!("the testbed knows nobody called {name}"))
    }

    /// Everybody.
    pub fn people(&self) -> &[Someone] {
        &self.people
    }

    fn secret(&self, client_id: &str) -> Option<&str> {
        self.secrets.iter().find(|(id, _)| id == client_id).map(|(_, secret)| secret.as_str())
    }
}

/// The whole server. Cheap to clone: all clones are one server.
#[derive(Clone)]
pub struct Testbed(Arc<Parts>);

/// The parts of a [`Testbed`].
pub struct Parts {
    /// The use cases, as the server drives them.
    pub flow: Flow,
    /// The clock.
    pub clock: Arc<TestClock>,
    /// Chance.
    pub chance: Arc<Seeded>,
    router: Router,
    organisations: Vec<Organisation>,
    robot: Robot,
    node: NodeId,
}

impl std::ops::Deref for Testbed {
    type Target = Parts;
    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl Drop for Parts {
    fn drop(&mut self) {
        for (reason, ..) in self.flow.tally.counts() {
            reasons::decided(reason);
        }
    }
}

/// What something cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    /// Write transactions.
    pub writes: u64,
    /// Read transactions.
    pub reads: u64,
    /// Hashes.
    pub hashes: u64,
}

impl Testbed {
    /// A server over a database in memory.
    pub async fn start() -> Self {
        Self::with(Plan::default()).await
    }

    /// A server of two organisations with equal names, clients and passwords.
    pub async fn two() -> Self {
        Self::with(Plan { hosts: &[HOST, OTHER_HOST], ..Plan::default() }).await
    }

    /// A server by this plan.
    pub async fn with(plan: Plan) -> Self {
        let clock = Arc::new(TestClock::at(BEGINNING));
        let chance = Arc::new(Seeded::new(plan.seed));
        let node = NodeId::random(&*chance);
        let store = Store::open(&plan.place, &Options::serve(node)).expect("the database opens");
        let hashing =
            Hashing::start(HashingSettings { cost: COST, workers: 2, places: plan.places })
                .expect("there is memory for small hashes");
        let flow = Flow::new(
            store,
            RootKeys::generate(&*chance),
            Arc::clone(&clock) as Arc<dyn Clock>,
            Arc::clone(&chance) as Arc<dyn Entropy>,
            hashing,
            None,
        );
        let robot = Robot::new();
        let mut organisations = Vec::new();
        for host in plan.hosts {
            organisations.push(seed::organisation(&flow, &*chance, host, &robot, node).await);
        }
        let router = sekimori_web::router(App { flow: flow.clone(), demo: None });
        Self(Arc::new(Parts { flow, clock, chance, router, organisations, robot, node }))
    }

    /// The first organisation.
    pub fn first(&self) -> &Organisation {
        &self.organisations[0]
    }

    /// The second organisation, of a testbed that has [`Testbed::two`].
    pub fn second(&self) -> &Organisation {
        &self.organisations[1]
    }

    /// Somebody of the first organisation.
    pub fn person(&self, name: &str) -> &Someone {
        self.first().person(name)
    }

    /// A clean browser at the first organisation, coming from this network.
    pub fn browser(&self, network: Network) -> Browser {
        Browser::new(self.clone(), network)
    }

    /// A client of the first organisation.
    pub fn service(&self, name: &str) -> Service {
        self.service_of(self.first(), name)
    }

    /// A client of an organisation.
    pub fn service_of(&self, organisation: &Organisation, name: &str) -> Service {
        let secret = organisation.secret(name).map(str::to_owned);
        Service::new(self.clone(), organisation.host, organisation.id, name, secret)
    }

    /// The program that proves itself by its key.
    pub fn robot(&self) -> &Robot {
        &self.robot
    }

    /// Now.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Let time pass.
    pub fn wait(&self, seconds: i64) {
        self.clock.advance(seconds);
    }

    /// The first organisation as it runs.
    pub fn tenant(&self) -> Arc<Tenant> {
        self.flow.tenants.by_id(self.first().id).expect("the first organisation runs")
    }

    /// What all requests have cost so far.
    pub fn cost(&self) -> Cost {
        let Transactions { reads, writes } = self.flow.store.transactions();
        Cost { writes, reads, hashes: self.flow.hashing.hashed() }
    }

    /// What has been spent since `before`.
    pub fn cost_since(&self, before: Cost) -> Cost {
        let now = self.cost();
        Cost {
            writes: now.writes - before.writes,
            reads: now.reads - before.reads,
            hashes: now.hashes - before.hashes,
        }
    }

    /// Take new settings and keys at once, as every node does every two seconds.
    pub async fn keep(&self) {
        self.flow.keep(self.node, BEGINNING).await.expect("keeping works");
    }

    /// Change the first organisation's site document, and let it be taken.
    pub async fn change_site(&self, change: impl FnOnce(&mut sekimori_directory::Site)) {
        let tenant = self.tenant();
        let mut site = tenant.site.clone();
        change(&mut site);
        let store = &self.flow.store;
        store
            .apply_site(tenant.id, tenant.settings_version, &site, self.now(), "testbed")
            .await
            .expect("the settings are taken");
        self.keep().await;
    }

    /// Write something at the first organisation, as a help desk or an administrator would.
    pub async fn write(&self, writes: Vec<sekimori_store::Write>) {
        let store = &self.flow.store;
        store.commit(self.first().id, self.now(), writes).await.expect("the change is stored");
    }

    /// The line of an incident code at the first organisation.
    pub async fn incident(&self, code: &str) -> Option<AuditEntry> {
        self.flow.store.incident(self.first().id, code).await.expect("the database answers")
    }

    /// The audit of the first organisation as `audit export` writes it: what seals it, and all its lines.
    pub async fn exported(&self) -> Vec<(Told, String)> {
        let tenant = self.tenant();
        self.flow.seal_audit().await.expect("everything is sealed");
        let beginning = Timestamp::from_unix_millis(0);
        let seals = self.flow.seals_since(&tenant, beginning).await.expect("seals are read");
        let lines = self.flow.store.audit_since(tenant.id, AuditPlace::from(beginning), 1000).await;
        let seal = |seal: Checkpoint| (Told::Checkpoint(tenant.id, seal.body), String::new());
        let line = |entry: AuditEntry| (Told::read(&entry.text).expect("a line"), entry.text);
        let lines = lines.expect("the audit is read");
        seals.into_iter().map(seal).chain(lines.into_iter().map(line)).collect()
    }

    /// Whether the facts that were kept of a refusal lead to the reason that was given, when they are decided again.
    pub async fn replays(&self, incident: &str) -> bool {
        let entry = self.incident(incident).await.expect("the incident code was kept");
        let facts = entry.facts.expect("facts were kept");
        let recorded: RecordedFacts =
            serde_json::from_str(&facts.json).expect("recorded facts can be read");
        assert_eq!(entry.line.reason.as_deref(), Some(recorded.reason.code()));
        let recorded = recorded.with_policy(self.tenant().policy.clone());
        matches!(replay(&recorded), Replayed::Same(_))
    }

    /// Fresh random bytes of the testbed.
    pub fn chance<const N: usize>(&self) -> [u8; N] {
        random(&*self.chance)
    }
}
