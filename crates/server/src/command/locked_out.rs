//! `sekimori person locked-out`: who would not get in from outside with what they have.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use clap::Args;
use sekimori_directory::Group;
use sekimori_directory::settings::ZoneName;
use serde_json::json;

use super::ask::{ask, show};
use super::{Common, Ended, Failed};
use crate::admin::locked_out::{LockedOutPerson, Piece, Tally};
use crate::admin::{Command, Outcome};
use crate::console::{Table, counted, counting, print, print_part};
use crate::files::new_private;

/// People that are listed for people; more are counted.
const LISTED_MAX: usize = 50;

/// Who would not get in from outside with what they have, by group
#[derive(Debug, Args)]
#[command(after_long_help = "\
Everybody whose account may be used is asked about as at a sign-in to the account
page: by the site's policy, with the right password, with their own factors and
certificates. Nothing is changed; the audit says who looked.

The reasons are those of docs/reasons.md: mfa.none_registered can be mended by the
person on campus, mfa.none_left and mfa.suspended with a ticket, net.not_from_here
by nothing but the policy. `started` says whether they have chosen a password yet.

Examples:
  sekimori person locked-out                            the groups, and who
  sekimori person locked-out --group students --csv locked-out.csv
  sekimori person locked-out --from eduroam --json

Exit status: 0 the list is complete, even if nobody is on it; 1 there is no such
zone; 3 it could not be made.")]
pub(super) struct LockedOut {
    /// Only people of this group
    #[arg(long, value_name = "NAME", value_parser = Group::parse)]
    group: Option<Group>,
    /// From the place of this zone of the site
    #[arg(long, value_name = "ZONE", default_value = "outside", value_parser = ZoneName::parse)]
    from: ZoneName,
    /// Write everybody who is on the list to this new file: comma-separated values
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
}

/// What has been seen so far.
#[derive(Default)]
struct Seen {
    groups: BTreeMap<String, Tally>,
    all: Tally,
    listed: Vec<LockedOutPerson>,
}

/// Piece by piece, so that neither side holds more than one.
pub(super) fn run(what: &LockedOut, common: &Common) -> Result<Ended, Failed> {
    let mut file = what.csv.as_deref().map(List::new).transpose()?;
    let mut seen = Seen::default();
    let mut stream = common.json.then(Stream::default);
    let bar = counting("people looked at");
    let mut after = None;
    loop {
        let (group, zone) = (what.group.clone(), what.from.clone());
        let answer = ask(Command::PersonLockedOut { group, zone, after }, common)?;
        if answer.outcome == Outcome::No {
            return Ok(show(&answer, common));
        }
        let piece: Piece =
            serde_json::from_value(answer.value).map_err(Failed::at("reading the list"))?;
        seen.all.add(piece.all);
        for (name, tally) in piece.groups {
            seen.groups.entry(name).or_default().add(tally);
        }
        bar.set_position(seen.all.accounts);
        if let Some(file) = &mut file {
            file.add(&piece.people)?;
        }
        if let Some(stream) = &mut stream
            && !stream.add(&piece.people)?
        {
            return Ok(Ended::Well);
        }
        let room = LISTED_MAX.saturating_sub(seen.listed.len());
        seen.listed.extend(piece.people.into_iter().take(room));
        after = piece.next;
        if after.is_none() {
            break;
        }
    }
    bar.finish_and_clear();
    if let Some(file) = file {
        file.finish()?;
    }
    match stream {
        Some(stream) => stream.finish(what, &seen)?,
        None => print(&words(what, &seen)),
    }
    Ok(Ended::Well)
}

fn words(what: &LockedOut, seen: &Seen) -> String {
    let all = &seen.all;
    let accounts = counted(all.accounts, "account");
    let mut text = format!("locked out from {}: {} of {accounts}\n", what.from, all.locked_out);
    if !seen.groups.is_empty() {
        let mut table = Table::new(["group", "accounts", "locked out"]);
        for (name, tally) in &seen.groups {
            let name = if name.is_empty() { "(none)" } else { name };
            table.row([name.to_owned(), tally.accounts.to_string(), tally.locked_out.to_string()]);
        }
        let _ = write!(text, "\n{table}");
    }
    if let Some(path) = &what.csv {
        let _ = writeln!(text, "\nall of them are in {}", path.display());
    } else if !seen.listed.is_empty() {
        let mut table = Table::new(["user name", "name", "why", "password", "groups"]);
        for one in &seen.listed {
            let started = if one.started { "yes" } else { "not yet" };
            let (name, groups) = (one.name.en.clone(), one.groups.join(" "));
            table.row([
                one.username.to_string(),
                name,
                one.reason.clone(),
                started.to_owned(),
                groups,
            ]);
        }
        let _ = write!(text, "\n{table}");
        let more = seen.all.locked_out.saturating_sub(seen.listed.len() as u64);
        if more > 0 {
            let _ = writeln!(text, "… and {more} more (all of them: --csv FILE)");
        }
    }
    text
}

/// The file of everybody on the list: new, for whoever runs the command alone; gone again if nothing came of it.
struct List<'p> {
    path: &'p Path,
    writer: Option<csv::Writer<BufWriter<File>>>,
}

impl<'p> List<'p> {
    fn new(path: &'p Path) -> Result<Self, Failed> {
        let file = new_private(path).map_err(|error| {
            let failed = Failed::new(format!("{}: {error}", path.display()));
            failed.remedy("name a file that is not there yet; nothing was done")
        })?;
        let mut list = Self { path, writer: Some(csv::Writer::from_writer(BufWriter::new(file))) };
        list.record(["username", "name_en", "name_ja", "mail", "groups", "started", "reason"])?;
        Ok(list)
    }

    fn add(&mut self, people: &[LockedOutPerson]) -> Result<(), Failed> {
        for one in people {
            let mail = one.mail.as_ref().map(ToString::to_string).unwrap_or_default();
            let started = if one.started { "yes" } else { "no" };
            let groups = one.groups.join(" ");
            let cells = [one.username.as_str(), &one.name.en, &one.name.ja, &mail, &groups];
            let [username, en, ja, mail, groups] = cells;
            self.record([username, en, ja, mail, groups, started, &one.reason])?;
        }
        Ok(())
    }

    fn record(&mut self, cells: [&str; 7]) -> Result<(), Failed> {
        let Some(writer) = &mut self.writer else { return Ok(()) };
        writer.write_record(cells).map_err(Failed::at(self.path.display()))
    }

    fn finish(mut self) -> Result<(), Failed> {
        let at = self.path.display();
        let Some(writer) = self.writer.take() else { return Ok(()) };
        let mut file = writer.into_inner().map_err(Failed::at(&at))?;
        file.flush().and_then(|()| file.get_ref().sync_all()).map_err(Failed::at(&at))
    }
}

impl Drop for List<'_> {
    fn drop(&mut self) {
        if self.writer.take().is_some() {
            let _ = std::fs::remove_file(self.path);
        }
    }
}

/// One JSON value, written as it comes.
#[derive(Default)]
struct Stream {
    begun: bool,
}

impl Stream {
    /// `false`: the reader has gone away.
    fn add(&mut self, people: &[LockedOutPerson]) -> Result<bool, Failed> {
        let mut text = String::new();
        for one in people {
            text.push_str(if self.begun { ",\n" } else { "{\"people\":[\n" });
            self.begun = true;
            text.push_str(&json!(one).to_string());
        }
        print_part(&text).map_err(Failed::at("printing the list"))
    }

    fn finish(self, what: &LockedOut, seen: &Seen) -> Result<(), Failed> {
        let begin = if self.begun { "" } else { "{\"people\":[" };
        let (from, all) = (json!(what.from), json!(seen.all));
        let groups = json!(seen.groups);
        let text = format!("{begin}],\n\"from\":{from},\"all\":{all},\"groups\":{groups}}}\n");
        print_part(&text).map(drop).map_err(Failed::at("printing the list"))
    }
}
