//! Everybody, page by page, with all that a sign-in of theirs would look at.

use sekimori_base::{Fault, TenantId, Timestamp};
use sekimori_directory::Username;

use crate::Store;
use crate::certificates::{GoodCertificate, good};
use crate::database::call;
use crate::people::{StoredPerson, person, stored_person};
use crate::statement as sql;

/// Somebody, and what a sign-in of theirs would look at.
#[derive(Debug, Clone, PartialEq)]
pub struct Somebody {
    /// Who, with their factors.
    pub stored: StoredPerson,
    /// Their certificates that are neither taken back nor over.
    pub certificates: Vec<GoodCertificate>,
}

/// A page of everybody.
#[derive(Debug, Clone, PartialEq)]
pub struct EverybodyPage {
    /// The people, by user name.
    pub people: Vec<Somebody>,
    /// The last of them, if there may be more.
    pub next: Option<Username>,
}

impl Store {
    /// Up to `limit` people whose user names come after `after`, all of the same moment.
    pub async fn everybody(
        &self,
        tenant: TenantId,
        now: Timestamp,
        after: Option<Username>,
        limit: u32,
    ) -> Result<EverybodyPage, Fault> {
        self.read_long("going through everybody", move |transaction| {
            let t = tenant.bytes();
            let from = after.as_ref().map_or("", Username::as_str);
            let mut listed = Vec::new();
            for mut row in transaction.rows(&call!(sql::PEOPLE_LIST, t, from, limit))? {
                listed.push(person(&mut row)?);
            }
            let mut calls = Vec::with_capacity(listed.len() * 3);
            for one in &listed {
                calls.push(call!(sql::PEOPLE_BY_ID, t, one.id.bytes()));
                calls.push(call!(sql::FACTORS_OF_PERSON, t, one.id.bytes()));
                calls.push(call!(sql::CERTIFICATES_GOOD_OF_PERSON, t, one.id.bytes(), now));
            }
            let mut done = transaction.run_all(&calls)?.into_iter();
            let mut next = || done.next().unwrap_or_default().rows;
            let mut people = Vec::with_capacity(listed.len());
            for _ in &listed {
                let (row, mut factors, certificates) = (next().into_iter().next(), next(), next());
                let Some(mut row) = row else { continue };
                let stored = stored_person(&mut row, &mut factors, now)?;
                let certificates = certificates.into_iter().map(|mut row| good(&mut row));
                people.push(Somebody {
                    stored,
                    certificates: certificates.collect::<Result<_, _>>()?,
                });
            }
            let full = listed.len() as u64 == u64::from(limit);
            let next = listed.pop().filter(|_| full).map(|last| last.username);
            Ok(EverybodyPage { people, next })
        })
        .await
    }
}
