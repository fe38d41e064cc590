//! The program as its operators meet it: command lines, files, sockets, signals.

mod audit;
mod canaries;
mod certificate_sign_in;
mod certificates;
mod demo;
mod desk;
mod exports;
mod haproxy;
mod help;
mod import;
mod issuers;
mod letters;
mod lists_by_tls;
mod locked_out;
mod mail;
mod nodes;
mod ports;
mod presenting;
mod responders;
mod root_list;
mod serving;
mod token;

use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

/// The settings of the smallest organisation.
const SITE: &str = r#"
issuer = "http://localhost:8080"
[organisation]
name = "Example University"
[[zone]]
name = "campus"
ranges = ["127.0.0.0/8", "::1"]
inside = true
password_suffices = true
may_enrol = true
[[service]]
name = "wiki"
[service.oidc]
redirect_uris = ["http://localhost:8000/callback"]
"#;

/// A folder with `site.toml`.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("site.toml"), SITE).unwrap();
    folder
}

fn program(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sekimori"));
    command.current_dir(folder).env_remove("SEKIMORI_CONFIG");
    // Where SoftHSM2 finds its tokens, and what the spy beside it writes down.
    command.env("SOFTHSM2_CONF", folder.join("softhsm2.conf"));
    command.env("PKCS11SPY", token::SOFTHSM).env("PKCS11SPY_OUTPUT", folder.join("spy"));
    // The roots that the system trusts, where a test has its own.
    let roots = folder.join("roots.pem");
    if roots.exists() {
        command.env("SSL_CERT_FILE", roots).env_remove("SSL_CERT_DIR");
    }
    command
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    program(folder).args(arguments).output().unwrap()
}

/// What a command prints that ends with `status`.
fn printed(folder: &Path, arguments: &[&str], status: i32) -> String {
    let output = run(folder, arguments);
    let (out, error) = (&output.stdout, String::from_utf8_lossy(&output.stderr));
    let out = String::from_utf8_lossy(out);
    assert_eq!(output.status.code(), Some(status), "{arguments:?}\n{out}\n{error}");
    format!("{out}{error}")
}

fn json(folder: &Path, arguments: &[&str]) -> serde_json::Value {
    let output = run(folder, arguments);
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn settings_are_checked_with_all_mistakes_at_once() {
    let folder = folder();
    assert!(printed(folder.path(), &["check"], 0).contains("no mistakes"));
    std::fs::write(folder.path().join("site.toml"), format!("x = 1\n{SITE}\n[mail]\ny = 2\n"))
        .unwrap();
    let text = printed(folder.path(), &["check"], 1);
    assert!(text.contains("site.toml:1:1") && text.contains("2 errors"), "{text}");
    let found = json(folder.path(), &["check", "--json"]);
    assert_eq!(found[0]["errors"].as_array().unwrap().len(), 2);
    assert!(printed(folder.path(), &["check", "nothing.toml"], 3).contains("nothing.toml"));
}

#[test]
fn files_that_the_settings_name_are_looked_for() {
    let folder = folder();
    let node = "site_file = \"nowhere.toml\"\n[listen]\naddress = \"127.0.0.1:8443\"\n\n[tls]\n\
                certificate_file = \"chain.pem\"\nkey_file = \"key.pem\"\n\
                [database]\npostgres_file = \"url\"\nca_file = \"ca.pem\"\n\
                [mail]\nhost = \"smtp.example.ac.jp\"\nuser = \"u\"\npassword_file = \"mail\"\n";
    std::fs::write(folder.path().join("sekimori.toml"), node).unwrap();
    let text = printed(folder.path(), &["check"], 1);
    for said in [
        "nowhere.toml: No such file",
        "sekimori.toml:1:13 (site_file)",
        "chain.pem: No such file",
        "sekimori.toml:6:20 (tls.certificate_file)",
        "sekimori.toml:7:12 (tls.key_file)",
        "sekimori.toml:9:17 (database.postgres_file)",
        "sekimori.toml:10:11 (database.ca_file)",
        "sekimori.toml:14:17 (mail.password_file)",
        "help: put the file there",
    ] {
        assert!(text.contains(said), "{said}: {text}");
    }
}

#[test]
fn from_an_empty_folder_to_a_person_and_a_service() {
    let folder = folder();
    let folder = folder.path();
    assert!(printed(folder, &["serve"], 3).contains("sekimori apply site.toml"));
    assert!(printed(folder, &["apply", "site.toml"], 0).contains("version 1 is in use"));
    let hanako = json(folder, &["person", "add", "hanako", "--generate-password", "--json"]);
    assert_eq!(hanako["password"].as_str().unwrap().len(), 23);
    let taro = json(folder, &["person", "add", "taro", "--json"]);
    assert_eq!(taro["ticket"].as_str().unwrap().len(), 14);
    assert!(printed(folder, &["person", "add", "taro"], 1).contains("taken"));
    let secret = json(folder, &["service", "secret", "wiki", "--json"]);
    assert_eq!(secret["client_id"], "wiki");
    assert!(secret["client_secret"].as_str().unwrap().len() >= 43);
    let shop = ["service", "add", "shop", "--home", "https://shop.example.ac.jp/start", "--yes"];
    let shop = [&shop[..], &["--redirect-uri", "https://shop.example.ac.jp/cb"]].concat();
    assert!(printed(folder, &shop, 0).contains("shop"));
    let text = printed(folder, &["export"], 0);
    assert!(text.contains("https://shop.example.ac.jp/start"), "{text}");
    assert!(!text.contains(secret["client_secret"].as_str().unwrap()));
    assert!(printed(folder, &["zone", "127.0.0.1"], 0).contains("inside"));
    assert!(printed(folder, &["zone", "192.0.2.1"], 1).contains("outside"));
    assert!(printed(folder, &["policy", "show"], 0).contains("campus"));
    let verified = printed(folder, &["audit", "verify"], 0);
    assert!(verified.contains("nothing is wrong"), "{verified}");
    assert!(!verified.contains(" 1 chains") && !verified.contains("1 checkpoints"), "{verified}");
}

#[test]
fn an_administrator_gets_a_break_glass_code_once() {
    let folder = folder();
    let folder = folder.path();
    printed(folder, &["apply", "site.toml"], 0);
    let root = json(folder, &["person", "add", "root", "--admin", "--generate-password", "--json"]);
    let first = root["break_glass_code"].as_str().unwrap();
    assert_eq!(first.len(), 19, "{root}");
    let again = json(folder, &["person", "break-glass", "root", "--json"]);
    assert_ne!(again["break_glass_code"], first);
    let shown = json(folder, &["person", "show", "root", "--json"]);
    assert_eq!(shown["factors"].as_array().unwrap().len(), 1, "the earlier one has ended");
    assert_eq!(shown["factors"][0]["binding"], "break_glass");
    let exported = printed(folder, &["person", "export", "root"], 0);
    assert_eq!(exported.matches("break_glass.made").count(), 2, "{exported}");
    assert!(!exported.contains(first));
    printed(folder, &["person", "add", "taro", "--generate-password"], 0);
    let text = printed(folder, &["person", "break-glass", "taro"], 1);
    assert!(text.contains("not an administrator"), "{text}");
}

#[test]
fn what_is_made_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = folder();
    printed(folder.path(), &["apply", "site.toml"], 0);
    let data = folder.path().join("data");
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&data), 0o700);
    for file in ["root.key", "sekimori.db"] {
        assert_eq!(mode(&data.join(file)), 0o600, "{file}");
    }
    std::fs::set_permissions(data.join("root.key"), std::fs::Permissions::from_mode(0o644))
        .unwrap();
    assert!(printed(folder.path(), &["export"], 0).contains("chmod 600"));
}

#[test]
fn a_database_without_its_root_key_is_not_given_a_new_one() {
    let folder = folder();
    printed(folder.path(), &["apply", "site.toml"], 0);
    std::fs::remove_file(folder.path().join("data/root.key")).unwrap();
    let text = printed(folder.path(), &["export"], 3);
    assert!(text.contains("there is no root key file"), "{text}");
    assert!(!folder.path().join("data/root.key").exists());
}

#[test]
fn a_backup_restores_into_an_empty_place_only() {
    let folder = folder();
    let folder = folder.path();
    printed(folder, &["apply", "site.toml"], 0);
    printed(folder, &["person", "add", "taro"], 0);
    assert!(printed(folder, &["backup", "backup.db"], 0).contains("1 people"));
    assert!(printed(folder, &["restore", "backup.db", "--yes"], 3).contains("out of the way"));
    std::fs::write(folder.join("half.db.part"), "").unwrap();
    let text = printed(folder, &["backup", "half.db"], 3);
    assert!(text.contains("half.db.part exists: move it out of the way"), "{text}");
    std::fs::rename(folder.join("data/sekimori.db"), folder.join("old.db")).unwrap();
    assert!(printed(folder, &["restore", "backup.db", "--yes"], 0).contains("1 people"));
    assert!(printed(folder, &["person", "show", "taro"], 0).contains("taro"));
    assert!(printed(folder, &["upgrade-check"], 0).contains("this program's"));
    assert!(printed(folder, &["migrate"], 0).contains("already"));
}

#[test]
fn with_another_root_key_nothing_is_restored() {
    let folder = folder();
    let folder = folder.path();
    printed(folder, &["apply", "site.toml"], 0);
    printed(folder, &["backup", "backup.db"], 0);
    let database = folder.join("data/sekimori.db");
    std::fs::remove_file(&database).unwrap();
    let key = folder.join("data/root.key");
    std::fs::rename(&key, folder.join("own.key")).unwrap();
    printed(folder, &["key", "root"], 0);
    for (content, said) in [(None, "it is another root key"), (Some("junk"), "srk1_")] {
        if let Some(content) = content {
            std::fs::write(&key, content).unwrap();
        }
        let text = printed(folder, &["restore", "backup.db", "--yes"], 3);
        assert!(text.contains(said) && text.contains("nothing was restored"), "{text}");
        assert!(!database.exists());
    }
    std::fs::rename(folder.join("own.key"), &key).unwrap();
    printed(folder, &["restore", "backup.db", "--yes"], 0);
    let text = printed(folder, &["restore", "nowhere.db", "--yes"], 3);
    assert!(text.contains("nowhere.db: No such file"), "{text}");
}

#[test]
fn the_audit_is_sealed_exported_and_held_against_the_export() {
    let folder = folder();
    let folder = folder.path();
    printed(folder, &["apply", "site.toml"], 0);
    printed(folder, &["person", "add", "taro"], 0);
    let file = "data/checkpoints.jsonl";
    let text = std::fs::read_to_string(folder.join(file)).unwrap();
    let lines: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines[0]["key"]["crv"], "Ed25519");
    let last = lines.last().unwrap()["number"].as_u64().unwrap();
    let found = json(folder, &["audit", "verify", "--checkpoint", file, "--json"]);
    assert_eq!(found["exported_checkpoints_compared"], last);
    assert_eq!((&found["unsealed_lines"], &found["wrong"]), (&0.into(), &serde_json::json!([])));
    printed(folder, &["person", "add", "jiro"], 0);
    printed(folder, &["audit", "checkpoint", "--out", "one.jsonl"], 0);
    let back = rusqlite::Connection::open(folder.join("data/sekimori.db")).unwrap();
    back.execute_batch(&format!(
        "DELETE FROM checkpoint WHERE number > {last};
         DELETE FROM audit_line WHERE line LIKE '%person.added%'
             AND at > (SELECT max(at) FROM checkpoint);
         DELETE FROM audit_writer WHERE opened_at > (SELECT max(at) FROM checkpoint)"
    ))
    .unwrap();
    drop(back);
    for file in ["one.jsonl", file] {
        let text = printed(folder, &["audit", "verify", "--checkpoint", file], 1);
        assert!(text.contains("the end of the checkpoints was cut off"), "{text}");
    }
    std::fs::write(folder.join("empty.jsonl"), "").unwrap();
    printed(folder, &["audit", "verify", "--checkpoint", "empty.jsonl"], 3);
}

#[test]
fn a_restore_with_the_exported_audit_brings_nobody_and_nothing_back_that_was_ended() {
    let folder = folder();
    let folder = folder.path();
    printed(folder, &["apply", "site.toml"], 0);
    for name in ["taro", "jiro", "saburo", "shiro"] {
        printed(folder, &["person", "add", name], 0);
    }
    let database = folder.join("data/sekimori.db");
    let back = rusqlite::Connection::open(&database).unwrap();
    back.execute_batch(
        "INSERT INTO factor (tenant_id, person_id, id, method, binding, state, label, secret,
             registered_at, codes, spent)
         SELECT tenant_id, id, id, 'totp', 'ticket', 'ready', 'phone', x'00', 1, 0, 0
         FROM person WHERE username = 'taro'",
    )
    .unwrap();
    drop(back);
    let shown = json(folder, &["person", "show", "taro", "--json"]);
    let factor = shown["factors"][0]["id"].as_str().unwrap().to_owned();
    printed(folder, &["backup", "backup.db"], 0);
    printed(folder, &["person", "factors", "taro", "--end", &factor], 0);
    printed(folder, &["person", "disable", "jiro"], 0);
    printed(folder, &["session", "end", "jiro"], 0);
    printed(folder, &["person", "erase", "saburo", "--yes"], 0);
    printed(folder, &["person", "disable", "shiro"], 0);
    printed(folder, &["person", "enable", "shiro"], 0);
    printed(folder, &["service", "secret", "wiki"], 0);
    let lines = run(folder, &["audit", "export", "--since", "1d"]).stdout;
    std::fs::write(folder.join("audit.jsonl"), lines).unwrap();

    std::fs::rename(&database, folder.join("old.db")).unwrap();
    let text = printed(folder, &["restore", "backup.db", "--yes"], 0);
    assert!(text.contains("not known here"), "{text}");
    assert_eq!(json(folder, &["person", "show", "taro", "--json"])["factors"][0]["id"], factor);

    std::fs::remove_file(&database).unwrap();
    let restored =
        json(folder, &["restore", "backup.db", "--yes", "--audit", "audit.jsonl", "--json"]);
    let since = &restored["since_backup"]["organisations"][0];
    let acts = since["acts"].as_array().unwrap();
    let outcome = |event: &str| {
        let of = acts.iter().filter(|act| act["event"] == event);
        of.map(|act| act["outcome"].as_str().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(outcome("factor.ended_by_desk"), ["done"]);
    assert_eq!(outcome("person.disabled"), ["done"], "who was let in again is not disabled");
    assert_eq!(outcome("person.enabled"), ["already"]);
    assert_eq!(outcome("person.erased"), ["done"]);
    assert_eq!(outcome("service.secret_made"), ["by_hand"]);
    assert_eq!(since["unsealed_lines"], 0);
    let taro = json(folder, &["person", "show", "taro", "--json"]);
    assert_eq!(taro["factors"], serde_json::json!([]));
    assert!(json(folder, &["person", "show", "jiro", "--json"]).to_string().contains("disabled"));
    assert!(!json(folder, &["person", "show", "shiro", "--json"]).to_string().contains("disabled"));
    printed(folder, &["person", "show", "saburo"], 1);
    printed(folder, &["audit", "verify"], 0);
}
