//! The page where one chooses the network that one pretends to be on, and the pretending itself.

use std::net::IpAddr;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::routing::get;
use http::header::{COOKIE, LOCATION, SET_COOKIE};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, StatusCode};
use sekimori_directory::PositionOrigin;
use sekimori_pages::Form;
use sekimori_pages::demo::{Network as Row, Networks};
use sekimori_web::{App, Cx, Peer};

use super::site::{HOME, NETWORKS};

/// Where the page is.
pub const PATH: &str = "/demo/networks";
/// The cookie that keeps the choice.
const COOKIE_NAME: &str = "sekimori-demo-network";

/// The page's routes.
pub fn routes(app: App) -> Router {
    Router::new().route(PATH, get(page).post(choose)).with_state(app)
}

/// Requests without a word of a program's own come from the network that the browser has chosen; from home before
/// that, since this machine's own address would be at an unknown place.
pub fn pretending(router: Router) -> Router {
    router.layer(from_fn(pretend))
}

async fn pretend(mut request: Request, next: Next) -> Response {
    if !request.headers().contains_key("x-forwarded-for")
        && let Some(address) = chosen(request.headers()).or_else(home)
        && let Some(peer) = request.extensions_mut().get_mut::<Peer>()
    {
        peer.address = Some(address);
        peer.origin = PositionOrigin::ProxyHeader;
    }
    next.run(request).await
}

/// The address that was chosen, if it is one of the demo's.
fn chosen(headers: &HeaderMap) -> Option<IpAddr> {
    let cookies = headers.get_all(COOKIE).into_iter().filter_map(|line| line.to_str().ok());
    let mut pairs =
        cookies.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let (_, name) = pairs.find(|(key, _)| *key == COOKIE_NAME)?;
    let network = NETWORKS.iter().find(|network| network.name == name)?;
    network.address.parse().ok()
}

fn home() -> Option<IpAddr> {
    let network = NETWORKS.iter().find(|network| network.name == HOME)?;
    network.address.parse().ok()
}

async fn page(State(app): State<App>, parts: Parts) -> Response {
    let Some(cx) = Cx::new(app, parts) else { return status(StatusCode::MISDIRECTED_REQUEST) };
    let visitor = &cx.visitor;
    let networks = visitor
        .tenant
        .site
        .zones
        .iter()
        .filter_map(|zone| {
            let network = NETWORKS.iter().find(|network| network.name == zone.name.as_str())?;
            Some(Row {
                title: zone.title.text(visitor.language).to_owned(),
                explanation: zone.explanation.text(visitor.language).to_owned(),
                address: network.address.to_owned(),
                inside: network.inside,
                chosen: zone.name == visitor.position.zone,
            })
        })
        .collect();
    let form = Form::new(PATH, Vec::new());
    cx.page(StatusCode::OK, &Networks { form, networks, back_href: "/portal".to_owned() }.into())
}

async fn choose(body: Bytes) -> Response {
    let address = form_urlencoded::parse(&body)
        .find(|(key, _)| key == "address")
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default();
    let network = NETWORKS.iter().find(|network| network.address == address);
    let cookie = match network {
        Some(network) => {
            format!("{COOKIE_NAME}={}; Path=/; HttpOnly; SameSite=Lax", network.name)
        }
        None => format!("{COOKIE_NAME}=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0"),
    };
    let mut response = status(StatusCode::SEE_OTHER);
    let headers = response.headers_mut();
    headers.insert(LOCATION, HeaderValue::from_static(PATH));
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        headers.insert(SET_COOKIE, cookie);
    }
    response
}

fn status(status: StatusCode) -> Response {
    let mut response = Response::default();
    *response.status_mut() = status;
    response
}
