//! What a run stands on: a folder with configuration, a database with people in it, keys and clients.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use sekimori_base::{Clock, NodeId, TenantId};
use sekimori_credential::Argon2Cost;
use sekimori_flow::{Flow, FormerSecrets, Hashing, HashingSettings};
use sekimori_keys::{JwkSet, RootKeys, SignatureAlgorithm};
use sekimori_store::{Options, Place, Store};
use tempfile::TempDir;

use crate::Wrong;
use crate::arguments::{Arguments, Database, FlowName};
use crate::browser::{Browser, Origin};
use crate::outside::{SystemClock, SystemEntropy};
use crate::people;
use crate::pin::Cores;
use crate::postgres::{Postgres, free_port, open_to_pass};
use crate::presenting::{BELOW, Hosts};
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
    /// Where certificates are presented, if the run is about that.
    pub hosts: Option<Hosts>,
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
        let hosts = match arguments.flow {
            FlowName::Certificate => Some(Hosts::make(folder.path())?),
            _ => None,
        };
        let postgres_at = postgres_url.as_deref();
        let algorithm = arguments.algorithm();
        configure(folder.path(), &origin, postgres_at, algorithm, hosts.as_ref())?;
        let program = program(arguments.server.clone())?;
        let first = Server::start(&program, folder.path(), &origin, &cores).await?;
        let first_page_on_nothing = first.first_page;
        first.stop();
        let place = place(postgres_url.as_deref(), folder.path());
        let secrets = fill(&place, folder.path(), arguments.people).await?;
        let database = postgres.as_ref().map_or_else(
            || "SQLite, WAL, synchronous FULL".to_owned(),
            |found| format!("PostgreSQL {}, synchronous commit", found.version),
        );
        Ok(Self {
            origin,
            cores,
            postgres_url,
            hosts,
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

    /// What a command of the server's program prints, in the folder of the run.
    pub fn command(&self, words: &[&str]) -> Result<String, Wrong> {
        let doing = words.iter().take(2).copied().collect::<Vec<_>>().join(" ");
        let mut command = Command::new(&self.program);
        command.args(words).args(["--config", "sekimori.toml"]).current_dir(self.folder.path());
        let output = command.stdin(Stdio::null()).output().map_err(Wrong::at(&doing))?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        let (out, error) = (&output.stdout, &output.stderr);
        let said = [out.as_slice(), error.as_slice()].concat();
        Err(Wrong::new(format!("{doing}: {}", String::from_utf8_lossy(&said))))
    }

    /// The database, while no server is on it.
    pub async fn open(&self) -> Result<Open, Wrong> {
        open(&place(self.postgres_url.as_deref(), self.folder.path())).await
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
    hosts: Option<&Hosts>,
) -> Result<(), Wrong> {
    let [mut node, mut site] = [node_file(origin, postgres)?, site_file(origin, algorithm)];
    if let Some(hosts) = hosts {
        let address = hosts.address;
        let _ = write!(
            node,
            "\n[certificates]\naddress = \"{address}\"\ncertificate_file = \"hosts.pem\"\n\
             key_file = \"hosts.key\"\n"
        );
        let port = address.port();
        let _ = write!(site, "\n[certificates]\nhosts = [\"*.{BELOW}:{port}\"]\n");
    }
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

/// A database that no server is on.
pub struct Open {
    /// The database.
    pub store: Store,
    /// The one organisation in it.
    pub tenant: TenantId,
}

fn place(postgres: Option<&str>, folder: &Path) -> Place {
    match postgres {
        Some(url) => Place::Postgres { url: url.to_owned() },
        None => Place::Sqlite { path: folder.join("sekimori.db") },
    }
}

async fn open(place: &Place) -> Result<Open, Wrong> {
    let options = Options::exclusive(NodeId::random(&SystemEntropy));
    let store = Store::open(place, &options).map_err(Wrong::at("the database"))?;
    let tenants = store.tenants().await.map_err(Wrong::at("the tenant"))?;
    let tenant = tenants.first().ok_or_else(|| Wrong::new("the server made no tenant"))?.id;
    Ok(Open { store, tenant })
}

/// People and client secrets, straight into the database.
async fn fill(place: &Place, folder: &Path, count: u64) -> Result<Secrets, Wrong> {
    let now = SystemClock.now();
    let Open { store, tenant } = open(place).await?;
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
    let flow = Flow::new(store.clone(), keys, clock, entropy, hashing, None);
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
