//! How many commits a second: printed, not judged. `cargo test --release -p sekimori-store --test
//! contract rates -- --ignored --nocapture --test-threads 1`

use std::time::Instant;

use sekimori_base::GrantId;
use sekimori_store::{AuditFacts, AuditLine, Wanted, Write};

use crate::world::{NOW, World, bytes, digest, new_session};

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
#[ignore = "a measurement"]
async fn on_an_sqlite_file() {
    measure("SQLite file", World::file().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
#[ignore = "a measurement"]
async fn on_postgresql() {
    if let Some(world) = World::postgres().await {
        measure("PostgreSQL", world).await;
    }
}

async fn measure(name: &str, world: World) {
    let mut people = Vec::new();
    for number in 0..200 {
        let person = world.somebody(&format!("p{number}")).await.id;
        let session = new_session(person, 1);
        world.commit(vec![Write::SessionOpen(session.clone())]).await.unwrap();
        people.push((person, session.digest));
    }
    for callers in [1, 32] {
        let before = cpu_seconds();
        let begun = Instant::now();
        let mut tasks = tokio::task::JoinSet::new();
        for caller in 0..callers {
            let (store, tenant, people) = (world.store.clone(), world.tenant, people.clone());
            tasks.spawn(async move {
                let mut done = 0_u32;
                while begun.elapsed().as_secs() < 4 {
                    let (person, session) = people[(caller * 31 + done as usize) % people.len()];
                    let facts = AuditFacts { json: "x".repeat(1500), salt: bytes() };
                    let code = digest();
                    let writes = vec![
                        Write::SessionTouch {
                            digest: session,
                            used_at: NOW.plus_millis(done.into()),
                        },
                        Write::CodePut {
                            digest: code,
                            person,
                            grant: GrantId::from_bytes(bytes()),
                            payload: "y".repeat(500),
                            expires_at: NOW.plus_seconds(60),
                        },
                        Write::Audit(Box::new(AuditLine {
                            at: NOW,
                            event: "login.admitted".into(),
                            person: Some(person),
                            service: Some("moodle".into()),
                            facts: Some(facts),
                            ..AuditLine::default()
                        })),
                    ];
                    store.commit(tenant, NOW, writes).await.unwrap();
                    done += 1;
                }
                done
            });
        }
        let done: u32 = tasks.join_all().await.into_iter().sum();
        let seconds = begun.elapsed().as_secs_f64();
        let cpu = (cpu_seconds() - before) * 1e6 / f64::from(done);
        let rate = f64::from(done) / seconds;
        println!("{name}: {callers} callers: {rate:.0} commits/s, {cpu:.0} us of our CPU each");
    }
    let begun = Instant::now();
    let before = cpu_seconds();
    let mut done = 0_u32;
    while begun.elapsed().as_secs() < 2 {
        let wanted = Wanted { session: Some(people[done as usize % 200].1), ..Wanted::default() };
        world.store.load(world.tenant, NOW, wanted).await.unwrap();
        done += 1;
    }
    let cpu = (cpu_seconds() - before) * 1e6 / f64::from(done);
    println!(
        "{name}: {:.0} loads/s, {cpu:.0} us each",
        f64::from(done) / begun.elapsed().as_secs_f64()
    );
}

/// Seconds of processor that this process has used.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    let ticks: f64 = fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap();
    ticks / 100.0
}
