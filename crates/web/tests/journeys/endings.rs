//! What ends with a session, a password, a consent or an account: codes, grants, tokens, all of it at once.

use sekimori_directory::PersonState;
use sekimori_flow::admin::{By, SessionsToEnd};
use sekimori_login::ticket::TicketPurpose;
use sekimori_testbed::{Network, Testbed, Write};

use crate::common::{Begun, again, at, code};
use crate::portal::inside;

const OFFLINE: (&str, &str) = ("scope", "openid profile email offline_access");
/// A password that the rules take.
const NEW: &str = "five gentle rivers under a paper moon";

/// Switched off, and at once on again.
async fn disable_and_enable(bed: &Testbed, name: &str) {
    let person = bed.person(name).id;
    for state in [PersonState::Disabled { since: bed.now() }, PersonState::ACTIVE] {
        bed.write(vec![Write::PersonStateSet { person, state }]).await;
    }
}

/// All that ends a sign-in while its code is still on the way.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Ending {
    Nothing,
    SignOut,
    OthersEnded,
    PasswordChanged,
    ConsentWithdrawn,
    Disabled,
    Desk,
}

impl Ending {
    const ALL: [Self; 7] = [
        Self::Nothing,
        Self::SignOut,
        Self::OthersEnded,
        Self::PasswordChanged,
        Self::ConsentWithdrawn,
        Self::Disabled,
        Self::Desk,
    ];

    async fn happen(self, begun: &Begun) {
        let bed = &begun.bed;
        match self {
            Self::Nothing => {}
            Self::SignOut => {
                let page = begun.browser.open("/portal/sign-out").await;
                begun.browser.press(&page, "decision", "sign_out").await;
            }
            Self::OthersEnded => {
                let (desk, page) = inside(bed, "hana").await;
                desk.press(&page, "end", &others(&page)).await;
            }
            Self::PasswordChanged => {
                let (desk, _) = inside(bed, "hana").await;
                let page = desk.open("/portal/password").await;
                let page = desk.submit(&page, &[("new_password", NEW)]).await;
                assert!(page.text().contains("Your password has been changed"), "{}", page.shows());
            }
            Self::ConsentWithdrawn => {
                let page = begun.browser.open("/portal/consents").await;
                begun.browser.press(&page, "withdraw", "partner").await;
            }
            Self::Disabled => disable_and_enable(bed, "hana").await,
            Self::Desk => {
                let (tenant, by) = (bed.tenant(), By("os:root".to_owned()));
                let hana = bed.person("hana").id;
                let ended = bed.flow.end_sessions_of(&tenant, hana, SessionsToEnd::All, &by);
                ended.await.expect("it is stored");
            }
        }
    }
}

/// The button that ends the only other session: by itself or with all others.
fn others(page: &sekimori_testbed::Page) -> String {
    let ends = |(name, value): &(String, String)| (name == "end").then(|| value.clone());
    let forms = page.forms();
    let mut buttons = forms.iter().flat_map(|form| form.buttons.iter()).rev();
    buttons.find_map(ends).expect("there is another session")
}

#[tokio::test]
async fn a_code_on_the_way_is_worth_nothing_after_whatever_ends_its_sign_in() {
    for ending in Ending::ALL {
        let begun = again(Testbed::start().await, "partner", Network::Campus, &[OFFLINE]).await;
        let page = begun.password("hana").await;
        let page = begun.browser.press(&page, "decision", "allow").await;
        let code = begun.service.code(&begun.sign_in, &page);
        ending.happen(&begun).await;
        let reply = begun.service.redeem_code(&code, &begun.sign_in.verifier).await;
        let good = ending == Ending::Nothing;
        assert_eq!(reply.status == 200, good, "{ending:?}: {:?}", reply.json);
        assert_eq!(reply.error(), if good { "" } else { "invalid_grant" }, "{ending:?}");
    }
}

#[tokio::test]
async fn tokens_from_before_a_step_up_end_with_its_sign_out_and_name_the_same_session() {
    let begun = again(Testbed::start().await, "wiki", Network::Campus, &[OFFLINE]).await;
    let page = begun.password("taro").await;
    let before = begun.tokens(&page).await;
    let home = begun.browser.at(Network::Home);
    let sign_in = begun.service.sign_in_with(&[OFFLINE]);
    let page = home.open(&sign_in.url).await;
    let page = home.submit(&page, &[("code", &code(&begun.bed, "taro"))]).await;
    let after = begun.service.redeem(&sign_in, &page).await;
    assert_eq!(before.claim("sid"), after.claim("sid"), "one sign-in to the service");
    assert_eq!(begun.service.userinfo(&before.access).await.status, 200);

    // The ID token from before is still about this session: nobody is asked.
    let url = format!("/oidc/logout?id_token_hint={}", before.id_token);
    home.open(&url).await;
    assert_eq!(home.cookie("session"), None, "it proves that it is about this session");
    for tokens in [before, after] {
        assert_eq!(begun.service.userinfo(&tokens.access).await.status, 401);
        let refresh = tokens.refresh.expect("a refresh token");
        assert_eq!(begun.service.refresh(&refresh).await.error(), "invalid_grant");
    }
}

#[tokio::test]
async fn somebody_else_at_the_same_browser_ends_what_the_one_before_left_there() {
    for next in ["rika", "hana"] {
        let begun = again(Testbed::start().await, "wiki", Network::Campus, &[OFFLINE]).await;
        let page = begun.password("hana").await;
        let tokens = begun.tokens(&page).await;
        // Idle for more than an hour: who comes next has to sign in.
        begun.bed.wait(61 * 60);
        let (_, page) = begun.next("wiki", &[]).await;
        let page = begun.password_at(&page, next).await;
        assert!(page.is_away(), "{next}: {}", page.shows());
        let reply = begun.service.refresh(&tokens.refresh.expect("a refresh token")).await;
        let own = next == "hana";
        assert_eq!(reply.status == 200, own, "{next}: {:?}", reply.json);
    }
}

#[tokio::test]
async fn nothing_of_before_comes_back_with_an_account_that_is_enabled_again() {
    let bed = Testbed::start().await;
    let begun = again(bed.clone(), "wiki", Network::Campus, &[OFFLINE]).await;
    let page = begun.password("taro").await;
    let tokens = begun.tokens(&page).await;
    bed.ticket(bed.person("taro").id, TicketPurpose::Factor).await;
    let home = again(bed.clone(), "wiki", Network::Home, &[]).await;
    let half = home.password("taro").await;
    assert!(half.asks("code"), "{}", half.shows());

    disable_and_enable(&bed, "taro").await;
    let page = home.browser.submit(&half, &[("code", &code(&bed, "taro"))]).await;
    assert!(!page.is_away(), "the attempt has ended: {}", page.shows());
    let (_, page) = begun.next("wiki", &[]).await;
    assert!(page.asks("username"), "the session has ended: {}", page.shows());
    assert_eq!(begun.service.userinfo(&tokens.access).await.status, 401);
    let refresh = tokens.refresh.expect("a refresh token");
    assert_eq!(begun.service.refresh(&refresh).await.error(), "invalid_grant");
    let tickets = bed.flow.store.tickets_of(bed.first().id, bed.person("taro").id).await.unwrap();
    assert!(tickets.iter().all(|ticket| ticket.tries_left == 0), "{tickets:?}");
}

#[tokio::test]
async fn whoever_is_shut_out_while_signed_in_reads_it_after_the_password() {
    let begun = at("wiki", Network::Campus).await;
    begun.password("hana").await;
    let (person, state) =
        (begun.bed.person("hana").id, PersonState::Disabled { since: begun.bed.now() });
    begun.bed.write(vec![Write::PersonStateSet { person, state }]).await;
    let (_, page) = begun.next("wiki", &[]).await;
    assert!(page.asks("username"), "{}", page.shows());
    let page = begun.password_at(&page, "hana").await;
    assert_eq!(page.reason().as_deref(), Some("acct.disabled"), "{}", page.shows());
}
