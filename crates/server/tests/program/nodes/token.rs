//! Two nodes with one token, and a third that has none, on PostgreSQL.

use std::path::Path;
use std::time::{Duration, Instant};

use super::client::CAMPUS;
use super::place::{Node, PASSWORD, Place, postgres};
use crate::certificates::{content, fetch};
use crate::token::{SOFTHSM, behind, in_token, make_token, plugged};
use crate::{json, printed, run};

/// A command beside the running node of that number.
fn at(number: usize, arguments: &[&str]) -> Vec<String> {
    let settings = ["--config".to_owned(), format!("node-{number}.toml")];
    arguments.iter().map(ToString::to_string).chain(settings).collect()
}

/// Waits until something is so.
pub fn until(what: &str, reached: impl Fn() -> bool) {
    let begin = Instant::now();
    while !reached() {
        assert!(begin.elapsed() < Duration::from_secs(20), "not {what}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn signs_in(node: &Node, name: &str) {
    let mut browser = node.at.browser(CAMPUS);
    let page = browser.open("/portal").unwrap();
    let page = browser.sign_in(&page, name, PASSWORD).unwrap();
    assert_eq!(page.path(), "/portal", "{}", page.unexpected("not signed in"));
}

/// What OpenSSL says of a certificate with the list that a node serves.
fn verified(node: &Node, folder: &Path, authority: &str, file: &str) -> (bool, String) {
    let (head, list) = fetch(node.at.address, &format!("GET /ca/{authority}.crl"), b"");
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    std::fs::write(folder.join("list.crl"), list).unwrap();
    content(folder, "crl -in list.crl -inform DER -out list.pem");
    let ask = "verify -crl_check -CAfile root.pem -untrusted issuing.pem -CRLfile list.pem";
    crate::certificates::openssl(folder, &format!("{ask} {file}"))
}

#[test]
#[ignore = "a part of its own: ./test nodes"]
fn two_nodes_sign_with_one_token_and_a_third_serves_their_list() {
    let people = ["hanako".to_owned(), "taro".to_owned()];
    let place = Place::new(3, Some(&postgres()), &people);
    let folder = place.folder();
    make_token(folder);
    for number in [0, 1] {
        let file = folder.join(format!("node-{number}.toml"));
        let text = std::fs::read_to_string(&file).unwrap();
        std::fs::write(file, text + &behind(SOFTHSM)).unwrap();
    }
    let [zero, one, two] = [0, 1, 2].map(|number| place.start(number));
    place.command(&in_token());
    let shown = place.json(&["ca", "show"]);
    let authority = shown[0]["authority"].as_str().unwrap().to_owned();
    std::fs::write(folder.join("issuing.pem"), shown[0]["certificate"]["pem"].as_str().unwrap())
        .unwrap();
    for node in [&zero, &one, &two] {
        until("known", || {
            let (head, _) = fetch(node.at.address, &format!("GET /ca/{authority}.cer"), b"");
            head.starts_with("HTTP/1.1 200")
        });
    }
    let command = |number: usize, arguments: &[&str]| {
        let arguments = at(number, arguments);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        run(folder, &arguments)
    };
    content(folder, "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out own.key");
    content(folder, "req -new -key own.key -subj /CN=x -out own.csr");
    for (number, name) in [(0, "hanako"), (1, "taro")] {
        let file = format!("{name}.pem");
        let issue = ["certificate", "issue", name, &file, "--request", "own.csr"];
        until("issued", || command(number, &issue).status.success());
        for node in [&zero, &one] {
            let (good, said) = verified(node, folder, &authority, &file);
            assert!(good, "{said}");
        }
    }
    // The third has no token: it says so, serves the list, answers no OCSP, and signs people in.
    assert!(verified(&two, folder, &authority, "taro.pem").0);
    content(folder, "ocsp -issuer issuing.pem -cert taro.pem -reqout request.der");
    let request = std::fs::read(folder.join("request.der")).unwrap();
    let try_later = [0x30, 3, 0x0a, 1, 3];
    assert_eq!(fetch(two.at.address, "POST /ca/ocsp", &request).1, try_later);
    assert_ne!(fetch(one.at.address, "POST /ca/ocsp", &request).1, try_later);
    signs_in(&two, "taro");
    let listed =
        json(folder, &["certificate", "list", "taro", "--json", "--config", "node-2.toml"]);
    let serial = listed[0]["serial"].as_str().unwrap();
    printed(folder, &["certificate", "revoke", serial, "--config", "node-2.toml"], 0);
    // One of the two signs a list with it, and the third has that one.
    std::thread::sleep(Duration::from_millis(2_100));
    for node in [&one, &two] {
        let (good, said) = verified(node, folder, &authority, "taro.pem");
        assert!(!good && said.contains("certificate revoked"), "{said}");
    }

    // A node that starts while the token is away.
    plugged(folder, false);
    one.kill();
    let one = place.start(1);
    signs_in(&one, "hanako");
    assert!(verified(&one, folder, &authority, "hanako.pem").0);
    let more = ["certificate", "issue", "hanako", "more.pem", "--request", "own.csr"];
    let refused = command(1, &more);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(
        refused.status.code() == Some(3) && said.contains("the token campus is not there"),
        "{said}"
    );
    let mut browser = one.at.browser(CAMPUS);
    let page = browser.open("/portal/certificates/new").unwrap();
    let page = browser.sign_in(&page, "hanako", PASSWORD).unwrap();
    let page = browser.submit(&page, &[("label", "phone")]).unwrap();
    let said = "No certificate could be issued";
    assert!(page.body.contains(said), "{}", page.unexpected("not told"));
    plugged(folder, true);
    until("back", || command(1, &more).status.success());
    assert!(verified(&one, folder, &authority, "more.pem").0);
}
