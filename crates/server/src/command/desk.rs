//! `sekimori session`, `sekimori key`, `sekimori explain`, `sekimori what-if`, `sekimori mail`.

use std::io::Read;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use sekimori_base::SessionId;
use sekimori_directory::{MailAddress, Username};
use serde_json::json;

use super::ask::{ask, ask_and_show, show, watched};
use super::{Common, Ended, Failed, settings};
use crate::admin::{Answer, Command, Outcome};
use crate::app::write_root_keys;
use crate::console::{print, print_json};
use crate::mail::read;

/// As much is read of what came back: the report stands before the mail that it is about.
const BOUNCE_BYTES_MAX: u64 = 256 * 1024;
/// Letters and digits of an incident code.
const INCIDENT_CODE_CHARACTERS: usize = 9;

/// Sessions of somebody: list, end
#[derive(Debug, Args)]
pub struct Session {
    #[command(subcommand)]
    what: SessionWhat,
}

#[derive(Debug, Subcommand)]
enum SessionWhat {
    /// The sessions of somebody
    List {
        /// User name
        #[arg(value_parser = Username::parse)]
        username: Username,
    },
    /// End sessions, and what services got from them
    End {
        /// User name
        #[arg(value_parser = Username::parse)]
        username: Username,
        /// Only this one
        session: Option<SessionId>,
    },
}

pub(super) fn session(session: Session, common: &Common) -> Result<Ended, Failed> {
    let command = match session.what {
        SessionWhat::List { username } => Command::SessionList { username },
        SessionWhat::End { username, session } => Command::SessionEnd { username, session },
    };
    ask_and_show(command, common)
}

/// Keys: list, rotate, make a root key
#[derive(Debug, Args)]
pub struct Key {
    #[command(subcommand)]
    what: KeyWhat,
}

#[derive(Debug, Subcommand)]
enum KeyWhat {
    /// All keys of the organisation, and where they stand: next, active, retired
    List,
    /// Begin the rotation of a line of keys out of turn, or go on with it
    #[command(after_long_help = "\
Rotation happens by itself (signing keys every 90 days; the key of checkpoints
never: whoever keeps those elsewhere knows it). Out of turn: the first
call publishes the next key; the second, when services had an hour to read it
and every node has it, uses it. Tokens that were signed before stay good.

Exit status: 0, 1 if there is no such line.")]
    Rotate {
        /// data, RS256, ES256, EdDSA or checkpoint
        line: String,
    },
    /// Make the root key file of a new deployment (SQLite makes its own)
    Root,
}

pub(super) fn key(key: Key, common: &Common) -> Result<Ended, Failed> {
    match key.what {
        KeyWhat::List => ask_and_show(Command::KeyList, common),
        KeyWhat::Rotate { line } => ask_and_show(Command::KeyRotate { line }, common),
        KeyWhat::Root => {
            let node = settings::node(common.config.as_deref())?;
            write_root_keys(&node.key_file)?;
            let path = node.key_file.display();
            print(&format!("{path} was made: keep a copy apart from the database's backups"));
            Ok(Ended::Well)
        }
    }
}

/// Why a sign-in came out as it did, by the code that somebody reads out
#[derive(Debug, Args)]
#[command(after_long_help = "\
Prints the facts, the rule that spoke, and the nearest changes, one of which
would have let the person in. The recorded facts are decided again and must give
the same reason.

Times stand as the server counts them (UTC) and as the page showed them.

Examples:
  sekimori explain 7K3M-9QTX-4
  sekimori explain 7K3M-9QTX-4 WAV5-HRBZ-M    several; with --json a list

Exit status: 0, 1 if no such code is kept or deciding again gives another reason.")]
pub struct Explain {
    /// Incident codes; case, spaces and dashes do not matter
    #[arg(required = true)]
    code: Vec<String>,
}

pub(super) fn explain(explain: &Explain, common: &Common) -> Result<Ended, Failed> {
    let ask = |code: String| ask(Command::Explain { code }, common);
    let answers =
        codes(&explain.code).into_iter().map(ask).collect::<Result<Vec<Answer>, Failed>>()?;
    if let [one] = answers.as_slice() {
        return Ok(show(one, common));
    }
    if common.json {
        let values: Vec<_> = answers.iter().map(|answer| &answer.value).collect();
        print_json(&values);
    } else {
        let texts: Vec<&str> = answers.iter().map(|answer| answer.text.trim_end()).collect();
        print(&texts.join("\n\n"));
    }
    let all = answers.iter().all(|answer| answer.outcome == Outcome::Yes);
    Ok(if all { Ended::Well } else { Ended::No })
}

/// One code may be written in several words; words that are whole codes are several.
fn codes(words: &[String]) -> Vec<String> {
    let whole = |word: &String| word.chars().filter(|c| !c.is_whitespace() && *c != '-').count();
    if words.iter().all(|word| whole(word) == INCIDENT_CODE_CHARACTERS) {
        words.to_vec()
    } else {
        vec![words.join(" ")]
    }
}

/// Who would newly be asked, let in or locked out by other settings
#[derive(Debug, Args)]
#[command(after_long_help = "\
Decides recorded sign-ins again under the settings of the file. Nothing is
applied. What a person could show is taken from the record, not from today: of
each person, service and network the last sign-in counts. Each person is
counted once, with the worst that would happen to them.

Examples:
  sekimori what-if site.toml                 the last 30 days
  sekimori what-if site.toml --since 7d      h hours, d days, w weeks

Exit status: 0, 1 if somebody would be locked out, 3 mistakes in the file.")]
pub struct WhatIf {
    /// A site document
    file: PathBuf,
    /// From how long ago on
    #[arg(long, value_name = "SPAN", default_value = "30d", value_parser = span_seconds)]
    since: i64,
}

/// `30d` in seconds.
pub(super) fn span_seconds(text: &str) -> Result<i64, String> {
    let wrong = || "write hours, days or weeks: 12h, 30d, 4w".to_owned();
    let number = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match &text[number.len()..] {
        "h" => 3600,
        "d" => 24 * 3600,
        "w" => 7 * 24 * 3600,
        _ => return Err(wrong()),
    };
    let count: i64 = number.parse().map_err(|_| wrong())?;
    if (1..=100_000).contains(&count) { Ok(count * unit) } else { Err(wrong()) }
}

pub(super) fn what_if(what_if: &WhatIf, common: &Common) -> Result<Ended, Failed> {
    let site = Box::new(settings::site(&what_if.file)?);
    let command = Command::WhatIf { site, since_seconds: what_if.since };
    watched(command, common, "deciding again").map(|answer| show(&answer, common))
}

/// Outgoing mail: test
#[derive(Debug, Args)]
pub struct Mail {
    #[command(subcommand)]
    what: MailWhat,
}

#[derive(Debug, Subcommand)]
enum MailWhat {
    /// Send one mail at once, and say what the mail server says
    #[command(after_long_help = "\
Exit status: 0 handed over, 1 not.")]
    Test {
        /// To whom
        #[arg(value_parser = MailAddress::parse)]
        to: MailAddress,
    },
    /// Take what a mail server sent back (a report of a failed delivery, from standard input)
    #[command(after_long_help = "\
For the mail server that receives what is sent to [mail] bounces of the site: it
gives each message to this command, as the user of the server. Which code came
back is believed from the mark in the address alone; people then read it where
they wait for the code and in their account page, the help desk with the words
of the mail server in `person factors` and `explain`.

What is no report of a failed delivery is ignored, and said so.

Example, Postfix (master.cf, with recipient_delimiter = + in main.cf):
  sekimori-bounce unix - n n - 1 pipe user=sekimori
    argv=/bin/sh -c 'sekimori mail bounce --recipient=\"$0\"; test $? -ne 3 || exit 75' ${recipient}

Exit status: 0 read, 3 it could not be done: give it again later.")]
    Bounce {
        /// The address to which it came; without it, whom the message names
        #[arg(long, value_name = "ADDRESS")]
        recipient: Option<String>,
    },
}

pub(super) fn mail(mail: Mail, common: &Common) -> Result<Ended, Failed> {
    match mail.what {
        MailWhat::Test { to } => ask_and_show(Command::MailTest { to }, common),
        MailWhat::Bounce { recipient } => bounce(recipient.as_deref(), common),
    }
}

/// What came back is read here: the server gets no more of it than marks and words.
fn bounce(recipient: Option<&str>, common: &Common) -> Result<Ended, Failed> {
    let (mut input, mut message) = (std::io::stdin().lock(), Vec::new());
    let begin = input.by_ref().take(BOUNCE_BYTES_MAX).read_to_end(&mut message);
    begin.map_err(Failed::at("standard input"))?;
    // A mail server that is not heard out reports an error.
    std::io::copy(&mut input, &mut std::io::sink()).map_err(Failed::at("standard input"))?;
    match read(&message, recipient) {
        Ok(report) => ask_and_show(Command::MailBounce(report), common),
        Err(unread) => {
            let value = json!({ "bounced": false, "ignored": unread.to_string() });
            Ok(show(&Answer::yes(format!("ignored: {unread}"), value), common))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_a_number_and_a_unit() {
        assert_eq!(span_seconds("30d"), Ok(30 * 24 * 3600));
        assert_eq!(span_seconds("12h"), Ok(12 * 3600));
        for wrong in ["", "d", "30", "30y", "-1d", "0d", "9999999999999w", "３d"] {
            assert!(span_seconds(wrong).is_err(), "{wrong}");
        }
    }
}
