//! The two files as people write them: good ones, wrong ones, and what is told about them.

mod node;
mod round_trip;
mod site;

/// The files that fixtures name.
fn load(name: &str) -> Result<String, String> {
    match name {
        "relay.csv" => Ok(include_str!("../../fixtures/relay.csv").to_owned()),
        "elsewhere.pem" => Ok(include_str!("../../fixtures/elsewhere.pem").to_owned()),
        "payroll.jwks.json" => Ok(include_str!("../../fixtures/payroll.jwks.json").to_owned()),
        "wrong.csv" => Ok(include_str!("../../fixtures/wrong.csv").to_owned()),
        "wrong.jwks.json" => Ok(include_str!("../../fixtures/wrong.jwks.json").to_owned()),
        _ => Err("no such file".to_owned()),
    }
}
