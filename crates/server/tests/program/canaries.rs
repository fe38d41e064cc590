//! What people and programs send, and what of it must never stand in a log (S78): everything at `trace`.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use super::serving::Server;
use super::{json, printed, program};

fn exchange(address: SocketAddr, head: &str, body: &str) -> String {
    let mut socket = TcpStream::connect(address).unwrap();
    let request = format!(
        "{head}\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    socket.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    let _ = socket.read_to_string(&mut answer);
    answer
}

/// The value of a cookie, or the address, that an answer gives.
fn given<'a>(answer: &'a str, before: &str) -> &'a str {
    let (_, rest) = answer.split_once(before).unwrap_or_else(|| panic!("no {before}: {answer}"));
    rest.split(['\r', ';', '&', '"']).next().unwrap()
}

#[test]
fn nothing_secret_that_is_sent_stands_in_the_log() {
    let server = Server::start("[log]\nlevel = \"trace\"\n");
    let form = "Content-Type: application/x-www-form-urlencoded";
    let fields = "client_id=wiki&client_secret=canary-secret&code=canary-code&\
                  code_verifier=canary-verifier&refresh_token=canary-refresh&token=canary-token&\
                  ticket=canary-ticket&password=canary-password&request=canary-request";
    let kinds = "grant_type=authorization_code&grant_type=refresh_token&";
    for path in ["/oidc/token", "/oidc/introspect", "/oidc/revoke", "/login", "/portal/ticket"] {
        exchange(server.main, &format!("POST {path} HTTP/1.1\r\n{form}"), fields);
        let one = format!("{}{fields}", kinds.split_inclusive('&').next().unwrap());
        exchange(server.main, &format!("POST {path} HTTP/1.1\r\n{form}"), &one);
    }
    let bearer = "Authorization: Bearer canary-bearer\r\nCookie: sekimori-session=canary-session";
    exchange(server.main, &format!("GET /oidc/userinfo HTTP/1.1\r\n{bearer}"), "");
    exchange(server.main, &format!("GET /portal HTTP/1.1\r\n{bearer}"), "");
    for path in ["/login?r=canary-url", "/login?c=canary-id", "/not-me/canary-link", "/canary-path"]
    {
        exchange(server.main, &format!("GET {path} HTTP/1.1"), "");
    }
    // And a wrong password that is really checked.
    printed(server.path(), &["person", "add", "taro", "--generate-password"], 0);
    let begun = exchange(server.main, "GET /login HTTP/1.1", "");
    let cookie = given(&begun, "sekimori-browser=");
    let request = given(&begun, "/login?r=");
    let head = format!("POST /login HTTP/1.1\r\n{form}\r\nCookie: sekimori-browser={cookie}");
    let named = exchange(server.main, &head, &format!("request={request}&username=taro"));
    let request = given(&named, "/login?r=");
    let wrong = format!("request={request}&username=taro&password=canary-wrong-password");
    let answer = exchange(server.main, &head, &wrong);
    assert!(answer.contains("/login/att_"), "it was checked: {answer}");

    // A thread of its own writes it.
    let said = |word: &str| server.log().contains(word);
    server.until("logged at trace", || said("answered") && said("/oidc/token"));
    let log = server.log();
    let found: Vec<_> = log.lines().filter(|line| line.contains("canary")).collect();
    assert!(found.is_empty(), "{found:#?}");
    for secret in [cookie, request] {
        assert!(!log.contains(secret), "{secret}");
    }
}

#[test]
fn what_a_browser_calls_itself_gives_no_orders_to_a_terminal_and_adds_no_line() {
    let server = Server::start("[log]\nlevel = \"trace\"\n");
    let before = "{\"level\":\"ERROR\",\"forged\":true}";
    let agent = format!("User-Agent: x\u{1b}[2J\u{7}{before}");
    for path in ["/portal", "/oidc/token", "/nowhere%0d%0aforged%1b[31m"] {
        exchange(server.main, &format!("GET {path} HTTP/1.1\r\n{agent}"), "");
    }
    let log = server.log();
    assert!(!log.is_empty() && !log.contains('\u{1b}') && !log.contains("forged"), "{log}");
}

#[test]
fn a_fresh_server_has_nobody_and_no_secret() {
    let server = Server::start("");
    for name in ["admin", "administrator", "root", "sekimori", "demo", "test", "user", "taro"] {
        printed(server.path(), &["person", "show", name], 1);
    }
    let services = json(server.path(), &["service", "list", "--json"]);
    assert_eq!(
        (services[0]["name"].as_str(), services[0]["secrets"].as_u64()),
        (Some("wiki"), Some(0))
    );
    let fields = "grant_type=client_credentials&client_id=wiki&client_secret=";
    let head = "POST /oidc/token HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded";
    for word in ["", "wiki", "secret", "admin", "changeme", "sekimori"] {
        let answer = exchange(server.main, head, &format!("{fields}{word}"));
        assert!(answer.contains("invalid_client"), "{word}: {answer}");
    }
}

#[test]
fn the_demo_can_be_reached_from_this_machine_only() {
    let folder = tempfile::tempdir().unwrap();
    for address in ["0.0.0.0", "::", "192.0.2.1"] {
        let output = program(folder.path()).args(["demo", "--address", address]).output().unwrap();
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && text.contains("does not listen on"), "{text}");
    }
}
