//! `sekimori.toml`: one node. Every key has a default; the file may be absent.

mod listen;
mod read;

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};

use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use toml::de::DeTable;

use crate::mistake::{Mistake, Report};
use crate::reader::Reader;
use crate::reference::{File, reference};

/// One node's settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Where browsers and services connect; at least one.
    pub listeners: Vec<Listener>,
    /// Where people present a certificate, on the certificate hosts of the site; `None` = nowhere.
    pub certificates: Option<Listener>,
    /// Reverse proxies whose word about a person's address is taken. Empty by default.
    pub proxies: Vec<Proxy>,
    /// Health, metrics and commands.
    pub management: Management,
    /// The database.
    pub database: Database,
    /// Who vouches for the PostgreSQL server's certificate; `None` = the system's authorities.
    pub database_ca_file: Option<PathBuf>,
    /// The root key file, the same on all nodes.
    pub key_file: PathBuf,
    /// Where keys of certificate authorities may be, if not in the database; `None` = nowhere else.
    pub pkcs11: Option<Pkcs11>,
    /// A site document to apply when the database holds none yet.
    pub site_file: Option<PathBuf>,
    /// Password hashing.
    pub hashing: Hashing,
    /// The mail server; without it, mail waits in the outbox.
    pub mail: Option<Smtp>,
    /// The audit.
    pub audit: Audit,
    /// Logs.
    pub log: Log,
    /// Organisations by host name; empty = one, whatever the host name.
    pub tenants: Vec<Tenant>,
}

/// One listener.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listener {
    /// Address and port.
    pub address: SocketAddr,
    /// What is spoken on it.
    pub transport: Transport,
    /// When declared, every connection begins with a PROXY protocol header, or is closed (S35).
    pub proxy_protocol: Option<ProxyProtocol>,
}

/// What is spoken on a listener.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Transport {
    /// HTTP in clear: on loopback, or behind a declared proxy.
    Plain,
    /// TLS.
    Tls(TlsFiles),
}

/// Certificate and key, PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate and its chain.
    pub certificate_file: PathBuf,
    /// Its private key.
    pub key_file: PathBuf,
}

/// A listener's declaration of the PROXY protocol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProxyProtocol {
    /// Peers that may connect; all others are closed.
    pub from: Vec<IpNet>,
}

/// A trusted reverse proxy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proxy {
    /// Its own addresses.
    pub addresses: Vec<IpNet>,
    /// The one header that it is known to write.
    pub header: ProxyHeader,
    /// It ends TLS on the certificate hosts and says in `Client-Cert` (RFC 9440) what was presented.
    pub client_cert: bool,
}

/// A header in which a proxy states the person's address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ProxyHeader {
    /// `X-Forwarded-For`.
    #[serde(rename = "x-forwarded-for")]
    XForwardedFor,
    /// `Forwarded` (RFC 7239).
    #[serde(rename = "forwarded")]
    Forwarded,
}

impl ProxyHeader {
    /// The header's name, lower case.
    pub const fn name(self) -> &'static str {
        match self {
            Self::XForwardedFor => "x-forwarded-for",
            Self::Forwarded => "forwarded",
        }
    }
}

/// The management listener and socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Management {
    /// Health and metrics.
    pub address: SocketAddr,
    /// Commands beside the running server.
    pub socket: PathBuf,
}

/// Which database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Database {
    /// The embedded one, in this file.
    Sqlite(PathBuf),
    /// PostgreSQL at this address, which holds no password.
    Postgres(String),
    /// PostgreSQL at the address in this file.
    PostgresFile(PathBuf),
}

/// A PKCS#11 token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pkcs11 {
    /// The module: a shared library.
    pub module: PathBuf,
    /// The label of the token.
    pub token: String,
    /// A file that holds its PIN.
    pub pin_file: PathBuf,
}

/// Argon2id and its workers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hashing {
    /// Memory of one hash, in KiB.
    pub memory_kib: u32,
    /// Passes over the memory.
    pub passes: u32,
    /// Lanes.
    pub lanes: u32,
    /// Hashes at the same time; `None` = one for each processor.
    pub workers: Option<u16>,
    /// Sign-ins that may wait for a worker.
    pub queue: u32,
}

/// The mail server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Smtp {
    /// Host name or address.
    pub host: String,
    /// Port.
    pub port: u16,
    /// How the connection is protected.
    pub tls: SmtpTls,
    /// Name and password; `None` = no sign-in.
    pub login: Option<SmtpLogin>,
    /// Asked when this one cannot be reached or does not answer in time.
    pub second: Option<Box<Smtp>>,
}

/// How the connection to the mail server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SmtpTls {
    /// Begins in clear, then must be upgraded (RFC 3207).
    #[default]
    Starttls,
    /// TLS from the first byte (RFC 8314).
    Implicit,
    /// In clear.
    None,
}

impl SmtpTls {
    /// The usual port.
    pub const fn default_port(self) -> u16 {
        match self {
            Self::Starttls => 587,
            Self::Implicit => 465,
            Self::None => 25,
        }
    }
}

/// The sign-in at the mail server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SmtpLogin {
    /// The name.
    pub user: String,
    /// A file that holds the password.
    pub password_file: PathBuf,
}

/// The audit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audit {
    /// The file that gets every signed checkpoint.
    pub checkpoint_file: PathBuf,
}

/// Logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Log {
    /// Their form.
    pub format: LogFormat,
    /// The least that is logged.
    pub level: LogLevel,
}

/// The form of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// One JSON object a line.
    #[default]
    Json,
    /// Lines for people.
    Text,
}

/// How much is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogLevel {
    /// Faults of ours.
    Error,
    /// What somebody should look at.
    Warn,
    /// The course of things.
    #[default]
    Info,
    /// Details.
    Debug,
    /// Everything.
    Trace,
}

impl LogLevel {
    /// The word, as in the file.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        }
    }
}

/// One organisation of several on this deployment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenant {
    /// The host name that it answers to, lower case.
    pub host: String,
    /// A site document to apply when the database holds none yet for it.
    pub site_file: Option<PathBuf>,
}

impl Listener {
    /// `[::]:443`, the default with TLS.
    pub const TLS_ADDRESS: SocketAddr =
        SocketAddr::new(std::net::IpAddr::V6(Ipv6Addr::UNSPECIFIED), 443);
    /// `127.0.0.1:8080`, the default without.
    pub const PLAIN_ADDRESS: SocketAddr =
        SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);
}

impl Default for Listener {
    fn default() -> Self {
        Self { address: Self::PLAIN_ADDRESS, transport: Transport::Plain, proxy_protocol: None }
    }
}

impl Default for Management {
    fn default() -> Self {
        Self {
            address: SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 9090),
            socket: "data/management.sock".into(),
        }
    }
}

impl Default for Database {
    fn default() -> Self {
        Self::Sqlite("data/sekimori.db".into())
    }
}

impl Default for Audit {
    fn default() -> Self {
        Self { checkpoint_file: "data/checkpoints.jsonl".into() }
    }
}

impl Default for Hashing {
    fn default() -> Self {
        Self { memory_kib: 19_456, passes: 2, lanes: 1, workers: None, queue: 1000 }
    }
}

impl Default for Node {
    fn default() -> Self {
        Self {
            listeners: vec![Listener::default()],
            certificates: None,
            proxies: Vec::new(),
            management: Management::default(),
            database: Database::default(),
            database_ca_file: None,
            key_file: "data/root.key".into(),
            pkcs11: None,
            site_file: None,
            hashing: Hashing::default(),
            mail: None,
            audit: Audit::default(),
            log: Log::default(),
            tenants: Vec::new(),
        }
    }
}

impl Node {
    /// The same node with relative paths beginning at `folder`.
    #[must_use]
    pub fn at(mut self, folder: &Path) -> Self {
        for path in self.paths_mut() {
            // An absolute path replaces the folder.
            *path = folder.join(&*path);
        }
        self
    }

    fn paths_mut(&mut self) -> Vec<&mut PathBuf> {
        let mut paths =
            vec![&mut self.key_file, &mut self.management.socket, &mut self.audit.checkpoint_file];
        paths.extend(&mut self.site_file);
        paths.extend(&mut self.database_ca_file);
        paths.extend(self.pkcs11.iter_mut().flat_map(|it| [&mut it.module, &mut it.pin_file]));
        match &mut self.database {
            Database::Sqlite(path) | Database::PostgresFile(path) => paths.push(path),
            Database::Postgres(_) => {}
        }
        for listener in self.listeners.iter_mut().chain(&mut self.certificates) {
            match &mut listener.transport {
                Transport::Tls(files) => {
                    paths.extend([&mut files.certificate_file, &mut files.key_file]);
                }
                Transport::Plain => {}
            }
        }
        let mut server = self.mail.as_mut();
        while let Some(Smtp { login, second, .. }) = server {
            paths.extend(login.as_mut().map(|login| &mut login.password_file));
            server = second.as_deref_mut();
        }
        let tenants = self.tenants.iter_mut();
        paths.extend(tenants.filter_map(|tenant| tenant.site_file.as_mut()));
        paths
    }
}

/// The node of a document, with warnings; or everything that is wrong with it.
pub fn parse(text: &str, file: &str) -> Result<(Node, Vec<Mistake>), Report> {
    let text = crate::within_bounds(text, file)?;
    let found = DeTable::parse_recoverable(text);
    let reader = Reader::new(file, text, reference(File::Node), &found);
    let node = read::node(reader.root(&found.0));
    reader.finish(Some(node))
}

/// All keys that a document is asked for.
#[cfg(test)]
pub(crate) fn asked(text: &str) -> std::collections::BTreeSet<String> {
    let found = DeTable::parse_recoverable(text);
    let reader = Reader::new("", text, reference(File::Node), &found);
    read::node(reader.root(&found.0));
    reader.asked()
}
