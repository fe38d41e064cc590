//! `idle`: memory before the first sign-in, with everybody in the database.

use std::time::Duration;

use crate::Wrong;
use crate::report::Report;
use crate::world::World;

/// Measure, when the server has come to rest.
pub async fn run(world: &World, report: &mut Report) -> Result<(), Wrong> {
    let server = world.start().await?;
    tokio::time::sleep(Duration::from_secs(5)).await;
    report.figure("server_pss_mib", server.pss_mib());
    server.stop();
    Ok(())
}
