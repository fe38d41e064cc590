//! The PROXY protocol's header, version 1 and 2 (HAProxy's proxy-protocol.txt, 2020/03/05).
//!
//! Written here rather than taken: the published crates have no bound on a header's length and call some headers
//! incomplete that can never become whole. What the extensions (TLVs) say is not looked at.
//! Whether a peer may send a header at all, and how long one waits for it, is for the listener to say (S35).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Longest header of version 1, in bytes, with its line end (2.1).
pub const V1_BYTES_MAX: usize = 107;
/// Longest header of version 2 that is read, in bytes: addresses and a few kilobytes of extensions.
pub const V2_BYTES_MAX: usize = 16 + 4096;

const V1_BEGIN: &[u8] = b"PROXY ";
const V2_BEGIN: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";

/// What the first bytes of a connection are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parsed {
    /// The beginning of a header: read more, at most [`V2_BYTES_MAX`] in all.
    NeedMore,
    /// A header of `length` bytes; what follows belongs to the connection.
    Header {
        /// Whom the connection is for.
        source: Source,
        /// Bytes of the header.
        length: usize,
    },
    /// No header: close the connection.
    Malformed,
}

/// Whom a connection is for, as its header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// This address.
    Stated(SocketAddr),
    /// The proxy itself (a health check): the connection's own peer counts (2.2, `LOCAL`).
    Local,
    /// Somebody whose address the proxy cannot tell: unknown, hence outside.
    Unknown,
}

/// The header at the beginning of `bytes`.
pub fn parse(bytes: &[u8]) -> Parsed {
    if begins(bytes, V1_BEGIN) {
        v1(bytes)
    } else if begins(bytes, V2_BEGIN) {
        v2(bytes)
    } else {
        Parsed::Malformed
    }
}

/// Whether `bytes` begin with `signature`, or are its beginning.
fn begins(bytes: &[u8], signature: &[u8]) -> bool {
    let length = bytes.len().min(signature.len());
    bytes[..length] == signature[..length]
}

fn v1(bytes: &[u8]) -> Parsed {
    let window = &bytes[..bytes.len().min(V1_BYTES_MAX)];
    let Some(end) = window.windows(2).position(|pair| pair == b"\r\n") else {
        return if bytes.len() < V1_BYTES_MAX { Parsed::NeedMore } else { Parsed::Malformed };
    };
    let source = window
        .get(V1_BEGIN.len()..end)
        .and_then(|line| std::str::from_utf8(line).ok())
        .and_then(v1_source);
    match source {
        Some(source) => Parsed::Header { source, length: end + 2 },
        None => Parsed::Malformed,
    }
}

fn v1_source(line: &str) -> Option<Source> {
    let mut words = line.split(' ');
    let family = words.next()?;
    // 2.1: whatever follows UNKNOWN is ignored.
    if family == "UNKNOWN" {
        return Some(Source::Unknown);
    }
    let (source, destination) = (words.next()?, words.next()?);
    let (source_port, destination_port) = (words.next()?, words.next()?);
    if words.next().is_some() {
        return None;
    }
    let address = |text: &str| -> Option<IpAddr> {
        match family {
            "TCP4" => text.parse::<Ipv4Addr>().ok().map(IpAddr::V4),
            "TCP6" => text.parse::<Ipv6Addr>().ok().map(IpAddr::V6),
            _ => None,
        }
    };
    address(destination)?;
    port(destination_port)?;
    Some(Source::Stated(stated(address(source)?, port(source_port)?)))
}

/// A decimal port without sign and leading zeros (2.1).
fn port(text: &str) -> Option<u16> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit());
    let padded = text.len() > 1 && text.starts_with('0');
    if plain && !padded { text.parse().ok() } else { None }
}

fn stated(address: IpAddr, port: u16) -> SocketAddr {
    SocketAddr::new(address.to_canonical(), port)
}

fn v2(bytes: &[u8]) -> Parsed {
    let Some((fixed, rest)) = bytes.split_first_chunk::<16>() else {
        return Parsed::NeedMore;
    };
    let [.., version_command, family, high, low] = *fixed;
    let length = usize::from(u16::from_be_bytes([high, low]));
    if 16 + length > V2_BYTES_MAX {
        return Parsed::Malformed;
    }
    let local = match version_command {
        0x20 => true,
        0x21 => false,
        _ => return Parsed::Malformed,
    };
    let Some(body) = rest.get(..length) else {
        return Parsed::NeedMore;
    };
    // 2.2: with LOCAL the receiver discards the addresses, of whatever family.
    let source = if local { Some(Source::Local) } else { v2_source(family, body) };
    match source {
        Some(source) => Parsed::Header { source, length: 16 + length },
        None => Parsed::Malformed,
    }
}

fn v2_source(family: u8, body: &[u8]) -> Option<Source> {
    match family {
        // TCP and UDP over IPv4: two addresses, two ports.
        0x11 | 0x12 => {
            let body = body.first_chunk::<12>()?;
            let address = Ipv4Addr::new(body[0], body[1], body[2], body[3]);
            let port = u16::from_be_bytes([body[8], body[9]]);
            Some(Source::Stated(stated(address.into(), port)))
        }
        // The same over IPv6.
        0x21 | 0x22 => {
            let body = body.first_chunk::<36>()?;
            let address: [u8; 16] = *body.first_chunk()?;
            let port = u16::from_be_bytes([body[32], body[33]]);
            Some(Source::Stated(stated(Ipv6Addr::from(address).into(), port)))
        }
        // UNSPEC, and Unix sockets, which are nowhere on the network.
        0x00 | 0x31 | 0x32 => Some(Source::Unknown),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn v2_header(version_command: u8, family: u8, body: &[u8]) -> Vec<u8> {
        let length = u16::try_from(body.len()).unwrap();
        let mut bytes = V2_BEGIN.to_vec();
        bytes.extend([version_command, family]);
        bytes.extend(length.to_be_bytes());
        bytes.extend(body);
        bytes
    }

    fn header(source: Source, length: usize) -> Parsed {
        Parsed::Header { source, length }
    }

    fn from(address: &str) -> Source {
        Source::Stated(address.parse().unwrap())
    }

    #[test]
    fn version_1_states_an_address() {
        for (line, source) in [
            ("PROXY TCP4 192.0.2.7 198.51.100.1 51234 443\r\n", from("192.0.2.7:51234")),
            ("PROXY TCP6 2001:db8::7 2001:db8::1 0 65535\r\n", from("[2001:db8::7]:0")),
            ("PROXY TCP6 ::ffff:192.0.2.7 ::1 1 2\r\n", from("192.0.2.7:1")),
            ("PROXY UNKNOWN\r\n", Source::Unknown),
            ("PROXY UNKNOWN ffff::1 whatever\r\n", Source::Unknown),
        ] {
            assert_eq!(parse(line.as_bytes()), header(source, line.len()), "{line:?}");
            let more = format!("{line}GET / HTTP/1.1\r\n");
            assert_eq!(parse(more.as_bytes()), header(source, line.len()), "{line:?}");
        }
    }

    #[test]
    fn version_2_states_an_address() {
        let v4 = [192, 0, 2, 7, 198, 51, 100, 1, 0xC8, 0x22, 1, 0xBB];
        let mut v6 = [0_u8; 36];
        v6[..16].copy_from_slice(&"2001:db8::7".parse::<Ipv6Addr>().unwrap().octets());
        v6[33] = 9;
        let mut with_extension = v4.to_vec();
        with_extension.extend([0x04, 0, 3, 1, 2, 3]);
        for (bytes, source) in [
            (v2_header(0x21, 0x11, &v4), from("192.0.2.7:51234")),
            (v2_header(0x21, 0x11, &with_extension), from("192.0.2.7:51234")),
            (v2_header(0x21, 0x21, &v6), from("[2001:db8::7]:9")),
            (v2_header(0x20, 0x00, &[]), Source::Local),
            (v2_header(0x20, 0x11, &v4), Source::Local),
            (v2_header(0x21, 0x00, &[]), Source::Unknown),
            (v2_header(0x21, 0x31, &[0; 216]), Source::Unknown),
        ] {
            assert_eq!(parse(&bytes), header(source, bytes.len()), "{bytes:?}");
        }
    }

    #[test]
    fn what_is_no_header_is_refused() {
        for line in [
            "GET / HTTP/1.1\r\n",
            "PROXY TCP4 192.0.2.7 198.51.100.1 51234\r\n",
            "PROXY TCP4 192.0.2.7 198.51.100.1 51234 443 1\r\n",
            "PROXY TCP4 2001:db8::7 198.51.100.1 51234 443\r\n",
            "PROXY TCP4 192.0.2.7 198.51.100.1 051 443\r\n",
            "PROXY TCP4 192.0.2.7 198.51.100.1 +51 443\r\n",
            "PROXY TCP4 192.0.2.7 198.51.100.1 65536 443\r\n",
            "PROXY TCP4  192.0.2.7 198.51.100.1 1 2\r\n",
            "PROXY TCP4 192.0.2.07 198.51.100.1 1 2\r\n",
            "PROXY TCP5 192.0.2.7 198.51.100.1 1 2\r\n",
            "PROXY \r\n",
            "proxy TCP4 192.0.2.7 198.51.100.1 1 2\r\n",
            "\u{16}\u{3}\u{1}",
        ] {
            assert_eq!(parse(line.as_bytes()), Parsed::Malformed, "{line:?}");
        }
        let endless = format!("PROXY UNKNOWN {}", "x".repeat(V1_BYTES_MAX));
        assert_eq!(parse(endless.as_bytes()), Parsed::Malformed);
        for bytes in [
            v2_header(0x11, 0x11, &[0; 12]),
            v2_header(0x22, 0x11, &[0; 12]),
            v2_header(0x21, 0x11, &[0; 11]),
            v2_header(0x21, 0x21, &[0; 35]),
            v2_header(0x21, 0x41, &[0; 36]),
            v2_header(0x21, 0x11, &[0; 4097]),
        ] {
            assert_eq!(parse(&bytes), Parsed::Malformed, "{bytes:?}");
        }
    }

    #[test]
    fn every_beginning_of_a_header_asks_for_more() {
        let line = b"PROXY TCP4 192.0.2.7 198.51.100.1 51234 443\r\n".to_vec();
        for whole in [line, v2_header(0x21, 0x11, &[7; 12]), v2_header(0x20, 0, &[])] {
            for length in 0..whole.len() {
                assert_eq!(parse(&whole[..length]), Parsed::NeedMore, "{length}");
            }
        }
    }

    proptest! {
        #[test]
        fn any_bytes_have_an_answer_and_more_bytes_never_change_it(
            begin in prop_oneof![Just(&b""[..]), Just(V1_BEGIN), Just(V2_BEGIN)],
            rest in prop::collection::vec(any::<u8>(), 0..300),
        ) {
            let bytes = [begin, &rest].concat();
            let whole = parse(&bytes);
            for length in 0..bytes.len() {
                match parse(&bytes[..length]) {
                    Parsed::NeedMore => {}
                    decided => prop_assert_eq!(decided, whole),
                }
            }
            if let Parsed::Header { length, .. } = whole {
                prop_assert!(length <= bytes.len() && length <= V2_BYTES_MAX);
            }
        }
    }
}
