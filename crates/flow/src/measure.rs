//! Measuring new passwords: the same rules wherever one is set, by its owner, an administrator or a file.

use sekimori_base::{Fault, Secret};
use sekimori_credential::strength::{self, Rules, Weakness};
use sekimori_directory::Person;

use crate::tenant::Tenant;

/// Measure a new password off the caller's thread, as it can take 0.1 s: the password and all that is wrong with it.
pub async fn measured(
    tenant: &Tenant,
    person_words: Vec<String>,
    new: Secret<String>,
) -> Result<(Secret<String>, Vec<Weakness>), Fault> {
    let length_min = usize::from(tenant.site.password.length_min);
    let organisation_words = organisation_words(tenant);
    tokio::task::spawn_blocking(move || {
        let rules = Rules {
            length_min,
            organisation_words: &organisation_words,
            person_words: &person_words,
        };
        let flaws = strength::check(&new, &rules).err().unwrap_or_default();
        (new, flaws)
    })
    .await
    .map_err(Fault::while_doing("measuring a password"))
}

/// The words of somebody of which a password may not consist.
pub fn person_words(person: &Person) -> Vec<String> {
    let mail = person.mail.as_ref().map(ToString::to_string);
    [person.username.to_string(), person.name.en.clone(), person.name.ja.clone()]
        .into_iter()
        .chain(mail)
        .collect()
}

fn organisation_words(tenant: &Tenant) -> Vec<String> {
    let site = &tenant.site;
    let name = &site.organisation.name;
    let words = [name.en.clone(), name.ja.clone()].into_iter();
    words
        .chain(site.mail_domains.iter().cloned())
        .chain(site.password.blocked_words.iter().cloned())
        .collect()
}
