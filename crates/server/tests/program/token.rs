//! An authority whose key is in a token: SoftHSM2, as OpenSSL sees what it signs, and what becomes of everything else
//! while it is away.

use std::path::Path;
use std::process::Command;

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::{Error, RvError};
use cryptoki::object::{Attribute, AttributeType, ObjectClass};
use cryptoki::session::UserType;
use cryptoki::types::AuthPin;

use super::certificates::{Campus, INIT, content, fetch};
use super::serving::{Server, get};
use super::{json, printed, run};

/// The module under test; Debian's package is softhsm2.
pub const SOFTHSM: &str = "/usr/lib/softhsm/libsofthsm2.so";
/// OpenSC's spy, which stands before another module and writes down every call.
const SPY: &str = "/usr/lib/x86_64-linux-gnu/pkcs11-spy.so";

const TOKEN: &str =
    "\n[pkcs11]\nmodule = \"MODULE\"\ntoken = \"campus\"\npin_file = \"token.pin\"\n";

/// The words that make an authority with its key in the token.
pub fn in_token() -> Vec<&'static str> {
    [&INIT[..], &["--pkcs11", "campus-ca-1"]].concat()
}

/// Node settings with the token behind a module.
pub fn behind(module: &str) -> String {
    assert!(
        Path::new(module).exists(),
        "{module} is not here: apt-get install softhsm2 opensc-pkcs11"
    );
    TOKEN.replace("MODULE", module)
}

/// A token in this folder with a PIN of its own.
pub fn make_token(folder: &Path) {
    let tokens = folder.join("tokens");
    std::fs::create_dir(&tokens).unwrap();
    let settings = format!("directories.tokendir = {}\nlog.level = ERROR\n", tokens.display());
    std::fs::write(folder.join("softhsm2.conf"), settings).unwrap();
    let pin = sekimori_base::random::<12>(&sekimori_server::outside::SystemEntropy);
    let pin: String = pin.iter().map(|byte| char::from(b'0' + byte % 10)).collect();
    write_pin(folder, &pin);
    let init =
        ["--init-token", "--free", "--label", "campus", "--so-pin", "12345678", "--pin", &pin];
    let mut tool = Command::new("softhsm2-util");
    let output = tool.args(init).env("SOFTHSM2_CONF", folder.join("softhsm2.conf")).output();
    let output = output.expect("softhsm2-util is not here: apt-get install softhsm2");
    assert!(output.status.success(), "{output:?}");
}

fn write_pin(folder: &Path, pin: &str) {
    use std::os::unix::fs::PermissionsExt;
    let file = folder.join("token.pin");
    std::fs::write(&file, format!("{pin}\n")).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
}

/// The token is pulled out, or plugged in again.
pub fn plugged(folder: &Path, plugged: bool) {
    let (here, away) = (folder.join("tokens"), folder.join("away"));
    if plugged {
        std::fs::remove_dir_all(&here).unwrap();
        std::fs::rename(away, here).unwrap();
    } else {
        std::fs::rename(&here, away).unwrap();
        std::fs::create_dir(here).unwrap();
    }
}

fn ready(server: &Server) -> String {
    get(server.management, "/health/ready")
}

#[test]
fn openssl_verifies_what_the_token_signs() {
    let campus = Campus::with(Server::prepared(&behind(SOFTHSM), make_token), &in_token());
    let path = campus.path();
    let shown = printed(path, &["ca", "show"], 0);
    assert!(shown.contains("key          campus-ca-1 in the token campus\n"), "{shown}");
    for file in ["taro.pem", "own.pem"] {
        let (good, said) = campus.verify(file);
        assert!(good && said.contains("OK"), "{said}");
        let said = campus.status(&format!("-cert {file}"));
        assert!(said.contains("Response verify OK") && said.contains(": good"), "{said}");
    }
    printed(path, &["certificate", "revoke", &campus.serial("taro.pem")], 0);
    Campus::later();
    let (good, said) = campus.verify("taro.pem");
    assert!(!good && said.contains("certificate revoked"), "{said}");
    assert!(campus.verify("own.pem").0);
    assert!(campus.status("-cert taro.pem").contains(": revoked"));
    let (good, said) = campus.verify_chain("own.pem");
    assert!(good, "{said}");

    // The same key is no second authority; another one of the same token takes over.
    let renew = [&in_token()[..], &["--renew"]].concat();
    let said = printed(path, &renew, 1);
    assert!(said.contains("take another label"), "{said}");
    let renew = [&INIT[..], &["--pkcs11", "campus-ca-2", "--renew"]].concat();
    printed(path, &renew, 0);
    let shown = json(path, &["ca", "show", "--json"]);
    let labels = shown.as_array().unwrap().iter().map(|one| one["key"]["label"].as_str().unwrap());
    let mut labels: Vec<_> = labels.collect();
    labels.sort_unstable();
    assert_eq!(labels, ["campus-ca-1", "campus-ca-2"], "{shown}");
    printed(path, &["certificate", "issue", "taro", "second.p12"], 0);
    assert!(campus.status("-cert own.pem").contains(": good"), "the first one answers for its own");
    printed(path, &["audit", "verify"], 0);
}

#[test]
fn the_key_cannot_be_had_from_the_token_nor_from_a_backup() {
    let campus = Campus::with(Server::prepared(&behind(SOFTHSM), make_token), &in_token());
    let path = campus.path();
    // SoftHSM2 finds its tokens by an environment that is not to be changed under the other tests.
    let mut asking = Command::new(std::env::current_exe().unwrap());
    asking.args(["--ignored", "--exact", "token::the_value_of_the_key_is_not_given_out"]);
    asking.env("SOFTHSM2_CONF", path.join("softhsm2.conf")).current_dir(path);
    let output = asking.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");

    let said = printed(path, &["backup", "backup.db"], 0);
    assert!(said.contains("campus-ca-1 in the token campus"), "{said}");
    let backup = rusqlite::Connection::open(path.join("backup.db")).unwrap();
    let length: i64 = backup
        .query_row("SELECT length(sealed) FROM sealing_key WHERE line = 'ca'", [], |row| row.get(0))
        .unwrap();
    assert_eq!(length, 0);

    // Restored where there is no token: it says what is missing, serves, and issues nothing.
    let elsewhere = super::folder();
    std::fs::create_dir(elsewhere.path().join("data")).unwrap();
    for file in ["backup.db", "data/root.key"] {
        std::fs::copy(path.join(file), elsewhere.path().join(file)).unwrap();
    }
    let said = printed(elsewhere.path(), &["restore", "backup.db", "--yes"], 0);
    assert!(said.contains("not in the backup: campus-ca-1 in the token campus"), "{said}");
    let said = printed(elsewhere.path(), &["ca", "show"], 0);
    assert!(said.contains("PROBLEM") && said.contains("[pkcs11]"), "{said}");
    let said = run(elsewhere.path(), &["certificate", "issue", "taro", "x.p12"]);
    assert_eq!(said.status.code(), Some(3));
    let said = String::from_utf8_lossy(&said.stderr).into_owned();
    assert!(said.contains("campus, which this node does not have"), "{said}");
    assert!(!elsewhere.path().join("x.p12").exists());
}

#[test]
#[ignore = "run by the test above, in a process that has the environment for it"]
fn the_value_of_the_key_is_not_given_out() {
    let module = Pkcs11::new(SOFTHSM).unwrap();
    module.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)).unwrap();
    let slot = module.get_slots_with_initialized_token().unwrap()[0];
    let session = module.open_rw_session(slot).unwrap();
    let pin = std::fs::read_to_string("token.pin").unwrap();
    session.login(UserType::User, Some(&AuthPin::from(pin.trim()))).unwrap();
    let wanted =
        [Attribute::Class(ObjectClass::PRIVATE_KEY), Attribute::Label("campus-ca-1".into())];
    let keys = session.find_objects(&wanted).unwrap();
    let [key] = keys.as_slice() else { panic!("{keys:?}") };
    let said = session.get_attributes(*key, &[AttributeType::Value]).unwrap();
    assert_eq!(said, [], "CKA_VALUE");
    let wanted =
        [AttributeType::Sensitive, AttributeType::AlwaysSensitive, AttributeType::Extractable];
    let said = session.get_attributes(*key, &wanted).unwrap();
    let never = [
        Attribute::Sensitive(true),
        Attribute::AlwaysSensitive(true),
        Attribute::Extractable(false),
    ];
    assert_eq!(said, never);
    let loosened = session.update_attributes(*key, &[Attribute::Extractable(true)]);
    assert!(matches!(loosened, Err(Error::Pkcs11(RvError::AttributeReadOnly, _))), "{loosened:?}");
}

#[test]
fn a_root_may_be_in_the_token_as_well() {
    let server = Server::prepared(&behind(SOFTHSM), make_token);
    let path = server.path();
    let root = ["--root-pkcs11", "campus-root", "--root-certificate", "root.pem"];
    let init = ["ca", "init", "--name", "Example University", "--pkcs11", "campus-ca-1"];
    let both = [&init[..], &root, &["--root-key", "root-key.pem"]].concat();
    assert!(printed(path, &both, 2).contains("cannot be used with"));
    printed(path, &["ca", "init", "--name", "x", "--root-certificate", "root.pem"], 2);
    printed(path, &[&init[..], &root].concat(), 0);
    let shown = json(path, &["ca", "show", "--json"]);
    std::fs::write(path.join("issuing.pem"), shown[0]["certificate"]["pem"].as_str().unwrap())
        .unwrap();
    let said = content(path, "verify -x509_strict -CAfile root.pem issuing.pem");
    assert!(said.contains("OK"), "{said}");
    let list = [&["ca", "sign-list"][..], &root, &["--out", "root.crl"]].concat();
    printed(path, &list, 0);
    let said = content(path, "crl -in root.crl -noout -CAfile root.pem");
    assert!(said.contains("verify OK"), "{said}");
    printed(path, &["ca", "install-list", "root.crl"], 0);
    // A root that there is wants its own key, and makes no other.
    let other =
        ["ca", "sign-list", "--root-pkcs11", "campus-ca-1", "--root-certificate", "root.pem"];
    let said = printed(path, &[&other[..], &["--out", "other.crl"]].concat(), 3);
    assert!(said.contains("not that of this key"), "{said}");
    let other = ["ca", "sign-list", "--root-pkcs11", "no-key", "--root-certificate", "root.pem"];
    let said = printed(path, &[&other[..], &["--out", "other.crl"]].concat(), 3);
    assert!(said.contains("has no key no-key"), "{said}");
}

/// A root whose key lies in the token of the node, under the very label of what it signs, would be no root.
#[test]
fn a_root_and_what_it_signs_never_have_one_key() {
    let server = Server::prepared(&behind(SOFTHSM), make_token);
    let path = server.path();
    let init = ["ca", "init", "--name", "Example University", "--pkcs11"];
    let one = ["same", "--root-pkcs11", "same", "--root-certificate", "same.pem"];
    let said = printed(path, &[&init[..], &one].concat(), 3);
    assert!(said.contains("has a key of its own"), "{said}");
    assert_eq!(json(path, &["ca", "show", "--json"]).as_array().map(Vec::len), Some(0));

    let first = ["first", "--root-pkcs11", "root", "--root-certificate", "root.pem"];
    printed(path, &[&init[..], &first].concat(), 0);
    let turned =
        ["second", "--root-pkcs11", "first", "--root-certificate", "turned.pem", "--renew"];
    let said = printed(path, &[&init[..], &turned].concat(), 1);
    assert!(said.contains("a root has a key of its own"), "{said}");
    assert_eq!(json(path, &["ca", "show", "--json"]).as_array().map(Vec::len), Some(1));
}

#[test]
fn check_looks_for_the_token_and_logs_in_nowhere() {
    let folder = super::folder();
    make_token(folder.path());
    let write = |settings: &str| std::fs::write(folder.path().join("sekimori.toml"), settings);
    write(&behind(SPY)).unwrap();
    let said = printed(folder.path(), &["check", "sekimori.toml"], 0);
    assert!(said.contains("no mistakes"), "{said}");
    let spy = std::fs::read_to_string(folder.path().join("spy")).unwrap();
    assert!(spy.contains(": C_GetSlotList") && !spy.contains(": C_Login"), "{spy}");
    write(&behind(SOFTHSM).replace("\"campus\"", "\"vault\"")).unwrap();
    let said = printed(folder.path(), &["check", "sekimori.toml"], 0);
    assert!(said.contains("pkcs11.token") && said.contains("the module shows campus"), "{said}");
    write(&behind("/usr/bin/env")).unwrap();
    let said = printed(folder.path(), &["check", "sekimori.toml"], 0);
    assert!(said.contains("pkcs11.module") && said.contains("does not work"), "{said}");
    write(&TOKEN.replace("MODULE", "/nowhere.so")).unwrap();
    printed(folder.path(), &["check", "sekimori.toml"], 1);
}

#[test]
fn a_wrong_pin_is_tried_once_and_the_right_one_is_taken_without_a_restart() {
    let server = Server::prepared(&behind(SPY), |folder| {
        make_token(folder);
        std::fs::copy(folder.join("token.pin"), folder.join("right.pin")).unwrap();
        write_pin(folder, "000000");
    });
    let path = server.path();
    let logins = || {
        let spy = std::fs::read_to_string(path.join("spy")).unwrap_or_default();
        spy.lines().filter(|line| line.contains(": C_Login")).count()
    };
    server.until("told", || ready(&server).contains("refused the PIN"));
    assert!(ready(&server).contains("200 OK"), "people sign in all the same");
    for _ in 0..3 {
        let said = printed(path, &in_token(), 1);
        assert!(said.contains("refused the PIN") && said.contains("pkcs11.pin_file"), "{said}");
        Campus::later();
    }
    assert_eq!(logins(), 1);
    assert!(server.log().contains("refused the PIN"));
    assert!(get(server.management, "/metrics").contains("sekimori_token_unusable 1"));
    let pin = std::fs::read_to_string(path.join("right.pin")).unwrap();
    write_pin(path, pin.trim());
    Campus::later();
    printed(path, &in_token(), 0);
    assert_eq!(logins(), 2);
    server.until("told", || !ready(&server).contains("impaired"));
    let log = server.log();
    assert!(!log.contains("000000") && !log.contains(pin.trim()));
}

#[test]
fn a_token_that_is_away_stops_signatures_only_and_is_used_again_when_it_is_back() {
    let campus = Campus::with(Server::prepared(&behind(SOFTHSM), make_token), &in_token());
    let path = campus.path();
    assert!(campus.verify("taro.pem").0);
    plugged(path, false);
    let issue = ["certificate", "issue", "taro", "more.p12"];
    let said = printed(path, &issue, 3);
    assert!(said.contains("the token"), "{said}");
    assert!(!path.join("more.p12").exists());
    campus.until("told", || ready(&campus).contains("impaired"));
    assert!(ready(&campus).contains("200 OK"));
    assert!(get(campus.main, "/.well-known/openid-configuration").contains("200 OK"));
    assert!(printed(path, &["ca", "show"], 0).contains("PROBLEM"));
    // Revocation is kept although no new list can be signed; the list of before is served.
    printed(path, &["certificate", "revoke", &campus.serial("taro.pem")], 0);
    Campus::later();
    campus.list();
    content(path, "ocsp -issuer issuing.pem -cert taro.pem -reqout request.der");
    let request = std::fs::read(path.join("request.der")).unwrap();
    let try_later = [0x30, 3, 0x0a, 1, 3];
    assert_eq!(fetch(campus.main, "POST /ca/ocsp", &request).1, try_later);

    plugged(path, true);
    campus.until("back", || run(path, &issue).status.success());
    campus.until("told", || !ready(&campus).contains("impaired"));
    Campus::later();
    let (good, said) = campus.verify("taro.pem");
    assert!(!good && said.contains("certificate revoked"), "{said}");
    assert!(campus.status("-cert taro.pem").contains(": revoked"));
    assert!(campus.log().contains("the token can sign again"));
}
