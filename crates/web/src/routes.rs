//! The whole URL table.

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Response, StatusCode};
use axum::middleware::from_fn;
use axum::routing::{MethodRouter, get, post};
use sekimori_base::limits::BODY_BYTES_MAX;
use sekimori_flow::view::Cookies;
use sekimori_login::Reason;
use sekimori_protocol_oidc::Endpoint;

use crate::answer::{Answer, bare, program_error};
use crate::app::App;
use crate::cx::Cx;
use crate::{authority, check, csp_report, desk, headers, login, oidc, portal};

/// All routes, with the headers that stand on every answer.
pub fn router(app: App) -> Router {
    router_with(app, Router::new())
}

/// A path and what answers there.
type Route = (&'static str, MethodRouter<App>);

/// The paths of all routes, so that a test can try each of them.
pub fn paths() -> Vec<&'static str> {
    all().map(|(path, _)| path).collect()
}

fn all() -> impl Iterator<Item = Route> {
    routes().into_iter().chain(certificate_routes()).chain(desk_routes())
}

/// Client certificates in the portal.
fn certificate_routes() -> Vec<Route> {
    vec![
        ("/portal/certificates", get(portal::certificates)),
        ("/portal/certificates/new", get(portal::certificate_new).post(portal::certificate_issued)),
        ("/portal/certificates/request", get(portal::certify).post(portal::certified)),
        (
            "/portal/certificates/renew/{serial}",
            get(portal::certificate_renew).post(portal::certificate_renewed),
        ),
        ("/portal/certificates/pem/{serial}", get(portal::certificate_document)),
        (
            "/portal/certificates/issued/{serial}",
            get(portal::certificate_file).post(portal::certificate_saved),
        ),
        ("/portal/certificates/issued/{serial}/file", get(portal::certificate_download)),
        (
            "/portal/certificates/revoke/{serial}",
            get(portal::certificate_revoke).post(portal::certificate_revoked),
        ),
    ]
}

/// The help desk's console.
fn desk_routes() -> Vec<Route> {
    vec![
        ("/desk", get(desk::console).post(desk::search)),
        ("/desk/person/{handle}", get(desk::person)),
        ("/desk/incident/{handle}", get(desk::incident)),
    ]
}

fn routes() -> Vec<Route> {
    vec![
        ("/", get(front)),
        ("/login", get(login::page).post(login::submit)),
        ("/login/switch", get(login::switch)),
        ("/login/certificate", get(login::certificate)),
        ("/login/consent", post(login::consent)),
        ("/login/{attempt}", get(login::attempt)),
        ("/ticket", get(portal::password_ticket).post(portal::password_ticket_entered)),
        ("/ticket/password", get(portal::new_password).post(portal::new_password_chosen)),
        ("/logout", get(oidc::logout_page).post(oidc::logout_confirmed)),
        (Endpoint::Discovery.path(), get(oidc::discovery).options(oidc::preflight)),
        (Endpoint::ServerMetadata.path(), get(oidc::discovery).options(oidc::preflight)),
        (Endpoint::Jwks.path(), get(oidc::jwks).options(oidc::preflight)),
        (Endpoint::Authorize.path(), get(oidc::authorize).post(oidc::authorize_post)),
        (Endpoint::Token.path(), post(oidc::token).options(oidc::preflight)),
        (
            Endpoint::Userinfo.path(),
            get(oidc::userinfo).post(oidc::userinfo).options(oidc::preflight),
        ),
        (Endpoint::Introspect.path(), post(oidc::introspect)),
        (Endpoint::Revoke.path(), post(oidc::revoke)),
        (Endpoint::Logout.path(), get(oidc::logout).post(oidc::logout_post)),
        ("/.well-known/change-password", get(change_password)),
        ("/portal", get(portal::overview)),
        ("/portal/dismiss", post(portal::dismiss)),
        ("/portal/sessions", post(portal::end_sessions)),
        ("/portal/sign-out", get(portal::sign_out_asked).post(portal::sign_out)),
        ("/signed-out", get(portal::signed_out)),
        ("/portal/password", get(portal::password).post(portal::change_password)),
        ("/portal/totp", get(portal::totp).post(portal::totp_code)),
        ("/portal/passkey", get(portal::passkey).post(portal::passkey_made)),
        ("/portal/mail-code", get(portal::mail_code).post(portal::mail_code_sent)),
        ("/portal/recovery-codes", get(portal::codes).post(portal::codes_saved)),
        ("/portal/recovery-codes/file", get(portal::codes_file)),
        ("/portal/factor/remove", get(portal::remove_asked)),
        ("/portal/factor/remove/{factor}", get(portal::remove).post(portal::remove_confirmed)),
        ("/portal/factor/rename/{factor}", get(portal::rename).post(portal::renamed)),
        ("/portal/ticket", get(portal::ticket).post(portal::ticket_entered)),
        ("/portal/rehearsal", get(portal::rehearsal).post(portal::rehearse)),
        ("/portal/rehearsal/{zone}", get(portal::rehearsed)),
        ("/portal/lost", get(portal::lost).post(portal::lost_reported)),
        ("/portal/preferences", get(portal::preferences).post(portal::preferences_chosen)),
        ("/portal/consents", get(portal::consents).post(portal::withdraw)),
        ("/not-me/{link}", get(portal::not_me).post(portal::not_me_pressed)),
        ("/check", get(check::page).post(check::set_cookie)),
        ("/check/cookies/{tried}", get(check::cookies)),
        ("/help", get(portal::help)),
        ("/help/certificate", get(portal::import_guide)),
        ("/help/certificate/{device}", get(portal::import_guide_of)),
        ("/ca/ocsp", post(authority::status)),
        ("/ca/ocsp/{*request}", get(authority::status_by_address)),
        ("/ca/{file}", get(authority::file)),
        ("/csp-report", post(csp_report::report)),
        ("/static/{name}", get(asset)),
    ]
}

/// All routes and `more` of somebody else's, with the headers that stand on every answer.
pub fn router_with(app: App, more: Router) -> Router {
    all()
        .fold(Router::new(), |router, (path, answers)| router.route(path, answers))
        .fallback(unknown)
        .method_not_allowed_fallback(wrong_method)
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(from_fn(headers::secure))
        .with_state(app)
        .merge(more.layer(from_fn(headers::secure)))
}

/// `GET /`: the portal.
async fn front(State(app): State<App>, parts: Parts) -> Answer {
    let Some(cx) = Cx::new(app, parts) else { return bare(StatusCode::MISDIRECTED_REQUEST) };
    cx.see_other("/portal", &Cookies::default())
}

/// `GET /.well-known/change-password`: where password managers send people.
async fn change_password(State(app): State<App>, parts: Parts) -> Answer {
    let Some(cx) = Cx::new(app, parts) else { return bare(StatusCode::MISDIRECTED_REQUEST) };
    cx.see_other("/portal/password", &Cookies::default())
}

/// `GET /static/{name}`: a file whose name changes with its content.
async fn asset(Path(name): Path<String>) -> Answer {
    let Some(asset) = sekimori_pages::asset(&name) else { return bare(StatusCode::NOT_FOUND) };
    let mut response = Response::new(Body::from(asset.body.into_owned()));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(asset.content_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable"));
    response
}

/// No such page, or not by this method.
async fn unknown(State(app): State<App>, parts: Parts) -> Answer {
    let Some(cx) = Cx::new(app, parts) else { return bare(StatusCode::MISDIRECTED_REQUEST) };
    cx.problem(StatusCode::NOT_FOUND, Reason::PageUnknown, None)
}

/// There is such a page, but not by this method.
async fn wrong_method(State(app): State<App>, parts: Parts) -> Answer {
    if Endpoint::at(parts.uri.path()).is_some_and(Endpoint::is_for_programs) {
        return program_error(StatusCode::METHOD_NOT_ALLOWED);
    }
    let Some(cx) = Cx::new(app, parts) else { return bare(StatusCode::MISDIRECTED_REQUEST) };
    cx.problem(StatusCode::METHOD_NOT_ALLOWED, Reason::MethodUnknown, None)
}
