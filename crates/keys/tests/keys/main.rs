//! What the crate promises, seen from outside.

mod chance;
mod hostile_tokens;
mod public_keys;
mod root_file;
mod rotating;
mod sealing;
mod tokens;
mod totality;
mod vectors;
