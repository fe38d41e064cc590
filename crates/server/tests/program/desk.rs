//! What the help desk and administrators do with accounts, keys and settings.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;

use super::{folder, json, printed};

#[test]
fn an_account_is_disabled_enabled_unlocked_and_erased() {
    let folder = folder();
    let folder = folder.path();
    printed(folder, &["apply", "site.toml"], 0);
    printed(folder, &["person", "add", "taro", "--generate-password"], 0);
    assert!(printed(folder, &["person", "enable", "taro"], 0).contains("nothing was changed"));
    printed(folder, &["person", "disable", "taro"], 0);
    let shown = printed(folder, &["person", "show", "taro"], 0);
    assert!(shown.contains("disabled since"), "{shown}");
    assert!(printed(folder, &["person", "enable", "taro"], 0).contains("taro can sign in"));
    assert!(printed(folder, &["person", "unlock", "taro"], 0).contains("can try again at once"));
    assert!(printed(folder, &["person", "factors", "taro"], 0).contains("no factors"));
    assert_eq!(json(folder, &["session", "list", "taro", "--json"]).as_array().unwrap().len(), 0);
    assert_eq!(json(folder, &["session", "end", "taro", "--json"])["ended"], 0);
    let exported = printed(folder, &["person", "export", "taro"], 0);
    for event in ["person.disabled", "person.enabled", "person.unlocked", "session.ended"] {
        assert!(exported.contains(event), "{event}");
    }
    assert_eq!(exported.matches("desk.viewed").count(), 3, "show, factors, session list");
    printed(folder, &["person", "erase", "taro"], 1);
    assert!(printed(folder, &["person", "erase", "taro", "--yes"], 0).contains("is erased"));
    for command in ["show", "disable", "unlock", "factors"] {
        printed(folder, &["person", command, "taro"], 1);
    }
    printed(folder, &["audit", "verify"], 0);
}

#[test]
fn an_administrators_factor_is_ended_by_its_id() {
    let folder = folder();
    let folder = folder.path();
    printed(folder, &["apply", "site.toml"], 0);
    printed(folder, &["person", "add", "root", "--admin", "--generate-password"], 0);
    let factors = json(folder, &["person", "factors", "root", "--json"]);
    let id = factors[0]["id"].as_str().unwrap();
    let nothing = printed(folder, &["person", "factors", "root", "--switch-on"], 1);
    assert!(nothing.contains("root has switched nothing off"), "{nothing}");
    let shown = printed(folder, &["person", "factors", "root"], 0);
    assert!(shown.contains("last used   never"), "{shown}");
    printed(folder, &["person", "factors", "root", "--end", id], 0);
    printed(folder, &["person", "factors", "root", "--end", id], 1);
}

#[test]
fn keys_rotate_and_settings_go_back() {
    let folder = folder();
    let path = folder.path();
    printed(path, &["apply", "site.toml"], 0);
    let then = printed(path, &["key", "rotate", "ES256"], 0);
    let from = then.split("From ").nth(1).and_then(|rest| rest.split(' ').next()).expect(&then);
    let from = sekimori_base::Timestamp::parse(from).expect(&then);
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let seconds = from.unix_seconds() - now.as_secs().cast_signed();
    assert!((3000..=3600).contains(&seconds), "an hour after it is published: {then}");
    assert!(printed(path, &["key", "list"], 0).contains("next"));
    printed(path, &["key", "rotate", "nonsense"], 1);
    let site = std::fs::read_to_string(path.join("site.toml")).unwrap();
    let changed = site.replace("Example University", "Changed University");
    std::fs::write(path.join("changed.toml"), changed).unwrap();
    printed(path, &["apply", "changed.toml", "--yes"], 0);
    assert!(printed(path, &["export"], 0).contains("Changed University"));
    printed(path, &["apply", "--revision", "1", "--yes"], 0);
    assert!(printed(path, &["export"], 0).contains("Example University"));
}

#[test]
fn answering_wrong_passwords_sooner_than_until_now_is_warned_of() {
    let folder = folder();
    let path = folder.path();
    let site = std::fs::read_to_string(path.join("site.toml")).unwrap();
    let put = |millis: u16| {
        let text = format!("{site}\n[password]\nwrong_password_millis = {millis}\n");
        std::fs::write(path.join("site.toml"), text).unwrap();
        printed(path, &["apply", "site.toml", "--yes"], 0)
    };
    let warning = "warning: password.wrong_password_millis goes from 600 to 300";
    assert!(!put(600).contains("warning"));
    let text = put(300);
    assert!(text.contains(warning) && text.contains("up to 600 ms"), "{text}");
    assert!(!put(400).contains("warning"));
    assert!(put(100).contains("may take longer to check than 100 ms"));
    let rehearsed = printed(path, &["check", "site.toml"], 0);
    assert!(rehearsed.contains("may take longer to check than 100 ms"), "{rehearsed}");
}

#[test]
fn no_incident_and_no_sign_in_are_answers() {
    let folder = folder();
    let folder = folder.path();
    printed(folder, &["apply", "site.toml"], 0);
    printed(folder, &["explain", "nonsense"], 1);
    let kept = |codes: &[&str]| {
        let text = printed(folder, &[&["explain"], codes].concat(), 1);
        text.matches("no incident").count()
    };
    assert_eq!(kept(&["7K3M-9QTX-4"]), 1);
    assert_eq!(kept(&["7k3m", "9qtx", "4"]), 1, "one code in three words");
    assert_eq!(kept(&["7K3M-9QTX-4", "WAV5-HRBZ-M"]), 2);
    let found = json(folder, &["what-if", "site.toml", "--since", "7d", "--json"]);
    assert_eq!((&found["sign_ins"], &found["people"]["locked_out"]), (&0.into(), &0.into()));
}

#[test]
fn what_is_there_already_or_not_at_all_is_said_in_plain_words() {
    let folder = folder();
    let folder = folder.path();
    printed(folder, &["apply", "site.toml"], 0);
    printed(folder, &["person", "add", "taro"], 0);
    let said = |words: &[&str], status: i32, what: &str| {
        let text = printed(folder, words, status);
        assert!(text.contains(what), "{words:?}: {text}");
        assert!(!text.contains("on line"), "there is no file that this is a line of: {text}");
    };
    let again = ["service", "add", "wiki", "--redirect-uri", "https://wiki.example/", "--yes"];
    said(&again, 1, "there is a service wiki already");
    said(&["service", "secret", "nosuch"], 1, "sekimori service list");
    said(&["session", "list", "taro"], 0, "taro has no session");
    said(&["person", "show", "taro"], 0, "factors       -");
    said(&["zone", "10.0.0.0/8"], 2, "write one address");
    said(&["key", "root"], 3, "never overwritten");
    said(&["backup", "nowhere/backup.db"], 3, "there is no folder");
}

#[test]
fn a_test_mail_reaches_the_mail_server_or_says_why_not() {
    let folder = folder();
    let folder = folder.path();
    printed(folder, &["apply", "site.toml"], 0);
    assert!(printed(folder, &["mail", "test", "a@example.ac.jp"], 1).contains("no mail server"));
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = server.local_addr().unwrap().port();
    let mail = format!("[mail]\nhost = \"127.0.0.1\"\nport = {port}\ntls = \"none\"\n");
    std::fs::write(folder.join("sekimori.toml"), mail).unwrap();
    let taken = std::thread::spawn(move || {
        let (mut socket, _) = server.accept().unwrap();
        let mut lines = BufReader::new(socket.try_clone().unwrap()).lines();
        let (mut text, mut body) = (String::new(), false);
        socket.write_all(b"220 mail\r\n").unwrap();
        while let Some(Ok(line)) = lines.next() {
            text.push_str(&line);
            text.push('\n');
            let word = line.get(..4).unwrap_or_default().to_ascii_uppercase();
            let answer: &[u8] = match (body, word.as_str()) {
                (true, _) if line == "." => {
                    body = false;
                    b"250 taken\r\n"
                }
                (true, _) => continue,
                (false, "DATA") => {
                    body = true;
                    b"354 go on\r\n"
                }
                (false, "QUIT") => break,
                (false, _) => b"250 yes\r\n",
            };
            socket.write_all(answer).unwrap();
            if answer.starts_with(b"250 taken") {
                break;
            }
        }
        text
    });
    assert!(printed(folder, &["mail", "test", "a@example.ac.jp"], 0).contains("handed over"));
    let text = taken.join().unwrap();
    assert!(text.contains("a@example.ac.jp") && text.contains("Subject:"), "{text}");
}

#[test]
fn where_there_is_no_database_none_is_made_and_a_damaged_one_has_a_remedy() {
    let folder = folder();
    let folder = folder.path();
    for command in [&["backup", "b.db"][..], &["person", "show", "taro"], &["audit", "verify"]] {
        let text = printed(folder, command, 3);
        assert!(text.contains("there is no database") && text.contains("--config"), "{text}");
    }
    assert!(!folder.join("b.db").exists(), "a backup of nothing");
    printed(folder, &["apply", "site.toml"], 0);
    printed(folder, &["backup", "b.db"], 0);
    let database = folder.join("data/sekimori.db");
    std::fs::write(&database, vec![0x5a; 20_000]).unwrap();
    let text = printed(folder, &["person", "show", "taro"], 3);
    assert!(text.contains("not a database") && text.contains("sekimori restore"), "{text}");
}

#[test]
fn documents_of_several_organisations_are_checked_with_the_node() {
    let folder = folder();
    let folder = folder.path();
    let node = "[[tenant]]\nhost = \"localhost\"\nsite_file = \"a.toml\"\n";
    std::fs::write(folder.join("node.toml"), node).unwrap();
    std::fs::write(folder.join("a.toml"), "bogus = 1\n").unwrap();
    let text = printed(folder, &["check", "node.toml"], 1);
    assert!(text.contains("a.toml") && text.contains("bogus"), "{text}");
    let site = "issuer = \"http://localhost:18481\"\norganisation.name = \"Example\"\n";
    std::fs::write(folder.join("a.toml"), site).unwrap();
    let text = printed(folder, &["check", "node.toml"], 1);
    assert!(text.contains("no [[tenant]]") && text.contains("have no port"), "{text}");
    std::fs::write(folder.join("a.toml"), site.replace(":18481", "")).unwrap();
    printed(folder, &["check", "node.toml"], 0);
}

#[test]
fn a_ticket_of_somebody_disabled_says_that_it_opens_nothing() {
    let folder = folder();
    let folder = folder.path();
    printed(folder, &["apply", "site.toml"], 0);
    printed(folder, &["person", "add", "taro"], 0);
    assert!(!printed(folder, &["person", "code", "taro"], 0).contains("disabled"));
    printed(folder, &["person", "disable", "taro"], 0);
    assert!(printed(folder, &["person", "code", "taro"], 0).contains("opens nothing until"));
}
