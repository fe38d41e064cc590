//! Where a person is: an address, looked up in the site's zones by longest prefix.
//!
//! An address is never a factor and never an identity. What cannot be told is outside (S34).

use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use prefix_trie::PrefixMap;
use serde::{Deserialize, Serialize};

use crate::settings::{Relay, Zone, ZoneName};

/// How the person's address became known. The peer of the connection is another fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PositionOrigin {
    /// The connection's own peer.
    Peer,
    /// The declared header of a trusted proxy.
    ProxyHeader,
    /// A PROXY protocol header on a listener that declares it.
    ProxyProtocol,
    /// A named gateway stated it.
    Gateway,
    /// A trusted proxy sent no header, or one that cannot be read: unknown, hence outside.
    Unreadable,
    /// The peer speaks for nobody (a server-to-server request): unknown, hence outside.
    Unstated,
}

/// A person's network position: all that a rule may read about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// The address, when known; IPv4-mapped IPv6 is IPv4 here.
    pub address: Option<IpAddr>,
    /// How it became known.
    pub origin: PositionOrigin,
    /// The zone of the longest matching range.
    pub zone: ZoneName,
    /// The zone counts as inside.
    pub inside: bool,
    /// A password alone may be enough there.
    pub password_suffices: bool,
    /// A first factor may be registered there.
    pub may_enrol: bool,
    /// The address belongs to a service that hides addresses: its name.
    pub relay: Option<String>,
}

impl Position {
    /// Any place of a zone, as if somebody were there.
    pub fn somewhere_in(zone: &Zone) -> Self {
        Self {
            address: None,
            origin: PositionOrigin::Unstated,
            zone: zone.name.clone(),
            inside: zone.inside,
            password_suffices: zone.password_suffices,
            may_enrol: zone.may_enrol,
            relay: None,
        }
    }
}

/// The site's zones and relays, ready for look-up. Cost of a look-up: two walks of a prefix tree.
#[derive(Debug, Clone, Default)]
pub struct NetworkMap {
    zones: Vec<Zone>,
    v4: PrefixMap<Ipv4Net, usize>,
    v6: PrefixMap<Ipv6Net, usize>,
    relay_names: Vec<String>,
    relays_v4: PrefixMap<Ipv4Net, usize>,
    relays_v6: PrefixMap<Ipv6Net, usize>,
}

impl NetworkMap {
    /// The map of `zones` and `relays`. That no two zones share the same range is checked by `config`;
    /// here the later one would win.
    pub fn new(zones: &[Zone], relays: &[Relay]) -> Self {
        let mut map = Self { zones: zones.to_vec(), ..Self::default() };
        for (index, zone) in zones.iter().enumerate() {
            for range in &zone.ranges {
                insert(&mut map.v4, &mut map.v6, *range, index);
            }
        }
        for (index, relay) in relays.iter().enumerate() {
            map.relay_names.push(relay.name.clone());
            for range in &relay.ranges {
                insert(&mut map.relays_v4, &mut map.relays_v6, *range, index);
            }
        }
        map
    }

    /// The position of `address`; `None` is outside.
    pub fn position(&self, address: Option<IpAddr>, origin: PositionOrigin) -> Position {
        let address = address.map(canonical);
        let zone = address
            .and_then(|address| longest(&self.v4, &self.v6, address))
            .map(|index| &self.zones[index]);
        let relay = address
            .and_then(|address| longest(&self.relays_v4, &self.relays_v6, address))
            .map(|index| self.relay_names[index].clone());
        Position {
            address,
            origin,
            zone: zone.map_or_else(ZoneName::outside, |zone| zone.name.clone()),
            inside: zone.is_some_and(|zone| zone.inside),
            password_suffices: zone.is_some_and(|zone| zone.password_suffices),
            may_enrol: zone.is_some_and(|zone| zone.may_enrol),
            relay,
        }
    }

    /// The matching range and zone of `address`, for `sekimori zone`.
    pub fn explain(&self, address: IpAddr) -> Option<(IpNet, &Zone)> {
        let (range, index) = match canonical(address) {
            IpAddr::V4(v4) => {
                self.v4.get_lpm(&Ipv4Net::from(v4)).map(|(range, index)| (IpNet::V4(range), *index))
            }
            IpAddr::V6(v6) => {
                self.v6.get_lpm(&Ipv6Net::from(v6)).map(|(range, index)| (IpNet::V6(range), *index))
            }
        }?;
        Some((range, &self.zones[index]))
    }
}

/// IPv4-mapped IPv6 (`::ffff:a.b.c.d`) as the IPv4 address that it is.
pub fn canonical(address: IpAddr) -> IpAddr {
    address.to_canonical()
}

fn insert(
    v4: &mut PrefixMap<Ipv4Net, usize>,
    v6: &mut PrefixMap<Ipv6Net, usize>,
    range: IpNet,
    index: usize,
) {
    match range {
        IpNet::V4(range) => {
            v4.insert(range.trunc(), index);
        }
        IpNet::V6(range) => {
            v6.insert(range.trunc(), index);
        }
    }
}

fn longest(
    v4: &PrefixMap<Ipv4Net, usize>,
    v6: &PrefixMap<Ipv6Net, usize>,
    address: IpAddr,
) -> Option<usize> {
    match address {
        IpAddr::V4(address) => v4.get_lpm(&Ipv4Net::from(address)).map(|(_, index)| *index),
        IpAddr::V6(address) => v6.get_lpm(&Ipv6Net::from(address)).map(|(_, index)| *index),
    }
}

#[cfg(test)]
mod tests {
    use sekimori_base::Bilingual;

    use super::*;

    fn zone(name: &str, inside: bool, ranges: &[&str]) -> Zone {
        Zone {
            name: ZoneName::parse(name).unwrap(),
            title: Bilingual::new(name, name),
            explanation: Bilingual::default(),
            ranges: ranges.iter().map(|range| range.parse().unwrap()).collect(),
            inside,
            password_suffices: inside,
            may_enrol: inside,
            entered_with_password_alone: false,
            shared_with_outside: false,
        }
    }

    fn map() -> NetworkMap {
        NetworkMap::new(
            &[
                zone("campus", true, &["150.65.0.0/16", "2001:df0:2ed::/48"]),
                zone("eduroam", false, &["150.65.96.0/19", "2001:df0:2ed:e000::/52"]),
                zone("vpn", true, &["150.65.100.0/24"]),
            ],
            &[Relay {
                name: "Private Relay".into(),
                ranges: vec!["172.224.0.0/12".parse().unwrap()],
            }],
        )
    }

    #[test]
    fn the_longest_prefix_decides() {
        let map = map();
        for (address, zone, inside) in [
            ("150.65.1.1", "campus", true),
            ("150.65.97.1", "eduroam", false),
            ("150.65.100.9", "vpn", true),
            ("2001:df0:2ed::1", "campus", true),
            ("2001:df0:2ed:e001::1", "eduroam", false),
            ("::ffff:150.65.1.1", "campus", true),
            ("203.0.113.1", "outside", false),
        ] {
            let position = map.position(Some(address.parse().unwrap()), PositionOrigin::Peer);
            assert_eq!((position.zone.as_str(), position.inside), (zone, inside), "{address}");
        }
    }

    #[test]
    fn the_unknown_is_outside_and_a_relay_is_named() {
        let position = map().position(None, PositionOrigin::Unreadable);
        assert_eq!(position.zone, ZoneName::outside());
        assert!(!position.inside && !position.password_suffices && !position.may_enrol);
        let relayed = map().position(Some("172.225.1.1".parse().unwrap()), PositionOrigin::Peer);
        assert_eq!(relayed.relay.as_deref(), Some("Private Relay"));
    }
}
