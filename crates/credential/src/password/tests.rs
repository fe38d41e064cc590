use proptest::prelude::*;

use super::*;

/// Cheap enough for a test, with all that the real one has.
const CHEAP: Argon2Cost = Argon2Cost {
    memory_kib: 64,
    passes: 2,
    lanes: 1,
};

const PLAIN: Recipe<'static> = Recipe {
    cost: CHEAP,
    peppers: &[],
};

fn memory() -> Memory {
    Memory::new(256).unwrap()
}

fn secret(text: &str) -> Secret<String> {
    Secret::new(text.into())
}

fn record(password: &str) -> HashRecord {
    hash(&mut memory(), &PLAIN, &secret(password), [7; 16]).unwrap()
}

fn verdict(record: &HashRecord, password: &str) -> Verdict {
    verify(
        &mut memory(),
        &PLAIN,
        Against::Record(record),
        &secret(password),
    )
    .unwrap()
}

const RIGHT: Verdict = Verdict::Match {
    rehash: Rehash::UpToDate,
};
const RIGHT_ONCE_MORE: Verdict = Verdict::Match {
    rehash: Rehash::Due,
};

#[test]
fn the_right_password_matches_and_another_does_not() {
    let record = record("correct horse battery staple");
    assert_eq!(verdict(&record, "correct horse battery staple"), RIGHT);
    for wrong in [
        "",
        "correct horse battery stapl",
        "Correct horse battery staple",
    ] {
        assert_eq!(verdict(&record, wrong), Verdict::Mismatch, "{wrong}");
    }
}

#[test]
fn the_default_cost_is_owasps_floor() {
    let cost = Argon2Cost::default();
    assert_eq!((cost.memory_kib, cost.passes, cost.lanes), (19_456, 2, 1));
}

#[test]
fn long_passwords_spaces_emoji_and_kana_work_and_every_byte_counts() {
    let emoji = "🌸🗝️".repeat(32);
    let kana = "ひらがな カタカナ ".repeat(28);
    for password in [&"x".repeat(64), &"a b".repeat(85), &emoji, &kana] {
        let record = record(password);
        assert_eq!(verdict(&record, password), RIGHT);
        let longer = format!("{password}.");
        assert_eq!(verdict(&record, &longer), Verdict::Mismatch);
    }
    let (one, other) = (
        format!("{}1", "y".repeat(72)),
        format!("{}2", "y".repeat(72)),
    );
    assert_eq!(verdict(&record(&one), &other), Verdict::Mismatch);
}

#[test]
fn composed_and_decomposed_and_full_width_forms_are_one_password() {
    assert_eq!(
        verdict(
            &record("caf\u{e9} がぎ"),
            "cafe\u{301} か\u{3099}き\u{3099}"
        ),
        RIGHT
    );
    assert_eq!(verdict(&record("ｐａｓｓ　ｗｏｒｄ"), "pass word"), RIGHT);
}

#[test]
fn a_password_beyond_the_bound_is_refused_alike_with_and_without_a_record() {
    let long = secret(&"x".repeat(PASSWORD_BYTES_MAX + 1));
    let record = record("x");
    for against in [Against::Record(&record), Against::Decoy] {
        let refused = verify(&mut memory(), &PLAIN, against, &long);
        assert!(matches!(refused, Err(PasswordError::TooLong)));
    }
    let most = "\u{fdfa}".repeat(PASSWORD_BYTES_MAX / 3);
    assert_eq!(verdict(&self::record(&most), &most), RIGHT);
}

#[test]
fn a_decoy_never_matches() {
    for password in ["", "password", "correct horse battery staple"] {
        let verdict = verify(&mut memory(), &PLAIN, Against::Decoy, &secret(password)).unwrap();
        assert_eq!(verdict, Verdict::Mismatch);
    }
}

#[test]
fn a_record_survives_its_text() {
    let text = record("さくら").to_string();
    assert!(text.starts_with("v1$nfkc$argon2id$m=64,t=2,p=1$"), "{text}");
    let read = HashRecord::parse(&text).unwrap();
    assert_eq!(read.to_string(), text);
    assert_eq!(verdict(&read, "さくら"), RIGHT);
}

#[test]
fn a_record_does_not_print_itself_in_a_log() {
    let printed = format!("{:?}", record("さくら"));
    let text = record("さくら").to_string();
    let output = text.rsplit('$').next().unwrap();
    assert!(!printed.contains(output), "{printed}");
}

#[test]
fn damaged_and_impossible_records_are_told_apart() {
    let (salt, output) = (
        "AAAAAAAAAAAAAAAAAAAAAA",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    );
    for (text, error) in [
        (String::new(), RecordError::Version),
        (
            format!("v2$nfkc$argon2id$m=64,t=2,p=1${salt}${output}"),
            RecordError::Version,
        ),
        (
            format!("v1$nfd$argon2id$m=64,t=2,p=1${salt}${output}"),
            RecordError::Normalisation,
        ),
        (
            format!("v1$nfkc$argon2i$m=64,t=2,p=1${salt}${output}"),
            RecordError::Shape,
        ),
        (
            format!("v1$nfkc$argon2id$m=64,t=2,p=1${salt}"),
            RecordError::Shape,
        ),
        (
            format!("v1$raw$md5:AA$argon2id$m=64,t=2,p=1${salt}${output}"),
            RecordError::Inner,
        ),
        (
            format!("v1$nfkc$argon2id$m=7,t=2,p=1${salt}${output}"),
            RecordError::Cost,
        ),
        (
            format!("v1$nfkc$argon2id$m=64,t=0,p=1${salt}${output}"),
            RecordError::Cost,
        ),
        (
            format!("v1$nfkc$argon2id$m=64,t=+2,p=1${salt}${output}"),
            RecordError::Cost,
        ),
        (
            format!("v1$nfkc$argon2id$m=64,t=2,p=1,x=2${salt}${output}"),
            RecordError::Cost,
        ),
        (
            format!("v1$nfkc$argon2id$m=4000000,t=9,p=1${salt}${output}"),
            RecordError::Cost,
        ),
        (
            format!("v1$nfkc$argon2id$m=64,t=2,p=1$AAAA${output}"),
            RecordError::Bytes,
        ),
        (
            format!("v1$nfkc$argon2id$m=64,t=2,p=1${salt}$AAAA"),
            RecordError::Bytes,
        ),
    ] {
        assert_eq!(HashRecord::parse(&text).err(), Some(error), "{text}");
    }
}

#[test]
fn another_cost_is_checked_at_its_own_and_then_renewed() {
    let old = record("correct horse");
    for cost in [
        Argon2Cost {
            memory_kib: 128,
            ..CHEAP
        },
        Argon2Cost { passes: 1, ..CHEAP },
        Argon2Cost {
            memory_kib: 32,
            passes: 9,
            lanes: 2,
        },
    ] {
        let today = Recipe { cost, peppers: &[] };
        let (against, password) = (Against::Record(&old), secret("correct horse"));
        let verdict = verify(&mut memory(), &today, against, &password).unwrap();
        assert_eq!(verdict, RIGHT_ONCE_MORE);
        let renewed = hash(&mut memory(), &today, &password, [8; 16]).unwrap();
        let verdict = verify(&mut memory(), &today, Against::Record(&renewed), &password).unwrap();
        assert_eq!(verdict, RIGHT);
    }
}

#[test]
fn a_record_larger_than_the_workers_memory_is_still_checked() {
    let mut small = Memory::new(8).unwrap();
    let (record, password) = (record("correct horse"), secret("correct horse"));
    let verdict = verify(&mut small, &PLAIN, Against::Record(&record), &password).unwrap();
    assert_eq!(verdict, RIGHT);
}

#[test]
fn a_pepper_is_part_of_the_hash_and_can_be_changed_without_locking_anybody_out() {
    let (old, new) = (Secret::new([1; 32]), Secret::new([2; 32]));
    let before = [Secret::new(*old.expose())];
    let after = [new, old];
    let (before, after) = (
        Recipe {
            cost: CHEAP,
            peppers: &before,
        },
        Recipe {
            cost: CHEAP,
            peppers: &after,
        },
    );
    let password = secret("correct horse");
    let unpeppered = record("correct horse");
    let peppered = hash(&mut memory(), &before, &password, [7; 16]).unwrap();
    assert_ne!(
        unpeppered.to_string().rsplit('$').next(),
        peppered.to_string().rsplit('$').next()
    );
    assert!(peppered.to_string().contains(",k="));
    let peppered = HashRecord::parse(&peppered.to_string()).unwrap();
    let mut check =
        |recipe, record| verify(&mut memory(), recipe, Against::Record(record), &password);
    assert_eq!(check(&before, &peppered).unwrap(), RIGHT);
    assert_eq!(check(&after, &peppered).unwrap(), RIGHT_ONCE_MORE);
    assert_eq!(check(&after, &unpeppered).unwrap(), RIGHT_ONCE_MORE);
    assert!(matches!(
        check(&PLAIN, &peppered),
        Err(PasswordError::Pepper)
    ));
}

/// The text of another system's hash, the password, and what the record calls the scheme.
/// Made with passlib, OpenLDAP's tools, glibc's crypt, `openssl passwd` and Django's hashers.
const FOREIGN: &[(&str, &str, &str)] = &include!("foreign_vectors.in");

#[test]
fn hashes_of_other_systems_are_taken_over_without_the_password() {
    for (text, password, scheme) in FOREIGN {
        let record =
            wrap(&mut memory(), &PLAIN, text, [9; 16]).unwrap_or_else(|e| panic!("{text}: {e}"));
        assert_eq!(record.inner_scheme(), Some(*scheme));
        assert_eq!(record.normalisation(), Normalisation::Raw);
        let stored = record.to_string();
        let read = HashRecord::parse(&stored).unwrap();
        assert_eq!(read.to_string(), stored);
        assert_eq!(verdict(&read, password), RIGHT_ONCE_MORE, "{text}");
        let wrong = format!("{password}x");
        assert_eq!(verdict(&read, &wrong), Verdict::Mismatch, "{text}");
    }
}
