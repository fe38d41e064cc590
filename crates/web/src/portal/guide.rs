//! `GET /help/certificate`: how a certificate's file comes into a device. Open to everybody: who brings a file to a
//! second device need not sign in there.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use sekimori_login::Reason;
use sekimori_pages::{Device, ImportGuide};

use crate::answer::{Answer, bare};
use crate::app::App;
use crate::cx::Cx;

/// What marks a device, the more special first: a phone's Firefox keeps no certificates of its own.
const MARKS: [(&str, Device); 7] = [
    ("iPhone", Device::Iphone),
    ("iPad", Device::Iphone),
    ("Android", Device::Android),
    ("Firefox/", Device::Firefox),
    ("Windows", Device::Windows),
    ("Macintosh", Device::Mac),
    ("FxiOS/", Device::Iphone),
];

/// `GET /help/certificate`: for the device that the browser seems to be on.
pub async fn import_guide(State(app): State<App>, parts: Parts) -> Answer {
    let Some(cx) = Cx::new(app, parts) else { return bare(StatusCode::MISDIRECTED_REQUEST) };
    let device = device_of(&cx.visitor.user_agent);
    cx.page(StatusCode::OK, &page(device, device.is_some()).into())
}

/// `GET /help/certificate/{device}`: for a device that was chosen.
pub async fn import_guide_of(
    State(app): State<App>,
    Path(word): Path<String>,
    parts: Parts,
) -> Answer {
    let Some(cx) = Cx::new(app, parts) else { return bare(StatusCode::MISDIRECTED_REQUEST) };
    match Device::from_word(&word) {
        Some(device) => cx.page(StatusCode::OK, &page(Some(device), false).into()),
        None => cx.problem(StatusCode::NOT_FOUND, Reason::PageUnknown, None),
    }
}

fn page(device: Option<Device>, guessed: bool) -> ImportGuide {
    let others = Device::ALL.into_iter().filter(|other| Some(*other) != device);
    let others =
        others.map(|other| (other, format!("{}/{}", ImportGuide::PATH, other.word()))).collect();
    ImportGuide { device, guessed, others }
}

/// A guess at the device.
fn device_of(user_agent: &str) -> Option<Device> {
    MARKS.iter().find(|(mark, _)| user_agent.contains(mark)).map(|(_, device)| *device)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_gets_the_guide_of_what_keeps_its_certificates() {
        let cases = [
            (
                "(Windows NT 10.0; Win64) Chrome/140.0 Safari/537.36 Edg/140.0",
                Some(Device::Windows),
            ),
            ("(Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0", Some(Device::Firefox)),
            ("(X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", Some(Device::Firefox)),
            ("(Macintosh; Intel Mac OS X 10_15_7) Version/18.0 Safari/605", Some(Device::Mac)),
            ("(iPhone; CPU iPhone OS 18_0 like Mac OS X) FxiOS/140.0", Some(Device::Iphone)),
            ("(iPad; CPU OS 18_0 like Mac OS X) Version/18.0 Safari", Some(Device::Iphone)),
            ("(Android 15; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0", Some(Device::Android)),
            ("(X11; Linux x86_64) Chrome/140.0 Safari/537.36", None),
            ("", None),
        ];
        for (agent, device) in cases {
            assert_eq!(device_of(agent), device, "{agent}");
        }
    }
}
