//! What `cargo metadata` says, reduced to names and edges.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand};

/// What an edge between a crate of ours and another is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `[dependencies]` or `[build-dependencies]`.
    Production,
    /// `[dev-dependencies]`.
    Test,
}

/// `from` names `to` in its manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    /// A crate of ours, without prefix.
    pub from: String,
    /// Any crate; ours without prefix.
    pub to: String,
    /// In which section.
    pub kind: Kind,
}

/// The workspace and everything below it.
pub struct Graph {
    /// Our crates, without prefix.
    pub ours: Vec<String>,
    /// What our manifests name.
    pub edges: Vec<Edge>,
    /// Every resolved edge (who, whom), at any depth.
    pub tree: Vec<(String, String)>,
    /// Every crate of the tree and its licence, as its author wrote it.
    pub licences: BTreeMap<String, String>,
}

impl Graph {
    /// Ask cargo. The tree is that of `cargo tree`, for this machine's platform: `cargo metadata`
    /// resolves features as if all crates were built at once and names crates that never are.
    pub fn read(root: &Path) -> Result<Self, String> {
        let metadata = MetadataCommand::new()
            .manifest_path(root.join("Cargo.toml"))
            .no_deps()
            .exec()
            .map_err(|error| error.to_string())?;
        let (tree, licences) = read_tree(&tree_of(root)?);
        Ok(Self {
            ours: metadata.workspace_packages().iter().map(|p| bare(&p.name)).collect(),
            edges: named(&metadata),
            tree,
            licences,
        })
    }

    /// The crates that pull in `name`, by any route.
    pub fn users<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.tree.iter().filter(move |(_, to)| to == name).map(|(from, _)| from.as_str())
    }
}

fn named(metadata: &Metadata) -> Vec<Edge> {
    let mut edges = Vec::new();
    for package in metadata.workspace_packages() {
        for dependency in &package.dependencies {
            let kind = match dependency.kind {
                DependencyKind::Development => Kind::Test,
                _ => Kind::Production,
            };
            edges.push(Edge { from: bare(&package.name), to: bare(&dependency.name), kind });
        }
    }
    edges
}

fn tree_of(root: &Path) -> Result<String, String> {
    let output = Command::new("cargo")
        .args(["tree", "--workspace", "--edges", "normal,build,dev", "--prefix", "depth"])
        .args(["--format", " {p}|{l}"])
        .current_dir(root)
        .output()
        .map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Lines of `DEPTH NAME vVERSION …|LICENCE`, each below the nearest line above of a smaller depth.
fn read_tree(tree: &str) -> (Vec<(String, String)>, BTreeMap<String, String>) {
    let mut edges = Vec::new();
    let mut licences = BTreeMap::new();
    let mut above: Vec<String> = Vec::new();
    for line in tree.lines() {
        let (package, licence) = line.split_once('|').unwrap_or((line, ""));
        let mut words = package.split_whitespace();
        let (Some(Ok(depth)), Some(name)) = (words.next().map(str::parse), words.next()) else {
            continue;
        };
        above.truncate(depth);
        if let Some(parent) = above.last() {
            edges.push((parent.clone(), bare(name)));
        }
        above.push(bare(name));
        licences.insert(bare(name), licence.trim_end_matches(" (*)").to_owned());
    }
    (edges, licences)
}

fn bare(name: &str) -> String {
    name.strip_prefix("sekimori-").unwrap_or(name).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tree_is_read_by_its_depths() {
        let tree = "0 sekimori-a v1 (/x)|Apache-2.0\n1 b v1|MIT OR ISC\n2 c v1|MIT\n\
                    1 d v1|MIT (*)\n\n0 e v1|\n1 b v1|MIT OR ISC (*)\n";
        let (edges, licences) = read_tree(tree);
        let expected = [("a", "b"), ("b", "c"), ("a", "d"), ("e", "b")];
        assert_eq!(edges, expected.map(|(from, to)| (from.to_owned(), to.to_owned())));
        assert_eq!(licences["b"], "MIT OR ISC");
        assert_eq!(licences["d"], "MIT");
        assert_eq!(licences["e"], "");
    }
}
