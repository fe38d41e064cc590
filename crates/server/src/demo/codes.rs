//! The authenticator apps of the demo's people, as a page: nobody should need a telephone or `oathtool` to try it.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use http::StatusCode;
use http::request::Parts;
use sekimori_base::Timestamp;
use sekimori_credential::totp::{TotpSecret, step_at};
use sekimori_pages::demo::{Codes, ShownApp};
use sekimori_web::{App, Cx};

use super::people::OnPaper;

/// Where the page is.
pub const PATH: &str = "/demo/codes";
/// How long a code is shown.
const STEP_SECONDS: i64 = 30;

/// An app: whose it is, and what it holds.
type Held = (String, TotpSecret);

/// The page's routes.
pub fn routes(app: App, people: &[OnPaper]) -> Router {
    let held = people.iter().filter_map(|person| {
        let secret = TotpSecret::from_base32(person.totp_secret.as_deref()?).ok()?;
        Some((person.username.clone(), secret))
    });
    let apps: Arc<[Held]> = held.collect::<Vec<_>>().into();
    Router::new().route(PATH, get(page)).with_state((app, apps))
}

async fn page(State((app, held)): State<(App, Arc<[Held]>)>, parts: Parts) -> Response {
    let Some(cx) = Cx::new(app, parts) else {
        let mut response = Response::default();
        *response.status_mut() = StatusCode::MISDIRECTED_REQUEST;
        return response;
    };
    let now = cx.visitor.now;
    cx.page(StatusCode::OK, &codes(&held, now).into())
}

fn codes(held: &[Held], now: Timestamp) -> Codes {
    let shown = |(username, secret): &Held| ShownApp {
        username: username.clone(),
        code: secret.code(step_at(now)).digits(),
        otpauth_uri: secret.uri("Sekimori demo", username).expose().clone(),
    };
    Codes {
        apps: held.iter().map(shown).collect(),
        seconds_left: STEP_SECONDS - now.unix_seconds().rem_euclid(STEP_SECONDS),
        here_href: PATH.to_owned(),
    }
}
