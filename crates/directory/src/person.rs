//! A person and the account that they sign in with.

use std::collections::BTreeSet;
use std::fmt;

use sekimori_base::{Bilingual, Language, PersonId, Timestamp};
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

use crate::Username;

/// One person who can sign in. A new account of the same human being (a student who becomes staff) is another
/// `Person` here: factors, certificates and counters of the former one must not carry over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Stable, never reused.
    pub id: PersonId,
    /// What they type.
    pub username: Username,
    /// The name to show.
    pub name: Bilingual,
    /// Where notices go and what services may receive.
    pub mail: Option<MailAddress>,
    /// Roles towards the organisation.
    pub affiliations: BTreeSet<Affiliation>,
    /// Groups, for policy and for services.
    pub groups: BTreeSet<Group>,
    /// May use the administration.
    pub administrator: bool,
    /// Whether and when the account may be used.
    pub state: PersonState,
    /// The language of mails to them.
    pub language: Language,
    /// Last change of any field, for `updated_at`.
    pub updated_at: Timestamp,
}

/// Whether an account may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum PersonState {
    /// May sign in between the two moments; an open side has no bound.
    Active {
        /// Not before this moment.
        from: Option<Timestamp>,
        /// Not from this moment on.
        until: Option<Timestamp>,
    },
    /// Switched off by an administrator.
    Disabled {
        /// Since when.
        since: Timestamp,
    },
    /// Held because somebody else may know the password; the person is told by the desk only.
    Held {
        /// Since when.
        since: Timestamp,
    },
}

impl PersonState {
    /// Active without bounds.
    pub const ACTIVE: Self = Self::Active { from: None, until: None };
}

/// What somebody is to the organisation: eduPersonAffiliation's vocabulary (eduPerson 202208, 2.2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Affiliation {
    /// Teaches or does research.
    Faculty,
    /// Enrolled.
    Student,
    /// Works here, not as faculty.
    Staff,
    /// Was here.
    Alum,
    /// Has the basic privileges of the community.
    Member,
    /// Close to the organisation without being a member.
    Affiliate,
    /// Employed.
    Employee,
    /// Walks into the library.
    LibraryWalkIn,
}

impl Affiliation {
    /// All values.
    pub const ALL: [Self; 8] = [
        Self::Faculty,
        Self::Student,
        Self::Staff,
        Self::Alum,
        Self::Member,
        Self::Affiliate,
        Self::Employee,
        Self::LibraryWalkIn,
    ];

    /// The registered word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Faculty => "faculty",
            Self::Student => "student",
            Self::Staff => "staff",
            Self::Alum => "alum",
            Self::Member => "member",
            Self::Affiliate => "affiliate",
            Self::Employee => "employee",
            Self::LibraryWalkIn => "library-walk-in",
        }
    }

    /// The value of a registered word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.as_str() == text)
    }
}

/// Characters of a person's name at most.
pub const NAME_CHARS_MAX: usize = 200;

/// Why a text is not a person's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a name has up to {NAME_CHARS_MAX} characters, without line breaks and other control characters"
)]
pub struct NameError;

/// A person's name as it is shown: one line.
pub fn name(text: &str) -> Result<String, NameError> {
    let line_ends = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    if text.chars().count() > NAME_CHARS_MAX || text.contains(line_ends) {
        return Err(NameError);
    }
    Ok(text.to_owned())
}

/// A group's name: 1 to 64 characters of `a-z 0-9 . _ - :`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Group(String);

/// Why a text is not a group's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a group's name has 1 to 64 characters: a-z, 0-9, '.', '_', '-', ':'")]
pub struct GroupError;

impl Group {
    /// A group's name.
    pub fn parse(text: &str) -> Result<Self, GroupError> {
        let fits = (1..=64).contains(&text.len())
            && text.bytes().all(|byte| {
                byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-:".contains(&byte)
            });
        if fits { Ok(Self(text.to_owned())) } else { Err(GroupError) }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Group {
    type Error = GroupError;
    fn try_from(text: String) -> Result<Self, GroupError> {
        Self::parse(&text)
    }
}

impl From<Group> for String {
    fn from(group: Group) -> Self {
        group.0
    }
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A mail address: something, one `@`, a host name with a dot; at most 254 bytes, no spaces or controls.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MailAddress(String);

/// Why a text is not a mail address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a mail address looks like name@example.ac.jp")]
pub struct MailAddressError;

impl MailAddress {
    /// A mail address; the domain is folded to lower case.
    pub fn parse(text: &str) -> Result<Self, MailAddressError> {
        let (local, domain) = text.rsplit_once('@').ok_or(MailAddressError)?;
        let clean = |part: &str| {
            !part.is_empty()
                && part
                    .bytes()
                    .all(|byte| byte.is_ascii_graphic() && !b"<>(),;:\\\"[]@".contains(&byte))
        };
        let dotted = domain.contains('.') && domain.split('.').all(|label| !label.is_empty());
        // RFC 3696, 2: the last label is never a number, so that an IPv4 address is no domain.
        let named = domain
            .rsplit('.')
            .next()
            .is_some_and(|last| !last.bytes().all(|byte| byte.is_ascii_digit()));
        if text.len() <= 254 && clean(local) && clean(domain) && dotted && named {
            Ok(Self(format!("{local}@{}", domain.to_ascii_lowercase())))
        } else {
            Err(MailAddressError)
        }
    }

    /// Read what somebody typed: full-width characters as half-width ones, white space left out.
    pub fn read(typed: &str) -> Result<Self, MailAddressError> {
        let bounded = typed.chars().take(1000).collect::<String>();
        let folded: String = bounded.nfkc().filter(|c| !c.is_whitespace()).collect();
        Self::parse(&folded)
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part after the `@`, lower case.
    pub fn domain(&self) -> &str {
        self.0.rsplit_once('@').map_or("", |(_, domain)| domain)
    }

    /// For whoever knows it already: `a***@g***`. As many stars for every address.
    pub fn masked(&self) -> String {
        let first = |part: &str| part.chars().next().map(String::from).unwrap_or_default();
        format!("{}***@{}***", first(&self.0), first(self.domain()))
    }

    /// The domain, for whoever knows it already: `g***`.
    pub fn masked_domain(&self) -> String {
        self.masked().rsplit_once('@').map(|(_, domain)| domain.to_owned()).unwrap_or_default()
    }
}

impl TryFrom<String> for MailAddress {
    type Error = MailAddressError;
    fn try_from(text: String) -> Result<Self, MailAddressError> {
        Self::parse(&text)
    }
}

impl From<MailAddress> for String {
    fn from(address: MailAddress) -> Self {
        address.0
    }
}

impl fmt::Display for MailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_masked_address_says_nothing_of_its_length() {
        for (address, masked) in [("hana@gmail.example", "h***@g***"), ("a@g.example", "a***@g***")]
        {
            let address = MailAddress::parse(address).unwrap();
            assert_eq!(address.masked(), masked);
            assert_eq!(address.masked_domain(), "g***");
        }
    }

    #[test]
    fn an_address_is_read_as_it_was_meant() {
        for typed in [
            " hana@Gmail.example ",
            "ｈａｎａ＠ｇｍａｉｌ．ｅｘａｍｐｌｅ",
            "hana@gmail.example\u{3000}",
        ] {
            let read = MailAddress::read(typed).map(|address| address.to_string());
            assert_eq!(read, Ok("hana@gmail.example".to_owned()), "{typed:?}");
        }
        assert!(MailAddress::read("hana").is_err());
    }

    #[test]
    fn a_mail_address_has_one_at_and_a_dotted_host() {
        assert!(
            MailAddress::parse("x@127.0.0.1").is_err() && MailAddress::parse("x@1.example").is_ok()
        );
        assert!(MailAddress::parse("a.b@example.ac.jp").is_ok());
        assert_eq!(
            MailAddress::parse("a@Example.AC.JP").map(|a| a.domain().to_owned()),
            Ok("example.ac.jp".into())
        );
        for wrong in
            ["", "a", "a@", "@b.c", "a@b", "a b@c.d", "a@b..c", "a@b.c\r\nBcc: x@y.z", "a@@b.c"]
        {
            assert_eq!(MailAddress::parse(wrong), Err(MailAddressError), "{wrong:?}");
        }
    }
}
