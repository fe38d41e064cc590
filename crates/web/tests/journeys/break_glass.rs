//! An administrator's way back in: nothing registered, a policy that takes only apps, and a code from the safe.

use sekimori_directory::Method;
use sekimori_flow::admin::By;
use sekimori_testbed::{Browser, Network, Page, Testbed};

use super::portal::inside;

/// At home, after the password.
async fn at_home(bed: &Testbed) -> (Browser, Page) {
    let browser = bed.browser(Network::Home);
    let page = browser.open("/portal").await;
    let page = browser.sign_in_as(&page, bed.person("admin")).await;
    (browser, page)
}

#[tokio::test]
async fn a_break_glass_code_lets_an_administrator_in_once_whatever_the_policy_takes() {
    let bed = Testbed::start().await;
    bed.change_site(|site| {
        let mut row = site.policy.rows.remove(0);
        row.services.clear();
        row.zones.clear();
        row.methods = [Method::Totp].into();
        site.policy.rows = vec![row];
    })
    .await;
    let (_, page) = at_home(&bed).await;
    assert!(!page.asks("code"), "nothing is registered: {}", page.shows());
    let (tenant, admin) = (bed.tenant(), bed.person("admin").id);
    let by = By("os:root".to_owned());
    let first = bed.flow.make_break_glass(&tenant, admin, &by).await.unwrap();
    let code = bed.flow.make_break_glass(&tenant, admin, &by).await.unwrap();
    bed.wait(5);
    let (browser, page) = at_home(&bed).await;
    let page = browser.submit(&page, &[("code", first.expose())]).await;
    assert!(page.asks("code") && page.failed(), "the earlier one has ended: {}", page.shows());
    bed.wait(5);
    let page = browser.submit(&page, &[("code", code.expose())]).await;
    assert_eq!(page.url.path(), "/portal", "{}", page.shows());
    bed.wait(5);
    let (_, page) = at_home(&bed).await;
    assert!(!page.asks("code"), "it is used up: {}", page.shows());
}

#[tokio::test]
async fn it_does_not_stand_in_the_way_of_the_first_app() {
    let bed = Testbed::start().await;
    let by = By("os:root".to_owned());
    let admin = bed.person("admin").id;
    bed.flow.make_break_glass(&bed.tenant(), admin, &by).await.unwrap();
    let (browser, _) = inside(&bed, "admin").await;
    let page = browser.open("/portal/totp").await;
    assert!(page.body.contains("<svg class=\"qr\""), "{}", page.shows());
}
