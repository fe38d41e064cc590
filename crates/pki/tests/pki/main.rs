//! The authority and the verification, beside OpenSSL: each reads what the other wrote.

mod authorities;
mod hostile;
mod lists;
mod others;
mod people;
mod presented;
mod requests;
mod responder;
mod world;
