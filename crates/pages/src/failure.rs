//! What went wrong, as every page shows it.

use sekimori_base::Timestamp;
use sekimori_directory::InputHint;
use sekimori_login::{Details, NextStep, Reason};
use sekimori_words::{Circumstances, Words};

use crate::Frame;

/// What went wrong. The reason is the one that may be shown.
#[derive(Debug, Clone)]
pub struct Failure {
    /// The reason, after `Reason::shown_to`.
    pub reason: Reason,
    /// The decision's details.
    pub details: Details,
    /// What the typed text itself shows; equal for every account.
    pub hints: Vec<InputHint>,
    /// The incident.
    pub incident: Incident,
}

/// How the incident can be named over the telephone.
#[derive(Debug, Clone)]
pub struct Incident {
    /// `7K3M-9QTX-4`; `None` when nothing was kept (the budget is used up, or nothing happened), which the page
    /// then says.
    pub code: Option<String>,
    /// When it happened.
    pub at: Timestamp,
}

impl Failure {
    pub(crate) fn about<'a>(
        &'a self,
        frame: &'a Frame<'_>,
        service: Option<&'a str>,
        place: Option<&'a str>,
        inside: bool,
    ) -> Circumstances<'a> {
        Circumstances {
            details: Some(&self.details),
            now: frame.now,
            time_zone: frame.time_zone,
            service,
            place,
            desk: frame.desk(),
            inside,
        }
    }

    /// Seconds until something is evaluated again, at least 1; `None` when nothing has to be waited for.
    pub(crate) fn wait_seconds(&self, now: Timestamp) -> Option<i64> {
        let left = self.details.wait_until?.millis_since(now);
        (left > 0).then(|| -(-left).div_euclid(1000))
    }
}

impl Frame<'_> {
    /// What the help desk is called.
    pub(crate) fn desk(&self) -> Option<&str> {
        let name = self.organisation.help.name.as_ref()?;
        Some(name.text(self.language)).filter(|name| !name.is_empty())
    }

    /// The desk's address: its page, else a mail with the incident's code, else its telephone.
    fn desk_href(&self, words: &Words, incident: &Incident) -> Option<String> {
        let help = &self.organisation.help;
        let mail = || help.mail.as_ref().map(|mail| mail_href(words, mail.as_str(), incident));
        let telephone = || {
            let number = help.telephone.as_ref()?;
            let digits: String =
                number.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect();
            (!digits.is_empty()).then(|| format!("tel:{digits}"))
        };
        help.url.clone().or_else(mail).or_else(telephone)
    }

    /// Where the next step of a failure leads, and what else may be done.
    pub(crate) fn ways(
        &self,
        words: &Words,
        failure: &Failure,
        service: Option<&str>,
        given: Option<&String>,
        contact: Option<&str>,
    ) -> Ways {
        let step = failure.reason.next_step();
        let main = |step, href| Link { label: words.next_step_label(step, service), href };
        let desk = || Some(main(NextStep::AskDesk, self.desk_href(words, &failure.incident)?));
        let aside = given.map(|href| Link {
            label: match service.filter(|_| !href.starts_with('/')) {
                Some(service) => words.with("back-to-service", &[("service", service.into())]),
                None => words.text("way-portal"),
            },
            href: href.clone(),
        });
        match step {
            NextStep::AskDesk => Ways { main: desk(), others: aside.into_iter().collect() },
            NextStep::AskService => {
                let written =
                    contact.map(|contact| main(step, mail_href(words, contact, &failure.incident)));
                Ways { main: written.or_else(desk), others: aside.into_iter().collect() }
            }
            NextStep::GoOn
            | NextStep::TryAgain
            | NextStep::Wait
            | NextStep::StartOver
            | NextStep::OtherFactor
            | NextStep::RegisterFactor
            | NextStep::SwitchPerson
            | NextStep::AllowCookies
            | NextStep::OpenPortal => {
                Ways { main: given.map(|href| main(step, href.clone())), others: Vec::new() }
            }
        }
    }
}

/// The ways on from a failure: one as a button, the others small.
pub(crate) struct Ways {
    pub main: Option<Link>,
    pub others: Vec<Link>,
}

/// A link with its words.
pub(crate) struct Link {
    pub label: String,
    pub href: String,
}

fn mail_href(words: &Words, address: &str, incident: &Incident) -> String {
    let subject = match &incident.code {
        Some(code) => words.with("mail-to-desk-subject", &[("code", code.into())]),
        None => words.text("mail-to-desk-subject-plain"),
    };
    format!("mailto:{address}?subject={}", percent_encoded(&subject))
}

/// `text` for use inside a URL's query (RFC 3986: everything but unreserved characters is encoded).
fn percent_encoded(text: &str) -> String {
    use std::fmt::Write;

    text.bytes().fold(String::with_capacity(text.len()), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            write!(encoded, "%{byte:02X}").expect("writing to a String cannot fail");
        }
        encoded
    })
}
