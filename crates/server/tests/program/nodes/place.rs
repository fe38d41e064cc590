//! A site of one or two nodes: files, processes, people, and the database behind them.

use std::fmt::Write as _;
use std::fs::File;
use std::hash::{BuildHasher, RandomState};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use sekimori_base::Timestamp;
use sekimori_testbed::AuthenticatorApp;
use tempfile::TempDir;

use super::client::{Browser, CALLBACK};
use crate::ports::free;
use crate::{json, printed, program};

/// Services: a person that comes to one of them too often in a minute is stopped as a loop.
pub const SERVICES: usize = 12;
/// Everybody's first password.
pub const PASSWORD: &str = "seven quiet bridges in the morning";
/// A node that takes longer than this is not coming.
const PATIENCE: Duration = Duration::from_secs(30);

/// A folder with the settings of all nodes.
pub struct Place {
    folder: TempDir,
    issuer: String,
    listeners: Vec<[SocketAddr; 2]>,
    postgres: Option<String>,
    /// The port of the mail server.
    mail: Option<u16>,
}

/// Where browsers connect, and by which name.
#[derive(Clone)]
pub struct At {
    /// The node's own address.
    pub address: SocketAddr,
    issuer: String,
    folder: PathBuf,
}

/// A running node.
pub struct Node {
    process: Child,
    /// Where it is.
    pub at: At,
    /// From its start until it was ready.
    pub ready_after: Duration,
}

/// Some random bytes.
pub fn chance<const N: usize>() -> [u8; N] {
    std::array::from_fn(|_| RandomState::new().hash_one(N).to_le_bytes()[0])
}

/// A random number below `end`.
pub fn below(end: u64) -> u64 {
    u64::from_le_bytes(chance()) % end
}

/// What an app with this secret shows now.
pub fn code_now(secret: &str) -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let now = Timestamp::from_unix_seconds(now.as_secs().cast_signed());
    AuthenticatorApp::from_base32(secret).code(now)
}

/// Where the PostgreSQL of the tests is.
pub fn postgres() -> String {
    std::env::var("SEKIMORI_TEST_POSTGRES").expect("SEKIMORI_TEST_POSTGRES: see CONTRIBUTING.md")
}

/// Run SQL with PostgreSQL's own client.
fn psql(url: &str, sql: &str) -> String {
    let output = Command::new("psql").args(["-X", "-q", "-A", "-t", "-c", sql, url]).output();
    let output = output.expect("psql comes with PostgreSQL");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

impl Place {
    /// Settings for this many nodes on SQLite, or on a new database of the PostgreSQL at `server`.
    pub fn new(nodes: usize, server: Option<&str>, people: &[String]) -> Self {
        Self::with_mail(nodes, server, people, None)
    }

    /// The same, with codes by mail, which a mail server at this port takes.
    pub fn with_mail(
        nodes: usize,
        server: Option<&str>,
        people: &[String],
        mail: Option<u16>,
    ) -> Self {
        let postgres = server.map(|server| {
            let name: String =
                chance::<12>().iter().map(|byte| char::from(b'a' + byte % 26)).collect();
            psql(server, &format!("CREATE DATABASE {name}"));
            format!("{}/{name}", server.rsplit_once('/').unwrap().0)
        });
        let folder = tempfile::tempdir().unwrap();
        let listeners: Vec<_> = (0..nodes).map(|_| [free(), free()]).collect();
        let issuer = format!("http://localhost:{}", listeners[0][0].port());
        let place = Self { folder, issuer, listeners, postgres, mail };
        place.write_files(people);
        let folder = place.folder.path();
        if place.postgres.is_some() {
            printed(folder, &["key", "root", "--config", "node-0.toml"], 0);
        }
        printed(folder, &["apply", "site.toml", "--config", "node-0.toml"], 0);
        printed(folder, &["person", "import", "people.csv", "--yes", "--config", "node-0.toml"], 0);
        place
    }

    fn write_files(&self, people: &[String]) {
        let write = |name: &str, text: String| {
            std::fs::write(self.folder.path().join(name), text).unwrap();
        };
        let codes = "mail_domains = [\"example.ac.jp\"]\npolicy.mail_codes = true\n";
        let mut site = format!(
            "issuer = \"{}\"\n{}[organisation]\nname = \"Example University\"\n[[zone]]\n\
             name = \"campus\"\nranges = [\"10.0.0.0/8\"]\ninside = true\n\
             password_suffices = true\nmay_enrol = true\n",
            self.issuer,
            self.mail.map_or("", |_| codes)
        );
        for number in 0..SERVICES {
            let _ = write!(
                site,
                "[[service]]\nname = \"s{number}\"\n[service.oidc]\nauth = \"none\"\n\
                 redirect_uris = [\"{CALLBACK}\"]\n"
            );
        }
        write("site.toml", site);
        if let Some(url) = &self.postgres {
            // As over a network: under the name that the server's certificate is for.
            let url = url.replace("127.0.0.1", "db.example");
            write("postgres.url", format!("{url}?hostaddr=127.0.0.1"));
            let file = self.folder.path().join("postgres.url");
            let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
            std::fs::set_permissions(file, mode).unwrap();
        }
        for (number, [main, management]) in self.listeners.iter().enumerate() {
            let database = match &self.postgres {
                Some(_) => {
                    let certificate = self.sql("SHOW ssl_cert_file");
                    format!("postgres_file = \"postgres.url\"\nca_file = \"{certificate}\"")
                }
                None => "sqlite = \"data/sekimori.db\"".to_owned(),
            };
            write(
                &format!("node-{number}.toml"),
                format!(
                    "[listen]\naddress = \"{main}\"\n[[proxy]]\naddresses = [\"127.0.0.1\"]\n\
                     header = \"x-forwarded-for\"\n[management]\naddress = \"{management}\"\n\
                     socket = \"data/management-{number}.sock\"\n[database]\n{database}\n\
                     [hashing]\nmemory_kib = 7168\npasses = 1\n{}",
                    self.mail
                        .map_or(String::new(), |port| super::super::mail::settings("mail", port))
                ),
            );
        }
        let mut file = "username,password\n".to_owned();
        for name in people {
            let _ = writeln!(file, "{name},{PASSWORD}");
        }
        write("people.csv", file);
    }

    /// Start a node and wait until it is ready.
    pub fn start(&self, number: usize) -> Node {
        let [address, management] = self.listeners[number];
        let settings = format!("node-{number}.toml");
        let log = self.folder.path().join(format!("node-{number}.log"));
        let log = File::options().create(true).append(true).open(log).unwrap();
        let (issuer, folder) = (self.issuer.clone(), self.folder.path().to_owned());
        let at = At { address, issuer, folder };
        let begun = Instant::now();
        let process = program(self.folder.path())
            .args(["serve", "--config", &settings])
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut node = Node { process, at, ready_after: Duration::ZERO };
        while !ready(management) {
            let ended = node.process.try_wait().unwrap();
            assert!(
                ended.is_none() && begun.elapsed() < PATIENCE,
                "node {number} is not ready, {ended:?}: {}",
                self.log(number)
            );
            std::thread::sleep(Duration::from_millis(5));
        }
        node.ready_after = begun.elapsed();
        node
    }

    fn log(&self, number: usize) -> String {
        let path = self.folder.path().join(format!("node-{number}.log"));
        std::fs::read_to_string(path).unwrap_or_default()
    }

    /// Under which name browsers know it.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Where its files are.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// What a command beside the running node 0 prints.
    pub fn command(&self, arguments: &[&str]) -> String {
        let arguments = [arguments, &["--config", "node-0.toml"]].concat();
        printed(self.folder.path(), &arguments, 0)
    }

    /// What a command beside the running node 0 says as JSON.
    pub fn json(&self, arguments: &[&str]) -> serde_json::Value {
        let arguments = [arguments, &["--json", "--config", "node-0.toml"]].concat();
        json(self.folder.path(), &arguments)
    }

    /// Run SQL on the database behind the nodes.
    pub fn sql(&self, sql: &str) -> String {
        psql(self.postgres.as_deref().expect("on PostgreSQL"), sql)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if std::thread::panicking() {
            for number in 0..self.listeners.len() {
                let log = self.log(number);
                let lines: Vec<_> = log.lines().rev().take(20).collect();
                eprintln!("node {number}:\n{}", lines.join("\n"));
            }
        }
    }
}

fn ready(management: SocketAddr) -> bool {
    use std::io::{Read as _, Write as _};
    let mut answer = String::new();
    if let Ok(mut socket) = TcpStream::connect(management) {
        let request = "GET /health/ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        let _ = socket.write_all(request.as_bytes());
        let _ = socket.read_to_string(&mut answer);
    }
    answer.starts_with("HTTP/1.1 200")
}

impl At {
    /// A fresh browser there.
    pub fn browser(&self, from: &'static str) -> Browser {
        Browser::new(self.address, &self.issuer, from)
    }

    /// What the help desk does for somebody who has to wait. The server may be killed meanwhile.
    pub fn unlock(&self, name: &str) {
        let arguments = ["person", "unlock", name, "--config", "node-0.toml"];
        program(&self.folder).args(arguments).output().unwrap();
    }
}

impl Node {
    /// SIGKILL.
    pub fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
