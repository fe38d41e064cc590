//! The site that the tests know: zones, services, policy.

use std::net::IpAddr;

use sekimori_directory::Site;

/// A network that somebody comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Network {
    /// Inside; a password suffices, and a first factor may be registered.
    Campus,
    /// The same, by IPv6.
    CampusSix,
    /// In the address space of the campus, and outside.
    Eduroam,
    /// Inside; a password suffices, and nothing may be registered.
    Vpn,
    /// Somewhere.
    Home,
    /// Somewhere else: another network than [`Self::Home`] for budgets.
    Cafe,
    /// One of many networks somewhere, each of its own for budgets.
    Somewhere(u16),
    /// Nobody can tell.
    Unknown,
}

impl Network {
    /// All of them; of the many somewhere none, as they are like [`Self::Home`].
    pub const ALL: [Self; 7] = [
        Self::Campus,
        Self::CampusSix,
        Self::Eduroam,
        Self::Vpn,
        Self::Home,
        Self::Cafe,
        Self::Unknown,
    ];

    /// An address of it.
    pub fn address(self) -> Option<IpAddr> {
        let text = match self {
            Self::Campus => "192.0.2.7",
            Self::CampusSix => "2001:db8:1::7",
            Self::Eduroam => "192.0.2.200",
            Self::Vpn => "198.51.100.9",
            Self::Home => "203.0.113.5",
            Self::Cafe => "2001:db8:ffff::5",
            Self::Somewhere(number) => {
                let [high, low] = number.to_be_bytes();
                return Some(IpAddr::from([11, high, low, 5]));
            }
            Self::Unknown => return None,
        };
        Some(text.parse().expect("an address of the list above"))
    }

    /// Whether a password alone suffices there.
    pub const fn password_suffices(self) -> bool {
        match self {
            Self::Campus | Self::CampusSix | Self::Vpn => true,
            Self::Eduroam | Self::Home | Self::Cafe | Self::Somewhere(_) | Self::Unknown => false,
        }
    }
}

/// The host of the first tenant.
pub const HOST: &str = "login.example.ac.jp";
/// The host of the second tenant, which has equal names, clients and people.
pub const OTHER_HOST: &str = "login.other.example";

/// The site of a host, as its document says it.
pub(crate) fn site(host: &str, robot_keys: &str) -> Site {
    let text = include_str!("site.toml").replace("HOST", host).replace("JWKS", robot_keys);
    let loader = |name: &str| Err(format!("{name}: the testbed has no files"));
    match sekimori_config::site::parse(&text, "site.toml", &loader) {
        Ok((site, _)) => site,
        Err(report) => panic!("the testbed's site document is wrong: {report:#?}"),
    }
}
