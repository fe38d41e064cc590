//! How a certificate's file comes into a device: one page a device, each reachable from all others.

/// A kind of device, or a browser that keeps certificates by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Device {
    /// Windows.
    Windows,
    /// macOS.
    Mac,
    /// iOS and iPadOS.
    Iphone,
    /// Android.
    Android,
    /// Firefox on a computer.
    Firefox,
}

impl Device {
    /// Every device, in the order in which they are offered.
    pub const ALL: [Self; 5] =
        [Self::Windows, Self::Mac, Self::Iphone, Self::Android, Self::Firefox];

    /// Its word in addresses.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Windows => "windows",
            Self::Mac => "mac",
            Self::Iphone => "iphone",
            Self::Android => "android",
            Self::Firefox => "firefox",
        }
    }

    /// The one with this word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|device| device.word() == word)
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Windows => "guide-device-windows",
            Self::Mac => "guide-device-mac",
            Self::Iphone => "guide-device-iphone",
            Self::Android => "guide-device-android",
            Self::Firefox => "guide-device-firefox",
        }
    }

    pub(crate) const fn steps(self) -> [&'static str; 5] {
        match self {
            Self::Windows => [
                "guide-windows-1",
                "guide-windows-2",
                "guide-windows-3",
                "guide-windows-4",
                "guide-windows-5",
            ],
            Self::Mac => {
                ["guide-mac-1", "guide-mac-2", "guide-mac-3", "guide-mac-4", "guide-mac-5"]
            }
            Self::Iphone => [
                "guide-iphone-1",
                "guide-iphone-2",
                "guide-iphone-3",
                "guide-iphone-4",
                "guide-iphone-5",
            ],
            Self::Android => [
                "guide-android-1",
                "guide-android-2",
                "guide-android-3",
                "guide-android-4",
                "guide-android-5",
            ],
            Self::Firefox => [
                "guide-firefox-1",
                "guide-firefox-2",
                "guide-firefox-3",
                "guide-firefox-4",
                "guide-firefox-5",
            ],
        }
    }

    pub(crate) const fn note(self) -> &'static str {
        match self {
            Self::Windows => "guide-windows-note",
            Self::Mac => "guide-mac-note",
            Self::Iphone => "guide-iphone-note",
            Self::Android => "guide-android-note",
            Self::Firefox => "guide-firefox-note",
        }
    }
}

/// How a certificate's file comes into a device.
#[derive(Debug, Clone)]
pub struct ImportGuide {
    /// Which device; none where the browser does not tell and nobody has chosen yet.
    pub device: Option<Device>,
    /// Whether the device was guessed from what the browser says about itself.
    pub guessed: bool,
    /// The other devices, with the addresses of their pages.
    pub others: Vec<(Device, String)>,
}

impl ImportGuide {
    /// Where the guides are: this, and below it the words of the devices.
    pub const PATH: &str = "/help/certificate";

    pub(crate) const fn heading(&self) -> &'static str {
        match self.device {
            None => "guide-heading",
            Some(Device::Windows) => "guide-heading-windows",
            Some(Device::Mac) => "guide-heading-mac",
            Some(Device::Iphone) => "guide-heading-iphone",
            Some(Device::Android) => "guide-heading-android",
            Some(Device::Firefox) => "guide-heading-firefox",
        }
    }
}
