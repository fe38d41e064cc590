//! `cargo xtask`: the checks that hold the workspace together.
//!
//! - `layers`: which crate may depend on which, ours and others'.
//! - `tidy`: lengths, documentation, leftovers, numbering of SQL parameters, tests that docs/checks.md names.
//! - `generate`: files that are written by the code that they describe.
//! - `reasons`: after a run of the tests, whether each refusal was really given.
//!
//! Each task prints what is wrong, one line each with its reason, and exits with 1 if anything is.

mod generate;
mod layers;
mod reasons;
mod tidy;
mod tree;

use std::path::Path;
use std::process::ExitCode;

const USAGE: &str = "\
cargo xtask layers              check the direction of dependencies
cargo xtask layers --table      print the tables that it checks
cargo xtask tidy                check lengths, documentation, leftovers, SQL parameters, docs/checks.md
cargo xtask generate            write the generated files
cargo xtask generate --check    fail if a generated file is not what would be written
cargo xtask reasons FOLDER      fail if a refusal was not given during the tests that made these notes";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let root = tree::root();
    match words.as_slice() {
        ["layers"] => report("layers", &layers::check(&root)),
        ["layers", "--table"] => {
            print!("{}", layers::table::markdown());
            ExitCode::SUCCESS
        }
        ["tidy"] => report("tidy", &tidy::check(&root)),
        ["generate"] => report("generate", &generate::write(&root)),
        ["generate", "--check"] => report("generate", &generate::check(&root)),
        ["reasons", folder] => report("reasons", &reasons::check(Path::new(folder))),
        ["--help" | "help"] => {
            println!("{USAGE}");
            ExitCode::SUCCESS
        }
        _ => {
            eprintln!("{USAGE}");
            ExitCode::from(2)
        }
    }
}

/// Print every problem and say with the exit status whether there was one.
fn report(task: &str, problems: &[String]) -> ExitCode {
    for problem in problems {
        println!("{problem}");
    }
    if problems.is_empty() {
        println!("{task}: in order");
        ExitCode::SUCCESS
    } else {
        println!("{task}: {} to put right", problems.len());
        ExitCode::FAILURE
    }
}

/// `path` as it is shown: relative to `root`, with forward slashes.
fn shown(root: &Path, path: &Path) -> String {
    path.strip_prefix(root).unwrap_or(path).display().to_string()
}
