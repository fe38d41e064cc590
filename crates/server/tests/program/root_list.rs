//! The revocation list of a root, as OpenSSL sees it.

use super::certificates::{Campus, INIT, content};
use super::serving::Server;
use super::{json, printed};

/// Sign a list with the campus's root; more words as they are needed.
const SIGN: [&str; 6] =
    ["ca", "sign-list", "--root-key", "root-key.pem", "--root-certificate", "root.pem"];

#[test]
fn openssl_follows_the_chain_to_the_root_and_its_list() {
    let campus = Campus::start();
    let path = campus.path();
    let (good, said) = campus.verify_chain("taro.pem");
    assert!(good && said.contains("OK"), "{said}");
    let shown = json(path, &["ca", "show", "--json"]);
    let url = shown[0]["root_list"]["url"].as_str().unwrap();
    let text =
        content(path, "x509 -in issuing.pem -noout -ext crlDistributionPoints,authorityInfoAccess");
    assert!(text.contains(url), "{text}");
    assert!(text.contains(&url.replace(".crl", ".cer")), "{text}");
    campus.fetch_to(&url.replace(".crl", ".cer"), "above.cer");
    let above = content(path, "x509 -in above.cer -inform DER");
    assert!(std::fs::read_to_string(path.join("root.pem")).unwrap().contains(above.trim()));
    let said = content(path, "crl -in above.pem -noout -CAfile root.pem -text");
    assert!(said.contains("verify OK") && said.contains("No Revoked Certificates"), "{said}");

    // A person's certificate that is taken back is refused by the same check.
    printed(path, &["certificate", "revoke", &campus.serial("taro.pem")], 0);
    Campus::later();
    let (good, said) = campus.verify_chain("taro.pem");
    assert!(!good && said.contains("certificate revoked"), "{said}");
    assert!(campus.verify_chain("own.pem").0);
}

#[test]
fn a_root_takes_an_authority_back_and_another_one_takes_over() {
    let campus = Campus::start();
    let path = campus.path();
    std::fs::write(path.join("1.pem"), campus.root_list()).unwrap();
    let revoke = [&SIGN[..], &["--former", "1.pem", "--revoke", "issuing.pem", "--out", "2.pem"]];
    printed(path, &revoke.concat(), 0);
    printed(path, &["ca", "install-list", "2.pem"], 0);
    let (good, said) = campus.verify_chain("taro.pem");
    assert!(!good && said.contains("certificate revoked"), "{said}");
    let shown = json(path, &["ca", "show", "--json"]);
    assert!(shown[0]["revoked_at"].is_string(), "{shown}");
    let said = printed(path, &["certificate", "issue", "taro", "new.p12"], 1);
    assert!(said.contains("no certificate authority"), "{said}");

    // The one before it, a new one that has forgotten, and one of another root are not taken.
    assert!(printed(path, &["ca", "install-list", "1.pem"], 1).contains("not older"));
    assert!(printed(path, &["ca", "install-list", "2.pem"], 1).contains("not older"));
    printed(path, &[&SIGN[..], &["--out", "3.pem"]].concat(), 0);
    assert!(printed(path, &["ca", "install-list", "3.pem"], 1).contains("forgets"));
    campus.list();
    assert!(printed(path, &["ca", "install-list", "list.crl"], 1).contains("not signed"));
    assert!(
        printed(path, &["ca", "install-list", "root.pem"], 1).contains("complete revocation list")
    );
    std::fs::write(path.join("taro-sign.pem"), std::fs::read(path.join("taro.pem")).unwrap())
        .unwrap();
    let foreign = [&SIGN[..], &["--revoke", "taro-sign.pem", "--out", "4.pem"]].concat();
    assert!(printed(path, &foreign, 3).contains("not signed by this root"));

    // The next authority of the same root goes on where that one stopped, and its list names the former.
    printed(path, &[&INIT[..], &["--renew"]].concat(), 0);
    printed(path, &["certificate", "issue", "taro", "new.p12", "--json"], 0);
    assert_ne!(std::fs::read_to_string(path.join("2.pem")).unwrap(), campus.root_list());
    let (good, said) = campus.verify_chain("own.pem");
    assert!(!good && said.contains("certificate revoked"), "{said}");
}

#[test]
fn the_log_says_that_the_list_of_a_root_is_over_soon() {
    let server = Server::prepared("", |folder| {
        printed(folder, &["apply", "site.toml"], 0);
        printed(folder, &INIT, 0);
        printed(folder, &[&SIGN[..], &["--months", "1", "--out", "short.crl"]].concat(), 0);
        printed(folder, &["ca", "install-list", "short.crl"], 0);
    });
    server.until("told", || server.log().contains("the list of a root is over soon"));
}
