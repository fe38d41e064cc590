//! Which attributes a service may receive: one function for every protocol (R-RELEASE).

use std::collections::BTreeSet;

use crate::{Affiliation, Group, MailAddress, Person};

/// What a service receives about a person. Built by [`release`] only.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Released {
    /// Display names, for `profile`.
    pub name: Option<sekimori_base::Bilingual>,
    /// User name, for `profile`.
    pub username: Option<String>,
    /// Mail address, for `email`.
    pub mail: Option<MailAddress>,
    /// Affiliations, for `affiliation`.
    pub affiliations: BTreeSet<Affiliation>,
    /// Groups, for `groups`.
    pub groups: BTreeSet<Group>,
    /// Time of the last change, in seconds since 1970, for `profile`.
    pub updated_at: Option<i64>,
}

/// The attributes of `person` that the granted `scopes` release. Scopes have been narrowed to what the
/// service's settings allow before.
pub fn release(person: &Person, scopes: &BTreeSet<String>) -> Released {
    let mut released = Released::default();
    if scopes.contains("profile") {
        released.name = Some(person.name.clone());
        released.username = Some(person.username.as_str().to_owned());
        released.updated_at = Some(person.updated_at.unix_seconds());
    }
    if scopes.contains("email") {
        released.mail.clone_from(&person.mail);
    }
    if scopes.contains("affiliation") {
        released.affiliations.clone_from(&person.affiliations);
    }
    if scopes.contains("groups") {
        released.groups.clone_from(&person.groups);
    }
    released
}
