//! What the exported audit brings back to a restored backup. Two servers of one seed stand for it: one went on after the
//! backup, the other one is the backup.

use sekimori_directory::Binding;
use sekimori_flow::admin::{By, Outcome, Reapplication, SinceBackup};
use sekimori_login::ticket::TicketPurpose;
use sekimori_testbed::{Network, Testbed};

use crate::common::again;
use crate::portal::inside;
use crate::portal_changes::{factors, register};

/// What a backup has that is made now: where its chains end, and the keys of its checkpoints.
async fn backed_up(bed: &Testbed) -> SinceBackup {
    bed.flow.since_backup(&bed.tenant()).await.expect("heads are read")
}

/// The backup, with what the audit of the other server says that was ended since ended again.
async fn restored(mut since: SinceBackup, gone_on: &Testbed, backup: &Testbed) -> Reapplication {
    let tenant = backup.tenant();
    for (told, text) in gone_on.exported().await {
        since.take(told, &text);
    }
    let held = since.hold().expect("it holds together");
    let done = backup.flow.reapply(&tenant, held, &By("os:root".into())).await;
    done.expect("what was ended is ended again")
}

fn outcomes(done: &Reapplication) -> Vec<(&str, Outcome)> {
    done.acts.iter().map(|act| (act.event.as_str(), act.outcome)).collect()
}

#[tokio::test]
async fn a_printed_code_that_was_used_since_the_backup_stays_used() {
    let begun = again(Testbed::start().await, "wiki", Network::Home, &[]).await;
    let since = backed_up(&begun.bed).await;
    let yuki = begun.bed.person("yuki");
    let code = yuki.recovery_codes[3].clone();
    let page = begun.password("yuki").await;
    let page = begun.browser.submit(&page, &[("code", &code)]).await;
    begun.tokens(&page).await;

    let backup = Testbed::start().await;
    let done = restored(since, &begun.bed, &backup).await;
    assert_eq!(outcomes(&done), [("recovery_code.spent", Outcome::Done)]);
    let begun = again(backup, "wiki", Network::Home, &[]).await;
    let page = begun.password("yuki").await;
    let page = begun.browser.submit(&page, &[("code", &code)]).await;
    assert_eq!(page.reason().as_deref(), Some("mfa.recovery_spent"), "{}", page.shows());
}

#[tokio::test]
async fn an_address_that_was_replaced_since_the_backup_gets_no_codes_any_more() {
    let bed = Testbed::start().await;
    let since = backed_up(&bed).await;
    let browser = bed.browser(Network::Home);
    let page = browser.open("/portal").await;
    let page = browser.sign_in_as(&page, bed.person("aoi")).await;
    let page = browser.submit(&page, &[]).await;
    let code = bed.mailed_code().await;
    browser.submit(&page, &[("code", &code)]).await;
    let page = browser.open("/portal/mail-code").await;
    let page = browser.submit(&page, &[("address", "new@other.example")]).await;
    let code = bed.mailed_code().await;
    browser.submit(&page, &[("code", &code)]).await;

    let backup = Testbed::start().await;
    let done = restored(since, &bed, &backup).await;
    let mut told = outcomes(&done);
    told.sort_unstable_by_key(|(event, _)| *event);
    let expected = [("factor.added", Outcome::ByHand), ("factor.replaced", Outcome::Done)];
    assert_eq!(told, expected);
    let begun = again(backup, "wiki", Network::Home, &[]).await;
    let page = begun.password("aoi").await;
    assert_eq!(page.reason().as_deref(), Some("mfa.none_left"), "{}", page.shows());
    assert!(begun.bed.codes().await.is_empty());
}

#[tokio::test]
async fn a_password_chosen_by_ticket_and_a_new_break_glass_code_are_named() {
    let bed = Testbed::start().await;
    let since = backed_up(&bed).await;
    let kenji = bed.person("kenji").id;
    let ticket = bed.ticket(kenji, TicketPurpose::Password).await;
    let code = bed.person("kenji").recovery_codes[0].clone();
    let begun = again(bed, "wiki", Network::Home, &[]).await;
    let (browser, flow) = (&begun.browser, &begun.bed.flow);
    let page = browser.click(&begun.page, "ticket").await;
    let page = browser.submit(&page, &[("username", "kenji"), ("ticket", &ticket)]).await;
    let new = [("new_password", "five gentle rivers under a paper moon"), ("code", &*code)];
    let page = browser.submit(&page, &new).await;
    assert!(page.asks("password"), "{}", page.shows());
    let by = By("os:root".into());
    flow.make_break_glass(&begun.bed.tenant(), kenji, &by).await.expect("a code is made");

    let done = restored(since, &begun.bed, &Testbed::start().await).await;
    let named = [("password.by_ticket", Outcome::ByHand), ("break_glass.made", Outcome::ByHand)];
    for one in named {
        assert!(outcomes(&done).contains(&one), "{one:?}: {done:?}");
    }
}

#[tokio::test]
async fn a_new_sheet_since_the_backup_leaves_the_break_glass_code() {
    let (bed, backup) = (Testbed::start().await, Testbed::start().await);
    let hana = bed.person("hana").id;
    // Before the backup: so both have it, and their chains are one as far as here.
    let by = By("os:root".into());
    for bed in [&bed, &backup] {
        bed.flow.make_break_glass(&bed.tenant(), hana, &by).await.expect("a code is made");
    }
    let since = backed_up(&bed).await;
    let (browser, _) = inside(&bed, "hana").await;
    let page = browser.open("/portal/totp").await;
    register(&bed, &browser, &page).await;

    let done = restored(since, &bed, &backup).await;
    assert!(outcomes(&done).contains(&("recovery_codes.made", Outcome::Already)), "{done:?}");
    let bindings: Vec<_> = factors(&backup, "hana").await.iter().map(|one| one.binding).collect();
    assert_eq!(bindings, [Binding::BreakGlass]);
}
