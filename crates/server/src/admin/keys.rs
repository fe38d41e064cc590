//! Keys: where they stand, rotated out of turn.

use sekimori_flow::usable_from;
use sekimori_store::KeyStanding;
use serde_json::json;

use super::Answer;
use super::execute::Desk;
use super::settings::moment;
use crate::command::Failed;
use crate::console::Table;

/// Lines of keys that rotate.
const LINES: [&str; 5] = ["data", "RS256", "ES256", "EdDSA", "checkpoint"];

pub(super) async fn list(desk: &Desk<'_>) -> Result<Answer, Failed> {
    let tenant = desk.tenant()?;
    let set = desk.app.flow.store.keys(tenant.id).await.map_err(Failed::at("reading the keys"))?;
    let mut table = Table::new(["line", "key", "state", "since or until", "made"]);
    let mut values = Vec::new();
    for key in set.keys.iter().filter(|key| LINES.contains(&key.line.as_str())) {
        let (state, at, made) = (key.standing.as_str(), moment(key.moment), moment(key.made_at));
        values.push(json!({
            "line": key.line, "key": key.name, "state": state, "moment": at, "made_at": made,
        }));
        table.row([key.line.clone(), key.name.clone(), state.to_owned(), at, made]);
    }
    Ok(Answer::yes(table.to_string(), values))
}

pub(super) async fn rotate(desk: &Desk<'_>, line: &str) -> Result<Answer, Failed> {
    let tenant = desk.tenant()?;
    if !LINES.contains(&line) {
        let text = format!("there is no line of keys {line}; there are {}", LINES.join(", "));
        return Ok(Answer::no(text, json!(null)));
    }
    let rotated = desk.app.flow.rotate_line(tenant.id, line).await;
    rotated.map_err(Failed::at("rotating keys"))?;
    let mut audit = desk.by.line(desk.app.flow.clock.now(), "keys.rotated", None);
    audit.details = json!({ "line": line }).to_string();
    let audited = desk.commit(&tenant, vec![sekimori_store::Write::Audit(Box::new(audit))]).await;
    audited.map_err(Failed::at("writing down that keys were rotated"))?;
    desk.app.keep().await?;
    let set = desk.app.flow.store.keys(tenant.id).await.map_err(Failed::at("reading the keys"))?;
    let next = set.keys.iter().find(|key| key.line == line && key.standing == KeyStanding::Next);
    let mut answer = list(desk).await?;
    let then = match next {
        Some(next) => format!(
            "The next key is published first, so that every node and every service can read it.\n\
             From {} on, `sekimori key rotate {line}` puts it to use.",
            moment(usable_from(line, next.moment))
        ),
        None => "The new key is in use.".to_owned(),
    };
    answer.text = format!("{}\n{then}", answer.text);
    Ok(answer)
}
