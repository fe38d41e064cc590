//! The parts of the program, put together from the node's settings.

use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sekimori_base::{Fault, NodeId, TenantId, Timestamp};
use sekimori_config::node::{Database, Hashing as HashingKeys, Node};
use sekimori_credential::Argon2Cost;
use sekimori_directory::Site;
use sekimori_flow::{Flow, HashingSettings, Tenant};
use sekimori_keys::RootKeys;
use sekimori_store::{OpenError, Options, Place};

use crate::assembly::{Assembly, AssemblyError, Places};
use crate::checkpoints::CheckpointFile;
use crate::command::Failed;
use crate::console::note;
use crate::files;
use crate::outside::{SystemClock, SystemEntropy};
use crate::token;

/// For whom the program is put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To serve people.
    Serve,
    /// For one command, with the database to itself.
    Command,
}

/// The use cases over their database, and who this process is to other nodes.
#[derive(Clone)]
pub struct App {
    /// The use cases.
    pub flow: Flow,
    /// This start of this node.
    pub node: NodeId,
    /// Since when.
    pub started_at: Timestamp,
    /// The node's settings.
    pub settings: Arc<Node>,
    /// The file of the audit's checkpoints.
    pub checkpoints: Arc<CheckpointFile>,
}

impl App {
    /// Open database and keys; both are made if neither is there.
    pub async fn open(settings: &Node, purpose: Purpose) -> Result<Self, Failed> {
        key_file(settings)?;
        let places = Places {
            database: place(settings)?,
            key_file: settings.key_file.clone(),
            device: token::of(settings)?,
        };
        let hashing = hashing(&settings.hashing, purpose);
        let options = match purpose {
            Purpose::Serve => Options::serve,
            Purpose::Command => Options::exclusive,
        };
        let opening = tokio::task::spawn_blocking(move || {
            let (clock, entropy) = (Arc::new(SystemClock), Arc::new(SystemEntropy));
            Assembly::open(&places, hashing, options, clock, entropy)
        });
        let opened = opening.await.map_err(Failed::at("opening the database"))?;
        let remedy = fault_remedy(&settings.database);
        let opened = opened.map_err(|error| not_opened(error, remedy));
        let Assembly { flow, node, started_at } = opened?;
        let settings = Arc::new(settings.clone());
        let checkpoints = Arc::new(CheckpointFile::at(&settings.audit.checkpoint_file));
        let app = Self { flow, node, started_at, settings, checkpoints };
        app.keep().await.map_err(|failed| failed.or_remedy(remedy))?;
        Ok(app)
    }

    /// Take what has changed in the database.
    pub async fn keep(&self) -> Result<(), Failed> {
        let kept = self.flow.keep(self.node, self.started_at).await;
        kept.map_err(Failed::at("taking settings and keys from the database"))
    }

    /// The organisation that a command is about: the named one, or the only one.
    pub fn tenant(&self, host: Option<&str>) -> Result<Arc<Tenant>, Failed> {
        let all = self.flow.tenants.all();
        match (host, all.as_slice()) {
            (None, [only]) => Ok(Arc::clone(only)),
            (None, []) => Err(Failed::new("there are no site settings yet")
                .remedy("apply a site document: sekimori apply site.toml")),
            (None, several) => {
                let hosts: Vec<&str> = several.iter().map(|tenant| tenant.host()).collect();
                let which = Failed::new("there is more than one organisation here");
                Err(which.remedy(format!("name one: --tenant {}", hosts.join(" | "))))
            }
            (Some(host), all) => {
                let found = all.iter().find(|tenant| tenant.host() == host);
                found.cloned().ok_or_else(|| {
                    let hosts: Vec<&str> = all.iter().map(|tenant| tenant.host()).collect();
                    let unknown = Failed::new(format!("there is no organisation {host} here"));
                    unknown.remedy(format!("there are: {}", hosts.join(" | ")))
                })
            }
        }
    }

    /// The organisation that a site document is for: made if it is new.
    pub async fn tenant_of(&self, site: &Site) -> Result<TenantId, Failed> {
        let doing = "finding the organisation";
        let host = site.host();
        let standing = self.flow.store.tenants().await.map_err(Failed::at(doing))?;
        let declared = &self.settings.tenants;
        if declared.is_empty() {
            match standing.as_slice() {
                // Its issuer may change; it stays the same organisation.
                [only] => return Ok(only.id),
                [] => {}
                [_, _, ..] => {
                    let several = Failed::new("the database holds more than one organisation");
                    return Err(several.remedy("declare them in sekimori.toml: [[tenant]]"));
                }
            }
        } else if !declared.iter().any(|tenant| tenant.host == host) {
            let unknown =
                Failed::new(format!("no [[tenant]] of sekimori.toml has the host {host}"));
            return Err(unknown.remedy("declare it there, or correct the issuer"));
        }
        let now = self.flow.clock.now();
        self.flow.ensure_tenant(host, now).await.map_err(Failed::at("making the organisation"))
    }

    /// One round of checkpoints: sign what has changed in the audit, and bring the file up to date.
    pub async fn seal_audit(&self) -> Result<(), Fault> {
        self.flow.seal_audit().await?;
        self.checkpoints.bring(&self.flow).await
    }

    /// Leave the company of nodes and close the database.
    pub async fn close(self) {
        // What was written last is sealed as well; if that fails, the next start does it.
        match tokio::time::timeout(Duration::from_secs(5), self.seal_audit()).await {
            Ok(Ok(())) => {}
            Ok(Err(fault)) => {
                let error = &fault as &dyn std::error::Error;
                tracing::error!(target: "sekimori", error, "sealing the audit failed");
            }
            Err(_) => tracing::error!(target: "sekimori", "sealing the audit took too long"),
        }
        let forgotten = self.flow.clock.now().plus_seconds(-24 * 3600);
        let leaving = self.flow.store.node_gone(self.node, forgotten);
        // Other nodes stop waiting for this one after half a minute in any case.
        let _ = tokio::time::timeout(Duration::from_secs(2), leaving).await;
        let _ = tokio::task::spawn_blocking(move || self.flow.store.close()).await;
    }
}

/// That there is a database, for a command that makes none: in another folder it would look into an empty one.
pub fn stands(settings: &Node) -> Result<(), Failed> {
    match &settings.database {
        Database::Sqlite(path) if !path.exists() => {
            let missing = Failed::new(format!("there is no database {}", path.display()));
            Err(missing.remedy(
                "run it where sekimori.toml is, or name that file with --config; a new database begins \
                 with `sekimori apply site.toml` or `sekimori serve`",
            ))
        }
        Database::Sqlite(_) | Database::Postgres(_) | Database::PostgresFile(_) => Ok(()),
    }
}

/// Where the database is; its folder is made if need be.
pub fn place(settings: &Node) -> Result<Place, Failed> {
    Ok(match &settings.database {
        Database::Sqlite(path) => {
            same_owner(path)?;
            files::make_folder_of(path).map_err(Failed::at(path.display()))?;
            Place::Sqlite { path: path.clone() }
        }
        Database::Postgres(url) => Place::Postgres { url: vouched(url, settings) },
        Database::PostgresFile(path) => {
            let url = files::read_secret(path).map_err(Failed::at(path.display()))?;
            Place::Postgres { url: vouched(&url, settings) }
        }
    })
}

/// An address of PostgreSQL that names who vouches for its server.
fn vouched(url: &str, settings: &Node) -> String {
    let Some(file) = &settings.database_ca_file else { return url.to_owned() };
    let file: String =
        form_urlencoded::byte_serialize(file.as_os_str().as_encoded_bytes()).collect();
    let joint = if url.contains('?') { '&' } else { '?' };
    format!("{url}{joint}sslrootcert={file}")
}

/// Root can write a database of another user, but would leave files beside it that this user cannot.
fn same_owner(path: &Path) -> Result<(), Failed> {
    let Ok(found) = std::fs::metadata(path) else { return Ok(()) };
    let own = rustix::process::geteuid().as_raw();
    if found.uid() == own {
        return Ok(());
    }
    let other = Failed::new(format!("{} belongs to another user", path.display()));
    Err(other.remedy("run the command as that user; beside a running server root may ask it"))
}

/// The root key file is made with a new database only: without its own keys nothing in an old one can be opened, and
/// new keys would hide that.
fn key_file(settings: &Node) -> Result<(), Failed> {
    let path = settings.key_file.as_path();
    if let Some(warning) = files::unsafe_mode(path) {
        note(&format!("warning: {warning}"));
    }
    let is_new = match &settings.database {
        Database::Sqlite(database) => !database.exists(),
        Database::Postgres(_) | Database::PostgresFile(_) => false,
    };
    if is_new || path.exists() {
        return Ok(());
    }
    let missing = Failed::new(format!("there is no root key file {}", path.display()));
    Err(missing.remedy(
        "bring the one that the database was made with; for a new database: sekimori key root",
    ))
}

/// Make a root key file.
pub fn write_root_keys(path: &Path) -> Result<(), Failed> {
    let keys = RootKeys::generate(&SystemEntropy);
    let written = files::write_private(path, keys.to_file().expose().as_bytes());
    written.map_err(|error| {
        let there = error.kind() == std::io::ErrorKind::AlreadyExists;
        let failed = Failed::at(format!("making {}", path.display()))(error);
        if there {
            failed.remedy("a root key is never overwritten: what it sealed would be lost")
        } else {
            failed
        }
    })
}

/// What to do about a database that does not work.
const fn fault_remedy(database: &Database) -> &'static str {
    match database {
        Database::Sqlite(_) => {
            "if the file is damaged, move it out of the way and bring back a backup: sekimori restore"
        }
        Database::Postgres(_) | Database::PostgresFile(_) => {
            "see that PostgreSQL runs, and that [database] of sekimori.toml says where and as whom"
        }
    }
}

fn not_opened(error: AssemblyError, fault_remedy: &str) -> Failed {
    let failed = Failed::at::<AssemblyError>("opening database and keys");
    match &error {
        AssemblyError::Store(store) => match store {
            OpenError::InUse => failed(error).remedy("stop the other process, or wait for it"),
            OpenError::NeedsMigration { .. } => failed(error).remedy("sekimori migrate"),
            OpenError::TooNew { .. } => failed(error).remedy("use the newer program"),
            OpenError::Fault(_) => failed(error).remedy(fault_remedy),
            OpenError::NotEmpty | OpenError::BadBackup(_) => failed(error),
        },
        AssemblyError::KeyFile { .. } | AssemblyError::Memory(_) | AssemblyError::Fault(_) => {
            failed(error)
        }
    }
}

fn hashing(keys: &HashingKeys, purpose: Purpose) -> HashingSettings {
    let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let workers = match purpose {
        Purpose::Serve => keys.workers.map_or(processors, usize::from),
        Purpose::Command => 1,
    };
    let cost = Argon2Cost { memory_kib: keys.memory_kib, passes: keys.passes, lanes: keys.lanes };
    HashingSettings { cost, workers, places: workers + keys.queue as usize }
}
