use proptest::prelude::*;

use super::*;

/// Cheap enough for a test, with all that the real one has.
const CHEAP: Argon2Cost = Argon2Cost { memory_kib: 64, passes: 2, lanes: 1 };

const PLAIN: Recipe<'static> = Recipe { cost: CHEAP, peppers: &[] };

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
    verify(&mut memory(), &PLAIN, Against::Record(record), &secret(password)).unwrap()
}

const RIGHT: Verdict = Verdict::Match { rehash: Rehash::UpToDate };
const RIGHT_ONCE_MORE: Verdict = Verdict::Match { rehash: Rehash::Due };

#[test]
fn the_right_password_matches_and_another_does_not() {
    let record = record("correct horse battery staple");
    assert_eq!(verdict(&record, "correct horse battery staple"), RIGHT);
    for wrong in ["", "correct horse battery stapl", "Correct horse battery staple"] {
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
    let (one, other) = (format!("{}1", "y".repeat(72)), format!("{}2", "y".repeat(72)));
    assert_eq!(verdict(&record(&one), &other), Verdict::Mismatch);
}

#[test]
fn composed_and_decomposed_and_full_width_forms_are_one_password() {
    assert_eq!(verdict(&record("caf\u{e9} がぎ"), "cafe\u{301} か\u{3099}き\u{3099}"), RIGHT);
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
    let (salt, output) = ("AAAAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    for (text, error) in [
        (String::new(), RecordError::Version),
        (format!("v2$nfkc$argon2id$m=64,t=2,p=1${salt}${output}"), RecordError::Version),
        (format!("v1$nfd$argon2id$m=64,t=2,p=1${salt}${output}"), RecordError::Normalisation),
        (format!("v1$nfkc$argon2i$m=64,t=2,p=1${salt}${output}"), RecordError::Shape),
        (format!("v1$nfkc$argon2id$m=64,t=2,p=1${salt}"), RecordError::Shape),
        (format!("v1$raw$md5:AA$argon2id$m=64,t=2,p=1${salt}${output}"), RecordError::Inner),
        (format!("v1$nfkc$argon2id$m=7,t=2,p=1${salt}${output}"), RecordError::Cost),
        (format!("v1$nfkc$argon2id$m=64,t=0,p=1${salt}${output}"), RecordError::Cost),
        (format!("v1$nfkc$argon2id$m=64,t=+2,p=1${salt}${output}"), RecordError::Cost),
        (format!("v1$nfkc$argon2id$m=64,t=2,p=1,x=2${salt}${output}"), RecordError::Cost),
        (format!("v1$nfkc$argon2id$m=4000000,t=9,p=1${salt}${output}"), RecordError::Cost),
        (format!("v1$nfkc$argon2id$m=64,t=2,p=1$AAAA${output}"), RecordError::Bytes),
        (format!("v1$nfkc$argon2id$m=64,t=2,p=1${salt}$AAAA"), RecordError::Bytes),
    ] {
        assert_eq!(HashRecord::parse(&text).err(), Some(error), "{text}");
    }
}

#[test]
fn another_cost_is_checked_at_its_own_and_then_renewed() {
    let old = record("correct horse");
    for cost in [
        Argon2Cost { memory_kib: 128, ..CHEAP },
        Argon2Cost { passes: 1, ..CHEAP },
        Argon2Cost { memory_kib: 32, passes: 9, lanes: 2 },
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
    let (before, after) =
        (Recipe { cost: CHEAP, peppers: &before }, Recipe { cost: CHEAP, peppers: &after });
    let password = secret("correct horse");
    let unpeppered = record("correct horse");
    let peppered = hash(&mut memory(), &before, &password, [7; 16]).unwrap();
    assert_ne!(unpeppered.to_string().rsplit('$').next(), peppered.to_string().rsplit('$').next());
    assert!(peppered.to_string().contains(",k="));
    let peppered = HashRecord::parse(&peppered.to_string()).unwrap();
    let check = |recipe, record| verify(&mut memory(), recipe, Against::Record(record), &password);
    assert_eq!(check(&before, &peppered).unwrap(), RIGHT);
    assert_eq!(check(&after, &peppered).unwrap(), RIGHT_ONCE_MORE);
    assert_eq!(check(&after, &unpeppered).unwrap(), RIGHT_ONCE_MORE);
    assert!(matches!(check(&PLAIN, &peppered), Err(PasswordError::Pepper)));
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

#[test]
fn an_argon2id_hash_of_another_system_is_checked_as_it_is() {
    // Made with argon2-cffi.
    for (text, password) in [
        (
            "$argon2id$v=19$m=32,t=1,p=2$mJE5azsNGmiW8C30$kG51vo8/uC0X4CUvbWlgvBGF9/vrkyv1",
            "correct horse",
        ),
        (
            "argon2$argon2id$v=19$m=32,t=1,p=2$mJE5azsNGmiW8C30$kG51vo8/uC0X4CUvbWlgvBGF9/vrkyv1",
            "correct horse",
        ),
        (
            "{ARGON2}$argon2id$v=19$m=256,t=3,p=4$Ci1Kdv2L8/b39TyIteBxYQ\
             $o/0nQR1oFO707hQBAl89LUvlsYUYU4kH8LmOL2yBhG8",
            "さくら咲く",
        ),
    ] {
        let record = wrap(&mut memory(), &PLAIN, text, [9; 16]).unwrap();
        assert_eq!(record.inner_scheme(), None);
        let read = HashRecord::parse(&record.to_string()).unwrap();
        assert_eq!(verdict(&read, password), RIGHT_ONCE_MORE, "{text}");
        assert_eq!(verdict(&read, "something else"), Verdict::Mismatch);
    }
}

#[test]
fn a_foreign_hash_was_made_of_the_bytes_as_typed() {
    let typed = "ｆｕｌｌ width";
    let mut bytes = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, typed.as_bytes());
    let text = format!("{{SHA256}}{}", data_encoding::BASE64.encode(bytes.as_ref()));
    let record = wrap(&mut memory(), &PLAIN, &text, [9; 16]).unwrap();
    assert_eq!(verdict(&record, typed), RIGHT_ONCE_MORE);
    assert_eq!(verdict(&record, "full width"), Verdict::Mismatch);
    bytes = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, b"full width");
    assert_ne!(record.to_string(), data_encoding::BASE64.encode(bytes.as_ref()));
}

#[test]
fn a_hash_that_takes_longer_than_a_wrong_password_is_held_is_refused() {
    const BCRYPT: [&str; 2] = [
        "$2b$10$abcdefghijklmnopqrstuuK3l9zvMd4DVCSdTbVbDYpbxUgMPrtzS",
        "$2b$12$abcdefghijklmnopqrstuuK3l9zvMd4DVCSdTbVbDYpbxUgMPrtzS",
    ];
    const DJANGO: &str = "pbkdf2_sha256$600000$salt$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    const SHORT: &str = "{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=";
    const ARGON2: [&str; 2] = [
        "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA",
        "$argon2id$v=19$m=65536,t=3,p=1$AAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA",
    ];
    for (text, answered, fits) in [
        (SHORT, 0, true),
        (ARGON2[0], 0, true),
        (ARGON2[1], 150, false),
        (ARGON2[1], 200, true),
        (BCRYPT[0], 0, false),
        (BCRYPT[0], 150, true),
        (BCRYPT[1], 150, false),
        (BCRYPT[1], 450, true),
        (DJANGO, 150, false),
        (DJANGO, 700, true),
    ] {
        let examined = examine(text, Argon2Cost::default(), answered);
        match examined {
            Ok(()) => assert!(fits, "{text} within {answered} ms"),
            Err(ImportError::Slow { millis, .. }) => {
                assert!(!fits, "{text} within {answered} ms takes {millis} ms");
                // What it asks for is enough.
                examine(text, Argon2Cost::default(), millis).unwrap();
            }
            Err(error) => panic!("{text}: {error}"),
        }
    }
}

#[test]
fn a_hash_that_cannot_be_taken_over_says_why_and_names_the_scheme() {
    let message = |text: &str| match wrap(&mut memory(), &PLAIN, text, [9; 16]) {
        Ok(record) => panic!("{text} became {record:?}"),
        Err(error) => error.to_string(),
    };
    for (text, scheme) in [
        ("{MD5}CY9rzUYh03PK3k6DJie09g==", "{MD5}"),
        ("{SMD5}CY9rzUYh03PK3k6DJie09g==", "{SMD5}"),
        ("{CRYPT}ab01FAX.bQRSU", "{CRYPT}"),
        ("$1$abcdefgh$G4UZL2W0IRnZWkCQPkyUo0", "$1$"),
        ("$y$j9T$abc$def", "$y$"),
        ("$2x$10$abc", "$2x$"),
        ("$argon2i$v=19$m=64,t=1,p=1$AAAA$AAAA", "$argon2i$"),
        ("bcrypt_sha256$$2b$12$abc", "bcrypt_sha256"),
    ] {
        let message = message(text);
        assert!(message.contains(scheme), "{text}: {message}");
        assert!(message.contains("cannot be taken over"), "{text}: {message}");
    }
    for text in [
        "",
        "my plain password",
        "summer$time sadness",
        "$ecret$ecret",
        "{love}you",
        "{not a scheme!}x",
    ] {
        let message = message(text);
        assert!(message.contains("does not begin with the name"), "{text}: {message}");
    }
    for text in [
        "{SHA}AAAA",
        "{SSHA}L55TUjtiq8FBorTWAZ0jy6g129A=",
        "{SHA256}???",
        "$2b$10$short",
        "$6$salt$short",
        "$6$seventeen_or_more$x",
        "$pbkdf2-sha256$x$y$z",
        "pbkdf2_sha256$1$a",
        "$argon2id$v=16$m=64,t=1,p=1$AAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA",
        "$5$",
        "$2b$",
    ] {
        assert!(message(text).contains("damaged"), "{text}: {}", message(text));
    }
    let salt_and_hash = "TseQGetvd29APm1cq25gE.D.MmuSnxc/CxSLWFv045htU.eWourM6";
    for text in [
        format!("$2b$31${salt_and_hash}"),
        format!("$2b$03${salt_and_hash}"),
        "$pbkdf2-sha1$0$AAAAAAAA$/OnivZu8pp8bZSMPESlN09222Bk".replace("-sha1", ""),
        "$argon2id$v=19$m=2000000,t=100,p=1$AAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA".into(),
        "$5$rounds=10$w1n2Ez3I8NqZdIul$kG0qA0G.jaxMuL9m6upHapgZ2X4ECy7CXlONsMT9QA/".into(),
    ] {
        assert!(message(&text).contains("out of bounds"), "{text}: {}", message(&text));
    }
}

#[test]
fn a_sha_crypt_hash_costs_no_more_for_an_endless_password_and_never_matches_it() {
    let (text, ..) = FOREIGN.iter().find(|(_, _, scheme)| *scheme == "sha512crypt").unwrap();
    let record = wrap(&mut memory(), &PLAIN, text, [9; 16]).unwrap();
    assert_eq!(verdict(&record, &"x".repeat(PASSWORD_BYTES_MAX)), Verdict::Mismatch);
}

#[test]
fn a_cheaper_record_and_what_is_missing_make_up_todays_work() {
    let cost = |memory_kib, passes| Argon2Cost { memory_kib, passes, lanes: 1 };
    for (done, wanted) in [
        (cost(4_096, 3), cost(19_456, 2)),
        (cost(19_456, 2), cost(47_104, 1)),
        (cost(8, 1), cost(19_456, 2)),
        (cost(12_288, 3), cost(7_168, 9)),
    ] {
        let missing = missing(done, wanted).unwrap();
        assert!(missing.memory_kib <= wanted.memory_kib);
        let gap = wanted.work().abs_diff(done.work() + missing.work());
        assert!(gap * 100 < wanted.work(), "{done:?} {wanted:?} {missing:?}");
    }
    assert_eq!(missing(cost(19_456, 2), cost(19_456, 2)), None);
    assert_eq!(missing(cost(65_536, 3), cost(19_456, 2)), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn no_text_makes_reading_a_record_panic(text in any::<String>()) {
        let _ = HashRecord::parse(&text);
        let _ = hints(&Secret::new(text));
    }

    #[test]
    fn nothing_like_a_record_makes_reading_panic_and_what_reads_prints_itself(
        text in concat!(
            r"v1\$(nfkc|raw)\$",
            r"((bcrypt|sha1|sha512crypt|pbkdf2-sha256)(:[0-9A-Za-z+/]{0,9}){0,4}\$)?",
            r"argon2id\$m=[0-9]{1,6},t=[0-9]{1,2},p=[0-9](,k=[a-z0-9]{8})?",
            r"\$[A-Za-z0-9]{11,24}\$[A-Za-z0-9]{22,43}",
        ),
    ) {
        if let Ok(record) = HashRecord::parse(&text) {
            prop_assert_eq!(HashRecord::parse(&record.to_string()).ok(), Some(record));
        }
    }

    #[test]
    fn no_text_makes_an_import_panic(
        text in any::<String>(),
        scheme in concat!(
            r"(\{[A-Z0-9-]{1,16}\}|\$(2b|5|6|pbkdf2-sha256|argon2id)\$|pbkdf2_sha256\$)",
            r"[!-~]{0,70}",
        ),
    ) {
        let _ = wrap(&mut memory(), &PLAIN, &text, [9; 16]);
        let _ = wrap(&mut memory(), &PLAIN, &scheme, [9; 16]);
    }

    #[test]
    fn any_password_matches_itself_and_no_other(one in any::<String>(), other in any::<String>()) {
        let record = record(&one);
        prop_assert_eq!(verdict(&record, &one), RIGHT);
        let same = nfkc(&one) == nfkc(&other);
        prop_assert_eq!(verdict(&record, &other) == RIGHT, same);
    }
}
