//! The released program is linked without its symbols.
//!
//! `strip` of the release profile does not reach this package: settings of its own (`opt-level` in the workspace's
//! `Cargo.toml`) make cargo take debug information away and no more.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var("PROFILE").is_ok_and(|profile| profile == "release") {
        println!("cargo::rustc-link-arg-bins=-Wl,--strip-all");
    }
}
