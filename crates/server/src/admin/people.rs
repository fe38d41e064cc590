//! People.

use std::fmt::Write as _;

use sekimori_base::{PersonId, Secret, Timestamp};
use sekimori_credential::strength::Weakness;
use sekimori_directory::{Binding, Method, PersonState, Username};
use sekimori_flow::admin::{AddError, NewPerson as Somebody, View};
use sekimori_flow::{Tenant, measured};
use sekimori_login::ticket::TicketPurpose;
use sekimori_store::{AuditLine, StoredFactor, StoredPerson, Write};
use serde::Serialize;
use serde_json::json;

use super::command::{AccountState, NewPerson, Password, ShownFactor, ShownPerson, TicketFor};
use super::execute::Desk;
use super::{Answer, break_glass, mails, settings};
use crate::command::Failed;

pub(super) async fn add(
    desk: &Desk<'_>,
    person: NewPerson,
    password: Option<Password>,
) -> Result<Answer, Failed> {
    let tenant = desk.tenant()?;
    let username = person.username.clone();
    let administrator = person.administrator;
    let mut password = password.map(|mut password| Secret::new(std::mem::take(&mut password.0)));
    let with_password = password.is_some();
    if let Some(typed) = password.take() {
        let measured = measured(&tenant, words_of(&person), typed).await;
        let (typed, flaws) = measured.map_err(Failed::at("measuring a password"))?;
        password = Some(typed);
        if !flaws.is_empty() {
            let flaws: Vec<String> = flaws.into_iter().map(weakness).collect();
            let text = format!("the password is too easy to guess: {}", flaws.join("; "));
            return Ok(Answer::no(text, json!({ "weaknesses": flaws })));
        }
    }
    let new = Somebody {
        username: person.username,
        name: person.name,
        mail: person.mail,
        affiliations: person.affiliations.into_iter().collect(),
        groups: person.groups.into_iter().collect(),
        administrator: person.administrator,
        state: PersonState::ACTIVE,
        language: person.language,
    };
    let added = desk.app.flow.add_person(&tenant, new, password, desk.by).await;
    let id = match added {
        Ok(id) => id,
        Err(AddError::Fault(fault)) => return Err(Failed::at("adding a person")(fault)),
        Err(error) => {
            return Ok(Answer::no(format!("{username} was not added: {error}"), json!(null)));
        }
    };
    let mut text = format!("{username} was added");
    let mut value = json!({ "username": username, "id": id });
    // Before the ticket, which every other proof ends.
    if administrator {
        let code = break_glass::make(desk, &tenant, id).await?;
        let _ = write!(text, "\nbreak-glass code: {code}\n{}", break_glass::ADVICE);
        value["break_glass_code"] = json!(code);
    }
    if !with_password {
        let made = make_ticket(desk, &tenant, id, TicketPurpose::Start).await?;
        let _ = write!(text, "\n{}", made.words(&tenant));
        value["ticket"] = json!(made.code);
        value["expires_at"] = json!(settings::moment(made.expires_at));
    }
    Ok(Answer::yes(text, value))
}

/// What is wrong with a new password, in words.
pub(super) fn weakness(flaw: Weakness) -> String {
    match flaw {
        Weakness::TooShort { length_min, .. } => format!("at least {length_min} characters"),
        Weakness::TooLong { bytes_max } => format!("at most {bytes_max} bytes"),
        Weakness::Common => "it is a common one".to_owned(),
        Weakness::Pattern => "it is a pattern or a date".to_owned(),
        Weakness::OrganisationWord => "it is made of the organisation's words".to_owned(),
        Weakness::PersonWord => "it is made of the person's own words".to_owned(),
    }
}

fn words_of(person: &NewPerson) -> Vec<String> {
    let name = &person.name;
    let mut words = vec![person.username.to_string(), name.en.clone(), name.ja.clone()];
    words.extend(person.mail.iter().map(ToString::to_string));
    words
}

/// A ticket for somebody who is there. Nobody at the desk sees or chooses a password.
pub(super) async fn ticket(
    desk: &Desk<'_>,
    username: Username,
    what: Option<TicketFor>,
) -> Result<Answer, Failed> {
    let tenant = desk.tenant()?;
    let Some(stored) = find(desk, &tenant, &username).await? else { return Ok(nobody(&username)) };
    let by_break_glass = |factor: &StoredFactor| factor.facts.binding == Binding::BreakGlass;
    let fresh = stored.password.is_none() && stored.factors.iter().all(by_break_glass);
    let purpose = match what {
        None | Some(TicketFor::Password) if fresh => TicketPurpose::Start,
        Some(TicketFor::Password) => TicketPurpose::Password,
        None if stored.password.is_none() => TicketPurpose::Password,
        Some(TicketFor::Factor) if stored.password.is_none() => {
            let text = format!(
                "{username} has no password yet, and a ticket for a factor counts after it: leave --for out"
            );
            return Ok(Answer::no(text, json!(null)));
        }
        None | Some(TicketFor::Factor) => TicketPurpose::Factor,
    };
    let made = make_ticket(desk, &tenant, stored.person.id, purpose).await?;
    let mut text = format!("{}\nearlier tickets of theirs have ended", made.words(&tenant));
    if matches!(stored.person.state, PersonState::Disabled { .. }) {
        text.push_str("\nthey are disabled: it opens nothing until `sekimori person enable`");
    }
    if purpose == TicketPurpose::Password && !stored.factors.is_empty() {
        text.push_str(
            "\nthey have registered factors and will be asked for a code of one; if all are lost, make sure who \
             they are, end the factors (person factors NAME --end ID), then make another ticket",
        );
    }
    let value = json!({
        "username": username, "ticket": made.code, "for": purpose.as_str(),
        "expires_at": settings::moment(made.expires_at),
    });
    Ok(Answer::yes(text, value))
}

/// A ticket that was made, for its paper.
struct Made {
    code: String,
    purpose: TicketPurpose,
    expires_at: Timestamp,
}

impl Made {
    fn words(&self, tenant: &Tenant) -> String {
        let (code, until, issuer) =
            (&self.code, settings::moment(self.expires_at), tenant.issuer());
        match self.purpose {
            TicketPurpose::Start => format!(
                "ticket for the first password and then an authenticator app, good until {until}: {code}\n\
                 it is entered at {issuer}/ticket"
            ),
            TicketPurpose::Password => format!(
                "ticket for a new password, good once, until {until}: {code}\n\
                 it is entered at {issuer}/ticket"
            ),
            TicketPurpose::Factor => format!(
                "ticket for registering an authenticator app, good once, until {until}: {code}\n\
                 it is entered after the password, at {issuer}/portal/ticket"
            ),
        }
    }
}

async fn make_ticket(
    desk: &Desk<'_>,
    tenant: &Tenant,
    id: PersonId,
    purpose: TicketPurpose,
) -> Result<Made, Failed> {
    let now = desk.app.flow.clock.now();
    let (text, ticket) = desk.app.flow.new_ticket(tenant, id, purpose, &desk.by.0, now);
    let expires_at = ticket.expires_at;
    let writes =
        vec![Write::TicketPut(ticket), Write::Audit(Box::new(ticket_line(desk, now, id, purpose)))];
    desk.commit(tenant, writes).await.map_err(Failed::at("making a ticket"))?;
    Ok(Made { code: text.expose().clone(), purpose, expires_at })
}

/// The audit line of a ticket that was made.
fn ticket_line(desk: &Desk<'_>, now: Timestamp, id: PersonId, purpose: TicketPurpose) -> AuditLine {
    AuditLine {
        details: json!({ "for": purpose.as_str() }).to_string(),
        ..desk.by.line(now, "ticket.made", Some(id))
    }
}

pub(super) async fn show(desk: &Desk<'_>, username: Username) -> Result<Answer, Failed> {
    let tenant = desk.tenant()?;
    let Some(stored) = find(desk, &tenant, &username).await? else { return Ok(nobody(&username)) };
    desk.view(&tenant, Some(stored.person.id), View::Account).await?;
    let id = stored.person.id;
    let sent = desk.app.flow.store.mail_codes_of(tenant.id, id, mails::SHOWN_MAX).await;
    let sent = sent.map_err(Failed::at("reading codes by mail"))?;
    let mut shown = shown(stored);
    mails::add(&mut shown, &sent);
    Ok(Answer::yes(words(&shown), shown))
}

pub(super) async fn state(
    desk: &Desk<'_>,
    username: Username,
    state: AccountState,
) -> Result<Answer, Failed> {
    let tenant = desk.tenant()?;
    let Some(stored) = find(desk, &tenant, &username).await? else { return Ok(nobody(&username)) };
    let (id, now) = (stored.person.id, desk.app.flow.clock.now());
    let standing = stored.person.state;
    let (wanted, event, text) = match (state, standing) {
        (AccountState::Disabled, _) => {
            let mut text = format!("{username} is disabled; sessions and grants have ended");
            if let PersonState::Active { from, until } = standing
                && (from.is_some() || until.is_some())
            {
                let _ = write!(
                    text,
                    "\nenabled again it has no limits: it was {}",
                    words_of_state(standing)
                );
            }
            (PersonState::Disabled { since: now }, "person.disabled", text)
        }
        (AccountState::Active, PersonState::Active { .. }) => {
            let text = format!(
                "{username} is not disabled, it is {}: nothing was changed",
                words_of_state(standing)
            );
            return Ok(Answer::yes(text, json!({ "username": username, "state": state })));
        }
        (AccountState::Active, PersonState::Held { .. }) => {
            let text = format!(
                "{username} can sign in; it was {}, which has ended",
                words_of_state(standing)
            );
            (PersonState::ACTIVE, "person.enabled", text)
        }
        (AccountState::Active, PersonState::Disabled { .. }) => {
            (PersonState::ACTIVE, "person.enabled", format!("{username} can sign in"))
        }
    };
    let mut writes = vec![Write::PersonStateSet { person: id, state: wanted }];
    let mut line = desk.by.line(now, event, Some(id));
    line.details = json!({ "was": standing }).to_string();
    writes.push(Write::Audit(Box::new(line)));
    desk.commit(&tenant, writes).await.map_err(Failed::at("changing an account"))?;
    Ok(Answer::yes(text, json!({ "username": username, "state": state })))
}

/// Somebody by user name.
pub(super) async fn find(
    desk: &Desk<'_>,
    tenant: &Tenant,
    username: &Username,
) -> Result<Option<StoredPerson>, Failed> {
    let (flow, now) = (&desk.app.flow, desk.app.flow.clock.now());
    let found = flow.store.person_by_username(tenant.id, now, username.clone()).await;
    found.map_err(Failed::at("looking for a person"))
}

/// The answer about somebody who does not exist.
pub(super) fn nobody(username: &Username) -> Answer {
    Answer::no(format!("there is nobody with the user name {username}"), json!(null))
}

fn shown(stored: StoredPerson) -> ShownPerson {
    let factor = |factor: &StoredFactor| ShownFactor {
        id: factor.facts.id.to_string(),
        method: word(&factor.facts.method),
        state: word(&factor.facts.state),
        binding: word(&factor.facts.binding),
        label: factor.label.clone(),
        last_used_at: factor.facts.last_used_at.map(settings::moment),
        codes_left: (factor.codes > 0)
            .then(|| u32::from(factor.codes).saturating_sub(factor.spent.count_ones())),
        sent: Vec::new(),
    };
    ShownPerson {
        has_password: stored.password.is_some(),
        factors: stored.factors.iter().map(factor).collect(),
        mail_codes: Vec::new(),
        preferences: stored.known.preferences,
        person: stored.person,
    }
}

/// A value as JSON writes it.
pub(super) fn word(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        Ok(other) => other.to_string(),
        Err(_) => String::new(),
    }
}

/// A state in words.
fn words_of_state(state: PersonState) -> String {
    match state {
        PersonState::Active { from: None, until: None } => "active".to_owned(),
        PersonState::Active { from, until } => {
            let part = |word: &str, at: Option<_>| {
                at.map(|at| format!(" {word} {}", settings::moment(at)))
            };
            let (from, until) = (part("from", from), part("until", until));
            format!("active{}{}", from.unwrap_or_default(), until.unwrap_or_default())
        }
        PersonState::Disabled { since } => format!("disabled since {}", settings::moment(since)),
        PersonState::Held { since } => format!("held since {}", settings::moment(since)),
    }
}

fn words(shown: &ShownPerson) -> String {
    let person = &shown.person;
    let joined =
        |parts: Vec<String>| if parts.is_empty() { "-".to_owned() } else { parts.join(" ") };
    let mut text = String::new();
    let mut line = |key: &str, value: String| {
        let _ = writeln!(text, "{key:<14}{value}");
    };
    line("user name", person.username.to_string());
    line("id", person.id.to_string());
    line("name", format!("{} / {}", person.name.en, person.name.ja));
    line("mail", person.mail.as_ref().map_or("-".to_owned(), ToString::to_string));
    line("state", words_of_state(person.state));
    line("affiliations", joined(person.affiliations.iter().map(word).collect()));
    line("groups", joined(person.groups.iter().map(ToString::to_string).collect()));
    line("administrator", if person.administrator { "yes" } else { "no" }.to_owned());
    line("password", if shown.has_password { "yes" } else { "no" }.to_owned());
    if shown.factors.is_empty() {
        line("factors", "-".to_owned());
    }
    for factor in &shown.factors {
        let left = factor.codes_left.map_or(String::new(), |left| format!(", {left} left"));
        let ShownFactor { method, state, binding, id, label, .. } = factor;
        let used = factor.last_used_at.as_ref().map_or("never", String::as_str);
        line("factor", format!("{method} ({state}, {binding}{left}) {label} {id}"));
        line("  last used", used.to_owned());
        for mail in &factor.sent {
            line(mails::KEY, mails::words(mail));
        }
    }
    let off: Vec<&str> = shown.preferences.off().map(Method::as_str).collect();
    if !off.is_empty() {
        line("switched off", format!("{} (by its owner)", off.join(" ")));
    }
    if let Some(first) = shown.preferences.first() {
        line("asked first", first.as_str().to_owned());
    }
    for mail in &shown.mail_codes {
        line(mails::KEY, mails::words(mail));
    }
    text
}
