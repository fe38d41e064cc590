//! Behaviour that spans several modules of the crate.

mod client_auth;
mod logout;
mod redeem;
mod tokens;
