//! The policy as the engine reads it: the table of the site settings, ready to be asked.

use std::collections::BTreeSet;

use sekimori_directory::settings::ZoneName;
use sekimori_directory::settings::{PolicyRow, PolicySettings, Requirement, SessionSettings, Site};
use sekimori_directory::{Binding, Method, Position};
use serde::{Deserialize, Serialize};

use crate::facts::{KnownPerson, ServiceFacts};

/// What the site requires, as data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// The table.
    pub settings: PolicySettings,
    /// Lives of sessions and proofs.
    pub session: SessionSettings,
}

/// What the policy asks in one situation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyMatch {
    /// The row's name; `inside` and `outside` for the two built-in rows.
    pub row: String,
    /// What is required.
    pub require: Requirement,
    /// Methods that count as the second factor; empty = all.
    pub methods: BTreeSet<Method>,
    /// How old a proof may be, in seconds.
    pub max_age_seconds: Option<u32>,
}

impl Policy {
    /// The policy of a site.
    pub fn of(site: &Site) -> Self {
        Self { settings: site.policy.clone(), session: site.session.clone() }
    }

    /// The first row that matches, or one of the two built-in rows.
    pub fn matching(
        &self,
        position: &Position,
        service: &ServiceFacts,
        person: Option<&KnownPerson>,
    ) -> PolicyMatch {
        let row = self.settings.rows.iter().find(|row| matches(row, position, service, person));
        if let Some(row) = row {
            return PolicyMatch {
                row: row.name.clone(),
                require: row.require,
                methods: row.methods.clone(),
                max_age_seconds: row.max_age_seconds,
            };
        }
        let (row, require) = if position.password_suffices {
            ("inside", Requirement::OneFactor)
        } else {
            ("outside", Requirement::TwoFactors)
        };
        PolicyMatch {
            row: row.to_owned(),
            require,
            methods: BTreeSet::new(),
            max_age_seconds: None,
        }
    }

    /// Whether a factor bound like this counts towards an MFA `acr`.
    pub fn counts_for_mfa(&self, binding: Binding) -> bool {
        self.settings.mfa_bindings.contains(&binding)
    }
}

fn matches(
    row: &PolicyRow,
    position: &Position,
    service: &ServiceFacts,
    person: Option<&KnownPerson>,
) -> bool {
    let zone = row.zones.is_empty() || row.zones.iter().any(|zone| is_zone(zone, position));
    let service = row.services.is_empty() || row.services.contains(&service.name);
    let group = row.groups.is_empty()
        || person.is_some_and(|person| !row.groups.is_disjoint(&person.groups));
    zone && service && group
}

fn is_zone(zone: &ZoneName, position: &Position) -> bool {
    *zone == position.zone
        || match zone.as_str() {
            "inside" => position.inside,
            "outside" => !position.inside,
            _ => false,
        }
}
