//! The list of a root: signed elsewhere, taken here, and served by every node like those of the authorities below it.

use data_encoding::BASE64;
use sekimori_base::Fault;
use sekimori_pki::{RootList, RootListRefused};
use sekimori_store::{KeyStep, StoredKey};

use super::{AUTHORITY_LINE, Beside, OwnAuthority};
use crate::Flow;
use crate::admin::By;
use crate::tenant::Tenant;

/// So many seconds before a list is over its end is told in the log, each day: five weeks.
const REMIND_SECONDS: i64 = 35 * 86_400;

/// Why a root's list is not taken.
#[derive(Debug, thiserror::Error)]
pub enum RootListNotTaken {
    /// No root of an authority here signed it, or it may not take the place of the one before.
    #[error(transparent)]
    Refused(#[from] RootListRefused),
    /// There is no authority at all.
    #[error("there is no certificate authority")]
    NoAuthority,
    /// Something of ours does not work.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl Flow {
    /// Take the list (DER) that the root of an authority signed. Gives the name of that root.
    pub async fn install_root_list(
        &self,
        tenant: &Tenant,
        list: &[u8],
        by: &By,
    ) -> Result<String, RootListNotTaken> {
        let below = signed_above(tenant.authorities.all(), list)?;
        let (root, now) = (&below.root, self.clock.now());
        RootList::read(list, root)?.follows(below.root_list.as_ref(), now)?;
        let names = tenant.authorities.all().iter().filter(|own| own.root == *root);
        let names: Vec<&str> = names.map(|own| own.name.as_str()).collect();
        let text = BASE64.encode(list);
        self.change_authorities(tenant, |standing| {
            let here = standing.iter().filter(|key| names.contains(&key.name.as_str()));
            let mut steps = Vec::new();
            for stored in here {
                let before = Beside::read(stored)?;
                if let Some(former) = before.root_list(root)? {
                    let new = RootList::read(list, root);
                    let new = new.and_then(|new| new.follows(Some(&former), now));
                    new.map_err(Fault::while_doing("taking the list of a root"))?;
                }
                let beside = Beside { root_list: Some(text.clone()), ..before };
                let public = Some(beside.written()?);
                let (line, name) = (AUTHORITY_LINE.to_owned(), stored.name.clone());
                steps.push(KeyStep::Remove { line, name });
                steps.push(KeyStep::Put(StoredKey { public, ..(*stored).clone() }));
            }
            Ok(steps)
        })
        .await?;
        let name = root.key_name();
        self.authority_line(tenant, "ca.root_list", &name, by).await?;
        Ok(name)
    }

    /// Say in the log which roots' lists are over soon.
    pub fn remind_of_root_lists(&self) {
        let soon = self.clock.now().plus_seconds(REMIND_SECONDS);
        for tenant in self.tenants.all() {
            for own in tenant.authorities.all() {
                let Some(list) = own.root_list.as_ref().filter(|list| list.until() < soon) else {
                    continue;
                };
                let (root, until) = (own.root.key_name(), list.until().to_string());
                tracing::warn!(
                    root,
                    until,
                    "the list of a root is over soon: sekimori ca sign-list"
                );
            }
        }
    }
}

/// An authority whose root signed the list.
fn signed_above<'a>(
    own: &'a [OwnAuthority],
    list: &[u8],
) -> Result<&'a OwnAuthority, RootListNotTaken> {
    let mut why = None;
    for one in own {
        match RootList::read(list, &one.root) {
            Ok(_) => return Ok(one),
            Err(refused) => why = Some(refused),
        }
    }
    Err(why.map_or(RootListNotTaken::NoAuthority, RootListNotTaken::Refused))
}
