//! Help that helps: what every command says about itself, kept as a snapshot so that changes are seen.

use std::fmt::Write as _;

use super::{folder, printed};

/// All commands, as words.
const COMMANDS: &[&str] = &[
    "",
    "demo",
    "serve",
    "check",
    "apply",
    "export",
    "policy",
    "policy show",
    "zone",
    "person",
    "person add",
    "person show",
    "person disable",
    "person enable",
    "person import",
    "person letters",
    "person locked-out",
    "person unlock",
    "person factors",
    "person export",
    "person erase",
    "person code",
    "person break-glass",
    "service",
    "service list",
    "service add",
    "service secret",
    "session",
    "session list",
    "session end",
    "key",
    "key list",
    "key rotate",
    "key root",
    "explain",
    "what-if",
    "audit",
    "audit verify",
    "audit export",
    "mail",
    "mail test",
    "migrate",
    "upgrade-check",
    "backup",
    "restore",
];

#[test]
fn every_command_says_what_it_does_with_examples_and_exit_status() {
    let folder = folder();
    let mut all = String::new();
    for command in COMMANDS {
        let mut arguments: Vec<&str> = command.split_whitespace().collect();
        arguments.push("--help");
        let text = printed(folder.path(), &arguments, 0);
        let _ = writeln!(all, "$ sekimori {}\n{text}", arguments.join(" "));
    }
    // Blanks at the ends of lines come and go with the width of the terminal.
    let lines: Vec<&str> = all.lines().map(str::trim_end).collect();
    insta::assert_snapshot!("help", lines.join("\n"));
}

#[test]
fn a_wrong_command_line_is_exit_status_2() {
    let folder = folder();
    for wrong in [
        &["nonsense"][..],
        &["zone", "1.2.3"],
        &["person", "add", "Not A Name"],
        &["apply"],
        &["explain"],
        &["demo", "--config", "sekimori.toml"],
        &["--config", "sekimori.toml", "demo"],
        &["demo", "--tenant", "login.example.ac.jp"],
    ] {
        printed(folder.path(), wrong, 2);
    }
}
