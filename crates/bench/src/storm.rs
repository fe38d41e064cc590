//! `storm`: two thousand clients from a thousand outside networks try wrong passwords, five hundred a second in all;
//! meanwhile people sign in from inside, and from outside on devices that are known.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval_at, sleep};

use crate::Wrong;
use crate::arguments::Arguments;
use crate::browser::{Browser, Origin};
use crate::failure::{Failure, Failures};
use crate::flows::{campus_address, sign_in};
use crate::measure::in_time;
use crate::people::{Crowd, password, username};
use crate::report::Report;
use crate::server::Server;
use crate::service::{Client, Service};
use crate::statistics::{count, quantile};
use crate::twin::town_address;
use crate::world::{COST, World};

/// Clients with wrong passwords, each with a connection.
const CLIENTS: u64 = 2000;
/// Networks that they come from.
const NETWORKS: u64 = 1000;
/// Wrong passwords a second, of all of them together.
const TRIES_PER_SECOND: u64 = 500;
/// People who sign in meanwhile: so many inside, and as many on known devices.
const PEOPLE: u64 = 8;
/// Between a sign-in and the same person's next.
const PAUSE: Duration = Duration::from_millis(1500);
/// What people may wait, 95 of 100, in milliseconds.
const P95_MS_MAX: f64 = 2000.0;
/// The bound of memory: at rest, and for each connection.
const MIB_AT_REST: f64 = 40.0;
const MIB_PER_CONNECTION: f64 = 20.0 / 1024.0;

/// What became of the wrong passwords, and how long people took.
#[derive(Default)]
struct Seen {
    tries: u64,
    busy: u64,
    inside_ms: Vec<f64>,
    known_ms: Vec<f64>,
    failures: Failures,
}

type Shared = Rc<RefCell<Seen>>;

/// Measure.
pub async fn run(arguments: &Arguments, world: &World, report: &mut Report) -> Result<(), Wrong> {
    let server = world.start().await?;
    let library = world.clients(arguments.algorithm()).await?.library;
    let crowd = Rc::new(Crowd::new(arguments.people));
    let seen = Shared::default();
    let mut tasks = Vec::new();
    for number in 0..PEOPLE {
        let known = known_device(&world.origin, &library, number).await;
        let (browser, service) = known.map_err(Wrong::at("a known device"))?;
        tasks.push(tokio::task::spawn_local(on_known(browser, service, number, seen.clone())));
        let service = Service::new(&library, &world.origin, "openid profile");
        let inside = inside(world.origin.clone(), service, PEOPLE + number, seen.clone());
        tasks.push(tokio::task::spawn_local(inside));
    }
    for number in 0..CLIENTS {
        let service = Service::new(&library, &world.origin, "openid profile");
        let crowd = Rc::clone(&crowd);
        let wrong = wrong_passwords(world.origin.clone(), service, number, crowd, seen.clone());
        tasks.push(tokio::task::spawn_local(wrong));
    }
    let (pss_mib, took) = watch(&server, arguments.seconds).await;
    tasks.iter().for_each(JoinHandle::abort);
    let seen = seen.take();
    tell(report, seen, pss_mib, took);
    server.stop();
    Ok(())
}

fn tell(report: &mut Report, mut seen: Seen, pss_mib: f64, took: Duration) {
    let connections = CLIENTS + 4 * PEOPLE;
    let bound = MIB_AT_REST
        + f64::from(COST.memory_kib) / 1024.0
        + count(usize::try_from(connections).unwrap_or_default()) * MIB_PER_CONNECTION;
    report.put("clients", CLIENTS);
    report.put("networks", NETWORKS);
    report.put("tries", seen.tries);
    report.put("tries_answered_busy", seen.busy);
    let tries = count(usize::try_from(seen.tries).unwrap_or_default());
    report.figure("tries_per_second", tries / took.as_secs_f64());
    for (name, times) in [("inside", &mut seen.inside_ms), ("known_device", &mut seen.known_ms)] {
        report.put(&format!("{name}_sign_ins"), times.len());
        report.figure(&format!("{name}_p50_ms"), quantile(times, 0.5));
        let p95 = quantile(times, 0.95);
        report.figure(&format!("{name}_p95_ms"), p95);
        report.must(&format!("{name}_in_time"), p95 <= P95_MS_MAX);
    }
    report.figure("server_pss_mib", pss_mib);
    report.figure("server_pss_mib_max", bound);
    report.must("within_memory", pss_mib <= bound);
    report.failures(&seen.failures);
}

/// The server's greatest proportional set size during the storm.
async fn watch(server: &Server, seconds: u64) -> (f64, Duration) {
    let (begin, mut greatest) = (Instant::now(), 0.0_f64);
    while begin.elapsed() < Duration::from_secs(seconds) {
        sleep(Duration::from_millis(500)).await;
        greatest = greatest.max(server.pss_mib());
    }
    (greatest, begin.elapsed())
}

/// A browser that has signed this person in before, outside.
async fn known_device(
    origin: &Origin,
    client: &Rc<Client>,
    person: u64,
) -> Result<(Browser, Service), Failure> {
    let mut browser = Browser::new(origin, &town_address(NETWORKS + person));
    let mut service = Service::new(client, origin, "openid profile");
    sign_in(&mut browser, &mut service, &username(person), &password(person)).await?;
    Ok((browser, service))
}

async fn on_known(mut browser: Browser, mut service: Service, person: u64, seen: Shared) {
    loop {
        sleep(PAUSE).await;
        // The session was ended by closing the browser; what is kept for long stays.
        browser.keep_only(&["device", "browser"]);
        browser.hang_up();
        let begin = Instant::now();
        let (username, password) = (username(person), password(person));
        let done = in_time(sign_in(&mut browser, &mut service, &username, &password)).await;
        let mut seen = seen.borrow_mut();
        match done {
            Ok(_) => seen.known_ms.push(begin.elapsed().as_secs_f64() * 1000.0),
            Err(failure) => seen.failures.add(&failure),
        }
    }
}

async fn inside(origin: Origin, mut service: Service, person: u64, seen: Shared) {
    loop {
        sleep(PAUSE).await;
        let mut browser = Browser::new(&origin, &campus_address(person));
        let begin = Instant::now();
        let (username, password) = (username(person), password(person));
        let done = in_time(sign_in(&mut browser, &mut service, &username, &password)).await;
        let mut seen = seen.borrow_mut();
        match done {
            Ok(_) => seen.inside_ms.push(begin.elapsed().as_secs_f64() * 1000.0),
            Err(failure) => seen.failures.add(&failure),
        }
    }
}

async fn wrong_passwords(
    origin: Origin,
    service: Service,
    number: u64,
    crowd: Rc<Crowd>,
    seen: Shared,
) {
    let pace = Duration::from_millis(1000 * CLIENTS / TRIES_PER_SECOND);
    let share = u32::try_from(CLIENTS).unwrap_or(u32::MAX);
    let start = tokio::time::Instant::now() + pace / share * u32::try_from(number).unwrap_or(0);
    let mut ticks = interval_at(start, pace);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut browser = Browser::new(&origin, &town_address(number % NETWORKS));
    loop {
        ticks.tick().await;
        browser.keep_only(&[]);
        let tried = in_time(wrong_password(&mut browser, &service, &username(crowd.next()))).await;
        let mut seen = seen.borrow_mut();
        seen.tries += 1;
        match tried {
            Ok(()) => {}
            // That is the clear answer of a full queue.
            Err(Failure::Status { status: 503, .. }) => seen.busy += 1,
            Err(failure) => {
                seen.failures.add(&failure);
                drop(seen);
                browser.hang_up();
            }
        }
    }
}

async fn wrong_password(
    browser: &mut Browser,
    service: &Service,
    name: &str,
) -> Result<(), Failure> {
    browser.open("authorize", &service.ask().path).await?;
    let form = browser.form("authorize")?;
    browser.send("user name", &form, &[("username", name)]).await?;
    let form = browser.form("user name")?;
    browser.send("password", &form, &[("password", "1234567890")]).await.map(drop)
}
