//! The help desk's console: staff look for somebody, read what happened to them, and see what would help.
//!
//! It is the second caller of what the command line calls: the same views, the same lines in the audit. Who may come in
//! is asked of the engine twice: the door wants two factors wherever somebody is ([`Door::Desk`]), and
//! [`sekimori_login::desk`] says whom they reach. Whoever is out of reach is as if they did not exist.
//!
//! **No address says anything about a person.** A search is sent by form and its words travel sealed; a person and an
//! incident are named by a handle that opens in the session that got it and in no other ([`handle`]).
//!
//! [`Door::Desk`]: crate::door::Door::Desk

mod handle;
mod incident;
mod person;
mod search;

use sekimori_base::{Fault, PersonId};
use sekimori_directory::Person;
use sekimori_login::desk::{Member, Reach, Role, reach, role};
use sekimori_login::{Details, Reason};
use sekimori_store::StoredPerson;

use crate::Flow;
use crate::admin::By;
use crate::door::{Door, PortalPath};
use crate::portal::Who;
use crate::portal::enter::{Care, Entrance, Inside, door};
use crate::tenant::Tenant;
use crate::view::{Progress, RefusedView};
use crate::visitor::Visitor;

pub use incident::{DeskIncident, IncidentKind, SentNearby};
pub use person::{DeskPerson, Outlook, Wait};
pub use search::{DeskFront, Found, Searched};

/// The console's front page.
pub(crate) const PATH: &str = "/desk";

/// Somebody at the console.
pub(crate) struct Staff<'a> {
    pub inside: Box<Inside<'a>>,
    pub role: Role,
}

impl Staff<'_> {
    fn visitor(&self) -> &Visitor {
        self.inside.visitor()
    }

    fn tenant(&self) -> &Tenant {
        &self.visitor().tenant
    }

    /// As the audit names them.
    fn by(&self) -> By {
        let id = self.inside.person.person.id;
        By(match self.role {
            Role::Administrator => format!("admin:{id}"),
            Role::Staff | Role::Nobody => format!("desk:{id}"),
        })
    }

    fn who(&self) -> Who {
        self.inside.who()
    }

    /// How far they reach towards somebody.
    fn reach(&self, other: &Person) -> Reach {
        let own = Member::from(&self.inside.person.person);
        reach(&self.tenant().site.desks, own, Member::from(other))
    }
}

/// Whether the person has a role at the console.
pub(crate) fn is_staff(tenant: &Tenant, person: &Person) -> bool {
    role(&tenant.site.desks, Member::from(person)) > Role::Nobody
}

impl Flow {
    /// Come in to `path` of the console, or do first what comes first. Who has no role is told so without being asked
    /// for more.
    pub(crate) async fn enter_desk<'a>(
        &'a self,
        visitor: &'a Visitor,
        path: &str,
    ) -> Result<Result<Staff<'a>, Progress>, Fault> {
        let path = PortalPath::parse(path).unwrap_or_else(|_| PortalPath::desk());
        let desk = Door::Desk { path };
        let own = |inside: &Inside<'_>| {
            role(&visitor.tenant.site.desks, Member::from(&inside.person.person))
        };
        let (inside, enough) = match self.look_in(visitor, desk.clone()).await? {
            Entrance::Inside(inside) => (inside, true),
            Entrance::Not(_) => match self.look_in(visitor, door("/portal", Care::Plain)).await? {
                Entrance::Inside(inside) => (inside, false),
                Entrance::Not(_) => return self.begin(visitor, desk).await.map(Err),
            },
        };
        match own(&inside) {
            Role::Nobody => Ok(Err(not_staff(visitor, &inside, &desk))),
            role if enough => Ok(Ok(Staff { inside, role })),
            Role::Staff | Role::Administrator => self.begin(visitor, desk).await.map(Err),
        }
    }

    /// Somebody within reach; `None` for everybody else, and for nobody.
    async fn within_reach(
        &self,
        staff: &Staff<'_>,
        person: PersonId,
    ) -> Result<Option<(StoredPerson, Reach)>, Fault> {
        let visitor = staff.visitor();
        let stored = self.store.person(visitor.tenant.id, visitor.now, person).await?;
        Ok(stored.and_then(|stored| {
            let reach = staff.reach(&stored.person);
            (reach > Reach::Nothing).then_some((stored, reach))
        }))
    }
}

fn not_staff(visitor: &Visitor, inside: &Inside<'_>, desk: &Door) -> Progress {
    Progress::Refused(Box::new(RefusedView {
        destination: Some(desk.destination(&visitor.tenant)),
        reason: Reason::NotEntitled,
        details: Details { verified: true, ..Details::default() },
        incident: None,
        at: visitor.now,
        verified: true,
        start_over: None,
        signed_in_as: Some(inside.person.person.name.text(visitor.language).to_owned()),
        ticket_attempt: None,
    }))
}
