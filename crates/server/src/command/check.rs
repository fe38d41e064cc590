//! `sekimori check`: all mistakes of both files at once.

mod hosts;

use std::path::{Path, PathBuf};

use clap::Args;
use sekimori_config::node::{Database, Listener, Node, Pkcs11, TlsFiles, Transport};
use sekimori_config::{Mistake, Report, Severity, place_of};
use sekimori_directory::settings::Site;
use sekimori_keys::DeviceError;
use sekimori_signer_pkcs11::Token;
use serde::Serialize;

use super::{Common, Ended, Failed, settings};
use crate::console::{print, print_json};
use crate::files::unsafe_mode;
use crate::listen::tls::{Certificate, TlsError};

/// Check settings before they are used: every mistake with its line, its column and a remedy
#[derive(Debug, Args)]
#[command(after_long_help = "\
Of sekimori.toml the certificates are tried as well, files that it names are looked
for, and the modes of those with secrets are looked at. A token is looked for
without logging in. With both files, the names of the certificate hosts are looked
up, and which certificate covers which.

Examples:
  sekimori check                     sekimori.toml and site.toml of this folder
  sekimori check site.toml --json    for an editor or a pipeline

Exit status: 0 without errors (there may be warnings), 1 with errors, 3 if a file cannot be read.")]
pub struct Check {
    /// Files; those of the working directory if none is named
    files: Vec<PathBuf>,
}

/// What is wrong with one file.
#[derive(Debug, Default, Serialize)]
struct Checked {
    file: String,
    #[serde(flatten)]
    report: Report,
    #[serde(skip)]
    settings: Option<Settings>,
}

/// What a file without errors says.
#[derive(Debug)]
enum Settings {
    Node(Box<Node>),
    Site(Box<Site>),
}

pub(super) fn run(check: Check, common: &Common) -> Result<Ended, Failed> {
    let files = if check.files.is_empty() { usual(common)? } else { check.files };
    let files = with_documents(files)?;
    let mut checked = files.iter().map(|file| one(file)).collect::<Result<Vec<_>, Failed>>()?;
    across(&mut checked)?;
    let wrong = checked.iter().any(|file| !file.report.errors.is_empty());
    if common.json {
        print_json(&checked);
    } else {
        for file in checked {
            let mistakes = file.report.errors.len() + file.report.warnings.len();
            match mistakes {
                0 => print(&format!("{}: no mistakes", file.file)),
                _ => print(&file.report.to_string()),
            }
        }
    }
    Ok(if wrong { Ended::No } else { Ended::Well })
}

fn usual(common: &Common) -> Result<Vec<PathBuf>, Failed> {
    let mut files: Vec<PathBuf> =
        settings::node_file(common.config.as_deref()).into_iter().collect();
    files.extend(Some(PathBuf::from("site.toml")).filter(|file| file.is_file()));
    if files.is_empty() {
        let none = Failed::new("there is neither sekimori.toml nor site.toml in this folder");
        return Err(none.remedy("name the file: sekimori check FILE"));
    }
    Ok(files)
}

/// The files, and the site documents that a node's file among them names.
fn with_documents(mut files: Vec<PathBuf>) -> Result<Vec<PathBuf>, Failed> {
    let mut named = Vec::new();
    for file in &files {
        if is_node(file)?
            && let Ok((node, _)) = settings::parse_node(file)?
        {
            named.extend(node.site_file);
            named.extend(node.tenants.into_iter().filter_map(|tenant| tenant.site_file));
        }
    }
    let same = |one: &Path, other: &Path| {
        let (one, other) = (std::fs::canonicalize(one), std::fs::canonicalize(other));
        one.is_ok_and(|one| other.is_ok_and(|other| one == other))
    };
    for document in named {
        // One that is not there is told where it is named.
        if document.is_file() && !files.iter().any(|file| same(file, &document)) {
            files.push(document);
        }
    }
    Ok(files)
}

fn one(path: &Path) -> Result<Checked, Failed> {
    let (report, settings) = if is_node(path)? {
        match settings::parse_node(path)? {
            Ok((node, warnings)) => {
                (around(path, &node, warnings)?, Some(Settings::Node(Box::new(node))))
            }
            Err(report) => (report, None),
        }
    } else {
        match settings::parse_site(path)? {
            Ok((site, warnings)) => {
                let report = Report { errors: Vec::new(), warnings };
                (report, Some(Settings::Site(Box::new(site))))
            }
            Err(report) => (report, None),
        }
    };
    Ok(Checked { file: path.display().to_string(), report, settings })
}

/// What a node and the sites that are checked with it say together.
fn across(checked: &mut [Checked]) -> Result<(), Failed> {
    let mut told = Vec::new();
    let has_hosts = |one: &Checked| matches!(&one.settings, Some(Settings::Site(site)) if site.certificates.hosts.is_some());
    let some_have_hosts = checked.iter().any(has_hosts);
    for (node_at, node) in checked.iter().enumerate() {
        let Some(Settings::Node(node)) = &node.settings else { continue };
        for (site_at, site) in checked.iter().enumerate() {
            let Some(Settings::Site(site)) = &site.settings else { continue };
            told.extend(hosts::undeclared(node, site).map(|finding| (site_at, finding)));
            if some_have_hosts && site.certificates.hosts.is_none() {
                continue;
            }
            let findings = hosts::findings(node, site, hosts::leads);
            told.extend(findings.into_iter().map(|finding| match finding.file {
                hosts::Which::Node => (node_at, finding),
                hosts::Which::Site => (site_at, finding),
            }));
        }
    }
    for (index, finding) in told {
        let Some(one) = checked.get_mut(index) else { continue };
        let path = PathBuf::from(&one.file);
        let report = std::mem::take(&mut one.report);
        let mut around = Around { text: settings::text(&path)?, path: &path, report };
        around.say(finding.key, finding.severity, finding.what, finding.remedy);
        one.report = around.report;
    }
    Ok(())
}

/// Keys that stand at the top of a node's file, and never of a site document.
const OF_NODE: [&str; 12] = [
    "listen",
    "tls",
    "proxy",
    "management",
    "database",
    "pkcs11",
    "hashing",
    "audit",
    "log",
    "tenant",
    "key_file",
    "site_file",
];

/// A node's file is known by its name, or by its sections.
fn is_node(path: &Path) -> Result<bool, Failed> {
    if path.file_name().is_some_and(|name| name == "sekimori.toml") {
        return Ok(true);
    }
    let Ok(table) = settings::text(path)?.parse::<toml::Table>() else { return Ok(false) };
    let of_site = ["issuer", "organisation"].iter().any(|key| table.contains_key(*key));
    Ok(!of_site && OF_NODE.iter().any(|key| table.contains_key(*key)))
}

/// What the file does not say itself: other files that it names, certificates, the modes of files with secrets.
fn around(path: &Path, node: &Node, warnings: Vec<Mistake>) -> Result<Report, Failed> {
    let text = settings::text(path)?;
    let mut around = Around { path, text, report: Report { errors: Vec::new(), warnings } };
    let files = |listener: &'_ Listener| match &listener.transport {
        Transport::Tls(files) => Some(files.clone()),
        Transport::Plain => None,
    };
    let of_pages = node.listeners.iter().find_map(files);
    let of_certificates = node.certificates.as_ref().and_then(files);
    let both = [(OF_PAGES, &of_pages), (OF_CERTIFICATES, &of_certificates)];
    for (keys, files) in both {
        if let Some((files, Err(error))) =
            files.as_ref().map(|files| (files, Certificate::load(files)))
        {
            around.certificate(keys, files, &error);
        }
    }
    around.site_files(node);
    let mut secrets = vec![("key_file", &node.key_file)];
    for ([_, key], files) in both {
        secrets.extend(files.as_ref().map(|files| (key, &files.key_file)));
    }
    if let Database::PostgresFile(file) = &node.database {
        secrets.push(("database.postgres_file", file));
    }
    if let Some(pkcs11) = &node.pkcs11 {
        secrets.push(("pkcs11.pin_file", &pkcs11.pin_file));
        around.token(pkcs11);
    }
    let second = node.mail.as_ref().and_then(|mail| mail.second.as_deref());
    for (key, server) in
        [("mail.password_file", node.mail.as_ref()), ("mail.second.password_file", second)]
    {
        let login = server.and_then(|server| server.login.as_ref());
        secrets.extend(login.map(|login| (key, &login.password_file)));
    }
    let ca = node.database_ca_file.iter().map(|file| ("database.ca_file", file));
    // The root key file may still be made by the first start.
    for (key, file) in secrets.iter().skip(1).copied().chain(ca) {
        around.there(key, file);
    }
    for (key, file) in secrets {
        if let Some(what) = unsafe_mode(file) {
            around.say(key, Severity::Warning, what, "whoever reads it can act as this server");
        }
    }
    Ok(around.report)
}

/// Where certificate and key of a listener are named.
const OF_PAGES: [&str; 2] = ["tls.certificate_file", "tls.key_file"];
const OF_CERTIFICATES: [&str; 2] = ["certificates.certificate_file", "certificates.key_file"];

const PUT_IT_THERE: &str = "put the file there, readable by the server's user, or correct the path";

struct Around<'a> {
    path: &'a Path,
    text: String,
    report: Report,
}

impl Around<'_> {
    /// Something is wrong with what stands at `key`.
    fn say(&mut self, key: &str, severity: Severity, what: String, remedy: &str) {
        let way: Vec<&str> = key.split('.').collect();
        let (line, column) = place_of(&self.text, &way);
        let mistake = Mistake {
            severity,
            file: self.path.display().to_string(),
            line,
            column,
            path: key.to_owned(),
            what,
            remedy: remedy.to_owned(),
        };
        match severity {
            Severity::Error => self.report.errors.push(mistake),
            Severity::Warning => self.report.warnings.push(mistake),
        }
    }

    /// A file that is named is wanted: without it the server does not start.
    fn there(&mut self, key: &str, file: &Path) {
        let said = |mistake: &Mistake| mistake.path == key;
        if let Err(error) = std::fs::File::open(file)
            && !self.report.errors.iter().any(said)
        {
            let what = format!("{}: {error}", file.display());
            self.say(key, Severity::Error, what, PUT_IT_THERE);
        }
    }

    /// A token that is away stops nobody from signing in: it is worth a warning.
    fn token(&mut self, pkcs11: &Pkcs11) {
        self.there("pkcs11.module", &pkcs11.module);
        if !pkcs11.module.is_file() {
            return;
        }
        if let Err(error) = Token::find(&pkcs11.module, &pkcs11.token) {
            let key = match error {
                DeviceError::Module { .. } => "pkcs11.module",
                _ => "pkcs11.token",
            };
            let remedy = "without it nothing is issued by authorities whose key is in it";
            self.say(key, Severity::Warning, error.to_string(), remedy);
        }
    }

    fn certificate(&mut self, keys: [&str; 2], files: &TlsFiles, error: &TlsError) {
        let (file, remedy) = match error {
            TlsError::Read { path, .. } => (path, PUT_IT_THERE),
            TlsError::Content { path, .. } => {
                (path, "PEM files: the certificate and its chain, and its private key")
            }
            TlsError::Pair { path, .. } => {
                (path, "certificate_file and key_file must belong together: ask for both anew")
            }
        };
        let [of_certificate, of_key] = keys;
        let key = if *file == files.key_file { of_key } else { of_certificate };
        self.say(key, Severity::Error, error.to_string(), remedy);
    }

    fn site_files(&mut self, node: &Node) {
        let of_tenants = node.tenants.iter().enumerate().filter_map(|(index, tenant)| {
            Some((format!("tenant.{index}.site_file"), tenant.site_file.as_ref()?))
        });
        let named = node.site_file.iter().map(|file| ("site_file".to_owned(), file));
        for (key, file) in named.chain(of_tenants) {
            if let Err(error) = std::fs::File::open(file) {
                let what = format!("{}: {error}", file.display());
                let remedy =
                    "write the site document there, correct the path, or leave the key out";
                self.say(&key, Severity::Error, what, remedy);
            }
        }
    }
}
