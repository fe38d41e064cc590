//! Break-glass codes of administrators: printed once, here and nowhere else.

use sekimori_base::PersonId;
use sekimori_directory::Username;
use sekimori_flow::Tenant;
use serde_json::json;

use super::Answer;
use super::execute::Desk;
use super::people::{find, nobody};
use crate::command::Failed;

/// What stands beside a code.
pub(super) const ADVICE: &str = "print it, seal it, put it into a safe: it is shown once, works once, after the password, where a\n\
     recovery code is asked for, and whatever proofs the policy takes";

/// Make one for somebody who is there; an earlier one ends.
pub(super) async fn renew(desk: &Desk<'_>, username: Username) -> Result<Answer, Failed> {
    let tenant = desk.tenant()?;
    let Some(stored) = find(desk, &tenant, &username).await? else { return Ok(nobody(&username)) };
    if !stored.person.administrator {
        let text = format!(
            "{username} is not an administrator: recovery codes are made by their owner, tickets by\n\
             sekimori person code"
        );
        return Ok(Answer::no(text, json!(null)));
    }
    let code = make(desk, &tenant, stored.person.id).await?;
    let text =
        format!("break-glass code of {username}: {code}\n{ADVICE}\nan earlier one has ended");
    Ok(Answer::yes(text, json!({ "username": username, "break_glass_code": code })))
}

/// A fresh code, for printing.
pub(super) async fn make(
    desk: &Desk<'_>,
    tenant: &Tenant,
    person: PersonId,
) -> Result<String, Failed> {
    let code = desk.app.flow.make_break_glass(tenant, person, desk.by).await;
    Ok(code.map_err(Failed::at("making a break-glass code"))?.expose().clone())
}
