//! `sekimori person letters`: letters on paper for new people.
//!
//! In this order, so that nothing is left half done: it is planned; the secrets are drawn and the PDF is written beside
//! its place; the server makes the secrets the accounts' own, all in one transaction; the PDF takes its place. Until
//! that transaction the PDF opens nothing, and after it the PDF is on the disk.

mod fonts;
mod output;

use std::path::PathBuf;

use clap::{ArgGroup, Args, ValueEnum};
use sekimori_base::Language;
use sekimori_directory::{Group, Username};
use sekimori_flow::admin::letters::LetterSecrets;
use sekimori_paper::{Letter, Sender};
use serde_json::json;
use zeroize::Zeroizing;

use super::ask::{show, watched};
use super::person::{FILE_BYTES_MAX, not_utf8};
use super::{Common, Ended, Failed};
use crate::admin::command::Password;
use crate::admin::letters::{
    Addressees, InUse, LettersCommand, Plan, PlannedLetter, PrintedLetter,
};
use crate::admin::{Answer, Command, Outcome};
use crate::console::{confirm, counted, note, progress};
use crate::files::read_bytes;
use crate::outside::SystemEntropy;

use output::Output;

/// The column of a file that names people.
const COLUMN: &str = "username";

/// Print letters for new people: an initial password, and an authenticator app that is registered
#[expect(clippy::struct_excessive_bools, reason = "independent options of a command line")]
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("whom").required(true).args(["usernames", "from", "group"]))]
#[command(after_long_help = "\
A letter is a sheet of A4 with two folds. Above them stands what to do first,
what never to do and who helps; under the lower fold the user name, an initial
password, and the secret of an authenticator app as a QR code and as text of
characters that are not mixed up. The app is registered, bound by letter.

The initial password is good once, for as many days as the site says
(start_ticket_days, 14): at /ticket its owner chooses a password with it and with
a code of that app. Nothing else opens with it.

Somebody with an earlier letter that was not used gets a new one, and the earlier
one ends. Accounts that are disabled or in use get none, and then nothing is
printed for anybody: --skip leaves them out, --in-use writes to those in use as
well (whoever holds the paper can then choose a new password; they are told by
mail).

The PDF is new, for you alone (mode 0600), and holds what nothing else holds: a
lost letter is replaced by another one. Print it, then delete it. The accounts
learn its secrets when it is written, all in one transaction.

A Japanese font is embedded: Debian's fonts-noto-cjk or fonts-ipaexfont.

Examples:
  sekimori person letters hanako taro --out letters.pdf
  sekimori person letters --from people.csv --dry-run      who would get one
  sekimori person letters --from people.csv --each letters --language both
  sekimori person letters --group new-2027 --skip --out letters.pdf --yes

Exit status: 0 printed, 1 somebody cannot be sent one or not printed, 3 it could
not be done.")]
pub(super) struct Letters {
    /// User names
    #[arg(value_name = "USERNAME", value_parser = Username::parse)]
    usernames: Vec<Username>,
    /// Everybody in this file: comma-separated values with a column username, as for import
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,
    /// Everybody in this group
    #[arg(long, value_name = "NAME", value_parser = Group::parse)]
    group: Option<Group>,
    /// Write all letters to this new file
    #[arg(long, value_name = "FILE", required_unless_present_any = ["each", "dry_run"])]
    out: Option<PathBuf>,
    /// Write each letter to a file of its own, USERNAME.pdf, in this new folder
    #[arg(long, value_name = "FOLDER", conflicts_with = "out")]
    each: Option<PathBuf>,
    /// The language of the letters
    #[arg(long, value_name = "WHICH", default_value = "own")]
    language: Tongue,
    /// Leave out who cannot be sent a letter
    #[arg(long)]
    skip: bool,
    /// Also about accounts in use: the paper alone will open them
    #[arg(long)]
    in_use: bool,
    /// A font file with Japanese glyphs, instead of looking for one
    #[arg(long, value_name = "FILE")]
    font: Option<PathBuf>,
    /// Only show who would get a letter
    #[arg(long)]
    dry_run: bool,
    /// Do not ask
    #[arg(long, short)]
    yes: bool,
}

/// In which language a letter is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Tongue {
    /// Each person's own
    Own,
    /// English
    En,
    /// Japanese
    Ja,
    /// Each person's own, and on the back, without the secrets, the other one
    Both,
}

impl Tongue {
    /// The languages of front and back.
    fn sides(self, own: Language) -> (Language, Option<Language>) {
        let other = match own {
            Language::English => Language::Japanese,
            Language::Japanese => Language::English,
        };
        match self {
            Self::Own => (own, None),
            Self::En => (Language::English, None),
            Self::Ja => (Language::Japanese, None),
            Self::Both => (own, Some(other)),
        }
    }
}

pub(super) fn run(what: &Letters, common: &Common) -> Result<Ended, Failed> {
    let fonts = fonts::find(what.font.as_deref())?;
    let in_use = if what.in_use { InUse::Include } else { InUse::Refuse };
    let planning = LettersCommand::Plan { whom: whom(what)?, in_use };
    let answer = watched(Command::Letters(planning), common, "looking people up")?;
    let plan: Plan = match serde_json::from_value(answer.value.clone()) {
        Ok(plan) => plan,
        Err(_) => return Ok(show(&answer, common)),
    };
    let skipped = what.skip && !plan.letters.is_empty();
    if what.dry_run || (answer.outcome == Outcome::No && !skipped) {
        return Ok(show(&shown(answer, what, &plan), common));
    }
    note_lacking(&plan, &fonts);
    if !what.yes {
        note(&answer.text);
        if !confirm("Print these letters?") {
            note("nothing was done (answer yes, or use --yes)");
            return Ok(Ended::No);
        }
    }
    let mut output = match (&what.out, &what.each) {
        (_, Some(folder)) => Output::each(folder)?,
        (Some(file), None) => Output::one(file)?,
        (None, None) => return Err(Failed::new("neither --out nor --each says where to")),
    };
    let drawn = draw(what, &plan, &fonts, &mut output)?;
    let taking = LettersCommand::Take { letters: drawn, in_use };
    let taken = match watched(Command::Letters(taking), common, "registering") {
        Ok(taken) => taken,
        // The server may have done it before it went away: then the letters are the only ones.
        Err(failed) => return Err(output.keep(failed)),
    };
    if taken.outcome == Outcome::No {
        return Ok(show(&taken, common));
    }
    let place = output.finish()?;
    let replaced = plan.letters.iter().filter(|letter| letter.replaces).count();
    let letters = counted(plan.letters.len(), "letter");
    let text = format!(
        "{letters} in {place}, for you alone: print, then delete; nothing else holds these secrets"
    );
    let refused = &plan.refused;
    let value = json!({
        "letters": plan.letters.len(), "replaced": replaced, "skipped": refused, "place": place,
    });
    Ok(show(&Answer::yes(text, value), common))
}

/// The plan for people and programs.
fn shown(answer: Answer, what: &Letters, plan: &Plan) -> Answer {
    let outcome = match answer.outcome {
        Outcome::No if what.skip && !plan.letters.is_empty() => Outcome::Yes,
        outcome => outcome,
    };
    let text = match outcome {
        Outcome::Yes => answer.text,
        Outcome::No => format!("{}; nothing was done", answer.text),
    };
    let value = json!({ "letters": plan.letters, "refused": plan.refused });
    Answer { outcome, text, value }
}

/// Whom the command line names.
fn whom(what: &Letters) -> Result<Addressees, Failed> {
    if let Some(group) = &what.group {
        return Ok(Addressees::Group(group.clone()));
    }
    let mut usernames = match &what.from {
        Some(file) => in_file(file)?,
        None => what.usernames.clone(),
    };
    // Nobody gets two letters, of which only the second would be good.
    let mut seen = std::collections::BTreeSet::new();
    usernames.retain(|username| seen.insert(username.clone()));
    Ok(Addressees::Named(usernames))
}

/// The user names in a file.
fn in_file(path: &std::path::Path) -> Result<Vec<Username>, Failed> {
    let shown = path.display();
    let bytes = read_bytes(path, FILE_BYTES_MAX).map_err(Failed::at(&shown))?;
    let text = String::from_utf8(bytes).map_err(|error| not_utf8(path, &error))?;
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .flexible(true)
        .from_reader(text.trim_start_matches('\u{feff}').as_bytes());
    let header = reader.headers().map_err(Failed::at(&shown))?;
    let column = header.iter().position(|name| name == COLUMN).ok_or_else(|| {
        Failed::new(format!("{shown}: the first line names no column {COLUMN}"))
            .remedy("begin the file with a line of column names, as for `sekimori person import`")
    })?;
    let mut usernames = Vec::new();
    for record in reader.records() {
        let record = record.map_err(Failed::at(&shown))?;
        let line = record.position().map_or(0, csv::Position::line);
        let name = record.get(column).unwrap_or_default();
        let parsed = Username::parse(name);
        usernames.push(parsed.map_err(Failed::at(format!("{shown}: line {line}: {name:?}")))?);
    }
    Ok(usernames)
}

/// Names with characters that the font lacks are printed with a sign in their place, and told.
fn note_lacking(plan: &Plan, fonts: &sekimori_paper::Fonts) {
    for letter in &plan.letters {
        let mut lacking = fonts.lacks(&letter.name.en);
        lacking.extend(fonts.lacks(&letter.name.ja));
        if !lacking.is_empty() {
            let lacking: String = lacking.into_iter().collect();
            let username = &letter.username;
            note(&format!("{username}: the font lacks {lacking} of the name; 〓 stands there"));
        }
    }
}

/// Draw the secrets and print them.
fn draw(
    what: &Letters,
    plan: &Plan,
    fonts: &sekimori_paper::Fonts,
    output: &mut Output,
) -> Result<Vec<PrintedLetter>, Failed> {
    let name = &plan.sender.organisation;
    let organisation = if name.en.is_empty() { &name.ja } else { &name.en };
    let drawn: Vec<Drawn> =
        plan.letters.iter().map(|letter| Drawn::new(letter, organisation)).collect();
    let sender = Sender {
        organisation: name,
        accent: &plan.sender.accent,
        help: &plan.sender.help,
        issuer: &plan.sender.issuer,
        time_zone: &plan.sender.time_zone,
        printed_at: plan.at,
    };
    let letters: Vec<Letter<'_>> = drawn.iter().map(|drawn| drawn.letter(what.language)).collect();
    let bar = progress(letters.len() as u64, "writing");
    let written = output.write(&sender, &letters, fonts, |done| bar.set_position(done));
    bar.finish_and_clear();
    written?;
    Ok(drawn.into_iter().map(Drawn::printed).collect())
}

/// A letter with its secrets.
struct Drawn<'p> {
    planned: &'p PlannedLetter,
    password: Zeroizing<String>,
    key: Zeroizing<String>,
    uri: Zeroizing<String>,
}

impl<'p> Drawn<'p> {
    fn new(planned: &'p PlannedLetter, organisation: &str) -> Self {
        let secrets = LetterSecrets::draw(&SystemEntropy);
        let uri = secrets.app.uri(organisation, planned.username.as_str());
        Self {
            planned,
            password: Zeroizing::new(secrets.password.text().expose().clone()),
            key: Zeroizing::new(secrets.app.base32_groups().expose().clone()),
            uri: Zeroizing::new(uri.expose().clone()),
        }
    }

    fn letter(&self, language: Tongue) -> Letter<'_> {
        let (front, back) = language.sides(self.planned.language);
        Letter {
            name: &self.planned.name,
            username: self.planned.username.as_str(),
            password: &self.password,
            key: &self.key,
            uri: &self.uri,
            until: self.planned.until,
            front,
            back,
        }
    }

    fn printed(self) -> PrintedLetter {
        PrintedLetter {
            planned: self.planned.clone(),
            password: Password(self.password.to_string()),
            key: Password(self.key.to_string()),
        }
    }
}
