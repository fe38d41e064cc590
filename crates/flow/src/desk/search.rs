//! The console's front page: somebody is looked for by user name, by name in either language, by mail address or by the
//! number of a certificate; an incident by its code.

use sekimori_base::{Bilingual, Fault};
use sekimori_directory::username::TypedName;
use sekimori_directory::{MailAddress, Person};
use sekimori_login::desk::Reach;
use sekimori_store::{Cursor, Write};

use super::handle::{Kind, open};
use super::{PATH, Staff};
use crate::Flow;
use crate::certificates::{Serial, stored_serial};
use crate::incident::IncidentCode;
use crate::portal::{Portal, Who};
use crate::visitor::Visitor;

/// Characters of a search that are looked at.
const CHARS_MAX: usize = 100;
/// People that are shown.
const SHOWN_MAX: usize = 20;
/// People that are read at once, and how often: whoever is out of reach is among them.
const PAGE: u32 = 100;
const PAGES_MAX: usize = 5;
/// Digits of the shortest number of a certificate that is looked up.
const SERIAL_CHARS_MIN: usize = 6;

/// The front page.
#[derive(Debug, Clone)]
pub struct DeskFront {
    /// Who is at the console.
    pub who: Who,
    /// What was looked for, and what was found.
    pub searched: Option<Searched>,
    /// The token of the form.
    pub token: String,
}

/// What came of a search.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Searched {
    /// What was typed.
    pub text: String,
    /// Who was found, within reach.
    pub found: Vec<Found>,
    /// There may be more.
    pub more: bool,
}

/// Somebody who was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The address of their page.
    pub path: String,
    /// Their name.
    pub name: Bilingual,
    /// Their user name.
    pub username: String,
}

impl Flow {
    /// The front page; `searched` is the sealed text of a search.
    pub async fn desk_front(
        &self,
        visitor: &Visitor,
        searched: Option<&str>,
    ) -> Result<Portal<DeskFront>, Fault> {
        let staff = match self.enter_desk(visitor, PATH).await? {
            Ok(staff) => staff,
            Err(progress) => return Ok(Portal::elsewhere(progress)),
        };
        let text = searched.and_then(|text| open(&staff, Kind::Search, text));
        let searched = match text.and_then(|text| String::from_utf8(text).ok()) {
            Some(text) => {
                let (people, more) = self.search_told(&staff, &text).await?;
                Some(self.searched(&staff, text, &people, more)?)
            }
            None => None,
        };
        let token = staff.inside.token();
        Ok(Portal::Here(DeskFront { who: staff.who(), searched, token }))
    }

    /// Look for somebody. It leads to the one who was found, to the incident of a code, or to a list.
    pub async fn desk_search(
        &self,
        visitor: &Visitor,
        token: &str,
        typed: &str,
    ) -> Result<Portal<()>, Fault> {
        let staff = match self.enter_desk(visitor, PATH).await? {
            Ok(staff) => staff,
            Err(progress) => return Ok(Portal::elsewhere(progress)),
        };
        let text: String = typed.trim().chars().take(CHARS_MAX).collect();
        if !staff.inside.is_token(token) || text.is_empty() {
            return Ok(Portal::see(PATH));
        }
        if let Ok(code) = text.parse::<IncidentCode>() {
            let handle = self.handle(&staff, Kind::Incident, code.to_string().as_bytes())?;
            return Ok(Portal::see(format!("{PATH}/incident/{handle}")));
        }
        let (people, more) = self.search_told(&staff, &text).await?;
        if let ([one], false) = (people.as_slice(), more) {
            return Ok(Portal::see(self.person_path(&staff, one)?));
        }
        let handle = self.handle(&staff, Kind::Search, text.as_bytes())?;
        Ok(Portal::see(format!("{PATH}?s={handle}")))
    }

    /// Look for somebody, and write down that it was done, as often as a list is shown.
    async fn search_told(
        &self,
        staff: &Staff<'_>,
        text: &str,
    ) -> Result<(Vec<Person>, bool), Fault> {
        // Signs alone would be everybody.
        let (people, more) = if text.chars().any(char::is_alphanumeric) {
            self.search(staff, text).await?
        } else {
            (Vec::new(), true)
        };
        // Not what was typed: it may be anything.
        self.write_search(staff, serde_json::json!({ "found": people.len() })).await?;
        Ok((people, more))
    }

    /// The line of a search.
    pub(super) async fn write_search(
        &self,
        staff: &Staff<'_>,
        details: serde_json::Value,
    ) -> Result<(), Fault> {
        let visitor = staff.visitor();
        let mut line = staff.by().line(visitor.now, "desk.searched", None);
        line.details = details.to_string();
        let writes = vec![Write::Audit(line.into())];
        let done = self.store.commit(visitor.tenant.id, visitor.now, writes);
        done.await.map(|_| ()).map_err(Fault::while_doing("writing down a search"))
    }

    fn searched(
        &self,
        staff: &Staff<'_>,
        text: String,
        people: &[Person],
        more: bool,
    ) -> Result<Searched, Fault> {
        let found = people.iter().map(|person| {
            Ok(Found {
                path: self.person_path(staff, person)?,
                name: person.name.clone(),
                username: person.username.to_string(),
            })
        });
        Ok(Searched { text, found: found.collect::<Result<_, Fault>>()?, more })
    }

    /// The address of a person's page in this session.
    pub(super) fn person_path(&self, staff: &Staff<'_>, person: &Person) -> Result<String, Fault> {
        let handle = self.handle(staff, Kind::Person, person.id.bytes())?;
        Ok(format!("{PATH}/person/{handle}"))
    }

    /// Who fits, within reach, and whether there may be more.
    async fn search(&self, staff: &Staff<'_>, text: &str) -> Result<(Vec<Person>, bool), Fault> {
        let visitor = staff.visitor();
        let (tenant, now) = (visitor.tenant.id, visitor.now);
        let reached = |person: &Person| staff.reach(person) > Reach::Nothing;
        // Exactly somebody goes before everybody whose name begins like that.
        let typed = TypedName::fold(text, &visitor.tenant.site.mail_domains);
        if let Some(name) = typed.name() {
            let found = self.store.person_by_username(tenant, now, name.clone()).await?;
            if let Some(found) = found.filter(|found| reached(&found.person)) {
                return Ok((vec![found.person], false));
            }
        }
        if let Some(serial) = serial(text) {
            let found = self.store.certificate(tenant, stored_serial(serial)).await?;
            if let Some(owner) = found.and_then(|found| found.person) {
                let found = self.within_reach(staff, owner).await?;
                return Ok((found.into_iter().map(|(found, _)| found.person).collect(), false));
            }
        }
        let words = MailAddress::read(text).map_or_else(|_| text.to_owned(), String::from);
        let mut after: Option<Cursor> = None;
        let mut people: Vec<Person> = Vec::new();
        for _ in 0..PAGES_MAX {
            let page = self.store.people(tenant, &words, after, PAGE).await?;
            let new = page.people.into_iter().filter(reached);
            for person in new {
                if people.iter().all(|seen| seen.id != person.id) {
                    people.push(person);
                }
            }
            after = page.next;
            if after.is_none() || people.len() > SHOWN_MAX {
                break;
            }
        }
        let more = after.is_some() || people.len() > SHOWN_MAX;
        people.truncate(SHOWN_MAX);
        Ok((people, more))
    }
}

/// A certificate's number, as people copy it.
fn serial(text: &str) -> Option<Serial> {
    let digits = text.chars().filter(char::is_ascii_hexdigit).count();
    (digits >= SERIAL_CHARS_MIN).then(|| Serial::from_hex(text)).flatten()
}
