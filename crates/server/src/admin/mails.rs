//! Codes that were sent by mail, for the help desk: with the words of the mail servers.

use std::fmt::Write as _;

use sekimori_directory::Method;
use sekimori_store::StoredMailCode;

use super::command::{ShownMail, ShownPerson};
use super::people::word;
use super::settings::moment;

/// So many are shown.
pub(super) const SHOWN_MAX: u32 = 10;
/// What their lines begin with.
pub(crate) const KEY: &str = "mail code";

/// As commands show it.
pub(super) fn shown(code: &StoredMailCode) -> ShownMail {
    ShownMail {
        at: moment(code.made_at),
        number: code.number,
        purpose: word(&code.purpose),
        to: code.address.clone(),
        state: code.state.as_str().to_owned(),
        state_at: moment(code.state_at),
        tries: code.tries,
        server: code.server.clone(),
        words: code.words.clone(),
    }
}

/// Beside the address that they go to; of somebody who is registering their first one, beside the factors.
pub(super) fn add(person: &mut ShownPerson, sent: &[StoredMailCode]) {
    let addressed =
        person.factors.iter_mut().rev().find(|factor| factor.method == Method::MailCode.as_str());
    let sent = sent.iter().map(shown).collect();
    match addressed {
        Some(factor) => factor.sent = sent,
        None => person.mail_codes = sent,
    }
}

/// On one line.
pub(super) fn words(mail: &ShownMail) -> String {
    let ShownMail { at, number, purpose, to, state, state_at, tries, .. } = mail;
    let mut text = format!("{at} no. {number} ({purpose}) to {to}: {state} {state_at}");
    if *tries > 0 {
        let _ = write!(text, ", {tries} tries");
    }
    if let Some(server) = &mail.server {
        let _ = write!(text, ", {server}");
    }
    if let Some(words) = &mail.words {
        let _ = write!(text, ": {words}");
    }
    text
}
