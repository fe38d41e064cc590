//! Tickets, and people who need one.

use sekimori_base::PersonId;
use sekimori_directory::{Person, Username};
use sekimori_login::ticket::TicketPurpose;
use sekimori_store::{StoredPerson, Write};

use crate::Testbed;

impl Testbed {
    /// Somebody of the first organisation as they are stored.
    pub async fn stored(&self, id: PersonId) -> StoredPerson {
        let found = self.flow.store.person(self.first().id, self.now(), id).await;
        found.expect("the store works").expect("somebody whom a test knows is there")
    }

    /// A ticket of the desk.
    pub async fn ticket(&self, id: PersonId, purpose: TicketPurpose) -> String {
        let (text, ticket) =
            self.flow.new_ticket(&self.tenant(), id, purpose, "os:root", self.now());
        self.write(vec![Write::TicketPut(ticket)]).await;
        text.expose().clone()
    }

    /// Somebody new, without a password.
    pub async fn newcomer(&self, name: &str) -> PersonId {
        let id = PersonId::from_bytes(self.chance());
        let like = self.stored(self.person("hana").id).await.person;
        let username = Username::parse(name).expect("names in tests are user names");
        let person = Box::new(Person { id, username, ..like });
        self.write(vec![Write::PersonAdd { person, password: None }]).await;
        id
    }

    /// Somebody's password is set anew elsewhere, to the same.
    pub async fn credentials_changed(&self, id: PersonId) {
        let stored = self.stored(id).await;
        let record = stored.password.expect("somebody with a password");
        let from_epoch = Some(stored.known.credential_epoch);
        self.write(vec![Write::PasswordSet { person: id, record, from_epoch }]).await;
    }
}
