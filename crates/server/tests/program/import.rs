//! `sekimori person import`: files as people make them, mistakes and all.

use std::path::Path;

use tempfile::TempDir;

use super::{folder, json, printed};

/// A folder with settings in use.
fn ready() -> TempDir {
    let folder = folder();
    printed(folder.path(), &["apply", "site.toml"], 0);
    folder
}

/// What the dry run of a file says that has mistakes.
fn refused(folder: &Path, file: &str) -> String {
    std::fs::write(folder.join("people.csv"), file).unwrap();
    printed(folder, &["person", "import", "people.csv", "--dry-run"], 1)
}

fn imported(folder: &Path, file: &str) -> serde_json::Value {
    std::fs::write(folder.join("people.csv"), file).unwrap();
    json(folder, &["person", "import", "people.csv", "--yes", "--json"])
}

#[test]
fn an_import_does_everything_or_nothing() {
    let folder = folder();
    let folder = folder.path();
    printed(folder, &["apply", "site.toml"], 0);
    let file = folder.join("people.csv");
    std::fs::write(&file, "username,mail\ntaro,taro@example.ac.jp\nTaro X,\ntaro,\n").unwrap();
    let text = printed(folder, &["person", "import", "people.csv", "--yes"], 1);
    assert!(text.contains("line 3:") && text.contains("line 4:"), "{text}");
    printed(folder, &["person", "show", "taro"], 1);
    std::fs::write(&file, "username,name_ja,password\ntaro,太郎,correct horse battery\njiro,,\n")
        .unwrap();
    let rehearsed = json(folder, &["person", "import", "people.csv", "--dry-run", "--json"]);
    assert_eq!((&rehearsed["new"], &rehearsed["done"]), (&2.into(), &false.into()));
    let done = json(folder, &["person", "import", "people.csv", "--yes", "--json"]);
    assert_eq!(done["tickets"][0][0], "jiro");
    let again = json(folder, &["person", "import", "people.csv", "--yes", "--json"]);
    assert_eq!((&again["new"], &again["same"]), (&0.into(), &2.into()));
}

#[test]
fn tickets_go_to_a_new_file_for_its_owner_alone_or_nothing_is_done() {
    use std::os::unix::fs::PermissionsExt;
    let folder = ready();
    let folder = folder.path();
    std::fs::write(folder.join("people.csv"), "username\ntaro\njiro\n").unwrap();
    std::fs::write(folder.join("old.csv"), "keep me").unwrap();
    let import = ["person", "import", "people.csv", "--yes", "--tickets"];
    let with = |file| [&import[..], &[file]].concat();
    assert!(printed(folder, &with("old.csv"), 3).contains("not there yet"));
    assert_eq!(std::fs::read_to_string(folder.join("old.csv")).unwrap(), "keep me");
    printed(folder, &["person", "show", "taro"], 1);

    let text = printed(folder, &with("tickets.csv"), 0);
    assert!(text.contains("2 tickets are in tickets.csv"), "{text}");
    let file = folder.join("tickets.csv");
    let mode = std::fs::metadata(&file).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);
    let written = std::fs::read_to_string(&file).unwrap();
    let lines: Vec<&str> = written.lines().collect();
    assert_eq!((lines.len(), lines[0]), (3, "username,ticket"), "{written}");
    let ticket = lines[1].strip_prefix("taro,").unwrap();
    assert!(ticket.len() == 14 && !text.contains(ticket), "only in the file: {text}");

    printed(folder, &with("none.csv"), 0);
    assert!(!folder.join("none.csv").exists(), "nobody new, no file");

    // An interrupted import leaves an empty file, and the next one takes it.
    std::fs::write(folder.join("people.csv"), "username\nsaburo\n").unwrap();
    std::fs::write(folder.join("left.csv"), "").unwrap();
    printed(folder, &with("left.csv"), 0);
    let mode = std::fs::metadata(folder.join("left.csv")).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);
    assert!(std::fs::read_to_string(folder.join("left.csv")).unwrap().contains("saburo,"));
}

#[test]
fn a_ticket_of_the_desk_is_for_what_is_missing_or_said() {
    let folder = ready();
    let folder = folder.path();
    json(folder, &["person", "add", "taro", "--json"]);
    let code = |more: &[&str]| {
        json(folder, &[&["person", "code", "taro", "--json"], more].concat())["for"].clone()
    };
    assert_eq!(code(&[]), "start");
    assert_eq!(code(&["--for", "password"]), "start");
    let none = printed(folder, &["person", "code", "taro", "--for", "factor"], 1);
    assert!(none.contains("has no password yet"), "{none}");
    json(folder, &["person", "add", "hanako", "--generate-password", "--json"]);
    let factor = printed(folder, &["person", "code", "hanako"], 0);
    assert!(factor.contains("/portal/ticket") && factor.contains("app"), "{factor}");
    let password = json(folder, &["person", "code", "hanako", "--for", "password", "--json"]);
    assert_eq!(password["for"], "password");
    assert_eq!(password["ticket"].as_str().unwrap().len(), 14);
}

#[test]
fn a_dry_run_finds_weak_passwords_and_damaged_hashes() {
    let folder = ready();
    let text = refused(
        folder.path(),
        "username,password,hash\ntaro,12345678,\njiro,,$2b$10$short\nhanako,,plain\n\
         yuki,correct horse battery,\n",
    );
    assert!(text.contains("line 2: the password is too easy to guess: at least"), "{text}");
    assert!(text.contains("line 3: hash: the bcrypt hash is damaged"), "{text}");
    assert!(text.contains("line 4: hash: the text does not begin with"), "{text}");
    assert!(text.contains("3 mistakes: nothing was done") && !text.contains("line 5"), "{text}");
}

#[test]
fn a_row_with_two_mistakes_has_both_listed() {
    let folder = ready();
    let file = "username,mail,password,hash\ntaro,nowhere,taro,\njiro,nowhere,,$1$rasmusle$x\n";
    let text = refused(folder.path(), file);
    for said in
        ["line 2: mail:", "line 2: the password is too easy", "line 3: mail:", "line 3: hash:"]
    {
        assert!(text.contains(said), "{said}: {text}");
    }
    assert!(text.contains("4 mistakes"), "{text}");
}

#[test]
fn a_name_is_one_line() {
    let folder = ready();
    let long = "x".repeat(201);
    let file = format!("username,name_en,name_ja\ntaro,\"Taro\nYamada\",\njiro,,{long}\n");
    let text = refused(folder.path(), &file);
    assert!(text.contains("line 2: name_en:") && text.contains("name_ja: a name has"), "{text}");
    printed(folder.path(), &["person", "add", "taro", "--name", "Taro\nYamada"], 2);
}

#[test]
fn every_mistake_is_listed_however_many_there_are() {
    let folder = ready();
    let rows = "Not A Name,\n".repeat(120);
    let text = refused(folder.path(), &format!("username,mail\n{rows}"));
    assert_eq!(text.matches("error: line ").count(), 120, "{text}");
    assert!(text.contains("line 121:") && text.contains("120 mistakes"), "{text}");
}

#[test]
fn a_file_that_is_no_list_of_people_is_one_mistake_with_a_remedy() {
    let folder = ready();
    for (file, said) in [
        ("username;mail\ntaro;a@example.ac.jp\njiro;\n", "separated by semicolons: save"),
        ("name,mail\ntaro,a@example.ac.jp\njiro,\n", "unknown columns: \"name\""),
        ("", "no column username"),
        ("username,mail\n", "there is nobody in the file"),
    ] {
        let text = refused(folder.path(), file);
        assert!(text.contains(said) && text.contains("error: line 1:"), "{file:?}: {text}");
        assert!(text.contains("; 1 mistake:"), "{file:?}: {text}");
    }
}

#[test]
fn a_file_in_another_encoding_says_where_and_how_to_save_it() {
    let folder = ready();
    let mut bytes = b"username,name_ja\ntaro,".to_vec();
    bytes.extend([0x91, 0xbe, 0x98, 0x59, b'\n']);
    std::fs::write(folder.path().join("people.csv"), bytes).unwrap();
    let text = printed(folder.path(), &["person", "import", "people.csv"], 3);
    assert!(text.contains("line 2 is not UTF-8") && text.contains("CSV UTF-8"), "{text}");
}

#[test]
fn an_absent_column_keeps_and_an_empty_cell_clears() {
    let folder = ready();
    let folder = folder.path();
    imported(
        folder,
        "username,name_en,name_ja,mail,affiliation,groups\n\
         taro,Taro Seki,関 太郎,taro@example.ac.jp,staff,library\n",
    );
    let done = imported(folder, "username,groups\ntaro,museum\n");
    let changes = serde_json::json!([{ "username": "taro", "new": false, "fields": ["groups"] }]);
    assert_eq!(done["changes"], changes);
    let taro = json(folder, &["person", "show", "taro", "--json"]);
    assert_eq!(taro["mail"], "taro@example.ac.jp");
    assert_eq!(
        (&taro["name"]["ja"], &taro["affiliations"][0]),
        (&"関 太郎".into(), &"staff".into())
    );
    imported(folder, "username,mail\ntaro,\n");
    let taro = json(folder, &["person", "show", "taro", "--json"]);
    assert!(taro["mail"].is_null() && taro["groups"][0] == "museum", "{taro}");
}

#[test]
fn everybody_in_the_file_gets_a_line_of_the_audit() {
    let folder = ready();
    let folder = folder.path();
    imported(folder, "username,mail\ntaro,\n");
    imported(folder, "username,mail\ntaro,taro@example.ac.jp\n");
    let exported = json(folder, &["person", "export", "taro", "--json"]);
    let history = exported["history"].as_array().unwrap();
    for event in ["person.added", "ticket.made", "person.changed"] {
        let line = history.iter().find(|entry| entry["line"]["event"] == event);
        let by = line.unwrap_or_else(|| panic!("no {event}: {history:?}"))["line"]["by"].as_str();
        assert!(by.unwrap().starts_with("os:"), "{event}");
    }
    printed(folder, &["audit", "verify"], 0);
}
