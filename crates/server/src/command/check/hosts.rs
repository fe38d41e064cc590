//! Certificate hosts and the host of everything else: which server certificate covers which, and where names lead.

use std::net::ToSocketAddrs;

use rustls::client::verify_server_name;
use rustls::server::ParsedCertificate;
use rustls_pki_types::{CertificateDer, ServerName};
use sekimori_config::Severity;
use sekimori_config::node::{Listener, Node, Transport};
use sekimori_directory::settings::{CertificateHosts, Site};

use crate::listen::tls::Certificate;

/// What is wrong, and where it stands.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Finding {
    pub(super) file: Which,
    pub(super) key: &'static str,
    pub(super) severity: Severity,
    pub(super) what: String,
    pub(super) remedy: &'static str,
}

/// Which of the two files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    Node,
    Site,
}

/// An issuer that is none of the organisations which the node declares.
pub(super) fn undeclared(node: &Node, site: &Site) -> Option<Finding> {
    let host = site.host();
    let declared = node.tenants.iter().any(|tenant| tenant.host == host);
    (!node.tenants.is_empty() && !declared).then(|| Finding {
        file: Which::Site,
        key: "issuer",
        severity: Severity::Error,
        what: format!("no [[tenant]] of the node's file has the host {host}"),
        remedy: "declare it there, or correct the issuer; the issuers of several organisations have no port",
    })
}

/// Everything about the certificate hosts that neither file says by itself. `leads` says whether a name leads anywhere.
pub(super) fn findings(node: &Node, site: &Site, leads: impl Fn(&str) -> bool) -> Vec<Finding> {
    let (hosts, listener) = match (&site.certificates.hosts, &node.certificates) {
        (Some(hosts), Some(listener)) => (hosts, listener),
        (Some(_), None) => {
            return vec![
                NO_LISTENER.found(Which::Site, "this node listens nowhere for certificates"),
            ];
        }
        (None, Some(_)) => {
            let what = "the site document names no hosts for certificates: nobody comes here";
            return vec![NO_HOSTS.found(Which::Node, what)];
        }
        (None, None) => return Vec::new(),
    };
    let (issuer, tries) = (host_of(&site.issuer), tries(hosts));
    let mut found = Vec::new();
    if let Some(certificate) = certificate_of(listener) {
        if covers(&certificate, issuer) {
            found
                .push(BOTH.found(Which::Node, format!("this certificate covers {issuer} as well")));
        }
        found.extend(tries.iter().filter(|name| !covers(&certificate, name)).map(|name| {
            LACKING.found(Which::Node, format!("this certificate does not cover {}", shown(name)))
        }));
    }
    if let Some(main) = node.listeners.iter().find_map(certificate_of)
        && let Some(name) = tries.iter().find(|name| covers(&main, name))
    {
        let what = format!("this certificate covers {} as well", shown(name));
        found.push(ALSO.found(Which::Node, what));
    }
    // Browsers take names below localhost for this machine, whatever the system does.
    let asked = tries.iter().filter(|name| !name.ends_with(".localhost"));
    found.extend(asked.filter(|name| !leads(name)).map(|name| {
        NOWHERE.found(Which::Site, format!("{} leads nowhere from here", shown(name)))
    }));
    found
}

/// A kind of finding: where it stands, how bad it is, and what to do.
struct Kind(&'static str, Severity, &'static str);

impl Kind {
    fn found(self, file: Which, what: impl Into<String>) -> Finding {
        let Self(key, severity, remedy) = self;
        Finding { file, key, severity, what: what.into(), remedy }
    }
}

const NO_LISTENER: Kind = Kind(
    "certificates.hosts",
    Severity::Warning,
    "add `[certificates]` to sekimori.toml, unless other nodes do",
);
const NO_HOSTS: Kind = Kind(
    "certificates",
    Severity::Warning,
    "add `hosts = [\"*.cert.login.example.ac.jp\"]` under `[certificates]` in the site document",
);
const BOTH: Kind = Kind(
    "certificates.certificate_file",
    Severity::Error,
    "get one for the certificate hosts alone: browsers use one connection, and the choice made on it, for all hosts of a \
     certificate",
);
const LACKING: Kind = Kind(
    "certificates.certificate_file",
    Severity::Error,
    "get one for the names in `hosts` of the site document",
);
const ALSO: Kind = Kind(
    "tls.certificate_file",
    Severity::Error,
    "get one without the certificate hosts, or give those another domain: browsers use one connection, and the choice \
     made on it, for all hosts of a certificate",
);
const NOWHERE: Kind = Kind(
    "certificates.hosts",
    Severity::Warning,
    "add it to the DNS, with the address of the listener of `[certificates]`",
);

/// What stands for the label of a try.
const SAMPLE: &str = "00000000000000000000000000000000";

/// A host of each name.
fn tries(hosts: &CertificateHosts) -> Vec<String> {
    let sample = |name: String| match name.strip_prefix('*') {
        Some(parent) => format!("{SAMPLE}{parent}"),
        None => name,
    };
    hosts.names().into_iter().map(sample).collect()
}

fn shown(name: &str) -> String {
    name.replacen(SAMPLE, "*", 1)
}

/// Whether the name leads to an address, as this machine sees it.
pub(super) fn leads(name: &str) -> bool {
    (name, 443).to_socket_addrs().is_ok_and(|mut addresses| addresses.next().is_some())
}

fn host_of(issuer: &str) -> &str {
    let (_, rest) = issuer.split_once("://").unwrap_or(("", issuer));
    rest.rsplit_once(':').map_or(rest, |(host, _)| host)
}

/// The certificate of a listener, if there is a good one; what is wrong with it is told elsewhere.
fn certificate_of(listener: &Listener) -> Option<CertificateDer<'static>> {
    match &listener.transport {
        Transport::Plain => None,
        Transport::Tls(files) => Certificate::load(files).ok()?.end_entity(),
    }
}

fn covers(certificate: &CertificateDer<'_>, host: &str) -> bool {
    let Ok(name) = ServerName::try_from(host) else { return false };
    ParsedCertificate::try_from(certificate)
        .is_ok_and(|parsed| verify_server_name(&parsed, &name).is_ok())
}
