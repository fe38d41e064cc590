//! Signing in with a certificate of another authority whose responder (OCSP) is asked: what it says, and what happens while
//! it says nothing that can be relied upon.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sekimori_directory::settings::{CertificateIssuer, Moment};
use sekimori_testbed::{
    CertificateStatus, Elsewhere, ExtendedKeyUsagePurpose, Network, Page, RevocationReason, Says,
};

use crate::common::{TWO, again};
use crate::issuers::Library;

const FIRST: &str = "http://one.elsewhere.example/";
const SECOND: &str = "http://two.elsewhere.example/";
const DAY: i64 = 86_400;
const UNIT: &[&str] = &["organizational_unit"];

/// What comes back for a question; nothing at all if it is silent.
type Said = Option<Result<Vec<u8>, String>>;
type Behaviour = Box<dyn Fn(&str, &[u8]) -> Said + Send>;

/// A responder that does what it is told, and counts.
#[derive(Clone)]
struct Responder {
    asked: Arc<AtomicUsize>,
    at_once: Arc<AtomicUsize>,
    most_at_once: Arc<AtomicUsize>,
    does: Arc<Mutex<Behaviour>>,
}

impl Responder {
    /// It is down.
    fn of(library: &Library) -> Self {
        let responder = Self {
            asked: Arc::default(),
            at_once: Arc::default(),
            most_at_once: Arc::default(),
            does: Arc::new(Mutex::new(Box::new(|_, _| Some(Err("it is down".to_owned()))))),
        };
        let here = responder.clone();
        library.bed().flow.carry_questions(Arc::new(move |address, question| {
            here.asked.fetch_add(1, Ordering::SeqCst);
            let said = here.does.lock().unwrap()(&address, &question);
            let here = here.clone();
            Box::pin(async move {
                let now = here.at_once.fetch_add(1, Ordering::SeqCst) + 1;
                here.most_at_once.fetch_max(now, Ordering::SeqCst);
                let _gone = Gone(here.at_once);
                match said {
                    Some(said) => said,
                    None => std::future::pending().await,
                }
            })
        }));
        responder
    }

    fn does(&self, does: impl Fn(&str, &[u8]) -> Said + Send + 'static) {
        *self.does.lock().unwrap() = Box::new(does);
    }

    /// From now on it says this of every certificate, for so many seconds.
    fn says(&self, library: &Library, seconds: i64, status: CertificateStatus) {
        let (elsewhere, now) = (Arc::clone(&library.elsewhere), library.bed().now());
        self.does(move |_, question| Some(Ok(elsewhere.answer(question, now, seconds, status))));
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

struct Gone(Arc<AtomicUsize>);

impl Drop for Gone {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// A library that takes certificates whose issuer has a responder, asked anew after ten minutes.
async fn with_responder(change: impl FnOnce(&mut CertificateIssuer)) -> (Library, Responder) {
    let library = Library::open(UNIT, |it| {
        it.lists.clear();
        it.responders = vec![FIRST.to_owned()];
        it.fetch_minutes = 10;
        change(it);
    })
    .await;
    let responder = Responder::of(&library);
    (library, responder)
}

/// Somebody comes with a clean browser as far as the question for a certificate.
async fn anew(library: &mut Library, name: &str) -> Page {
    library.begun = again(library.bed().clone(), "wiki", Network::Home, &[]).await;
    library.asked(name).await
}

/// The same, and shows this one.
async fn comes(library: &mut Library, name: &str, certificate: &[u8]) -> Page {
    let page = anew(library, name).await;
    library.shown(&page, Some(certificate)).await
}

fn revoked(library: &Library) -> CertificateStatus {
    let at = library.bed().now();
    CertificateStatus::Revoked { at, reason: RevocationReason::KeyCompromise }
}

#[tokio::test]
async fn without_an_answer_nobody_is_let_in_by_a_certificate_and_every_other_way_stays() {
    let (mut library, responder) = with_responder(|_| {}).await;
    let certificate = library.of_unit(1, "kenji");
    let page = library.asked("kenji").await;
    let page = library.expect(&page, "down", &certificate, "cert.status_unanswered").await;
    assert!(page.text().contains("Nothing is wrong on your side"), "{}", page.text());
    assert_eq!(library.bed().tenant().issuers.responders_failing(), 1);
    let now = library.bed().now();
    let lacking = library.bed().tenant().issuers.without_fresh_list(now).len();
    assert_eq!(lacking, 0, "it is not a list that is missing");
    let totp = library.begun.browser.press(&page, "method", "totp").await;
    assert!(totp.asks("code"), "another way is open: {}", totp.shows());

    responder.says(&library, DAY, CertificateStatus::Good);
    let done = comes(&mut library, "kenji", &certificate).await;
    assert_eq!(library.begun.tokens(&done).await.claim("acr"), TWO);
    assert_eq!(library.bed().tenant().issuers.responders_failing(), 0);
}

#[tokio::test]
async fn an_answer_holds_for_its_time_and_is_asked_for_anew_before() {
    let (mut library, responder) = with_responder(|_| {}).await;
    let certificate = library.of_unit(1, "kenji");
    responder.says(&library, DAY, CertificateStatus::Good);
    for _ in 0..2 {
        assert!(comes(&mut library, "kenji", &certificate).await.is_away());
    }
    assert_eq!(responder.asked(), 1, "it was asked lately");
    library.bed().wait(601);
    assert!(comes(&mut library, "kenji", &certificate).await.is_away());
    assert_eq!(responder.asked(), 2);
    responder.does(|_, _| Some(Err("it is down".to_owned())));
    library.bed().wait(601);
    assert!(comes(&mut library, "kenji", &certificate).await.is_away(), "it says until tomorrow");
    assert_eq!(responder.asked(), 3);
    library.bed().wait(DAY);
    let page = comes(&mut library, "kenji", &certificate).await;
    assert_eq!(page.reason().as_deref(), Some("cert.status_unanswered"), "{}", page.shows());
}

#[tokio::test]
async fn an_answer_that_is_older_than_the_site_allows_is_none() {
    let (mut library, responder) = with_responder(|it| it.list_hours_max = 1).await;
    let certificate = library.of_unit(1, "kenji");
    responder.says(&library, DAY, CertificateStatus::Good);
    assert!(comes(&mut library, "kenji", &certificate).await.is_away());
    responder.does(|_, _| Some(Err("it is down".to_owned())));
    library.bed().wait(3601);
    let page = comes(&mut library, "kenji", &certificate).await;
    assert_eq!(page.reason().as_deref(), Some("cert.status_unanswered"), "{}", page.shows());
}

#[tokio::test]
async fn what_is_revoked_or_not_known_to_its_issuer_is_refused_so() {
    let (mut library, responder) = with_responder(|_| {}).await;
    let stood = library.of_unit(1, "kenji");
    responder.says(&library, DAY, CertificateStatus::Good);
    let done = comes(&mut library, "kenji", &stood).await;
    library.begun.tokens(&done).await;
    let first = library.begun.browser.clone();
    let wiki = library.bed().service("wiki");
    let silently = async || first.open(&wiki.sign_in_with(&[]).url).await;
    assert!(silently().await.is_away(), "the session is enough");

    responder.says(&library, DAY, CertificateStatus::Unknown);
    let page = anew(&mut library, "kenji").await;
    let never = library.of_unit(2, "kenji");
    let page = library.expect(&page, "unknown", &never, "cert.unknown_to_issuer").await;
    responder.says(&library, DAY, revoked(&library));
    let lost = library.of_unit(3, "kenji");
    let page = library.expect(&page, "revoked", &lost, "cert.revoked").await;
    let asked = responder.asked();
    library.expect(&page, "again", &lost, "cert.revoked").await;
    assert_eq!(responder.asked(), asked, "what was taken back is known");

    // Asked anew: what stands on it stands no more.
    library.bed().wait(601);
    responder.says(&library, DAY, revoked(&library));
    let page = anew(&mut library, "kenji").await;
    library.expect(&page, "meanwhile", &stood, "cert.revoked").await;
    let page = silently().await;
    assert!(!page.is_away(), "{}", page.shows());

    // Settings that are taken anew forget nothing of it, and ask nobody again.
    let asked = responder.asked();
    for days in [100, 101] {
        library.bed().change_site(|site| site.retention.facts_days = days).await;
        let page = silently().await;
        assert!(!page.is_away(), "{}", page.shows());
    }
    assert_eq!(responder.asked(), asked);
}

#[tokio::test]
async fn what_is_no_answer_of_the_issuer_to_this_question_is_none() {
    let (library, responder) = with_responder(|_| {}).await;
    let now = library.bed().now();
    let stranger = Elsewhere::new(now);
    let before = library.elsewhere.answer_ahead(1, now.plus_seconds(-2 * DAY), DAY, GOOD);
    let other = library.elsewhere.answer_ahead(2, now, DAY, GOOD);
    let early = library.elsewhere.answer_ahead(1, now.plus_seconds(DAY), DAY, GOOD);
    let echoed: Arc<Mutex<Option<Vec<u8>>>> = Arc::default();
    let mut page = library.asked("kenji").await;
    let certificate = library.of_unit(1, "kenji");
    let say = |bytes: Vec<u8>| move |_: &str, _: &[u8]| Some(Ok(bytes.clone()));
    for case in ["stranger", "old", "of another", "early", "nothing", "rubbish", "played back"] {
        match case {
            "stranger" => {
                let ahead = stranger.answer_ahead(1, now, DAY, GOOD);
                responder.does(say(ahead));
            }
            "old" => responder.does(say(before.clone())),
            "of another" => responder.does(say(other.clone())),
            "early" => responder.does(say(early.clone())),
            "nothing" => responder.does(say(Vec::new())),
            "rubbish" => responder.does(say(b"<html>busy</html>".to_vec())),
            _ => {
                // The first answer is lost on its way, and comes for the second question.
                let (elsewhere, echoed) = (Arc::clone(&library.elsewhere), Arc::clone(&echoed));
                responder.does(move |_, question| {
                    let mut kept = echoed.lock().unwrap();
                    let said = elsewhere.answer(question, now, DAY, GOOD);
                    if let Some(kept) = kept.as_ref() {
                        return Some(Ok(kept.clone()));
                    }
                    *kept = Some(said);
                    Some(Err("it was lost".to_owned()))
                });
                page = library.expect(&page, case, &certificate, "cert.status_unanswered").await;
            }
        }
        page = library.expect(&page, case, &certificate, "cert.status_unanswered").await;
        assert_eq!(library.bed().tenant().issuers.responders_failing(), 1, "{case}");
    }
    responder.does(say(library.elsewhere.answer_ahead(1, now, DAY, GOOD)));
    assert!(library.shown(&page, Some(&certificate)).await.is_away(), "signed ahead is enough");
}

const GOOD: CertificateStatus = CertificateStatus::Good;

#[tokio::test]
async fn an_old_answer_played_back_forgives_nobody() {
    let (mut library, responder) = with_responder(|_| {}).await;
    let certificate = library.of_unit(1, "kenji");
    let now = library.bed().now();
    let before = library.elsewhere.answer_ahead(1, now, 7 * DAY, GOOD);
    library.bed().wait(60);
    let page = library.asked("kenji").await;
    responder.says(&library, 300, revoked(&library));
    library.expect(&page, "revoked", &certificate, "cert.revoked").await;
    responder.does(move |_, _| Some(Ok(before.clone())));
    library.bed().wait(599);
    let page = anew(&mut library, "kenji").await;
    library.expect(&page, "played back", &certificate, "cert.revoked").await;
}

#[tokio::test]
async fn a_silent_responder_holds_nobody_up_for_long_and_nobody_else_at_all() {
    let more = |it: &mut CertificateIssuer| it.responders.push(SECOND.to_owned());
    let (mut library, responder) = with_responder(more).await;
    let elsewhere = Arc::clone(&library.elsewhere);
    let now = library.bed().now();
    responder.does(move |address, question| {
        (address == SECOND).then(|| Ok(elsewhere.answer(question, now, DAY, GOOD)))
    });
    let page = library.asked("kenji").await;
    let done = library.shown(&page, Some(&library.of_unit(1, "kenji"))).await;
    assert!(done.is_away(), "the second one answers: {}", done.shows());

    // Both are silent, and fifty people come at once.
    responder.does(|_, _| None);
    let page = anew(&mut library, "kenji").await;
    let bed = library.bed().clone();
    let form = page.form();
    let host = form.action.strip_prefix("https://").unwrap().split('/').next().unwrap().to_owned();
    let ticket = form.value("ticket").unwrap().to_owned();
    let mut waiting = tokio::task::JoinSet::new();
    for serial in 100..150 {
        let certificate = library.of_unit(serial, "kenji");
        let (bed, host, ticket) = (bed.clone(), host.clone(), ticket.clone());
        waiting.spawn(async move {
            let tenant = bed.tenant();
            bed.flow.certificate_presented(&tenant, &host, &ticket, Some(&certificate)).await
        });
    }
    tokio::task::yield_now().await;
    let inside = again(library.bed().clone(), "wiki", Network::Campus, &[]).await;
    assert!(inside.password("hana").await.is_away());
    let all = tokio::time::timeout(Duration::from_mins(1), waiting.join_all()).await;
    let all = all.expect("no question is waited for without end");
    assert!(all.into_iter().all(|back| back.unwrap().is_some()), "everybody is led back");
    assert!(responder.most_at_once.load(Ordering::SeqCst) <= 16);
}

#[tokio::test]
async fn a_fresh_list_is_enough_while_nobody_answers_and_whoever_says_revoked_is_believed() {
    let address = sekimori_testbed::LIST_ADDRESS.to_owned();
    let (library, responder) = with_responder(|it| it.lists = vec![address]).await;
    let page = library.asked("kenji").await;
    // In the list; the responder is down, and then says that it is good.
    let page = library.expect(&page, "list", &library.of_unit(66, "kenji"), "cert.revoked").await;
    responder.says(&library, DAY, GOOD);
    let page = library.expect(&page, "both", &library.of_unit(66, "kenji"), "cert.revoked").await;
    responder.says(&library, DAY, revoked(&library));
    let page = library.expect(&page, "asked", &library.of_unit(1, "kenji"), "cert.revoked").await;
    responder.says(&library, DAY, CertificateStatus::Unknown);
    let never = library.of_unit(2, "kenji");
    let page = library.expect(&page, "never", &never, "cert.unknown_to_issuer").await;
    responder.does(|_, _| Some(Err("it is down".to_owned())));
    let done = library.shown(&page, Some(&library.of_unit(3, "kenji"))).await;
    assert!(done.is_away(), "{}", done.shows());
}

#[tokio::test]
async fn nothing_is_asked_about_what_would_not_hold() {
    let (library, responder) = with_responder(|_| {}).await;
    responder.says(&library, DAY, GOOD);
    let now = library.bed().now();
    let of = |change: &dyn Fn(&mut Says<'_>)| {
        let mut says = Says { unit: Some("kenji"), ..Says::good(1, now) };
        change(&mut says);
        library.elsewhere.certificate(&says)
    };
    let stray =
        Elsewhere::new(now).certificate(&Says { unit: Some("kenji"), ..Says::good(1, now) });
    let mail = ExtendedKeyUsagePurpose::EmailProtection;
    let mut page = library.asked("kenji").await;
    for (certificate, reason) in [
        (stray, "cert.unknown_issuer"),
        (of(&|it| it.days = 0), "cert.expired"),
        (of(&|it| it.purpose = mail.clone()), "cert.wrong_purpose"),
    ] {
        page = library.expect(&page, reason, &certificate, reason).await;
    }
    let bed = library.bed();
    bed.change_site(|site| {
        site.certificates.issuers[0].withdrawn_as_of = Some(Moment(now));
    })
    .await;
    let good = of(&|_| {});
    library.shown(&page, Some(&good)).await;
    assert_eq!(responder.asked(), 0);
}
