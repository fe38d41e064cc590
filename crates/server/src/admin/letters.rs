//! Letters on paper for new people, as the server sees them: who may be sent one, and what was printed becomes the
//! accounts' own. The secrets are drawn and printed by the command in between, so that they exist on paper before any
//! account depends on them.

use std::fmt::Write as _;

use sekimori_base::{Bilingual, Language, PersonId, Timestamp};
use sekimori_credential::totp::TotpSecret;
use sekimori_directory::settings::Help;
use sekimori_directory::{Group, Username};
use sekimori_flow::Tenant;
use sekimori_flow::admin::letters::{
    LetterSecrets, LettersError, PrintedLetter as Printed, good_until, standing,
};
use sekimori_flow::ticket::TicketCode;
use sekimori_login::Reason;
use sekimori_login::letter::Standing;
use sekimori_store::StoredPerson;
use serde::{Deserialize, Serialize};

use super::command::Password;
use super::execute::Desk;
use super::people::find;
use super::{Answer, Progress, Watcher};
use crate::command::Failed;
use crate::console::counted;

/// Letters of one print: they become the accounts' own in one transaction.
const LETTERS_MAX: usize = 10_000;
/// People that are read at once while a group is looked for.
const PAGE: u32 = 1000;
/// People between two reports of progress.
const PIECE: usize = 50;
/// Letters that are listed for people; more are counted. Who cannot be sent one is listed always.
const LISTED_MAX: usize = 50;

/// What to do about letters.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LettersCommand {
    /// Who would be sent one.
    Plan {
        /// Of whom.
        whom: Addressees,
        /// Also about accounts in use.
        in_use: InUse,
    },
    /// Make what was printed the accounts' own: all of it, or nothing.
    Take {
        /// The letters.
        letters: Vec<PrintedLetter>,
        /// Also about accounts in use.
        in_use: InUse,
    },
}

/// Who is to be sent a letter.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Addressees {
    /// These people.
    Named(Vec<Username>),
    /// Everybody in this group.
    Group(Group),
}

/// What becomes of people whose accounts are in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InUse {
    /// They are sent none.
    Refuse,
    /// They are sent one as well.
    Include,
}

/// Everything that a print needs to know.
#[derive(Debug, Serialize, Deserialize)]
pub struct Plan {
    /// Who writes.
    pub sender: Sender,
    /// The letters.
    pub letters: Vec<PlannedLetter>,
    /// Who cannot be sent one.
    pub refused: Vec<Refused>,
    /// When this was planned.
    pub at: Timestamp,
}

/// Who writes the letters.
#[derive(Debug, Serialize, Deserialize)]
pub struct Sender {
    /// The organisation.
    pub organisation: Bilingual,
    /// Its colour.
    pub accent: String,
    /// Who helps.
    pub help: Help,
    /// Where people sign in.
    pub issuer: String,
    /// In which zone moments are written.
    pub time_zone: String,
}

/// A letter that can be printed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PlannedLetter {
    /// To whom.
    pub person: PersonId,
    /// What they type.
    pub username: Username,
    /// Their name.
    pub name: Bilingual,
    /// Their language.
    pub language: Language,
    /// Its initial password is good until then.
    pub until: Timestamp,
    /// It takes the place of an earlier one that nobody used.
    pub replaces: bool,
    /// Their account is in use.
    pub in_use: bool,
    /// The credential epoch that was seen.
    pub epoch: u64,
    /// When they had been changed last.
    pub updated_at: Timestamp,
}

/// Somebody who cannot be sent a letter.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Refused {
    /// Who.
    pub username: Username,
    /// Why.
    pub why: String,
}

/// A letter that was printed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PrintedLetter {
    /// As it was planned.
    #[serde(flatten)]
    pub planned: PlannedLetter,
    /// The initial password.
    pub password: Password,
    /// The secret of the app, in base 32.
    pub key: Password,
}

pub(super) async fn run(
    desk: &Desk<'_>,
    command: LettersCommand,
    watcher: &Watcher,
) -> Result<Answer, Failed> {
    let tenant = desk.tenant()?;
    match command {
        LettersCommand::Plan { whom, in_use } => plan(desk, &tenant, whom, in_use, watcher).await,
        LettersCommand::Take { letters, in_use } => {
            take(desk, &tenant, letters, in_use, watcher).await
        }
    }
}

async fn plan(
    desk: &Desk<'_>,
    tenant: &Tenant,
    whom: Addressees,
    in_use: InUse,
    watcher: &Watcher,
) -> Result<Answer, Failed> {
    let now = desk.app.flow.clock.now();
    let whom = match whom {
        Addressees::Named(usernames) => usernames,
        Addressees::Group(group) => members(desk, tenant, &group).await?,
    };
    if whom.len() > LETTERS_MAX {
        let text =
            format!("{} people are too many for one print: {LETTERS_MAX} are the most", whom.len());
        return Ok(Answer::no(text, serde_json::json!(null)));
    }
    let (mut letters, mut refused) = (Vec::new(), Vec::new());
    let all = whom.len() as u64;
    for (index, username) in whom.into_iter().enumerate() {
        let found = find(desk, tenant, &username).await?;
        let planned = match found {
            Some(stored) => planned(tenant, &stored, in_use, now),
            None => Err("nobody has that user name".to_owned()),
        };
        match planned {
            Ok(letter) => letters.push(letter),
            Err(why) => refused.push(Refused { username, why }),
        }
        if index % PIECE == 0 {
            watcher(Progress { done: index as u64, all });
        }
    }
    let organisation = &tenant.site.organisation;
    let sender = Sender {
        organisation: organisation.name.clone(),
        accent: organisation.accent.clone(),
        help: organisation.help.clone(),
        issuer: tenant.issuer().to_owned(),
        time_zone: tenant.site.time_zone.clone(),
    };
    let plan = Plan { sender, letters, refused, at: now };
    let text = words(&plan);
    Ok(if plan.refused.is_empty() && !plan.letters.is_empty() {
        Answer::yes(text, plan)
    } else {
        Answer::no(text, plan)
    })
}

/// The letter to somebody, or why there is none.
fn planned(
    tenant: &Tenant,
    stored: &StoredPerson,
    in_use: InUse,
    now: Timestamp,
) -> Result<PlannedLetter, String> {
    let person = &stored.person;
    let standing = standing(stored, now).map_err(|reason| refusal(reason, &person.username))?;
    if matches!(standing, Standing::InUse { .. }) && in_use == InUse::Refuse {
        return Err("the account is in use: a letter would go round what they have chosen and \
                    registered (--in-use sends one all the same)"
            .to_owned());
    }
    Ok(PlannedLetter {
        person: person.id,
        username: person.username.clone(),
        name: person.name.clone(),
        language: person.language,
        until: good_until(tenant, person.state, now),
        replaces: !standing.letters().is_empty(),
        in_use: matches!(standing, Standing::InUse { .. }),
        epoch: stored.known.credential_epoch,
        updated_at: person.updated_at,
    })
}

fn refusal(reason: Reason, username: &Username) -> String {
    match reason {
        Reason::AccountDisabled => {
            format!("the account is disabled: `sekimori person enable {username}` first")
        }
        Reason::AccountHeld => {
            "the account is held, because somebody else may know its password".to_owned()
        }
        Reason::AccountEnded => "the account has ended".to_owned(),
        other => other.code().to_owned(),
    }
}

/// Everybody in a group, by user name.
async fn members(desk: &Desk<'_>, tenant: &Tenant, group: &Group) -> Result<Vec<Username>, Failed> {
    let (mut members, mut after) = (Vec::new(), None);
    loop {
        let page = desk.app.flow.store.people(tenant.id, "", after, PAGE).await;
        let page = page.map_err(Failed::at("looking for the members of a group"))?;
        let of_it = page.people.into_iter().filter(|person| person.groups.contains(group));
        members.extend(of_it.map(|person| person.username));
        after = page.next;
        if after.is_none() {
            return Ok(members);
        }
    }
}

/// What people read before they say yes.
fn words(plan: &Plan) -> String {
    let mut text = String::new();
    for letter in plan.letters.iter().take(LISTED_MAX) {
        let _ = write!(text, "+ {}", letter.username);
        if letter.in_use {
            text.push_str(": the account is in use; the paper alone will open it");
        }
        if letter.replaces {
            text.push_str(": in place of an earlier letter that was not used");
        }
        text.push('\n');
    }
    if plan.letters.len() > LISTED_MAX {
        let more = plan.letters.len() - LISTED_MAX;
        let _ = writeln!(text, "… and {more} more (all of them: --dry-run --json)");
    }
    for refused in &plan.refused {
        let _ = writeln!(text, "- {}: {}", refused.username, refused.why);
    }
    let letters = counted(plan.letters.len(), "letter");
    let replaced = plan.letters.iter().filter(|letter| letter.replaces).count();
    let _ = write!(text, "{letters}, {replaced} in place of an earlier one");
    match plan.refused.len() {
        0 if plan.letters.is_empty() => text.push_str(": there is nobody to write to"),
        0 => {}
        1 => text.push_str("; 1 person cannot be sent one"),
        count => {
            let _ = write!(text, "; {count} people cannot be sent one");
        }
    }
    text
}

async fn take(
    desk: &Desk<'_>,
    tenant: &Tenant,
    letters: Vec<PrintedLetter>,
    in_use: InUse,
    watcher: &Watcher,
) -> Result<Answer, Failed> {
    let now = desk.app.flow.clock.now();
    let count = letters.len();
    if count > LETTERS_MAX {
        return Err(Failed::new(format!("{LETTERS_MAX} letters are the most in one print")));
    }
    let mut printed = Vec::with_capacity(count);
    let mut names = Vec::with_capacity(count);
    for (index, letter) in letters.into_iter().enumerate() {
        let PrintedLetter { planned: seen, password, key } = letter;
        let stored = desk.app.flow.store.person(tenant.id, now, seen.person).await;
        let stored = stored.map_err(Failed::at("looking for a person"))?;
        // As it was planned: the same account in the same state, and no longer good than it may be.
        let same = stored.filter(|stored| {
            stored.known.credential_epoch == seen.epoch
                && planned(tenant, stored, in_use, now).is_ok_and(|planned| {
                    planned.updated_at == seen.updated_at
                        && planned.in_use == seen.in_use
                        && planned.until >= seen.until
                })
        });
        let Some(person) = same else { return Ok(changed(&seen.username)) };
        let secrets = LetterSecrets {
            password: TicketCode::parse(&password.0).map_err(Failed::at("reading a letter"))?,
            app: TotpSecret::from_base32(&key.0).map_err(Failed::at("reading a letter"))?,
        };
        names.push((seen.person, seen.username));
        printed.push(Printed { person, secrets, until: seen.until });
        if index % PIECE == 0 {
            watcher(Progress { done: index as u64, all: count as u64 });
        }
    }
    match desk.app.flow.take_letters(tenant, printed, desk.by).await {
        Ok(()) => Ok(Answer::yes(String::new(), serde_json::json!({ "letters": count }))),
        Err(LettersError::Changed(person)) => {
            let name = names.iter().find(|(id, _)| *id == person);
            Ok(name.map_or_else(
                || Answer::no("somebody was changed meanwhile", ()),
                |(_, name)| changed(name),
            ))
        }
        Err(LettersError::Fault(fault)) => Err(Failed::at("keeping what the letters hold")(fault)),
    }
}

fn changed(username: &Username) -> Answer {
    let text = format!("{username} was changed meanwhile: nothing was done; do it again");
    Answer::no(text, serde_json::json!({ "changed": username }))
}
