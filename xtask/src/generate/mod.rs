//! `generate`: files that the code writes about itself, committed so that people can read them.
//!
//! `--check` writes nothing and fails when a file is not what would be written: documentation that
//! the code has outrun is found in CI, not by a reader.

mod config;
mod layers;
mod reasons;
mod sql;

use std::fs;
use std::path::Path;

/// One generated file.
struct Entry {
    /// Where it lies, from the root of the repository.
    path: &'static str,
    /// Its whole text.
    text: fn(root: &Path) -> Result<String, String>,
}

/// All of them. To add one, write its text as a function of the repository and name it here.
const ENTRIES: &[Entry] = &[
    Entry { path: "docs/config.md", text: config::text },
    Entry { path: "docs/layers.md", text: layers::text },
    Entry { path: "docs/reasons.md", text: reasons::text },
    Entry { path: "docs/sql.md", text: sql::text },
];

/// Write what differs; problems only where a text cannot be made or written.
pub fn write(root: &Path) -> Vec<String> {
    each(root, |path, present, text| {
        if present == Some(text) {
            return Ok(());
        }
        println!("wrote {path}");
        let place = root.join(path);
        let folder = place.parent().expect("a path below the root has a folder");
        fs::create_dir_all(folder)
            .and_then(|()| fs::write(&place, text))
            .map_err(|error| error.to_string())
    })
}

/// Name each file that is not what would be written.
pub fn check(root: &Path) -> Vec<String> {
    each(root, |_, present, text| match present {
        Some(present) if present == text => Ok(()),
        Some(_) => Err("is out of date; run `cargo xtask generate`".to_owned()),
        None => Err("is missing; run `cargo xtask generate`".to_owned()),
    })
}

fn each(
    root: &Path,
    settle: impl Fn(&str, Option<&str>, &str) -> Result<(), String>,
) -> Vec<String> {
    let mut problems = Vec::new();
    for Entry { path, text } in ENTRIES {
        let present = fs::read_to_string(root.join(path)).ok();
        let settled = text(root).and_then(|text| settle(path, present.as_deref(), &text));
        if let Err(problem) = settled {
            problems.push(format!("{path}: {problem}"));
        }
    }
    problems
}
