//! Signing in with a certificate at a running server: pages by one address, the certificate by another, curl between.

use std::path::Path;
use std::process::Command;

use super::certificates::content;
use super::presenting::Hosts;
use super::{json, printed};

const TARO: &str = "--cert taro.pem --key taro.key";

/// What everybody is asked for, wherever they are.
pub const TWO_FACTORS: &str = "[[policy.row]]\nname = \"all\"\nrequire = \"two_factors\"\n";

/// A browser without pages: cookies, and one place after the other.
pub struct Browser<'h> {
    hosts: &'h Hosts,
    jar: String,
}

/// An answer after all redirects on the issuer's host.
pub struct Page(pub String);

impl<'h> Browser<'h> {
    pub fn new(hosts: &'h Hosts, name: &str) -> Self {
        Self { hosts, jar: format!("{name}.jar") }
    }

    /// What the issuer's host answers.
    fn main(&self, address: &str, more: &[String]) -> Page {
        let leads = format!("localhost:8080:{}", self.hosts.server.main);
        let mut curl = Command::new("curl");
        curl.args(["-sSL", "--max-time", "20", "-b", &self.jar, "-c", &self.jar]);
        let output = curl.args(["--connect-to", &leads]).args(more).arg(address);
        let output = output.current_dir(self.hosts.server.path()).output().unwrap();
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{address}: {error}");
        Page(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    fn submit(&self, page: &Page, field: &str, value: &str) -> Page {
        let fields = page.hidden().into_iter().chain([(field.to_owned(), value.to_owned())]);
        let more: Vec<String> = fields
            .flat_map(|(name, value)| ["--data-urlencode".to_owned(), format!("{name}={value}")])
            .collect();
        self.main("http://localhost:8080/login", &more)
    }

    /// The page that asks for a certificate.
    pub fn asked(&self, username: &str, password: &str) -> Page {
        let page = self.main("http://localhost:8080/portal", &[]);
        let page = self.submit(&page, "username", username);
        let page = self.submit(&page, "password", password);
        assert!(page.0.contains("certificate-button"), "{}", page.0);
        page
    }

    /// What the page shows after something was presented on the way, which is not followed further than its host.
    pub fn presented(&self, page: &Page, what: &str) -> Page {
        let (answered, said) = self.hosts.curl(&page.host(), &page.present(), what);
        assert!(answered && said.contains("HTTP/1.1 303"), "{said}");
        assert!(!said.to_lowercase().contains("set-cookie"), "{said}");
        self.main(&location(&said), &[])
    }
}

fn location(said: &str) -> String {
    let line = said.lines().find_map(|line| line.strip_prefix("location: "));
    line.unwrap_or_else(|| panic!("{said}")).trim().to_owned()
}

impl Page {
    /// Name and value of the hidden fields of the first form.
    fn hidden(&self) -> Vec<(String, String)> {
        let (_, form) = self.0.split_once("id=\"step\"").unwrap_or_else(|| panic!("{}", self.0));
        let (form, _) = form.split_once("</form>").unwrap();
        let inputs = form.split("<input type=\"hidden\" ").skip(1);
        let field = |input: &str, name: &str| {
            let (_, rest) = input.split_once(&format!("{name}=\"")).unwrap();
            rest.split('"').next().unwrap().to_owned()
        };
        inputs.map(|input| (field(input, "name"), field(input, "value"))).collect()
    }

    /// The certificate host that it leads to.
    fn host(&self) -> String {
        let (_, rest) =
            self.0.split_once("action=\"https://").unwrap_or_else(|| panic!("{}", self.0));
        rest.split(':').next().unwrap().to_owned()
    }

    fn present(&self) -> String {
        let (name, value) = self.hidden().remove(0);
        assert_eq!(name, "ticket");
        format!("/present?ticket={value}")
    }

    pub fn reason(&self) -> &str {
        let (_, rest) = self.0.split_once("data-reason=\"").unwrap_or_else(|| panic!("{}", self.0));
        rest.split('"').next().unwrap()
    }

    pub fn is_inside(&self) -> bool {
        self.0.contains("href=\"/portal/sign-out\"")
            || self.0.contains("action=\"/portal/sessions\"")
    }
}

/// Certificate hosts where two factors are asked for, and taro's password.
fn hosts(more: &str) -> (Hosts, String) {
    let hosts = Hosts::with(more, TWO_FACTORS);
    let password = hosts.password.clone();
    (hosts, password)
}

/// Certificate and key of somebody else, of our authority.
fn hanakos(path: &Path) -> &'static str {
    printed(path, &["person", "add", "hanako", "--generate-password"], 0);
    content(path, "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out hanako.key");
    content(path, "req -new -key hanako.key -subj /CN=taro -out hanako.csr");
    let issue = ["certificate", "issue", "hanako", "hanako.pem", "--request", "hanako.csr"];
    printed(path, &issue, 0);
    "--cert hanako.pem --key hanako.key"
}

#[test]
fn with_a_password_and_a_certificate_somebody_is_in_and_every_wrong_choice_has_its_reason() {
    let (hosts, password) = hosts(super::presenting::FILES);
    let path = hosts.server.path();
    let hanako = hanakos(path);
    let browser = Browser::new(&hosts, "taro");
    let mut page = browser.asked("taro", &password);
    let mut met = vec![page.host()];
    for (what, reason) in [
        ("", "cert.not_presented"),
        ("--cert other.pem --key other.key", "cert.unknown_issuer"),
        (hanako, "cert.other_person"),
    ] {
        page = browser.presented(&page, what);
        assert_eq!(page.reason(), reason, "{}", page.0);
        assert!(!met.contains(&page.host()), "every try has a host of its own");
        met.push(page.host());
    }
    let page = browser.presented(&page, TARO);
    assert!(page.is_inside(), "{}", page.0);
}

/// S41: what was revoked meanwhile is refused at the next sign-in, whatever was open.
#[test]
fn a_certificate_that_is_revoked_between_two_sign_ins_is_refused_at_the_second() {
    let (hosts, password) = hosts(super::presenting::FILES);
    let path = hosts.server.path();
    let serial = json(path, &["certificate", "list", "taro", "--json"])[0]["serial"].to_string();
    printed(path, &["certificate", "issue", "taro", "another.p12"], 0);
    let browser = Browser::new(&hosts, "first");
    let page = browser.asked("taro", &password);
    assert!(browser.presented(&page, TARO).is_inside());
    // A page that is open already, and a handshake that was made before.
    let second = Browser::new(&hosts, "second");
    let page = second.asked("taro", &password);
    let (_, said) = hosts.curl(&page.host(), &page.present(), TARO);
    printed(path, &["certificate", "revoke", serial.trim_matches('"')], 0);
    let page = second.main(&location(&said), &[]);
    assert_eq!(page.reason(), "cert.revoked", "{}", page.0);
    let page = second.presented(&page, TARO);
    assert_eq!(page.reason(), "cert.revoked", "{}", page.0);
}

#[test]
fn who_holds_a_certificate_of_an_authority_that_its_root_took_back_is_refused() {
    let (hosts, password) = hosts(super::presenting::FILES);
    let path = hosts.server.path();
    let browser = Browser::new(&hosts, "taro");
    let page = browser.asked("taro", &password);
    let shown = json(path, &["ca", "show", "--json"]);
    std::fs::write(path.join("issuing.pem"), shown[0]["certificate"]["pem"].as_str().unwrap())
        .unwrap();
    let root = ["--root-key", "root-key.pem", "--root-certificate", "root.pem"];
    let sign = ["ca", "sign-list", "--revoke", "issuing.pem", "--out", "root.crl"];
    printed(path, &[&sign[..], &root].concat(), 0);
    printed(path, &["ca", "install-list", "root.crl"], 0);
    let page = browser.presented(&page, TARO);
    assert_eq!(page.reason(), "cert.withdrawn_issuer", "{}", page.0);
}

#[test]
fn a_ticket_is_good_on_its_own_host_alone() {
    let (hosts, password) = hosts(super::presenting::FILES);
    let browser = Browser::new(&hosts, "taro");
    let page = browser.asked("taro", &password);
    for (host, path) in [
        ("a.cert.localhost", page.present()),
        (page.host().as_str(), format!("{}x", page.present())),
        (page.host().as_str(), "/present?ticket=".to_owned()),
    ] {
        let (_, said) = hosts.curl(host, &path, TARO);
        assert!(said.contains("HTTP/1.1 400") && !said.contains("location:"), "{path}: {said}");
    }
    let (_, said) = hosts.curl(&page.host(), "/present", TARO);
    assert!(said.contains("HTTP/1.1 404"), "{said}");
    let (_, said) = hosts.curl(&page.host(), &page.present(), &format!("{TARO} -d x"));
    assert!(said.contains("HTTP/1.1 404"), "{said}");
    assert!(browser.presented(&page, TARO).is_inside(), "nothing of this used it up");
}

/// RFC 9440: TLS ended at a proxy, which says what was presented.
#[test]
fn behind_a_declared_proxy_the_certificate_comes_in_a_header() {
    let proxy =
        "[[proxy]]\naddresses = [\"127.0.0.2\"]\nheader = \"forwarded\"\nclient_cert = true\n";
    let (hosts, password) = hosts(proxy);
    let path = hosts.server.path();
    let pem = std::fs::read_to_string(path.join("taro.pem")).unwrap();
    let (_, body) = pem.split_once("-----BEGIN CERTIFICATE-----").unwrap();
    let body: String = body.split("-----END").next().unwrap().split_whitespace().collect();
    let browser = Browser::new(&hosts, "taro");
    let mut page = browser.asked("taro", &password);
    for (interface, reason) in [("127.0.0.1", Some("cert.not_presented")), ("127.0.0.2", None)] {
        let listener = format!("http://{}{}", hosts.listener, page.present());
        let mut curl = Command::new("curl");
        curl.args(["-sSi", "--interface", interface, "-H", &format!("Host: {}", page.host())]);
        let output =
            curl.args(["-H", &format!("Client-Cert: :{body}:"), &listener]).output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        page = browser.main(&location(&said), &[]);
        match reason {
            Some(reason) => assert_eq!(page.reason(), reason, "{}", page.0),
            None => assert!(page.is_inside(), "{}", page.0),
        }
    }
}
