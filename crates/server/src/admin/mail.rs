//! `mail test`: one mail by each mail server, at once, past the outbox. `mail bounce`: what came back.

use std::fmt::Write as _;
use std::time::Duration;

use sekimori_directory::MailAddress;
use sekimori_words::Mail;
use serde_json::json;

use super::Answer;
use super::execute::Desk;
use crate::command::Failed;
use crate::mail::{Mailer, Report, sender, written};

/// How long each mail server may take.
const PATIENCE: Duration = Duration::from_secs(30);

pub(super) async fn test(desk: &Desk<'_>, to: MailAddress) -> Result<Answer, Failed> {
    let tenant = desk.tenant()?;
    let Some(smtp) = &desk.app.settings.mail else {
        let text = "no mail server is configured: mail waits in the outbox\n\
                    add [mail] with host to sekimori.toml";
        return Ok(Answer::no(text, json!(null)));
    };
    let mailer = Mailer::new(smtp).map_err(Failed::at("preparing the way to the mail server"))?;
    let sender = sender(&tenant.site, tenant.site.language);
    let waiting = desk.app.flow.store.outbox_waiting(tenant.id, 1000).await;
    let waiting = waiting.map_err(Failed::at("looking at the outbox"))?;
    let oldest = waiting.iter().find_map(|message| message.last_words.clone());
    let (mut text, mut tried, mut failed) = (String::new(), Vec::new(), false);
    for server in mailer.servers() {
        let through = server.name();
        let mail = Mail {
            subject: format!("{}: test / テスト", sender.name),
            body: format!(
                "Mail from {} by {through} works.\nメールが正しく届きました（{through}）。\n",
                tenant.issuer()
            ),
        };
        let message = written(&sender, &to, mail).map_err(Failed::at("writing a mail"))?;
        let sent = server.send(message, PATIENCE).await;
        failed |= sent.is_err();
        let error = sent.as_ref().err().map(crate::mail::SmtpError::words);
        let _ = match &sent {
            Ok(words) => writeln!(text, "handed over to {through} for {to}: {words}"),
            Err(error) => writeln!(text, "{through} did not take the mail: {}", error.words()),
        };
        tried.push(json!({ "through": through, "error": error }));
    }
    let _ = write!(text, "messages that wait in the outbox: {}", waiting.len());
    if let Some(words) = oldest.filter(|_| failed) {
        let _ = write!(text, "\nlast said: {words}");
    }
    let first = tried.first().cloned().unwrap_or_default();
    let value = json!({
        "through": first["through"], "error": first["error"],
        "waiting": waiting.len(), "servers": tried,
    });
    Ok(if failed { Answer::no(text, value) } else { Answer::yes(text, value) })
}

/// A mail came back: write down which one, if its mark is ours. Whose it is says the mark, not who runs the command.
pub(super) async fn bounce(desk: &Desk<'_>, report: &Report) -> Result<Answer, Failed> {
    let Report { marks, server, words } = report;
    let server = if server.is_empty() { "-" } else { server };
    for mark in marks {
        let known = desk.app.flow.came_back(mark, server, words).await;
        if let Some(to) = known.map_err(Failed::at("taking a mail that came back"))? {
            let text = format!("a code that was sent to {to} came back: {server}: {words}");
            let value = json!({ "bounced": true, "to": to, "server": server, "words": words });
            return Ok(Answer::yes(text, value));
        }
    }
    let text =
        "nothing was changed: no code of ours that is still kept and had not come back before";
    Ok(Answer::yes(text, json!({ "bounced": false })))
}
