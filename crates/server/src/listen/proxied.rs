//! The PROXY protocol on listeners that declare it: only from listed peers, mandatory there, and soon (S35).

use std::io;
use std::net::IpAddr;

use ipnet::IpNet;
use sekimori_config::proxy_protocol::{Parsed, Source, V2_BYTES_MAX, parse};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

use super::stream::Ahead;

/// Why a connection is closed before anything else is read.
#[derive(Debug, thiserror::Error)]
pub(super) enum ProxyError {
    /// The peer is not on the list.
    #[error("the peer may not connect here")]
    Peer,
    /// There is no header, or none that can be read.
    #[error("the connection does not begin with a PROXY protocol header")]
    Header,
    /// The connection broke.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Whether `peer` may connect at all.
pub(super) fn listed(peer: IpAddr, from: &[IpNet]) -> bool {
    let peer = peer.to_canonical();
    from.iter().any(|range| range.contains(&peer))
}

/// Read the header off `socket`.
pub(super) async fn read(
    mut socket: TcpStream,
    peer: IpAddr,
    from: &[IpNet],
) -> Result<(Source, Ahead), ProxyError> {
    if !listed(peer, from) {
        return Err(ProxyError::Peer);
    }
    let mut bytes = Vec::with_capacity(256);
    loop {
        let mut window = (&mut socket).take((V2_BYTES_MAX - bytes.len()) as u64);
        if window.read_buf(&mut bytes).await? == 0 {
            return Err(ProxyError::Header);
        }
        match parse(&bytes) {
            Parsed::NeedMore => {}
            Parsed::Malformed => return Err(ProxyError::Header),
            Parsed::Header { source, length } => {
                let rest = bytes.split_off(length);
                return Ok((source, Ahead::new(socket, rest)));
            }
        }
    }
}
