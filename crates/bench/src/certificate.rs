//! `certificate`: presenting a certificate beside the bare handshake with one, and whole sign-ins with it.

use std::rc::Rc;

use crate::Wrong;
use crate::arguments::Arguments;
use crate::authority::{Authority, Held};
use crate::bare::Bare;
use crate::measure::{Beside, measure};
use crate::presenting::{self, Device, Holder, Presenting};
use crate::report::Report;
use crate::run::tell;
use crate::world::World;

/// Measure.
pub async fn run(arguments: &Arguments, world: &World, report: &mut Report) -> Result<(), Wrong> {
    let hosts = world.hosts.as_ref().ok_or_else(|| Wrong::new("there are no certificate hosts"))?;
    let server = world.start().await?;
    let first = server.pss_mib();
    let authority = Authority::make(world)?;
    let library = world.clients(arguments.algorithm()).await?.library;
    let held = (0..u64::from(arguments.workers).min(arguments.people))
        .map(|person| Authority::issue(world, person))
        .collect::<Result<Vec<Held>, Wrong>>()?;
    let (chain, key) = (vec![hosts.certificate.clone()], hosts.key());
    let bare = presenting::Bare::start(world.cores.server, &authority, chain, key).await?;
    let (mut workers, mut handshakes) = (Vec::new(), Vec::new());
    for (person, held) in (0..).zip(&held) {
        let device = Device::new(held, &hosts.certificate)?;
        handshakes.push(bare.handshake(&device));
        let holder = Holder::new(&world.origin, hosts.address, device, &library, person);
        let one = Presenting::new(holder).await;
        workers.push(one.map_err(Wrong::at("certificate"))?);
    }
    let beside = Beside::Handshakes(handshakes, Rc::new(bare));
    report.put("bare", beside.describe());
    let (seconds, cores) = (arguments.seconds, &world.cores);
    let measured = measure(&mut workers, beside, &server, cores, seconds).await?;
    tell(report, &measured, first);
    let mut whole: Vec<Holder> = workers.into_iter().map(Presenting::into_holder).collect();
    let beside = Beside::Bare(Bare::argon2()?);
    let sign_ins = measure(&mut whole, beside, &server, cores, seconds.div_ceil(2)).await?;
    report.figure("sign_ins_per_second", sign_ins.flows_per_second);
    report.figure("sign_ins_p95_ms", sign_ins.p95_ms);
    report.figure("sign_ins_ratio_to_argon2", sign_ins.ratio);
    report.failures(&sign_ins.failures);
    report.must("sign_ins_sound", sign_ins.is_sound());
    server.stop();
    Ok(())
}
