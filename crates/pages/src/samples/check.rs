//! Samples of the connection check.

use sekimori_base::Language;

use super::{Sample, eduroam};
use crate::{ConnectionCheck, CookieCheck, Family, Form, SeenBrowser};

pub(super) fn samples(language: Language) -> Vec<Sample> {
    let page = |name, cookies, browser| Sample {
        name,
        page: ConnectionCheck {
            place: eduroam(language),
            address: Some("2001:db8:47::9".to_owned()),
            family: Some(Family::V6),
            range: Some("2001:db8:47::/48".to_owned()),
            cookies,
            form: Form::new(ConnectionCheck::PATH, Vec::new()),
            browser,
        }
        .into(),
        portal: false,
    };
    let mut hidden = page("check-hidden", CookieCheck::Untried, SeenBrowser::Other);
    if let crate::Page::ConnectionCheck(check) = &mut hidden.page {
        check.place.relay = Some("Hidden Address Relay".to_owned());
        (check.address, check.family, check.range) =
            (Some("203.0.113.9".to_owned()), Some(Family::V4), None);
    }
    vec![
        page("check", CookieCheck::Untried, SeenBrowser::Known("Firefox")),
        page("check-kept", CookieCheck::Kept, SeenBrowser::InApp("LINE")),
        page("check-lost", CookieCheck::Lost, SeenBrowser::Past("Internet Explorer")),
        hidden,
    ]
}
