//! Where a case runs, and the people in it.

use std::sync::atomic::{AtomicU64, Ordering};

use sekimori_base::{Bilingual, FactorId, Language, NodeId, PersonId, Sealed, TenantId, Timestamp};
use sekimori_directory::settings::ZoneName;
use sekimori_directory::{Binding, Method, Person, PersonState, Username};
use sekimori_login::{FactorState, Proof};
use sekimori_store::{
    CommitError, Conflict, Digest, NewFactor, NewGrant, NewPasskey, NewSession, Node, Options,
    Place, Receipt, Store, StoredPerson, Write,
};

/// A counter that is as good as chance for ids.
pub fn unique() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// Bytes that nothing else has in this process, evenly spread.
pub fn bytes<const N: usize>() -> [u8; N] {
    let mut state = unique().wrapping_mul(0x9E37_79B9_7F4A_7C15);
    std::array::from_fn(|_| {
        state ^= state >> 29;
        state = state.wrapping_mul(0xBF58_476D_1CE4_E5B9).wrapping_add(1);
        state.to_be_bytes()[0]
    })
}

/// The moment at which every case begins.
pub const NOW: Timestamp = Timestamp::from_unix_seconds(1_800_000_000);

/// An open store with one tenant.
pub struct World {
    pub store: Store,
    pub tenant: TenantId,
    pub place: Place,
    node: NodeId,
    _folder: Option<tempfile::TempDir>,
}

impl World {
    pub async fn at(place: Place, folder: Option<tempfile::TempDir>) -> Self {
        let node = NodeId::from_bytes(bytes());
        let store = Store::open(&place, &Options::serve(node)).unwrap();
        let tenant = store
            .ensure_tenant("login.example.ac.jp", NOW, TenantId::from_bytes(bytes()))
            .await
            .unwrap();
        Self { store, tenant, place, node, _folder: folder }
    }

    pub async fn memory() -> Self {
        Self::at(Place::SqliteMemory, None).await
    }

    pub async fn file() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sekimori.db");
        Self::at(Place::Sqlite { path }, Some(folder)).await
    }

    /// A database of its own on the server of `SEKIMORI_TEST_POSTGRES`.
    pub async fn postgres() -> Option<Self> {
        Some(Self::at(Self::empty_postgres().await?, None).await)
    }

    /// The same, with nothing in it.
    pub async fn empty_postgres() -> Option<Place> {
        let Ok(server) = std::env::var("SEKIMORI_TEST_POSTGRES") else {
            skipped();
            return None;
        };
        // Behind a pooler: `…/postgres?pooler=transaction`.
        let (server, query) = server.split_once('?').unwrap_or((&server, ""));
        let query = if query.is_empty() { String::new() } else { format!("?{query}") };
        let (client, connection) =
            tokio_postgres::connect(server, tokio_postgres::NoTls).await.unwrap();
        tokio::spawn(connection);
        let name = format!("contract_{}_{}", std::process::id(), unique());
        client.batch_execute(&format!("CREATE DATABASE {name}")).await.unwrap();
        let (before, _) = server.rsplit_once('/').unwrap();
        Some(Place::Postgres { url: format!("{before}/{name}{query}") })
    }
}

impl World {
    /// This node was seen at that moment.
    pub async fn seen(&self, at: Timestamp) {
        let node = Node { id: self.node, started_at: NOW, seen_at: at, known: String::new() };
        self.store.node_seen(node).await.unwrap();
    }

    /// Commit; refusals as an `Option`, faults as a panic.
    pub async fn commit(&self, writes: Vec<Write>) -> Result<Receipt, Conflict> {
        self.commit_at(NOW, writes).await
    }

    pub async fn commit_at(&self, now: Timestamp, writes: Vec<Write>) -> Result<Receipt, Conflict> {
        match self.store.commit(self.tenant, now, writes).await {
            Ok(receipt) => Ok(receipt),
            Err(CommitError::Conflict { conflict, .. }) => Err(conflict),
            Err(CommitError::Fault(fault)) => panic!("{fault}"),
        }
    }

    /// Somebody who is in the store.
    pub async fn somebody(&self, name: &str) -> Person {
        let person = person(name);
        let add =
            Write::PersonAdd { person: Box::new(person.clone()), password: Some("record".into()) };
        self.commit(vec![add]).await.unwrap();
        person
    }

    /// A factor that is ready.
    pub async fn factor(&self, person: PersonId, method: Method) -> FactorId {
        let factor = new_factor(person, method, FactorState::Ready);
        let id = factor.id;
        self.commit(vec![Write::FactorAdd(factor)]).await.unwrap();
        id
    }

    pub async fn stored(&self, person: PersonId) -> StoredPerson {
        self.store.person(self.tenant, NOW, person).await.unwrap().unwrap()
    }
}

pub fn sealed(text: &str) -> Sealed<[u8]> {
    Sealed::from_bytes(text.as_bytes().to_vec())
}

pub fn digest() -> Digest {
    Digest::from_bytes(bytes())
}

pub fn new_factor(person: PersonId, method: Method, state: FactorState) -> NewFactor {
    NewFactor {
        person,
        id: FactorId::from_bytes(bytes()),
        method,
        binding: Binding::Ticket,
        state,
        label: "phone".into(),
        secret: sealed("secret"),
        codes: if method == Method::RecoveryCode { 10 } else { 0 },
        passkey: (method == Method::Passkey)
            .then(|| NewPasskey { credential: digest(), counter: 3 }),
    }
}

pub fn new_session(person: PersonId, epoch: u64) -> NewSession {
    let zone = ZoneName::parse("campus").unwrap();
    NewSession {
        digest: digest(),
        id: sekimori_base::SessionId::from_bytes(bytes()),
        person,
        proofs: vec![Proof {
            person,
            method: Method::Password,
            factor: None,
            binding: None,
            at: NOW,
            zone: zone.clone(),
            user_verified: false,
        }],
        device: "Firefox on Linux".into(),
        zone,
        opened_at: NOW,
        expires_at: NOW.plus_seconds(3600),
        epoch,
    }
}

pub fn new_grant(person: PersonId) -> NewGrant {
    NewGrant {
        id: sekimori_base::GrantId::from_bytes(bytes()),
        person,
        client_id: "moodle".into(),
        session: None,
        payload: r#"{"scope":"openid"}"#.into(),
        expires_at: NOW.plus_seconds(86_400),
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.store.close();
    }
}

/// Past the test harness, which would swallow it: once.
fn skipped() {
    use std::io::Write as _;
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        let words = "\nSKIPPED: the PostgreSQL half (SEKIMORI_TEST_POSTGRES names no server)\n";
        std::io::stderr().write_all(words.as_bytes()).unwrap();
    });
}

/// Somebody.
pub fn person(name: &str) -> Person {
    Person {
        id: PersonId::from_bytes(bytes()),
        username: Username::parse(name).unwrap(),
        name: Bilingual::new(format!("Taro {name}"), "山田太郎"),
        mail: None,
        affiliations: std::collections::BTreeSet::default(),
        groups: std::collections::BTreeSet::default(),
        administrator: false,
        state: PersonState::ACTIVE,
        language: Language::Japanese,
        updated_at: NOW,
    }
}

/// Each case on all three.
macro_rules! cases {
    ($($name:ident;)*) => {
        mod on_sqlite_in_memory {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name($crate::world::World::memory().await).await;
            })*
        }
        mod on_an_sqlite_file {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name($crate::world::World::file().await).await;
            })*
        }
        mod on_postgresql {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                if let Some(world) = $crate::world::World::postgres().await {
                    super::$name(world).await;
                }
            })*
        }
    };
}
pub(crate) use cases;
