//! Which settings a command works with: the node's file and the site document.

use std::path::{Path, PathBuf};

use sekimori_config::node::{self, Node};
use sekimori_config::{FILE_BYTES_MAX, Mistake, Report, Severity, place_of, site};
use sekimori_directory::settings::{IssuerName, Site};
use sekimori_flow::certificates::Issuers;

use super::Failed;
use crate::console::note;
use crate::files::read_text;

/// Where a packaged server has its settings.
const SYSTEM_FILE: &str = "/etc/sekimori/sekimori.toml";
/// The node's file in a working directory.
const LOCAL_FILE: &str = "sekimori.toml";

/// The node's file to use: the one named, else that of the working directory, else that of the system, else none.
pub(super) fn node_file(named: Option<&Path>) -> Option<PathBuf> {
    named.map(Path::to_owned).or_else(|| {
        [LOCAL_FILE, SYSTEM_FILE].into_iter().map(PathBuf::from).find(|path| path.is_file())
    })
}

/// The node's settings; its mistakes are printed as they are found.
pub(super) fn node(named: Option<&Path>) -> Result<Node, Failed> {
    let Some(path) = node_file(named) else { return Ok(Node::default()) };
    let (node, warnings) = parse_node(&path)?.map_err(|report| {
        note(&report.to_string());
        Failed::new(format!("{} cannot be used", path.display()))
    })?;
    for warning in warnings {
        note(&format!("{warning}\n"));
    }
    Ok(node)
}

/// A node's file, read.
pub(super) fn parse_node(path: &Path) -> Result<Result<(Node, Vec<Mistake>), Report>, Failed> {
    let text = text(path)?;
    let folder = folder(path);
    Ok(node::parse(&text, &path.display().to_string())
        .map(|(node, warnings)| (node.at(&folder), warnings)))
}

/// A site document, read; files that it names are looked for beside it.
pub(super) fn parse_site(path: &Path) -> Result<Result<(Site, Vec<Mistake>), Report>, Failed> {
    let text = text(path)?;
    let folder = folder(path);
    let loader = |name: &str| {
        read_text(&folder.join(name), FILE_BYTES_MAX as u64).map_err(|error| error.to_string())
    };
    let file = path.display().to_string();
    Ok(site::parse(&text, &file, &loader).and_then(|(site, warnings)| {
        let errors = issuers(&site, &text, &file);
        if errors.is_empty() { Ok((site, warnings)) } else { Err(Report { errors, warnings }) }
    }))
}

/// What is wrong with the certificates of other authorities, which only their check can tell.
fn issuers(site: &Site, text: &str, file: &str) -> Vec<Mistake> {
    let mistake = |(name, what): (IssuerName, String)| {
        let issuers = &site.certificates.issuers;
        let index = issuers.iter().position(|issuer| issuer.name == name).unwrap_or_default();
        let index = index.to_string();
        let (line, column) = place_of(text, &["certificates", "issuer", &index, "name"]);
        Mistake {
            severity: Severity::Error,
            file: file.to_owned(),
            line,
            column,
            path: format!("certificates.issuer.{name}.certificates"),
            what: format!("the issuer {name} cannot be trusted: {what}"),
            remedy: "the authority that signs people's certificates first, then those above it, the anchor last"
                .to_owned(),
        }
    };
    Issuers::problems(site).into_iter().map(mistake).collect()
}

/// A site document without mistakes; they are printed as they are found.
pub(super) fn site(path: &Path) -> Result<Site, Failed> {
    let (site, warnings) = parse_site(path)?.map_err(|report| {
        note(&report.to_string());
        Failed::new(format!("{} cannot be used", path.display()))
    })?;
    for warning in warnings {
        note(&format!("{warning}\n"));
    }
    Ok(site)
}

pub(super) fn text(path: &Path) -> Result<String, Failed> {
    read_text(path, FILE_BYTES_MAX as u64).map_err(Failed::at(path.display()))
}

fn folder(path: &Path) -> PathBuf {
    path.parent().map(Path::to_owned).unwrap_or_default()
}
