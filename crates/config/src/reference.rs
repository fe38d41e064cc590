//! All keys of the two files, as data: the source of `docs/config.md` and of hints about misplaced keys.

use std::fmt::Write;

/// The table of keys, a section after the other.
macro_rules! keys {
    ($($section:literal { $($name:literal, $kind:literal, $default:expr, $meaning:literal;)* })*) => {
        pub(super) const KEYS: &[Key] = &[$($(Key {
            section: $section,
            name: $name,
            kind: $kind,
            default: $default,
            meaning: $meaning,
        },)*)*];
    };
}

mod node;
mod site;

/// Which of the two files a key stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum File {
    /// `site.toml`, the site document.
    Site,
    /// `sekimori.toml`, the node.
    Node,
}

/// What holds when a key is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Default {
    /// It cannot be left out.
    Required,
    /// This value, as TOML.
    Value(&'static str),
    /// A value that depends on others, in words.
    Depends(&'static str),
    /// Nothing.
    Nothing,
}

/// One key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    /// The section: `service.oidc`; empty at the top of the file.
    pub section: &'static str,
    /// The key in its section.
    pub name: &'static str,
    /// What its value looks like.
    pub kind: &'static str,
    /// What holds without it.
    pub default: Default,
    /// What it means.
    pub meaning: &'static str,
}

/// One section of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Section {
    /// Its path: `service.oidc`; empty for the top of the file.
    pub path: &'static str,
    /// Whether there may be several: `[[zone]]`.
    pub repeats: Repeats,
    /// What it is about, in a sentence or two.
    pub about: &'static str,
}

/// How often a section may stand in its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeats {
    /// At most once: `[password]`.
    Once,
    /// As often as wanted: `[[zone]]`.
    Often,
}

const fn section(path: &'static str, repeats: Repeats, about: &'static str) -> Section {
    Section { path, repeats, about }
}

/// The sections of a file in the order in which it is written.
pub const fn sections(file: File) -> &'static [Section] {
    match file {
        File::Site => site::SECTIONS,
        File::Node => node::SECTIONS,
    }
}

/// The keys of a file, by section, in the order in which they are written.
pub const fn reference(file: File) -> &'static [Key] {
    match file {
        File::Site => site::KEYS,
        File::Node => node::KEYS,
    }
}

/// `[password]` or `[[zone]]`.
pub(crate) fn heading(path: &str) -> String {
    let often = [File::Site, File::Node]
        .into_iter()
        .flat_map(sections)
        .any(|section| section.path == path && section.repeats == Repeats::Often);
    if often { format!("[[{path}]]") } else { format!("[{path}]") }
}

/// That a key belongs into the other file than the one of `own`, if it stands there in the same section.
pub(crate) fn other_file(own: &[Key], section: &str, name: &str) -> Option<String> {
    let files = [(File::Site, "site.toml"), (File::Node, "sekimori.toml")];
    let mut others = files.into_iter().filter(|(file, _)| !std::ptr::eq(reference(*file), own));
    let (_, file) = others.find(|(file, _)| {
        reference(*file).iter().any(|key| key.name == name && key.section == section)
    })?;
    Some(match section {
        "" => format!("it belongs into {file}"),
        section => format!("it belongs into {file}, under `{}`", heading(section)),
    })
}

/// Other sections of the same file in which a key stands, in words.
pub(crate) fn elsewhere(own: &[Key], section: &str, name: &str) -> Vec<String> {
    let others = own.iter().filter(|key| key.name == name && key.section != section);
    let places = others.map(|key| match key.section {
        "" => "at the top of the file, before the first `[section]`".to_owned(),
        section => format!("under `{}`", heading(section)),
    });
    places.collect()
}

/// `docs/config.md`.
pub fn reference_markdown() -> String {
    let mut text = "# Settings\n\n\
        Two files. `site.toml` is the site document: who the organisation is, its networks, services and rules. It\n\
        is applied with `sekimori apply site.toml` and kept in the database, so that every node uses the same.\n\
        `sekimori.toml` is one node: where it listens, where its database and its key file are. Every key of it has a\n\
        default, and the file may be absent. Keys that are not listed here are errors. Secrets stand in files of\n\
        their own, which these files name. `sekimori check FILE` tells all mistakes of a file at once.\n\n\
        This page is generated from the program; a text for people may be one text for both languages\n\
        (`title = \"Library\"`) or one for each (`title = { en = \"Library\", ja = \"図書館\" }`). Names of zones and\n\
        services have 1 to 64 characters: `a-z`, `0-9`, `.`, `_`, `-`, beginning with a letter or a digit.\n"
        .to_owned();
    for (file, name) in [(File::Site, "site.toml"), (File::Node, "sekimori.toml")] {
        write_line(&mut text, format_args!("\n## {name}"));
        for section in sections(file) {
            section_markdown(&mut text, file, section);
        }
    }
    text
}

fn section_markdown(text: &mut String, file: File, section: &Section) {
    if section.path.is_empty() {
        write_line(text, format_args!("\n### At the top\n"));
    } else {
        write_line(text, format_args!("\n### `{}`\n", heading(section.path)));
    }
    write_line(text, format_args!("{}\n", section.about));
    write_line(text, format_args!("| key | value | default | meaning |"));
    write_line(text, format_args!("|---|---|---|---|"));
    let keys = reference(file).iter();
    for key in keys.filter(|key| key.section == section.path) {
        let default = match key.default {
            Default::Required => "**required**".to_owned(),
            Default::Value(value) => format!("`{value}`"),
            Default::Depends(words) => words.to_owned(),
            Default::Nothing => "none".to_owned(),
        };
        let Key { name, kind, meaning, .. } = key;
        let row = format!("| `{name}` | {kind} | {default} | {meaning} |");
        write_line(text, format_args!("{row}"));
    }
}

fn write_line(text: &mut String, line: std::fmt::Arguments<'_>) {
    writeln!(text, "{line}").expect("writing to a String cannot fail");
}

#[cfg(test)]
mod tests;
