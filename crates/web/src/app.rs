//! What every handler can reach.

use std::sync::Arc;

use sekimori_flow::Flow;

/// What every handler can reach. Cheap to clone.
#[derive(Clone)]
pub struct App {
    /// The use cases.
    pub flow: Flow,
    /// In demo mode, what the strip on top of every page needs.
    pub demo: Option<Arc<DemoView>>,
}

/// The demo's strip: which pretended network an address stands for.
pub struct DemoView {
    /// Path of the page where one chooses the network.
    pub networks_href: String,
    /// Path of the page that shows outgoing mail.
    pub mails_href: String,
    /// Path of the page that shows what the authenticator apps show.
    pub codes_href: String,
}
