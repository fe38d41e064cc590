//! Who would not get in from somewhere, in pieces: neither side holds more than one.

use std::collections::BTreeMap;

use sekimori_base::Bilingual;
use sekimori_directory::settings::ZoneName;
use sekimori_directory::{Group, MailAddress, Username};
use sekimori_flow::admin::View;
use serde::{Deserialize, Serialize};

use super::execute::Desk;
use super::{Answer, Progress, Watcher};
use crate::command::Failed;

/// People of one piece, about.
const PIECE: u64 = 5000;

/// A piece of the list.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Piece {
    /// Who would not get in.
    pub people: Vec<LockedOutPerson>,
    /// Accounts that may be used, and how many of them would not get in, by group; the empty name is no group.
    pub groups: BTreeMap<String, Tally>,
    /// The same of everybody.
    pub all: Tally,
    /// Where the next piece begins.
    pub next: Option<Username>,
}

/// So many accounts.
#[derive(Debug, Default, Clone, Copy, Serialize, Deserialize)]
pub struct Tally {
    /// That may be used.
    pub accounts: u64,
    /// Of which nobody would get in.
    pub locked_out: u64,
}

/// Somebody who would not get in.
#[derive(Debug, Serialize, Deserialize)]
pub struct LockedOutPerson {
    /// Their user name.
    pub username: Username,
    /// Their name.
    pub name: Bilingual,
    /// Their address.
    pub mail: Option<MailAddress>,
    /// Their groups.
    pub groups: Vec<String>,
    /// They have a password.
    pub started: bool,
    /// Why they would not get in.
    pub reason: String,
}

impl Tally {
    /// And these.
    pub fn add(&mut self, more: Self) {
        self.accounts += more.accounts;
        self.locked_out += more.locked_out;
    }
}

pub(super) async fn page(
    desk: &Desk<'_>,
    group: Option<&Group>,
    zone: &ZoneName,
    after: Option<Username>,
    watcher: &Watcher,
) -> Result<Answer, Failed> {
    let tenant = desk.tenant()?;
    if *zone != ZoneName::outside() && tenant.site.zone(zone).is_none() {
        let text = format!("the site has no zone {zone}");
        return Ok(Answer::no(text, serde_json::json!(null)));
    }
    desk.view(&tenant, None, View::LockedOut).await?;
    let mut piece = Piece { next: after, ..Piece::default() };
    loop {
        let page = desk.app.flow.outlook_from(&tenant, zone, piece.next.take()).await;
        let page = page.map_err(Failed::at("going through everybody"))?;
        for one in page.people {
            let groups: Vec<String> = one.person.groups.iter().map(ToString::to_string).collect();
            if group.is_some_and(|group| !one.person.groups.contains(group)) {
                continue;
            }
            let tally = Tally { accounts: 1, locked_out: one.locked_out.is_some().into() };
            piece.all.add(tally);
            for name in &groups {
                piece.groups.entry(name.clone()).or_default().add(tally);
            }
            if groups.is_empty() {
                piece.groups.entry(String::new()).or_default().add(tally);
            }
            piece.people.extend(one.locked_out.map(|reason| LockedOutPerson {
                username: one.person.username,
                name: one.person.name,
                mail: one.person.mail,
                groups,
                started: one.started,
                reason: reason.code().to_owned(),
            }));
        }
        piece.next = page.next;
        let goes_on = watcher(Progress { done: piece.all.accounts, all: piece.all.accounts });
        if piece.next.is_none() || piece.all.accounts >= PIECE || !goes_on {
            return Ok(Answer::yes(String::new(), piece));
        }
    }
}
