//! The exported audit: of any length, and of several organisations at once after a restore; and one that was touched.

use std::collections::BTreeSet;
use std::path::Path;

use super::{SITE, folder, json, printed, run};

fn export(folder: &Path, host: &str) -> String {
    let output = run(folder, &["--tenant", host, "audit", "export", "--since", "1d"]);
    assert_eq!(output.status.code(), Some(0));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn an_export_of_many_pages_has_every_line_once() {
    let folder = folder();
    let folder = folder.path();
    printed(folder, &["apply", "site.toml"], 0);
    let database = folder.join("data/sekimori.db");
    let back = rusqlite::Connection::open(&database).unwrap();
    // Three pages; many lines of one moment, so that a page ends between them.
    back.execute_batch(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 12000)
         INSERT INTO audit_line SELECT tenant_id, randomblob(16), 1, at + i / 1000, NULL, NULL, hash,
             json_set(line, '$.event', 'copy.' || i, '$.at', at + i / 1000)
         FROM n, (SELECT * FROM audit_line LIMIT 1)",
    )
    .unwrap();
    let lines: u32 =
        back.query_row("SELECT count(*) FROM audit_line", [], |row| row.get(0)).unwrap();
    drop(back);
    let text = printed(folder, &["audit", "export", "--since", "1d"], 0);
    let mut printed = text.lines();
    let first: serde_json::Value = serde_json::from_str(printed.next().unwrap()).unwrap();
    assert_eq!(first["host"], "localhost:8080");
    let rest: Vec<serde_json::Value> =
        printed.map(|line| serde_json::from_str(line).unwrap()).collect();
    let events: BTreeSet<&str> = rest.iter().filter_map(|line| line["event"].as_str()).collect();
    let rest: Vec<_> = rest.iter().filter(|line| line["event"].is_string()).collect();
    assert_eq!(rest.len(), usize::try_from(lines).unwrap());
    assert!((1..=12_000).all(|copy| events.contains(format!("copy.{copy}").as_str())));
}

/// Two organisations with a person of the same name each, and a backup of both.
fn two(folder: &Path) {
    let node = "[[tenant]]\nhost = \"one.example\"\n\n[[tenant]]\nhost = \"other.example\"\n";
    std::fs::write(folder.join("sekimori.toml"), node).unwrap();
    for (host, site) in [("one.example", "site.toml"), ("other.example", "other.toml")] {
        let text = SITE.replace("http://localhost:8080", &format!("https://{host}"));
        std::fs::write(folder.join(site), text).unwrap();
        printed(folder, &["apply", site], 0);
        printed(folder, &["--tenant", host, "person", "add", "hanako"], 0);
    }
    printed(folder, &["backup", "backup.db"], 0);
}

fn is_disabled(folder: &Path, host: &str) -> bool {
    let shown = json(folder, &["--tenant", host, "person", "show", "hanako", "--json"]);
    shown.to_string().contains("disabled")
}

#[test]
fn a_restore_takes_the_exports_of_all_organisations_in_one_run() {
    let folder = folder();
    let folder = folder.path();
    two(folder);
    let hosts = ["one.example", "other.example"];
    for host in hosts {
        printed(folder, &["--tenant", host, "person", "disable", "hanako"], 0);
        std::fs::write(folder.join(format!("{host}.jsonl")), export(folder, host)).unwrap();
    }
    let both = hosts.map(|host| export(folder, host)).concat();
    std::fs::write(folder.join("both.jsonl"), both).unwrap();
    let database = folder.join("data/sekimori.db");
    let one_by_one: &[&str] = &["--audit", "one.example.jsonl", "--audit", "other.example.jsonl"];
    for files in [one_by_one, &["--audit", "both.jsonl"]] {
        std::fs::remove_file(&database).unwrap();
        let command = [&["restore", "backup.db", "--yes", "--json"], files].concat();
        let since = &json(folder, &command)["since_backup"];
        for (of, host) in since["organisations"].as_array().unwrap().iter().zip(hosts) {
            assert_eq!(
                (of["organisation"].as_str(), of["unsealed_lines"].as_u64()),
                (Some(host), Some(0))
            );
            assert_eq!(of["acts"][0]["outcome"], "done", "{of}");
        }
        assert!(hosts.iter().all(|host| is_disabled(folder, host)), "{files:?}");
    }
    // What is not given is said, and damage changes nothing.
    std::fs::remove_file(&database).unwrap();
    let text =
        printed(folder, &["restore", "backup.db", "--yes", "--audit", "one.example.jsonl"], 0);
    assert!(text.contains("other.example: no export was given"), "{text}");
    assert!(is_disabled(folder, "one.example") && !is_disabled(folder, "other.example"));
    std::fs::remove_file(&database).unwrap();
    std::fs::write(folder.join("damaged.jsonl"), export_and(folder, "no line\n")).unwrap();
    let damaged = ["restore", "backup.db", "--yes", "--audit", "damaged.jsonl"];
    let text = printed(folder, &damaged, 3);
    assert!(text.contains("is no line of an audit") && text.contains("nothing was restored"));
    assert!(!database.exists());
}

/// The first organisation's export with a line more.
fn export_and(folder: &Path, more: &str) -> String {
    std::fs::read_to_string(folder.join("one.example.jsonl")).unwrap() + more
}

/// An export after a backup: who was disabled since, let in again, and disabled again.
fn exported(folder: &Path) -> Vec<String> {
    printed(folder, &["apply", "site.toml"], 0);
    printed(folder, &["person", "add", "hanako"], 0);
    printed(folder, &["backup", "backup.db"], 0);
    for what in ["disable", "enable", "disable"] {
        printed(folder, &["person", what, "hanako"], 0);
    }
    export(folder, "localhost:8080").lines().map(str::to_owned).collect()
}

/// What a restore with this file says that ends with `status`; the database is gone again afterwards.
fn restored(folder: &Path, lines: &[String], status: i32) -> String {
    let database = folder.join("data/sekimori.db");
    std::fs::remove_file(&database).unwrap();
    std::fs::write(folder.join("audit.jsonl"), lines.join("\n") + "\n").unwrap();
    let text =
        printed(folder, &["restore", "backup.db", "--yes", "--audit", "audit.jsonl"], status);
    if status == 3 {
        assert!(text.contains("nothing was taken from it"), "{text}");
        assert!(text.contains("restore without --audit"), "{text}");
        assert!(!is_disabled(folder, "localhost:8080"), "{text}");
    }
    text
}

fn place(lines: &[String], nth: usize) -> usize {
    let disabled =
        |(at, line): (usize, &String)| line.contains("\"event\":\"person.disabled\"").then_some(at);
    lines.iter().enumerate().filter_map(disabled).nth(nth).unwrap()
}

#[test]
fn nothing_is_taken_from_an_exported_audit_that_does_not_hold_together() {
    let folder = folder();
    let folder = folder.path();
    let lines = exported(folder);
    let with = |change: &dyn Fn(&mut Vec<String>)| {
        let mut changed = lines.clone();
        change(&mut changed);
        changed
    };
    let (first, last) = (place(&lines, 0), place(&lines, 1));
    let writer = serde_json::from_str::<serde_json::Value>(&lines[last]).unwrap()["writer"]
        .as_str()
        .unwrap()
        .to_owned();

    let altered = with(&|lines| lines[last] = lines[last].replace("disabled", "enabled"));
    let text = restored(folder, &altered, 3);
    assert!(text.contains("was altered") && text.contains(&writer), "{text}");

    let taken_out = with(&|lines| drop(lines.remove(last)));
    let text = restored(folder, &taken_out, 3);
    assert!(text.contains("a checkpoint sealed lines up to this one"), "{text}");

    let slipped_in = with(&|lines| {
        let other = lines[first].replace("disabled", "erased");
        lines.insert(first, other);
    });
    let text = restored(folder, &slipped_in, 3);
    assert!(text.contains("two different lines"), "{text}");

    let forged = with(&|lines| {
        let seal = lines.iter_mut().find(|line| line.contains("\"checkpoint\"")).unwrap();
        *seal = seal.replace("\"checkpoint\":\"ey", "\"checkpoint\":\"ay");
    });
    let text = restored(folder, &forged, 3);
    assert!(text.contains("no key of this organisation signed it"), "{text}");

    let unsealed = with(&|lines| lines.retain(|line| !line.contains("\"checkpoint\"")));
    let text = restored(folder, &unsealed, 3);
    assert!(text.contains("has no checkpoint of this organisation"), "{text}");
}

#[test]
fn what_no_checkpoint_seals_is_told_and_not_done_and_two_exports_may_overlap() {
    let folder = folder();
    let folder = folder.path();
    let lines = exported(folder);
    let twice: Vec<String> = lines.iter().chain(&lines).cloned().collect();
    let text = restored(folder, &twice, 0);
    assert!(text.contains("done again"), "{text}");
    assert!(is_disabled(folder, "localhost:8080"));

    // A line of a chain that nothing seals, as if it had been written while the export was.
    let mut more = lines.clone();
    let mut tail: serde_json::Value = serde_json::from_str(&lines[place(&lines, 1)]).unwrap();
    tail["writer"] = "aaaaaaaaaaaaaaaaaaaaaaaaaa".into();
    tail["sequence"] = 1.into();
    tail["event"] = "person.erased".into();
    more.push(tail.to_string());
    let text = restored(folder, &more, 0);
    assert!(text.contains("1 of them no checkpoint seals yet") && text.contains("LOOK AT IT"));
    assert!(is_disabled(folder, "localhost:8080"), "and not erased");
}
