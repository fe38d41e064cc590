//! The site document as text, for `sekimori export`.

use sekimori_directory::settings::Site;
use toml::{Table, Value};

use super::document::{Defaults, document, entries, one_line};
use crate::reference::{File, Repeats, Section, heading, sections};

/// Widest line, in characters; longer lists stand one entry a line.
const WIDTH: usize = 100;

/// The document that [`super::parse`] reads as `site`, with a sentence about each section. What was read from
/// other files stands in it.
pub fn print(site: &Site) -> String {
    let mut text = String::new();
    section(&mut text, &sections(File::Site)[0], &document(site), First::Yes);
    text
}

/// Whether a section's sentence is still to be written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum First {
    Yes,
    No,
}

fn section(text: &mut String, section: &Section, table: &Table, first: First) {
    let repeats = sections(File::Site)
        .iter()
        .any(|other| other.repeats == Repeats::Often && within(section.path, other.path));
    let defaults = if repeats { Defaults::LeftOut } else { Defaults::Written };
    let entries = entries(section.path, table, defaults);
    if !entries.is_empty() || section.repeats == Repeats::Often {
        if !text.is_empty() {
            text.push('\n');
        }
        if first == First::Yes {
            comment(text, section.about);
        }
        if !section.path.is_empty() {
            text.push_str(&heading(section.path));
            text.push('\n');
        }
        for (key, value) in entries {
            entry(text, key.name, value);
        }
    }
    for child in sections(File::Site) {
        let Some(name) = child_name(section.path, child.path) else {
            continue;
        };
        match table.get(name) {
            Some(Value::Table(inner)) => self::section(text, child, inner, first),
            Some(Value::Array(items)) => {
                let mut first = first;
                for item in items.iter().filter_map(Value::as_table) {
                    self::section(text, child, item, first);
                    first = First::No;
                }
            }
            Some(_) | None => {}
        }
    }
}

/// Whether `path` is `outer` or a part of it.
fn within(path: &str, outer: &str) -> bool {
    path == outer || path.strip_prefix(outer).is_some_and(|rest| rest.starts_with('.'))
}

/// `oidc` for `service` and `service.oidc`.
fn child_name(parent: &str, child: &'static str) -> Option<&'static str> {
    let name =
        if parent.is_empty() { child } else { child.strip_prefix(parent)?.strip_prefix('.')? };
    (!name.is_empty() && !name.contains('.')).then_some(name)
}

fn comment(text: &mut String, about: &str) {
    let mut line = String::from("#");
    for word in about.split(' ') {
        if line.chars().count() + 1 + word.chars().count() > WIDTH {
            text.push_str(&line);
            text.push('\n');
            line = String::from("#");
        }
        line.push(' ');
        line.push_str(word);
    }
    text.push_str(&line);
    text.push('\n');
}

fn entry(text: &mut String, name: &str, value: &Value) {
    let line = format!("{name} = {}", one_line(value));
    match value {
        Value::Array(items) if line.chars().count() > WIDTH => {
            text.push_str(name);
            text.push_str(" = [\n");
            for item in items {
                text.push_str("    ");
                text.push_str(&one_line(item));
                text.push_str(",\n");
            }
            text.push(']');
        }
        _ => text.push_str(&line),
    }
    text.push('\n');
}
