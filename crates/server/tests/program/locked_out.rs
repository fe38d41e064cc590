//! `sekimori person locked-out`: who would not get in from outside.

use std::fmt::Write as _;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use tempfile::TempDir;

use super::{folder, json, printed};

/// So many people that they are read in several pages and asked for in several pieces.
const MANY: usize = 5300;

/// A campus: `hana` is switched off, `kenji` has an app, everybody else has nothing; half of the many are students.
fn campus() -> TempDir {
    let folder = folder();
    let path = folder.path();
    printed(path, &["apply", "site.toml"], 0);
    let mut file = "username,name_en,name_ja,groups\n".to_owned();
    file.push_str("hana,Hana,花,students\ntaro,\"Taro, Jr.\",太郎,students staff\nyuki,,,\n");
    std::fs::write(path.join("people.csv"), file).unwrap();
    printed(path, &["person", "import", "people.csv", "--yes"], 0);
    printed(path, &["person", "disable", "hana"], 0);
    folder
}

fn list(folder: &Path, more: &[&str]) -> serde_json::Value {
    json(folder, &[&["person", "locked-out", "--json"], more].concat())
}

#[test]
fn whoever_has_nothing_is_listed_by_group_and_whoever_is_switched_off_is_not() {
    let folder = campus();
    let folder = folder.path();
    let all = list(folder, &[]);
    assert_eq!(all["all"], serde_json::json!({ "accounts": 2, "locked_out": 2 }), "{all}");
    let of = |group: &str| all["groups"][group]["locked_out"].clone();
    assert_eq!((of("students"), of("staff"), of("")), (1.into(), 1.into(), 1.into()), "{all}");
    let names: Vec<_> =
        all["people"].as_array().unwrap().iter().map(|one| &one["username"]).collect();
    assert_eq!(names, ["taro", "yuki"]);
    assert_eq!(all["people"][0]["reason"], "mfa.none_registered");
    assert_eq!(all["people"][0]["started"], false, "they have a ticket and no password yet");

    let staff = list(folder, &["--group", "staff"]);
    assert_eq!(staff["people"].as_array().unwrap().len(), 1);
    let nobody = list(folder, &["--group", "nobody"]);
    assert_eq!((&nobody["people"], &nobody["from"]), (&serde_json::json!([]), &"outside".into()));
    assert_eq!(list(folder, &["--from", "campus"])["all"]["locked_out"], 0, "a password suffices");
    assert!(
        printed(folder, &["person", "locked-out", "--from", "moon"], 1).contains("no zone moon")
    );

    let text = printed(folder, &["person", "locked-out"], 0);
    for words in ["locked out from outside: 2 of 2 accounts", "students", "(none)", "not yet"] {
        assert!(text.contains(words), "{words}: {text}");
    }
    let audit = printed(folder, &["audit", "export"], 0);
    let looked = audit.lines().filter(|line| line.contains("locked_out"));
    assert_eq!(looked.filter(|line| line.contains("desk.viewed")).count(), 5, "{audit}");
}

#[test]
fn a_file_holds_all_of_them_for_its_owner_alone() {
    let folder = campus();
    let folder = folder.path();
    let mut file = "username,groups\n".to_owned();
    for number in 0..MANY {
        let group = if number % 2 == 0 { "students" } else { "" };
        writeln!(file, "many{number:05},{group}").unwrap();
    }
    std::fs::write(folder.join("many.csv"), file).unwrap();
    printed(folder, &["person", "import", "many.csv", "--yes", "--tickets", "tickets.csv"], 0);
    let text = printed(folder, &["person", "locked-out", "--csv", "list.csv"], 0);
    assert!(text.contains("locked out from outside: 5302 of 5302 accounts"), "{text}");
    assert!(text.contains("all of them are in list.csv"), "{text}");
    let mode = std::fs::metadata(folder.join("list.csv")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let mut reader = csv::Reader::from_path(folder.join("list.csv")).unwrap();
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), MANY + 2);
    let taro = rows.iter().find(|row| &row[0] == "taro").unwrap();
    let cells: Vec<&str> = taro.iter().collect();
    assert_eq!(
        cells,
        ["taro", "Taro, Jr.", "太郎", "", "staff students", "no", "mfa.none_registered"]
    );
    let usernames: std::collections::BTreeSet<&str> = rows.iter().map(|row| &row[0]).collect();
    assert_eq!(usernames.len(), rows.len(), "everybody once");
    let json = list(folder, &["--group", "students"]);
    assert_eq!(json["people"].as_array().unwrap().len(), MANY / 2 + 1);
    // What is there already is not written over.
    assert!(
        printed(folder, &["person", "locked-out", "--csv", "list.csv"], 3)
            .contains("not there yet")
    );
    let short = printed(folder, &["person", "locked-out"], 0);
    assert!(short.contains("… and 5252 more"), "{short}");
}
