use std::path::Path;

use sekimori_config::node::{self, Database, Listener, ProxyHeader, SmtpTls, Transport};
use sekimori_config::{Mistake, Node, Report};

fn parse(text: &str) -> Result<(Node, Vec<Mistake>), Report> {
    node::parse(text, "sekimori.toml")
}

fn good(text: &str) -> Node {
    match parse(text) {
        Ok((node, warnings)) => {
            assert_eq!(warnings, []);
            node
        }
        Err(report) => panic!("{report}"),
    }
}

#[test]
fn an_empty_file_is_as_good_as_none() {
    assert_eq!(good(""), Node::default());
    assert_eq!(Node::default().listeners, [Listener::default()]);
    assert_eq!(Node::default().listeners[0].address.to_string(), "127.0.0.1:8080");
    assert!(Node::default().proxies.is_empty());
}

#[test]
fn a_certificate_is_enough_to_serve_the_world() {
    let node = good("[tls]\ncertificate_file = 'chain.pem'\nkey_file = 'key.pem'\n");
    assert_eq!(node.listeners.len(), 1);
    assert_eq!(node.listeners[0].address.to_string(), "[::]:443");
    assert!(matches!(node.listeners[0].transport, Transport::Tls(_)));
}

#[test]
fn a_node_of_a_cluster_is_read_whole() {
    let node = good(include_str!("../../fixtures/cluster.node.toml"));
    assert_eq!(node.listeners.len(), 2);
    assert_eq!(node.listeners[0].proxy_protocol.as_ref().unwrap().from.len(), 2);
    assert_eq!(node.listeners[1].transport, Transport::Plain);
    assert_eq!(node.proxies[0].header, ProxyHeader::Forwarded);
    assert_eq!(
        node.proxies.iter().map(|proxy| proxy.client_cert).collect::<Vec<_>>(),
        [true, false]
    );
    assert_eq!(node.certificates.as_ref().unwrap().transport, Transport::Plain);
    let token = node.pkcs11.as_ref().unwrap();
    assert_eq!((token.token.as_str(), token.pin_file.to_str()), ("campus", Some("token.pin")));
    let mail = node.mail.as_ref().unwrap();
    assert_eq!((mail.tls, mail.port), (SmtpTls::Starttls, 587));
    assert_eq!(mail.second.as_ref().unwrap().host, "relay.example.net");
    assert_eq!(node.tenants.len(), 2);

    let at = node.at(Path::new("/etc/sekimori"));
    assert_eq!(at.database, Database::PostgresFile("/etc/sekimori/database.url".into()));
    assert_eq!(at.database_ca_file.as_deref(), Some(Path::new("/etc/sekimori/database-ca.pem")));
    assert_eq!(at.key_file, Path::new("/etc/sekimori/root.key"));
    assert_eq!(at.management.socket, Path::new("/run/sekimori/management.sock"));
    assert_eq!(at.tenants[1].site_file.as_deref(), Some(Path::new("/etc/sekimori/college.toml")));
}

#[test]
fn who_vouches_for_a_database_server_needs_one() {
    let file = "[database]\nsqlite = 'a.db'\nca_file = 'ca.pem'\n";
    let report = parse(file).unwrap_err();
    let text = report.to_string();
    assert!(text.contains("a database that is a file") && text.contains("3:"), "{text}");
}

#[test]
fn certificates_are_presented_over_tls_or_told_by_a_proxy_that_is_declared_to() {
    let listener = "[certificates]\naddress = '[::]:8443'\n";
    let files = "certificate_file = 'hosts.pem'\nkey_file = 'hosts.key'\n";
    let proxy = "[[proxy]]\naddresses = ['192.0.2.2']\nheader = 'forwarded'\n";
    let node = good(&format!("{listener}{files}")).at(Path::new("/etc/sekimori"));
    let Transport::Tls(tls) = node.certificates.unwrap().transport else { panic!() };
    assert_eq!(tls.key_file, Path::new("/etc/sekimori/hosts.key"));
    good(&format!("{listener}{proxy}client_cert = true\n"));
    for wrong in [
        listener.to_owned(),
        format!("{listener}{proxy}"),
        format!("{listener}certificate_file = 'hosts.pem'\n"),
        format!("{listener}key_file = 'hosts.key'\n"),
        format!("[certificates]\n{files}"),
        format!(
            "[certificates]\naddress = '127.0.0.1:8080'\n{files}[listen]\naddress = '127.0.0.1:8080'\n"
        ),
        format!(
            "[certificates]\naddress = '127.0.0.1:9090'\n{files}[management]\naddress = '127.0.0.1:9090'\n"
        ),
    ] {
        let report = parse(&wrong).unwrap_err();
        assert_eq!(report.errors.len(), 1, "{wrong}: {report}");
    }
    for warned in [
        format!("{proxy}client_cert = true\n"),
        format!("{listener}{files}{proxy}client_cert = true\n"),
    ] {
        let (_, warnings) = parse(&warned).unwrap();
        assert_eq!(warnings.len(), 1, "{warned}: {warnings:?}");
    }
}

#[test]
fn one_listener_needs_no_double_brackets() {
    let single = good("[listen]\naddress = '127.0.0.1:8443'\n");
    let double = good("[[listen]]\naddress = '127.0.0.1:8443'\n");
    assert_eq!(single, double);
}

#[test]
fn all_mistakes_are_told_at_once_and_no_secret_with_them() {
    let report = parse(include_str!("../../fixtures/wrong.node.toml")).unwrap_err();
    let text = report.to_string();
    assert!(!text.contains("hunter2"));
    insta::assert_snapshot!("wrong_node", text);
}

#[test]
fn plain_http_needs_loopback_or_a_declared_proxy() {
    let plain = "[listen]\naddress = '192.0.2.1:8080'\n";
    let proxy = "[[proxy]]\naddresses = ['192.0.2.2']\nheader = 'forwarded'\n";
    assert!(parse(plain).is_err());
    assert!(parse(&format!("{plain}{proxy}")).is_ok());
    assert!(parse(&format!("{plain}proxy_protocol = true\nfrom = ['192.0.2.2']\n")).is_ok());
}
