//! Samples of codes by mail: asked for at a sign-in, and an address that is registered.

use sekimori_base::Language;
use sekimori_directory::Method;
use sekimori_login::{Choice, Details, Reason, Usability};

use super::login::second_factor;
use super::{NOW, Sample, attempt, eduroam, failure, form, verified};
use crate::{MailAsk, MailWay, RegisterMail, RegisterMailStep, SecondFactor, SentMail};

const MASKED: &str = "a***@g***";

pub(super) fn samples(language: Language) -> Vec<Sample> {
    let mut all = asked(language);
    all.extend(registered(language));
    all
}

fn sent(way: MailWay) -> SentMail {
    SentMail { number: 2, at: NOW.plus_seconds(-20), until: NOW.plus_seconds(280), way }
}

fn accepted() -> MailWay {
    MailWay::Accepted { at: NOW.plus_seconds(-18) }
}

fn deferred(next: i64) -> MailWay {
    let words = "451 4.7.1 Greylisting in action, please come back later".to_owned();
    MailWay::Deferred { next_at: Some(NOW.plus_seconds(next)), words }
}

fn refused() -> MailWay {
    MailWay::Refused { words: "550 5.1.1 <b>No such user</b>".to_owned() }
}

fn given_up() -> MailWay {
    MailWay::GivenUp { words: "connection refused".to_owned() }
}

fn bounced() -> MailWay {
    let words = "550 5.1.1 … no mailbox of this name".to_owned();
    MailWay::Bounced { at: NOW.plus_seconds(-3), words }
}

fn ask(sent: Option<SentMail>) -> MailAsk {
    MailAsk {
        address: MASKED.to_owned(),
        wait_until: sent.is_some().then(|| NOW.plus_seconds(40)),
        sent,
        first_form: attempt("/login"),
        another_form: attempt("/login"),
        reload_href: Some("/login?attempt=att_1".to_owned()),
    }
}

fn asked(language: Language) -> Vec<Sample> {
    let choices = vec![
        Choice { method: Method::Totp, usability: Usability::Usable },
        Choice { method: Method::MailCode, usability: Usability::Usable },
        Choice { method: Method::RecoveryCode, usability: Usability::Usable },
    ];
    let page = |reason, details, mail| SecondFactor {
        reason: Reason::AskMailCode,
        mail: Some(ask(mail)),
        ..second_factor(language, Method::MailCode, choices.clone(), reason, details)
    };
    let over = SentMail { until: NOW.plus_seconds(-1), ..sent(accepted()) };
    let wait = Details { wait_until: Some(NOW.plus_seconds(40)), ..verified() };
    let plain = |way| page(None, verified(), Some(sent(way)));
    let wrong = |reason, mail| page(Some(reason), verified(), mail);
    let sample = |name, page: SecondFactor| Sample { name, page: page.into(), portal: false };
    vec![
        sample("mail-code", page(None, verified(), None)),
        sample("mail-code-waiting", plain(MailWay::Waiting)),
        sample("mail-code-accepted", plain(accepted())),
        sample("mail-code-deferred", plain(deferred(15))),
        sample("mail-code-refused", plain(refused())),
        sample("mail-code-given-up", plain(given_up())),
        sample("mail-code-bounced", plain(bounced())),
        sample("mail-code-over", page(None, verified(), Some(over.clone()))),
        sample("mail-code-wrong", wrong(Reason::CodeWrong, Some(sent(accepted())))),
        sample("mail-code-superseded", wrong(Reason::CodeSuperseded, Some(sent(accepted())))),
        sample("mail-code-expired", wrong(Reason::CodeExpired, Some(over))),
        sample("mail-code-wait", page(Some(Reason::MailWait), wait, Some(sent(accepted())))),
    ]
}

fn registered(language: Language) -> Vec<Sample> {
    let page = |step, failure| RegisterMail {
        form: form("/portal/mail-code"),
        step,
        replaces: None,
        failure,
        place: eduroam(language),
        wait_until: Some(NOW.plus_seconds(40)),
        reload_href: "/portal/mail-code?r=c2VhbGVk".to_owned(),
        restart_href: "/portal/mail-code".to_owned(),
    };
    let address = |typed: &str| RegisterMailStep::Address { typed: typed.to_owned() };
    let code =
        |way| RegisterMailStep::Code { address: "aoi@post.example".to_owned(), sent: sent(way) };
    let wrong = |reason| Some(failure(reason, verified()));
    let replacing = RegisterMail { replaces: Some(MASKED.to_owned()), ..page(address(""), None) };
    let sample = |name, page: RegisterMail| Sample { name, page: page.into(), portal: true };
    vec![
        sample("register-mail", page(address(""), None)),
        sample("register-mail-replacing", replacing),
        sample(
            "register-mail-own",
            page(address("hanako@example.ac.jp"), wrong(Reason::AddressOwn)),
        ),
        sample("register-mail-malformed", page(address("hanako"), wrong(Reason::AddressMalformed))),
        sample("register-mail-code", page(code(accepted()), None)),
        sample("register-mail-code-deferred", page(code(deferred(15)), None)),
        sample("register-mail-code-wrong", page(code(accepted()), wrong(Reason::CodeWrong))),
    ]
}
