//! `sekimori demo`: what somebody finds who tries it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Stdio};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::certificates::content;
use super::ports::free;
use super::{printed, program};

struct Demo {
    process: Child,
    ready: String,
    port: u16,
}

impl Demo {
    /// Start it in a folder; it is ready when it has printed `last`.
    fn start(folder: &Path, arguments: &[&str], last: &str) -> Self {
        let port = free().port();
        let chosen = !arguments.iter().any(|argument| argument.starts_with("--port"));
        let log = std::fs::File::create(folder.join("log")).unwrap();
        let mut process = program(folder)
            .args(["demo", "--dir", "."])
            .args(arguments)
            .args(chosen.then(|| format!("--port={port}")))
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut ready = String::new();
        for line in BufReader::new(process.stdout.take().unwrap()).lines() {
            ready.push_str(&line.unwrap());
            ready.push('\n');
            if ready.contains(last) {
                break;
            }
        }
        assert!(
            ready.contains(last),
            "{ready}{}",
            std::fs::read_to_string(folder.join("log")).unwrap()
        );
        Self { process, ready, port }
    }

    fn json(folder: &Path) -> (Self, Value) {
        let demo = Self::start(folder, &["--json"], "}\n");
        let value = serde_json::from_str(&demo.ready).unwrap();
        (demo, value)
    }

    fn ask(&self, host: &str, request: &str) -> String {
        let address: SocketAddr = format!("{host}:{}", self.port).parse().unwrap();
        let mut socket = TcpStream::connect(address).unwrap();
        socket.write_all(request.as_bytes()).unwrap();
        let mut answer = Vec::new();
        socket.read_to_end(&mut answer).unwrap();
        String::from_utf8_lossy(&answer).into_owned()
    }

    fn get(&self, host: &str, path: &str) -> String {
        let port = self.port;
        self.ask(
            host,
            &format!("GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n\r\n"),
        )
    }
}

/// What a browser that prefers Japanese gets at an address that the demo has named.
fn in_japanese(address: &str) -> String {
    let (host, path) = address.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let mut socket = TcpStream::connect(host).unwrap();
    let head = format!("GET /{path} HTTP/1.1\r\nHost: {host}\r\nAccept-Language: ja\r\n");
    socket.write_all(format!("{head}Connection: close\r\n\r\n").as_bytes()).unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).unwrap();
    answer
}

impl Drop for Demo {
    fn drop(&mut self) {
        let id = i32::try_from(self.process.id()).unwrap();
        let _ = kill_process(Pid::from_raw(id).unwrap(), Signal::TERM);
        let _ = self.process.wait();
    }
}

#[test]
fn the_first_client_gets_tokens_signed_with_es256_for_itself() {
    let folder = tempfile::tempdir().unwrap();
    let (demo, ready) = Demo::json(folder.path());
    let client = &ready["clients"][0];
    let word = |name: &str| client[name].as_str().unwrap();
    let basic = STANDARD.encode(format!("{}:{}", word("client_id"), word("client_secret")));
    let (port, form) = (demo.port, "grant_type=client_credentials");
    let answer = demo.ask(
        "127.0.0.1",
        &format!(
            "POST /oidc/token HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n\
             Authorization: Basic {basic}\r\nContent-Length: {}\r\n\
             Content-Type: application/x-www-form-urlencoded\r\n\r\n{form}",
            form.len()
        ),
    );
    let body = answer.split_once("\r\n\r\n").unwrap().1;
    let body: Value = serde_json::from_str(body).unwrap_or_else(|_| panic!("{answer}"));
    let header = body["access_token"].as_str().unwrap().split('.').next().unwrap();
    let header: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).unwrap()).unwrap();
    assert_eq!(header["alg"], "ES256");
    let log = std::fs::read_to_string(folder.path().join("log")).unwrap();
    let line: Value = serde_json::from_str(log.lines().next().unwrap()).unwrap();
    assert_eq!(line["level"], "INFO", "{log}");
}

#[test]
fn localhost_is_there_in_both_families_and_shows_what_the_apps_show() {
    let folder = tempfile::tempdir().unwrap();
    let (demo, _) = Demo::json(folder.path());
    let mut hosts = vec!["127.0.0.1"];
    if TcpListener::bind("[::1]:0").is_ok() {
        hosts.push("[::1]");
    }
    for host in hosts {
        let page = demo.get(host, "/demo/codes");
        let code = page.split("<code class=\"secret\">").nth(1).unwrap_or_else(|| panic!("{page}"));
        assert!(code[..6].bytes().all(|byte| byte.is_ascii_digit()), "{page}");
        assert!(page.contains("hanako") && page.contains("<svg class=\"qr\""), "{page}");
    }
}

#[test]
fn nobody_has_mail_before_somebody_does_something() {
    let folder = tempfile::tempdir().unwrap();
    let (demo, _) = Demo::json(folder.path());
    // Longer than the pause between two looks into the outbox.
    std::thread::sleep(std::time::Duration::from_millis(1500));
    let page = demo.get("127.0.0.1", "/demo/mails");
    assert!(page.contains("Nothing yet"), "{page}");
}

#[test]
fn a_kept_demo_keeps_the_site_that_somebody_changed() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    drop(Demo::json(folder));
    let site = printed(folder, &["export"], 0).replace("Demo University", "University of Mine");
    std::fs::write(folder.join("site.toml"), site).unwrap();
    printed(folder, &["apply", "site.toml", "--yes"], 0);
    let (demo, ready) = Demo::json(folder);
    assert!(demo.get("127.0.0.1", "/demo/mails").contains("University of Mine"));
    let site = printed(folder, &["export"], 0);
    assert!(
        site.contains("University of Mine") && site.contains(ready["issuer"].as_str().unwrap())
    );
    assert!(site.contains(ready["clients"][0]["redirect_uris"][0].as_str().unwrap()), "{site}");
}

#[test]
fn what_the_demo_names_is_where_it_listens() {
    let folder = tempfile::tempdir().unwrap();
    for arguments in [["--json", "--port=0"], ["--json", "--address=127.0.0.2"]] {
        let demo = Demo::start(folder.path(), &arguments, "}\n");
        let ready: Value = serde_json::from_str(&demo.ready).unwrap();
        let (portal, mail) = (ready["portal"].as_str().unwrap(), ready["mail"].as_str().unwrap());
        assert!(in_japanese(portal).starts_with("HTTP/1.1 303 "), "{portal}");
        assert!(in_japanese(mail).contains("送信メール"), "{mail}");
    }
    // Its mail is on a page: nobody is warned that there is no server for it.
    let log = std::fs::read_to_string(folder.path().join("log")).unwrap();
    assert!(!log.contains("no mail server"), "{log}");
}

#[test]
fn the_sample_service_speaks_as_the_browser_does_and_helps_at_the_provider() {
    let folder = tempfile::tempdir().unwrap();
    let (_demo, ready) = Demo::json(folder.path());
    let callback = ready["clients"][0]["redirect_uris"][0].as_str().unwrap();
    let page = in_japanese(callback.strip_suffix("callback").unwrap());
    assert!(page.contains("<html lang=\"ja\">") && page.contains("サンプルサービス"), "{page}");
    let help = format!("href=\"{}/help\"", ready["issuer"].as_str().unwrap());
    assert!(page.contains(&help), "{page}");
}

#[test]
fn the_network_that_one_is_on_is_marked_before_one_chooses() {
    let folder = tempfile::tempdir().unwrap();
    let (demo, _) = Demo::json(folder.path());
    let page = demo.get("127.0.0.1", "/demo/networks");
    let marked = page.split("<input").find(|input| input.contains(" checked"));
    assert!(marked.is_some_and(|input| input.contains("203.0.113.7")), "{page}");
}

#[test]
fn a_demo_does_not_write_over_the_settings_of_a_node() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sekimori.toml");
    std::fs::write(&file, "site_file = 'site.toml'\n").unwrap();
    let done = program(folder.path()).args(["demo", "--port=0", "--dir", "."]).output().unwrap();
    assert_eq!(done.status.code(), Some(3));
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(said.contains("name another folder"), "{said}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "site_file = 'site.toml'\n");
}

#[test]
fn the_paper_names_only_what_can_be_run() {
    let folder = tempfile::tempdir().unwrap();
    let demo = Demo::start(folder.path(), &[], "Ctrl-C ends the demo.");
    let command = format!("{} explain CODE", env!("CARGO_BIN_EXE_sekimori"));
    assert!(demo.ready.contains(&command) && !demo.ready.contains("oathtool"), "{}", demo.ready);
    assert!(demo.ready.contains("/demo/codes"), "{}", demo.ready);
}

#[test]
fn somebody_has_a_certificate_and_hosts_to_present_it_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let (demo, ready) = Demo::json(path);
    let certificate = &ready["certificate"];
    let word = |name: &str| certificate[name].as_str().unwrap().to_owned();
    std::fs::write(path.join("ca.pem"), word("ca_pem")).unwrap();
    let people = ready["people"].as_array().unwrap();
    let ken = people.iter().find(|person| person["kind"] == "certificate").unwrap();
    let held = &ken["certificate"];
    std::fs::write(path.join("pin"), held["pin"].as_str().unwrap()).unwrap();
    let file = held["file"].as_str().unwrap();
    for (named, kind) in [(file, "x-pkcs12"), ("demo-tls-ca.pem", "x-pem-file")] {
        let answer = demo.get("127.0.0.1", &format!("/demo/certificate/{named}"));
        assert!(answer.contains(kind) && answer.contains("200 OK"), "{named}");
    }
    for secret in ["root.key", "demo-hosts.key", "..%2Froot.key", "people.json"] {
        let answer = demo.get("127.0.0.1", &format!("/demo/certificate/{secret}"));
        assert!(answer.contains("404 Not Found"), "{secret}");
    }
    content(path, &format!("pkcs12 -in {file} -passin file:pin -nokeys -clcerts -out ken.pem"));
    content(path, &format!("pkcs12 -in {file} -passin file:pin -nocerts -nodes -out ken.key"));
    content(path, "verify -x509_strict -CAfile ca.pem -purpose sslclient ken.pem");
    let ask = "ocsp -CAfile ca.pem -issuer ca.pem -cert ken.pem -url";
    let said = content(path, &format!("{ask} {}", word("ocsp_url")));
    assert!(said.contains("ken.pem: good"), "{said}");
    let list = word("crl_url").replace(ready["issuer"].as_str().unwrap(), "");
    assert!(demo.get("127.0.0.1", &list).contains("application/pkix-crl"));
    assert!(word("login_url").starts_with(ready["issuer"].as_str().unwrap()));

    let (_, port) = certificate["hosts"][0].as_str().unwrap().rsplit_once(':').unwrap();
    let mut curl = std::process::Command::new("curl");
    curl.args(["-sS", "--cacert", "ca.pem", "--cert", "ken.pem", "--key", "ken.key"]);
    curl.args(["--resolve", &format!("a.cert.localhost:{port}:127.0.0.1")]);
    let output = curl.arg(format!("https://a.cert.localhost:{port}/")).current_dir(path).output();
    let output = output.unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("question for a certificate"), "{said}{output:?}");
}
