//! What changes between two versions of the site document, for `sekimori apply`.

use std::collections::BTreeSet;
use std::fmt;

use sekimori_directory::settings::Site;
use serde::Serialize;
use toml::{Table, Value};

use super::document::{Defaults, document, entries, one_line};
use crate::reference::{File, sections};

/// More entries of one list than this are counted, not listed.
const LISTED_MAX: usize = 20;

/// One thing that changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// The key: `service.library.oidc.redirect_uris`.
    pub path: String,
    /// What happens to it.
    pub kind: Kind,
}

/// What happens to a key. Values are TOML on one line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// It, or an entry of its list, is new.
    Added(String),
    /// It, or an entry of its list, goes away.
    Removed(String),
    /// It gets another value.
    Changed {
        /// The value so far.
        old: String,
        /// The value from now on.
        new: String,
    },
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = &self.path;
        match &self.kind {
            Kind::Added(new) => write!(f, "+ {path}: {new}"),
            Kind::Removed(old) => write!(f, "- {path}: {old}"),
            Kind::Changed { old, new } => write!(f, "~ {path}: {old} -> {new}"),
        }
    }
}

/// Everything that differs; empty exactly when the two are equal.
pub fn difference(old: &Site, new: &Site) -> Vec<Change> {
    let mut changes = Vec::new();
    tables(&mut changes, "", "", &document(old), &document(new));
    changes
}

fn push(changes: &mut Vec<Change>, path: &str, kind: Kind) {
    let path = path.to_owned();
    changes.push(Change { path, kind });
}

fn tables(changes: &mut Vec<Change>, path: &str, section: &str, old: &Table, new: &Table) {
    let keys: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    for key in keys {
        let path = joined(path, key);
        let section = joined(section, key);
        match (old.get(key), new.get(key)) {
            (Some(old), Some(new)) => values(changes, &path, &section, old, new),
            (Some(old), None) => push(changes, &path, Kind::Removed(rendered(&section, old))),
            (None, Some(new)) => push(changes, &path, Kind::Added(rendered(&section, new))),
            (None, None) => {}
        }
    }
}

fn values(changes: &mut Vec<Change>, path: &str, section: &str, old: &Value, new: &Value) {
    match (old, new) {
        (Value::Table(old), Value::Table(new)) if is_section(section) => {
            tables(changes, path, section, old, new);
        }
        (Value::Array(old), Value::Array(new)) if is_section(section) => {
            named(changes, path, section, old, new);
        }
        (Value::Array(old), Value::Array(new)) => lists(changes, path, old, new),
        _ if old != new => {
            let (old, new) = (rendered(section, old), rendered(section, new));
            push(changes, path, Kind::Changed { old, new });
        }
        _ => {}
    }
}

/// Tables of a list, told apart by their names.
fn named(changes: &mut Vec<Change>, path: &str, section: &str, old: &[Value], new: &[Value]) {
    let by_name = |tables: &[Value], name: &str| -> Option<Table> {
        let table = tables.iter().find(|table| name_of(table) == name)?;
        table.as_table().cloned()
    };
    for table in old.iter().filter(|table| by_name(new, name_of(table)).is_none()) {
        let path = joined(path, name_of(table));
        push(changes, &path, Kind::Removed(rendered(section, table)));
    }
    for table in new {
        let path = joined(path, name_of(table));
        match (by_name(old, name_of(table)), table.as_table()) {
            (Some(before), Some(after)) => tables(changes, &path, section, &before, after),
            (None, _) | (_, None) => push(changes, &path, Kind::Added(rendered(section, table))),
        }
    }
    let order = |tables: &[Value], others: &[Value]| -> Vec<String> {
        tables
            .iter()
            .map(name_of)
            .filter(|name| by_name(others, name).is_some())
            .map(str::to_owned)
            .collect()
    };
    let (before, after) = (order(old, new), order(new, old));
    if before != after {
        let (old, new) = (before.join(", "), after.join(", "));
        push(changes, &format!("{path} (order)"), Kind::Changed { old, new });
    }
}

fn name_of(table: &Value) -> &str {
    table.get("name").and_then(Value::as_str).unwrap_or_default()
}

fn lists(changes: &mut Vec<Change>, path: &str, old: &[Value], new: &[Value]) {
    let only_in = |these: &[Value], others: &[Value]| -> Vec<String> {
        let others: BTreeSet<String> = others.iter().map(one_line).collect();
        these.iter().map(one_line).filter(|value| !others.contains(value)).collect()
    };
    let (removed, added) = (only_in(old, new), only_in(new, old));
    if removed.is_empty() && added.is_empty() && old != new {
        let whole = |list: &[Value]| one_line(&Value::Array(list.to_vec()));
        let (old, new) = (whole(old), whole(new));
        push(changes, path, Kind::Changed { old, new });
    }
    for value in shortened(removed) {
        push(changes, path, Kind::Removed(value));
    }
    for value in shortened(added) {
        push(changes, path, Kind::Added(value));
    }
}

fn shortened(mut values: Vec<String>) -> Vec<String> {
    let count = values.len();
    if count > LISTED_MAX {
        values.truncate(LISTED_MAX);
        values.push(format!("… and {} more", count - LISTED_MAX));
    }
    values
}

/// A value on one line; of a section only what differs from the defaults.
fn rendered(section: &str, value: &Value) -> String {
    let Value::Table(table) = value else {
        return one_line(value);
    };
    if !is_section(section) {
        return one_line(value);
    }
    let mut parts: Vec<String> = entries(section, table, Defaults::LeftOut)
        .into_iter()
        .map(|(key, value)| format!("{} = {}", key.name, one_line(value)))
        .collect();
    for (key, inner) in table {
        let section = joined(section, key);
        if is_section(&section) {
            parts.push(format!("{key} = {}", rendered(&section, inner)));
        }
    }
    format!("{{ {} }}", parts.join(", "))
}

fn is_section(path: &str) -> bool {
    sections(File::Site).iter().any(|section| section.path == path)
}

fn joined(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}
