//! `/health/started`, `/health/live`, `/health/ready`, `/metrics`: for probes, on a listener of their own.
//!
//! `live` never depends on anything outside of this process: a database that is away is no reason to restart.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use http::{StatusCode, header};
use serde::Serialize;

use super::metrics::Metrics;

/// A check may take that long; a database that hangs is one that is away.
const CHECK_MAX: Duration = Duration::from_secs(2);

type Checking = Pin<Box<dyn Future<Output = Result<(), String>> + Send>>;

/// One thing without which nobody can sign in.
pub struct Check {
    name: &'static str,
    run: Box<dyn Fn() -> Checking + Send + Sync>,
}

impl Check {
    /// A check by that name; its error is one sentence for operators.
    pub fn new<F>(name: &'static str, run: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<(), String>> + Send + 'static,
    {
        Self { name, run: Box::new(move || Box::pin(run())) }
    }
}

/// Where the process is in its life, and what it needs.
pub struct Health {
    started: AtomicBool,
    draining: AtomicBool,
    checks: Vec<Check>,
    impaired: Vec<Check>,
}

/// What a probe reads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// `ok`, or `failed`.
    pub status: &'static str,
    /// What failed, and why.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub failed: Vec<Failed>,
    /// What does not work although people can sign in, and why; it makes no node unready.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub impaired: Vec<Failed>,
}

/// One check that failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Failed {
    /// Its name.
    pub check: &'static str,
    /// Why.
    pub why: String,
}

impl Health {
    /// A process that has not started yet.
    pub fn new(checks: Vec<Check>) -> Self {
        let (started, draining) = (AtomicBool::new(false), AtomicBool::new(false));
        Self { started, draining, checks, impaired: Vec::new() }
    }

    /// With checks of what people can sign in without.
    #[must_use]
    pub fn watching(self, impaired: Vec<Check>) -> Self {
        Self { impaired, ..self }
    }

    /// All listeners are open.
    pub fn started(&self) {
        self.started.store(true, Ordering::Release);
    }

    /// No new work, please: the process is about to end.
    pub fn draining(&self) {
        self.draining.store(true, Ordering::Release);
    }

    /// Whether people can sign in here now.
    pub async fn ready(&self) -> Report {
        let mut failed = self.start_failures();
        if self.draining.load(Ordering::Acquire) {
            failed.push(Failed { check: "draining", why: "the process is about to end".into() });
        }
        failed.extend(run(&self.checks).await);
        Report { impaired: run(&self.impaired).await, ..Report::new(failed) }
    }

    fn start_failures(&self) -> Vec<Failed> {
        if self.started.load(Ordering::Acquire) {
            return Vec::new();
        }
        vec![Failed { check: "started", why: "the process is still starting".into() }]
    }
}

/// Those that fail, and why.
async fn run(checks: &[Check]) -> Vec<Failed> {
    let mut failed = Vec::new();
    for check in checks {
        let answer = tokio::time::timeout(CHECK_MAX, (check.run)()).await;
        let why = match answer {
            Ok(Ok(())) => continue,
            Ok(Err(why)) => why,
            Err(_) => format!("no answer within {} seconds", CHECK_MAX.as_secs()),
        };
        failed.push(Failed { check: check.name, why });
    }
    failed
}

impl Report {
    fn new(failed: Vec<Failed>) -> Self {
        let status = if failed.is_empty() { "ok" } else { "failed" };
        Self { status, failed, impaired: Vec::new() }
    }
}

impl IntoResponse for Report {
    fn into_response(self) -> Response {
        let failed = !self.failed.is_empty();
        let status = if failed { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
        (status, [(header::CACHE_CONTROL, "no-store")], Json(self)).into_response()
    }
}

/// The router of the management listener.
pub fn router(health: Arc<Health>, metrics: Metrics) -> Router {
    let started = async |State(health): State<Arc<Health>>| Report::new(health.start_failures());
    let ready = async |State(health): State<Arc<Health>>| health.ready().await;
    let read = async move || {
        let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
        ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "no-store")], metrics.text())
    };
    Router::new()
        .route("/health/started", get(started))
        .route("/health/live", get(async || Report::new(Vec::new())))
        .route("/health/ready", get(ready))
        .route("/metrics", get(read))
        .with_state(health)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_node_is_ready_when_it_has_started_and_every_check_passes() {
        let passing = Check::new("keys", || async { Ok(()) });
        let health = Health::new(vec![passing]);
        assert_eq!(health.ready().await.failed[0].check, "started");
        health.started();
        assert_eq!(health.ready().await.status, "ok");
        health.draining();
        assert_eq!(health.ready().await.failed[0].check, "draining");
    }

    #[tokio::test(start_paused = true)]
    async fn what_people_can_sign_in_without_is_told_and_makes_no_node_unready() {
        let away = Check::new("token", || async { Err("it is away".to_owned()) });
        let health = Health::new(Vec::new()).watching(vec![away]);
        health.started();
        let report = health.ready().await;
        assert_eq!((report.status, report.impaired[0].check), ("ok", "token"));
        assert_eq!(report.into_response().status(), StatusCode::OK);
    }

    #[tokio::test(start_paused = true)]
    async fn a_check_that_hangs_has_failed() {
        let hanging = Check::new("database", std::future::pending);
        let health = Health::new(vec![hanging]);
        health.started();
        let report = health.ready().await;
        assert_eq!(report.failed[0].why, "no answer within 2 seconds");
        assert_eq!(report.into_response().status(), StatusCode::SERVICE_UNAVAILABLE);
    }
}
