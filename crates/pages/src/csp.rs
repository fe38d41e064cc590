//! The `Content-Security-Policy` of our pages: nothing inline, nothing from elsewhere.

/// Where the forms of a page can end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FormTarget {
    /// On our own pages only.
    OwnPages,
    /// At a service, perhaps by way of redirects. Chromium applies `form-action` to every hop, so that a
    /// service which redirects on would be cut off: such pages carry no `form-action`.
    Service,
}

/// The header's value for a page whose forms end there.
pub const fn csp(target: FormTarget) -> &'static str {
    match target {
        FormTarget::OwnPages => {
            "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; \
             connect-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'; \
             report-uri /csp-report"
        }
        FormTarget::Service => {
            "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; \
             connect-src 'self'; base-uri 'none'; frame-ancestors 'none'; \
             report-uri /csp-report"
        }
    }
}
