//! Why a sign-in came out as it did; what other settings would change.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use sekimori_base::{Language, PersonId};
use sekimori_directory::Site;
use sekimori_flow::admin::{Affected, Decided, Explained, View, WhatIf, fact_lines};
use sekimori_flow::{IncidentCode, RefusedRequest};
use sekimori_login::Reason;
use sekimori_login::replay::{Change, Forecast, Replayed};
use sekimori_store::StoredMailCode;
use sekimori_words::{Circumstances, Words};
use serde_json::{Value, json};

use super::execute::Desk;
use super::people::word;
use super::settings::moment;
use super::{Answer, Progress, Watcher, mails};
use crate::command::Failed;
use crate::console::{Table, counted};

/// Codes that were sent within so many seconds of an incident are shown with it.
const AROUND_SECONDS: i64 = 900;

pub(super) async fn explain(desk: &Desk<'_>, typed: &str) -> Result<Answer, Failed> {
    let tenant = desk.tenant()?;
    let code: IncidentCode = match typed.parse() {
        Ok(code) => code,
        Err(error) => return Ok(Answer::no(format!("{typed}: {error}"), json!(null))),
    };
    let explained = desk.app.flow.explain(&tenant, code).await;
    let Some(explained) = explained.map_err(Failed::at("explaining"))? else {
        let text = format!(
            "no incident {code} is kept: codes live as long as the audit, each with one organisation"
        );
        return Ok(Answer::no(text, json!(null)));
    };
    desk.view(&tenant, explained.line.person, View::Incident).await?;
    let mut text = words(&explained, code, &tenant.site.time_zone);
    let mut value = value(&explained, code);
    // What became of the codes that were sent around it: the commonest question about a sign-in by mail.
    if let Some(person) = explained.line.person {
        let sent = desk.app.flow.store.mail_codes_of(tenant.id, person, mails::SHOWN_MAX).await;
        let sent = sent.map_err(Failed::at("reading codes by mail"))?;
        let at = explained.line.at;
        let around =
            |code: &&StoredMailCode| code.made_at.seconds_since(at).abs() <= AROUND_SECONDS;
        let around: Vec<_> = sent.iter().filter(around).map(mails::shown).collect();
        for mail in &around {
            let _ = writeln!(text, "mail      {}", mails::words(mail));
        }
        value["mail_codes"] = json!(around);
    }
    let broken = explained
        .decided
        .is_some_and(|decided| matches!(decided.replayed, Some(Replayed::Broken(_))));
    Ok(if broken { Answer::no(text, value) } else { Answer::yes(text, value) })
}

/// What deciding again gave, in one word and in a sentence.
fn replayed(decided: &Decided) -> (&'static str, String) {
    match &decided.replayed {
        None => ("unknown", "the settings of that time are no longer kept".to_owned()),
        Some(Replayed::Same(_)) => ("same", "gives the same reason again".to_owned()),
        Some(Replayed::Broken(now)) => {
            let code = now.reason.code();
            ("broken", format!("gives {code} by the same rules: a defect, please report it"))
        }
        Some(Replayed::DecidedDifferentlyToday(now)) => {
            ("differently_today", format!("by today's rules: {}", now.reason.code()))
        }
        Some(Replayed::Unreadable) => {
            ("unreadable", "the facts are in a shape that is no longer read".to_owned())
        }
    }
}

fn value(explained: &Explained, code: IncidentCode) -> Value {
    let decided = explained.decided.as_ref().map(|decided| {
        json!({
            "reason": decided.reason.code(),
            "rule": decided.rule,
            "settings_version": decided.settings_version,
            "facts": decided.facts,
            "replay": replayed(decided).0,
            "changes": decided.changes,
        })
    });
    json!({
        "code": code.to_string(),
        "line": explained.line,
        "username": explained.person.as_ref().map(|person| &person.username),
        "decided": decided,
        "request": explained.request,
    })
}

fn words(explained: &Explained, code: IncidentCode, time_zone: &str) -> String {
    let mut text = String::new();
    let mut say = |key: &str, value: &str| {
        let _ = writeln!(text, "{key:<10}{value}");
    };
    let line = &explained.line;
    say("code", &code.to_string());
    say("when", &format!("{}, on pages {}", moment(line.at), line.at.in_zone(time_zone)));
    say("who", &explained.person.as_ref().map_or("-".to_owned(), |one| one.username.to_string()));
    say("service", line.service.as_deref().unwrap_or("-"));
    say("zone", line.zone.as_deref().unwrap_or("-"));
    let Some(decided) = &explained.decided else {
        say("reason", line.reason.as_deref().unwrap_or("-"));
        let fault = line.details.as_ref().and_then(|details| details["fault"].as_str());
        match (&explained.request, fault) {
            (Some(request), _) => said(&mut say, line.reason.as_deref(), request),
            (None, Some(fault)) => {
                say("fault", fault);
                say("", "something of ours broke: the server's log says more under this code");
            }
            (None, None) => say("facts", "removed by retention"),
        }
        return text;
    };
    let reason = decided.reason;
    say("reason", reason.code());
    say("rule", &decided.rule);
    let about = Circumstances {
        details: decided.details.as_ref(),
        now: decided.facts.now,
        time_zone,
        service: line.service.as_deref(),
        place: line.zone.as_deref(),
        desk: None,
        inside: decided.facts.position.inside,
    };
    let catalogue = Words::of(Language::English);
    say("title", &catalogue.reason_title(reason, &about));
    say("text", &catalogue.reason_text(reason, &about).replace('\n', "\n          "));
    say("replay", &replayed(decided).1);
    if decided.changes.is_empty() && reason.is_refusal() {
        say("change", "no single change would have been enough");
    }
    for change in &decided.changes {
        say("change", &change_words(change));
    }
    text.push_str("\nfacts\n");
    for line in fact_lines(&decided.facts).lines() {
        let _ = writeln!(text, "  {line}");
    }
    text
}

/// A request that no rule decided about: what was sent, what is registered, where they differ.
fn said(say: &mut impl FnMut(&str, &str), reason: Option<&str>, request: &RefusedRequest) {
    if let Some(reason) = reason.and_then(Reason::from_code) {
        let about = Circumstances { time_zone: "UTC", ..Circumstances::default() };
        say("title", &Words::of(Language::English).reason_title(reason, &about));
    }
    say("problem", &request.problem);
    if let Some(sent) = &request.client_id {
        say("client_id", sent);
    }
    if let Some(sent) = &request.redirect_uri {
        say("sent", sent);
    }
    for registered in &request.registered {
        say("known", registered);
    }
    if let (Some(at), Some(sent)) = (request.differs_at, &request.redirect_uri) {
        let rest = |text: &str| {
            let rest: String = text.chars().skip(at - 1).collect();
            if rest.is_empty() { "nothing more".to_owned() } else { rest }
        };
        let known = request.registered.first().map(String::as_str).unwrap_or_default();
        let (sent, known) = (rest(sent), rest(known));
        say("differs", &format!("from character {at} on: sent {sent}, known {known}"));
    }
    say("settings", &format!("version {}", request.settings_version));
    say("replay", "no rule decided about this request: it is told as it was");
}

/// A change, as what would have been enough.
fn change_words(change: &Change) -> String {
    match change {
        Change::RightPassword => "the right password".to_owned(),
        Change::FreshCode(method) => format!("a right, fresh code ({})", word(method)),
        Change::RegisteredFactor(method) => format!("a registered factor ({})", word(method)),
        Change::InsideZone => "being where a password suffices".to_owned(),
        Change::UsableAccount => "an account that may be used".to_owned(),
        Change::GroupMember(group) => format!("membership in the group {group}"),
        Change::WaitUntil(at) => format!("waiting until {}", moment(*at)),
        Change::EnabledService => "a service that is switched on".to_owned(),
        Change::StartOver => "beginning again".to_owned(),
    }
}

pub(super) async fn what_if(
    desk: &Desk<'_>,
    site: &Site,
    since_seconds: i64,
    watcher: &Watcher,
) -> Result<Answer, Failed> {
    let tenant = desk.tenant()?;
    desk.view(&tenant, None, View::WhatIf).await?;
    let since = desk.app.flow.clock.now().plus_seconds(-since_seconds);
    let watcher = watcher.clone();
    // How many lines there are is known at the end only.
    let progress = move |done| {
        watcher(Progress { done, all: done });
    };
    let found = desk.app.flow.what_if(&tenant, site, since, progress).await;
    let found = found.map_err(Failed::at("looking at recorded sign-ins"))?;
    let people = people(&found);
    let count = |wanted: Kind| people.values().filter(|kind| **kind == wanted).count();
    let value = json!({
        "since": moment(since),
        "sign_ins": found.sign_ins,
        "unknown": found.unknown,
        "people": {
            "locked_out": count(Kind::LockedOut),
            "newly_asked": count(Kind::Asked),
            "let_in": count(Kind::LetIn),
        },
        "affected": found.affected.iter().map(affected_value).collect::<Vec<_>>(),
    });
    let worse = count(Kind::LockedOut) > 0;
    let text = what_if_words(&found, count);
    Ok(if worse { Answer::no(text, value) } else { Answer::yes(text, value) })
}

/// What it comes to for somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    LockedOut,
    Asked,
    LetIn,
    Other,
}

impl Kind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::LockedOut => "locked out",
            Self::Asked => "newly asked",
            Self::LetIn => "let in",
            Self::Other => "other",
        }
    }
}

fn kind(one: &Affected) -> Kind {
    use Forecast::{Admitted, AskedAble, AskedUnable, Refused, Unknown};
    match (one.before, one.after) {
        (Admitted | AskedAble, AskedUnable | Refused) => Kind::LockedOut,
        (Admitted, AskedAble) => Kind::Asked,
        (AskedUnable | Refused, Admitted | AskedAble) | (AskedAble, Admitted) => Kind::LetIn,
        (Unknown, _) | (_, Unknown) => Kind::Other,
        (AskedUnable, Refused) | (Refused, AskedUnable) => Kind::Other,
        (Admitted, Admitted) | (AskedAble, AskedAble) => Kind::Other,
        (AskedUnable, AskedUnable) | (Refused, Refused) => Kind::Other,
    }
}

/// An end for people.
const fn forecast_words(forecast: Forecast) -> &'static str {
    match forecast {
        Forecast::Admitted => "let in at once",
        Forecast::AskedAble => "asked for one more proof",
        Forecast::AskedUnable => "asked for a proof they lack",
        Forecast::Refused => "refused",
        Forecast::Unknown => "not known",
    }
}

/// Everybody for whom it makes a difference, once, with the worst of it.
fn people(found: &WhatIf) -> BTreeMap<PersonId, Kind> {
    let mut people = BTreeMap::new();
    for one in &found.affected {
        let worst = people.entry(one.person).or_insert(Kind::Other);
        *worst = kind(one).min(*worst);
    }
    people
}

fn affected_value(one: &Affected) -> Value {
    json!({
        "kind": kind(one).as_str(),
        "person": one.person,
        "username": one.username,
        "service": one.service,
        "zone": one.zone,
        "before": one.before,
        "after": one.after,
        "times": one.times,
    })
}

fn what_if_words(found: &WhatIf, count: impl Fn(Kind) -> usize) -> String {
    let mut affected: Vec<&Affected> = found.affected.iter().collect();
    affected.sort_by_key(|one| (kind(one), one.username.clone()));
    let mut table = Table::new(["for them", "who", "service", "from", "then", "now", "times"]);
    for one in &affected {
        table.row([
            kind(one).as_str().to_owned(),
            one.username.clone().unwrap_or_else(|| one.person.to_string()),
            one.service.to_string(),
            one.zone.clone(),
            forecast_words(one.before).to_owned(),
            forecast_words(one.after).to_owned(),
            one.times.to_string(),
        ]);
    }
    let (sign_ins, unknown) = (found.sign_ins, found.unknown);
    let looked_at = counted(sign_ins, "sign-in");
    let summary = format!(
        "looked at {looked_at} ({unknown} can no longer be decided): \
         people locked out: {}, newly asked: {}, let in: {}\n",
        count(Kind::LockedOut),
        count(Kind::Asked),
        count(Kind::LetIn),
    );
    if affected.is_empty() { summary } else { format!("{table}\n{summary}") }
}

#[cfg(test)]
mod tests {
    use sekimori_directory::settings::ServiceName;

    use super::*;

    #[test]
    fn a_fault_is_told_as_one_and_not_as_facts_that_are_gone() {
        let told = |details: Value| {
            let line = json!({
                "writer": "w", "sequence": 1, "at": 0, "event": "fault", "reason": "svc.fault",
                "details": details,
            });
            let line = serde_json::from_value(line).unwrap();
            let explained = Explained { line, person: None, decided: None, request: None };
            let code = IncidentCode::random(&crate::outside::SystemEntropy);
            words(&explained, code, "Asia/Tokyo")
        };
        let fault = told(json!({ "fault": "reading: the disk is ill" }));
        assert!(fault.contains("the disk is ill") && fault.contains("server's log"), "{fault}");
        assert!(!fault.contains("retention"), "{fault}");
        assert!(told(json!(null)).contains("removed by retention"));
    }

    #[test]
    fn what_would_change_is_told_in_words_for_people() {
        let affected = |name: &str, before, after| Affected {
            person: PersonId::from_bytes([7; 16]),
            username: Some(name.to_owned()),
            service: ServiceName::portal(),
            zone: "vpn".to_owned(),
            before,
            after,
            times: 3,
        };
        let found = WhatIf {
            sign_ins: 1,
            unknown: 0,
            affected: vec![
                affected("hana", Forecast::Admitted, Forecast::AskedUnable),
                affected("mei", Forecast::AskedAble, Forecast::Unknown),
                affected("taro", Forecast::Refused, Forecast::Admitted),
            ],
        };
        let text = what_if_words(&found, |_| 1);
        assert!(!text.contains('_'), "{text}");
        let line = text.lines().find(|line| line.contains("hana")).unwrap();
        for said in ["locked out", "let in at once", "asked for a proof they lack"] {
            assert!(line.contains(said), "{said}: {text}");
        }
        assert!(text.contains("looked at 1 sign-in ("), "{text}");
        assert_eq!(affected_value(&found.affected[0])["after"], "asked_unable", "for programs");
    }
}
