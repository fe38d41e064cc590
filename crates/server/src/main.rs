//! `sekimori`: single sign-on that says why.

use std::process::ExitCode;

fn main() -> ExitCode {
    sekimori_server::command::run()
}
