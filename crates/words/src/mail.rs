//! Notices by mail: plain text, what happened, when, where, and what to do if it was not oneself.

use sekimori_base::{Language, Timestamp};
use sekimori_directory::Method;
use sekimori_login::Notice;

use crate::{Argument, Words};

/// What a notice tells about.
#[derive(Debug, Clone, Copy)]
pub struct Happening<'a> {
    /// The organisation's name, in the language of the mail.
    pub organisation: &'a str,
    /// The person's name, in the language of the mail.
    pub person: &'a str,
    /// The user name.
    pub username: &'a str,
    /// When it happened.
    pub at: Timestamp,
    /// IANA zone in which that is written.
    pub time_zone: &'a str,
    /// What the network is called from where it happened, in the language of the mail.
    pub place: &'a str,
    /// The help desk did it; then there is no such network.
    pub by_desk: bool,
    /// The service that was being signed in to, where there was one.
    pub service: Option<&'a str>,
    /// The method that was added, removed, or that failed, where there is one.
    pub method: Option<Method>,
    /// Recovery codes that are left, after one was used.
    pub codes_left: Option<u8>,
    /// How often it happened.
    pub times: u32,
    /// Whether the factor was added inside with the password alone; the mail then says so.
    pub inside_with_password: bool,
    /// Whether an address took the place of an earlier one; the mail then says so.
    pub replaced: bool,
    /// The address of the "this was not me" page. Only that page's button acts: scanners open links.
    pub not_me_url: &'a str,
    /// The address of the portal.
    pub portal_url: &'a str,
    /// What the help desk is called and how it is reached, in one line; `None` if the site names none.
    pub desk: Option<&'a str>,
}

/// A mail as plain text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// The subject, one line.
    pub subject: String,
    /// The body, lines separated by `\n`.
    pub body: String,
}

impl Words {
    /// The mail of a notice.
    pub fn mail(&self, notice: Notice, happening: &Happening<'_>) -> Mail {
        let id = notice_id(notice);
        let method = happening.method.map(|method| self.method_name(method));
        let method = match (method, self.language()) {
            (Some(name), Language::English) => name.to_lowercase(),
            (Some(name), Language::Japanese) => name,
            (None, _) => self.text("mail-generic-method"),
        };
        let left = happening.codes_left.map(|left| Argument::Number(i64::from(left)));
        let left = left.unwrap_or(Argument::Text("unknown"));
        let at = happening.at.in_zone(happening.time_zone);
        let arguments = [
            ("organisation", Argument::Text(happening.organisation)),
            ("person", Argument::Text(happening.person)),
            ("username", Argument::Text(happening.username)),
            ("method", Argument::Text(&method)),
            ("at", Argument::Text(&at)),
            ("place", Argument::Text(happening.place)),
            ("service", Argument::Text(happening.service.unwrap_or("none"))),
            ("left", left),
            ("times", Argument::Number(i64::from(happening.times))),
            ("url", Argument::Text(happening.not_me_url)),
            ("portal", Argument::Text(happening.portal_url)),
            ("desk", Argument::Text(happening.desk.unwrap_or("none"))),
        ];
        let mut paragraphs =
            vec![self.with("mail-greeting", &arguments), self.with(id, &arguments)];
        let mut circumstances = vec![self.with("mail-when", &arguments)];
        let place = if happening.by_desk { "mail-by-desk" } else { "mail-where" };
        circumstances.push(self.with(place, &arguments));
        if happening.service.is_some() {
            circumstances.push(self.with("mail-service", &arguments));
        }
        paragraphs.push(circumstances.join("\n"));
        if happening.replaced {
            paragraphs.push(self.with("mail-replaces-address", &arguments));
        }
        if happening.inside_with_password && notice == Notice::FactorAdded {
            paragraphs.push(self.with("mail-inside-with-password", &arguments));
        }
        if !happening.by_desk {
            paragraphs.push(self.with("mail-was-me", &arguments));
        }
        let not_me = if happening.by_desk { "mail-was-not-asked-for" } else { "mail-was-not-me" };
        paragraphs.push(self.with(not_me, &arguments));
        if happening.desk.is_some() {
            paragraphs.push(self.with("mail-desk", &arguments));
        }
        paragraphs.push(self.with("mail-signature", &arguments));
        Mail {
            subject: self.attribute(id, "subject", &arguments),
            body: paragraphs.join("\n\n") + "\n",
        }
    }
}

pub(crate) const fn notice_id(notice: Notice) -> &'static str {
    match notice {
        Notice::SecondFactorFailed => "mail-second-factor-failed",
        Notice::RecoveryCodeUsed => "mail-recovery-code-used",
        Notice::PasskeyCopied => "mail-passkey-copied",
        Notice::ClockSuspected => "mail-clock-suspected",
        Notice::PasswordChanged => "mail-password-changed",
        Notice::FactorAdded => "mail-factor-added",
        Notice::FactorRemoved => "mail-factor-removed",
        Notice::FactorResumed => "mail-factor-resumed",
        Notice::RecoveryCodesMade => "mail-recovery-codes-made",
        Notice::CertificateIssued => "mail-certificate-issued",
        Notice::CertificateRevoked => "mail-certificate-revoked",
        Notice::PreferencesChanged => "mail-preferences-changed",
        Notice::LossReported => "mail-loss-reported",
    }
}
