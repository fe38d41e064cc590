//! The policy as the engine reads it: the table of the site settings, ready to be asked.

use std::collections::BTreeSet;

use sekimori_directory::settings::ZoneName;
use sekimori_directory::settings::{PolicyRow, PolicySettings, Requirement, SessionSettings, Site};
use sekimori_directory::{Binding, Group, Method, Position};
use serde::{Deserialize, Serialize};

use crate::facts::{KnownPerson, ServiceFacts};

/// What the site requires, as data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// The table.
    pub settings: PolicySettings,
    /// Lives of sessions and proofs.
    pub session: SessionSettings,
    /// There are hosts on which a certificate can be presented.
    #[serde(default)]
    pub certificates: bool,
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
    /// How old a proof of a standing session may be, in seconds. Proofs of the attempt are as old as the attempt.
    pub max_age_seconds: Option<u32>,
}

/// A row of the table as `policy show` prints it: pure data, an empty list stands for everything.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PolicyLine {
    /// The row's name.
    pub row: String,
    /// Zones; `password_suffices` for all zones with that property.
    pub zones: Vec<String>,
    /// Services.
    pub services: Vec<String>,
    /// Groups.
    pub groups: Vec<String>,
    /// What is required.
    pub require: Requirement,
    /// Methods that count as the second factor.
    pub methods: Vec<Method>,
    /// How old a proof of a standing session may be, in seconds.
    pub max_age_seconds: Option<u32>,
    /// The `acr` value that services are told; nothing where nobody gets in.
    pub acr: Option<String>,
}

impl PolicyLine {
    /// Keys of the columns, in the order of [`cells`](Self::cells); their words come from the caller.
    pub const COLUMNS: [&str; 8] =
        ["row", "zones", "services", "groups", "require", "methods", "max_age_seconds", "acr"];

    /// The cells as text: `*` for everything, `-` for nothing.
    pub fn cells(&self) -> [String; 8] {
        let list = |names: Vec<&str>| match names.as_slice() {
            [] => "*".to_owned(),
            names => names.join(", "),
        };
        let words = |names: &[String]| list(names.iter().map(String::as_str).collect());
        let require = match self.require {
            Requirement::OneFactor => "one_factor",
            Requirement::TwoFactors => "two_factors",
            Requirement::Refuse => "refuse",
        };
        [
            self.row.clone(),
            words(&self.zones),
            words(&self.services),
            words(&self.groups),
            require.to_owned(),
            list(self.methods.iter().map(|method| method.as_str()).collect()),
            self.max_age_seconds.map_or_else(|| "-".to_owned(), |seconds| seconds.to_string()),
            self.acr.clone().unwrap_or_else(|| "-".to_owned()),
        ]
    }
}

/// Stands in the table for every zone where a password alone may be enough.
const PASSWORD_SUFFICES: &str = "password_suffices";

impl Policy {
    /// The policy of a site.
    pub fn of(site: &Site) -> Self {
        Self {
            settings: site.policy.clone(),
            session: site.session.clone(),
            certificates: site.certificates.hosts.is_some(),
        }
    }

    /// Whether the site has the method at all: codes by mail are off unless it says so, and a certificate needs hosts
    /// on which it can be presented.
    pub fn has(&self, method: Method) -> bool {
        match method {
            Method::MailCode => self.settings.mail_codes,
            Method::Certificate => self.certificates,
            Method::Password | Method::Passkey | Method::Totp | Method::RecoveryCode => true,
        }
    }

    /// The first row that matches, or one of the two built-in rows.
    pub fn matching(
        &self,
        position: &Position,
        service: &ServiceFacts,
        person: Option<&KnownPerson>,
    ) -> PolicyMatch {
        self.matching_groups(position, service, person.map(|person| &person.groups))
    }

    /// The same for somebody of whom only the groups are at hand.
    pub fn matching_groups(
        &self,
        position: &Position,
        service: &ServiceFacts,
        groups: Option<&BTreeSet<Group>>,
    ) -> PolicyMatch {
        let row = self.settings.rows.iter().find(|row| matches(row, position, service, groups));
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

    /// The table as it is applied: the site's rows in order, then the two that are built in.
    pub fn table(&self) -> Vec<PolicyLine> {
        let rows = self.settings.rows.iter().map(|row| self.line(row));
        let built_in = [
            ("inside", PASSWORD_SUFFICES, Requirement::OneFactor),
            ("outside", "", Requirement::TwoFactors),
        ];
        let built_in = built_in.into_iter().map(|(name, zone, require)| PolicyLine {
            row: name.to_owned(),
            zones: Some(zone)
                .filter(|zone| !zone.is_empty())
                .map(str::to_owned)
                .into_iter()
                .collect(),
            services: Vec::new(),
            groups: Vec::new(),
            require,
            methods: Vec::new(),
            max_age_seconds: None,
            acr: self.acr_of(require),
        });
        rows.chain(built_in).collect()
    }

    fn line(&self, row: &PolicyRow) -> PolicyLine {
        PolicyLine {
            row: row.name.clone(),
            zones: row.zones.iter().map(ToString::to_string).collect(),
            services: row.services.iter().map(ToString::to_string).collect(),
            groups: row.groups.iter().map(ToString::to_string).collect(),
            require: row.require,
            methods: row.methods.iter().copied().collect(),
            max_age_seconds: row.max_age_seconds,
            acr: self.acr_of(row.require),
        }
    }

    /// The `acr` value that a sign-in of this requirement reaches, with factors whose binding counts.
    fn acr_of(&self, require: Requirement) -> Option<String> {
        match require {
            Requirement::OneFactor => Some(self.settings.acr_one_factor.clone()),
            Requirement::TwoFactors => Some(self.settings.acr_two_factors.clone()),
            Requirement::Refuse => None,
        }
    }

    /// Whether a factor bound like this counts towards an MFA `acr`.
    pub fn counts_for_mfa(&self, binding: Binding) -> bool {
        self.settings.mfa_bindings.contains(&binding.worth())
    }
}

fn matches(
    row: &PolicyRow,
    position: &Position,
    service: &ServiceFacts,
    groups: Option<&BTreeSet<Group>>,
) -> bool {
    let zone = row.zones.is_empty() || row.zones.iter().any(|zone| is_zone(zone, position));
    let service = row.services.is_empty() || row.services.contains(&service.name);
    let group =
        row.groups.is_empty() || groups.is_some_and(|groups| !row.groups.is_disjoint(groups));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{campus, group, hana, home, nobody, policy, service, zone};

    fn row(name: &str, require: Requirement) -> PolicyRow {
        PolicyRow {
            name: name.to_owned(),
            zones: BTreeSet::new(),
            services: BTreeSet::new(),
            groups: BTreeSet::new(),
            require,
            methods: BTreeSet::new(),
            max_age_seconds: None,
        }
    }

    #[test]
    fn the_first_row_that_matches_decides_and_two_are_built_in() {
        let mut policy = policy();
        policy.settings.rows = vec![
            PolicyRow {
                services: [service("payroll")].into(),
                ..row("payroll", Requirement::TwoFactors)
            },
            PolicyRow { groups: [group("guests")].into(), ..row("guests", Requirement::Refuse) },
            PolicyRow {
                zones: [zone("campus")].into(),
                groups: [group("students")].into(),
                ..row("students", Requirement::OneFactor)
            },
            PolicyRow {
                zones: [zone("outside")].into(),
                services: [service("public")].into(),
                ..row("public", Requirement::OneFactor)
            },
        ];
        let known = hana();
        let guest = KnownPerson { groups: [group("guests"), group("students")].into(), ..hana() };
        let eduroam = Position { zone: zone("eduroam"), ..home() };
        let vpn = Position { zone: zone("vpn"), password_suffices: false, ..campus() };
        for (case, position, name, person, expected) in [
            ("a service", campus(), "payroll", Some(&known), "payroll"),
            ("a group", campus(), "library", Some(&guest), "guests"),
            ("nobody is in no group", campus(), "library", None, "inside"),
            ("zone and group", campus(), "library", Some(&known), "students"),
            ("a kind of zone", eduroam.clone(), "public", Some(&known), "public"),
            ("inside, and a password does not suffice", vpn, "library", Some(&known), "outside"),
            ("elsewhere", eduroam, "library", Some(&known), "outside"),
        ] {
            let facts = ServiceFacts { name: service(name), ..nobody().service };
            assert_eq!(policy.matching(&position, &facts, person).row, expected, "{case}");
        }
    }

    #[test]
    fn the_table_shows_every_row_in_order_with_the_built_in_ones_last() {
        let mut policy = policy();
        policy.settings.rows = vec![
            PolicyRow {
                zones: [zone("eduroam"), zone("outside")].into(),
                services: [service("payroll")].into(),
                groups: [group("staff")].into(),
                methods: [Method::Totp].into(),
                max_age_seconds: Some(900),
                ..row("payroll", Requirement::TwoFactors)
            },
            row("closed", Requirement::Refuse),
        ];
        let (one, two) = ("https://refeds.org/profile/sfa", "https://refeds.org/profile/mfa");
        let cells: Vec<_> = policy.table().iter().map(PolicyLine::cells).collect();
        assert_eq!(
            cells,
            [
                [
                    "payroll",
                    "eduroam, outside",
                    "payroll",
                    "staff",
                    "two_factors",
                    "totp",
                    "900",
                    two
                ],
                ["closed", "*", "*", "*", "refuse", "*", "-", "-"],
                ["inside", "password_suffices", "*", "*", "one_factor", "*", "-", one],
                ["outside", "*", "*", "*", "two_factors", "*", "-", two],
            ]
        );
        assert_eq!(PolicyLine::COLUMNS.len(), cells[0].len());
    }
}
