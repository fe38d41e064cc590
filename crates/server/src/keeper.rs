//! What goes on in the background as long as the program serves. No round ever ends the process: what failed is
//! logged, and tried again with the next.

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use sekimori_base::Fault;
use sekimori_store::Urgency;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::{MissedTickBehavior, interval};

use crate::app::App;
use crate::listen::tls::Certificate;
use crate::listen::{Phase, Stopping};
use crate::lists::fetch_due;
use crate::mail::{Mailer, deliver_due};
use crate::manage::checks::Kept;
use crate::manage::metrics::Metrics;

/// New settings and keys are taken within this time (every node within 5 s).
const KEEP: Duration = Duration::from_secs(2);
/// Rotations that are due.
const ROTATE: Duration = Duration::from_mins(1);
/// Revocation lists of other authorities that are due.
const LISTS: Duration = Duration::from_secs(5);
/// Whether the token of authorities' keys can sign.
const TOKEN: Duration = Duration::from_secs(10);
/// Checkpoints of the audit.
const SEAL: Duration = Duration::from_secs(sekimori_flow::checkpoint::ROUND_SECONDS.unsigned_abs());
/// Mail that is due.
const MAIL: Duration = Duration::from_secs(2);
/// Codes that are due: somebody waits for each.
const CODES: Duration = Duration::from_millis(500);
/// What is over in weeks is told once a day.
const REMIND: Duration = Duration::from_hours(24);
/// Expired rows.
const SWEEP: Duration = Duration::from_secs(30);
/// Changed certificate files.
const CERTIFICATES: Duration = Duration::from_secs(5);

/// Begin all of it.
pub fn start(
    app: &App,
    mailer: Option<Mailer>,
    kept: Kept,
    metrics: &Metrics,
    stopping: &Stopping,
) -> io::Result<()> {
    let one = app.clone();
    let keep = move || {
        let (app, kept) = (one.clone(), kept.clone());
        async move {
            app.flow.keep(app.node, app.started_at).await?;
            kept.again();
            Ok(())
        }
    };
    at_once_on_hangup("taking settings and keys", KEEP, stopping, keep)?;
    let two = app.clone();
    let rotate = move || {
        let app = two.clone();
        async move { app.flow.rotate_due_keys().await }
    };
    every("rotating keys", ROTATE, stopping, rotate);
    let ending = app.clone();
    let end = move || {
        let app = ending.clone();
        async move { app.flow.end_certificates().await }
    };
    every("ending the certificates of ended accounts", ROTATE, stopping, end);
    let reminding = app.clone();
    let remind = move || {
        reminding.flow.remind_of_root_lists();
        std::future::ready(Ok(()))
    };
    every("looking at the lists of roots", REMIND, stopping, remind);
    fetch_lists(app, stopping);
    watch_token(app, stopping);
    let sealing = app.clone();
    let seal = move || {
        let app = sealing.clone();
        async move { app.seal_audit().await }
    };
    every("sealing the audit", SEAL, stopping, seal);
    let three = app.clone();
    if let Some(mailer) = mailer {
        // Apart from each other: no code waits behind a pile of notices.
        for (doing, period, urgency) in
            [("sending codes", CODES, Urgency::Urgent), ("sending mail", MAIL, Urgency::Ordinary)]
        {
            let (four, mailer, metrics) = (app.clone(), mailer.clone(), metrics.clone());
            let deliver = move || {
                let (app, mailer, metrics) = (four.clone(), mailer.clone(), metrics.clone());
                async move { deliver_due(&app.flow, &mailer, &metrics, urgency).await }
            };
            every(doing, period, stopping, deliver);
        }
    }
    every("removing what has expired", SWEEP, stopping, move || sweep(three.clone()));
    Ok(())
}

fn watch_token(app: &App, stopping: &Stopping) {
    let looking = app.clone();
    let look = move || {
        let app = looking.clone();
        async move { app.flow.look_at_device().await }
    };
    every("looking at the token", TOKEN, stopping, look);
}

fn fetch_lists(app: &App, stopping: &Stopping) {
    let fetching = app.clone();
    let fetch = move || {
        let app = fetching.clone();
        async move { fetch_due(&app).await }
    };
    every("fetching revocation lists", LISTS, stopping, fetch);
}

async fn sweep(app: App) -> Result<(), Fault> {
    for tenant in app.flow.tenants.all() {
        loop {
            let now = app.flow.clock.now();
            let retention = tenant.site.retention.clone();
            let swept = app.flow.store.sweep(tenant.id, now, retention).await?;
            if !swept.more {
                break;
            }
            // Sign-ins come between the steps.
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
    Ok(())
}

/// Run `round` again and again until the process drains.
pub(crate) fn every<F>(
    doing: &'static str,
    period: Duration,
    stopping: &Stopping,
    round: impl Fn() -> F + Send + Sync + 'static,
) where
    F: Future<Output = Result<(), Fault>> + Send + 'static,
{
    rounds(doing, period, stopping, None, round);
}

/// The same, and at once on SIGHUP. The handler stays for as long as the process lives.
fn at_once_on_hangup<F>(
    doing: &'static str,
    period: Duration,
    stopping: &Stopping,
    round: impl Fn() -> F + Send + Sync + 'static,
) -> io::Result<()>
where
    F: Future<Output = Result<(), Fault>> + Send + 'static,
{
    rounds(doing, period, stopping, Some(signal(SignalKind::hangup())?), round);
    Ok(())
}

fn rounds<F>(
    doing: &'static str,
    period: Duration,
    stopping: &Stopping,
    mut hangups: Option<Signal>,
    round: impl Fn() -> F + Send + Sync + 'static,
) where
    F: Future<Output = Result<(), Fault>> + Send + 'static,
{
    let mut stopping = stopping.clone();
    tokio::spawn(async move {
        let mut ticks = interval(period);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let rounds = async {
            loop {
                tokio::select! {
                    _ = ticks.tick() => {}
                    () = next(&mut hangups) => {
                        tracing::info!(target: "sekimori", "{doing}: asked for by SIGHUP");
                    }
                }
                if let Err(fault) = round().await {
                    let error = &fault as &dyn std::error::Error;
                    tracing::error!(target: "sekimori", error, "{doing} failed");
                }
            }
        };
        tokio::select! {
            () = rounds => {}
            () = stopping.reached(Phase::Draining) => {}
        }
    });
}

/// The next signal; never where none is listened for.
async fn next(signals: &mut Option<Signal>) {
    match signals {
        Some(signals) => drop(signals.recv().await),
        None => std::future::pending().await,
    }
}

/// Take changed certificate files, looked for now and then and at once on SIGHUP.
pub fn watch_certificate(
    certificate: Arc<Certificate>,
    metrics: Metrics,
    stopping: &Stopping,
) -> io::Result<()> {
    let mut hangups = signal(SignalKind::hangup())?;
    let mut stopping = stopping.clone();
    tokio::spawn(async move {
        let watching = async {
            let mut ticks = interval(CERTIFICATES);
            let mut stamp = certificate.stamp();
            loop {
                let asked = tokio::select! {
                    _ = ticks.tick() => false,
                    _ = hangups.recv() => true,
                };
                let seen = certificate.stamp();
                if seen == stamp && !asked {
                    continue;
                }
                stamp = seen;
                reload(&certificate, &metrics);
            }
        };
        tokio::select! {
            () = watching => {}
            () = stopping.reached(Phase::Draining) => {}
        }
    });
    Ok(())
}

fn reload(certificate: &Certificate, metrics: &Metrics) {
    let file = certificate.path().display();
    match certificate.reload() {
        Ok(()) => tracing::info!(target: "sekimori", %file, "the certificate was taken anew"),
        Err(error) => {
            metrics.reload_failed();
            tracing::error!(target: "sekimori", %error, "the old certificate stays in use");
        }
    }
}
