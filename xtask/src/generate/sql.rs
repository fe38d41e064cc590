//! `docs/sql.md`: every statement that the server can send to a database, with its first comment.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use crate::tree;

const FOLDER: &str = "crates/store/sql";

const HEAD: &str = "\
<!-- Written by `cargo xtask generate` from crates/store/sql; change it there. -->

# Statements

Everything that the server can say to a database. A test prepares each statement on both databases
and looks at its plan. `both` means one text for SQLite and PostgreSQL.

| statement | text | what it does |
|---|---|---|
";

/// The whole file.
pub fn text(root: &Path) -> Result<String, String> {
    let folder = root.join(FOLDER);
    let mut statements: BTreeMap<String, (Vec<&str>, String)> = BTreeMap::new();
    for path in tree::files(&folder, &[".sql"]) {
        let text = fs::read_to_string(&path).map_err(|error| error.to_string())?;
        let (name, dialect) = split(&crate::shown(&folder, &path));
        let entry = statements.entry(name).or_default();
        entry.0.push(dialect);
        if entry.1.is_empty() {
            entry.1 = first_comment(&text);
        }
    }
    let mut text = String::from(HEAD);
    for (name, (dialects, comment)) in statements {
        writeln!(text, "| `{name}` | {} | {comment} |", dialects.join(", "))
            .expect("a String takes everything");
    }
    Ok(text)
}

/// `session/open.sqlite.sql` is the statement `session/open` for SQLite.
fn split(path: &str) -> (String, &'static str) {
    let name = path.strip_suffix(".sql").unwrap_or(path);
    for (ending, dialect) in [(".sqlite", "SQLite"), (".postgres", "PostgreSQL")] {
        if let Some(name) = name.strip_suffix(ending) {
            return (name.to_owned(), dialect);
        }
    }
    (name.to_owned(), "both")
}

/// The comment lines at the top, as one line that fits a table.
fn first_comment(text: &str) -> String {
    let lines = text.lines().map_while(|line| line.trim().strip_prefix("--"));
    lines.map(str::trim).collect::<Vec<_>>().join(" ").replace('|', "\\|")
}
