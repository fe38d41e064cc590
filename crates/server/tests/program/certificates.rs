//! The certificate authority beside a running server, as OpenSSL sees it.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use super::serving::Server;
use super::{folder, json, printed, run};

/// The options of a new authority with its root's files.
pub const INIT: [&str; 8] = [
    "ca",
    "init",
    "--name",
    "Example University",
    "--root-key",
    "root-key.pem",
    "--root-certificate",
    "root.pem",
];

/// What OpenSSL says in this folder, and whether it was content.
pub fn openssl(folder: &Path, arguments: &str) -> (bool, String) {
    let mut openssl = Command::new("openssl");
    let output = openssl.args(arguments.split(' ')).current_dir(folder).output().unwrap();
    let (out, error) = (&output.stdout, &output.stderr);
    let said = format!("{}{}", String::from_utf8_lossy(out), String::from_utf8_lossy(error));
    (output.status.success(), said)
}

/// What OpenSSL says that is content.
pub fn content(folder: &Path, arguments: &str) -> String {
    let (content, said) = openssl(folder, arguments);
    assert!(content, "openssl {arguments}\n{said}");
    said
}

/// Head and body of an answer.
pub fn fetch(address: SocketAddr, request: &str, body: &[u8]) -> (String, Vec<u8>) {
    let mut socket = TcpStream::connect(address).unwrap();
    let head = format!(
        "{request} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    socket.write_all(&[head.as_bytes(), body].concat()).unwrap();
    let mut answer = Vec::new();
    socket.read_to_end(&mut answer).unwrap();
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    (String::from_utf8_lossy(&answer[..end]).into_owned(), answer.split_off(end + 4))
}

/// A server with an authority, and taro with two certificates: one in a file, one for his own key.
pub struct Campus {
    server: Server,
    authority: String,
}

/// It is the server that is asked.
impl std::ops::Deref for Campus {
    type Target = Server;
    fn deref(&self) -> &Server {
        &self.server
    }
}

impl Campus {
    /// Start it.
    pub fn start() -> Self {
        Self::with(Server::start(""), &INIT)
    }

    /// With a server that was started, and the words that make its authority.
    pub fn with(server: Server, init: &[&str]) -> Self {
        let path = server.path();
        let made = printed(path, init, 0);
        assert!(made.contains("take it away now"), "{made}");
        let shown = json(path, &["ca", "show", "--json"]);
        let authority = shown[0]["authority"].as_str().unwrap().to_owned();
        for (part, file) in [("certificate", "issuing.pem"), ("root", "shown-root.pem")] {
            std::fs::write(path.join(file), shown[0][part]["pem"].as_str().unwrap()).unwrap();
        }
        printed(path, &["person", "add", "taro", "--generate-password"], 0);
        let issued = json(path, &["certificate", "issue", "taro", "taro.p12", "--json"]);
        std::fs::write(path.join("pin"), issued["pin"].as_str().unwrap()).unwrap();
        assert!(issued["pkcs12"].is_null(), "{issued}");
        content(path, "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out own.key");
        content(path, "req -new -key own.key -subj /CN=rector -out own.csr");
        let own = ["certificate", "issue", "taro", "own.pem", "--request", "own.csr"];
        printed(path, &[&own[..], &["--label", "laptop"]].concat(), 0);
        content(path, "pkcs12 -in taro.p12 -passin file:pin -nokeys -clcerts -out taro.pem");
        Self { server, authority }
    }

    /// Fetches the list of the authority to `list.crl`; gives the answer's head.
    pub fn list(&self) -> String {
        let request = format!("GET /ca/{}.crl", self.authority);
        let (head, body) = fetch(self.server.main, &request, b"");
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
        std::fs::write(self.path().join("list.crl"), body).unwrap();
        head
    }

    /// Fetches what lies at an address that leads to this server.
    pub fn fetch_to(&self, url: &str, file: &str) {
        let place = url.find("/ca/").unwrap();
        let (head, body) = fetch(self.server.main, &format!("GET {}", &url[place..]), b"");
        assert!(head.starts_with("HTTP/1.1 200"), "{url}: {head}");
        assert!(head.contains("application/pkix-"), "{head}");
        std::fs::write(self.path().join(file), body).unwrap();
    }

    /// The root's list, PEM, fetched from where the server says that it is.
    pub fn root_list(&self) -> String {
        let shown = json(self.path(), &["ca", "show", "--json"]);
        self.fetch_to(shown[0]["root_list"]["url"].as_str().unwrap(), "above.crl");
        content(self.path(), "crl -in above.crl -inform DER -out above.pem");
        std::fs::read_to_string(self.path().join("above.pem")).unwrap()
    }

    /// What `openssl verify` says of a certificate and of every authority above it.
    pub fn verify_chain(&self, file: &str) -> (bool, String) {
        self.list();
        content(self.path(), "crl -in list.crl -inform DER -out list.pem");
        let list = std::fs::read_to_string(self.path().join("list.pem")).unwrap();
        std::fs::write(self.path().join("lists.pem"), list + &self.root_list()).unwrap();
        let chain = "-CAfile root.pem -untrusted issuing.pem -CRLfile lists.pem";
        openssl(self.path(), &format!("verify -x509_strict -crl_check_all {chain} {file}"))
    }

    /// What `openssl verify` with the present list says of a certificate.
    pub fn verify(&self, file: &str) -> (bool, String) {
        self.list();
        content(self.path(), "crl -in list.crl -inform DER -out list.pem");
        let chain = "-CAfile root.pem -untrusted issuing.pem -CRLfile list.pem";
        openssl(
            self.path(),
            &format!("verify -x509_strict -crl_check {chain} -purpose sslclient {file}"),
        )
    }

    pub fn status(&self, more: &str) -> String {
        let url = format!("http://{}/ca/ocsp", self.server.main);
        let ask = "ocsp -CAfile root.pem -verify_other issuing.pem -issuer issuing.pem";
        content(self.path(), &format!("{ask} -url {url} {more}"))
    }

    /// The serial number of a certificate.
    pub fn serial(&self, file: &str) -> String {
        let said = content(self.path(), &format!("x509 -in {file} -noout -serial"));
        said.trim().trim_start_matches("serial=").to_lowercase()
    }

    /// A moment later than what is kept for seconds.
    pub fn later() {
        std::thread::sleep(std::time::Duration::from_millis(2_100));
    }
}

#[test]
fn openssl_verifies_what_is_issued_until_it_is_revoked() {
    let campus = Campus::start();
    let path = campus.path();
    let mode = std::fs::metadata(path.join("root-key.pem")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let read = |file: &str| std::fs::read_to_string(path.join(file)).unwrap();
    assert_eq!(read("root.pem"), read("shown-root.pem"));
    for file in ["taro.pem", "own.pem"] {
        let (good, said) = campus.verify(file);
        assert!(good && said.contains("OK"), "{said}");
        let said = campus.status(&format!("-cert {file}"));
        assert!(said.contains("Response verify OK") && said.contains(": good"), "{said}");
    }
    let text = content(path, "x509 -in own.pem -noout -subject");
    assert!(text.contains("taro") && !text.contains("rector"), "{text}");

    let serial = campus.serial("taro.pem");
    let revoke = ["certificate", "revoke", &serial, "--reason", "key-compromise"];
    printed(path, &revoke, 0);
    printed(path, &revoke, 1);
    Campus::later();
    let (good, said) = campus.verify("taro.pem");
    assert!(!good && said.contains("certificate revoked"), "{said}");
    assert!(campus.verify("own.pem").0);
    let said = campus.status("-cert taro.pem");
    assert!(said.contains(": revoked") && said.contains("keyCompromise"), "{said}");
    let said = campus.status("-cert own.pem -no_nonce");
    assert!(said.contains(": good"), "{said}");

    let listed = json(path, &["certificate", "list", "taro", "--json"]);
    let states = listed.as_array().unwrap().iter();
    let states: Vec<_> = states.map(|one| (&one["label"], &one["good"])).collect();
    assert_eq!(states, [(&"laptop".into(), &true.into()), (&"".into(), &false.into())]);
    printed(path, &["audit", "verify"], 0);
}

#[test]
fn firefoxs_library_imports_the_file_with_its_pin_and_with_no_other() {
    let campus = Campus::start();
    let nss = |tool: &str, arguments: &str| {
        let mut tool = Command::new(tool);
        let done = tool.args(arguments.split(' ')).current_dir(campus.path()).output().unwrap();
        let said = [done.stdout, done.stderr].concat();
        (done.status.success(), String::from_utf8_lossy(&said).into_owned())
    };
    std::fs::create_dir(campus.path().join("nss")).unwrap();
    std::fs::write(campus.path().join("wrong"), "2222-2222-2222-2222-2222").unwrap();
    assert!(nss("certutil", "-N -d sql:nss --empty-password").0);
    assert!(!nss("pk12util", "-i taro.p12 -d sql:nss -w wrong").0);
    let (imported, said) = nss("pk12util", "-i taro.p12 -d sql:nss -w pin");
    assert!(imported && said.contains("SUCCESSFUL"), "{said}");
    assert!(nss("certutil", "-A -d sql:nss -n root -t T,, -i root.pem").0);
    let (_, listed) = nss("certutil", "-L -d sql:nss");
    assert!(listed.contains("CN=taro") && listed.contains("u,u,u"), "{listed}");
}

#[test]
fn lists_are_numbered_and_everybody_may_keep_them_for_minutes() {
    let campus = Campus::start();
    let path = campus.path();
    let head = campus.list().to_lowercase();
    assert!(head.contains("content-type: application/pkix-crl"), "{head}");
    assert!(head.contains("cache-control: public, max-age=300"), "{head}");
    assert!(!head.contains("set-cookie"), "{head}");
    let number = || {
        let said = content(path, "crl -in list.crl -inform DER -noout -crlnumber");
        let hex = said.trim().trim_start_matches("crlNumber=0x").to_owned();
        u128::from_str_radix(&hex, 16).unwrap()
    };
    let first = number();
    let shown = content(path, "crl -in list.crl -inform DER -noout -text");
    assert!(shown.contains("No Revoked Certificates"), "{shown}");
    printed(path, &["certificate", "revoke", &campus.serial("taro.pem")], 0);
    Campus::later();
    campus.list();
    assert!(number() > first);
    let said = content(path, "crl -in list.crl -inform DER -noout -CAfile issuing.pem");
    assert!(said.contains("verify OK"), "{said}");

    let request = format!("GET /ca/{}.cer", campus.authority);
    let (head, body) = fetch(campus.server.main, &request, b"");
    assert!(head.contains("application/pkix-cert"), "{head}");
    std::fs::write(path.join("fetched.cer"), body).unwrap();
    let fetched = content(path, "x509 -in fetched.cer -inform DER");
    assert!(std::fs::read_to_string(path.join("issuing.pem")).unwrap().contains(fetched.trim()));
    for unknown in ["nobody.crl", "nobody.cer", &campus.authority, "x.txt", "..%2froot.pem"] {
        let (head, _) = fetch(campus.server.main, &format!("GET /ca/{unknown}"), b"");
        assert!(head.starts_with("HTTP/1.1 404"), "{unknown}: {head}");
    }
}

#[test]
fn the_responder_answers_by_address_too_and_anything_at_all() {
    let campus = Campus::start();
    let path = campus.path();
    let ask = "ocsp -issuer issuing.pem -no_nonce -cert own.pem -reqout request.der";
    content(path, ask);
    let request = std::fs::read(path.join("request.der")).unwrap();
    let text = data_encoding(&request);
    let (head, by_address) = fetch(campus.server.main, &format!("GET /ca/ocsp/{text}"), b"");
    assert!(head.contains("application/ocsp-response"), "{head}");
    assert!(head.to_lowercase().contains("public, max-age=300"), "{head}");
    let (_, by_body) = fetch(campus.server.main, "POST /ca/ocsp", &request);
    assert_eq!(by_address, by_body, "kept for seconds");
    std::fs::write(path.join("answer.der"), by_body).unwrap();
    let read = "ocsp -respin answer.der -CAfile root.pem -verify_other issuing.pem";
    let said = content(path, &format!("{read} -issuer issuing.pem -cert own.pem -no_nonce"));
    assert!(said.contains("Response verify OK") && said.contains("own.pem: good"), "{said}");

    // A number that was never issued, and an issuer that is not ours.
    let said = campus.status("-serial 4711");
    assert!(said.contains("4711: unknown"), "{said}");
    content(path, "ocsp -issuer root.pem -serial 1 -reqout other.der");
    let other = std::fs::read(path.join("other.der")).unwrap();
    let unauthorized = [0x30, 3, 0x0a, 1, 6];
    assert_eq!(fetch(campus.server.main, "POST /ca/ocsp", &other).1, unauthorized);
    let malformed = [0x30, 3, 0x0a, 1, 1];
    for body in [&b""[..], b"x", &[0x30; 9_000], &request[..request.len() - 1]] {
        let (head, answer) = fetch(campus.server.main, "POST /ca/ocsp", body);
        assert!(head.to_lowercase().contains("no-store"), "{head}");
        assert_eq!(answer, malformed, "{} bytes", body.len());
    }
    for text in ["%00", "AAAA", "!!", &"A".repeat(12_000)] {
        let (head, answer) = fetch(campus.server.main, &format!("GET /ca/ocsp/{text}"), b"");
        assert!(answer == malformed || head.starts_with("HTTP/1.1 4"), "{head}");
    }
}

/// Base 64 as it stands in an address.
fn data_encoding(bytes: &[u8]) -> String {
    use base64::Engine as _;
    let text = base64::engine::general_purpose::STANDARD.encode(bytes);
    text.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D")
}

#[test]
fn certificates_end_with_the_account_and_stay_revoked() {
    let campus = Campus::start();
    let path = campus.path();
    printed(path, &["person", "disable", "taro"], 0);
    let text = printed(path, &["certificate", "issue", "taro", "more.p12"], 1);
    assert!(text.contains("cannot be used now"), "{text}");
    assert!(!path.join("more.p12").exists());
    printed(path, &["person", "enable", "taro"], 0);
    Campus::later();
    for file in ["taro.pem", "own.pem"] {
        let (good, said) = campus.verify(file);
        assert!(!good && said.contains("revoked"), "{said}");
        let said = campus.status(&format!("-cert {file}"));
        assert!(said.contains("cessationOfOperation"), "{said}");
    }
    printed(path, &["certificate", "issue", "taro", "again.p12"], 0);
    printed(path, &["person", "erase", "taro", "--yes"], 0);
    assert!(!campus.verify("taro.pem").0, "the list keeps the number of somebody who was erased");
    let listed = content(path, "crl -in list.crl -inform DER -noout -text");
    Campus::later();
    campus.list();
    let after = content(path, "crl -in list.crl -inform DER -noout -text");
    assert_eq!(after.matches("Serial Number").count(), 3, "{listed}");
}

#[test]
fn nobody_gets_more_than_they_may_and_nothing_without_an_authority() {
    let server = Server::start("");
    let path = server.path();
    printed(path, &["person", "add", "taro", "--generate-password"], 0);
    let issue = |file: &str, status| printed(path, &["certificate", "issue", "taro", file], status);
    assert!(issue("0.p12", 1).contains("no certificate authority"));
    printed(path, &["ca", "show"], 1);
    let (head, _) = fetch(server.main, "POST /ca/ocsp", b"");
    assert!(head.starts_with("HTTP/1.1 404"), "{head}");
    printed(path, &INIT, 0);
    assert!(printed(path, &INIT, 1).contains("--renew"));
    for file in ["1.p12", "2.p12", "3.p12"] {
        issue(file, 0);
    }
    assert!(issue("4.p12", 1).contains("as many good certificates as they may"));
    assert!(issue("1.p12", 3).contains("exists"));
    std::fs::write(path.join("key"), std::fs::read(path.join("root-key.pem")).unwrap()).unwrap();
    let foolish = ["certificate", "issue", "taro", "5.pem", "--request", "key"];
    assert!(printed(path, &foolish, 1).contains("private key"));
    printed(path, &["certificate", "issue", "nobody", "5.p12"], 1);
    printed(path, &["certificate", "revoke", "xyz"], 1);
    printed(path, &["certificate", "revoke", "4711"], 1);
}

#[test]
fn a_root_that_never_comes_here_signs_elsewhere_and_another_authority_takes_over() {
    let (folder, vault) = (folder(), tempfile::tempdir().unwrap());
    let (path, vault) = (folder.path(), vault.path());
    printed(path, &["apply", "site.toml"], 0);
    let title = ["--name", "Example University", "--country", "JP"];
    let root = ["--root-key", "root-key.pem", "--root-certificate", "root.pem"];
    let round = |common_name: &str, renew: &[&str]| {
        let request = [&["ca", "request", "--out", "ca.csr"][..], &title, renew].concat();
        let said = printed(path, &request, 0);
        assert!(said.contains(common_name), "{said}");
        std::fs::rename(path.join("ca.csr"), vault.join("ca.csr")).unwrap();
        let sign = ["ca", "sign", "ca.csr", "--common-name", common_name, "--out", "ca.pem"];
        printed(vault, &[&sign[..], &title, &root].concat(), 0);
        std::fs::rename(vault.join("ca.pem"), path.join("ca.pem")).unwrap();
        std::fs::remove_file(vault.join("ca.csr")).unwrap();
        std::fs::copy(vault.join("root.pem"), path.join("root.pem")).unwrap();
    };
    let install = ["ca", "install", "ca.pem", "--root-certificate", "root.pem"];
    round("Example University CA 1", &[]);
    printed(path, &install, 0);
    assert!(printed(path, &install, 1).contains("no request"));
    printed(path, &["person", "add", "taro", "--generate-password"], 0);
    printed(path, &["certificate", "issue", "taro", "1.p12"], 0);
    let refused = [&["ca", "request", "--out", "x.csr"][..], &title].concat();
    printed(path, &refused, 1);
    round("Example University CA 2", &["--renew"]);
    printed(path, &install, 0);
    let shown = json(path, &["ca", "show", "--json"]);
    let states: Vec<_> = shown.as_array().unwrap().iter().map(|one| &one["state"]).collect();
    assert_eq!(states.len(), 2, "{shown}");
    assert!(states.contains(&&"active".into()) && states.contains(&&"retired".into()));
    assert_ne!(shown[0]["crl_url"], shown[1]["crl_url"]);
    assert!(!path.join("root-key.pem").exists());
    // A certificate of another root is refused.
    std::fs::remove_file(vault.join("root.pem")).unwrap();
    std::fs::remove_file(vault.join("root-key.pem")).unwrap();
    std::fs::copy(path.join("root.pem"), path.join("former-root.pem")).unwrap();
    round("Example University CA 3", &["--renew"]);
    let wrong = ["ca", "install", "ca.pem", "--root-certificate", "former-root.pem"];
    assert!(printed(path, &wrong, 1).contains("not signed by this root"));
    let output = run(path, &["ca", "show", "--pem"]);
    let pem = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(pem.matches("BEGIN CERTIFICATE").count(), 4);
    assert!(!pem.contains("PRIVATE"));
}

#[test]
fn the_keys_of_an_authority_are_in_no_file_but_the_roots() {
    let campus = Campus::start();
    let database = campus.path().join("data");
    let exported = printed(campus.path(), &["person", "export", "taro"], 0);
    assert!(exported.contains("laptop") && exported.contains("certificate.issued"), "{exported}");
    // A PKCS#8 key of P-256 begins so, whatever the key.
    let marker = [0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a];
    for entry in std::fs::read_dir(database).unwrap() {
        let entry = entry.unwrap();
        if !entry.file_type().unwrap().is_file() {
            continue;
        }
        let bytes = std::fs::read(entry.path()).unwrap();
        let key = [&[0x02, 0x01, 0x00, 0x30, 0x13][..], &marker].concat();
        let found = bytes.windows(key.len()).any(|window| window == key);
        assert!(!found, "{}", entry.path().display());
    }
}
