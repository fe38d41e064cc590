//! The mail with a code: what it is for, how long it is good, and that nobody asks for it.

use sekimori_base::Timestamp;

use crate::{Argument, Mail, Words};

/// What a mail with a code says.
#[derive(Debug, Clone, Copy)]
pub struct CodeMail<'a> {
    /// The organisation's name, in the language of the mail.
    pub organisation: &'a str,
    /// What the code is for.
    pub occasion: CodeOccasion<'a>,
    /// The code, in groups.
    pub code: &'a str,
    /// The how manyth mail of this sign-in or registration.
    pub number: u32,
    /// When it was asked for.
    pub at: Timestamp,
    /// Good until then.
    pub until: Timestamp,
    /// IANA zone in which times are written.
    pub time_zone: &'a str,
    /// What the network is called from where it was asked for, in the language of the mail.
    pub place: &'a str,
    /// Where it is entered: scheme and host.
    pub issuer: &'a str,
    /// The address of the portal.
    pub portal_url: &'a str,
    /// What the help desk is called and how it is reached, in one line; `None` if the site names none.
    pub desk: Option<&'a str>,
}

/// What a code is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodeOccasion<'a> {
    /// Somebody signs in.
    SignIn {
        /// The account.
        username: &'a str,
        /// The service, in the language of the mail.
        service: &'a str,
    },
    /// Somebody registers this address. Whose account it is stays unsaid: the address may be a stranger's.
    Registration,
}

impl Words {
    /// The mail with a code. The subject never holds it: a locked screen shows subjects.
    pub fn code_mail(&self, mail: &CodeMail<'_>) -> Mail {
        let (id, username, service) = match mail.occasion {
            CodeOccasion::SignIn { username, service } => ("mail-code-sign-in", username, service),
            CodeOccasion::Registration => ("mail-code-registration", "none", "none"),
        };
        let (at, until) = (mail.at.in_zone(mail.time_zone), mail.until.in_zone(mail.time_zone));
        let arguments = [
            ("organisation", Argument::Text(mail.organisation)),
            ("username", Argument::Text(username)),
            ("service", Argument::Text(service)),
            ("number", Argument::Number(i64::from(mail.number))),
            ("at", Argument::Text(&at)),
            ("until", Argument::Text(&until)),
            ("place", Argument::Text(mail.place)),
            ("issuer", Argument::Text(mail.issuer)),
            ("portal", Argument::Text(mail.portal_url)),
            ("desk", Argument::Text(mail.desk.unwrap_or("none"))),
        ];
        let circumstances =
            [self.with("mail-when", &arguments), self.with("mail-where", &arguments)].join("\n");
        let mut paragraphs = vec![
            self.with(id, &arguments),
            format!("    {}", mail.code),
            self.with("mail-code-good", &arguments),
            circumstances,
            self.with("mail-code-nobody-asks", &arguments),
            self.attribute(id, "not-me", &arguments),
        ];
        if mail.desk.is_some() {
            paragraphs.push(self.with("mail-desk", &arguments));
        }
        paragraphs.push(self.with("mail-signature", &arguments));
        Mail {
            subject: self.attribute(id, "subject", &arguments),
            body: paragraphs.join("\n\n") + "\n",
        }
    }
}

#[cfg(test)]
mod tests {
    use sekimori_base::Language;

    use super::*;

    #[test]
    fn a_mail_says_what_for_when_and_where_its_subject_no_code_and_a_strangers_mailbox_no_name() {
        for language in Language::ALL {
            for occasion in [
                CodeOccasion::SignIn { username: "hana", service: "Library" },
                CodeOccasion::Registration,
            ] {
                let mail = Words::of(language).code_mail(&CodeMail {
                    organisation: "Example University",
                    occasion,
                    code: "0123 4567",
                    number: 2,
                    at: Timestamp::from_unix_seconds(1_800_000_000),
                    until: Timestamp::from_unix_seconds(1_800_000_300),
                    time_zone: "Asia/Tokyo",
                    place: "outside",
                    issuer: "https://login.example.ac.jp",
                    portal_url: "https://login.example.ac.jp/portal",
                    desk: Some("Help desk, 0761-51-1111"),
                });
                assert!(!mail.subject.contains("0123"), "{}", mail.subject);
                assert!(mail.subject.contains('2') && mail.subject.contains("Example"));
                assert_eq!(mail.body.matches("0123 4567").count(), 1, "{}", mail.body);
                for said in ["0761-51-1111", "outside", "https://login.example.ac.jp"] {
                    assert!(mail.body.contains(said), "{said}: {}", mail.body);
                }
                for at in [1_800_000_000, 1_800_000_300] {
                    let at = Timestamp::from_unix_seconds(at).in_zone("Asia/Tokyo");
                    assert!(mail.body.contains(&at), "{at}: {}", mail.body);
                }
                for named in ["hana", "Library"] {
                    let named = mail.body.contains(named);
                    assert_eq!(named, occasion != CodeOccasion::Registration, "{}", mail.body);
                }
                assert!(!mail.body.contains("none"), "{}", mail.body);
            }
        }
    }
}
