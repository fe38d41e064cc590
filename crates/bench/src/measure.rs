//! A flow and the bare cost of its parts in turns of a second, and what comes of it.

use std::rc::Rc;
use std::time::{Duration, Instant};

use crate::Wrong;
use crate::bare::{Bare, Rate, rate};
use crate::failure::{Failure, Failures};
use crate::flows::{Discovery, Flow};
use crate::outside::cpu_of_this_thread;
use crate::pin::Cores;
use crate::presenting::{self, Handshake};
use crate::server::Server;
use crate::statistics::{count, median, quantile};

/// Length of a turn.
const TURN: Duration = Duration::from_secs(1);
/// Longest that one flow may take.
const FLOW_SECONDS_MAX: u64 = 60;
/// A worker that fails so often in a turn gives up for this turn.
const FAILURES_MAX: u64 = 20;

/// What is measured beside the flow.
pub enum Beside {
    /// The bare cost of its parts.
    Bare(Bare),
    /// The same flow against a server that only answers.
    Answers(Vec<Discovery>),
    /// The same handshake with a server that does nothing else.
    Handshakes(Vec<Handshake>, Rc<presenting::Bare>),
}

impl Beside {
    /// What it is, for the report.
    pub fn describe(&self) -> String {
        match self {
            Self::Bare(bare) => bare.describe(),
            Self::Answers(_) => "the same two requests to a server that only answers".to_owned(),
            Self::Handshakes(..) => {
                "the same TLS 1.3 handshake with a client certificate, and nothing else".to_owned()
            }
        }
    }

    async fn turn(&mut self, cores: &Cores) -> Result<Rate, Wrong> {
        match self {
            Self::Bare(bare) => bare.slice(cores, TURN).await,
            Self::Answers(workers) => elsewhere(workers, || Duration::ZERO).await,
            Self::Handshakes(workers, bare) => elsewhere(workers, || bare.cpu()).await,
        }
    }
}

/// A turn against another server, whose CPU time is told by `cpu`.
async fn elsewhere<F: Flow + 'static>(
    workers: &mut Vec<F>,
    cpu: impl Fn() -> Duration,
) -> Result<Rate, Wrong> {
    let before = cpu();
    let turn = turn(workers, TURN).await;
    match turn.failures.iter().next() {
        None => Ok(rate(turn.latencies.len(), turn.took, cpu().saturating_sub(before))),
        Some((what, _)) => Err(Wrong::new(format!("a server beside ours: {what}"))),
    }
}

/// One turn of a flow.
struct Turn {
    took: Duration,
    /// In milliseconds.
    latencies: Vec<f64>,
    failures: Failures,
}

/// What came of all turns.
#[derive(Debug, Clone, Default)]
pub struct Measured {
    /// Flows in all.
    pub flows: usize,
    /// Flows per second, median of the turns.
    pub flows_per_second: f64,
    /// The bare cost's, likewise.
    pub bare_per_second: f64,
    /// Median of the pairs' ratios.
    pub ratio: f64,
    /// How long flows took, in milliseconds.
    pub p50_ms: f64,
    /// 95 of 100 were faster.
    pub p95_ms: f64,
    /// 99 of 100 were faster.
    pub p99_ms: f64,
    /// CPU time of the server for a flow, in milliseconds.
    pub server_cpu_ms: f64,
    /// CPU time of the bare cost, in milliseconds; 0 where it is spent elsewhere.
    pub bare_cpu_ms: f64,
    /// How much of its core the generator used.
    pub generator_busy: f64,
    /// The server's greatest proportional set size after a turn.
    pub server_pss_mib: f64,
    /// What failed.
    pub failures: Failures,
}

/// Measure: a turn to warm up, then pairs of a bare turn and a turn of the flow.
pub async fn measure<F: Flow + 'static>(
    workers: &mut Vec<F>,
    mut beside: Beside,
    server: &Server,
    cores: &Cores,
    seconds: u64,
) -> Result<Measured, Wrong> {
    let mut failures = turn(workers, TURN).await.failures;
    let (mut latencies, mut rates, mut bare_rates, mut ratios) = (vec![], vec![], vec![], vec![]);
    let (mut server_cpus, mut bare_cpus, mut busy) = (vec![], vec![], vec![]);
    let mut server_pss_mib = server.pss_mib();
    for _ in 0..seconds {
        let bare = beside.turn(cores).await?;
        let (server_cpu, own_cpu) = (server.cpu(), cpu_of_this_thread());
        let flow = turn(workers, TURN).await;
        let server_cpu = server.cpu().saturating_sub(server_cpu);
        let own_cpu = cpu_of_this_thread().saturating_sub(own_cpu);
        let done = rate(flow.latencies.len(), flow.took, server_cpu);
        ratios.push(done.per_second / bare.per_second);
        rates.push(done.per_second);
        bare_rates.push(bare.per_second);
        server_cpus.push(done.cpu_ms);
        bare_cpus.push(bare.cpu_ms);
        busy.push(own_cpu.as_secs_f64() / flow.took.as_secs_f64());
        server_pss_mib = server_pss_mib.max(server.pss_mib());
        latencies.extend(flow.latencies);
        failures.merge(flow.failures);
    }
    Ok(Measured {
        flows: latencies.len(),
        flows_per_second: median(&mut rates),
        bare_per_second: median(&mut bare_rates),
        ratio: median(&mut ratios),
        p50_ms: quantile(&mut latencies, 0.50),
        p95_ms: quantile(&mut latencies, 0.95),
        p99_ms: quantile(&mut latencies, 0.99),
        server_cpu_ms: median(&mut server_cpus),
        bare_cpu_ms: median(&mut bare_cpus),
        generator_busy: median(&mut busy),
        server_pss_mib,
        failures,
    })
}

/// All workers walk until the time is over; what is under way is walked to its end, and its time counts.
async fn turn<F: Flow + 'static>(workers: &mut Vec<F>, length: Duration) -> Turn {
    let begin = Instant::now();
    let tasks: Vec<_> = workers
        .drain(..)
        .map(|worker| tokio::task::spawn_local(walk_until(worker, begin + length)))
        .collect();
    let mut all = Turn { took: length, latencies: Vec::new(), failures: Failures::default() };
    for task in tasks {
        let (worker, latencies, failures) = task.await.expect("no worker panics");
        workers.push(worker);
        all.latencies.extend(latencies);
        all.failures.merge(failures);
    }
    all.took = begin.elapsed();
    all
}

async fn walk_until<F: Flow>(mut worker: F, until: Instant) -> (F, Vec<f64>, Failures) {
    let (mut latencies, mut failures) = (Vec::with_capacity(1024), Failures::default());
    while Instant::now() < until && failures.count() < FAILURES_MAX {
        let begin = Instant::now();
        match in_time(worker.walk()).await {
            Ok(()) => latencies.push(begin.elapsed().as_secs_f64() * 1000.0),
            Err(failure) => failures.add(&failure),
        }
    }
    (worker, latencies, failures)
}

/// What `flow` gives, unless it takes too long.
pub async fn in_time<T>(flow: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let longest = Duration::from_secs(FLOW_SECONDS_MAX);
    tokio::time::timeout(longest, flow).await.unwrap_or(Err(Failure::Late(FLOW_SECONDS_MAX)))
}

impl Measured {
    /// What a core that does nothing else would reach, by CPU time; `None` where the bare cost is spent elsewhere.
    pub fn cpu_ratio(&self) -> Option<f64> {
        (self.bare_cpu_ms > 0.0).then(|| self.bare_cpu_ms / self.server_cpu_ms)
    }

    /// Whether there were flows, and none failed.
    pub fn is_sound(&self) -> bool {
        self.failures.count() == 0 && count(self.flows) > 0.0
    }
}
