//! From places to a running flow: database, keys, hash workers, tenants.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use sekimori_base::{Clock, Entropy, Fault, NodeId, TenantId, Timestamp};
use sekimori_credential::MemoryError;
use sekimori_directory::settings::Site;
use sekimori_flow::{Flow, Hashing, HashingSettings};
use sekimori_keys::{KeyDevice, RootKeys};
use sekimori_store::{ChangeError, OpenError, Options, Place, Store};

use crate::files;

/// Where things are.
pub struct Places {
    /// The database.
    pub database: Place,
    /// The root key file; made if it is not there.
    pub key_file: PathBuf,
    /// Where keys of certificate authorities may be, if not in the database.
    pub device: Option<Arc<dyn KeyDevice>>,
}

/// Why the parts could not be put together.
#[derive(Debug, thiserror::Error)]
pub enum AssemblyError {
    /// The database.
    #[error(transparent)]
    Store(#[from] OpenError),
    /// The root key file.
    #[error("the root key file {}: {source}", path.display())]
    KeyFile {
        /// Which.
        path: PathBuf,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Memory for hashing.
    #[error(transparent)]
    Memory(#[from] MemoryError),
    /// Something of ours.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// The parts, put together.
pub struct Assembly {
    /// The use cases.
    pub flow: Flow,
    /// This start of this node.
    pub node: NodeId,
    /// When it started.
    pub started_at: Timestamp,
}

impl Assembly {
    /// Open the database, read or make the root keys, start the hash workers. Blocks.
    pub fn open(
        places: &Places,
        hashing: HashingSettings,
        options: impl FnOnce(NodeId) -> Options,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, AssemblyError> {
        let node = NodeId::random(&*entropy);
        let root_keys = root_keys(&places.key_file, &*entropy)?;
        if let Place::Sqlite { path } = &places.database {
            files::make_folder_of(path)
                .map_err(Fault::while_doing("making the folder of the database"))?;
        }
        let store = Store::open(&places.database, &options(node))?;
        let hashing = Hashing::start(hashing)?;
        let started_at = clock.now();
        let flow = Flow::new(store, root_keys, clock, entropy, hashing, places.device.clone());
        Ok(Self { flow, node, started_at })
    }

    /// Look at settings and keys once, before the first request.
    pub async fn look(&self) -> Result<(), Fault> {
        self.flow.keep(self.node, self.started_at).await
    }

    /// Give a site its tenant and keys, and apply its document if it has none yet.
    pub async fn first_site(&self, site: &Site, by: &str) -> Result<TenantId, Fault> {
        let now = self.flow.clock.now();
        let tenant = self.flow.ensure_tenant(site.host(), now).await?;
        if self.flow.store.site(tenant).await?.is_none() {
            match self.flow.store.apply_site(tenant, 0, site, now, by).await {
                Ok(_) | Err(ChangeError::Stale) => {}
                Err(ChangeError::Fault(fault)) => return Err(fault),
            }
        }
        self.look().await?;
        Ok(tenant)
    }
}

/// The root keys of the file; a new file, readable by its owner only, if there is none.
fn root_keys(path: &Path, entropy: &dyn Entropy) -> Result<RootKeys, AssemblyError> {
    let failed = |source: Box<dyn std::error::Error + Send + Sync>| AssemblyError::KeyFile {
        path: path.to_owned(),
        source,
    };
    if path.exists() {
        let text = files::read_secret(path).map_err(|error| failed(error.into()))?;
        return RootKeys::parse(&text).map_err(|error| failed(error.into()));
    }
    let keys = RootKeys::generate(entropy);
    files::make_folder_of(path).map_err(|error| failed(error.into()))?;
    files::write_private(path, keys.to_file().expose().as_bytes())
        .map_err(|error| failed(error.into()))?;
    Ok(keys)
}
