//! `sekimori person`: people and their accounts.

use std::fs::File;
use std::io::{IsTerminal, Read, Write};
use std::path::{Path, PathBuf};
use std::string::FromUtf8Error;

use clap::{Args, Subcommand};
use sekimori_base::{Bilingual, FactorId, Language};
use sekimori_directory::{Affiliation, Group, MailAddress, Username};
use serde_json::json;

use super::ask::{ask, ask_and_show, show, watched};
use super::letters::{self, Letters};
use super::locked_out::{self, LockedOut};
use super::{Common, Ended, Failed};
use crate::admin::command::{AccountState, Act, NewPerson, Password, TicketFor};
use crate::admin::{Answer, Command, Outcome, mails};
use crate::console::{confirm, note};
use crate::files::{new_private, read_bytes};
use crate::outside::SystemEntropy;

/// The longest file of people that is read, in bytes.
pub(super) const FILE_BYTES_MAX: u64 = 400 * 1024 * 1024;

/// People: add, look at, disable, help
#[derive(Debug, Args)]
#[command(after_long_help = "\
Exit status: 0 done, 1 refused or nobody has that name, 2 a wrong command line,
3 it could not be done.")]
pub struct Person {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    Add(Add),
    /// Everything that matters about an account
    Show(Whom),
    /// Nobody signs in with the account any more; its sessions and grants end
    Disable(Whom),
    /// A disabled account can be used again
    Enable(Whom),
    Import(Import),
    Letters(Letters),
    LockedOut(LockedOut),
    /// Forget the failures that make somebody wait
    Unlock(Whom),
    Factors(Factors),
    /// Everything that is kept about somebody, as JSON
    Export(Whom),
    Erase(Erase),
    Code(Code),
    /// Make a new break-glass code for an administrator: good once, for the day on which nothing else is
    BreakGlass(Whom),
}

/// The factors of somebody; with --end, end one of them; with --resume, end its suspension
#[derive(Debug, Args)]
#[command(after_long_help = "\
A factor that is `switched_off` is in order, and its owner has chosen in the
account page that it may not be used. They switch it on again there; who cannot
sign in any more is helped with --switch-on, and told by mail that you did it.

A factor that is `suspended` was called not theirs by \"this was not me\" in a mail.
When it was theirs after all, and you know who asks, --resume lets it be used
again before its seven days are over; they are told by mail.")]
struct Factors {
    #[command(flatten)]
    whom: Whom,
    /// End this factor
    #[arg(long, value_name = "ID")]
    end: Option<FactorId>,
    /// This factor is suspended: let it be used again
    #[arg(long, value_name = "ID", conflicts_with = "end")]
    resume: Option<FactorId>,
    /// Whatever they have switched off may be used again
    #[arg(long, conflicts_with_all = ["end", "resume"])]
    switch_on: bool,
}

/// Make a ticket: a code on paper, good once, with which its owner chooses a password or registers an app
#[derive(Debug, Args)]
#[command(after_long_help = "\
Without --for: what they lack. Somebody without a password gets a ticket for the
first one, good for as many days as the site says (start_ticket_days, 14); after
that the same paper registers their first authenticator app. Somebody with a
password gets a ticket for an app.

Tickets for people who have signed in before are good for 30 minutes. Nobody at
the desk sees or chooses a password, and a ticket never goes round a factor:
who has one is asked for it. Earlier tickets of the same person end.

Examples:
  sekimori person code hanako --for password    forgot it
  sekimori person code hanako --for factor      a new phone, and no recovery code")]
struct Code {
    #[command(flatten)]
    whom: Whom,
    /// What it is for
    #[arg(long = "for", value_name = "WHAT")]
    what: Option<TicketFor>,
}

/// Erase somebody: account, factors, sessions and recorded facts; audit lines keep an id without a name
#[derive(Debug, Args)]
struct Erase {
    #[command(flatten)]
    whom: Whom,
    /// Do not ask
    #[arg(long, short)]
    yes: bool,
}

/// Add and change people as a file says
#[derive(Debug, Args)]
#[command(after_long_help = "\
Comma-separated values, UTF-8, with a first line of column names:
username,name_en,name_ja,mail,affiliation,groups,password,hash

Only username is needed. Several affiliations or groups are separated by spaces.
Spaces around a cell do not count, except in password: a password is taken as it
stands, with the spaces at its ends.

Somebody new with neither password nor hash gets a ticket, with which they choose
a password themselves and register an authenticator app. Tickets are printed as
lines `username,ticket`, or written to the file of --tickets, which must not
exist yet and which only you can read. They are nowhere else: a lost one is
replaced by `sekimori person code NAME`.

The passwords of people who are there already are not touched. Of those people a
column that is absent keeps what there is; an empty cell clears it. All mistakes
are shown at once; then nothing is done.

Examples:
  sekimori person import people.csv              show what changes, ask, import
  sekimori person import people.csv --dry-run    only show what would change
  sekimori person import people.csv --tickets tickets.csv

Exit status: 0 imported, 1 mistakes or not imported, 3 the file cannot be read.")]
struct Import {
    /// The file
    file: PathBuf,
    /// Only show what would change
    #[arg(long)]
    dry_run: bool,
    /// Do not ask
    #[arg(long, short)]
    yes: bool,
    /// Write the tickets of new people to this new file
    #[arg(long, value_name = "FILE")]
    tickets: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct Whom {
    /// User name
    #[arg(value_parser = Username::parse)]
    username: Username,
}

/// Add somebody; without a password they get a ticket to choose one, which is printed
#[expect(clippy::struct_excessive_bools, reason = "independent options of a command line")]
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  sekimori person add hanako --name 'Hanako Sato' --mail hanako@example.ac.jp
  sekimori person add root --admin --generate-password
  pass show hanako | sekimori person add hanako --password")]
struct Add {
    #[command(flatten)]
    whom: Whom,
    /// Name, in Latin letters
    #[arg(long, value_name = "TEXT", value_parser = sekimori_directory::person::name)]
    name: Option<String>,
    /// Name in Japanese
    #[arg(long, value_name = "TEXT", value_parser = sekimori_directory::person::name)]
    name_ja: Option<String>,
    /// Mail address, for notices
    #[arg(long, value_name = "ADDRESS", value_parser = MailAddress::parse)]
    mail: Option<MailAddress>,
    /// student, staff, faculty, …; may be repeated
    #[arg(long, value_name = "WORD", value_parser = affiliation)]
    affiliation: Vec<Affiliation>,
    /// A group; may be repeated
    #[arg(long, value_name = "NAME", value_parser = Group::parse)]
    group: Vec<Group>,
    /// May administrate; a break-glass code is printed, once
    #[arg(long)]
    admin: bool,
    /// Mail in Japanese
    #[arg(long)]
    japanese: bool,
    /// Ask for a password (or read it from standard input)
    #[arg(long, conflicts_with = "generate_password")]
    password: bool,
    /// Make a password and print it
    #[arg(long)]
    generate_password: bool,
}

fn affiliation(text: &str) -> Result<Affiliation, String> {
    Affiliation::parse(text).ok_or_else(|| {
        let known: Vec<&str> = Affiliation::ALL.into_iter().map(Affiliation::as_str).collect();
        format!("known are {}", known.join(", "))
    })
}

pub(super) fn run(person: Person, common: &Common) -> Result<Ended, Failed> {
    match person.what {
        What::Add(new) => add(new, common),
        What::Show(whom) => ask_and_show(Command::PersonShow { username: whom.username }, common),
        What::Disable(whom) => state(whom, AccountState::Disabled, common),
        What::Enable(whom) => state(whom, AccountState::Active, common),
        What::Import(file) => import(&file, common),
        What::Letters(what) => letters::run(&what, common),
        What::LockedOut(what) => locked_out::run(&what, common),
        What::Unlock(whom) => {
            ask_and_show(Command::PersonUnlock { username: whom.username }, common)
        }
        What::Factors(what) => of_factors(what, common),
        What::Export(whom) => {
            ask_and_show(Command::PersonExport { username: whom.username }, common)
        }
        What::Erase(what) => erase(what, common),
        What::BreakGlass(whom) => {
            ask_and_show(Command::PersonBreakGlass { username: whom.username }, common)
        }
        What::Code(Code { whom, what }) => {
            ask_and_show(Command::PersonTicket { username: whom.username, what }, common)
        }
    }
}

fn state(whom: Whom, state: AccountState, common: &Common) -> Result<Ended, Failed> {
    ask_and_show(Command::PersonState { username: whom.username, state }, common)
}

fn of_factors(what: Factors, common: &Common) -> Result<Ended, Failed> {
    let Factors { whom: Whom { username }, end, resume, switch_on } = what;
    match (end, resume) {
        (Some(factor), _) => ask_and_show(Command::FactorEnd { username, factor }, common),
        (None, Some(factor)) => ask_and_show(Command::FactorResume { username, factor }, common),
        (None, None) if switch_on => ask_and_show(Command::PreferencesClear { username }, common),
        (None, None) => factors(username, common),
    }
}

/// The factors alone.
fn factors(username: Username, common: &Common) -> Result<Ended, Failed> {
    let mut answer = ask(Command::PersonShow { username }, common)?;
    if answer.outcome == Outcome::Yes {
        answer.value = answer.value["factors"].take();
        let keys = ["factor ", "  last used", "switched off", "asked first", mails::KEY];
        let wanted = |line: &&str| keys.iter().any(|key| line.starts_with(key));
        let lines = answer.text.lines().filter(wanted);
        let text = lines.collect::<Vec<_>>().join("\n");
        answer.text = if text.is_empty() { "no factors".to_owned() } else { text };
    }
    Ok(show(&answer, common))
}

fn erase(what: Erase, common: &Common) -> Result<Ended, Failed> {
    let username = what.whom.username;
    let command = |act| Command::PersonErase { username: username.clone(), act };
    let done = rehearsed_first(command, what.yes, false, "Erase them?", common)?;
    Ok(done.map_or(Ended::No, |answer| show(&answer, common)))
}

fn import(what: &Import, common: &Common) -> Result<Ended, Failed> {
    let bytes = read_bytes(&what.file, FILE_BYTES_MAX).map_err(Failed::at(what.file.display()))?;
    let file = String::from_utf8(bytes).map_err(|error| not_utf8(&what.file, &error))?;
    let command = |act| Command::PersonImport { file: file.clone(), act };
    let paper = what.tickets.as_deref().filter(|_| !what.dry_run).map(Paper::new).transpose()?;
    let done = rehearsed_first(command, what.yes, what.dry_run, "Import this?", common)
        .map_err(|failed| failed.or_remedy(UNANSWERED))?;
    let Some(mut answer) = done else { return Ok(Ended::No) };
    let tickets = serde_json::from_value(answer.value["tickets"].clone());
    let tickets: Vec<(String, String)> = tickets.unwrap_or_default();
    match paper {
        Some(paper) if !tickets.is_empty() => {
            let path = paper.path.display().to_string();
            match paper.write(&tickets) {
                Ok(()) => {
                    answer.text =
                        format!("{}\n{} tickets are in {path}", answer.text, tickets.len());
                    answer.value["tickets"] = json!([]);
                    answer.value["tickets_file"] = json!(path);
                }
                // People are imported by now, and nothing else holds their tickets.
                Err(error) => {
                    note(&format!("{path} could not be written ({error}); the tickets follow"));
                    answer.text = format!("{}{}", lines(&tickets), answer.text);
                }
            }
        }
        Some(_) | None => answer.text = format!("{}{}", lines(&tickets), answer.text),
    }
    Ok(show(&answer, common))
}

/// What there is to do if the server goes away in the middle: it did all of it or nothing.
const UNANSWERED: &str = "\
run it again with --dry-run: either everybody is new, and nothing was done, or nobody is, and all were imported
but their tickets are lost; make new ones with `sekimori person letters` or `sekimori person code`";

/// Tickets as a file has them.
fn lines(tickets: &[(String, String)]) -> String {
    let mut text = String::new();
    for (username, ticket) in tickets {
        text.push_str(username);
        text.push(',');
        text.push_str(ticket);
        text.push('\n');
    }
    text
}

/// A file for tickets: made before anything is done, so that nothing is done that cannot be written down; gone again
/// if nothing came of it. An empty one is what an interrupted command left, and is made anew.
struct Paper<'p> {
    path: &'p Path,
    file: Option<File>,
}

impl<'p> Paper<'p> {
    fn new(path: &'p Path) -> Result<Self, Failed> {
        if std::fs::symlink_metadata(path).is_ok_and(|there| there.is_file() && there.len() == 0) {
            let _ = std::fs::remove_file(path);
        }
        let file = new_private(path).map_err(|error| {
            let failed = Failed::new(format!("{}: {error}", path.display()));
            failed.remedy("name a file that is not there yet; nothing was done")
        })?;
        Ok(Self { path, file: Some(file) })
    }

    fn write(mut self, tickets: &[(String, String)]) -> std::io::Result<()> {
        let Some(mut file) = self.file.take() else { return Ok(()) };
        file.write_all(format!("username,ticket\n{}", lines(tickets)).as_bytes())?;
        file.sync_all()
    }
}

impl Drop for Paper<'_> {
    fn drop(&mut self) {
        if self.file.take().is_some() {
            let _ = std::fs::remove_file(self.path);
        }
    }
}

/// Spreadsheet programs in Japan write Shift_JIS unless they are told otherwise.
pub(super) fn not_utf8(path: &Path, error: &FromUtf8Error) -> Failed {
    let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
    let line = good.split(|byte| *byte == b'\n').count();
    let path = path.display();
    Failed::new(format!("{path}: line {line} is not UTF-8 (perhaps it is Shift_JIS or UTF-16)"))
        .remedy(
            "save it as UTF-8; in Excel: Save As, file type \"CSV UTF-8 (Comma delimited)\" \
         (日本語版:「名前を付けて保存」で「CSV UTF-8 (コンマ区切り)」); nothing was done",
        )
}

/// Show what would happen, ask, do it; `None` if the answer was no.
fn rehearsed_first(
    command: impl Fn(Act) -> Command,
    yes: bool,
    dry_run: bool,
    question: &str,
    common: &Common,
) -> Result<Option<Answer>, Failed> {
    let rehearsed = watched(command(Act::Rehearse), common, "checking")?;
    if dry_run || rehearsed.outcome == Outcome::No {
        return Ok(Some(rehearsed));
    }
    if !yes {
        note(&rehearsed.text);
        if !confirm(question) {
            note("nothing was done (answer yes, or use --yes)");
            return Ok(None);
        }
    }
    watched(command(Act::Do), common, "working").map(Some)
}

fn add(new: Add, common: &Common) -> Result<Ended, Failed> {
    let username = new.whom.username;
    let english = new.name.unwrap_or_else(|| username.to_string());
    let japanese = new.name_ja.unwrap_or_else(|| english.clone());
    let person = NewPerson {
        name: Bilingual::new(english, japanese),
        mail: new.mail,
        affiliations: new.affiliation,
        groups: new.group,
        administrator: new.admin,
        language: if new.japanese { Language::Japanese } else { Language::English },
        username,
    };
    let generated = new.generate_password.then(generated);
    let password = match &generated {
        Some(password) => Some(Password(password.clone())),
        None if new.password => Some(typed()?),
        None => None,
    };
    let command = Command::PersonAdd { person: Box::new(person), password };
    let mut answer = ask(command, common)?;
    if let Some(password) = generated
        && answer.outcome == Outcome::Yes
    {
        answer.text = format!("{}\npassword: {password}", answer.text);
        answer.value["password"] = password.into();
    }
    Ok(show(&answer, common))
}

/// Four groups of five characters: 100 bits.
fn generated() -> String {
    let bits: [u8; 13] = sekimori_base::random(&SystemEntropy);
    let text = sekimori_base::base32::encode(&bits);
    [&text[..5], &text[5..10], &text[10..15], &text[15..20]].join("-")
}

/// From standard input: the first line of it, or twice the same from a terminal that does not show it.
fn typed() -> Result<Password, Failed> {
    let mut input = std::io::stdin();
    if !input.is_terminal() {
        let mut text = String::new();
        let reading = input.by_ref().take(64 * 1024).read_to_string(&mut text);
        reading.map_err(Failed::at("reading the password from standard input"))?;
        return Ok(Password(text.lines().next().unwrap_or_default().to_owned()));
    }
    let first = hidden("Password: ")?;
    let second = hidden("Again: ")?;
    if first.0 == second.0 { Ok(first) } else { Err(Failed::new("the two are not the same")) }
}

fn hidden(prompt: &str) -> Result<Password, Failed> {
    use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
    let asking = "asking for a password";
    let input = std::io::stdin();
    let before = tcgetattr(&input).map_err(Failed::at(asking))?;
    let mut silent = before.clone();
    silent.local_modes.remove(LocalModes::ECHO);
    tcsetattr(&input, OptionalActions::Flush, &silent).map_err(Failed::at(asking))?;
    let mut error = std::io::stderr();
    let _ = write!(error, "{prompt}");
    let _ = error.flush();
    let mut text = String::new();
    let read = input.read_line(&mut text);
    let restored = tcsetattr(&input, OptionalActions::Flush, &before);
    let _ = writeln!(error);
    read.map_err(Failed::at(asking))?;
    restored.map_err(Failed::at(asking))?;
    text.truncate(text.trim_end_matches(['\r', '\n']).len());
    Ok(Password(text))
}
