//! Where a case runs, and the people in it.

use std::sync::atomic::{AtomicU64, Ordering};

use sekimori_base::{Bilingual, Language, NodeId, PersonId, TenantId, Timestamp};
use sekimori_directory::{Person, PersonState, Username};
use sekimori_store::{Options, Place, Store};

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
    _folder: Option<tempfile::TempDir>,
}

impl World {
    pub async fn at(place: Place, folder: Option<tempfile::TempDir>) -> Self {
        let options = Options::serve(NodeId::from_bytes(bytes()));
        let store = Store::open(&place, &options).unwrap();
        let tenant = store
            .ensure_tenant("login.example.ac.jp", NOW, TenantId::from_bytes(bytes()))
            .await
            .unwrap();
        Self { store, tenant, place, _folder: folder }
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
        let Ok(server) = std::env::var("SEKIMORI_TEST_POSTGRES") else {
            eprintln!("SKIPPED: PostgreSQL (SEKIMORI_TEST_POSTGRES names no server)");
            return None;
        };
        let (client, connection) =
            tokio_postgres::connect(&server, tokio_postgres::NoTls).await.unwrap();
        tokio::spawn(connection);
        let name = format!("contract_{}_{}", std::process::id(), unique());
        client.batch_execute(&format!("CREATE DATABASE {name}")).await.unwrap();
        let (before, _) = server.rsplit_once('/').unwrap();
        Some(Self::at(Place::Postgres { url: format!("{before}/{name}") }, None).await)
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.store.close();
    }
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
    ($($(#[$attribute:meta])* $name:ident;)*) => {
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
