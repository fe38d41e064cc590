//! The guides for a certificate's file: open to everybody, each reachable by links alone.

use http::StatusCode;
use sekimori_testbed::{Network, Testbed};

#[tokio::test]
async fn every_guide_is_reached_by_links_without_signing_in_and_writes_nothing() {
    let bed = Testbed::start().await;
    let browser = bed.browser(Network::Home);
    let before = bed.cost();
    let front = browser.open("/help/certificate").await;
    assert!(front.text().contains("Choose the device"), "{}", front.shows());
    let devices = [
        ("Windows (Edge, Chrome)", "Current User"),
        ("Mac (Safari, Chrome)", "Keychain Access"),
        ("iPhone and iPad", "Profile Downloaded"),
        ("Android", "VPN & app user certificate"),
        ("Firefox on a computer", "View Certificates"),
    ];
    let mut page = front;
    for (name, says) in devices {
        page = browser.click(&page, name).await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(page.text().contains(says), "{name}: {}", page.shows());
        assert!(page.text().contains("Nobody needs your PIN"), "{}", page.shows());
    }
    let japanese = browser.open("/help/certificate/windows?lang=ja").await;
    assert!(japanese.text().contains("証明書のインポート ウィザード"), "{}", japanese.shows());
    assert_eq!(bed.cost_since(before).writes, 0);
    for path in ["/help/certificate/vms", "/help/certificate/", "/help/certificate/%00"] {
        assert_eq!(browser.open(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}
