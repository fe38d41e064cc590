//! What Prometheus reads. No label holds a user name, an address or anything else that a caller chooses.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric};
use prometheus_client::metrics::counter::{ConstCounter, Counter};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};
use sekimori_flow::{Alert, Side};
use sekimori_login::Reason;

/// Upper bounds of the latency buckets, in seconds; 0.25 is the promise to people.
const LATENCY_BUCKETS: [f64; 10] = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];

/// One kind of request.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    route: Arc<str>,
    method: &'static str,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabels {
    route: Arc<str>,
}

/// Why a connection was closed before its first request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Refused {
    /// The listener holds as many as it may.
    Full,
    /// The peer holds as many as one peer may.
    FullForPeer,
    /// The PROXY protocol header was missing, malformed, late or from an unlisted peer.
    ProxyProtocol,
    /// No TLS session came about.
    Tls,
}

impl Refused {
    const fn label(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::FullForPeer => "full_for_peer",
            Self::ProxyProtocol => "proxy_protocol",
            Self::Tls => "tls",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RefusedLabels {
    reason: &'static str,
}

/// Decisions about sign-ins: the reason, where they came from, how many.
pub type Decisions = Vec<(Reason, Side, u64)>;

/// Where all numbers are kept. Cheap to clone.
#[derive(Clone)]
pub struct Metrics {
    registry: Arc<std::sync::Mutex<Registry>>,
    requests: Family<RequestLabels, Counter>,
    latency: Family<RouteLabels, Histogram, fn() -> Histogram>,
    connections: Gauge,
    refused: Family<RefusedLabels, Counter>,
    mails: Family<RefusedLabels, Counter>,
    reloads_failed: Counter,
    client_certs_ignored: Counter,
}

fn latency_histogram() -> Histogram {
    Histogram::new(LATENCY_BUCKETS)
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("sekimori");
        let build = Info::new(vec![("version", env!("CARGO_PKG_VERSION"))]);
        registry.register("build", "The running program", build);
        let metrics = Self {
            requests: Family::default(),
            latency: Family::new_with_constructor(latency_histogram),
            connections: Gauge::default(),
            refused: Family::default(),
            mails: Family::default(),
            reloads_failed: Counter::default(),
            client_certs_ignored: Counter::default(),
            registry: Arc::default(),
        };
        registry.register("http_requests", "Requests answered", metrics.requests.clone());
        registry.register_with_unit(
            "http_request_duration",
            "From the end of a request's head to the beginning of its answer",
            Unit::Seconds,
            metrics.latency.clone(),
        );
        registry.register("http_connections", "Open connections", metrics.connections.clone());
        registry.register(
            "http_connections_refused",
            "Connections closed before their first request",
            metrics.refused.clone(),
        );
        registry.register("mails", "Outgoing mail by result", metrics.mails.clone());
        registry.register(
            "tls_reload_failures",
            "Changed certificate files that could not be used",
            metrics.reloads_failed.clone(),
        );
        registry.register(
            "client_cert_headers_ignored",
            "Client-Cert headers of senders who are not declared to write them",
            metrics.client_certs_ignored.clone(),
        );
        *metrics.registry.lock().expect("nobody holds it yet") = registry;
        metrics
    }
}

impl Metrics {
    /// A request was answered. `route` is the pattern that it matched, never its path.
    pub fn request(&self, route: &Arc<str>, method: &http::Method, status: u16, took: Duration) {
        let labels =
            RequestLabels { route: Arc::clone(route), method: method_label(method), status };
        self.requests.get_or_create(&labels).inc();
        let labels = RouteLabels { route: Arc::clone(route) };
        self.latency.get_or_create(&labels).observe(took.as_secs_f64());
    }

    /// Decisions about sign-ins, asked for whenever somebody reads the metrics.
    pub fn sign_ins(&self, counts: impl Fn() -> Decisions + Send + Sync + 'static) {
        self.registry().register_collector(Box::new(SignIns(Box::new(counts))));
    }

    /// Alerts about passwords that are tried on many names, asked for whenever somebody reads the metrics.
    pub fn alerts(&self, counts: impl Fn() -> [(Alert, u64); 3] + Send + Sync + 'static) {
        self.registry().register_collector(Box::new(Alerts(Box::new(counts))));
    }

    /// A mail was handed over (`sent`, `sent_by_second`), will be tried again (`later`) or was given up (`given_up`).
    pub fn mail(&self, result: &'static str) {
        self.mails.get_or_create(&RefusedLabels { reason: result }).inc();
    }

    /// A changed certificate could not be used.
    pub fn reload_failed(&self) {
        self.reloads_failed.inc();
    }

    /// Somebody who is not declared to wrote a `Client-Cert` header.
    pub(crate) fn client_cert_ignored(&self) {
        self.client_certs_ignored.inc();
    }

    /// Connections that are open.
    pub(crate) fn connections(&self) -> &Gauge {
        &self.connections
    }

    /// A connection was closed before its first request.
    pub(crate) fn refused(&self, why: Refused) {
        self.refused.get_or_create(&RefusedLabels { reason: why.label() }).inc();
    }

    /// A gauge whose value is asked for whenever somebody reads the metrics.
    pub fn gauge(
        &self,
        name: &'static str,
        help: &'static str,
        value: impl Fn() -> u64 + Send + Sync + 'static,
    ) {
        let asked = Asked { name, help, value: Box::new(value) };
        self.registry().register_collector(Box::new(asked));
    }

    /// Everything, in the text format of OpenMetrics.
    pub fn text(&self) -> String {
        let mut text = String::new();
        if prometheus_client::encoding::text::encode(&mut text, &self.registry()).is_err() {
            // Writing to a String cannot fail; an empty answer would read as "no metrics".
            let _ = writeln!(text, "# not readable");
        }
        text
    }

    fn registry(&self) -> std::sync::MutexGuard<'_, Registry> {
        self.registry.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// Methods come from callers; ours are few.
fn method_label(method: &http::Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "OPTIONS" => "OPTIONS",
        _ => "other",
    }
}

struct Asked {
    name: &'static str,
    help: &'static str,
    value: Box<dyn Fn() -> u64 + Send + Sync>,
}

impl std::fmt::Debug for Asked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

impl Collector for Asked {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let gauge = ConstGauge::<u64>::new((self.value)());
        let metric = encoder.encode_descriptor(self.name, self.help, None, gauge.metric_type())?;
        gauge.encode(metric)
    }
}

struct SignIns(Box<dyn Fn() -> Decisions + Send + Sync>);

impl std::fmt::Debug for SignIns {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SignIns")
    }
}

impl Collector for SignIns {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let help = "Decisions about sign-ins, questions among them";
        let kind = prometheus_client::metrics::MetricType::Counter;
        let mut metric = encoder.encode_descriptor("sign_ins", help, None, kind)?;
        for (reason, side, count) in (self.0)() {
            let inside = match side {
                Side::Inside => "true",
                Side::Outside => "false",
            };
            let labels = [("reason", reason.code()), ("inside", inside)];
            ConstCounter::new(count).encode(metric.encode_family(&labels)?)?;
        }
        Ok(())
    }
}

struct Alerts(Box<dyn Fn() -> [(Alert, u64); 3] + Send + Sync>);

impl std::fmt::Debug for Alerts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Alerts")
    }
}

impl Collector for Alerts {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let help = "Passwords tried on many user names: how often that was noticed";
        let kind = prometheus_client::metrics::MetricType::Counter;
        let mut metric = encoder.encode_descriptor("spray_alerts", help, None, kind)?;
        for (alert, count) in (self.0)() {
            let labels = [("kind", alert.as_str())];
            ConstCounter::new(count).encode(metric.encode_family(&labels)?)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_counted_by_route_and_status() {
        let metrics = Metrics::default();
        metrics.gauge("hash_queue_places_taken", "Sign-ins in the hash queue", || 7);
        let route: Arc<str> = "/sign-in/{request}".into();
        metrics.request(&route, &http::Method::GET, 200, Duration::from_millis(200));
        metrics.request(&route, &http::Method::from_bytes(b"X").unwrap(), 405, Duration::ZERO);
        metrics.sign_ins(|| vec![(Reason::LoginRequired, Side::Inside, 3)]);
        metrics.alerts(|| Alert::ALL.map(|alert| (alert, 2)));
        let text = metrics.text();
        for line in [
            r#"sekimori_http_requests_total{route="/sign-in/{request}",method="GET",status="200"} 1"#,
            r#"method="other",status="405"} 1"#,
            r#"le="0.25",route="/sign-in/{request}"} 2"#,
            "sekimori_hash_queue_places_taken 7",
            r#"sekimori_build_info{version=""#,
            r#"sekimori_spray_alerts_total{kind="password_outside"} 2"#,
            r#"sekimori_sign_ins_total{reason="sso.login_required",inside="true"} 3"#,
        ] {
            assert!(text.contains(line), "{line} is not in\n{text}");
        }
    }
}
