//! Whose request this is, behind reverse proxies: the person's address, or none.
//!
//! Nobody is believed but a declared proxy, and a proxy only in the one header that it is known to write. What
//! cannot be read is unknown, and unknown is outside (S33, S34, R-XFF).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use sekimori_directory::PositionOrigin;

use crate::node::{Proxy, ProxyHeader};
use crate::proxy_protocol::Source;

/// The far end of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Connection {
    /// The peer, as the operating system says.
    pub peer: IpAddr,
    /// What its PROXY protocol header says, on a listener that declares it.
    pub stated: Option<Source>,
}

/// Who speaks on a connection: its peer, or whom the PROXY protocol states; none where it states nobody.
pub fn far_end(connection: Connection) -> Option<IpAddr> {
    match connection.stated {
        None | Some(Source::Local) => Some(connection.peer),
        Some(Source::Unknown) => None,
        Some(Source::Stated(address)) => Some(address.ip()),
    }
}

/// The address of the person behind a connection, and how it became known. `values` gives all values of a header,
/// in the order in which they came; it is asked for the one header that counts, if any.
pub fn person_address<'v, V>(
    connection: Connection,
    proxies: &[Proxy],
    values: impl FnOnce(&'static str) -> V,
) -> (Option<IpAddr>, PositionOrigin)
where
    V: IntoIterator<Item = &'v [u8]>,
{
    match connection.stated {
        None | Some(Source::Local) => client_address(connection.peer, proxies, values),
        Some(Source::Unknown) => (None, PositionOrigin::Unreadable),
        Some(Source::Stated(address)) => match client_address(address.ip(), proxies, values) {
            (address, PositionOrigin::Peer) => (address, PositionOrigin::ProxyProtocol),
            by_header => by_header,
        },
    }
}

/// The address of the person behind `peer`: `peer` itself unless it is a declared proxy. Then the header that it
/// is known to write is read from right to left; the first hop that is no proxy is the person.
pub fn client_address<'v, V>(
    peer: IpAddr,
    proxies: &[Proxy],
    values: impl FnOnce(&'static str) -> V,
) -> (Option<IpAddr>, PositionOrigin)
where
    V: IntoIterator<Item = &'v [u8]>,
{
    let peer = peer.to_canonical();
    let Some(header) = trusted(peer, proxies) else {
        return (Some(peer), PositionOrigin::Peer);
    };
    let lines: Vec<&[u8]> = values(header.name()).into_iter().collect();
    let person = match header {
        ProxyHeader::XForwardedFor => first_stranger(
            lines.iter().rev().flat_map(|line| {
                let hops = line.rsplit(|byte| *byte == b',');
                hops.map(x_forwarded_for_hop)
            }),
            header,
            proxies,
        ),
        ProxyHeader::Forwarded => first_stranger(
            lines.iter().rev().flat_map(|line| {
                // A line that is not well-formed as a whole is one unreadable hop: what an unclosed quote of
                // somebody further left swallows must not be taken for the end of the list.
                let hops = forwarded_line(line).unwrap_or_else(|| vec![None]);
                hops.into_iter().rev()
            }),
            header,
            proxies,
        ),
    };
    match person {
        Some(address) => (Some(address), PositionOrigin::ProxyHeader),
        None => (None, PositionOrigin::Unreadable),
    }
}

/// The header that the proxy at `address` is known to write, if it is a declared one.
fn trusted(address: IpAddr, proxies: &[Proxy]) -> Option<ProxyHeader> {
    proxies
        .iter()
        .find(|proxy| proxy.addresses.iter().any(|range| range.contains(&address)))
        .map(|proxy| proxy.header)
}

/// The first hop, from the right, that is no proxy; `None` if a hop before it is unreadable, or there is none.
fn first_stranger(
    hops: impl Iterator<Item = Option<IpAddr>>,
    header: ProxyHeader,
    proxies: &[Proxy],
) -> Option<IpAddr> {
    for hop in hops {
        let address = hop?;
        match trusted(address, proxies) {
            None => return Some(address),
            Some(its) if its == header => {}
            // This proxy passes the header on as it came: everything further left is anybody's word.
            Some(_) => return None,
        }
    }
    None
}

/// `192.0.2.7`, `192.0.2.7:1234`, `2001:db8::7`, `[2001:db8::7]`, `[2001:db8::7]:1234`.
fn x_forwarded_for_hop(bytes: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(bytes).ok()?;
    let text = text.trim_matches([' ', '\t']);
    if text.contains('%') {
        return None;
    }
    let bracketed = || text.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    let address = text
        .parse::<IpAddr>()
        .ok()
        .or_else(|| bracketed().map(|address: Ipv6Addr| address.into()))
        .or_else(|| text.parse::<SocketAddr>().ok().map(|with_port| with_port.ip()))?;
    Some(address.to_canonical())
}

/// The hops of one line, from left to right; `None` for an element that does not tell an address. `None` as a
/// whole if the line is not well-formed (RFC 7239, 4).
fn forwarded_line(line: &[u8]) -> Option<Vec<Option<IpAddr>>> {
    let mut scan = Scan { rest: line };
    let mut hops = Vec::new();
    loop {
        let mut node: Option<Vec<u8>> = None;
        loop {
            scan.spaces();
            if !matches!(scan.rest.first(), None | Some(b',' | b';')) {
                let name = scan.token()?;
                scan.expect(b'=')?;
                let value = scan.value()?;
                if name.eq_ignore_ascii_case(b"for") && node.replace(value).is_some() {
                    return None;
                }
                scan.spaces();
            }
            if scan.expect(b';').is_none() {
                break;
            }
        }
        hops.push(node.and_then(|node| forwarded_node(&node)));
        if scan.rest.is_empty() {
            return Some(hops);
        }
        scan.expect(b',')?;
    }
}

/// `192.0.2.7`, `192.0.2.7:1234`, `[2001:db8::7]`, `[2001:db8::7]:1234`; `unknown` and `_obfuscated` tell
/// nothing (RFC 7239, 6).
fn forwarded_node(node: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(node).ok()?;
    let (address, port): (IpAddr, &str) = if let Some(rest) = text.strip_prefix('[') {
        let (address, port) = rest.split_once(']')?;
        (address.parse::<Ipv6Addr>().ok()?.into(), port)
    } else {
        let (address, port) = text.split_at(text.find(':').unwrap_or(text.len()));
        (address.parse::<Ipv4Addr>().ok()?.into(), port)
    };
    is_port(port).then(|| address.to_canonical())
}

/// Nothing, `:1234` or `:_obfuscated`.
fn is_port(text: &str) -> bool {
    match text.strip_prefix(':') {
        None => text.is_empty(),
        Some(port) => match port.strip_prefix('_') {
            Some(word) => {
                !word.is_empty()
                    && word
                        .bytes()
                        .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
            }
            None => port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok(),
        },
    }
}

struct Scan<'a> {
    rest: &'a [u8],
}

impl<'a> Scan<'a> {
    fn expect(&mut self, wanted: u8) -> Option<()> {
        let (first, rest) = self.rest.split_first()?;
        (*first == wanted).then(|| self.rest = rest)
    }

    fn spaces(&mut self) {
        while let Some((b' ' | b'\t', rest)) = self.rest.split_first() {
            self.rest = rest;
        }
    }

    /// RFC 9110, 5.6.2.
    fn token(&mut self) -> Option<&'a [u8]> {
        let in_token =
            |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
        let length = self.rest.iter().take_while(|byte| in_token(byte)).count();
        let (token, rest) = self.rest.split_at(length);
        self.rest = rest;
        (!token.is_empty()).then_some(token)
    }

    fn value(&mut self) -> Option<Vec<u8>> {
        if self.expect(b'"').is_none() {
            return self.token().map(<[u8]>::to_vec);
        }
        // RFC 9110, 5.6.4.
        let mut value = Vec::new();
        loop {
            let (first, rest) = self.rest.split_first()?;
            self.rest = rest;
            match first {
                b'"' => return Some(value),
                b'\\' => {
                    let (escaped, rest) = self.rest.split_first()?;
                    self.rest = rest;
                    value.push(*escaped);
                }
                other => value.push(*other),
            }
        }
    }
}

#[cfg(test)]
mod tests;
