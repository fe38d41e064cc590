//! OpenID Connect and OAuth 2.0: bytes to typed messages and back, without input or output.
//!
//! A request becomes a [`sekimori_login::Demand`], an [`sekimori_login::Authenticated`] becomes what a code
//! and its tokens say, a [`sekimori_login::Reason`] becomes this protocol's error. Codes, tokens and client
//! secrets are looked up by flow, which hands what it found to the checks here; each check returns a value
//! that the next step needs, so none can be left out.
//!
//! Deliberately absent: implicit and hybrid answers, the password grant (S60), request objects, `plain` PKCE,
//! patterns in addresses, storage, clocks.

pub mod answer;
pub mod client_auth;
pub mod cors;
pub mod error;
mod form;
pub mod grant;
pub mod hint;
pub mod introspection;
pub mod logout;
pub mod metadata;
pub mod redeem;
pub mod reply;
pub mod request;
pub mod subject;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
pub mod token_error;
pub mod token_request;
pub mod tokens;
pub mod userinfo;

pub use answer::RedirectAnswer;
pub use client_auth::{Credential, ProvenClient};
pub use error::{AuthorizeError, ErrorCode, PageError, Problem, Refused, ResponseMode, ReturnTo};
pub use form::{FormError, PARAMETERS_MAX, QUERY_BYTES_MAX, is_utf8};
pub use grant::{CodePayload, GrantError, Granted};
pub use metadata::Endpoint;
pub use reply::{Caching, Reply};
pub use request::{AuthorizeRequest, Carriage, PendingAuthorize};
pub use subject::PairwiseKey;
pub use token_error::TokenError;
pub use token_request::{GrantRequest, TokenRequest};
