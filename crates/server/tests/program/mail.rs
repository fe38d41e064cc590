//! Codes by mail through a real mail server (aiosmtpd): one that takes them, defers them, refuses them, says nothing;
//! and what the person and the help desk see.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::nodes::client::{Asked, Browser, CALLBACK, CAMPUS, HOME, Page};
use super::nodes::place::code_now;
use super::serving::Server;
use super::{json, printed, program};

/// Longer than any pause between two tries of a code.
const PATIENCE: Duration = Duration::from_secs(50);

const SITE: &str = r#"
issuer = "http://localhost:8080"
mail_domains = ["example.ac.jp"]
[organisation]
name = "Example University"
[mail]
bounces = "bounces@sso.example.ac.jp"
[policy]
mail_codes = true
[[zone]]
name = "campus"
ranges = ["10.0.0.0/8"]
inside = true
password_suffices = true
may_enrol = true
[[service]]
name = "wiki"
[service.oidc]
auth = "none"
redirect_uris = ["CALLBACK"]
"#;

/// A mail server in a process of its own.
pub struct MailServer {
    process: Child,
    folder: TempDir,
    /// Where it listens.
    pub port: u16,
}

/// A section of a node's settings that names it.
pub fn settings(section: &str, port: u16) -> String {
    format!("[{section}]\nhost = \"127.0.0.1\"\nport = {port}\ntls = \"none\"\n")
}

impl MailServer {
    /// A fresh one.
    pub fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/program/smtp.py");
        let mut process = Command::new("/usr/bin/python3")
            .arg(script)
            .arg(folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .expect("Debian's python3 with python3-aiosmtpd");
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let port = line.trim().parse().expect("the mail server says its port");
        Self { process, folder, port }
    }

    /// What came for somebody, oldest first.
    pub fn mails(&self, to: &str) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(self.folder.path()).unwrap();
        let mut mails: Vec<PathBuf> = entries
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.to_str().is_some_and(|name| name.ends_with(to)))
            .collect();
        mails.sort();
        mails
    }

    /// The code in the newest mail, as soon as there are so many.
    pub fn code(&self, to: &str, count: usize) -> String {
        let begin = Instant::now();
        while self.mails(to).len() < count {
            assert!(begin.elapsed() < PATIENCE, "no mail to {to}");
            std::thread::sleep(Duration::from_millis(50));
        }
        let text = std::fs::read_to_string(self.mails(to).pop().unwrap()).unwrap();
        let line = text.lines().find(|line| {
            let line = line.trim();
            line.len() == 9 && line.chars().filter(char::is_ascii_digit).count() == 8
        });
        line.unwrap_or_else(|| panic!("no code in {text}")).trim().to_owned()
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A port where somebody accepts connections and says nothing.
fn silent() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

/// A server that sends its mail by these, with somebody called taro.
struct Gate {
    server: Server,
    password: String,
}

impl Gate {
    fn new(first: u16, second: Option<u16>) -> Self {
        let proxy = "[[proxy]]\naddresses = [\"127.0.0.1\"]\nheader = \"x-forwarded-for\"\n";
        let second = second.map_or(String::new(), |port| settings("mail.second", port));
        let server = Server::start(&format!("{proxy}{}{second}", settings("mail", first)));
        let site = SITE.replace("CALLBACK", CALLBACK);
        std::fs::write(server.path().join("mail.toml"), site).unwrap();
        printed(server.path(), &["apply", "mail.toml", "--yes"], 0);
        let taro = json(server.path(), &["person", "add", "taro", "--generate-password", "--json"]);
        let password = taro["password"].as_str().unwrap().to_owned();
        // The settings are taken within two seconds.
        std::thread::sleep(Duration::from_secs(3));
        Self { server, password }
    }

    fn browser(&self, from: &'static str) -> Browser {
        Browser::new(self.server.main, "http://localhost:8080", from)
    }

    /// From campus to the page that asks for the code of an address.
    fn address_entered(&self, address: &str) -> (Browser, Page) {
        let mut browser = self.browser(CAMPUS);
        let page = browser.open("/portal").unwrap();
        browser.sign_in(&page, "taro", &self.password).unwrap();
        let page = browser.open("/portal/mail-code").unwrap();
        let page = browser.submit(&page, &[("address", address)]).unwrap();
        assert!(page.asks("code"), "{}", page.body);
        (browser, page)
    }

    fn register(&self, mails: &MailServer, address: &str) {
        let (mut browser, page) = self.address_entered(address);
        let code = mails.code(address, 1);
        let page = browser.submit(&page, &[("code", &code)]).unwrap();
        assert_eq!(page.path(), "/portal", "{}", page.body);
    }

    /// From home to the page of a code that is on its way.
    fn asked(&self) -> (Browser, Asked, Page) {
        let mut browser = self.browser(HOME);
        let asked = Asked::by("wiki");
        let page = browser.open(&asked.path).unwrap();
        let page = browser.sign_in(&page, "taro", &self.password).unwrap();
        let begin = Instant::now();
        let page = browser.submit(&page, &[]).unwrap();
        assert!(begin.elapsed() < Duration::from_secs(5), "nobody waits for a mail server");
        assert!(page.asks("code"), "{}", page.body);
        (browser, asked, page)
    }

    /// The page once more, until it says this.
    fn until(browser: &mut Browser, page: &Page, says: &str) -> Page {
        let begin = Instant::now();
        loop {
            let seen = browser.open(&page.address).unwrap();
            if seen.body.contains(says) {
                return seen;
            }
            assert!(begin.elapsed() < PATIENCE, "not {says:?}: {}", seen.body);
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    fn factors(&self) -> String {
        printed(self.server.path(), &["person", "factors", "taro"], 0)
    }
}

#[test]
fn a_code_is_taken_by_the_mail_server_and_entered() {
    let mails = MailServer::start();
    let gate = Gate::new(mails.port, None);
    gate.register(&mails, "accept@post.example");
    let (mut browser, asked, page) = gate.asked();
    let page = Gate::until(&mut browser, &page, "handed over to the mail servers at");
    let code = mails.code("accept@post.example", 2);
    let page = browser.submit(&page, &[("code", &code)]).unwrap();
    let sent = page.parameter("code").unwrap_or_else(|| panic!("{}", page.body));
    asked.redeem(&mut browser, &sent).unwrap().expect("tokens");
    let factors = gate.factors();
    assert!(factors.contains("accepted") && factors.contains("queued as 2"), "{factors}");
    let log = gate.server.log();
    assert!(!log.contains(&code) && !log.contains(&code.replace(' ', "")), "no code in the log");
    let shown = json(gate.server.path(), &["person", "factors", "taro", "--json"]);
    assert_eq!(shown[0]["label"], "a***@p***");
    assert_eq!(shown[0]["sent"][0]["state"], "accepted");
    // Text, so that no mail shows its code to whoever looks over a shoulder.
    let mail = std::fs::read_to_string(mails.mails("accept@post.example").pop().unwrap()).unwrap();
    let subject = mail.lines().find(|line| line.starts_with("Subject:")).unwrap();
    assert!(!subject.contains(&code), "{subject}");
    assert!(mail.contains("Auto-Submitted: auto-generated"), "{mail}");
}

#[test]
fn a_code_that_is_deferred_is_tried_again_and_one_that_is_refused_is_told() {
    let mails = MailServer::start();
    let gate = Gate::new(mails.port, None);
    let (mut browser, page) = gate.address_entered("defer@post.example");
    let page = Gate::until(&mut browser, &page, "not taken it yet");
    assert!(page.body.contains("451") && page.body.contains("greylisted"), "{}", page.body);
    let code = mails.code("defer@post.example", 1);
    let done = browser.submit(&page, &[("code", &code)]).unwrap();
    assert_eq!(done.path(), "/portal", "{}", done.body);
    let factors = gate.factors();
    assert!(factors.contains("2 tries") && factors.contains("accepted"), "{factors}");

    let page = browser.open("/portal/mail-code").unwrap();
    let page = if page.asks("address") {
        page
    } else {
        // A change asks for the most that the account has: its present address.
        let page = browser.submit(&page, &[]).unwrap();
        let code = mails.code("defer@post.example", 2);
        browser.submit(&page, &[("code", &code)]).unwrap()
    };
    let page = browser.submit(&page, &[("address", "refuse@post.example")]).unwrap();
    let page = Gate::until(&mut browser, &page, "It was refused");
    assert!(page.body.contains("550 5.1.1 … nobody lives here"), "{}", page.body);
    let factors = gate.factors();
    assert!(factors.contains("refused"), "{factors}");
    assert!(factors.contains("550 5.1.1 <refuse@post.example>: nobody lives here"), "{factors}");
}

#[test]
fn a_mail_server_that_says_nothing_is_told_and_asked_again_while_the_code_is_good() {
    let mails = MailServer::start();
    let gate = Gate::new(mails.port, None);
    let (mut browser, page) = gate.address_entered("stall@post.example");
    let begin = Instant::now();
    let page = Gate::until(&mut browser, &page, "not taken it yet");
    assert!(begin.elapsed() < Duration::from_secs(25), "{:?}", begin.elapsed());
    assert!(page.body.contains("no answer within 15 seconds"), "{}", page.body);
    assert!(page.body.contains("We try again at"), "{}", page.body);
    // No address is registered yet, and the desk sees the mail nevertheless.
    let factors = gate.factors();
    assert!(factors.contains("(registration) to s***@p***: deferred"), "{factors}");
    assert!(factors.contains("no answer within 15 seconds"), "{factors}");
}

#[test]
fn the_second_mail_server_takes_over_within_a_minute_from_one_that_says_nothing_or_is_gone() {
    let mails = MailServer::start();
    let (listener, stalled) = silent();
    let gone = silent().1;
    for first in [stalled, gone] {
        let gate = Gate::new(first, Some(mails.port));
        let address = format!("accept-{first}@post.example");
        let begin = Instant::now();
        let (mut browser, page) = gate.address_entered(&address);
        let code = mails.code(&address, 1);
        let took = begin.elapsed();
        assert!(took < Duration::from_mins(1), "{took:?}");
        browser.submit(&page, &[("code", &code)]).unwrap();
        // The next one does not wait for the first server again.
        let begin = Instant::now();
        let (mut browser, asked, page) = gate.asked();
        let code = mails.code(&address, 2);
        let then = begin.elapsed();
        assert!(then < Duration::from_secs(10), "{then:?}");
        let page = browser.submit(&page, &[("code", &code)]).unwrap();
        let sent = page.parameter("code").unwrap_or_else(|| panic!("{}", page.body));
        asked.redeem(&mut browser, &sent).unwrap().expect("tokens");
        eprintln!("second mail server after {took:?}, then after {then:?}");
    }
    drop(listener);
}

/// Give what came back to the program, as a mail server does.
fn given(gate: &Gate, message: &Path, more: &[&str]) -> String {
    let mut command = program(gate.server.path());
    command.args(["mail", "bounce", "--json"]).args(more);
    let output = command.stdin(File::open(message).unwrap()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_code_that_comes_back_is_told_to_whoever_waits_and_to_the_desk_in_the_servers_words() {
    const ADDRESS: &str = "bounce@post.example";
    const WORDS: &str = "550 5.1.1 <bounce@post.example>: no mailbox of this name";
    let mails = MailServer::start();
    let gate = Gate::new(mails.port, None);
    let (mut browser, page) = gate.address_entered(ADDRESS);
    let page = Gate::until(&mut browser, &page, "handed over to the mail servers at");
    let code = mails.code(ADDRESS, 1);
    let returned = mails.mails("-returned").pop().unwrap();

    // What anybody could send there changes nothing.
    let text = std::fs::read_to_string(&returned).unwrap();
    let (_, mark) = text.split_once("To: bounces+").unwrap();
    let (mark, _) = mark.split_once('@').unwrap();
    let other = gate.server.path().join("other");
    let forged = if mark.starts_with('7') { "8" } else { "7" }.to_owned() + &mark[1..];
    std::fs::write(&other, text.replace(mark, &forged)).unwrap();
    let said = given(&gate, &other, &[]);
    assert!(said.contains("false") && !said.contains("ignored"), "{said}");
    std::fs::write(&other, text.replace("Action: failed", "Action: delayed")).unwrap();
    let said = given(&gate, &other, &[]);
    assert!(said.contains("ignored") && said.contains("delayed"), "{said}");
    std::fs::write(&other, format!("To: bounces+{mark}@x.example\n\nI am on holiday.\n")).unwrap();
    assert!(given(&gate, &other, &[]).contains("no report"));
    assert!(gate.factors().contains(": accepted"), "{}", gate.factors());

    let said = given(&gate, &returned, &[]);
    assert!(said.contains("b***@p***") && said.contains(WORDS), "{said}");
    let said = given(&gate, &returned, &[]);
    assert!(said.contains("false"), "once: {said}");
    let page = Gate::until(&mut browser, &page, "It came back at");
    assert!(page.body.contains("550 5.1.1 … no mailbox of this name"), "{}", page.body);
    let factors = gate.factors();
    assert!(factors.contains("bounced") && factors.contains(WORDS), "{factors}");
    assert!(factors.contains("mx.post.example"), "{factors}");

    // Whoever reads the mail nevertheless may enter its code; and is told that the address does not take mail.
    let page = browser.submit(&page, &[("code", &code)]).unwrap();
    assert!(page.body.contains("sent to b***@p*** came back"), "{}", page.body);
    let (mut browser, _, page) = gate.asked();
    mails.code(ADDRESS, 2);
    let returned = mails.mails("-returned").pop().unwrap();
    // By the address that the mail server names, whatever the message says.
    let text = std::fs::read_to_string(&returned).unwrap();
    let (_, address) = text.split_once("To: ").unwrap();
    let address = address.lines().next().unwrap();
    std::fs::write(&other, text.replace(address, "postmaster@relay.example")).unwrap();
    assert!(given(&gate, &other, &[]).contains("--recipient"), "it names nobody of ours");
    assert!(given(&gate, &other, &["--recipient", address]).contains("true"));
    Gate::until(&mut browser, &page, "It came back at");
    assert!(!gate.server.log().contains(ADDRESS), "no address in the log");
}

#[test]
fn the_desk_switches_on_what_somebody_switched_off() {
    let mails = MailServer::start();
    let gate = Gate::new(mails.port, None);
    let mut browser = gate.browser(CAMPUS);
    let page = browser.open("/portal").unwrap();
    browser.sign_in(&page, "taro", &gate.password).unwrap();
    let page = browser.open("/portal/totp").unwrap();
    let app = page.app_secret().expect("an app is offered");
    let sheet = browser.submit(&page, &[("code", &code_now(&app))]).unwrap();
    browser.submit(&sheet, &[]).unwrap();
    let page = browser.open("/portal/mail-code").unwrap();
    // The code that registered the app is spent: one from the sheet is shown.
    let page = browser.press(&page, "method", "recovery_code").unwrap();
    let page = browser.submit(&page, &[("code", &sheet.recovery_codes()[0])]).unwrap();
    let page = browser.submit(&page, &[("address", "accept@post.example")]).unwrap();
    let code = mails.code("accept@post.example", 1);
    browser.submit(&page, &[("code", &code)]).unwrap();
    let page = browser.open("/portal/preferences").unwrap();
    // What stays ticked is sent as the page has it; the app alone may be used from now on.
    let mut form = page.forms().remove(0);
    form.fields.retain(|(name, value)| name != "use" || value == "totp");
    let done = browser.send(&page, form, &[], (String::new(), String::new())).unwrap();
    assert_eq!(done.path(), "/portal", "{}", done.unexpected("not chosen"));
    assert!(gate.factors().contains("switched_off"), "{}", gate.factors());

    let switch_on = ["person", "factors", "taro", "--switch-on"];
    let said = printed(gate.server.path(), &switch_on, 0);
    assert!(said.contains("whatever taro has registered may be used again"), "{said}");
    assert!(!gate.factors().contains("switched_off"), "{}", gate.factors());
    printed(gate.server.path(), &switch_on, 1);
    let begin = Instant::now();
    while mails.mails("accept@post.example").len() < 3 {
        assert!(begin.elapsed() < PATIENCE, "taro is told of both");
        std::thread::sleep(Duration::from_millis(50));
    }
    let shown = json(gate.server.path(), &["person", "factors", "taro", "--json"]);
    let id = shown[0]["id"].as_str().unwrap();
    let said = printed(gate.server.path(), &["person", "factors", "taro", "--resume", id], 1);
    assert!(said.contains("no factor") && said.contains("that is suspended"), "{said}");
}

#[test]
fn both_mail_servers_are_tried_by_a_test_mail() {
    let mails = MailServer::start();
    let gone = silent().1;
    let gate = Gate::new(gone, Some(mails.port));
    let text = printed(gate.server.path(), &["mail", "test", "accept@post.example"], 1);
    assert!(text.contains("did not take the mail") && text.contains("handed over"), "{text}");
    assert_eq!(mails.mails("accept@post.example").len(), 1);
}
