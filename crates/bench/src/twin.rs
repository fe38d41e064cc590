//! `twin`: do names that exist answer in the time of names that do not?
//!
//! Interleaved pairs, one request at a time, each from a network and a browser of its own, each name once. A
//! suspicious first run (p of 0.01 or less, or a median gap of 2 ms) is repeated with 5,000 fresh pairs; it fails if p
//! is 0.001 or less there, or if the median gap is 2 ms in both.

use std::time::Instant;

use sekimori_base::random;

use crate::Wrong;
use crate::arguments::Arguments;
use crate::browser::{Arrived, Browser, Origin};
use crate::failure::{Failure, Failures};
use crate::measure::in_time;
use crate::outside::SystemEntropy;
use crate::people::{missing_username, username};
use crate::report::Report;
use crate::service::Service;
use crate::statistics::{kolmogorov_smirnov, median};
use crate::world::World;

/// Pairs of the second run.
pub const PAIRS_AGAIN: u64 = 5000;
const P_SUSPICIOUS: f64 = 0.01;
const P_FAILED: f64 = 0.001;
const GAP_MS_MAX: f64 = 2.0;

/// Times of one step, in milliseconds: of names that exist, and of those that do not.
#[derive(Default)]
struct Times {
    existing: Vec<f64>,
    missing: Vec<f64>,
}

/// The two steps that could tell.
#[derive(Default)]
struct Steps {
    name: Times,
    password: Times,
}

/// What a run of one step says.
#[derive(Clone, Copy)]
struct Verdict {
    p: f64,
    gap_ms: f64,
}

/// Measure.
pub async fn run(arguments: &Arguments, world: &World, report: &mut Report) -> Result<(), Wrong> {
    let server = world.start().await?;
    let library = world.clients(arguments.algorithm()).await?.library;
    let service = Service::new(&library, &world.origin, "openid");
    let mut failures = Failures::default();
    let mut steps = pairs(world, &service, 0..arguments.pairs, &mut failures).await;
    let first = steps.verdicts();
    tell(report, "", &mut steps, first);
    let mut passed = true;
    if first.iter().any(Verdict::is_suspicious) {
        eprintln!("sekimori-bench: the first run is suspicious; {PAIRS_AGAIN} fresh pairs follow");
        let fresh = arguments.pairs..arguments.pairs + PAIRS_AGAIN;
        let mut steps = pairs(world, &service, fresh, &mut failures).await;
        let again = steps.verdicts();
        tell(report, "again_", &mut steps, again);
        passed = first.iter().zip(&again).all(|(first, again)| !again.fails(first));
    }
    report.put("pairs", arguments.pairs);
    report.failures(&failures);
    report.must("passed", passed);
    server.stop();
    Ok(())
}

fn tell(report: &mut Report, prefix: &str, steps: &mut Steps, verdicts: [Verdict; 2]) {
    let times = [("name", &mut steps.name), ("password", &mut steps.password)];
    for ((step, times), verdict) in times.into_iter().zip(verdicts) {
        report.figure(&format!("{prefix}{step}_p"), verdict.p);
        report.figure(&format!("{prefix}{step}_gap_ms"), verdict.gap_ms);
        report.figure(&format!("{prefix}{step}_existing_ms"), median(&mut times.existing));
        report.figure(&format!("{prefix}{step}_missing_ms"), median(&mut times.missing));
    }
}

async fn pairs(
    world: &World,
    service: &Service,
    numbers: std::ops::Range<u64>,
    failures: &mut Failures,
) -> Steps {
    let mut steps = Steps::default();
    for number in numbers {
        let names = [username(number), missing_username(number)];
        let first = usize::from(random::<1>(&SystemEntropy)[0] & 1);
        let mut pair = [None, None];
        for turn in [first, 1 - first] {
            let network = number * 2 + turn as u64;
            match in_time(wrong_password(&world.origin, service, &names[turn], network)).await {
                Ok(times) => pair[turn] = Some(times),
                Err(failure) => failures.add(&failure),
            }
        }
        // Half a pair says nothing.
        if let [Some(existing), Some(missing)] = pair {
            steps.name.existing.push(existing[0]);
            steps.name.missing.push(missing[0]);
            steps.password.existing.push(existing[1]);
            steps.password.missing.push(missing[1]);
        }
    }
    steps
}

/// An address of a network of its own, outside.
pub fn town_address(network: u64) -> String {
    let [.., a, b, c] = network.to_be_bytes();
    format!("{}.{b}.{c}.9", 20 + a % 80)
}

/// A wrong password for a name: how long the two steps took, in milliseconds.
async fn wrong_password(
    origin: &Origin,
    service: &Service,
    name: &str,
    network: u64,
) -> Result<[f64; 2], Failure> {
    let mut browser = Browser::new(origin, &town_address(network));
    browser.open("authorize", &service.ask().path).await?;
    let form = browser.form("authorize")?;
    let begin = Instant::now();
    browser.send("user name", &form, &[("username", name)]).await?;
    let after_name = begin.elapsed();
    let form = browser.form("user name")?;
    let begin = Instant::now();
    // A word of its own for each name: one word on many names is what the server slows down.
    let word = format!("not the password of {name}");
    let wrong = [("password", word.as_str())];
    let arrived = browser.send("password", &form, &wrong).await?;
    let after_password = begin.elapsed();
    if arrived != Arrived::Page || !browser.form("password")?.has("password") {
        return Err(Failure::content("password", "not asked again"));
    }
    Ok([after_name, after_password].map(|took| took.as_secs_f64() * 1000.0))
}

impl Steps {
    fn verdicts(&mut self) -> [Verdict; 2] {
        [self.name.verdict(), self.password.verdict()]
    }
}

impl Times {
    fn verdict(&mut self) -> Verdict {
        // Before they are sorted: the two of a pair stand at one place.
        let pairs = self.existing.iter().zip(&self.missing);
        let mut gaps: Vec<f64> = pairs.map(|(existing, missing)| existing - missing).collect();
        let gap_ms = median(&mut gaps);
        Verdict { p: kolmogorov_smirnov(&mut self.existing, &mut self.missing), gap_ms }
    }
}

impl Verdict {
    fn is_suspicious(&self) -> bool {
        self.p <= P_SUSPICIOUS || self.gap_ms.abs() >= GAP_MS_MAX
    }

    /// Whether this second run confirms the first one's suspicion.
    fn fails(&self, first: &Self) -> bool {
        let gap_in_both = self.gap_ms.abs() >= GAP_MS_MAX && first.gap_ms.abs() >= GAP_MS_MAX;
        self.p <= P_FAILED || gap_in_both
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(p: f64, gap_ms: f64) -> Verdict {
        Verdict { p, gap_ms }
    }

    #[test]
    fn a_second_run_confirms_or_clears() {
        assert!(!verdict(0.5, 0.1).is_suspicious());
        assert!(verdict(0.01, 0.0).is_suspicious());
        assert!(verdict(0.5, -2.5).is_suspicious());
        assert!(verdict(0.0005, 0.0).fails(&verdict(0.009, 0.0)));
        assert!(!verdict(0.005, 0.0).fails(&verdict(0.009, 0.0)));
        assert!(verdict(0.5, 2.1).fails(&verdict(0.5, 2.2)));
        assert!(!verdict(0.5, 2.1).fails(&verdict(0.5, 0.2)));
    }

    #[test]
    fn each_network_has_an_address_of_its_own_and_is_not_on_campus() {
        let addresses: std::collections::BTreeSet<_> = (0..70_000).map(town_address).collect();
        assert_eq!(addresses.len(), 70_000);
        assert!(addresses.iter().all(|address| !address.starts_with("10.")));
    }
}
