//! What a run stands on: a folder with configuration, a database with people in it, keys and clients.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use sekimori_base::{Clock, NodeId};
use sekimori_credential::Argon2Cost;
use sekimori_flow::{Flow, FormerSecrets, Hashing, HashingSettings};
use sekimori_keys::{JwkSet, RootKeys, SignatureAlgorithm};
use sekimori_store::{Options, Place, Store};
use tempfile::TempDir;

use crate::Wrong;
use crate::arguments::{Arguments, Database};
use crate::browser::{Browser, Origin};
use crate::outside::{SystemClock, SystemEntropy};
use crate::people;
use crate::pin::Cores;
use crate::postgres::{Postgres, free_port, open_to_pass};
use crate::server::{Server, program};
use crate::service::{Client, REDIRECT_URI};

/// What every password costs: the default of the server's settings.
pub const COST: Argon2Cost = Argon2Cost { memory_kib: 19456, passes: 2, lanes: 1 };

/// The prepared place of a run.
pub struct World {
    /// Where the server is.
    pub origin: Origin,
    /// Its cores.
    pub cores: Cores,
    /// The URL of PostgreSQL, if the run is on it.
    pub postgres_url: Option<String>,
    /// What is said of the database in the report.
    pub database: String,
    /// From its start to its first login page, on an empty database.
    pub first_page_on_nothing: Duration,
    program: PathBuf,
    secrets: Secrets,
    // PostgreSQL stops before its folder goes.
    _postgres: Option<Postgres>,
    folder: TempDir,
}

/// Services beside the library that people go to. Nobody goes to one and the same service all the time, and the
/// server stops whoever seems to go in a circle.
const DEPARTMENTS: usize = 32;

struct Secrets {
    library: String,
    departments: Vec<String>,
    robot: String,
}

/// The clients of a run.
pub struct Clients {
    /// For people.
    pub library: Rc<Client>,
    /// More of the same.
    pub departments: Vec<Rc<Client>>,
    /// For itself.
    pub robot: Rc<Client>,
}

impl World {
    /// Configure, let the server make its database once, then fill it beside the server.
    pub async fn prepare(arguments: &Arguments, cores: Cores) -> Result<Self, Wrong> {
        let folder = TempDir::with_prefix("sekimori-bench-").map_err(Wrong::at("a folder"))?;
        open_to_pass(folder.path())?;
        let postgres = match arguments.database {
            Database::Sqlite => None,
            Database::Postgres => {
                let here = folder.path();
                Some(apart_from_runtime(|| Postgres::start(here, &cores))?)
            }
        };
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()?));
        let origin = Origin { address, issuer: format!("http://{address}").into() };
        let postgres_url = postgres.as_ref().map(|postgres| postgres.url.clone());
        configure(folder.path(), &origin, postgres_url.as_deref(), arguments.algorithm())?;
        let program = program(arguments.server.clone())?;
        let first = Server::start(&program, folder.path(), &origin, &cores).await?;
        let first_page_on_nothing = first.first_page;
        first.stop();
        let place = match &postgres_url {
            Some(url) => Place::Postgres { url: url.clone() },
            None => Place::Sqlite { path: folder.path().join("sekimori.db") },
        };
        let secrets = fill(&place, folder.path(), arguments.people).await?;
        let database = postgres.as_ref().map_or_else(
            || "SQLite, WAL, synchronous FULL".to_owned(),
            |found| format!("PostgreSQL {}, synchronous commit", found.version),
        );
        Ok(Self {
            origin,
            cores,
            postgres_url,
            database,
            first_page_on_nothing,
            program,
            secrets,
            _postgres: postgres,
            folder,
        })
    }

    /// Start the server on the filled database.
    pub async fn start(&self) -> Result<Server, Wrong> {
        Server::start(&self.program, self.folder.path(), &self.origin, &self.cores).await
    }

    /// The folder of the run.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The clients for people, and for themselves; asks the running server for its keys.
    pub async fn clients(&self, algorithm: SignatureAlgorithm) -> Result<Clients, Wrong> {
        let keys = Rc::new(self.keys().await?);
        let client = |id: String, secret: &String| {
            Rc::new(Client { id, secret: secret.clone(), algorithm, keys: Rc::clone(&keys) })
        };
        let departments = self.secrets.departments.iter().enumerate();
        Ok(Clients {
            library: client("library".to_owned(), &self.secrets.library),
            departments: departments.map(|(at, secret)| client(department(at), secret)).collect(),
            robot: client("robot".to_owned(), &self.secrets.robot),
        })
    }

    async fn keys(&self) -> Result<JwkSet, Wrong> {
        let mut browser = Browser::new(&self.origin, "10.0.0.1");
        browser.open("keys", "/oidc/jwks").await.map_err(Wrong::at("the server's keys"))?;
        JwkSet::parse(browser.page()).map_err(Wrong::at("the server's keys"))
    }
}

/// On a thread of its own: the work brings a small runtime, which may not run inside ours.
fn apart_from_runtime<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| match scope.spawn(work).join() {
        Ok(value) => value,
        Err(panic) => std::panic::resume_unwind(panic),
    })
}

/// The two files and the root key.
fn configure(
    folder: &Path,
    origin: &Origin,
    postgres: Option<&str>,
    algorithm: SignatureAlgorithm,
) -> Result<(), Wrong> {
    let node = node_file(origin, postgres)?;
    let site = site_file(origin, algorithm);
    let keys = RootKeys::generate(&SystemEntropy).to_file();
    let files = [
        ("sekimori.toml", node.as_str()),
        ("site.toml", site.as_str()),
        ("root.key", keys.expose().as_str()),
    ];
    for (name, text) in files {
        let mut options = fs::File::options();
        let file = options.write(true).create_new(true).mode(0o600).open(folder.join(name));
        let written = file.and_then(|mut file| file.write_all(text.as_bytes()));
        written.map_err(Wrong::at(name))?;
    }
    Ok(())
}

/// The node's file. Requests come through a proxy that states where people are, as in production.
fn node_file(origin: &Origin, postgres: Option<&str>) -> Result<String, Wrong> {
    let management = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()?));
    let database = match postgres {
        Some(url) => format!("postgres = \"{url}\""),
        None => "sqlite = \"sekimori.db\"".to_owned(),
    };
    Ok(format!(
        r#"key_file = "root.key"
site_file = "site.toml"

[listen]
address = "{address}"

[[proxy]]
addresses = ["127.0.0.1"]
header = "x-forwarded-for"

[management]
address = "{management}"
socket = "management.sock"

[database]
{database}
"#,
        address = origin.address,
    ))
}

fn department(number: usize) -> String {
    format!("department-{number}")
}

/// The site document: two networks, services for people and one for programs.
fn site_file(origin: &Origin, algorithm: SignatureAlgorithm) -> String {
    let mut site = organisation(origin);
    let departments = (0..DEPARTMENTS).map(department);
    for name in std::iter::once("library".to_owned()).chain(departments) {
        let _ = write!(
            site,
            r#"
[[service]]
name = "{name}"
title = {{ en = "Library", ja = "図書館" }}
[service.oidc]
redirect_uris = ["{REDIRECT_URI}"]
token_algorithm = "{algorithm}"
"#
        );
    }
    let _ = write!(
        site,
        r#"
[[service]]
name = "robot"
[service.oidc]
grants = ["client_credentials"]
access_token = "jwt"
token_algorithm = "{algorithm}"
"#
    );
    site
}

fn organisation(origin: &Origin) -> String {
    format!(
        r#"issuer = "{issuer}"
mail_domains = ["example.ac.jp"]

[organisation]
name = {{ en = "Example University", ja = "例示大学" }}

[[zone]]
name = "campus"
title = {{ en = "Campus network", ja = "学内ネットワーク" }}
ranges = ["10.0.0.0/8"]
inside = true
password_suffices = true

[[zone]]
name = "town"
title = {{ en = "Town", ja = "市内" }}
ranges = [{town}]
password_suffices = true
"#,
        issuer = origin.issuer,
        town = (20..100).map(|net| format!("\"{net}.0.0.0/8\"")).collect::<Vec<_>>().join(", "),
    )
}

/// People and client secrets, straight into the database.
async fn fill(place: &Place, folder: &Path, count: u64) -> Result<Secrets, Wrong> {
    let now = SystemClock.now();
    let options = Options::exclusive(NodeId::random(&SystemEntropy));
    let store = Store::open(place, &options).map_err(Wrong::at("the database"))?;
    let tenants = store.tenants().await.map_err(Wrong::at("the tenant"))?;
    let tenant = tenants.first().ok_or_else(|| Wrong::new("the server made no tenant"))?.id;
    let bar = bar(count);
    let seen = bar.clone();
    people::load(&store, tenant, now, COST, count, move |done| seen.set_position(done)).await?;
    bar.finish_and_clear();
    let file = folder.join("root.key");
    let text = fs::read_to_string(&file).map_err(Wrong::at(file.display()))?;
    let keys = RootKeys::parse(&text).map_err(Wrong::at(file.display()))?;
    let settings = HashingSettings {
        cost: Argon2Cost { memory_kib: 8, passes: 1, lanes: 1 },
        workers: 1,
        places: 1,
    };
    let hashing = Hashing::start(settings).map_err(Wrong::at("memory"))?;
    let (clock, entropy) = (Arc::new(SystemClock), Arc::new(SystemEntropy));
    let flow = Flow::new(store.clone(), keys, clock, entropy, hashing);
    let loaded = flow.load_tenant(tenant, now).await.map_err(Wrong::at("the tenant"))?;
    let loaded = loaded.ok_or_else(|| Wrong::new("the server applied no site document"))?;
    let secret = async |name: &str| {
        let made = flow.make_client_secret(&loaded, name, FormerSecrets::Keep).await;
        made.map(|secret| secret.expose().clone()).map_err(Wrong::at("a client's secret"))
    };
    let mut departments = Vec::new();
    for number in 0..DEPARTMENTS {
        departments.push(secret(&department(number)).await?);
    }
    let (library, robot) = (secret("library").await?, secret("robot").await?);
    store.close();
    Ok(Secrets { library, departments, robot })
}

/// On stderr, where somebody looks on.
fn bar(count: u64) -> ProgressBar {
    let bar = ProgressBar::new(count);
    if let Ok(style) = ProgressStyle::with_template("people {bar:40} {human_pos}/{human_len} {eta}")
    {
        bar.set_style(style);
    }
    bar
}
