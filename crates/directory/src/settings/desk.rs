//! Help desks: who helps whom at the console.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::NameError;
use crate::Group;

name_type!(
    /// A help desk's name.
    DeskName,
    "desk"
);

/// A help desk. Who is its staff, and whom it helps, follows from the directory's groups.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeskSettings {
    /// Its name.
    pub name: DeskName,
    /// Groups whose members are its staff.
    pub staff: BTreeSet<Group>,
    /// Groups whose members it helps; everybody when empty.
    #[serde(default)]
    pub helps: BTreeSet<Group>,
}
