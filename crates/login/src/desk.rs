//! Who may look at whom at the help desk's console, and act on whom: data in, a verdict out.
//!
//! Privilege is ordered: administrators, then staff of a desk, then everybody else. Nobody acts on themselves, and
//! nobody on an equal or somebody above (S79). Staff of a desk see those whom they may act on and nobody else;
//! administrators see everybody.

use std::collections::BTreeSet;

use sekimori_base::PersonId;
use sekimori_directory::Group;
use sekimori_directory::settings::DeskSettings;
use serde::{Deserialize, Serialize};

/// What the verdict looks at of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Member<'a> {
    /// Who.
    pub person: PersonId,
    /// An administrator.
    pub administrator: bool,
    /// Groups of the directory.
    pub groups: &'a BTreeSet<Group>,
}

impl<'a> From<&'a sekimori_directory::Person> for Member<'a> {
    fn from(person: &'a sekimori_directory::Person) -> Self {
        Self { person: person.id, administrator: person.administrator, groups: &person.groups }
    }
}

/// An account's role at the console. Ordered: more is greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// None.
    Nobody,
    /// Staff of one desk or more.
    Staff,
    /// An administrator.
    Administrator,
}

/// How far somebody reaches at the console. Ordered: more is greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// As if there were no such account.
    Nothing,
    /// They may look.
    See,
    /// They may look and act.
    Act,
}

/// The role of an account.
pub fn role(desks: &[DeskSettings], member: Member<'_>) -> Role {
    if member.administrator {
        Role::Administrator
    } else if desks.iter().any(|desk| !desk.staff.is_disjoint(member.groups)) {
        Role::Staff
    } else {
        Role::Nobody
    }
}

/// How far `actor` reaches towards `other`.
pub fn reach(desks: &[DeskSettings], actor: Member<'_>, other: Member<'_>) -> Reach {
    let own = role(desks, actor);
    let above = own > role(desks, other) && actor.person != other.person;
    match own {
        Role::Nobody => Reach::Nothing,
        Role::Staff if above && helps(desks, actor, other) => Reach::Act,
        Role::Staff => Reach::Nothing,
        Role::Administrator if above => Reach::Act,
        Role::Administrator => Reach::See,
    }
}

/// Whether a desk that `actor` belongs to helps `other`.
fn helps(desks: &[DeskSettings], actor: Member<'_>, other: Member<'_>) -> bool {
    desks.iter().any(|desk| {
        !desk.staff.is_disjoint(actor.groups)
            && (desk.helps.is_empty() || !desk.helps.is_disjoint(other.groups))
    })
}

#[cfg(test)]
mod tests {
    use proptest::collection::{btree_set, vec};
    use proptest::prelude::*;
    use sekimori_directory::settings::DeskName;

    use super::*;

    fn group(name: &str) -> Group {
        Group::parse(name).unwrap()
    }

    fn groups(names: &[&str]) -> BTreeSet<Group> {
        names.iter().map(|name| group(name)).collect()
    }

    fn desk(staff: &[&str], helps: &[&str]) -> DeskSettings {
        let name = DeskName::parse("front").unwrap();
        DeskSettings { name, staff: groups(staff), helps: groups(helps) }
    }

    /// Somebody of the tests: who, whether an administrator, groups.
    type Somebody = (u8, bool, BTreeSet<Group>);

    fn member((id, administrator, groups): &Somebody) -> Member<'_> {
        let person = PersonId::from_bytes([*id; 16]);
        Member { person, administrator: *administrator, groups }
    }

    #[test]
    fn staff_help_the_groups_of_their_desk_and_administrators_everybody() {
        let desks = [desk(&["desk"], &["students"]), desk(&["night"], &[])];
        let of = |id, names: &[&str]| (id, false, groups(names));
        let (front, night) = (of(1, &["desk"]), of(2, &["night"]));
        let (student, visitor) = (of(3, &["students"]), of(4, &[]));
        let (admin, other) = ((5, true, groups(&[])), (6, true, groups(&["students"])));
        for (case, actor, whom, expected) in [
            ("a student by the front desk", &front, &student, Reach::Act),
            ("somebody else by the front desk", &front, &visitor, Reach::Nothing),
            ("everybody by the night desk", &night, &visitor, Reach::Act),
            ("a colleague", &night, &front, Reach::Nothing),
            ("oneself", &night, &night, Reach::Nothing),
            ("an administrator by staff", &night, &other, Reach::Nothing),
            ("staff by an administrator", &admin, &front, Reach::Act),
            ("an administrator by another", &admin, &other, Reach::See),
            ("an administrator by themselves", &admin, &admin, Reach::See),
            ("by nobody's staff", &student, &visitor, Reach::Nothing),
        ] {
            assert_eq!(reach(&desks, member(actor), member(whom)), expected, "{case}");
        }
        assert_eq!(reach(&[], member(&front), member(&student)), Reach::Nothing, "no desk");
    }

    fn some_groups() -> impl Strategy<Value = BTreeSet<Group>> {
        btree_set(prop::sample::select(["a", "b", "c", "d"].map(group).to_vec()), 0..3)
    }

    fn some_desks() -> impl Strategy<Value = Vec<DeskSettings>> {
        let name = DeskName::parse("front").unwrap();
        let one = (some_groups(), some_groups()).prop_map(move |(staff, helps)| DeskSettings {
            name: name.clone(),
            staff,
            helps,
        });
        vec(one, 0..4)
    }

    fn somebody() -> impl Strategy<Value = Somebody> {
        (0..4_u8, any::<bool>(), some_groups())
    }

    proptest! {
        #[test]
        fn nobody_acts_on_an_equal_on_somebody_above_or_on_themselves(
            desks in some_desks(), actor in somebody(), other in somebody(),
        ) {
            let (actor, other) = (member(&actor), member(&other));
            if reach(&desks, actor, other) == Reach::Act {
                prop_assert!(role(&desks, actor) > role(&desks, other));
                prop_assert!(actor.person != other.person);
            }
            // Never in both directions.
            let both = [reach(&desks, actor, other), reach(&desks, other, actor)];
            prop_assert!(both != [Reach::Act, Reach::Act]);
        }

        #[test]
        fn who_has_no_role_reaches_nobody_and_administrators_see_all(
            desks in some_desks(), actor in somebody(), other in somebody(),
        ) {
            let reached = reach(&desks, member(&actor), member(&other));
            match role(&desks, member(&actor)) {
                Role::Nobody => prop_assert_eq!(reached, Reach::Nothing),
                Role::Staff => prop_assert_ne!(reached, Reach::See),
                Role::Administrator => prop_assert!(reached >= Reach::See),
            }
        }

        #[test]
        fn one_desk_more_takes_no_colleague_into_reach(
            desks in some_desks(), more in some_desks(), actor in somebody(), other in somebody(),
        ) {
            let all = [desks.clone(), more].concat();
            let (actor, other) = (member(&actor), member(&other));
            if role(&all, other) >= role(&all, actor) {
                prop_assert_ne!(reach(&all, actor, other), Reach::Act);
            }
            prop_assert!(role(&all, actor) >= role(&desks, actor));
        }
    }
}
