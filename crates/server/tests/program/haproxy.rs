//! TLS of the certificate hosts ended at HAProxy, set up as the guide for administrators says (RFC 9440).

use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command};

use super::certificate_sign_in::{Browser, TWO_FACTORS};
use super::json;
use super::ports::free;
use super::presenting::Hosts;

/// Who is declared to write the header.
const PROXY: &str =
    "[[proxy]]\naddresses = [\"127.0.0.2\"]\nheader = \"x-forwarded-for\"\nclient_cert = true\n";

/// A running HAProxy.
struct HaProxy(Child);

impl HaProxy {
    /// One that leads from `public` to `listener`; its files are those of a server's folder.
    fn start(folder: &Path, public: SocketAddr, listener: SocketAddr) -> Self {
        let guide =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/guide/administrators.md");
        let guide = std::fs::read_to_string(guide).unwrap();
        let (_, block) = guide.split_once("```haproxy\n").expect("the guide shows the settings");
        let (block, _) = block.split_once("```").unwrap();
        let mut settings = format!(
            "global\n    tune.ssl.cachesize 0\ndefaults\n    mode http\n    timeout connect 10s\n    \
             timeout client 60s\n    timeout server 60s\n{block}"
        );
        for (said, here) in [
            ("192.0.2.16:443", public.to_string()),
            ("192.0.2.20:8081", format!("{listener} source 127.0.0.2")),
            ("/etc/haproxy/", format!("{}/", folder.display())),
        ] {
            assert!(settings.contains(said), "{said}");
            settings = settings.replace(said, &here);
        }
        std::fs::write(folder.join("haproxy.cfg"), settings).unwrap();
        let mut haproxy = Command::new("/usr/sbin/haproxy");
        haproxy.args(["-db", "-f", "haproxy.cfg"]).current_dir(folder);
        Self(haproxy.spawn().expect("Debian's haproxy"))
    }
}

impl Drop for HaProxy {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_proxy_that_ends_tls_says_what_was_presented_and_nobody_else_can() {
    let (public, listener) = (free(), free());
    let hosts = Hosts::behind(public, listener, PROXY, TWO_FACTORS);
    let path = hosts.server.path();
    let files = ["hosts.pem", "hosts.key"].map(|file| std::fs::read(path.join(file)).unwrap());
    std::fs::write(path.join("cert-hosts.pem"), files.concat()).unwrap();
    let shown = json(path, &["ca", "show", "--json"]);
    let authority = shown[0]["certificate"]["pem"].as_str().unwrap();
    std::fs::write(path.join("authorities.pem"), authority).unwrap();
    let _haproxy = HaProxy::start(path, public, listener);
    hosts.server.until("HAProxy listens", || TcpStream::connect(public).is_ok());

    // A header of a browser's own is not passed on.
    let pem = std::fs::read_to_string(path.join("taro.pem")).unwrap();
    let (_, body) = pem.split_once("-----BEGIN CERTIFICATE-----").unwrap();
    let body: String = body.split("-----END").next().unwrap().split_whitespace().collect();
    let forged = format!("-H Client-Cert::{body}:");
    let browser = Browser::new(&hosts, "taro");
    let mut page = browser.asked("taro", &hosts.password);
    for (what, reason) in [
        (String::new(), "cert.not_presented"),
        (forged.clone(), "cert.not_presented"),
        ("--cert other.pem --key other.key".to_owned(), "cert.unknown_issuer"),
        (format!("--cert other.pem --key other.key {forged}"), "cert.unknown_issuer"),
    ] {
        page = browser.presented(&page, &what);
        assert_eq!(page.reason(), reason, "{what}: {}", page.0);
    }
    let page = browser.presented(&page, "--cert taro.pem --key taro.key");
    assert!(page.is_inside(), "{}", page.0);

    let (_, said) = hosts.s_client("-reconnect -cert taro.pem -key taro.key");
    assert!(said.contains("TLSv1.3") && !said.contains("Reused"), "{said}");
    let (_, names) = said.split_once("Acceptable client certificate CA names").unwrap();
    assert!(names.trim_start().starts_with("CN = Example University"), "{said}");
}
