//! The context of a request: tenant, browser, position, language; made from its headers and nothing else.

use std::sync::Arc;

use axum::http::header::{HOST, USER_AGENT};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method};
use sekimori_base::{Language, Secret};
use sekimori_directory::PositionOrigin;
use sekimori_flow::{Caller, Tenant, Visitor};

use crate::app::App;
use crate::cookies::{Channel, Name};
use crate::language::negotiate;
use crate::peer::Peer;
use crate::query::Fields;

/// The context of a request.
pub struct Cx {
    /// What handlers can reach.
    pub app: App,
    /// Who knocks.
    pub visitor: Visitor,
    /// How cookies are written.
    pub channel: Channel,
    /// The request's path.
    pub path: String,
    /// The request's query.
    pub query: Option<String>,
    /// The language was chosen by this very request.
    pub chosen: Option<Language>,
    /// The page can be asked for again in another language.
    pub repeatable: bool,
    /// The request's headers.
    pub headers: HeaderMap,
}

/// The tenant that a request is for; `None` if no tenant has the host name, or it states two (RFC 9112, 3.2): whoever
/// forwarded it may have read the other one.
pub fn tenant(app: &App, parts: &Parts) -> Option<Arc<Tenant>> {
    let mut stated = parts.headers.get_all(HOST).iter();
    let (first, None) = (stated.next(), stated.next()) else { return None };
    let host = parts
        .uri
        .authority()
        .map(ToString::to_string)
        .or_else(|| Some(first?.to_str().ok()?.to_owned()))
        .unwrap_or_default();
    app.flow.tenants.by_host(&host)
}

/// A program that calls an endpoint for programs.
pub fn caller(app: &App, parts: &Parts) -> Option<Caller> {
    Some(Caller { tenant: tenant(app, parts)?, now: app.flow.clock.now() })
}

impl Cx {
    /// The context of a request.
    pub fn new(app: App, parts: Parts) -> Option<Self> {
        let tenant = tenant(&app, &parts)?;
        let channel = if tenant.is_https() { Channel::Tls } else { Channel::Plain };
        let headers = &parts.headers;
        let chosen = parts.uri.query().and_then(|query| {
            Fields::parse(query.as_bytes()).one("lang").and_then(Language::from_tag)
        });
        let language =
            negotiate(chosen, channel.read(headers, Name::Language), headers, tenant.site.language);
        let peer = parts.extensions.get::<Peer>();
        let position = match peer {
            Some(peer) => tenant.position(peer.address, peer.origin),
            None => tenant.position(None, PositionOrigin::Unreadable),
        };
        let secret = |name| channel.read(headers, name).map(|text| Secret::new(text.to_owned()));
        let agent = headers.get(USER_AGENT).and_then(|value| value.to_str().ok());
        let visitor = Visitor {
            now: app.flow.clock.now(),
            position,
            language,
            browser: secret(Name::Browser),
            session: secret(Name::Session),
            device: channel.read(headers, Name::Device).map(str::to_owned),
            user_agent: agent.unwrap_or_default().chars().take(200).collect(),
            tenant,
        };
        Some(Self {
            app,
            visitor,
            channel,
            path: parts.uri.path().to_owned(),
            query: parts.uri.query().map(str::to_owned),
            chosen,
            repeatable: parts.method == Method::GET,
            headers: parts.headers,
        })
    }

    /// A field of the query.
    pub fn field(&self, name: &str) -> Option<String> {
        Fields::parse(self.query.as_deref()?.as_bytes()).text(name)
    }
}
