//! The responder of another authority at a running server: OpenSSL's, asked by HTTP while somebody signs in.

use std::fmt::Write as _;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::certificate_sign_in::{Browser, Page, TWO_FACTORS};
use super::certificates::content;
use super::issuers::{Lists, base64, national, person};
use super::ports::free;
use super::presenting::{FILES, Hosts};
use super::serving::get;

/// `openssl ocsp`, until it is dropped.
struct Responder(Child);

impl Responder {
    /// It signs with NAME.pem and NAME.key.
    fn start(ca: &Path, address: SocketAddr, name: &str) -> Self {
        let (certificate, key) = (format!("{name}.pem"), format!("{name}.key"));
        let mut openssl = Command::new("openssl");
        openssl.args(["ocsp", "-index", "index.txt", "-CA", "ca.pem", "-ndays", "1"]);
        openssl.args(["-rsigner", &certificate, "-rkey", &key]);
        openssl.args(["-port", &address.port().to_string()]).current_dir(ca);
        let log = ca.join("ocsp.log");
        openssl.stdin(Stdio::null()).stdout(Stdio::null());
        openssl.stderr(std::fs::File::create(&log).unwrap());
        let responder = Self(openssl.spawn().unwrap());
        let begun = Instant::now();
        // A connection that asks nothing would keep it from all others.
        while !std::fs::read_to_string(&log).unwrap().contains("waiting for OCSP client") {
            assert!(begun.elapsed() < Duration::from_secs(10), "openssl ocsp listens");
            std::thread::sleep(Duration::from_millis(20));
        }
        responder
    }
}

impl Drop for Responder {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

const CLIENT: &str = "extendedKeyUsage=clientAuth\nkeyUsage=critical,digitalSignature\n";

/// The register of the authority: which certificates it knows, and which of them it took back.
fn register(ca: &Path) {
    content(ca, "ca -config ca.cnf -keyfile ca.key -cert ca.pem -revoke lost.pem");
    let mut lines = std::fs::read_to_string(ca.join("index.txt")).unwrap();
    for name in ["person", "late"] {
        let serial = content(ca, &format!("x509 -in {name}.pem -noout -serial"));
        let serial = serial.trim().trim_start_matches("serial=").to_owned();
        writeln!(lines, "V\t400101000000Z\t\t{serial}\tunknown\t/CN={name}").unwrap();
    }
    std::fs::write(ca.join("index.txt"), lines).unwrap();
}

#[test]
fn the_responder_in_the_settings_is_asked_and_without_its_answer_nobody_is_let_in() {
    let trap = Lists::start();
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path();
    national(ca, trap.address);
    for name in ["lost", "late", "stray"] {
        person(ca, name, CLIENT, "-days 40");
    }
    person(ca, "responder", "extendedKeyUsage=OCSPSigning\n", "-days 40");
    register(ca);
    let address = free();
    let issuer = format!(
        "[[certificates.issuer]]\nname = \"national\"\ncertificates = [\"{}\", \"{}\"]\n\
         identities = [\"organizational_unit\"]\nresponders = [\"http://{address}/\"]\n",
        base64(ca, "ca.pem"),
        base64(ca, "root.pem"),
    );
    let hosts = Hosts::with(FILES, &format!("{issuer}{TWO_FACTORS}"));
    let metric = |value: u64| {
        let metrics = get(hosts.server.management, "/metrics");
        metrics.contains(&format!("sekimori_certificate_responders_failing {value}\n"))
    };
    let shows = |browser: &Browser<'_>, page: &Page, name: &str| {
        let at = ca.join(name).display().to_string();
        browser.presented(page, &format!("--cert {at}.pem --key {at}.key"))
    };
    let comes = |jar: &str, name: &str| {
        let browser = Browser::new(&hosts, jar);
        let page = browser.asked("taro", &hosts.password);
        shows(&browser, &page, name)
    };

    let browser = Browser::new(&hosts, "down");
    let mut page = browser.asked("taro", &hosts.password);
    page = shows(&browser, &page, "person");
    assert_eq!(page.reason(), "cert.status_unanswered", "{}", page.0);
    assert!(metric(1));

    for signer in ["ca", "responder"] {
        let running = Responder::start(ca, address, signer);
        let taken = if signer == "ca" { "person" } else { "late" };
        for (name, reason) in [("lost", "cert.revoked"), ("stray", "cert.unknown_to_issuer")] {
            page = shows(&browser, &page, name);
            assert_eq!(page.reason(), reason, "{signer}: {}", page.0);
        }
        let done = comes(signer, taken);
        assert!(done.is_inside(), "{signer}: {}", done.0);
        assert!(metric(0));
        drop(running);
    }

    // Somebody else answers in its place, who has a certificate of the authority for another purpose.
    person(ca, "never", CLIENT, "-days 40");
    let running = Responder::start(ca, address, "never");
    page = shows(&browser, &page, "never");
    assert_eq!(page.reason(), "cert.status_unanswered", "{}", page.0);
    assert!(metric(1));
    drop(running);
    let log = hosts.server.log();
    assert!(log.contains("not signed by the issuer or its responder"), "{log}");
    // What was answered holds while nobody answers.
    assert!(comes("later", "person").is_inside());

    // It takes the connection, and says nothing.
    let silent = TcpListener::bind(address).unwrap();
    let begun = Instant::now();
    page = shows(&browser, &page, "never");
    assert_eq!(page.reason(), "cert.status_unanswered", "{}", page.0);
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    drop(silent);
    assert_eq!(trap.asked(), 0, "addresses in a certificate are never asked");
}
