//! Letters on paper: what is printed is read back as its reader reads it, with a camera and with eyes.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::Command;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use super::nodes::client::{Browser, HOME};
use super::nodes::place::{PASSWORD, Place};
use super::serving::Server;
use super::{folder, json, printed, run};

/// A password of somebody's own.
const OWN: &str = "eleven patient herons by the river";

/// What another program says, which must be content.
fn says(folder: &Path, program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).current_dir(folder).output();
    let output = output.unwrap_or_else(|error| panic!("{program} ({error}): see tests/install.sh"));
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {arguments:?}: {error}");
    String::from_utf8(output.stdout).unwrap()
}

/// What a camera reads on a page of a file.
fn scanned(folder: &Path, file: &str, page: usize) -> String {
    let page = page.to_string();
    let arguments = ["-r", "150", "-png", "-singlefile", "-f", &page, "-l", &page, file, "scan"];
    says(folder, "pdftoppm", &arguments);
    says(folder, "zbarimg", &["--quiet", "--raw", "scan.png"]).trim().to_owned()
}

/// What eyes read on a page: lines, without the spaces between characters that are to be copied.
fn read(folder: &Path, file: &str, page: usize) -> Vec<String> {
    let page = page.to_string();
    let text = says(folder, "pdftotext", &["-f", &page, "-l", &page, "-layout", file, "-"]);
    text.lines().map(|line| line.split_whitespace().collect()).collect()
}

/// A letter as its reader has it.
struct Held {
    key: String,
    password: String,
}

/// The letter on a page; the key by camera and by eyes is the same.
fn held(folder: &Path, file: &str, page: usize) -> Held {
    let uri = scanned(folder, file, page);
    assert!(uri.starts_with("otpauth://totp/Example%20University:"), "{uri}");
    let key = uri.split(['?', '&']).find_map(|part| part.strip_prefix("secret=")).unwrap();
    let lines = read(folder, file, page);
    assert!(lines.iter().any(|line| line == key), "{key}: {lines:?}");
    let is_password = |line: &&String| {
        line.len() == 14
            && line.split('-').count() == 3
            && line.split('-').all(|group| group.len() == 4 && group.is_ascii())
    };
    let password = lines.iter().find(is_password).unwrap_or_else(|| panic!("{lines:?}"));
    for mistaken in "0O1I2Z5S6G8B".chars() {
        assert!(!key.contains(mistaken) && !password.contains(mistaken), "{key} {password}");
    }
    Held { key: key.to_owned(), password: password.clone() }
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// What an app shows so many seconds from now, as oathtool computes it.
fn code(key: &str, seconds: u64) -> String {
    let at = format!("--now=@{}", now() + seconds);
    says(Path::new("/"), "oathtool", &["--totp", "--base32", &at, key]).trim().to_owned()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// What was wrong a second ago is not looked at again before that.
fn pause() {
    std::thread::sleep(std::time::Duration::from_millis(1_100));
}

/// The page that follows user name and initial password.
fn begins(browser: &mut Browser, name: &str, password: &str) -> super::nodes::client::Page {
    let page = browser.open("/ticket").unwrap();
    browser.submit(&page, &[("username", name), ("ticket", password)]).unwrap()
}

#[test]
fn a_letter_is_read_with_a_camera_and_opens_the_account_from_anywhere() {
    let place = Place::new(1, None, &["taro".to_owned()]);
    let node = place.start(0);
    let folder = place.folder();
    place.command(&["person", "add", "hanako", "--name", "Hanako Sato", "--name-ja", "佐藤 花子"]);
    let made = place.json(&["person", "letters", "hanako", "--out", "letters.pdf", "--yes"]);
    assert_eq!((&made["letters"], &made["replaced"]), (&json!(1), &json!(0)), "{made}");
    assert_eq!(mode(&folder.join("letters.pdf")), 0o600);
    assert!(!folder.join("letters.pdf.part").exists());
    let letter = held(folder, "letters.pdf", 1);
    assert!(
        !made.to_string().contains(&letter.key) && !made.to_string().contains(&letter.password)
    );
    let text = read(folder, "letters.pdf", 1).concat();
    for said in ["HanakoSato", "ExampleUniversity", &format!("{}/ticket", place.issuer())] {
        assert!(text.contains(said), "{said}: {text}");
    }
    let shown = place.json(&["person", "show", "hanako"]);
    assert_eq!(shown["has_password"], false);
    let factors = shown["factors"].as_array().unwrap();
    assert_eq!(factors.len(), 1, "{shown}");
    assert_eq!((&factors[0]["binding"], &factors[0]["state"]), (&json!("letter"), &json!("ready")));

    // From outside: the initial password leads to a password of their own, with a code of the app.
    let mut browser = node.at.browser(HOME);
    let page = browser.open("/portal").unwrap();
    let page = browser.sign_in(&page, "hanako", &letter.password).unwrap();
    assert!(page.body.contains("the initial password of a letter"), "{}", page.body);
    pause();
    let page = begins(&mut browser, "hanako", &letter.password.to_lowercase());
    assert!(page.asks("new_password") && page.asks("code"), "{}", page.body);
    let refused = browser.submit(&page, &[("new_password", OWN), ("code", "000000")]).unwrap();
    assert!(refused.asks("new_password"), "without the app it is worth nothing: {}", refused.body);
    pause();
    let fields = [("new_password", OWN), ("code", &code(&letter.key, 0))];
    let page = browser.submit(&refused, &fields).unwrap();
    let page = if page.asks("username") {
        browser.sign_in(&page, "hanako", OWN).unwrap()
    } else {
        browser.submit(&page, &[("password", OWN)]).unwrap()
    };
    let page = browser.submit(&page, &[("code", &code(&letter.key, 30))]).unwrap();
    assert_eq!((page.status, page.path()), (200, "/portal"), "{}", page.body);

    // Once.
    let again = begins(&mut node.at.browser(HOME), "hanako", &letter.password);
    assert!(again.asks("ticket"), "{}", again.body);

    // And nowhere else.
    let exported = place.command(&["person", "export", "hanako"]);
    for event in ["factor.handed_out", "ticket.made", "password.by_ticket"] {
        assert!(exported.contains(event), "{event}: {exported}");
    }
    let mut files = vec![folder.join("node-0.log")];
    files.extend(fs::read_dir(folder.join("data")).unwrap().map(|file| file.unwrap().path()));
    for file in files.iter().filter(|file| file.is_file()) {
        let bytes = fs::read(file).unwrap();
        let whole = String::from_utf8_lossy(&bytes);
        let bare = letter.password.replace('-', "");
        for secret in [&letter.key, &letter.password, &bare] {
            assert!(!whole.contains(secret.as_str()), "{}", file.display());
        }
    }
    node.kill();
}

#[test]
fn a_new_letter_takes_the_place_of_one_that_nobody_used_and_of_nothing_else() {
    let place = Place::new(1, None, &["taro".to_owned()]);
    let node = place.start(0);
    let folder = place.folder();
    place.command(&["person", "add", "hanako"]);
    place.command(&["person", "letters", "hanako", "--out", "one.pdf", "--yes"]);
    let first = held(folder, "one.pdf", 1);
    let made = place.json(&["person", "letters", "hanako", "--out", "two.pdf", "--yes"]);
    assert_eq!(made["replaced"], 1);
    let second = held(folder, "two.pdf", 1);
    assert_ne!(first.key, second.key);
    let shown = place.json(&["person", "show", "hanako"]);
    assert_eq!(shown["factors"].as_array().unwrap().len(), 1, "{shown}");
    let page = begins(&mut node.at.browser(HOME), "hanako", &first.password);
    assert!(page.asks("ticket"), "the first has ended: {}", page.body);
    pause();
    let mut browser = node.at.browser(HOME);
    let page = begins(&mut browser, "hanako", &second.password);
    let old =
        browser.submit(&page, &[("new_password", OWN), ("code", &code(&first.key, 0))]).unwrap();
    assert!(old.asks("new_password"), "{}", old.body);
    pause();
    let fields = [("new_password", OWN), ("code", &code(&second.key, 0))];
    let page = browser.submit(&old, &fields).unwrap();
    assert!(!page.asks("new_password"), "{}", page.body);

    // Now it is an account in use.
    let arguments = ["person", "letters", "hanako", "--out", "three.pdf", "--yes"];
    let all = [&arguments[..], &["--config", "node-0.toml"]].concat();
    let text = printed(folder, &all, 1);
    assert!(text.contains("hanako: the account is in use"), "{text}");
    assert!(!folder.join("three.pdf").exists() && !folder.join("three.pdf.part").exists());
    let made = place.json(&[&arguments[..], &["--in-use"]].concat());
    assert_eq!((&made["letters"], &made["replaced"]), (&json!(1), &json!(0)), "{made}");
    let shown = place.json(&["person", "show", "hanako"]);
    assert_eq!(shown["factors"].as_array().unwrap().len(), 2, "what is in use stays: {shown}");
    node.kill();
}

/// A folder with five people: two new, one disabled, one with a password, one in a group.
fn people() -> tempfile::TempDir {
    let folder = folder();
    let path = folder.path();
    printed(path, &["apply", "site.toml"], 0);
    let lines = format!(
        "username,name_en,name_ja,groups,password\nhanako,Hanako Sato,佐藤 花子,new,\n\
         jiro,Jiro Ito,伊藤 二郎,new,\nsaburo,,,,\nshiro,,,new,{PASSWORD}\n"
    );
    fs::write(path.join("people.csv"), lines).unwrap();
    printed(path, &["person", "import", "people.csv", "--yes"], 0);
    printed(path, &["person", "disable", "saburo"], 0);
    folder
}

fn factors(folder: &Path, name: &str) -> usize {
    json(folder, &["person", "show", name, "--json"])["factors"].as_array().unwrap().len()
}

#[test]
fn who_cannot_be_sent_a_letter_is_named_and_nothing_is_done() {
    let folder = people();
    let path = folder.path();
    let text = printed(path, &["person", "letters", "--from", "people.csv", "--out", "l.pdf"], 1);
    for said in
        ["saburo: the account is disabled", "person enable saburo", "shiro: the account is in use"]
    {
        assert!(text.contains(said), "{said}: {text}");
    }
    let text = printed(path, &["person", "letters", "hanako", "nobody", "--out", "l.pdf", "-y"], 1);
    assert!(text.contains("nobody: nobody has that user name"), "{text}");
    let text = printed(path, &["person", "letters", "hanako", "--out", "l.pdf"], 1);
    assert!(text.contains("+ hanako") && text.contains("answer yes, or use --yes"), "{text}");
    let text = printed(path, &["person", "letters", "hanako", "--dry-run"], 0);
    assert!(text.contains("1 letter, 0 in place of an earlier one"), "{text}");
    let dry = ["person", "letters", "--group", "new", "--dry-run", "--skip", "--json"];
    let planned = json(path, &dry);
    assert_eq!(planned["letters"].as_array().unwrap().len(), 2, "{planned}");
    assert_eq!(planned["refused"][0]["username"], "shiro");
    let left: Vec<_> = fs::read_dir(path).unwrap().map(|file| file.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().contains("pdf")), "{left:?}");
    assert_eq!(factors(path, "hanako"), 0);
    for wrong in [
        &["person", "letters", "--out", "l.pdf"][..],
        &["person", "letters", "hanako"],
        &["person", "letters", "hanako", "--group", "new", "--out", "l.pdf"],
        &["person", "letters", "hanako", "--out", "l.pdf", "--each", "l"],
    ] {
        printed(path, wrong, 2);
    }
}

#[test]
fn what_cannot_be_written_gives_nobody_a_secret() {
    // Beside a server: the limit of what may be written below is the command's alone.
    let server = Server::start("");
    let path = server.path();
    printed(path, &["person", "add", "hanako"], 0);
    fs::write(path.join("there.pdf"), "mine").unwrap();
    let text = printed(path, &["person", "letters", "hanako", "--out", "there.pdf", "-y"], 3);
    assert!(text.contains("there.pdf exists") && text.contains("nothing was done"), "{text}");
    assert_eq!(fs::read_to_string(path.join("there.pdf")).unwrap(), "mine");
    let text = printed(path, &["person", "letters", "hanako", "--out", "no/where.pdf", "-y"], 3);
    assert!(text.contains("no/where.pdf.part"), "{text}");
    // A disk that is full: the file is made, and nothing can be written into it.
    std::os::unix::fs::symlink("/dev/full", path.join("full.pdf.part")).unwrap();
    let text = printed(path, &["person", "letters", "hanako", "--out", "full.pdf", "-y"], 3);
    assert!(text.contains("broken off"), "nothing is written through a link: {text}");
    let limited = format!(
        "ulimit -f 8; exec '{}' person letters hanako --out small.pdf -y",
        env!("CARGO_BIN_EXE_sekimori")
    );
    let limited = format!("trap '' XFSZ; {limited}");
    let output = Command::new("bash").args(["-c", &limited]).current_dir(path).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.contains("small.pdf.part"), "{said}");
    assert!(!path.join("small.pdf").exists() && !path.join("small.pdf.part").exists());
    fs::write(path.join("no-font"), "not a font").unwrap();
    let font = ["person", "letters", "hanako", "--out", "f.pdf", "-y", "--font", "no-font"];
    assert!(printed(path, &font, 3).contains("not a font"));
    assert_eq!(factors(path, "hanako"), 0);
}

/// What the server answers to letters that were printed, at its socket.
fn taken(server: &Server, planned: &Value) -> String {
    let mut letter = planned.clone();
    letter["password"] = json!("7K3M-9QTX-4ACD");
    letter["key"] = json!("ACDE FHJK LMNP QRTU VWXY 3477 ACDE FHJK");
    let take = json!({ "take": { "letters": [letter], "in_use": "refuse" } });
    let body = json!({ "tenant": null, "command": { "letters": take } }).to_string();
    let mut socket = UnixStream::connect(server.path().join("data/management.sock")).unwrap();
    let length = body.len();
    let head = format!("POST /command HTTP/1.1\r\nHost: m\r\nContent-Length: {length}\r\n\r\n");
    socket.write_all(format!("{head}{body}").as_bytes()).unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn somebody_who_was_changed_since_the_letter_was_planned_gets_nothing_of_it() {
    let server = Server::start("");
    let path = server.path();
    printed(path, &["person", "add", "hanako"], 0);
    let plan = || json(path, &["person", "letters", "hanako", "--dry-run", "--json"]);
    let planned = plan()["letters"][0].clone();
    let later = planned["until"].as_i64().unwrap() + 3_600_000;
    for (what, wrong) in [("until", json!(later)), ("epoch", json!(7)), ("updated_at", json!(1))] {
        let mut other = planned.clone();
        other[what] = wrong;
        let answer = taken(&server, &other);
        assert!(answer.contains("hanako was changed meanwhile: nothing was done"), "{answer}");
    }
    printed(path, &["person", "disable", "hanako"], 0);
    printed(path, &["person", "enable", "hanako"], 0);
    assert!(taken(&server, &planned).contains("changed meanwhile"));
    assert_eq!(factors(path, "hanako"), 0);
    let answer = taken(&server, &plan()["letters"][0]);
    assert!(answer.contains("\"yes\""), "{answer}");
    assert_eq!(factors(path, "hanako"), 1);
}

#[test]
fn each_letter_in_a_file_of_its_own_with_the_other_language_on_the_back() {
    let folder = people();
    let path = folder.path();
    let each = ["person", "letters", "hanako", "jiro", "--each", "letters", "-y"];
    printed(path, &[&each[..], &["--language", "both"]].concat(), 0);
    assert_eq!(mode(&path.join("letters")), 0o700);
    for name in ["hanako", "jiro"] {
        let file = format!("letters/{name}.pdf");
        assert_eq!(mode(&path.join(&file)), 0o600);
        let letter = held(path, &file, 1);
        let front = read(path, &file, 1).concat();
        let back = read(path, &file, 2).concat();
        assert!(
            front.contains("決してしないこと") && back.contains("Whatneverto"),
            "{front} {back}"
        );
        for secret in [&letter.key, &letter.password] {
            assert!(front.contains(secret.as_str()) && !back.contains(secret.as_str()), "{back}");
        }
    }
    let again = ["person", "letters", "hanako", "-y", "--language"];
    printed(path, &[&again[..], &["en", "--out", "en.pdf"]].concat(), 0);
    assert!(read(path, "en.pdf", 1).concat().contains("HanakoSato"));
    held(path, "en.pdf", 1);
    printed(path, &[&again[..], &["ja", "--out", "ja.pdf"]].concat(), 0);
    assert!(read(path, "ja.pdf", 1).concat().contains("佐藤花子様"));
    held(path, "ja.pdf", 1);
    let fonts = says(path, "pdffonts", &["ja.pdf"]);
    let embedded = |line: &str| line.contains("CJK") && line.contains("yes yes yes");
    assert_eq!(fonts.lines().skip(2).filter(|line| embedded(line)).count(), 2, "{fonts}");
    assert!(fs::metadata(path.join("ja.pdf")).unwrap().len() < 200_000, "as a subset");
}

#[test]
fn a_whole_year_of_new_people_is_printed_at_once() {
    let full = std::env::var("SEKIMORI_TEST_VOLUME").is_ok_and(|volume| volume == "full");
    let count = if full { 1000 } else { 100 };
    let folder = folder();
    let path = folder.path();
    printed(path, &["apply", "site.toml"], 0);
    let mut lines = "username,name_en,name_ja,groups\n".to_owned();
    for number in 0..count {
        let _ = writeln!(lines, "s{number:04},Student {number},学生 {number},new-2027");
    }
    fs::write(path.join("people.csv"), lines).unwrap();
    printed(path, &["person", "import", "people.csv", "--yes"], 0);
    let begun = Instant::now();
    let arguments =
        ["person", "letters", "--group", "new-2027", "--out", "all.pdf", "-y", "--json"];
    let made: Value = json(path, &arguments);
    let took = begun.elapsed();
    println!("{count} letters in {took:?}");
    assert_eq!(made["letters"], count);
    let info = says(path, "pdfinfo", &["all.pdf"]);
    assert!(info.contains(&format!("Pages:           {count}\n")), "{info}");
    let keys: BTreeSet<String> =
        [1, count / 2, count].iter().map(|page| held(path, "all.pdf", *page).key).collect();
    assert_eq!(keys.len(), 3);
    let last = format!("s{:04}", count - 1);
    let shown = json(path, &["person", "show", &last, "--json"]);
    assert_eq!(shown["factors"][0]["binding"], "letter");
    let verified = printed(path, &["audit", "verify"], 0);
    assert!(verified.contains("nothing is wrong"), "{verified}");
    assert!(!run(path, &["person", "letters", &last, "--out", "all.pdf", "-y"]).status.success());
}
