//! What holds for all facts and all policies.
//!
//! `arbitrary` makes them, `model` weighs them once more in the plainest way, without the engine's help.

mod arbitrary;
mod forecasts;
mod laws;
mod model;
mod reasons;
mod twins;
mod walks;
mod world;

use proptest::prelude::ProptestConfig;

/// So many cases; a hundred times as many when the full volume is asked.
#[expect(clippy::disallowed_methods, reason = "the volume of a test run is the runner's to say")]
fn cases(short: u32) -> ProptestConfig {
    let full = std::env::var("SEKIMORI_TEST_VOLUME").is_ok_and(|volume| volume == "full");
    ProptestConfig::with_cases(if full { short.saturating_mul(100) } else { short })
}
