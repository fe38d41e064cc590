//! The load program: whole flows against a server of its own, beside the bare cost of their parts.
//!
//! `docs/bench.md` says what the figures mean. What is deliberately absent: any way to aim it at a server that it did
//! not start itself.

mod arguments;
mod authority;
mod bare;
mod browser;
mod certificate;
mod echo;
mod failure;
mod flows;
mod idle;
mod measure;
mod outside;
mod people;
mod pin;
mod postgres;
mod presenting;
mod process;
mod report;
mod run;
mod server;
mod service;
mod start;
mod statistics;
mod status;
mod storm;
mod text;
mod twin;
mod wire;
mod world;
mod wrong;

use std::process::ExitCode;

use clap::Parser;
use tokio::task::LocalSet;

use arguments::{Arguments, FlowName};
use pin::Cores;
use report::Report;
use world::World;
use wrong::Wrong;

fn main() -> ExitCode {
    let arguments = Arguments::parse().settled();
    match measured(&arguments) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(wrong) => {
            eprintln!("sekimori-bench: {wrong}");
            ExitCode::from(3)
        }
    }
}

fn measured(arguments: &Arguments) -> Result<bool, Wrong> {
    let cores = Cores::choose().ok_or_else(|| Wrong::new("the cores cannot be told"))?;
    if !cores.are_two() {
        eprintln!("sekimori-bench: there is one core only; the figures mean little");
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(Wrong::at("a runtime"))?;
    let report = LocalSet::new().block_on(&runtime, async {
        tokio::select! {
            report = one_run(arguments, cores) => report,
            _ = tokio::signal::ctrl_c() => Err(Wrong::new("interrupted")),
        }
    });
    report?.print(arguments)
}

async fn one_run(arguments: &Arguments, cores: Cores) -> Result<Report, Wrong> {
    let world = World::prepare(arguments, cores).await?;
    pin::stay_on(cores.generator);
    let mut report = Report::new(arguments);
    match arguments.flow {
        FlowName::Login
        | FlowName::Sso
        | FlowName::Refresh
        | FlowName::Client
        | FlowName::Discovery => run::run(arguments, &world, &mut report).await?,
        FlowName::Certificate => certificate::run(arguments, &world, &mut report).await?,
        FlowName::Ocsp => status::ocsp(arguments, &world, &mut report).await?,
        FlowName::Crl => status::crl(arguments, &world, &mut report).await?,
        FlowName::Start => start::run(&world, &mut report).await?,
        FlowName::Idle => idle::run(&world, &mut report).await?,
        FlowName::Storm => storm::run(arguments, &world, &mut report).await?,
        FlowName::Twin => twin::run(arguments, &world, &mut report).await?,
    }
    report.conditions(arguments, &world);
    Ok(report)
}
