//! Samples of the guides for certificates.

use super::Sample;
use crate::{Device, ImportGuide};

pub(super) fn samples() -> Vec<Sample> {
    let one = |name, device, guessed| Sample {
        name,
        page: ImportGuide {
            device,
            guessed,
            others: Device::ALL
                .into_iter()
                .filter(|other| Some(*other) != device)
                .map(|other| (other, format!("{}/{}", ImportGuide::PATH, other.word())))
                .collect(),
        }
        .into(),
        portal: false,
    };
    vec![
        one("guide", None, false),
        one("guide-windows", Some(Device::Windows), true),
        one("guide-mac", Some(Device::Mac), false),
        one("guide-iphone", Some(Device::Iphone), false),
        one("guide-android", Some(Device::Android), true),
        one("guide-firefox", Some(Device::Firefox), false),
    ]
}
