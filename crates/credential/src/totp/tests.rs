use proptest::prelude::*;

use super::*;
use crate::testing::Counting;

const NOON: Timestamp = Timestamp::from_unix_seconds(1_763_856_000);

fn secret() -> TotpSecret {
    TotpSecret::random(&Counting::default())
}

fn now() -> u64 {
    step_at(NOON)
}

fn check(code: &OneTimeCode, last: Option<u64>) -> TotpVerdict {
    verify(&secret(), code, NOON, last)
}

#[test]
fn the_vectors_of_rfc_6238_hold() {
    let secret = TotpSecret::from_bytes(Secret::new(b"12345678901234567890".to_vec())).unwrap();
    // Appendix B, SHA-1; six digits are the last six of its eight.
    for (seconds, code) in [
        (59, "287082"),
        (1_111_111_109, "081804"),
        (1_111_111_111, "050471"),
        (1_234_567_890, "005924"),
        (2_000_000_000, "279037"),
        (20_000_000_000, "353130"),
    ] {
        let now = Timestamp::from_unix_seconds(seconds);
        assert_eq!(secret.code(step_at(now)).digits(), code);
        let typed = OneTimeCode::parse(code).unwrap();
        let step = step_at(now);
        assert_eq!(verify(&secret, &typed, now, None), TotpVerdict::Accepted { step });
    }
}

#[test]
fn a_code_counts_in_its_own_step_the_next_and_the_one_before() {
    for step in [now() - 1, now(), now() + 1] {
        assert_eq!(check(&secret().code(step), None), TotpVerdict::Accepted { step });
    }
}

#[test]
fn an_accepted_code_is_not_accepted_again_nor_an_older_one_after_it() {
    let step = now();
    assert_eq!(check(&secret().code(step), Some(step)), TotpVerdict::Reused { step });
    let older = step - 1;
    assert_eq!(check(&secret().code(older), Some(step)), TotpVerdict::Older { step: older });
    assert_eq!(
        check(&secret().code(step + 1), Some(step)),
        TotpVerdict::Accepted { step: step + 1 }
    );
}

#[test]
fn the_right_code_of_another_time_is_recognised_but_never_good() {
    for offset_steps in [-2, 2, -6, 119, -120, 120, 9 * 120, -14 * 120 - 1, 14 * 120 + 1] {
        let step = now().checked_add_signed(offset_steps).unwrap();
        assert_eq!(check(&secret().code(step), None), TotpVerdict::Drift { step, offset_steps });
    }
    let next_day = secret().code(now() + 24 * 120);
    assert_eq!(check(&next_day, None), TotpVerdict::Wrong);
    let half_zone = secret().code(now() + 9 * 120 + 60);
    assert_eq!(check(&half_zone, None), TotpVerdict::Wrong);
}

#[test]
fn every_recognised_offset_is_looked_at_once() {
    let mut offsets: Vec<i64> = drifts().collect();
    let count = offsets.len();
    offsets.sort_unstable();
    offsets.dedup();
    assert_eq!(offsets.len(), count);
    assert!(!offsets.iter().any(|offset| offset.abs() <= 1));
}

#[test]
fn typed_codes_are_read_forgivingly() {
    for typed in [
        "123456",
        "123 456",
        "123-456",
        " 123456\n",
        "１２３　４５６",
        "１２３４５６",
        "123ー456",
        "１２３－４５６",
        "123\u{200b}456",
        "1 2 3 4 5 6",
        "123–456",
        "ｰ123456",
    ] {
        let code = OneTimeCode::parse(typed).unwrap_or_else(|error| panic!("{typed:?}: {error}"));
        assert_eq!(code.digits(), "123456");
    }
}

#[test]
fn what_is_wrong_with_a_typed_code_is_told_apart() {
    let refused = |typed: &str| OneTimeCode::parse(typed).err();
    assert_eq!(refused(""), Some(OneTimeCodeError::Empty));
    assert_eq!(refused(" - "), Some(OneTimeCodeError::Empty));
    assert_eq!(refused("12345"), Some(OneTimeCodeError::TooShort(5)));
    assert_eq!(refused("1234567"), Some(OneTimeCodeError::TooLong(7)));
    assert_eq!(refused("12345x"), Some(OneTimeCodeError::OtherCharacter('x')));
}

#[test]
fn leading_zeros_stay() {
    assert_eq!(OneTimeCode::parse("000042").unwrap().digits(), "000042");
}

#[test]
fn a_fresh_secret_has_160_bits_and_reads_back_from_its_groups() {
    let text = secret().base32_groups();
    assert_eq!(text.expose().len(), 32 + 7);
    let read = TotpSecret::from_base32(&text.expose().to_lowercase()).unwrap();
    assert_eq!(read.bytes().expose(), secret().bytes().expose());
    assert_eq!(read.bytes().expose().len() * 8, 160);
}

#[test]
fn a_short_or_foreign_secret_is_refused() {
    let refused = |text: &str| TotpSecret::from_base32(text).err();
    assert_eq!(refused("GEZDGNBV"), Some(TotpSecretError::Length(5)));
    assert_eq!(refused("not base 32!"), Some(TotpSecretError::Text));
}

#[test]
fn the_link_names_issuer_and_account_also_in_japanese() {
    let uri = secret().uri("関守大学: SSO", "tanaka@example.ac.jp");
    let uri = uri.expose();
    assert!(
        uri.starts_with(
            "otpauth://totp/%E9%96%A2%E5%AE%88%E5%A4%A7%E5%AD%A6%3A%20SSO:tanaka%40example.ac.jp\
             ?secret="
        ),
        "{uri}"
    );
    assert!(uri.ends_with(
        "&issuer=%E9%96%A2%E5%AE%88%E5%A4%A7%E5%AD%A6%3A%20SSO&algorithm=SHA1&digits=6&period=30"
    ));
    assert!(uri.is_ascii());
}

#[test]
fn a_secret_for_paper_has_nothing_that_looks_like_something_else() {
    let entropy = Counting::default();
    let secrets: Vec<TotpSecret> = (0..20).map(|_| TotpSecret::unmistakable(&entropy)).collect();
    let mut seen = std::collections::BTreeSet::new();
    for secret in &secrets {
        assert_eq!(secret.bytes().expose().len(), 20);
        let text = secret.base32_groups();
        seen.extend(text.expose().replace(' ', "").bytes());
    }
    assert_eq!(seen.into_iter().collect::<Vec<u8>>(), b"347ACDEFHJKLMNPQRTUVWXY");
}

proptest! {
    #[test]
    fn no_text_makes_reading_panic(text in any::<String>()) {
        let _ = OneTimeCode::parse(&text);
        let _ = TotpSecret::from_base32(&text);
    }

    #[test]
    fn no_moment_and_no_history_makes_it_panic_or_accept_twice(
        seconds in any::<i64>(), value in 0..1_000_000_u32, last in any::<Option<u64>>(),
    ) {
        let code = OneTimeCode::parse(&format!("{value:06}")).unwrap();
        let now = Timestamp::from_unix_seconds(seconds);
        if let TotpVerdict::Accepted { step } = verify(&secret(), &code, now, last) {
            prop_assert!(last.is_none_or(|last| step > last));
            prop_assert!(step.abs_diff(step_at(now)) <= 1);
        }
    }
}
