//! Peer and person are two facts: the connection's other end, and the person's address as far as it is known.

use std::net::IpAddr;

use sekimori_directory::PositionOrigin;

/// Put into each request's extensions by the listener that accepted it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer {
    /// The connection's other end (after the PROXY protocol, if the listener declares it).
    pub peer: IpAddr,
    /// The person's address, if it could be told.
    pub address: Option<IpAddr>,
    /// How it became known.
    pub origin: PositionOrigin,
}
