//! What is printed: one line of JSON for programs, a table for people.

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::Wrong;
use crate::arguments::{Arguments, Database};
use crate::failure::Failures;
use crate::outside::{cpu_model, load_average};
use crate::server::scheduling;
use crate::world::{COST, World};

/// What was measured, in the order in which it is printed.
pub struct Report {
    fields: Map<String, Value>,
    sound: bool,
}

impl Report {
    /// Begin with what was asked.
    pub fn new(arguments: &Arguments) -> Self {
        let mut fields = Map::new();
        fields.insert("flow".to_owned(), arguments.flow.as_str().into());
        Self { fields, sound: true }
    }

    /// A figure.
    pub fn put(&mut self, name: &str, value: impl Serialize) {
        let value = serde_json::to_value(value).unwrap_or(Value::Null);
        self.fields.insert(name.to_owned(), value);
    }

    /// A figure with as many decimals as somebody reads.
    pub fn figure(&mut self, name: &str, value: f64) {
        let scale = if value.abs() >= 100.0 { 10.0 } else { 10_000.0 };
        self.put(name, (value * scale).round() / scale);
    }

    /// Something that must hold.
    pub fn must(&mut self, name: &str, holds: bool) {
        self.put(name, holds);
        self.sound &= holds;
    }

    /// What failed; anything makes the run unsound.
    pub fn failures(&mut self, failures: &Failures) {
        self.put("failures", failures.count());
        self.sound &= failures.count() == 0;
        for (what, times) in failures.iter() {
            eprintln!("sekimori-bench: failed {times} times: {what}");
        }
    }

    /// Under which conditions.
    pub fn conditions(&mut self, arguments: &Arguments, world: &World) {
        self.put("people", arguments.people);
        self.put("workers", arguments.workers);
        self.put("seconds", arguments.seconds);
        self.put("algorithm", arguments.algorithm().name());
        let argon2 =
            json!({"memory_kib": COST.memory_kib, "passes": COST.passes, "lanes": COST.lanes});
        self.put("argon2", argon2);
        self.put("database", &world.database);
        self.put("cpu", cpu_model());
        self.put("pinning", world.cores.describe(arguments.database == Database::Postgres));
        self.put("scheduling", scheduling().as_str());
        self.figure("load_average", load_average());
    }

    /// Print it; gives whether all that must hold does.
    pub fn print(&self, arguments: &Arguments) -> Result<bool, Wrong> {
        if arguments.json {
            let line = serde_json::to_string(&self.fields).map_err(Wrong::at("the report"))?;
            println!("{line}");
        } else {
            for (name, value) in &self.fields {
                let shown = match value {
                    Value::String(text) => text.clone(),
                    other => other.to_string(),
                };
                println!("{:22} {shown}", name.replace('_', " "));
            }
        }
        Ok(self.sound)
    }
}
