//! What a connection and a request may cost. Over the limit there is a clear answer, never a crash.

use std::time::Duration;

use sekimori_base::limits::{BODY_BYTES_MAX, HEADER_BYTES_MAX};

/// Bounds of one listener's connections and of each request on them.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Connections of all listeners together.
    pub connections_max: usize,
    /// Connections of one peer (an IPv6 peer is its /64); declared proxies and loopback are exempt.
    pub connections_per_peer_max: u32,
    /// How long a PROXY protocol header may take.
    pub proxy_header_max: Duration,
    /// How long a TLS handshake may take.
    pub handshake_max: Duration,
    /// From a request's first byte to the end of its head.
    pub head_max: Duration,
    /// From one answer to the next request's first byte.
    pub idle_max: Duration,
    /// The same while all connections are taken: whoever asks nothing for so long makes room.
    pub crowded_idle_max: Duration,
    /// From a request's head to its answer, its body included.
    pub request_max: Duration,
    /// How long a stopping process waits for requests in flight.
    pub drain_max: Duration,
    /// Size of a request's head.
    pub head_bytes_max: usize,
    /// Size of a request's body.
    pub body_bytes_max: usize,
    /// Requests at the same time on one HTTP/2 connection.
    pub streams_max: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections_max: 10_000,
            connections_per_peer_max: 2_000,
            proxy_header_max: Duration::from_secs(5),
            handshake_max: Duration::from_secs(10),
            head_max: Duration::from_secs(10),
            // Longer than the minute after which common reverse proxies drop idle connections, so
            // that it is they who close and no request meets a closed connection.
            idle_max: Duration::from_secs(75),
            crowded_idle_max: Duration::from_secs(5),
            request_max: Duration::from_secs(30),
            drain_max: Duration::from_secs(25),
            head_bytes_max: HEADER_BYTES_MAX,
            body_bytes_max: BODY_BYTES_MAX,
            streams_max: 64,
        }
    }
}
