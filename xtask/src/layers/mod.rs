//! `layers`: `cargo metadata` against the tables of [`table`].
//!
//! Edges between our crates must follow [`table::LAYERS`], in tests too (the testbed aside).
//! Crates from outside are held back twice: some may be named only by some of ours, some may not be
//! in the tree at all, whoever brought them. Licences are read as their authors declare them.

mod graph;
mod licence;
pub mod table;

use std::path::Path;

use graph::{Edge, Graph, Kind};
use table::{BANNED, BELOW_ONLY, CONFINED, DEV_ONLY, EXCEPTIONS, LAYERS, TOPS};

/// Every broken rule, one line each, with the rule's reason.
pub fn check(root: &Path) -> Vec<String> {
    match Graph::read(root) {
        Ok(graph) => judge(&graph),
        Err(error) => vec![format!("cargo metadata: {error}")],
    }
}

fn judge(graph: &Graph) -> Vec<String> {
    let mut problems = Vec::new();
    for name in &graph.ours {
        if !LAYERS.iter().any(|layer| layer.name == name) {
            problems.push(format!(
                "{name}: not in the table; say in xtask/src/layers/table.rs what it may use"
            ));
        }
    }
    for edge in &graph.edges {
        let broken = if graph.ours.contains(&edge.to) { inner(edge) } else { outer(edge) };
        problems.extend(broken);
    }
    problems.extend(unneeded_exceptions(graph));
    problems.extend(banned(graph));
    for (name, text) in &graph.licences {
        if !licence::fits(name, text) {
            problems.push(format!("{name}: licence `{text}` is not taken (licence.rs, deny.toml)"));
        }
    }
    problems.sort();
    problems.dedup();
    problems
}

/// An edge between two crates of ours.
fn inner(Edge { from, to, kind }: &Edge) -> Option<String> {
    if let Some((_, reason)) = TOPS.iter().find(|(top, _)| top == to) {
        return Some(format!("{from} -> {to}: nothing may depend on {to} ({reason})"));
    }
    if to == DEV_ONLY.0 {
        let allowed = *kind == Kind::Test || from == "bench";
        return (!allowed)
            .then(|| format!("{from} -> {to}: only in [dev-dependencies] ({})", DEV_ONLY.1));
    }
    if to == "base" {
        return None;
    }
    let layer = LAYERS.iter().find(|layer| layer.name == from)?;
    let allowed = layer.may_use.iter().any(|pattern| fits(pattern, to));
    (!allowed).then(|| {
        let uses =
            if layer.may_use.is_empty() { "base".to_owned() } else { layer.may_use.join(", ") };
        format!("{from} -> {to}: {from} may use {uses} ({})", layer.reason)
    })
}

/// An edge from one of ours to a crate from outside.
fn outer(Edge { from, to, kind }: &Edge) -> Option<String> {
    if *kind == Kind::Test {
        return None;
    }
    let confined = CONFINED.iter().find(|confined| confined.crates.contains(&to.as_str()))?;
    let allowed = confined.to.contains(&from.as_str())
        || EXCEPTIONS.iter().any(|(ours, other, _)| ours == from && other == to);
    (!allowed).then(|| {
        let places =
            if confined.to.is_empty() { "nobody".to_owned() } else { confined.to.join(", ") };
        format!("{from} -> {to}: {to} is for {places} ({})", confined.reason)
    })
}

fn unneeded_exceptions(graph: &Graph) -> impl Iterator<Item = String> {
    let needed = |ours: &str, other: &str| {
        graph.edges.iter().any(|edge| edge.from == ours && edge.to == other)
    };
    EXCEPTIONS
        .iter()
        .filter(move |(ours, other, _)| !needed(ours, other))
        .map(|(ours, other, _)| format!("{ours} -> {other}: this exception is no longer needed"))
}

fn banned(graph: &Graph) -> Vec<String> {
    let mut problems = Vec::new();
    for (name, reason) in BANNED {
        for above in graph.users(name) {
            problems.push(format!("{above} -> {name}: banned everywhere ({reason})"));
        }
    }
    for (name, allowed, reason) in BELOW_ONLY {
        for above in graph.users(name) {
            if !allowed.contains(&above) {
                problems.push(format!(
                    "{above} -> {name}: only below {} ({reason})",
                    allowed.join(", ")
                ));
            }
        }
    }
    problems
}

/// Whether `name` is meant by `pattern`: itself, `*`, or a beginning before `*`.
fn fits(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(beginning) => name.starts_with(beginning),
        None => pattern == name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edge(from: &str, to: &str, kind: Kind) -> Edge {
        Edge { from: from.to_owned(), to: to.to_owned(), kind }
    }

    #[test]
    fn the_engine_may_know_the_directory_but_not_the_store() {
        assert_eq!(inner(&edge("login", "directory", Kind::Production)), None);
        let problem = inner(&edge("login", "store", Kind::Production)).unwrap();
        assert!(problem.contains("the engine: facts in, decision out"), "{problem}");
    }

    #[test]
    fn the_direction_holds_in_tests_too() {
        assert!(inner(&edge("login", "flow", Kind::Test)).is_some());
    }

    #[test]
    fn the_testbed_is_for_tests_only() {
        assert_eq!(inner(&edge("web", "testbed", Kind::Test)), None);
        assert!(inner(&edge("web", "testbed", Kind::Production)).is_some());
    }

    #[test]
    fn nothing_depends_on_the_server() {
        assert!(inner(&edge("testbed", "server", Kind::Production)).is_some());
        assert!(inner(&edge("web", "server", Kind::Test)).is_some());
    }

    #[test]
    fn protocols_never_see_each_other_and_web_never_sees_storage() {
        assert!(inner(&edge("protocol-oidc", "protocol-saml", Kind::Production)).is_some());
        assert!(inner(&edge("web", "store", Kind::Production)).is_some());
        assert!(inner(&edge("web", "credential", Kind::Production)).is_some());
        assert_eq!(inner(&edge("web", "protocol-saml", Kind::Production)), None);
    }

    #[test]
    fn what_waits_or_draws_chance_stays_out_of_pure_crates_but_may_serve_their_tests() {
        assert!(outer(&edge("login", "tokio", Kind::Production)).is_some());
        assert!(outer(&edge("keys", "getrandom", Kind::Production)).is_some());
        assert!(outer(&edge("store", "reqwest", Kind::Production)).is_some());
        assert_eq!(outer(&edge("login", "proptest", Kind::Test)), None);
        assert_eq!(outer(&edge("flow", "tokio", Kind::Production)), None);
    }

    #[test]
    fn a_banned_crate_is_found_however_deep_it_lies() {
        let graph = Graph {
            ours: vec!["server".to_owned()],
            edges: vec![edge("server", "harmless", Kind::Production)],
            tree: vec![
                ("server".to_owned(), "harmless".to_owned()),
                ("harmless".to_owned(), "ring".to_owned()),
            ],
            licences: [("harmless".to_owned(), "MIT".to_owned())].into(),
        };
        assert_eq!(banned(&graph).len(), 1);
    }

    #[test]
    fn each_crate_stands_once_in_the_table() {
        for (index, layer) in LAYERS.iter().enumerate() {
            assert!(
                LAYERS[..index].iter().all(|before| before.name != layer.name),
                "{}",
                layer.name
            );
        }
    }
}
