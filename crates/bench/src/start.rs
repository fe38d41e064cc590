//! `start`: from the start of the process to the first login page.

use crate::Wrong;
use crate::report::Report;
use crate::statistics::median;
use crate::world::World;

/// Starts on the existing database.
const TIMES: usize = 10;

/// Measure.
pub async fn run(world: &World, report: &mut Report) -> Result<(), Wrong> {
    let mut times = Vec::new();
    for _ in 0..TIMES {
        let server = world.start().await?;
        times.push(server.first_page.as_secs_f64() * 1000.0);
        server.stop();
    }
    report.figure("first_page_ms", median(&mut times));
    report.figure("first_page_ms_min", times.first().copied().unwrap_or(f64::NAN));
    report.figure("first_page_ms_max", times.last().copied().unwrap_or(f64::NAN));
    report.put("starts", TIMES);
    let empty = world.first_page_on_nothing.as_secs_f64() * 1000.0;
    report.figure("first_page_ms_on_empty_database", empty);
    Ok(())
}
