//! Other settings, tried on what was recorded.

use sekimori_directory::Binding;
use sekimori_directory::settings::Site;
use sekimori_flow::admin::{By, WhatIf};
use sekimori_login::replay::Forecast;
use sekimori_testbed::Testbed;

use super::portal::inside;

async fn without_inside(bed: &Testbed) -> WhatIf {
    let mut site: Site = bed.tenant().site.clone();
    for zone in &mut site.zones {
        zone.password_suffices = false;
    }
    let since = bed.now().plus_seconds(-3600);
    bed.flow.what_if(&bed.tenant(), &site, since, |_| {}).await.unwrap()
}

#[tokio::test]
async fn sign_ins_are_counted_by_their_ends_and_people_by_their_last_state() {
    let bed = Testbed::start().await;
    let (hana, by) = (bed.person("hana").id, By("os:desk".to_owned()));
    inside(&bed, "hana").await;
    bed.wait(5);
    let (browser, _) = inside(&bed, "hana").await;
    // A refused ticket has a reason as well, but it is no sign-in, and has no facts to decide again.
    let page = browser.open("/portal/ticket").await;
    browser.submit(&page, &[("ticket", "4T7K-9QMX-2B8R")]).await;
    let found = without_inside(&bed).await;
    assert_eq!((found.sign_ins, found.unknown), (2, 0), "{found:?}");
    let [one] = found.affected.as_slice() else { panic!("{found:?}") };
    assert_eq!((one.person, one.times), (hana, 2));
    assert_eq!((one.before, one.after), (Forecast::Admitted, Forecast::AskedUnable));

    let tenant = bed.tenant();
    bed.flow.hand_out_totp(&tenant, hana, Binding::Desk, &by).await.unwrap();
    bed.wait(5);
    inside(&bed, "hana").await;
    let found = without_inside(&bed).await;
    let [one] = found.affected.as_slice() else { panic!("{found:?}") };
    assert_eq!((one.times, one.after), (3, Forecast::AskedAble), "{found:?}");
}
