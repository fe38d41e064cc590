//! Changing the password.

use sekimori_base::{Fault, Secret, random};
use sekimori_credential::password::PasswordError;
use sekimori_credential::strength::Weakness;
use sekimori_login::{Notice, Reason};
use sekimori_store::Write;
use sekimori_words::PasswordFlaw;

use super::enter::{Care, Changed, Inside, Others, Who};
use super::refused::Refused;
use super::{Done, Portal};
use crate::Flow;
use crate::measure::{measured, person_words};
use crate::notices::About;
use crate::visitor::Visitor;

/// Where it is.
const PATH: &str = "/portal/password";

/// The page, with its rules before anything is typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasswordPage {
    /// Who.
    pub who: Who,
    /// The user name, for password managers.
    pub username: String,
    /// Shortest new password, in characters.
    pub length_min: u16,
    /// Why the one just sent was not taken.
    pub flaws: Vec<PasswordFlaw>,
    /// Nothing can be hashed at this moment.
    pub busy: Option<Reason>,
    /// The token of the form.
    pub token: String,
}

/// A new password as it was sent.
pub struct PasswordChange {
    /// The form's token.
    pub token: String,
    /// The new password.
    pub new: Secret<String>,
    /// End the sessions in other browsers.
    pub end_others: bool,
}

impl Flow {
    /// The page on which the password is changed. `refused` is why the last one was not taken, sealed.
    pub async fn password_page(
        &self,
        visitor: &Visitor,
        refused: Option<&str>,
    ) -> Result<Portal<PasswordPage>, Fault> {
        match self.enter(visitor, PATH, Care::Sensitive).await? {
            Ok(inside) => {
                let flaws = Refused::open(visitor, PATH, refused).flaws;
                Ok(Portal::Here(page(&inside, flaws, None)))
            }
            Err(progress) => Ok(Portal::elsewhere(progress)),
        }
    }

    /// Change the password.
    pub async fn change_password(
        &self,
        visitor: &Visitor,
        change: PasswordChange,
    ) -> Result<Portal<PasswordPage>, Fault> {
        let inside = match self.enter(visitor, PATH, Care::Sensitive).await? {
            Ok(inside) => inside,
            Err(progress) => return Ok(Portal::elsewhere(progress)),
        };
        if !inside.is_token(&change.token) {
            return Ok(Portal::see(PATH));
        }
        let tenant = &visitor.tenant;
        let words = person_words(&inside.person.person);
        let (new, flaws) = measured(tenant, words, change.new).await?;
        let flaws: Vec<PasswordFlaw> = flaws.into_iter().map(flaw).collect();
        if !flaws.is_empty() {
            return self.weak(visitor, flaws);
        }
        let Ok(place) = inside.round.enter_queue() else {
            return Ok(Portal::Here(page(&inside, Vec::new(), Some(Reason::ServerBusy))));
        };
        let record = match place.hash(new, random(&*self.entropy)).await? {
            Ok(record) => record.to_string(),
            Err(PasswordError::TooLong) => {
                return self.weak(visitor, vec![PasswordFlaw::TooLong]);
            }
            Err(fault) => return Err(Fault::new("hashing a password", fault)),
        };
        let person = inside.person.person.id;
        let from_epoch = Some(inside.person.known.credential_epoch);
        let mut writes = vec![Write::PasswordSet { person, record, from_epoch }];
        writes.extend(self.told(
            visitor,
            &inside.person,
            "password.changed",
            Notice::PasswordChanged,
            About::default(),
        )?);
        let others = if change.end_others { Others::End } else { Others::Keep };
        match self.change(&inside, writes, 1, others).await? {
            Changed::Done => Ok(Portal::done(Done::PasswordChanged)),
            // Another tab was first, or a factor was changed: the page says again what is asked.
            Changed::Overtaken => Ok(Portal::see(PATH)),
        }
    }

    /// To the page that says what is wrong with a new password.
    fn weak(
        &self,
        visitor: &Visitor,
        flaws: Vec<PasswordFlaw>,
    ) -> Result<Portal<PasswordPage>, Fault> {
        Refused::flaws(flaws).path(visitor, PATH, &*self.entropy).map(Portal::see)
    }
}

fn page(inside: &Inside<'_>, flaws: Vec<PasswordFlaw>, busy: Option<Reason>) -> PasswordPage {
    PasswordPage {
        who: inside.who(),
        username: inside.person.person.username.to_string(),
        length_min: inside.visitor().tenant.site.password.length_min,
        flaws,
        busy,
        token: inside.token(),
    }
}

pub(super) const fn flaw(weakness: Weakness) -> PasswordFlaw {
    match weakness {
        Weakness::TooShort { length, length_min } => PasswordFlaw::TooShort { length, length_min },
        Weakness::TooLong { .. } => PasswordFlaw::TooLong,
        Weakness::Common => PasswordFlaw::Common,
        Weakness::Pattern => PasswordFlaw::Pattern,
        Weakness::OrganisationWord => PasswordFlaw::OrganisationWord,
        Weakness::PersonWord => PasswordFlaw::PersonWord,
    }
}
