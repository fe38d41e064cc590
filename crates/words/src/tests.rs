use std::collections::{BTreeMap, BTreeSet};

use fluent_syntax::ast::{
    Entry, Expression, InlineExpression, Pattern, PatternElement, Resource, Variant,
};
use sekimori_base::{Language, Timestamp};
use sekimori_directory::{Affiliation, Binding, InputHint, Method};
use sekimori_login::{Details, FactorState, NextStep, Notice, Reason, Usability};

use crate::catalogue::{ENGLISH, FILES, JAPANESE};
use crate::{Circumstances, Happening, PasswordFlaw, Words};

const HINTS: [InputHint; 9] = [
    InputHint::FullWidth,
    InputHint::Spaces,
    InputHint::OwnMailDomain,
    InputHint::LooksLikeMail,
    InputHint::NotAName,
    InputHint::PasswordFullWidth,
    InputHint::PasswordSpaces,
    InputHint::PasswordTicket,
    InputHint::CapsLock,
];
const NEXT_STEPS: [NextStep; 11] = [
    NextStep::GoOn,
    NextStep::TryAgain,
    NextStep::Wait,
    NextStep::StartOver,
    NextStep::OtherFactor,
    NextStep::RegisterFactor,
    NextStep::AskDesk,
    NextStep::AskService,
    NextStep::SwitchPerson,
    NextStep::AllowCookies,
    NextStep::OpenPortal,
];
const USABILITIES: [Usability; 9] = [
    Usability::Usable,
    Usability::NotRegistered,
    Usability::Unfinished,
    Usability::UsedUp,
    Usability::Suspended,
    Usability::SwitchedOff,
    Usability::NotAllowedHere,
    Usability::BindingTooWeak,
    Usability::MethodTooWeak,
];
const NOTICES: [Notice; 13] = [
    Notice::SecondFactorFailed,
    Notice::RecoveryCodeUsed,
    Notice::PasskeyCopied,
    Notice::ClockSuspected,
    Notice::PasswordChanged,
    Notice::FactorAdded,
    Notice::FactorRemoved,
    Notice::FactorResumed,
    Notice::RecoveryCodesMade,
    Notice::CertificateIssued,
    Notice::CertificateRevoked,
    Notice::PreferencesChanged,
    Notice::LossReported,
];

/// Every pattern of a catalogue file, by `id` or `id.attribute`.
fn patterns(source: &str) -> BTreeMap<String, Pattern<String>> {
    let resource: Resource<String> = fluent_syntax::parser::parse(source.to_owned())
        .unwrap_or_else(|(_, errors)| {
            panic!("{errors:?}");
        });
    let mut found = BTreeMap::new();
    for entry in resource.body {
        let Entry::Message(message) = entry else { continue };
        if let Some(value) = message.value {
            assert!(found.insert(message.id.name.clone(), value).is_none(), "{}", message.id.name);
        }
        for attribute in message.attributes {
            found.insert(format!("{}.{}", message.id.name, attribute.id.name), attribute.value);
        }
    }
    found
}

fn variables(pattern: &Pattern<String>, found: &mut BTreeSet<String>) {
    fn inline(expression: &InlineExpression<String>, found: &mut BTreeSet<String>) {
        match expression {
            InlineExpression::VariableReference { id } => {
                found.insert(id.name.to_lowercase());
            }
            InlineExpression::StringLiteral { .. } => {}
            other => panic!("the catalogues keep to variables: {other:?}"),
        }
    }
    for element in &pattern.elements {
        match element {
            PatternElement::TextElement { .. } => {}
            PatternElement::Placeable { expression: Expression::Inline(expression) } => {
                inline(expression, found);
            }
            PatternElement::Placeable { expression: Expression::Select { selector, variants } } => {
                inline(selector, found);
                for Variant { value, .. } in variants {
                    variables(value, found);
                }
            }
        }
    }
}

fn text_of(pattern: &Pattern<String>, text: &mut String) {
    for element in &pattern.elements {
        match element {
            PatternElement::TextElement { value } => text.push_str(value),
            PatternElement::Placeable { expression: Expression::Inline(_) } => text.push('x'),
            PatternElement::Placeable { expression: Expression::Select { variants, .. } } => {
                for Variant { value, .. } in variants {
                    text_of(value, text);
                    text.push('\n');
                }
            }
        }
    }
}

#[test]
fn both_languages_have_the_same_texts_in_the_same_files() {
    for (file, (english, japanese)) in FILES.into_iter().zip(ENGLISH.into_iter().zip(JAPANESE)) {
        let english: Vec<String> = patterns(english).into_keys().collect();
        let japanese: Vec<String> = patterns(japanese).into_keys().collect();
        assert_eq!(english, japanese, "{file}");
    }
}

#[test]
fn what_one_language_says_about_the_matter_the_other_says_too() {
    for (english, japanese) in ENGLISH.into_iter().zip(JAPANESE) {
        let (english, japanese) = (patterns(english), patterns(japanese));
        for (id, pattern) in &english {
            let (mut one, mut two) = (BTreeSet::new(), BTreeSet::new());
            variables(pattern, &mut one);
            variables(&japanese[id], &mut two);
            assert!(one == two, "{id}: {one:?} and {two:?}");
        }
    }
}

#[test]
fn the_voice_keeps_to_the_words_that_help() {
    // U07: say what happened and what to do; nobody is told off, and nothing is shouted.
    let english = [
        "invalid",
        "illegal",
        "forbidden",
        "oops",
        "please",
        "sorry",
        "denied",
        "failed to",
        "an error",
        "try again later",
        "valid ",
        "!",
        "unauthor",
        "whoops",
        "click",
    ];
    let japanese = [
        "不正",
        "無効",
        "違法",
        "禁止",
        "申し訳",
        "エラーが発生",
        "失敗しました",
        "！",
        "!",
        "してみてください。後で",
        "のちほど",
        "クリック",
    ];
    for (source, banned) in [(ENGLISH, english.as_slice()), (JAPANESE, japanese.as_slice())] {
        for (id, pattern) in source.into_iter().flat_map(patterns) {
            let mut text = String::new();
            text_of(&pattern, &mut text);
            let text = text.to_lowercase();
            for word in banned {
                assert!(!text.contains(word), "{id} says {word:?}: {text}");
            }
        }
    }
}

#[test]
fn japanese_sentences_are_polite_and_end_with_a_full_stop() {
    for source in [JAPANESE[0]] {
        for (id, pattern) in patterns(source) {
            if id.contains('.') {
                continue;
            }
            let mut text = String::new();
            text_of(&pattern, &mut text);
            for line in text.lines() {
                let polite = ["す。", "た。", "ん。", "い。", "せん。"];
                assert!(polite.iter().any(|end| line.ends_with(end)), "{id}: {line}");
            }
        }
    }
}

#[test]
fn every_reason_has_a_title_and_a_text_whatever_is_known() {
    let details = Details {
        wait_until: Some(Timestamp::from_unix_seconds(145)),
        clock_ahead_seconds: Some(-180),
        account_moment: Some(Timestamp::from_unix_seconds(1_763_856_000)),
        ..Details::default()
    };
    let full = Circumstances {
        details: Some(&details),
        now: Timestamp::from_unix_seconds(100),
        time_zone: "Asia/Tokyo",
        service: Some("Webmail"),
        place: Some("eduroam"),
        desk: Some("the IT desk"),
        inside: true,
    };
    for language in Language::ALL {
        let words = Words::of(language);
        for reason in Reason::ALL {
            for about in [Circumstances::default(), full] {
                for text in
                    [words.reason_title(*reason, &about), words.reason_text(*reason, &about)]
                {
                    let whole = !text.is_empty()
                        && !text.contains(['⟦', '{', '}', '$'])
                        && !text.contains("none");
                    let none_is_meant = *reason == Reason::NotEntitled
                        || *reason == Reason::FactorNone
                        || *reason == Reason::FactorSuspended;
                    assert!(whole || none_is_meant, "{}: {text}", reason.code());
                }
            }
        }
    }
}

/// Who typed a code from paper is not sent to look at an app, in whichever way it did not fit.
#[test]
fn about_a_recovery_code_nothing_is_said_of_an_app() {
    let reasons = [Reason::CodeMalformed, Reason::CodeWrong, Reason::CodeReused, Reason::CodeRaced];
    for language in Language::ALL {
        let words = Words::of(language);
        for reason in reasons {
            let [of_app, of_paper] = [Method::Totp, Method::RecoveryCode].map(|method| {
                let details = Details { method: Some(method), ..Details::default() };
                let about = Circumstances { details: Some(&details), ..Circumstances::default() };
                (words.reason_title(reason, &about), words.reason_text(reason, &about))
            });
            let named = ["recovery code", "リカバリーコード"];
            for text in [&of_paper.0, &of_paper.1] {
                assert!(named.iter().any(|name| text.contains(name)), "{text}");
            }
            for text in [&of_app.0, &of_app.1] {
                assert!(!named.iter().any(|name| text.contains(name)), "{text}");
            }
        }
    }
}

/// A policy may ask for two factors inside as well.
#[test]
fn somebody_inside_is_not_told_to_be_outside() {
    for (language, outside) in [(Language::English, "outside"), (Language::Japanese, "学外")] {
        let words = Words::of(language);
        for inside in [false, true] {
            let about = Circumstances { inside, ..Circumstances::default() };
            let reason = Reason::FactorNone;
            for text in [words.reason_title(reason, &about), words.reason_text(reason, &about)] {
                assert_eq!(text.contains(outside), !inside, "{text}");
            }
        }
    }
}

#[test]
fn the_agreed_sentences_are_said_to_the_letter() {
    let details = Details {
        wait_until: Some(Timestamp::from_unix_seconds(145)),
        clock_ahead_seconds: Some(-185),
        ..Details::default()
    };
    let about = Circumstances {
        details: Some(&details),
        now: Timestamp::from_unix_seconds(100),
        ..Circumstances::default()
    };
    let [english, japanese] = Language::ALL.map(Words::of);
    for (reason, en, ja) in [
        (
            Reason::CredentialMismatch,
            "We could not sign you in with this user name and password. Check both; the user name \
             is not your mail address.",
            "このユーザー名とパスワードではサインインできませんでした。両方をもう一度確認してください。\
             ユーザー名はメールアドレスではありません。",
        ),
        (
            Reason::ClockDrift,
            "That code was right 3 minutes ago: the clock of your phone is behind. Switch on \
             automatic time, then enter the next code.",
            "入力されたコードは3分前のものです。スマートフォンの時計が遅れています。\
             時刻の自動設定をオンにして、次に表示されるコードを入力してください。",
        ),
        (
            Reason::ThrottleWait,
            "Too many attempts with this user name. You can try again in 45 seconds; \
             until then nothing you enter is checked.",
            "このユーザー名での試行が続いたため、45秒後にもう一度お試しください。\
             それまでの入力は確認されません。",
        ),
    ] {
        assert_eq!(english.reason_text(reason, &about), en);
        assert_eq!(japanese.reason_text(reason, &about), ja);
    }
}

#[test]
fn everything_that_is_named_has_its_words() {
    for language in Language::ALL {
        let words = Words::of(language);
        let mut texts: Vec<String> = Vec::new();
        texts.extend(HINTS.map(|hint| words.hint(hint)));
        texts.extend(NEXT_STEPS.map(|step| words.next_step_label(step, None)));
        texts.extend(USABILITIES.map(|usability| words.usability(usability)));
        for method in Method::ALL {
            texts.push(words.method_name(method));
            texts.push(words.method_description(method));
            texts.push(words.method_choice(method));
        }
        texts.extend(Binding::ALL.map(|binding| words.binding(binding)));
        let states = [
            FactorState::Ready,
            FactorState::Unfinished,
            FactorState::Suspended,
            FactorState::SwitchedOff,
        ];
        texts.extend(states.map(|state| words.factor_state(state)));
        texts.extend(PasswordFlaw::SAMPLES.map(|flaw| words.password_flaw(flaw)));
        texts.extend(Affiliation::ALL.map(|affiliation| words.affiliation(affiliation)));
        for scope in ["openid", "profile", "email", "affiliation", "groups", "offline_access"] {
            texts.push(words.scope(scope).unwrap());
        }
        for text in &texts {
            assert!(!text.is_empty() && !text.contains(['⟦', '{']), "{text}");
        }
    }
    assert_eq!(Words::of(Language::English).scope("shelf"), None);
    assert_eq!(Words::of(Language::English).text("no-such-text"), "⟦no-such-text⟧");
}

#[test]
fn waits_are_said_to_the_second_and_spans_roughly() {
    let [english, japanese] = Language::ALL.map(Words::of);
    for (seconds, en, ja) in [
        (0, "1 second", "1秒"),
        (45, "45 seconds", "45秒"),
        (60, "1 minute", "1分"),
        (125, "2 minutes 5 seconds", "2分5秒"),
        (3600, "1 hour", "1時間"),
        (7300, "3 hours", "3時間"),
    ] {
        assert_eq!((english.waiting(seconds), japanese.waiting(seconds)), (en.into(), ja.into()));
    }
    let now = Timestamp::from_unix_seconds(1_000_000);
    for (ago, en, ja) in [
        (-5, "just now", "たった今"),
        (59, "just now", "たった今"),
        (190, "3 minutes ago", "3分前"),
        (86_400 * 40, "40 days ago", "40日前"),
    ] {
        let then = now.plus_seconds(-ago);
        assert_eq!((english.ago(then, now), japanese.ago(then, now)), (en.into(), ja.into()));
    }
}

#[test]
fn every_notice_says_what_when_and_where_and_what_to_do() {
    for language in Language::ALL {
        for notice in NOTICES {
            for left in [None, Some(0), Some(1), Some(7)] {
                let mail = Words::of(language).mail(
                    notice,
                    &Happening {
                        organisation: "Hokuriku Institute",
                        person: "Hanako",
                        username: "s2310123",
                        at: Timestamp::from_unix_seconds(1_763_856_000),
                        time_zone: "Asia/Tokyo",
                        place: "eduroam",
                        service: Some("Webmail"),
                        method: Some(Method::Totp),
                        codes_left: left,
                        replaced: false,
                        times: u32::from(left.unwrap_or(1)).max(1),
                        by_desk: false,
                        inside_with_password: true,
                        not_me_url: "https://login.example.ac.jp/not-me?link=abc",
                        portal_url: "https://login.example.ac.jp/portal",
                        desk: Some("help@example.ac.jp"),
                    },
                );
                let whole = [&mail.subject, &mail.body];
                assert!(whole.iter().all(|text| !text.contains(['⟦', '{', '$'])), "{mail:?}");
                assert!(!mail.subject.contains('\n') && mail.subject.len() <= 200);
                for told in [
                    "2025-11-23 09:00:00 JST",
                    "eduroam",
                    "Webmail",
                    "https://login.example.ac.jp/not-me?link=abc",
                    "help@example.ac.jp",
                ] {
                    assert!(mail.body.contains(told), "{notice:?} lacks {told}: {}", mail.body);
                }
                // How a proof came is said when it came, and not of one that goes.
                let bound =
                    mail.body.contains(["password alone", "パスワードだけ"][language as usize]);
                assert_eq!(bound, notice == Notice::FactorAdded, "{}", mail.body);
            }
        }
    }
}
