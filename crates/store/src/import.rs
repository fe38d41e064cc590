//! People in bulk: a file of them at once, all or nothing; and everything about one of them, out or away.

use sekimori_base::{Fault, PersonId, TenantId, Timestamp};
use sekimori_directory::Person;

use crate::Store;
use crate::audit::{AuditEntry, AuditLine};
use crate::certificates::{self, StoredCertificate};
use crate::database::postgres::Pooling;
use crate::database::{Connection, DatabaseError, Transaction, call};
use crate::people::{self, Consent, NewTicket, StoredPerson, StoredTicket};
use crate::sessions::StoredSession;
use crate::statement as sql;
use crate::tokens::StoredGrant;
use crate::value::{Value, to_json};

/// Rows between two reports of progress, and in one piece to PostgreSQL.
const PIECE: usize = 1000;
/// Lines of history that an export holds at most.
const EXPORT_LINES_MAX: u32 = 10_000;

/// A row of an import.
#[derive(Debug, Clone)]
pub enum ImportRow {
    /// Somebody new.
    Add {
        /// Who.
        person: Box<Person>,
        /// The record of their password.
        password: Option<String>,
        /// Their enrolment ticket.
        ticket: Option<NewTicket>,
    },
    /// Somebody known: their fields change, all of them.
    Put {
        /// Who, as they are from now on.
        person: Box<Person>,
        /// When they were last changed, as whoever plans this has seen them: a change in between is not undone.
        seen: Timestamp,
    },
    /// A line of the audit, kept if everything is.
    Line(Box<AuditLine>),
}

/// Why an import was refused. Nothing of it happened.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// A user name or id is taken.
    #[error("row {row}: the user name {username} is taken")]
    Taken {
        /// Which row, from 0.
        row: u64,
        /// The name.
        username: String,
    },
    /// A user name or id stands twice, or is taken: seen only when all rows were sent.
    #[error("a user name is taken, or stands twice")]
    TakenSomewhere,
    /// Somebody who should change does not exist.
    #[error("row {row}: there is no such person")]
    Missing {
        /// Which row, from 0.
        row: u64,
    },
    /// Somebody who should change has been changed since they were looked at.
    #[error("row {row}: {username} was changed")]
    Changed {
        /// Which row, from 0.
        row: u64,
        /// Who.
        username: String,
    },
    /// Whoever asked for it does not want it any more.
    #[error("it was called off")]
    CalledOff,
    /// Something of ours does not work.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// Everything that is kept about a person.
#[derive(Debug, Clone)]
pub struct PersonExport {
    /// The person, the record of the password left out.
    pub person: StoredPerson,
    /// Their sessions.
    pub sessions: Vec<StoredSession>,
    /// Their grants.
    pub grants: Vec<StoredGrant>,
    /// What they allow.
    pub consents: Vec<Consent>,
    /// Their tickets.
    pub tickets: Vec<StoredTicket>,
    /// Their certificates.
    pub certificates: Vec<StoredCertificate>,
    /// Their history, newest first.
    pub history: Vec<AuditEntry>,
}

impl Store {
    /// Add and change people in one transaction, however many they are. `progress` hears how many rows are done, and
    /// says whether to go on: if not, nothing is done. It runs on a database thread.
    pub async fn import_people(
        &self,
        tenant: TenantId,
        now: Timestamp,
        rows: impl Iterator<Item = ImportRow> + Send + 'static,
        progress: impl Fn(u64) -> bool + Send + 'static,
    ) -> Result<u64, ImportError> {
        self.write_once("importing people", move |transaction| {
            let import = Import { tenant, now };
            match &transaction.connection {
                Connection::Postgres(link) if link.pooling() == Pooling::None => {
                    import.in_pieces(transaction, rows, &progress)
                }
                Connection::Sqlite(_) | Connection::Postgres(_) => {
                    import.one_by_one(transaction, rows, &progress)
                }
            }
        })
        .await?
    }

    /// Everything that is kept about a person.
    pub async fn person_export(
        &self,
        tenant: TenantId,
        now: Timestamp,
        person: PersonId,
    ) -> Result<Option<PersonExport>, Fault> {
        let Some(mut stored) = self.person(tenant, now, person).await? else { return Ok(None) };
        stored.password = None;
        let after_all = Timestamp::from_unix_millis(i64::MAX);
        Ok(Some(PersonExport {
            person: stored,
            sessions: self.sessions_of(tenant, person).await?,
            grants: self.grants_of(tenant, now, person, EXPORT_LINES_MAX).await?,
            consents: self.consents_of(tenant, person).await?,
            tickets: self.tickets_of(tenant, person).await?,
            certificates: self.certificates_of(tenant, person).await?,
            history: self.history_of(tenant, person, after_all, EXPORT_LINES_MAX).await?,
        }))
    }

    /// Erase a person: the account, all that hangs on it, and the facts beside their audit lines. The
    /// lines stay, with the person's id and commitments. Gives whether there was anybody.
    pub async fn person_erase(
        &self,
        tenant: TenantId,
        now: Timestamp,
        person: PersonId,
    ) -> Result<bool, Fault> {
        let (t, p) = (*tenant.bytes(), *person.bytes());
        let calls = [
            call!(sql::PEOPLE_REMOVE, &t, &p),
            call!(sql::PEOPLE_WORDS_REMOVE, &t, &p),
            call!(sql::FACTORS_REMOVE_ALL, &t, &p),
            call!(sql::TICKETS_REMOVE_ALL, &t, &p),
            call!(sql::SESSIONS_END_OF_PERSON, &t, &p, Vec::<u8>::new()),
            call!(sql::GRANTS_REMOVE_OF_PERSON, &t, &p),
            call!(sql::CONSENTS_REMOVE_ALL, &t, &p),
            call!(sql::MAIL_CODES_REMOVE_ALL, &t, &p),
            call!(sql::MAIL_CODES_ROW_REMOVE, &t, &p),
            certificates::revoke_all(tenant, now, person),
            call!(sql::CERTIFICATES_FORGET_PERSON, Vec::<u8>::new(), &t, &p),
            call!(sql::AUDIT_FACTS_OF_PERSON_REMOVE, &t, &p),
        ];
        let erased = self
            .write("erasing a person", move |transaction| {
                let done = transaction.run_all(&calls)?;
                Ok(Ok::<_, std::convert::Infallible>(
                    done.first().is_some_and(|done| done.count > 0),
                ))
            })
            .await?;
        match erased {
            Ok(there) => Ok(there),
            Err(never) => match never {},
        }
    }
}

struct Import {
    tenant: TenantId,
    now: Timestamp,
}

type Imported = Result<Result<u64, ImportError>, DatabaseError>;

impl Import {
    fn one_by_one(
        &self,
        transaction: &mut Transaction<'_>,
        rows: impl Iterator<Item = ImportRow>,
        progress: &impl Fn(u64) -> bool,
    ) -> Imported {
        let mut done = 0;
        for row in rows {
            if let Err(refused) = self.row(transaction, done, row)? {
                return Ok(Err(refused));
            }
            done += 1;
            if done % PIECE as u64 == 0 && !progress(done) {
                return Ok(Err(ImportError::CalledOff));
            }
        }
        Ok(if progress(done) { Ok(done) } else { Err(ImportError::CalledOff) })
    }

    fn row(
        &self,
        transaction: &mut Transaction<'_>,
        row: u64,
        import: ImportRow,
    ) -> Result<Result<(), ImportError>, DatabaseError> {
        let person = match import {
            ImportRow::Add { person, password, ticket } => {
                if transaction.count(&people::add(self.tenant, &person, password))? == 0 {
                    let username = person.username.to_string();
                    return Ok(Err(ImportError::Taken { row, username }));
                }
                if let Some(ticket) = ticket {
                    transaction.run(&people::ticket_put(self.tenant, self.now, &ticket))?;
                }
                person
            }
            ImportRow::Put { person, seen } => {
                let exists = call!(sql::PEOPLE_EXISTS, self.tenant.bytes(), person.id.bytes());
                if transaction.row(&exists)?.is_none() {
                    return Ok(Err(ImportError::Missing { row }));
                }
                let is_seen = call!(sql::PEOPLE_SEEN, self.tenant.bytes(), person.id.bytes(), seen);
                if transaction.count(&is_seen)? == 0 {
                    let username = person.username.to_string();
                    return Ok(Err(ImportError::Changed { row, username }));
                }
                if transaction.count(&people::put(self.tenant, &person))? == 0 {
                    let username = person.username.to_string();
                    return Ok(Err(ImportError::Taken { row, username }));
                }
                let words = call!(sql::PEOPLE_WORDS_REMOVE, self.tenant.bytes(), person.id.bytes());
                transaction.run(&words)?;
                let endings = people::endings(self.tenant, self.now, person.state, person.id);
                transaction.run_all(&endings)?;
                person
            }
            ImportRow::Line(line) => {
                let (calls, _) = transaction.chains.append(self.tenant, &line)?;
                transaction.run_all(&calls)?;
                return Ok(Ok(()));
            }
        };
        for word in people::words(&person) {
            transaction.run(&people::word(self.tenant, word, person.id))?;
        }
        Ok(Ok(()))
    }

    /// New people travel by COPY; tickets, those that change and lines of the audit, after the piece they stand in.
    fn in_pieces(
        &self,
        transaction: &mut Transaction<'_>,
        rows: impl Iterator<Item = ImportRow>,
        progress: &impl Fn(u64) -> bool,
    ) -> Imported {
        let mut rows = rows.peekable();
        let mut done = 0_u64;
        while rows.peek().is_some() {
            let piece: Vec<ImportRow> = rows.by_ref().take(PIECE).collect();
            let size = piece.len() as u64;
            if let Err(refused) = self.piece(transaction, done, piece)? {
                return Ok(Err(refused));
            }
            done += size;
            if !progress(done) {
                return Ok(Err(ImportError::CalledOff));
            }
        }
        Ok(Ok(done))
    }

    fn piece(
        &self,
        transaction: &mut Transaction<'_>,
        first: u64,
        piece: Vec<ImportRow>,
    ) -> Result<Result<(), ImportError>, DatabaseError> {
        let (mut people, mut words, mut tickets) = (Vec::new(), Vec::new(), Vec::new());
        let (mut changed, mut lines) = (Vec::new(), Vec::new());
        let t = self.tenant.bytes();
        for (row, import) in (first..).zip(piece) {
            match import {
                ImportRow::Add { person, password, ticket } => {
                    for word in people::words(&person) {
                        words.push(people::word(self.tenant, word, person.id).values);
                    }
                    people.push(vec![
                        t.into(),
                        person.id.bytes().into(),
                        person.username.as_str().into(),
                        to_json(&person).into(),
                        to_json(&person.state).into(),
                        person.updated_at.into(),
                        password.into(),
                        1_i64.into(),
                        0_i64.into(),
                    ]);
                    tickets.extend(
                        ticket.map(|ticket| people::ticket_put(self.tenant, self.now, &ticket)),
                    );
                }
                put @ ImportRow::Put { .. } => changed.push((row, put)),
                ImportRow::Line(line) => lines.push(line),
            }
        }
        let Connection::Postgres(link) = &mut transaction.connection else {
            return Err(DatabaseError::Damaged("COPY is PostgreSQL's"));
        };
        match link.copy_in(COPY_PEOPLE, people.iter().map(|row| Ok(copy_line(row)))) {
            Ok(_) => {}
            Err(error) if error.is_unique_violation() => {
                return Ok(Err(ImportError::TakenSomewhere));
            }
            Err(error) => return Err(error),
        }
        link.copy_in(COPY_WORDS, words.iter().map(|row| Ok(copy_line(row))))?;
        transaction.run_all(&tickets)?;
        for (row, import) in changed {
            if let Err(refused) = self.row(transaction, row, import)? {
                return Ok(Err(refused));
            }
        }
        let mut calls = Vec::with_capacity(lines.len());
        for line in lines {
            calls.extend(transaction.chains.append(self.tenant, &line)?.0);
        }
        transaction.run_all(&calls)?;
        Ok(Ok(()))
    }
}

const COPY_PEOPLE: &str = "COPY person (tenant_id, id, username, document, state, updated_at, \
    password, epoch, ever_had_factor) FROM STDIN";
const COPY_WORDS: &str = "COPY person_word (tenant_id, word, person_id) FROM STDIN";

/// A row in COPY's text form.
pub(crate) fn copy_line(values: &[Value]) -> Vec<u8> {
    use std::io::Write as _;
    let mut line = Vec::with_capacity(256);
    for (index, value) in values.iter().enumerate() {
        if index > 0 {
            line.push(b'\t');
        }
        match value {
            Value::Null => line.extend_from_slice(b"\\N"),
            Value::Integer(number) => {
                write!(line, "{number}").expect("a Vec takes everything");
            }
            Value::Text(text) => {
                for byte in text.bytes() {
                    match byte {
                        b'\\' => line.extend_from_slice(b"\\\\"),
                        b'\t' => line.extend_from_slice(b"\\t"),
                        b'\n' => line.extend_from_slice(b"\\n"),
                        b'\r' => line.extend_from_slice(b"\\r"),
                        byte => line.push(byte),
                    }
                }
            }
            Value::Bytes(bytes) => {
                line.extend_from_slice(b"\\\\x");
                for byte in bytes {
                    write!(line, "{byte:02x}").expect("a Vec takes everything");
                }
            }
        }
    }
    line.push(b'\n');
    line
}
