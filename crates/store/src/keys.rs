//! Sealed keys and which node knows them. What a key is, `keys` knows; here it is a row.

use sekimori_base::{Fault, NodeId, Sealed, TenantId, Timestamp};

use crate::Store;
use crate::database::{DatabaseError, call};
use crate::settings::ChangeError;
use crate::statement as sql;
use crate::value::Row;

/// Where a key stands. The words are those of `keys::KeyState`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyStanding {
    /// Known, not used yet.
    Next,
    /// Signs and seals.
    Active,
    /// Still verifies and opens.
    Retired,
}

impl KeyStanding {
    /// The word that is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Next => "next",
            Self::Active => "active",
            Self::Retired => "retired",
        }
    }

    fn parse(word: &str) -> Result<Self, DatabaseError> {
        [Self::Next, Self::Active, Self::Retired]
            .into_iter()
            .find(|standing| standing.as_str() == word)
            .ok_or(DatabaseError::Damaged("a key's state is unknown"))
    }
}

/// A key as it is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredKey {
    /// The line of keys that it belongs to: `data`, or an algorithm.
    pub line: String,
    /// Its name in the line: a version, or a key id.
    pub name: String,
    /// Where it stands.
    pub standing: KeyStanding,
    /// Since when, or until when.
    pub moment: Timestamp,
    /// The key, sealed.
    pub sealed: Sealed<[u8]>,
    /// Its public half as JSON, for signing keys.
    pub public: Option<String>,
    /// When it was made.
    pub made_at: Timestamp,
}

/// All keys of a tenant.
#[derive(Debug, Clone, PartialEq)]
pub struct KeySet {
    /// Raised by every change.
    pub version: u64,
    /// The keys, by line and age.
    pub keys: Vec<StoredKey>,
}

/// One step of a change of keys.
#[derive(Debug, Clone, PartialEq)]
pub enum KeyStep {
    /// A new key.
    Put(StoredKey),
    /// Another state.
    Move {
        /// Of which line.
        line: String,
        /// Which key.
        name: String,
        /// To which state.
        standing: KeyStanding,
        /// Since when, or until when.
        moment: Timestamp,
    },
    /// Forget a key.
    Remove {
        /// Of which line.
        line: String,
        /// Which key.
        name: String,
    },
}

/// A node that lives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Which start of which node.
    pub id: NodeId,
    /// Since when.
    pub started_at: Timestamp,
    /// Seen last.
    pub seen_at: Timestamp,
    /// The keys that it knows, as flow writes them.
    pub known: String,
}

impl Store {
    /// All keys of a tenant.
    pub async fn keys(&self, tenant: TenantId) -> Result<KeySet, Fault> {
        self.read("loading keys", move |transaction| {
            let calls = [
                call!(sql::TENANTS_VERSIONS, tenant.bytes()),
                call!(sql::KEYS_ALL, tenant.bytes()),
            ];
            let mut done = transaction.run_all(&calls)?;
            let keys = done.pop().unwrap_or_default().rows;
            let versions = done.pop().unwrap_or_default().rows.into_iter().next();
            let version = match versions {
                Some(mut row) => {
                    row.value()?;
                    row.natural()?
                }
                None => 0,
            };
            let keys = keys.into_iter().map(|mut row| key(&mut row)).collect::<Result<_, _>>()?;
            Ok(KeySet { version, keys })
        })
        .await
    }

    /// Do `steps`, if the set of keys is still at `expected`. Gives the new version.
    pub async fn change_keys(
        &self,
        tenant: TenantId,
        expected: u64,
        steps: Vec<KeyStep>,
    ) -> Result<u64, ChangeError> {
        self.write("changing keys", move |transaction| {
            let advance = call!(sql::KEYS_ADVANCE, tenant.bytes(), expected);
            if transaction.count(&advance)? == 0 {
                return Ok(Err(()));
            }
            for step in &steps {
                let t = tenant.bytes();
                let call = match step {
                    KeyStep::Put(key) => call!(
                        sql::KEYS_PUT,
                        t,
                        &key.line,
                        &key.name,
                        key.standing.as_str(),
                        key.moment,
                        &key.sealed,
                        key.public.as_ref(),
                        key.made_at
                    ),
                    KeyStep::Move { line, name, standing, moment } => {
                        call!(sql::KEYS_MOVE, standing.as_str(), *moment, t, line, name)
                    }
                    KeyStep::Remove { line, name } => call!(sql::KEYS_REMOVE, t, line, name),
                };
                if transaction.count(&call)? == 0 {
                    return Ok(Err(()));
                }
            }
            Ok(Ok(expected + 1))
        })
        .await?
        .map_err(|()| ChangeError::Stale)
    }

    /// This node lives and knows these keys.
    pub async fn node_seen(&self, node: Node) -> Result<(), Fault> {
        let call =
            call!(sql::NODES_SEEN, node.id.bytes(), node.started_at, node.seen_at, node.known);
        self.write_all("reporting this node", vec![call]).await
    }

    /// Nodes that were seen at `since` or later.
    pub async fn nodes(&self, since: Timestamp) -> Result<Vec<Node>, Fault> {
        self.read("loading nodes", move |transaction| {
            transaction
                .rows(&call!(sql::NODES_LIVE, since))?
                .iter_mut()
                .map(|row| {
                    Ok(Node {
                        id: NodeId::from_bytes(row.array()?),
                        started_at: row.moment()?,
                        seen_at: row.moment()?,
                        known: row.text()?,
                    })
                })
                .collect()
        })
        .await
    }

    /// This node stops; those not seen since `forgotten_before` are forgotten with it.
    pub async fn node_gone(&self, node: NodeId, forgotten_before: Timestamp) -> Result<(), Fault> {
        let call = call!(sql::NODES_GONE, node.bytes(), forgotten_before);
        self.write_all("taking leave", vec![call]).await
    }
}

fn key(row: &mut Row) -> Result<StoredKey, DatabaseError> {
    Ok(StoredKey {
        line: row.text()?,
        name: row.text()?,
        standing: KeyStanding::parse(&row.text()?)?,
        moment: row.moment()?,
        sealed: row.sealed()?,
        public: row.maybe_text()?,
        made_at: row.moment()?,
    })
}
