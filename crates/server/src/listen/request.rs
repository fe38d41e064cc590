//! What happens to every request before and after the router: whose it is, its trace, its bounds, its numbers.

use std::convert::Infallible;
use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Instant;

use axum::Router;
use axum::body::Body;
use axum::extract::MatchedPath;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, Request, StatusCode, Version, header};
use hyper::body::Incoming;
use sekimori_config::client_cert::{self, ClientCert};
use sekimori_config::forwarded::{Connection, person_address};
use sekimori_web::{Peer, Presented, PresentedHost};
use tower::{Layer, Service};
use tracing::Instrument;

use super::body::{Bounded, Told};
use super::connection::Far;
use super::pulse::{InFlight, Pulse};
use super::{Answers, Gate};
use crate::outside::SystemEntropy;
use crate::trace::TraceId;

/// Where the router writes which pattern a request matched, for logs and metrics: known even if no answer comes.
#[derive(Debug, Clone, Default)]
struct Route(Arc<OnceLock<MatchedPath>>);

/// `router`, writing down the pattern that each request matched.
pub(super) fn named(router: Router) -> Router {
    router.layer(NamedLayer)
}

/// Answer one request.
pub(super) async fn answer(
    gate: Arc<Gate>,
    pulse: Arc<Pulse>,
    far: Far,
    request: Request<Incoming>,
) -> Result<http::Response<Told>, Infallible> {
    let in_flight = pulse.begin(request.version());
    let begin = Instant::now();
    let method = request.method().clone();
    let trace = trace_id(&request);
    let span = tracing::info_span!(target: "sekimori", "request", %trace);
    let route = Route::default();
    let routing = routed(&gate, far, trace, route.clone(), request);
    let response = routing.instrument(span.clone()).await;
    let route = match route.0.get() {
        Some(path) => Arc::from(path.as_str()),
        None => Arc::clone(&gate.no_route),
    };
    let (status, took) = (response.status(), begin.elapsed());
    gate.metrics.request(&route, &method, status.as_u16(), took);
    span.in_scope(|| {
        let (status, milliseconds) = (status.as_u16(), took.as_secs_f64() * 1000.0);
        if status >= 500 && status != 503 {
            tracing::error!(target: "sekimori", %method, %route, status, milliseconds, "answered");
        } else {
            tracing::debug!(target: "sekimori", %method, %route, status, milliseconds, "answered");
        }
    });
    let unsent = pulse.answer();
    drop::<InFlight>(in_flight);
    Ok(response.map(|body| Told::new(body, unsent)))
}

async fn routed(
    gate: &Gate,
    far: Far,
    trace: TraceId,
    route: Route,
    request: Request<Incoming>,
) -> Response {
    let limits = &gate.limits;
    if !names_a_host(&request) {
        return plain(StatusCode::BAD_REQUEST, NO_HOST);
    }
    if declared_length(&request).is_some_and(|length| length > limits.body_bytes_max as u64) {
        return plain(StatusCode::PAYLOAD_TOO_LARGE, TOO_LARGE);
    }
    let (mut head, body) = request.into_parts();
    let Far { connection, presented } = far;
    if let Some(presented) = presented_with(gate, connection, presented, &head.headers) {
        head.extensions.insert(presented);
    }
    let (address, origin) = person_address(connection, &gate.proxies, |name| {
        head.headers.get_all(name).iter().map(http::HeaderValue::as_bytes).collect::<Vec<_>>()
    });
    head.extensions.insert(Peer { peer: peer(connection), address, origin });
    head.extensions.insert(trace);
    head.extensions.insert(route);
    let (body, body_ended) = Bounded::new(body, limits.body_bytes_max);
    let mut router = gate.router.clone();
    let routing = router.call(Request::from_parts(head, Body::new(body)));
    match tokio::time::timeout(limits.request_max, caught(routing)).await {
        Ok(Ok(Ok(response))) => response,
        Ok(Err(Panicked)) => {
            tracing::error!(target: "sekimori", "a handler panicked");
            plain(StatusCode::INTERNAL_SERVER_ERROR, FAULT)
        }
        Err(_) if body_ended.load(Ordering::Relaxed) => {
            let mut response = plain(StatusCode::SERVICE_UNAVAILABLE, BUSY);
            response.headers_mut().insert(header::RETRY_AFTER, RETRY_AFTER_SECONDS);
            response
        }
        Err(_) => plain(StatusCode::REQUEST_TIMEOUT, TOO_SLOW),
    }
}

/// What was presented for this request: nothing but on certificate hosts, where the handshake says it, or the proxy that
/// made it. The header is nobody else's to write (S43).
fn presented_with(
    gate: &Gate,
    connection: Connection,
    by_handshake: Option<Arc<Presented>>,
    headers: &HeaderMap,
) -> Option<Presented> {
    let lines = headers.get_all(client_cert::HEADER).iter().map(http::HeaderValue::as_bytes);
    // Where nobody is to write it, nobody is declared to.
    let by_header = match (gate.answers, &by_handshake) {
        (Answers::CertificateHosts, None) => {
            client_cert::client_cert(connection, &gate.proxies, lines)
        }
        (Answers::CertificateHosts, Some(_)) | (Answers::Pages, _) => {
            client_cert::client_cert(connection, &[], lines)
        }
    };
    if by_header == ClientCert::Ignored {
        gate.metrics.client_cert_ignored();
        if gate.told.is_due() {
            let peer = connection.peer;
            tracing::warn!(target: "sekimori", %peer, "a Client-Cert header was ignored: its sender is not declared to write it");
        }
    }
    match (gate.answers, by_handshake) {
        (Answers::Pages, _) => None,
        (Answers::CertificateHosts, Some(by_handshake)) => Some((*by_handshake).clone()),
        (Answers::CertificateHosts, None) => Some(Presented {
            host: PresentedHost::AtProxy,
            certificate: match by_header {
                ClientCert::Absent | ClientCert::Ignored => None,
                ClientCert::Presented(der) => Some(der.into()),
                ClientCert::Unreadable => Some(Arc::from([])),
            },
        }),
    }
}

/// The connection's other end: after the PROXY protocol, if it states one.
fn peer(connection: Connection) -> IpAddr {
    use sekimori_config::proxy_protocol::Source;
    match connection.stated {
        Some(Source::Stated(address)) => address.ip(),
        Some(Source::Local | Source::Unknown) | None => connection.peer,
    }
}

fn trace_id(request: &Request<Incoming>) -> TraceId {
    request
        .headers()
        .get("traceparent")
        .and_then(|value| TraceId::from_traceparent(value.as_bytes()))
        .unwrap_or_else(|| TraceId::random(&SystemEntropy))
}

/// A request of HTTP/1.1 says for which host it is (RFC 9112, 3.2); that it says so once is looked at where hosts are.
fn names_a_host(request: &Request<Incoming>) -> bool {
    request.version() != Version::HTTP_11
        || request.uri().authority().is_some()
        || request.headers().contains_key(header::HOST)
}

fn declared_length(request: &Request<Incoming>) -> Option<u64> {
    request.headers().get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

const RETRY_AFTER_SECONDS: http::HeaderValue = http::HeaderValue::from_static("5");
const NO_HOST: &str =
    "The request does not say for which host it is.\nリクエストにホスト名がありません。\n";
const TOO_LARGE: &str = "The request is too large.\nリクエストが大きすぎます。\n";
const TOO_SLOW: &str = "The request took too long to arrive. Please try again.\n\
                        リクエストの受信に時間がかかりすぎました。もう一度お試しください。\n";
const BUSY: &str = "Too much is going on at the moment. Please try again in a few seconds.\n\
                    ただいま混み合っています。数秒後にもう一度お試しください。\n";
const FAULT: &str = "Something broke here. It is not your fault. Please try again.\n\
                     サーバー側で問題が発生しました。もう一度お試しください。\n";

/// An answer in both languages for when no page can be made.
fn plain(status: StatusCode, text: &'static str) -> Response {
    let content_type = [(header::CONTENT_TYPE, "text/plain; charset=utf-8")];
    let mut response = (status, content_type, text).into_response();
    sekimori_web::headers::add(response.headers_mut());
    response
}

/// A handler panicked; the connection and the process live on.
struct Panicked;

async fn caught<F: Future>(future: F) -> Result<F::Output, Panicked> {
    let mut future = pin!(future);
    std::future::poll_fn(|cx| {
        let polled = std::panic::catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx)));
        match polled {
            Ok(Poll::Ready(output)) => Poll::Ready(Ok(output)),
            Ok(Poll::Pending) => Poll::Pending,
            Err(_) => Poll::Ready(Err(Panicked)),
        }
    })
    .await
}

#[derive(Clone, Copy)]
struct NamedLayer;

#[derive(Clone)]
struct Named<S>(S);

impl<S> Layer<S> for NamedLayer {
    type Service = Named<S>;
    fn layer(&self, inner: S) -> Named<S> {
        Named(inner)
    }
}

impl<S: Service<Request<Body>>> Service<Request<Body>> for Named<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> S::Future {
        let extensions = request.extensions();
        if let (Some(Route(slot)), Some(path)) = (extensions.get(), extensions.get::<MatchedPath>())
        {
            // A router within a router matches twice; the first pattern is the whole one.
            let _ = slot.set(path.clone());
        }
        self.0.call(request)
    }
}
