//! Help desks: whose members help whom.

use std::collections::{BTreeMap, BTreeSet};

use sekimori_directory::Group;
use sekimori_directory::settings::{DeskName, DeskSettings};

use crate::reader::{Item, Keys, Located};

pub(super) fn desks(keys: &Keys<'_, '_>) -> Vec<DeskSettings> {
    let mut lines = BTreeMap::new();
    let tables = keys.tables("desk", "desk", "name");
    tables.into_iter().filter_map(|one| desk(one, &mut lines)).collect()
}

fn desk(keys: Keys<'_, '_>, lines: &mut BTreeMap<String, usize>) -> Option<DeskSettings> {
    let reader = keys.reader();
    let name = keys.required("name", "name = \"front\"").and_then(|item| {
        let name = item.parsed("a desk's name", DeskName::parse)?;
        Some(item.located(name))
    });
    if let Some(Located { value, place }) = &name
        && let Some(first) = lines.insert(value.as_str().to_owned(), reader.line(place))
    {
        let what = format!("a desk named `{value}` stands on line {first} already");
        reader.error(place, what, "give one of them another name");
    }
    let staff = keys.required("staff", "staff = [\"it-desk\"]").map(|item| {
        let items = item.list();
        if items.is_empty() {
            item.error("nobody is staff of this desk", "name a group, or take the desk away");
        }
        groups(&items)
    });
    let helped = keys.list("helps");
    let helps = groups(&helped);
    keys.finish();
    // A list whose entries are all wrong must not become the empty list, which stands for everybody.
    let whole = helps.len() >= helped.len().min(1);
    let staff = staff.filter(|staff| whole && !staff.is_empty())?;
    Some(DeskSettings { name: name?.value, staff, helps })
}

fn groups(items: &[Item<'_, '_>]) -> BTreeSet<Group> {
    items.iter().filter_map(|item| item.parsed("a group's name", Group::parse)).collect()
}
