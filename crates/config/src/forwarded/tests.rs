use proptest::prelude::*;
use sekimori_directory::PositionOrigin::{Peer, ProxyHeader as ByHeader, Unreadable};

use super::*;

/// Campus is 150.65.0.0/16; the proxies stand in it, as they do in life.
const XFF_PROXY: &str = "150.65.7.10";
const XFF_PROXY_V6: &str = "2001:df0:2ed::10";
const FORWARDED_PROXY: &str = "150.65.7.20";

fn proxies() -> Vec<Proxy> {
    let proxy = |addresses: &[&str], header| Proxy {
        addresses: addresses.iter().map(|address| address.parse().unwrap()).collect(),
        header,
        client_cert: false,
    };
    vec![
        proxy(&["150.65.7.10/31", "2001:df0:2ed::10/128"], ProxyHeader::XForwardedFor),
        proxy(&["150.65.7.20/32"], ProxyHeader::Forwarded),
    ]
}

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn seen(peer: &str, lines: &[&str]) -> (Option<IpAddr>, PositionOrigin) {
    client_address(address(peer), &proxies(), |_| lines.iter().map(|line| line.as_bytes()))
}

#[test]
fn from_a_stranger_every_header_is_ignored() {
    for lines in [&[][..], &["150.65.1.1"], &["150.65.1.1, 150.65.7.10"], &["for=150.65.1.1"]] {
        let stranger = address("203.0.113.9");
        assert_eq!(seen("203.0.113.9", lines), (Some(stranger), Peer));
        assert_eq!(seen("::ffff:203.0.113.9", lines), (Some(stranger), Peer));
    }
    let asked = client_address(address("203.0.113.9"), &proxies(), |name| {
        panic!("nobody may look at {name}");
        #[expect(unreachable_code, reason = "says the closure's type")]
        Vec::new()
    });
    assert_eq!(asked.1, Peer);
}

#[test]
fn x_forwarded_for_is_read_from_right_to_left() {
    for (lines, person) in [
        (&["203.0.113.9"][..], Some("203.0.113.9")),
        (&["150.65.1.1, 203.0.113.9"], Some("203.0.113.9")),
        (&["150.65.1.1", "203.0.113.9"], Some("203.0.113.9")),
        (&["203.0.113.9", "150.65.7.11"], Some("203.0.113.9")),
        (&["203.0.113.9, 150.65.7.11, 150.65.7.10"], Some("203.0.113.9")),
        (&["150.65.1.1,203.0.113.9,150.65.7.11"], Some("203.0.113.9")),
        (&["  203.0.113.9\t"], Some("203.0.113.9")),
        (&["203.0.113.9:51234"], Some("203.0.113.9")),
        (&["2001:db8::9"], Some("2001:db8::9")),
        (&["[2001:db8::9]"], Some("2001:db8::9")),
        (&["[2001:db8::9]:51234"], Some("2001:db8::9")),
        (&["::ffff:203.0.113.9"], Some("203.0.113.9")),
        (&["[::ffff:203.0.113.9]:80"], Some("203.0.113.9")),
        (&["203.0.113.9, ::ffff:150.65.7.11"], Some("203.0.113.9")),
        (&["203.0.113.9, 2001:df0:2ed::10"], Some("203.0.113.9")),
        (&["garbage, 203.0.113.9"], Some("203.0.113.9")),
        (&["\"150.65.1.1, 203.0.113.9"], Some("203.0.113.9")),
        // Behind a proxy on campus, somebody on campus is on campus.
        (&["203.0.113.9, 150.65.1.1"], Some("150.65.1.1")),
        // None of these tells a person.
        (&[], None),
        (&[""], None),
        (&["150.65.1.1", ""], None),
        (&["150.65.1.1,"], None),
        (&["150.65.1.1, , 150.65.7.11"], None),
        (&["150.65.1.1, unknown"], None),
        (&["150.65.1.1, garbage, 150.65.7.11"], None),
        (&["150.65.1.1 150.65.1.2"], None),
        (&["150.65.001.1"], None),
        (&["150.65.1"], None),
        (&["0x96.0x41.1.1"], None),
        (&["2521886977"], None),
        (&["150.65.1.1:"], None),
        (&["150.65.1.1:99999"], None),
        (&["150.65.1.1/32"], None),
        (&["\"150.65.1.1\""], None),
        (&["[150.65.1.1]"], None),
        (&["[2001:df0:2ed::1"], None),
        (&["2001:df0:2ed::1%eth0"], None),
        (&["[2001:df0:2ed::1%1]:80"], None),
        (&["150.65.1.1;"], None),
        (&["for=150.65.1.1"], None),
        (&["１５０.65.1.1"], None),
        (&["150.65.1.1\u{a0}"], None),
        (&["150.65.7.10, 150.65.7.11"], None),
        // A proxy that writes another header passed this one on as it came.
        (&["150.65.1.1, 150.65.7.20"], None),
    ] {
        let expected = match person {
            Some(person) => (Some(address(person)), ByHeader),
            None => (None, Unreadable),
        };
        for peer in [XFF_PROXY, XFF_PROXY_V6, "::ffff:150.65.7.10"] {
            assert_eq!(seen(peer, lines), expected, "{lines:?}");
        }
    }
}

#[test]
fn forwarded_is_read_from_right_to_left() {
    for (lines, person) in [
        (&["for=203.0.113.9"][..], Some("203.0.113.9")),
        (&["For=\"203.0.113.9\";proto=https;by=150.65.7.20"], Some("203.0.113.9")),
        (&["for=150.65.1.1, for=203.0.113.9"], Some("203.0.113.9")),
        (&["for=150.65.1.1", "for=203.0.113.9"], Some("203.0.113.9")),
        (&["for=150.65.1.1,by=x;for=\"203.0.113.9:80\" , for=150.65.7.20"], Some("203.0.113.9")),
        (&["for=\"203.0.113.9:_port\""], Some("203.0.113.9")),
        (&["for=\"[2001:db8::9]\""], Some("2001:db8::9")),
        (&["for=\"[2001:db8::9]:4711\""], Some("2001:db8::9")),
        (&["for=\"[::ffff:203.0.113.9]\""], Some("203.0.113.9")),
        (&["for=\"203.0.113\\.9\""], Some("203.0.113.9")),
        (&["for=unknown, for=203.0.113.9"], Some("203.0.113.9")),
        (&["host=\"a, b;for=150.65.1.1\";for=203.0.113.9"], Some("203.0.113.9")),
        (&[], None),
        (&[""], None),
        (&["for=unknown"], None),
        (&["for=150.65.1.1, for=unknown"], None),
        (&["for=_hidden"], None),
        (&["for=\"_hidden:80\""], None),
        (&["proto=https"], None),
        (&["for=150.65.1.1, proto=https"], None),
        (&["for=150.65.1.1,"], None),
        (&["for=150.65.1.1;for=150.65.1.2"], None),
        (&["for=[2001:df0:2ed::1]"], None),
        (&["for=2001:df0:2ed::1"], None),
        (&["for=\"2001:df0:2ed::1\""], None),
        (&["for=150.65.1.1:80"], None),
        (&["for=\"150.65.1.1:99999\""], None),
        (&["for=\"150.65.1.1"], None),
        (&["for = 150.65.1.1"], None),
        (&["for=150.65.1.1 for=150.65.1.2"], None),
        (&["for=150.65.1.1;x=\", for=203.0.113.9"], None),
        (&["150.65.1.1"], None),
        (&["for=150.65.7.20"], None),
        (&["for=150.65.1.1, for=150.65.7.10"], None),
    ] {
        let expected = match person {
            Some(person) => (Some(address(person)), ByHeader),
            None => (None, Unreadable),
        };
        assert_eq!(seen(FORWARDED_PROXY, lines), expected, "{lines:?}");
    }
}

#[test]
fn a_proxy_protocol_header_stands_in_for_the_peer() {
    let proxies = proxies();
    let seen = |stated, lines: &[&str]| {
        let peer = address("150.65.7.1");
        let connection = Connection { peer, stated };
        person_address(connection, &proxies, |_| lines.iter().map(|line| line.as_bytes()))
    };
    let stated = |text: &str| Some(Source::Stated(text.parse().unwrap()));
    assert_eq!(
        seen(stated("203.0.113.9:1"), &["150.65.1.1"]),
        (Some(address("203.0.113.9")), PositionOrigin::ProxyProtocol)
    );
    assert_eq!(
        seen(stated("150.65.7.10:1"), &["203.0.113.9"]),
        (Some(address("203.0.113.9")), ByHeader)
    );
    assert_eq!(seen(Some(Source::Unknown), &["150.65.1.1"]), (None, Unreadable));
    let itself = (Some(address("150.65.7.1")), Peer);
    assert_eq!(seen(Some(Source::Local), &["203.0.113.9"]), itself);
    assert_eq!(seen(None, &["203.0.113.9"]), itself);
}

/// What somebody may send who has read the RFC with bad intentions.
fn hostile() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just(b"for=".to_vec()),
        Just(b"150.65.1.1".to_vec()),
        Just(b"\"[2001:df0:2ed::1]\"".to_vec()),
        Just(b"150.65.7.10".to_vec()),
        Just(b"150.65.7.20".to_vec()),
        Just(b"x=\"".to_vec()),
        "[\"\\\\,;= \t:\\[\\]]".prop_map(String::into_bytes),
        prop::collection::vec(any::<u8>(), 0..4),
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

fn appended(mut before: Vec<Vec<u8>>, last: &[u8], on_a_line_of_its_own: bool) -> Vec<Vec<u8>> {
    match before.last_mut() {
        Some(line) if !on_a_line_of_its_own => {
            line.extend(b", ");
            line.extend(last);
        }
        Some(_) | None => before.push(last.to_vec()),
    }
    before
}

proptest! {
    #[test]
    fn what_stands_before_a_proxys_word_never_changes_it(
        before in prop::collection::vec(hostile(), 0..4),
        own_line in any::<bool>(),
        last in prop_oneof![Just("203.0.113.9"), Just("2001:db8::9")],
    ) {
        let lines = appended(before, last.as_bytes(), own_line);
        let answer = client_address(address(XFF_PROXY), &proxies(), |_| {
            lines.iter().map(Vec::as_slice)
        });
        prop_assert_eq!(answer, (Some(address(last)), ByHeader));
    }

    #[test]
    fn what_stands_before_a_proxys_word_can_only_make_it_unreadable(
        before in prop::collection::vec(hostile(), 0..4),
        own_line in any::<bool>(),
        last in prop_oneof![
            Just(("for=203.0.113.9", "203.0.113.9")),
            Just(("for=\"203.0.113.9\"", "203.0.113.9")),
            Just(("for=203.0.113.9;proto=\"https\";by=\"_x\"", "203.0.113.9")),
            Just(("proto=https;for=\"[2001:db8::9]:1\";host=\"a\"", "2001:db8::9")),
        ],
    ) {
        let lines = appended(before, last.0.as_bytes(), own_line);
        let answer = client_address(address(FORWARDED_PROXY), &proxies(), |_| {
            lines.iter().map(Vec::as_slice)
        });
        let read = (Some(address(last.1)), ByHeader);
        prop_assert!(answer == read || answer == (None, Unreadable), "{:?}", answer);
    }

    #[test]
    fn any_bytes_have_an_answer(
        peer in any::<IpAddr>(),
        lines in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..60), 0..4),
    ) {
        for peer in [peer, address(XFF_PROXY), address(FORWARDED_PROXY)] {
            let (address, origin) = client_address(peer, &proxies(), |_| {
                lines.iter().map(Vec::as_slice)
            });
            prop_assert_eq!(address.is_none(), origin == Unreadable);
        }
    }
}
