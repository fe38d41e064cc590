//! The flows that stores and services see: workers, the bare cost that belongs to them, the figures.

use std::rc::Rc;
use std::time::Duration;

use crate::Wrong;
use crate::arguments::{Arguments, Database, FlowName};
use crate::bare::{Bare, argon2_by_the_crate};
use crate::browser::Origin;
use crate::echo;
use crate::flows::{ClientCredentials, Discovery, Flow, Login, Refresh, Sso};
use crate::measure::{Beside, Measured, measure};
use crate::people::Crowd;
use crate::report::Report;
use crate::server::Server;
use crate::world::{Clients, World};

/// How long the library's own Argon2id is measured, after the flow.
const CRATE_ALONE: Duration = Duration::from_secs(3);
/// Standing sessions in `sso`, of all workers together.
const SESSIONS: usize = 512;

/// Measure one flow.
pub async fn run(arguments: &Arguments, world: &World, report: &mut Report) -> Result<(), Wrong> {
    let server = world.start().await?;
    let first = server.pss_mib();
    let Clients { library, departments, robot } = world.clients(arguments.algorithm()).await?;
    let crowd = Rc::new(Crowd::new(arguments.people));
    let (origin, workers) = (&world.origin, usize::from(arguments.workers));
    let beside = beside(arguments, world).await?;
    report.put("bare", beside.describe());
    let measured = match arguments.flow {
        FlowName::Sso => {
            let mut all = Vec::new();
            for _ in 0..workers {
                let people = (0..SESSIONS.div_ceil(workers)).map(|_| crowd.next());
                let one = Sso::new(origin, &departments, people).await;
                all.push(one.map_err(Wrong::at("sso"))?);
            }
            go(arguments, world, &server, all, beside).await?
        }
        FlowName::Refresh => {
            let mut all = Vec::new();
            for _ in 0..workers {
                let one = Refresh::new(origin, &library, crowd.next()).await;
                all.push(one.map_err(Wrong::at("refresh"))?);
            }
            go(arguments, world, &server, all, beside).await?
        }
        FlowName::Client => {
            let all = (0..workers).map(|_| ClientCredentials::new(origin, &robot)).collect();
            go(arguments, world, &server, all, beside).await?
        }
        FlowName::Discovery => {
            let all = (0..workers).map(|_| Discovery::new(origin)).collect();
            go(arguments, world, &server, all, beside).await?
        }
        FlowName::Login
        | FlowName::Certificate
        | FlowName::Ocsp
        | FlowName::Crl
        | FlowName::Start
        | FlowName::Idle
        | FlowName::Storm
        | FlowName::Twin => {
            let all = (0..workers).map(|_| Login::new(origin, &library, &crowd)).collect();
            go(arguments, world, &server, all, beside).await?
        }
    };
    tell(report, &measured, first);
    server.stop();
    if arguments.flow == FlowName::Login {
        let crate_alone = argon2_by_the_crate(&world.cores, CRATE_ALONE).await?.per_second;
        report.figure("argon2_crate_per_second", crate_alone);
        report.figure("ratio_to_argon2_crate", measured.flows_per_second / crate_alone);
    }
    Ok(())
}

async fn go<F: Flow + 'static>(
    arguments: &Arguments,
    world: &World,
    server: &Server,
    mut workers: Vec<F>,
    beside: Beside,
) -> Result<Measured, Wrong> {
    measure(&mut workers, beside, server, &world.cores, arguments.seconds).await
}

/// Hashing is the cost of a login, signing that of what stores nothing to speak of; on PostgreSQL, and for refresh
/// anywhere, it is the commit.
pub async fn beside(arguments: &Arguments, world: &World) -> Result<Beside, Wrong> {
    let signature = || Bare::signature(arguments.algorithm());
    Ok(Beside::Bare(match (arguments.flow, arguments.database) {
        (FlowName::Client | FlowName::Ocsp, _) | (FlowName::Sso, Database::Sqlite) => signature()?,
        (FlowName::Refresh, Database::Sqlite) => {
            Bare::sqlite_commits(world.folder().join("bare.db"))?
        }
        (FlowName::Sso | FlowName::Refresh, Database::Postgres) => {
            Bare::PostgresCommits(world.postgres_url.clone().unwrap_or_default())
        }
        (FlowName::Discovery, _) => return answers(arguments, world).await,
        (
            FlowName::Login
            | FlowName::Certificate
            | FlowName::Crl
            | FlowName::Start
            | FlowName::Idle
            | FlowName::Storm
            | FlowName::Twin,
            _,
        ) => Bare::argon2()?,
    }))
}

async fn answers(arguments: &Arguments, world: &World) -> Result<Beside, Wrong> {
    let mut one = Discovery::new(&world.origin);
    one.walk().await.map_err(Wrong::at("discovery"))?;
    let address = echo::start(world.cores.server, one.bodies).await?;
    let origin = Origin { address, ..world.origin.clone() };
    let against = |_| Discovery::new(&world.origin).against(&origin);
    Ok(Beside::Answers((0..arguments.workers).map(against).collect()))
}

/// The figures of a flow.
pub fn tell(report: &mut Report, measured: &Measured, pss_at_first: f64) {
    report.figure("flows_per_second", measured.flows_per_second);
    report.figure("bare_per_second", measured.bare_per_second);
    report.figure("ratio", measured.ratio);
    report.figure("p50_ms", measured.p50_ms);
    report.figure("p95_ms", measured.p95_ms);
    report.figure("p99_ms", measured.p99_ms);
    report.figure("server_pss_mib", measured.server_pss_mib);
    report.figure("server_pss_mib_before", pss_at_first);
    report.figure("server_cpu_ms", measured.server_cpu_ms);
    report.figure("flows_per_cpu_second", 1000.0 / measured.server_cpu_ms);
    if let Some(ratio) = measured.cpu_ratio() {
        report.figure("bare_cpu_ms", measured.bare_cpu_ms);
        report.figure("cpu_ratio", ratio);
    }
    report.figure("generator_busy", measured.generator_busy);
    report.put("flows", measured.flows);
    report.failures(&measured.failures);
    report.must("sound", measured.is_sound());
}
