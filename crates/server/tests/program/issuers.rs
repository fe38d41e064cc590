//! Certificates of another authority at a running server: made by OpenSSL, presented by TLS, its list fetched by HTTP.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use super::certificate_sign_in::{Browser, TWO_FACTORS};
use super::certificates::content;
use super::presenting::{FILES, Hosts};
use super::printed;
use super::serving::get;

/// An HTTP server that gives what lies at a path, and counts whoever comes.
pub struct Lists {
    pub address: SocketAddr,
    asked: Arc<AtomicUsize>,
    at: Bodies,
}

/// What is given at which path.
type Bodies = Arc<Mutex<HashMap<String, Vec<u8>>>>;

impl Lists {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (asked, at) = (Arc::<AtomicUsize>::default(), Bodies::default());
        let (counted, given) = (Arc::clone(&asked), Arc::clone(&at));
        std::thread::spawn(move || {
            while let Ok((mut stream, _)) = listener.accept() {
                counted.fetch_add(1, Ordering::SeqCst);
                let mut head = [0; 2048];
                let read = stream.read(&mut head).unwrap_or(0);
                let head = String::from_utf8_lossy(&head[..read]).into_owned();
                let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
                let body = given.lock().unwrap().get(&path).cloned().unwrap_or_default();
                let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
                let _ = stream.write_all(&[answer.as_bytes(), &body].concat());
            }
        });
        Self { address, asked, at }
    }

    pub fn put(&self, path: &str, list: Vec<u8>) {
        self.at.lock().unwrap().insert(path.to_owned(), list);
    }

    pub fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

const KEY: &str = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes";

/// A root and an authority below it, with certificates of taro that point elsewhere for list and responder.
pub fn national(folder: &Path, trap: SocketAddr) {
    let key = KEY;
    let authority =
        "-addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign";
    content(
        folder,
        &format!(
            "req -x509 {key} -days 60 -subj /C=JP/O=National/CN=Root -keyout root.key -out root.pem {authority}"
        ),
    );
    content(
        folder,
        &format!("req -new {key} -subj /C=JP/O=National/CN=Member -keyout ca.key -out ca.csr"),
    );
    let put = |name: &str, text: &str| std::fs::write(folder.join(name), text).unwrap();
    put(
        "ca.ext",
        "basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign,cRLSign\n",
    );
    content(
        folder,
        "x509 -req -in ca.csr -CA root.pem -CAkey root.key -days 50 -extfile ca.ext -out ca.pem",
    );
    for (name, purpose) in [("person", "clientAuth"), ("mail", "emailProtection")] {
        let extensions = format!(
            "extendedKeyUsage={purpose}\nkeyUsage=critical,digitalSignature\n\
             crlDistributionPoints=URI:http://{trap}/ca.crl\n\
             authorityInfoAccess=OCSP;URI:http://{trap}/ocsp,caIssuers;URI:http://{trap}/ca.cer\n"
        );
        person(folder, name, &extensions, "-days 40");
    }
    put("index.txt", "");
    put("number", "01");
    put(
        "ca.cnf",
        "[ca]\ndefault_ca=it\n[it]\ndatabase=index.txt\ncrlnumber=number\ndefault_md=sha256\ndefault_crl_days=7\n",
    );
}

/// A certificate of taro (OU) with these extensions, in NAME.pem and NAME.key.
pub fn person(folder: &Path, name: &str, extensions: &str, more: &str) {
    of_unit(folder, (name, "taro"), extensions, more);
}

/// A certificate of that authority whose OU is `unit`.
pub fn of_unit(folder: &Path, (name, unit): (&str, &str), extensions: &str, more: &str) {
    std::fs::write(folder.join("person.ext"), extensions).unwrap();
    let subject = format!("/C=JP/O=University/OU={unit}/CN={name}");
    content(folder, &format!("req -new {KEY} -subj {subject} -keyout {name}.key -out {name}.csr"));
    content(
        folder,
        &format!(
            "x509 -req -in {name}.csr -CA ca.pem -CAkey ca.key -extfile person.ext -out {name}.pem {more}"
        ),
    );
}

pub fn list(folder: &Path) -> Vec<u8> {
    content(folder, "ca -config ca.cnf -keyfile ca.key -cert ca.pem -gencrl -out list.pem");
    content(folder, "crl -in list.pem -outform DER -out list.der");
    std::fs::read(folder.join("list.der")).unwrap()
}

pub fn base64(folder: &Path, name: &str) -> String {
    let pem = std::fs::read_to_string(folder.join(name)).unwrap();
    let (_, body) = pem.split_once("-----BEGIN CERTIFICATE-----").unwrap();
    body.split("-----END").next().unwrap().split_whitespace().collect()
}

/// S39, S40, S42.
#[test]
fn a_certificate_of_another_authority_counts_by_the_list_from_the_named_address_and_no_other_is_asked()
 {
    let (lists, trap) = (Lists::start(), Lists::start());
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path();
    national(ca, trap.address);
    let issuer = |path: &str| {
        format!(
            "[[certificates.issuer]]\nname = \"national\"\ncertificates = [\"{}\", \"{}\"]\n\
             identities = [\"organizational_unit\"]\nlists = [\"http://{}{path}\"]\n",
            base64(ca, "ca.pem"),
            base64(ca, "root.pem"),
            lists.address
        )
    };
    let hosts = Hosts::with(FILES, &format!("{}{TWO_FACTORS}", issuer("/first.crl")));
    let server = &hosts.server;
    let metric = |name: &str, value: u64| {
        get(server.management, "/metrics").contains(&format!("sekimori_{name} {value}\n"))
    };
    let with = |name: &str| {
        let at = ca.join(name).display().to_string();
        format!("--cert {at}.pem --key {at}.key")
    };

    // What is there is no list: the alarm rings, and nobody is let in on a guess.
    server.until("the address was asked", || metric("revocation_list_addresses_failing", 1));
    assert!(metric("certificate_issuers_without_fresh_list", 1));
    let browser = Browser::new(&hosts, "first");
    let page = browser.asked("taro", &hosts.password);
    let page = browser.presented(&page, &with("person"));
    assert_eq!(page.reason(), "cert.revocation_unknown", "{}", page.0);

    // An address that gives the list is applied: it is here within seconds.
    let apply = |path: &str| {
        let site = std::fs::read_to_string(server.path().join("site.toml")).unwrap();
        let (before, rest) = site.split_once("lists = [").unwrap();
        let (_, after) = rest.split_once(']').unwrap();
        let changed = format!("{before}lists = [\"http://{}{path}\"]{after}", lists.address);
        std::fs::write(server.path().join("site.toml"), changed).unwrap();
        printed(server.path(), &["apply", "site.toml", "--yes"], 0);
    };
    lists.put("/second.crl", list(ca));
    apply("/second.crl");
    server.until("a list is here", || metric("certificate_issuers_without_fresh_list", 0));
    assert!(metric("revocation_list_addresses_failing", 0));
    let page = browser.presented(&page, &with("mail"));
    assert_eq!(page.reason(), "cert.wrong_purpose", "{}", page.0);
    let page = browser.presented(&page, &with("person"));
    assert!(page.is_inside(), "{}", page.0);
    let (_, said) = hosts.s_client("-CAfile hosts.pem");
    let (_, names) = said.split_once("Acceptable client certificate CA names").unwrap();
    assert!(names.contains("O = National, CN = Member"), "{said}");

    // Revoked in the next list: refused at the next sign-in.
    content(ca, "ca -config ca.cnf -keyfile ca.key -cert ca.pem -revoke person.pem");
    // A list is newer if it was made in a later second, or has a higher number.
    lists.put("/third.crl", list(ca));
    let before = lists.asked();
    apply("/third.crl");
    server.until("the next list was asked for", || lists.asked() > before);
    let tried = |name: &str| {
        let browser = Browser::new(&hosts, name);
        browser.presented(&browser.asked("taro", &hosts.password), &with("person"))
    };
    let mut page = tried("again");
    for attempt in 0..20 {
        if !page.is_inside() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(300));
        page = tried(&format!("again-{attempt}"));
    }
    assert_eq!(page.reason(), "cert.revoked", "{}", page.0);
    assert_eq!(trap.asked(), 0, "addresses in a certificate are never asked");
    let log = server.log();
    assert!(log.contains("a revocation list cannot be had"), "{log}");
}
