//! `sekimori`.

fn main() {}
