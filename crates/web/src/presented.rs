//! What a browser presented on a certificate host.

use std::sync::Arc;

/// Put into each request's extensions by the listener of the certificate hosts, and by no other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Presented {
    /// The host for which the certificate was presented.
    pub host: PresentedHost,
    /// The certificate (DER) whose key the browser has; nobody has looked at it yet. Empty where a proxy wrote
    /// something that is none.
    pub certificate: Option<Arc<[u8]>>,
}

/// For which host a certificate was presented.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PresentedHost {
    /// TLS ended here, with this server name.
    Named(Arc<str>),
    /// TLS ended here, and no host was named.
    Unnamed,
    /// TLS ended at a proxy, which passes the host on.
    AtProxy,
}
