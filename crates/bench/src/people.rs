//! People in bulk: as many as wanted, at most a hundred passwords among them.

use std::cell::Cell;

use sekimori_base::{Bilingual, Entropy, Language, PersonId, Secret, TenantId, Timestamp, random};
use sekimori_credential::password::{self, Recipe};
use sekimori_credential::{Argon2Cost, Memory};
use sekimori_directory::{Affiliation, Group, MailAddress, Person, PersonState, Username};
use sekimori_store::{ImportRow, Store};

use crate::Wrong;
use crate::outside::SystemEntropy;

/// Different hashes among all people.
pub const HASHES_MAX: u64 = 100;
/// People in one transaction.
const TRANSACTION: u64 = 100_000;

/// The user name of a person.
pub fn username(number: u64) -> String {
    format!("p{number:07}")
}

/// A user name of the same shape that nobody has.
pub fn missing_username(number: u64) -> String {
    format!("q{number:07}")
}

/// The password of a person.
pub fn password(number: u64) -> String {
    format!("the bridge is closed, take boat {:02}", number % HASHES_MAX)
}

/// Everybody, and whose turn it is.
pub struct Crowd {
    /// How many there are.
    pub count: u64,
    next: Cell<u64>,
}

impl Crowd {
    /// That many people.
    pub fn new(count: u64) -> Self {
        Self { count, next: Cell::new(0) }
    }

    /// The next one, in turn.
    pub fn next(&self) -> u64 {
        let number = self.next.get();
        self.next.set(number + 1);
        number % self.count
    }
}

/// The records of all passwords in use.
fn records(cost: Argon2Cost, count: u64) -> Result<Vec<String>, Wrong> {
    let mut memory = Memory::new(cost.memory_kib).map_err(Wrong::at("memory for hashing"))?;
    let recipe = Recipe { cost, peppers: &[] };
    (0..count.min(HASHES_MAX))
        .map(|number| {
            let secret = Secret::new(password(number));
            let record = password::hash(&mut memory, &recipe, &secret, random(&SystemEntropy));
            record.map(|record| record.to_string()).map_err(Wrong::at("hashing"))
        })
        .collect()
}

/// Load `count` people. `progress` hears how many are done.
pub async fn load(
    store: &Store,
    tenant: TenantId,
    now: Timestamp,
    cost: Argon2Cost,
    count: u64,
    progress: impl Fn(u64) + Clone + Send + 'static,
) -> Result<(), Wrong> {
    let records: std::sync::Arc<[String]> = records(cost, count)?.into();
    let mut first = 0;
    while first < count {
        let last = count.min(first + TRANSACTION);
        let records = std::sync::Arc::clone(&records);
        let rows = (first..last).map(move |number| {
            let at = usize::try_from(number % HASHES_MAX).expect("less than a hundred");
            ImportRow::Add {
                person: Box::new(person(number, now, &SystemEntropy)),
                password: records.get(at).cloned(),
                ticket: None,
            }
        });
        let progress = progress.clone();
        let imported = store
            .import_people(tenant, now, rows, move |done| {
                progress(first + done);
                true
            })
            .await;
        imported.map_err(Wrong::at("loading people"))?;
        first = last;
    }
    Ok(())
}

fn person(number: u64, now: Timestamp, entropy: &impl Entropy) -> Person {
    let username = username(number);
    Person {
        id: PersonId::random(entropy),
        name: Bilingual::new(format!("Hanako {username}"), format!("関森 花子{number}")),
        mail: MailAddress::parse(&format!("{username}@example.ac.jp")).ok(),
        username: Username::parse(&username).expect("a letter and digits"),
        affiliations: [Affiliation::Student, Affiliation::Member].into(),
        groups: Group::parse("students").into_iter().collect(),
        administrator: false,
        state: PersonState::ACTIVE,
        language: Language::English,
        updated_at: now,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_exist_and_names_that_do_not_have_one_shape() {
        let (here, missing) = (username(12), missing_username(12));
        assert_eq!((here.len(), here.get(1..)), (missing.len(), missing.get(1..)));
        assert!(Username::parse(&here).is_ok() && Username::parse(&missing).is_ok());
    }

    #[test]
    fn everybody_has_their_turn_before_anybody_has_a_second() {
        let crowd = Crowd::new(3);
        let turns: Vec<u64> = (0..6).map(|_| crowd.next()).collect();
        assert_eq!(turns, [0, 1, 2, 0, 1, 2]);
    }
}
