//! A running server: its listeners, its socket, its end.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use super::ports::free;
use super::{folder, json, printed, program};

pub struct Server {
    folder: TempDir,
    process: Child,
    pub main: SocketAddr,
    pub management: SocketAddr,
}

/// The answer to a request; empty if nobody answers.
pub fn get(address: SocketAddr, path: &str) -> String {
    let mut answer = String::new();
    if let Ok(mut socket) = TcpStream::connect(address) {
        let request =
            format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        let _ = socket.write_all(request.as_bytes());
        let _ = socket.read_to_string(&mut answer);
    }
    answer
}

fn configure(folder: &Path, (main, management): (SocketAddr, SocketAddr), more: &str) {
    let settings = format!(
        "[listen]\naddress = \"{main}\"\n[management]\naddress = \"{management}\"\n\
         [hashing]\nworkers = 1\n{more}"
    );
    std::fs::write(folder.join("sekimori.toml"), settings).unwrap();
    printed(folder, &["apply", "site.toml"], 0);
}

impl Server {
    pub fn start(more: &str) -> Self {
        Self::prepared(more, |_| {})
    }

    /// A server in whose folder something was put before.
    pub fn prepared(more: &str, prepare: impl FnOnce(&Path)) -> Self {
        let folder = folder();
        prepare(folder.path());
        let (main, management) = (free(), free());
        configure(folder.path(), (main, management), more);
        let log = std::fs::File::create(folder.path().join("log")).unwrap();
        Self::of(folder, (main, management), log.into())
    }

    /// A server that writes its log to a pipe that nobody reads.
    fn unread(more: &str) -> Self {
        let folder = folder();
        let (main, management) = (free(), free());
        configure(folder.path(), (main, management), more);
        Self::of(folder, (main, management), Stdio::piped())
    }

    fn of(folder: TempDir, (main, management): (SocketAddr, SocketAddr), log: Stdio) -> Self {
        let process = program(folder.path()).arg("serve").stderr(log).stdout(Stdio::null()).spawn();
        let server = Self { folder, process: process.unwrap(), main, management };
        server.until("ready", || get(management, "/health/ready").contains("\"ok\""));
        server
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(self.path().join("log")).unwrap_or_default()
    }

    pub fn until(&self, what: &str, reached: impl Fn() -> bool) {
        let begin = Instant::now();
        while !reached() {
            assert!(begin.elapsed() < Duration::from_secs(20), "not {what}: {}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub fn tell(&self, signal: Signal) {
        let id = i32::try_from(self.process.id()).unwrap();
        kill_process(Pid::from_raw(id).unwrap(), signal).unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn commands_beside_a_running_server_go_through_its_socket() {
    let server = Server::start("");
    let socket = server.path().join("data/management.sock");
    assert_eq!(std::fs::metadata(&socket).unwrap().permissions().mode() & 0o777, 0o600);
    printed(server.path(), &["person", "add", "taro"], 0);
    let shown = json(server.path(), &["person", "export", "taro", "--json"]);
    let by = shown["history"][0]["line"]["by"].as_str().unwrap();
    assert!(by.starts_with("os:"), "{by}");
    let service = ["service", "add", "blog", "--redirect-uri", "https://blog.example/cb", "--yes"];
    printed(server.path(), &service, 0);
    let history = json(server.path(), &["export", "--history", "--json"]);
    assert_eq!(history[0]["version"], 2);
    // Without its socket the database is out of reach: the server has it.
    std::fs::remove_file(&socket).unwrap();
    let text = printed(server.path(), &["person", "show", "taro"], 3);
    assert!(text.contains("in use"), "{text}");
}

#[test]
fn imports_wait_while_the_hash_queue_is_full() {
    let server = Server::start("queue = 1\n");
    let password = "correct horse battery";
    let imports = ["a", "b", "c", "d"].map(|name| {
        let file = format!("{name}.csv");
        let rows = format!("username,password\n{name}1,{password}\n{name}2,{password}\n");
        std::fs::write(server.path().join(&file), rows).unwrap();
        let arguments = ["person", "import", &file, "--yes", "--json"];
        program(server.path()).args(arguments).stdout(Stdio::piped()).spawn().unwrap()
    });
    for import in imports {
        let output = import.wait_with_output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(text.contains("\"done\": true"), "{text}");
    }
}

#[test]
fn health_and_metrics_are_on_a_listener_of_their_own() {
    let server = Server::start("");
    assert!(get(server.main, "/.well-known/openid-configuration").contains("200 OK"));
    for path in ["/health/started", "/health/live", "/health/ready"] {
        assert!(get(server.management, path).contains("200 OK"), "{path}");
        assert!(!get(server.main, path).contains("200 OK"), "{path}");
    }
    let metrics = get(server.management, "/metrics");
    assert!(metrics.contains("sekimori_audit_checkpoint_age_seconds "), "{metrics}");
    let wanted = r#"route="/.well-known/openid-configuration",method="GET",status="200"} 1"#;
    assert!(metrics.contains(wanted), "{metrics}");
}

#[test]
fn a_stop_finishes_what_is_in_flight_and_says_so_first() {
    let mut server = Server::start("");
    let mut busy = TcpStream::connect(server.main).unwrap();
    let request = "POST /oidc/token HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\
                   Content-Type: application/x-www-form-urlencoded\r\n\r\n";
    busy.write_all(request.as_bytes()).unwrap();
    std::thread::sleep(Duration::from_millis(200));
    server.tell(Signal::TERM);
    server.until("unready", || get(server.management, "/health/ready").contains("draining"));
    server.until("closed", || TcpStream::connect(server.main).is_err());
    busy.write_all(b"grant_type").unwrap();
    let mut answer = String::new();
    busy.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 4"), "{answer}");
    assert_eq!(server.process.wait().unwrap().code(), Some(0), "{}", server.log());
    assert!(!server.path().join("data/management.sock").exists());
    printed(server.path(), &["audit", "verify"], 0);
}

#[test]
fn a_hangup_looks_at_the_settings_at_once_and_ends_nothing() {
    let mut server = Server::start("");
    server.tell(Signal::HUP);
    server.until("asked", || server.log().contains("asked for by SIGHUP"));
    assert!(get(server.management, "/health/ready").contains("\"ok\""));
    assert!(server.process.try_wait().unwrap().is_none(), "{}", server.log());
    server.tell(Signal::TERM);
    assert_eq!(server.process.wait().unwrap().code(), Some(0), "{}", server.log());
}

#[test]
fn logs_are_json_and_hold_no_query() {
    let server = Server::start("[log]\nlevel = \"debug\"\n");
    get(server.main, "/login?r=very-secret-text");
    server.until("logged", || server.log().contains("\"/login\""));
    let log = server.log();
    assert!(!log.contains("very-secret-text"), "{log}");
    let line = log.lines().find(|line| line.contains("\"/login\"")).unwrap();
    let line: serde_json::Value = serde_json::from_str(line).unwrap();
    assert_eq!(line["span"]["trace"].as_str().unwrap().len(), 32, "{line}");
    assert_eq!(line["route"], "/login");
}

#[test]
fn a_log_that_nobody_reads_holds_up_nobody() {
    let mut server = Server::unread("[log]\nlevel = \"trace\"\n");
    let begin = Instant::now();
    // A pipe takes 64 KB, a line is a quarter of a KB, and two thousand lines may wait.
    for _ in 0..4000 {
        assert!(get(server.main, "/login").starts_with("HTTP/1.1 "));
    }
    assert!(begin.elapsed() < Duration::from_mins(1), "{:?}", begin.elapsed());
    assert!(get(server.management, "/health/ready").contains("\"ok\""));
    server.tell(Signal::TERM);
    let patience = Instant::now() + Duration::from_secs(20);
    while server.process.try_wait().unwrap().is_none() {
        assert!(Instant::now() < patience, "it does not end");
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(server.process.wait().unwrap().code(), Some(0));
}

#[test]
fn a_listener_that_cannot_be_opened_is_named() {
    let server = Server::start("");
    let second = folder();
    let settings = format!("[listen]\naddress = \"{}\"\n", server.main);
    std::fs::write(second.path().join("sekimori.toml"), settings).unwrap();
    printed(second.path(), &["apply", "site.toml"], 0);
    let text = printed(second.path(), &["serve"], 3);
    assert!(text.contains(&server.main.to_string()), "{text}");
}
