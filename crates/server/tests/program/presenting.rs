//! Certificate hosts of a running server, as curl and OpenSSL meet them.

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};

use rustix::process::Signal;

use super::certificates::{INIT, content};
use super::ports::free;
use super::serving::{Server, get};
use super::{json, printed};

/// A server certificate for the certificate hosts, a certificate that somebody made themselves, and one of version 1.
fn prepare(folder: &Path, listener: SocketAddr, more: &str) {
    let site = std::fs::read_to_string(folder.join("site.toml")).unwrap();
    let hosts = format!("[certificates]\nhosts = [\"*.cert.localhost:{}\"]\n", listener.port());
    std::fs::write(folder.join("site.toml"), format!("{site}\n{hosts}{more}")).unwrap();
    server_certificate(folder, "hosts", "DNS:*.cert.localhost");
    let made = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes";
    content(folder, &format!("req -x509 {made} -keyout other.key -out other.pem -subj /CN=taro"));
    // Without extensions it is of version 1, which the library would not look at.
    content(folder, &format!("req -new {made} -keyout old.key -out old.csr -subj /CN=taro"));
    content(folder, "x509 -req -in old.csr -signkey old.key -out old.pem");
    assert!(content(folder, "x509 -in old.pem -noout -text").contains("Version: 1"));
}

fn server_certificate(folder: &Path, name: &str, names: &str) {
    let made = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=hosts";
    let files = format!("-keyout {name}.key -out {name}.pem -addext subjectAltName={names}");
    content(folder, &format!("{made} {files}"));
}

/// A server with an authority, certificate hosts, and taro with a certificate in `taro.pem` and `taro.key`.
pub struct Hosts {
    pub server: Server,
    /// Where browsers connect to.
    pub listener: SocketAddr,
    /// taro's.
    pub password: String,
}

/// The server certificate of the hosts, as the node's file names it.
pub const FILES: &str = "certificate_file = \"hosts.pem\"\nkey_file = \"hosts.key\"\n";

impl Hosts {
    fn start() -> Self {
        Self::with(FILES, "")
    }

    /// With more in the node's file, and in the site document.
    pub fn with(more: &str, of_site: &str) -> Self {
        let listener = free();
        Self::behind(listener, listener, more, of_site)
    }

    /// The same, whose browsers connect to `public`: a proxy that leads to `listener`.
    pub fn behind(public: SocketAddr, listener: SocketAddr, more: &str, of_site: &str) -> Self {
        let settings = format!("[certificates]\naddress = \"{listener}\"\n{more}");
        let server = Server::prepared(&settings, |folder| prepare(folder, public, of_site));
        let path = server.path();
        printed(path, &INIT, 0);
        let taro = json(path, &["person", "add", "taro", "--generate-password", "--json"]);
        let password = taro["password"].as_str().unwrap().to_owned();
        let issued = json(path, &["certificate", "issue", "taro", "taro.p12", "--json"]);
        std::fs::write(path.join("pin"), issued["pin"].as_str().unwrap()).unwrap();
        content(path, "pkcs12 -in taro.p12 -passin file:pin -nokeys -clcerts -out taro.pem");
        content(path, "pkcs12 -in taro.p12 -passin file:pin -nocerts -nodes -out taro.key");
        Self { server, listener: public, password }
    }

    /// What curl gets from a host of the listener: status, head and body; or why not.
    pub fn curl(&self, host: &str, path: &str, more: &str) -> (bool, String) {
        let port = self.listener.port();
        let address = format!("https://{host}:{port}{path}");
        let resolve = format!("{host}:{port}:127.0.0.1");
        let mut curl = Command::new("curl");
        curl.args(["-sSi", "--max-time", "10", "--cacert", "hosts.pem", "--resolve", &resolve]);
        let output = curl.args(more.split_whitespace()).arg(address);
        let output = output.current_dir(self.server.path()).output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8_lossy(&said).into_owned())
    }

    /// What `openssl s_client` sees of a handshake.
    pub fn s_client(&self, more: &str) -> (bool, String) {
        let mut openssl = Command::new("openssl");
        openssl.args(["s_client", "-connect", &self.listener.to_string()]);
        openssl.args(["-servername", "a.cert.localhost"]).args(more.split_whitespace());
        openssl.current_dir(self.server.path()).stdin(Stdio::null());
        let output = openssl.output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8_lossy(&said).into_owned())
    }
}

#[test]
fn everybody_comes_through_the_handshake_who_has_the_key_of_what_they_present_or_presents_nothing()
{
    let hosts = Hosts::start();
    let what_it_is = "There is nothing here but the question for a certificate";
    for who in [
        "",
        "--cert taro.pem --key taro.key",
        "--cert other.pem --key other.key",
        "--cert old.pem --key old.key",
    ] {
        let (answered, said) = hosts.curl("a.cert.localhost", "/", who);
        assert!(
            answered && said.contains("HTTP/1.1 404") && said.contains(what_it_is),
            "{who}: {said}"
        );
        assert!(said.contains("http://localhost:8080/"), "{said}");
        assert!(!said.to_lowercase().contains("set-cookie"), "{said}");
        assert!(said.contains("cache-control: no-store"), "{said}");
        assert!(said.contains("connection: close"), "{said}");
    }
}

#[test]
fn a_connection_is_for_the_host_that_was_named_in_its_handshake() {
    let hosts = Hosts::start();
    let port = hosts.listener.port();
    for host in ["b.cert.localhost", "localhost", "a.cert.localhost.evil.example", ""] {
        let (_, said) = hosts.curl("a.cert.localhost", "/", &format!("-H Host:{host}"));
        assert!(said.contains("HTTP/1.1 421") || host.is_empty(), "{host}: {said}");
        assert!(!said.contains("HTTP/1.1 200"), "{host}: {said}");
    }
    let (_, said) =
        hosts.curl("a.cert.localhost", "/", &format!("-H Host:A.CERT.LOCALHOST:{port}"));
    assert!(said.contains("HTTP/1.1 404"), "{said}");
    let (_, said) = hosts.curl("elsewhere.localhost", "/", "-k");
    assert!(said.contains("HTTP/1.1 421"), "{said}");
    let (_, said) = hosts.curl("127.0.0.1", "/", "-k");
    assert!(said.contains("HTTP/1.1 421"), "{said}");
    // The main listener knows nothing of it.
    assert!(!get(hosts.server.main, "/present").contains("200 OK"));
}

#[test]
fn openssl_is_asked_for_our_certificates_and_gets_nothing_to_resume_with() {
    let hosts = Hosts::start();
    let (connected, said) = hosts.s_client("-cert taro.pem -key taro.key -CAfile hosts.pem");
    assert!(connected && said.contains("Verify return code: 0"), "{said}");
    let (_, names) = said.split_once("Acceptable client certificate CA names").unwrap();
    assert!(names.trim_start().starts_with("CN = Example University"), "{said}");
    assert!(said.contains("TLSv1.3") && !said.contains("Session-ID:"), "{said}");
    let (_, said) = hosts.s_client("-reconnect");
    assert!(!said.contains("Reused"), "{said}");
    assert!(!hosts.s_client("-tls1_2").0);
    let (_, said) = hosts.s_client("-alpn h2,http/1.1");
    assert!(said.contains("ALPN protocol: http/1.1"), "{said}");
    let metrics = get(hosts.server.management, "/metrics");
    assert!(metrics.contains(r#"http_connections_refused_total{reason="tls"} 1"#), "{metrics}");
}

#[test]
fn a_new_server_certificate_is_taken_without_a_restart() {
    let hosts = Hosts::start();
    server_certificate(hosts.server.path(), "hosts", "DNS:*.cert.localhost,DNS:new.localhost");
    hosts.server.tell(Signal::HUP);
    hosts.server.until("taken", || hosts.curl("a.cert.localhost", "/", "").0);
    assert!(hosts.curl("new.localhost", "/", "").1.contains("HTTP/1.1 421"));
    assert!(hosts.server.log().contains("the certificate was taken anew"));
}

/// S43, R-MTLS-HDR.
#[test]
fn a_header_of_somebody_who_is_no_proxy_is_ignored_logged_and_counted() {
    let hosts = Hosts::start();
    for _ in 0..3 {
        let (answered, said) = hosts.curl("a.cert.localhost", "/", "-H Client-Cert::AQID:");
        assert!(answered && said.contains("HTTP/1.1 404"), "{said}");
    }
    hosts
        .server
        .until("logged", || hosts.server.log().contains("a Client-Cert header was ignored"));
    assert_eq!(hosts.server.log().matches("a Client-Cert header was ignored").count(), 1);
    let metrics = get(hosts.server.management, "/metrics");
    assert!(metrics.contains("sekimori_client_cert_headers_ignored_total 3"), "{metrics}");
}

#[test]
fn check_says_which_certificate_covers_what_it_must_not() {
    let hosts = Hosts::start();
    let path = hosts.server.path();
    let text = printed(path, &["check"], 0);
    assert!(text.contains("sekimori.toml: no mistakes"), "{text}");
    for (names, said) in [
        ("DNS:*.cert.localhost,DNS:localhost", "covers localhost as well"),
        ("DNS:cert.localhost", "does not cover *.cert.localhost"),
    ] {
        server_certificate(path, "hosts", names);
        let text = printed(path, &["check"], 1);
        assert!(text.contains(said) && text.contains("(certificates.certificate_file)"), "{text}");
    }
    server_certificate(path, "hosts", "DNS:*.cert.localhost");
    server_certificate(path, "main", "DNS:localhost,DNS:*.cert.localhost");
    let node = std::fs::read_to_string(path.join("sekimori.toml")).unwrap();
    let tls = "[tls]\ncertificate_file = \"main.pem\"\nkey_file = \"main.key\"\n";
    std::fs::write(path.join("sekimori.toml"), format!("{node}{tls}")).unwrap();
    let text = printed(path, &["check"], 1);
    assert!(text.contains("(tls.certificate_file)"), "{text}");
    assert!(text.contains("covers *.cert.localhost as well"), "{text}");

    let site = std::fs::read_to_string(path.join("site.toml")).unwrap();
    std::fs::write(path.join("sekimori.toml"), "").unwrap();
    let text = printed(path, &["check"], 0);
    assert!(text.contains("(certificates.hosts)") && text.contains("listens nowhere"), "{text}");
    std::fs::write(path.join("sekimori.toml"), node).unwrap();
    let elsewhere = site.replace(".cert.localhost", ".cert.nowhere.invalid");
    std::fs::write(path.join("site.toml"), elsewhere).unwrap();
    let text = printed(path, &["check"], 1);
    assert!(text.contains("*.cert.nowhere.invalid leads nowhere from here"), "{text}");
}
