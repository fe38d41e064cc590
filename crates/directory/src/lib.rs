//! People, services and the site: what an organisation *is*, as values.
//!
//! Pure. `config` parses the site document into [`settings::Site`], `store` keeps it and the people,
//! `login` decides over them. Nothing here knows a database, a protocol's bytes or a page.

pub mod client;
pub mod method;
pub mod network;
pub mod person;
pub mod preferences;
pub mod release;
pub mod settings;
pub mod username;

pub use client::{Client, ClientId, RedirectUri};
pub use method::{Binding, Method};
pub use network::{NetworkMap, Position, PositionOrigin};
pub use person::{Affiliation, Group, MailAddress, Person, PersonState};
pub use preferences::Preferences;
pub use settings::Site;
pub use username::{InputHint, TypedName, Username};
