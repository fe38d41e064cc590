//! `mail test`: one mail, at once, past the outbox.

use sekimori_directory::MailAddress;
use sekimori_words::Mail;
use serde_json::json;

use super::Answer;
use super::execute::Desk;
use crate::command::Failed;
use crate::mail::{Mailer, sender};

pub(super) async fn test(desk: &Desk<'_>, to: MailAddress) -> Result<Answer, Failed> {
    let tenant = desk.tenant()?;
    let Some(smtp) = &desk.app.settings.mail else {
        let text = "no mail server is configured: mail waits in the outbox\n\
                    add [mail] with host to sekimori.toml";
        return Ok(Answer::no(text, json!(null)));
    };
    let mailer = Mailer::smtp(smtp).map_err(Failed::at("preparing the way to the mail server"))?;
    let sender = sender(&tenant.site, tenant.site.language);
    let mail = Mail {
        subject: format!("{}: test / テスト", sender.name),
        body: format!("Mail from {} works.\nメールが正しく届きました。\n", tenant.issuer()),
    };
    let waiting = desk.app.flow.store.outbox_waiting(tenant.id, 1000).await;
    let waiting = waiting.map_err(Failed::at("looking at the outbox"))?;
    let oldest = waiting.iter().find_map(|message| message.last_words.clone());
    let through = format!("{}:{}", smtp.host, smtp.port);
    let value = |error: Option<String>| json!({ "through": through, "waiting": waiting.len(), "error": error });
    Ok(match mailer.send(&sender, &to, mail).await {
        Ok(()) => {
            let text = format!(
                "handed over to {through} for {to}\nmessages that wait in the outbox: {}",
                waiting.len()
            );
            Answer::yes(text, value(None))
        }
        Err(error) => {
            let last = oldest.map_or(String::new(), |words| format!("\nlast said: {words}"));
            let text = format!("{through} did not take the mail: {error}{last}");
            Answer::no(text, value(Some(error.to_string())))
        }
    })
}
