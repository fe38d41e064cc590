//! People as they are stored, and how they are found.

use sekimori_base::{Fault, PersonId, Sealed, TenantId, TicketId, Timestamp};
use sekimori_directory::{
    Binding, MailAddress, Method, Person, PersonState, Preferences, Username,
};
use sekimori_login::ticket::TicketPurpose;
use sekimori_login::{FactorFacts, FactorState, KnownPerson};

use crate::Store;
use crate::certificates;
use crate::database::{Call, DatabaseError, call};
use crate::ids::Digest;
use crate::new::NewFactor;
use crate::statement as sql;
use crate::value::{Row, from_json, from_word, to_json, to_word};

/// Longest word that somebody is found by, in bytes.
const WORD_BYTES_MAX: usize = 64;
/// Most words of one person.
const WORDS_MAX: usize = 12;

/// A person with everything that a sign-in needs.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredPerson {
    /// Who.
    pub person: Person,
    /// What the engine may read.
    pub known: KnownPerson,
    /// The record of their password.
    pub password: Option<String>,
    /// Their factors, with sealed secrets; in the order of `known.factors`.
    pub factors: Vec<StoredFactor>,
}

/// A factor as it is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredFactor {
    /// What the engine may read.
    pub facts: FactorFacts,
    /// What the person calls it.
    pub label: String,
    /// The sealed secret, or the digests of recovery codes.
    pub secret: Sealed<[u8]>,
    /// The last accepted step, for TOTP.
    pub last_step: Option<u64>,
    /// How many recovery codes there were.
    pub codes: u8,
    /// Bit `n` is set when recovery code `n` is spent.
    pub spent: u64,
    /// When a suspension ends by itself.
    pub suspended_until: Option<Timestamp>,
}

/// A ticket as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredTicket {
    /// Which.
    pub id: TicketId,
    /// Digest of the code on paper.
    pub digest: Digest,
    /// When it was made.
    pub made_at: Timestamp,
    /// By whom.
    pub made_by: String,
    /// Not from this moment on.
    pub expires_at: Timestamp,
    /// Wrong tries that are left; 0 has ended.
    pub tries_left: u32,
    /// When it was used.
    pub spent_at: Option<Timestamp>,
    /// What it is for.
    pub purpose: TicketPurpose,
    /// Under which epoch of its person; `None` of tickets that are older than this column.
    pub epoch: Option<u64>,
}

/// A ticket to make.
#[derive(Debug, Clone)]
pub struct NewTicket {
    /// Which.
    pub id: TicketId,
    /// For whom.
    pub person: PersonId,
    /// Digest of the code on paper.
    pub digest: Digest,
    /// What it is for.
    pub purpose: TicketPurpose,
    /// Who made it.
    pub made_by: String,
    /// Not from this moment on.
    pub expires_at: Timestamp,
}

/// What a person allows a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consent {
    /// Whom.
    pub client_id: String,
    /// What, as flow wrote it.
    pub scopes: String,
    /// Since when.
    pub given_at: Timestamp,
}

/// Where the next page begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    word: String,
    person: Vec<u8>,
}

/// A page of people.
#[derive(Debug, Clone, PartialEq)]
pub struct PeoplePage {
    /// The people.
    pub people: Vec<Person>,
    /// Where the next page begins, if there may be one.
    pub next: Option<Cursor>,
}

impl Store {
    /// A person by user name.
    pub async fn person_by_username(
        &self,
        tenant: TenantId,
        now: Timestamp,
        username: Username,
    ) -> Result<Option<StoredPerson>, Fault> {
        let wanted = crate::load::Wanted { username: Some(username), ..Default::default() };
        Ok(self.load(tenant, now, wanted).await?.person)
    }

    /// A person by id.
    pub async fn person(
        &self,
        tenant: TenantId,
        now: Timestamp,
        person: PersonId,
    ) -> Result<Option<StoredPerson>, Fault> {
        let wanted = crate::load::Wanted { person: Some(person), ..Default::default() };
        Ok(self.load(tenant, now, wanted).await?.person)
    }

    /// Whether the tenant has any people at all.
    pub async fn has_people(&self, tenant: TenantId) -> Result<bool, Fault> {
        self.read("looking for anybody", move |transaction| {
            Ok(transaction.row(&call!(sql::PEOPLE_ANY, tenant.bytes()))?.is_some())
        })
        .await
    }

    /// People whose names or addresses have words that begin with those of `search`; all people by
    /// user name when it is empty.
    pub async fn people(
        &self,
        tenant: TenantId,
        search: &str,
        after: Option<Cursor>,
        limit: u32,
    ) -> Result<PeoplePage, Fault> {
        let wanted = search_words(search);
        self.read_long("searching people", move |transaction| {
            let from = after.clone().unwrap_or(Cursor { word: String::new(), person: Vec::new() });
            let mut page = PeoplePage { people: Vec::new(), next: None };
            let Some(first) = wanted.iter().max_by_key(|word| word.len()) else {
                let call = call!(sql::PEOPLE_LIST, tenant.bytes(), &from.word, limit);
                for mut row in transaction.rows(&call)? {
                    page.people.push(person(&mut row)?);
                }
                if page.people.len() as u64 == u64::from(limit) {
                    page.next = page.people.last().map(|last| Cursor {
                        word: last.username.as_str().to_owned(),
                        person: Vec::new(),
                    });
                }
                return Ok(page);
            };
            let end = format!("{first}\u{10FFFF}");
            let call = call!(
                sql::PEOPLE_SEARCH,
                tenant.bytes(),
                first,
                end,
                &from.word,
                from.person.as_slice(),
                limit
            );
            let rows = transaction.rows(&call)?;
            let full = rows.len() as u64 == u64::from(limit);
            for mut row in rows {
                let word = row.text()?;
                let found = person(&mut row)?;
                if full {
                    let person = found.id.bytes().to_vec();
                    page.next = Some(Cursor { word, person });
                }
                let new = page.people.iter().all(|seen| seen.id != found.id);
                if new && has_all(&found, &wanted) {
                    page.people.push(found);
                }
            }
            Ok(page)
        })
        .await
    }

    /// The tickets of a person, newest first.
    pub async fn tickets_of(
        &self,
        tenant: TenantId,
        person: PersonId,
    ) -> Result<Vec<StoredTicket>, Fault> {
        self.read("loading tickets", move |transaction| {
            let call = call!(sql::TICKETS_OF_PERSON, tenant.bytes(), person.bytes());
            transaction.rows(&call)?.iter_mut().map(ticket).collect()
        })
        .await
    }

    /// What a person allows.
    pub async fn consents_of(
        &self,
        tenant: TenantId,
        person: PersonId,
    ) -> Result<Vec<Consent>, Fault> {
        self.read("loading consents", move |transaction| {
            let call = call!(sql::CONSENTS_OF_PERSON, tenant.bytes(), person.bytes());
            transaction
                .rows(&call)?
                .iter_mut()
                .map(|row| {
                    Ok(Consent {
                        client_id: row.text()?,
                        scopes: row.text()?,
                        given_at: row.moment()?,
                    })
                })
                .collect()
        })
        .await
    }
}

/// A person from `document, state, updated_at`.
pub(crate) fn person(row: &mut Row) -> Result<Person, DatabaseError> {
    let mut person: Person = row.json()?;
    person.state = row.json()?;
    person.updated_at = row.moment()?;
    Ok(person)
}

/// The same of a left join: `None` when there is nobody.
pub(crate) fn maybe_person(row: &mut Row) -> Result<Option<Person>, DatabaseError> {
    let (document, state, updated_at) = (row.maybe_text()?, row.maybe_text()?, row.maybe_moment()?);
    let (Some(document), Some(state), Some(updated_at)) = (document, state, updated_at) else {
        return Ok(None);
    };
    let mut person: Person = from_json(&document)?;
    person.state = from_json::<PersonState>(&state)?;
    person.updated_at = updated_at;
    Ok(Some(person))
}

/// A person with factors, from the columns of `people/by_*` and the rows of `factors/of_*`.
pub(crate) fn stored_person(
    row: &mut Row,
    factors: &mut [Row],
    now: Timestamp,
) -> Result<StoredPerson, DatabaseError> {
    let person = person(row)?;
    let password = row.maybe_text()?;
    let epoch = row.natural()?;
    let ever_had_factor = row.integer()? != 0;
    let preferences: Preferences =
        row.maybe_text()?.map(|text| from_json(&text)).transpose()?.unwrap_or_default();
    let mut factors: Vec<StoredFactor> =
        factors.iter_mut().map(|row| factor(row, now)).collect::<Result<_, _>>()?;
    let known = KnownPerson {
        id: person.id,
        state: person.state,
        groups: person.groups.clone(),
        affiliations: person.affiliations.clone(),
        administrator: person.administrator,
        factors: factors.iter().map(|factor| factor.facts.clone()).collect(),
        ever_had_factor,
        credential_epoch: epoch,
        preferences: Preferences::default(),
    };
    let known = known.preferring(preferences);
    for (factor, known) in factors.iter_mut().zip(&known.factors) {
        factor.facts.state = known.state;
    }
    Ok(StoredPerson { person, known, password, factors })
}

fn factor(row: &mut Row, now: Timestamp) -> Result<StoredFactor, DatabaseError> {
    let id = sekimori_base::FactorId::from_bytes(row.array()?);
    let method: Method = from_word(&row.text()?)?;
    let binding: Binding = from_word(&row.text()?)?;
    let state: FactorState = from_word(&row.text()?)?;
    let suspended_until = row.maybe_moment()?;
    let label = row.text()?;
    let secret = row.sealed()?;
    let registered_at = row.moment()?;
    let last_used_at = row.maybe_moment()?;
    let last_step = row.maybe_integer()?.and_then(|step| u64::try_from(step).ok());
    let codes: u8 = row.small()?;
    let spent = row.natural()?;
    let over = suspended_until.is_some_and(|until| until <= now);
    let state = match state {
        FactorState::Suspended if over => FactorState::Ready,
        state => state,
    };
    let left = u32::from(codes).saturating_sub(spent.count_ones());
    let codes_left = (method == Method::RecoveryCode).then(|| u8::try_from(left).unwrap_or(0));
    let facts = FactorFacts { id, method, binding, state, registered_at, last_used_at, codes_left };
    Ok(StoredFactor { facts, label, secret, last_step, codes, spent, suspended_until })
}

fn ticket(row: &mut Row) -> Result<StoredTicket, DatabaseError> {
    Ok(StoredTicket {
        id: TicketId::from_bytes(row.array()?),
        digest: Digest::from_bytes(row.array()?),
        made_at: row.moment()?,
        made_by: row.text()?,
        expires_at: row.moment()?,
        tries_left: row.small()?,
        spent_at: row.maybe_moment()?,
        purpose: from_word(&row.text()?)?,
        epoch: row.maybe_integer()?.and_then(|epoch| u64::try_from(epoch).ok()),
    })
}

/// The call that adds a factor.
pub(crate) fn factor_add(tenant: TenantId, now: Timestamp, factor: &NewFactor) -> Call {
    let passkey = factor.passkey.as_ref();
    call!(
        sql::FACTORS_ADD,
        factor.id.bytes(),
        to_word(&factor.method),
        to_word(&factor.binding),
        to_word(&factor.state),
        &factor.label,
        &factor.secret,
        now,
        passkey.map(|passkey| passkey.counter),
        factor.codes.min(62),
        passkey.map(|passkey| passkey.credential.bytes()),
        tenant.bytes(),
        factor.person.bytes()
    )
}

/// The call that makes a ticket.
pub(crate) fn ticket_put(tenant: TenantId, now: Timestamp, ticket: &NewTicket) -> Call {
    call!(
        sql::TICKETS_PUT,
        ticket.id.bytes(),
        ticket.digest.bytes(),
        now,
        &ticket.made_by,
        ticket.expires_at,
        ticket.purpose.as_str(),
        tenant.bytes(),
        ticket.person.bytes()
    )
}

/// The call that uses a ticket.
pub(crate) fn ticket_spend(
    tenant: TenantId,
    now: Timestamp,
    person: PersonId,
    id: TicketId,
    purpose: TicketPurpose,
) -> Call {
    let (t, p, id) = (tenant.bytes(), person.bytes(), id.bytes());
    match purpose {
        TicketPurpose::Start => call!(sql::TICKETS_START, t, p, id, now),
        TicketPurpose::Password | TicketPurpose::Factor => {
            call!(sql::TICKETS_SPEND, now, t, p, id, purpose.as_str())
        }
    }
}

/// The call that adds a person.
pub(crate) fn add(tenant: TenantId, person: &Person, password: Option<String>) -> Call {
    call!(
        sql::PEOPLE_ADD,
        tenant.bytes(),
        person.id.bytes(),
        person.username.as_str(),
        to_json(person),
        to_json(&person.state),
        person.updated_at,
        password
    )
}

/// 1 when a state shuts the person out: nothing of before it may come back with the next one.
pub(crate) fn shuts_out(state: PersonState) -> u64 {
    match state {
        PersonState::Active { .. } => 0,
        PersonState::Disabled { .. } | PersonState::Held { .. } => 1,
    }
}

/// The calls that end what stands of a person in this state: tickets, grants with their tokens and codes, sessions and
/// certificates when it shuts them out; certificates with the account when it has an end.
pub(crate) fn endings(
    tenant: TenantId,
    now: Timestamp,
    state: PersonState,
    person: PersonId,
) -> Vec<Call> {
    let (t, p) = (tenant.bytes(), person.bytes());
    match state {
        PersonState::Active { until, .. } => vec![call!(sql::CERTIFICATES_UNTIL, until, t, p)],
        PersonState::Disabled { .. } | PersonState::Held { .. } => vec![
            call!(sql::TICKETS_END, t, p),
            call!(sql::GRANTS_END_OF_PERSON, now, t, p, Vec::<u8>::new()),
            call!(sql::SESSIONS_END_OF_PERSON, t, p, Vec::<u8>::new()),
            certificates::revoke_all(tenant, now, person),
        ],
    }
}

/// The call that says what a person wants to be asked for.
pub(crate) fn set_preferences(
    tenant: TenantId,
    person: PersonId,
    preferences: &Preferences,
) -> Call {
    let document = (!preferences.is_default()).then(|| to_json(preferences));
    call!(sql::PEOPLE_SET_PREFERENCES, document, tenant.bytes(), person.bytes())
}

/// The call that changes a person.
pub(crate) fn put(tenant: TenantId, person: &Person) -> Call {
    call!(
        sql::PEOPLE_PUT,
        person.username.as_str(),
        to_json(person),
        to_json(&person.state),
        person.updated_at,
        shuts_out(person.state),
        tenant.bytes(),
        person.id.bytes()
    )
}

/// The call that lets a person be found by a word.
pub(crate) fn word(tenant: TenantId, word: String, person: PersonId) -> Call {
    call!(sql::PEOPLE_WORD_PUT, tenant.bytes(), word, person.bytes())
}

/// The words that a person is found by: lower case, cut, each once.
pub(crate) fn words(person: &Person) -> Vec<String> {
    let mut words = vec![person.username.as_str().to_owned()];
    let texts = [Some(person.name.en.as_str()), Some(person.name.ja.as_str())];
    let mail = person.mail.as_ref().map(MailAddress::as_str);
    for text in texts.into_iter().chain([mail]).flatten() {
        words.extend(search_words(text));
    }
    words.sort_unstable();
    words.dedup();
    words.truncate(WORDS_MAX);
    words
}

fn search_words(text: &str) -> Vec<String> {
    text.split(|c: char| c.is_whitespace() || c == ',' || c == '\0')
        .filter(|word| !word.is_empty())
        .take(WORDS_MAX)
        .map(|word| {
            let mut lower = word.to_lowercase();
            let mut end = lower.len().min(WORD_BYTES_MAX);
            while !lower.is_char_boundary(end) {
                end -= 1;
            }
            lower.truncate(end);
            lower
        })
        .collect()
}

fn has_all(person: &Person, wanted: &[String]) -> bool {
    let words = words(person);
    wanted.iter().all(|prefix| words.iter().any(|word| word.starts_with(prefix.as_str())))
}
