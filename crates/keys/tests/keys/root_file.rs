//! The root key file.

use sekimori_keys::{
    DataKey, KeyVersion, OpenError, RootKey, RootKeyError, RootKeyProblem, RootKeys, Scope,
};

use crate::chance::{Counted, OTHER_TENANT, TENANT};

const VERSION: KeyVersion = KeyVersion(1);

fn in_line(line: usize, problem: RootKeyProblem) -> RootKeyError {
    RootKeyError::Line { line, problem }
}

#[test]
fn a_root_key_file_reads_back_as_it_was_written() {
    let entropy = Counted::from(1);
    let keys = RootKeys::generate(&entropy).rotated(&entropy).unwrap();
    let read = RootKeys::parse(keys.to_file().expose()).unwrap();
    let ids = |keys: &RootKeys| keys.iter().map(RootKey::id).collect::<Vec<_>>();
    assert_eq!(ids(&read), ids(&keys));
    assert_eq!(read.newest().id(), keys.newest().id());
    assert_ne!(ids(&read)[0], ids(&read)[1]);
}

#[test]
fn white_space_case_comments_and_line_ends_do_not_matter() {
    let key = RootKey::generate(&Counted::from(1));
    let text = key.to_text();
    let (prefix, rest) = text.expose().split_at(5);
    let shouted = rest.to_uppercase();
    let file = format!("\u{feff}# a comment\r\n\r\n  {prefix}{shouted}\t\r\n");
    let keys = RootKeys::parse(&file).unwrap();
    assert_eq!(keys.newest().id(), key.id());
}

#[test]
fn every_damage_is_refused_with_its_line_and_what_is_wrong() {
    let key = RootKey::generate(&Counted::from(1)).to_text();
    let key = key.expose();
    let refused = |file: &str| RootKeys::parse(file).err();
    let cut = &key[..key.len() - 1];
    let foreign = format!("{}u{}", &key[..20], &key[21..]);
    let cases = [
        (String::new(), RootKeyError::Empty),
        ("# only a comment\n".to_owned(), RootKeyError::Empty),
        ("a password".to_owned(), in_line(1, RootKeyProblem::Kind)),
        (format!("\n{cut}"), in_line(2, RootKeyProblem::Length)),
        (format!("{key}{key}"), in_line(1, RootKeyProblem::Length)),
        (foreign, in_line(1, RootKeyProblem::Character)),
        (format!("{key}\n\n{key}"), in_line(3, RootKeyProblem::Twice)),
        ("#".repeat(20_000), RootKeyError::TooLong),
    ];
    for (file, problem) in cases {
        assert_eq!(refused(&file), Some(problem), "{} bytes", file.len());
    }
}

#[test]
fn a_change_of_any_one_character_is_seen() {
    let key = RootKey::generate(&Counted::from(1));
    let text = key.to_text();
    let text = text.expose();
    for at in 5..text.len() {
        for other in "0123456789abcdefghjkmnpqrstvwxyz".chars() {
            let mut changed = text.clone();
            changed.replace_range(at..=at, &other.to_string());
            match RootKey::parse(&changed) {
                Ok(read) => assert!(changed == *text && read.id() == key.id()),
                Err(problem) => assert_eq!(problem, RootKeyProblem::Checksum, "at {at}"),
            }
        }
    }
}

#[test]
fn more_keys_than_are_kept_are_refused() {
    let entropy = Counted::from(1);
    let line = || format!("{}\n", RootKey::generate(&entropy).to_text().expose());
    let full: String = (0..16).map(|_| line()).collect();
    let keys = RootKeys::parse(&full).unwrap();
    assert_eq!(keys.rotated(&entropy).err(), Some(RootKeyError::TooMany));
    let over = full + &line();
    assert_eq!(RootKeys::parse(&over).err(), Some(RootKeyError::TooMany));
}

#[test]
fn an_error_never_shows_what_was_read() {
    let error = RootKeys::parse("srk1_my-secret").err().unwrap();
    assert!(!format!("{error} {error:?}").contains("my-secret"));
}

#[test]
fn a_data_key_opens_after_the_root_key_was_rotated_and_says_that_it_is_outdated() {
    let entropy = Counted::from(1);
    let old = RootKeys::generate(&entropy);
    let key = DataKey::generate(&entropy);
    let sealed = old.seal_data_key(TENANT, VERSION, &key, &entropy);
    assert!(!old.outdated(&sealed));

    let new = old.rotated(&entropy).unwrap();
    assert!(new.outdated(&sealed));
    let opened = new.open_data_key(TENANT, VERSION, &sealed).unwrap();
    let again = new.seal_data_key(TENANT, VERSION, &opened, &entropy);
    assert!(!new.outdated(&again));
}

#[test]
fn a_data_key_opens_only_for_its_tenant_and_version() {
    let entropy = Counted::from(1);
    let keys = RootKeys::generate(&entropy);
    let key = DataKey::generate(&entropy);
    let sealed = keys.seal_data_key(TENANT, VERSION, &key, &entropy);
    let refused = |scope: Scope, version| keys.open_data_key(scope, version, &sealed).err();
    assert_eq!(refused(TENANT.into(), VERSION), None);
    let wrong = Some(OpenError::NotAuthentic);
    assert_eq!(refused(OTHER_TENANT.into(), VERSION), wrong);
    assert_eq!(refused(Scope::Deployment, VERSION), wrong);
    assert_eq!(refused(TENANT.into(), KeyVersion(2)), wrong);
}

#[test]
fn a_missing_root_key_is_named() {
    let entropy = Counted::from(1);
    let (ours, theirs) = (RootKeys::generate(&entropy), RootKeys::generate(&entropy));
    let sealed = theirs.seal_data_key(TENANT, VERSION, &DataKey::generate(&entropy), &entropy);
    let missing = theirs.newest().id();
    let error = ours.open_data_key(TENANT, VERSION, &sealed).err().unwrap();
    assert_eq!(error, OpenError::UnknownRootKey(missing));
    assert!(error.to_string().contains(&missing.to_string()));
}
