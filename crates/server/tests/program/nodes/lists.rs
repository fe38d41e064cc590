//! The revocation list of two nodes on PostgreSQL: one list, byte for byte where signatures repeat (RSA). ECDSA draws a
//! number for each signature, so there everything but the signature is the same.

use super::place::{Node, Place, postgres};
use crate::certificates::{INIT, content, fetch};

/// Everything that OpenSSL reads in a list before its signature, which is the second time that the algorithm is named.
fn before_signature(text: &str) -> &str {
    let end = text.rfind("Signature Algorithm").unwrap();
    &text[..end]
}

/// The list of an authority as a node serves it.
fn list(node: &Node, authority: &str) -> Option<Vec<u8>> {
    let (head, list) = fetch(node.at.address, &format!("GET /ca/{authority}.crl"), b"");
    head.starts_with("HTTP/1.1 200").then_some(list)
}

/// `more` says what kind of key the authority has, and `repeats` whether its signatures repeat.
fn one_list(more: &[&str], repeats: bool) {
    let place = Place::new(2, Some(&postgres()), &["hanako".to_owned()]);
    let folder = place.folder();
    let nodes = [0, 1].map(|number| place.start(number));
    place.command(&[&INIT[..], more].concat());
    let authority = place.json(&["ca", "show"])[0]["authority"].as_str().unwrap().to_owned();
    content(folder, "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out own.key");
    content(folder, "req -new -key own.key -subj /CN=x -out own.csr");
    place.command(&["certificate", "issue", "hanako", "own.pem", "--request", "own.csr"]);
    let serial = place.json(&["certificate", "list", "hanako"])[0]["serial"].clone();
    let serial = serial.as_str().unwrap();

    // Both come to the same list: empty first, then with the one that was taken back. An hour may end between two
    // looks, and a node looks again within seconds; so both are asked until they say the same.
    let same = |named: bool| {
        let [Some(one), Some(other)] = [0, 1].map(|number| list(&nodes[number], &authority)) else {
            return false;
        };
        let [said, again] = [&one, &other].map(|list| {
            std::fs::write(folder.join("list.crl"), list).unwrap();
            content(folder, "crl -in list.crl -inform DER -noout -text")
        });
        let equal = if repeats {
            one == other
        } else {
            before_signature(&said) == before_signature(&again)
        };
        said.contains("Serial Number") == named && equal
    };
    super::token::until("the same empty list", || same(false));
    place.command(&["certificate", "revoke", serial]);
    super::token::until("the same list with one certificate", || same(true));
}

#[test]
#[ignore = "a part of its own: ./test nodes"]
fn two_nodes_serve_one_list_byte_for_byte_by_an_rsa_key() {
    one_list(&["--rsa"], true);
}

#[test]
#[ignore = "a part of its own: ./test nodes"]
fn two_nodes_serve_lists_that_differ_in_nothing_but_their_ecdsa_signatures() {
    one_list(&[], false);
}
