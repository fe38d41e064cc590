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
    /// `7K3M-9QTX-4`; `None` when the budget of kept incidents is used up, which the page then says.
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
    ) -> Circumstances<'a> {
        Circumstances {
            details: Some(&self.details),
            now: frame.now,
            time_zone: frame.time_zone,
            service,
            place,
            desk: frame.desk(),
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

    /// The address behind the button of `step`: the given one, else the desk's or the service's.
    pub(crate) fn next_href(
        &self,
        words: &Words,
        step: NextStep,
        given: Option<&String>,
        contact: Option<&str>,
        incident: &Incident,
    ) -> Option<String> {
        if let Some(href) = given {
            return Some(href.clone());
        }
        let to_mail = |address: &str| {
            let code = incident.code.as_deref().unwrap_or("-");
            let subject = words.with("mail-to-desk-subject", &[("code", code.into())]);
            format!("mailto:{address}?subject={}", percent_encoded(&subject))
        };
        let help = &self.organisation.help;
        match step {
            NextStep::RegisterFactor => help.url.clone(),
            NextStep::AskDesk => {
                let url = help.url.clone();
                let mail = || help.mail.as_ref().map(|mail| to_mail(mail.as_str()));
                let telephone = || {
                    let number = help.telephone.as_ref()?;
                    let digits: String =
                        number.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect();
                    (!digits.is_empty()).then(|| format!("tel:{digits}"))
                };
                url.or_else(mail).or_else(telephone)
            }
            NextStep::AskService => contact.map(to_mail),
            NextStep::GoOn
            | NextStep::TryAgain
            | NextStep::Wait
            | NextStep::StartOver
            | NextStep::OtherFactor
            | NextStep::SwitchPerson
            | NextStep::AllowCookies
            | NextStep::OpenPortal => None,
        }
    }
}

/// `text` for use inside a URL's query (RFC 3986: everything but unreserved characters is encoded).
pub(crate) fn percent_encoded(text: &str) -> String {
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
