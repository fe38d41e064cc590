//! Is this proof good?
//!
//! Password hashes, the strength of new passwords, authenticator codes, codes by mail, recovery codes and passkeys.
//! Everything here is a computation on its arguments: no queue, no thread, no clock, no storage and no
//! randomness of its own. What a verdict means for a sign-in is for `login` to say;
//! when and where a hash runs is for `flow`.

pub mod mail_code;
pub mod passkey;
pub mod password;
pub mod recovery;
pub mod strength;
pub mod totp;

mod keyed;
#[cfg(test)]
mod testing;

pub use sekimori_hashmem::{Argon2Cost, Memory, MemoryError, Pages};
