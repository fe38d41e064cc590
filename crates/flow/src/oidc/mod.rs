//! The OpenID Provider's use cases: what its endpoints do with stored codes, tokens and sessions.

mod assertions;
mod authorize;
mod client;
mod grants;
pub(crate) mod logout;
mod token;

pub(crate) use assertions::Assertions;
pub use authorize::Allowed;
pub(crate) use client::secret_digest;
pub use logout::{Confirmed, LogoutProgress};
