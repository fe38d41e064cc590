//! What the help desk does: waits, factors, sessions.

use sekimori_base::{FactorId, SessionId};
use sekimori_directory::Username;
use sekimori_flow::admin::{SessionsToEnd, View};
use serde_json::json;

use super::Answer;
use super::execute::Desk;
use super::people::{find, nobody};
use super::settings::moment;
use crate::command::Failed;
use crate::console::Table;

pub(super) async fn unlock(desk: &Desk<'_>, username: Username) -> Result<Answer, Failed> {
    let tenant = desk.tenant()?;
    let Some(stored) = find(desk, &tenant, &username).await? else { return Ok(nobody(&username)) };
    let id = stored.person.id;
    let unlocked = desk.app.flow.unlock(&tenant, id, &username, desk.by).await;
    unlocked.map_err(Failed::at("ending waits"))?;
    let text = format!("{username} can try again at once");
    Ok(Answer::yes(text, json!({ "username": username })))
}

pub(super) async fn end_factor(
    desk: &Desk<'_>,
    username: Username,
    factor: FactorId,
) -> Result<Answer, Failed> {
    let tenant = desk.tenant()?;
    let Some(stored) = find(desk, &tenant, &username).await? else { return Ok(nobody(&username)) };
    let id = stored.person.id;
    let ended = desk.app.flow.end_factor_of(&tenant, id, factor, desk.by).await;
    if !ended.map_err(Failed::at("ending a factor"))? {
        return Ok(Answer::no(format!("{username} has no factor {factor}"), json!(null)));
    }
    let text = format!("{factor} of {username} has ended; for a new one: sekimori person code");
    Ok(Answer::yes(text, json!({ "username": username, "factor": factor })))
}

pub(super) async fn resume(
    desk: &Desk<'_>,
    username: Username,
    factor: FactorId,
) -> Result<Answer, Failed> {
    let tenant = desk.tenant()?;
    let Some(stored) = find(desk, &tenant, &username).await? else { return Ok(nobody(&username)) };
    let resumed = desk.app.flow.resume_factor_of(&tenant, stored.person.id, factor, desk.by).await;
    if !resumed.map_err(Failed::at("ending a suspension"))? {
        let text = format!("{username} has no factor {factor} that is suspended");
        return Ok(Answer::no(text, json!(null)));
    }
    let text = format!("{factor} of {username} may be used again; they are told by mail");
    Ok(Answer::yes(text, json!({ "username": username, "factor": factor })))
}

pub(super) async fn switch_on(desk: &Desk<'_>, username: Username) -> Result<Answer, Failed> {
    let tenant = desk.tenant()?;
    let Some(stored) = find(desk, &tenant, &username).await? else { return Ok(nobody(&username)) };
    let cleared = desk.app.flow.clear_preferences_of(&tenant, stored.person.id, desk.by).await;
    if !cleared.map_err(Failed::at("switching proofs on"))? {
        return Ok(Answer::no(format!("{username} has switched nothing off"), json!(null)));
    }
    let text = format!("whatever {username} has registered may be used again");
    Ok(Answer::yes(text, json!({ "username": username })))
}

pub(super) async fn sessions(desk: &Desk<'_>, username: Username) -> Result<Answer, Failed> {
    let tenant = desk.tenant()?;
    let Some(stored) = find(desk, &tenant, &username).await? else { return Ok(nobody(&username)) };
    desk.view(&tenant, Some(stored.person.id), View::Sessions).await?;
    let sessions = desk.app.flow.store.sessions_of(tenant.id, stored.person.id).await;
    let mut table = Table::new(["session", "opened", "last used", "ends", "zone", "browser"]);
    let mut values = Vec::new();
    for session in sessions.map_err(Failed::at("reading sessions"))? {
        let facts = &session.facts;
        let (opened, used) = (moment(facts.opened_at), moment(facts.used_at));
        let (ends, id) = (moment(session.expires_at), facts.id.to_string());
        values.push(json!({
            "id": id, "opened_at": opened, "used_at": used, "ends_at": ends,
            "zone": session.zone, "browser": session.device,
        }));
        table.row([id, opened, used, ends, session.zone.to_string(), session.device]);
    }
    let none = format!("{username} has no session");
    Ok(Answer::yes(if values.is_empty() { none } else { table.to_string() }, values))
}

pub(super) async fn end_sessions(
    desk: &Desk<'_>,
    username: Username,
    session: Option<SessionId>,
) -> Result<Answer, Failed> {
    let tenant = desk.tenant()?;
    let Some(stored) = find(desk, &tenant, &username).await? else { return Ok(nobody(&username)) };
    let (flow, id) = (&desk.app.flow, stored.person.id);
    let standing = flow.store.sessions_of(tenant.id, id).await;
    let standing = standing.map_err(Failed::at("reading sessions"))?;
    let which = match session {
        None => SessionsToEnd::All,
        Some(one) if standing.iter().any(|session| session.facts.id == one) => {
            SessionsToEnd::One(one)
        }
        Some(one) => {
            return Ok(Answer::no(format!("{username} has no session {one}"), json!(null)));
        }
    };
    let ended = flow.end_sessions_of(&tenant, id, which, desk.by).await;
    ended.map_err(Failed::at("ending sessions"))?;
    let count = match which {
        SessionsToEnd::One(_) => 1,
        SessionsToEnd::All => standing.len(),
    };
    let text = format!("sessions of {username} that have ended: {count}");
    Ok(Answer::yes(text, json!({ "username": username, "ended": count })))
}
