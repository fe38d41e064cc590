//! Serving: from settings to open listeners, and back to a closed database.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use sekimori_config::node::{Node, TlsFiles, Transport};
use sekimori_web::{App as WebApp, certificate_host};
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::admin::socket::ManagementSocket;
use crate::app::App;
use crate::command::Failed;
use crate::fetch;
use crate::keeper;
use crate::listen::presenting::Presenting;
use crate::listen::tls::Certificate;
use crate::listen::{self, Answers, Gate, Limits, Listener, Phase, Speaks, Stop, Stopping};
use crate::mail::Mailer;
use crate::manage::checks::{self, Kept};
use crate::manage::health::{self, Health};
use crate::manage::metrics::Metrics;
use crate::notify::{State, notify};

/// Between "not ready" and the first refused connection: load balancers look now and then.
const UNREADY: Duration = Duration::from_millis(500);

/// Certificates are presented for a moment now and then: one connection in so many may be for that.
const CERTIFICATE_SHARE: u16 = 8;

/// Everything that is open while the program serves.
pub struct Serving {
    app: App,
    health: Arc<Health>,
    stop: Stop,
    gate: tokio::task::JoinHandle<()>,
    drain_max: Duration,
    /// Dropping it would stop the management listener.
    _management: Stop,
}

impl Serving {
    /// Open all listeners for `router` and begin to serve.
    pub fn start(app: App, router: Router) -> Result<Self, Failed> {
        let settings = Arc::clone(&app.settings);
        let metrics = metrics(&app);
        let (stop, stopping) = Stop::new();
        let listeners = listeners(&settings, &metrics, &stopping)?;
        let certificates = certificate_listener(&app, &metrics, &stopping)?;
        // The program has taken them before it came here.
        let kept = Kept::now();
        let health =
            Arc::new(Health::new(checks::all(&app, &kept)).watching(checks::impaired(&app)));
        let manager = open(settings.management.address)?;
        let management_router = health::router(Arc::clone(&health), metrics.clone());
        let small = Limits { connections_max: 64, ..Limits::default() };
        let management_gate =
            Gate::new(management_router, Answers::Pages, Vec::new(), small, Metrics::default());
        let manager = Listener { socket: manager, speaks: Speaks::Plain, proxy_protocol: None };
        // Health is answered to the end: nobody waits for its connections.
        let (management, never) = Stop::new();
        tokio::spawn(listen::serve(management_gate, vec![manager], never));
        let socket = settings.management.socket.as_path();
        let socket = ManagementSocket::open(socket)
            .map_err(Failed::at(format!("opening {}", socket.display())))?;
        tokio::spawn(socket.serve(app.clone(), stopping.clone()));
        app.flow.carry_questions(fetch::carrier());
        let mailer = mailer(&settings)?;
        keeper::start(&app, mailer, kept, &metrics, &stopping)
            .map_err(Failed::at("listening for signals"))?;
        let limits = Limits { connections_max: connections_max(), ..Limits::default() };
        let drain_max = limits.drain_max;
        let proxies = settings.proxies.clone();
        let gate = Gate::new(router, Answers::Pages, proxies.clone(), limits, metrics.clone());
        let serving = listen::serve(gate, listeners, stopping.clone());
        let gate = if let Some(listener) = certificates {
            let router = certificate_host::router(WebApp { flow: app.flow.clone(), demo: None });
            let limits = Limits {
                connections_max: limits.connections_max / usize::from(CERTIFICATE_SHARE),
                connections_per_peer_max: limits.connections_per_peer_max
                    / u32::from(CERTIFICATE_SHARE),
                ..limits
            };
            let answers = Answers::CertificateHosts;
            let gate = Gate::new(router, answers, proxies, limits, metrics);
            let presenting = listen::serve(gate, vec![listener], stopping);
            tokio::spawn(async {
                let ((), ()) = tokio::join!(serving, presenting);
            })
        } else {
            tokio::spawn(serving)
        };
        health.started();
        notify(State::Ready);
        Ok(Self { app, health, stop, gate, drain_max, _management: management })
    }

    /// Serve until the process is told to stop, then finish what is in flight. A second signal ends the wait.
    pub async fn until_stopped(mut self) -> Result<(), Failed> {
        let doing = "listening for signals";
        let mut terminate = signal(SignalKind::terminate()).map_err(Failed::at(doing))?;
        let mut interrupt = signal(SignalKind::interrupt()).map_err(Failed::at(doing))?;
        told(&mut terminate, &mut interrupt).await;
        tracing::info!(target: "sekimori", "stopping");
        self.health.draining();
        notify(State::Stopping);
        tokio::time::sleep(UNREADY).await;
        self.stop.enter(Phase::Draining);
        tokio::select! {
            _ = &mut self.gate => {}
            () = tokio::time::sleep(self.drain_max) => {
                tracing::warn!(target: "sekimori", "requests are still in flight; time is up");
            }
            () = told(&mut terminate, &mut interrupt) => {}
        }
        self.stop.enter(Phase::Cut);
        self.app.close().await;
        tracing::info!(target: "sekimori", "stopped");
        Ok(())
    }
}

fn mailer(settings: &Node) -> Result<Option<Mailer>, Failed> {
    let Some(smtp) = &settings.mail else { return Ok(None) };
    Mailer::new(smtp).map(Some).map_err(Failed::at("preparing the way to the mail server"))
}

async fn told(terminate: &mut Signal, interrupt: &mut Signal) {
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}

fn open(address: std::net::SocketAddr) -> Result<TcpListener, Failed> {
    listen::open(address).map_err(|error| {
        let kind = error.kind();
        let failed = Failed::at(format!("listening on {address}"))(error);
        match kind {
            std::io::ErrorKind::AddrInUse => failed.remedy("another program listens there"),
            std::io::ErrorKind::PermissionDenied => {
                failed.remedy("ports below 1024 need CAP_NET_BIND_SERVICE")
            }
            _ => failed,
        }
    })
}

fn listeners(
    settings: &Node,
    metrics: &Metrics,
    stopping: &Stopping,
) -> Result<Vec<Listener>, Failed> {
    let mut certificate: Option<Arc<Certificate>> = None;
    let mut listeners = Vec::new();
    for listener in &settings.listeners {
        let speaks = match &listener.transport {
            Transport::Plain => Speaks::Plain,
            Transport::Tls(files) => {
                // The settings have one certificate for all listeners.
                let standing = if let Some(standing) = certificate.take() {
                    standing
                } else {
                    watched(files, metrics, stopping)?
                };
                let speaks = Speaks::Tls(standing.server_config());
                certificate = Some(standing);
                speaks
            }
        };
        let proxy_protocol = listener.proxy_protocol.as_ref().map(|declared| declared.from.clone());
        let socket = open(listener.address)?;
        let address = socket.local_addr().unwrap_or(listener.address);
        tracing::info!(target: "sekimori", %address, "listening");
        listeners.push(Listener { socket, speaks, proxy_protocol });
    }
    Ok(listeners)
}

/// The certificate of files, taken anew when they change.
fn watched(
    files: &TlsFiles,
    metrics: &Metrics,
    stopping: &Stopping,
) -> Result<Arc<Certificate>, Failed> {
    let certificate = Certificate::load(files).map_err(Failed::at("TLS"))?;
    keeper::watch_certificate(Arc::clone(&certificate), metrics.clone(), stopping)
        .map_err(Failed::at("listening for signals"))?;
    Ok(certificate)
}

/// Where certificates are presented.
fn certificate_listener(
    app: &App,
    metrics: &Metrics,
    stopping: &Stopping,
) -> Result<Option<Listener>, Failed> {
    let Some(listener) = &app.settings.certificates else { return Ok(None) };
    let speaks = match &listener.transport {
        Transport::Plain => Speaks::Plain,
        Transport::Tls(files) => {
            let flow = app.flow.clone();
            let hints = move |host: &str| {
                let now = flow.clock.now();
                flow.tenants.by_certificate_host(host).map(|tenant| tenant.certificate_issuers(now))
            };
            let certificate = watched(files, metrics, stopping)?;
            Speaks::Presenting(Presenting::new(certificate, Box::new(hints)))
        }
    };
    let socket = open(listener.address)?;
    let address = socket.local_addr().unwrap_or(listener.address);
    tracing::info!(target: "sekimori", %address, "listening for certificates");
    let proxy_protocol = listener.proxy_protocol.as_ref().map(|declared| declared.from.clone());
    Ok(Some(Listener { socket, speaks, proxy_protocol }))
}

fn metrics(app: &App) -> Metrics {
    let metrics = Metrics::default();
    let flow = app.flow.clone();
    metrics.gauge(
        "hash_queue_places_taken",
        "Passwords being checked or waiting for it",
        move || flow.hashing.places_taken() as u64,
    );
    let (flow, started_at) = (app.flow.clone(), app.started_at);
    metrics.gauge(
        "audit_checkpoint_age_seconds",
        "Since this node last found all of the audit sealed, or sealed it",
        move || {
            let sealed_at = flow.sealing.sealed_at().unwrap_or(started_at);
            flow.clock.now().seconds_since(sealed_at).try_into().unwrap_or(0)
        },
    );
    let flow = app.flow.clone();
    metrics.gauge(
        "certificate_issuers_without_fresh_list",
        "Other authorities whose certificates are refused because no fresh revocation list is here",
        move || {
            let (tenants, now) = (flow.tenants.all(), flow.clock.now());
            tenants.iter().map(|one| one.issuers.without_fresh_list(now).len() as u64).sum()
        },
    );
    let flow = app.flow.clone();
    metrics.gauge(
        "revocation_list_addresses_failing",
        "Addresses of revocation lists that gave none when they were last asked",
        move || flow.tenants.all().iter().map(|one| one.issuers.failing() as u64).sum(),
    );
    let flow = app.flow.clone();
    metrics.gauge(
        "token_unusable",
        "1 while the token with keys of certificate authorities cannot sign: nothing is issued, and no list renewed",
        move || u64::from(flow.device.problem().is_some()),
    );
    let flow = app.flow.clone();
    metrics.gauge(
        "certificate_responders_failing",
        "Addresses of responders of other authorities that gave no answer when they were last asked",
        move || {
            let tenants = flow.tenants.all();
            tenants.iter().map(|one| one.issuers.responders_failing() as u64).sum()
        },
    );
    let flow = app.flow.clone();
    metrics.sign_ins(move || flow.tally.counts());
    let flow = app.flow.clone();
    metrics.alerts(move || flow.alarm.alerts());
    metrics
}

/// As many connections as the system lets us have files, less some for the database and ourselves.
fn connections_max() -> usize {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    const OURS: u64 = 200;
    let limit = getrlimit(Resource::Nofile);
    // The soft limit of shells is for programs that use select(2).
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    let files = match setrlimit(Resource::Nofile, raised) {
        Ok(()) => limit.maximum,
        Err(_) => limit.current,
    };
    let files = files.unwrap_or(u64::MAX).saturating_sub(OURS).max(16);
    Limits::default().connections_max.min(usize::try_from(files).unwrap_or(usize::MAX))
}
