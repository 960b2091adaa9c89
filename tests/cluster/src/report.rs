//! Comparing what two runs of one submission came to, wherever each ran.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

/// What is measured, what says where it was measured, and Setup's sentence on a refused file: that is in the student's result and
/// receipt, and a tutor's report has it only of a run on the same machine.
const CIRCUMSTANCES: [&str; 5] = ["measured", "measured_stages", "isolation", "submission", "refusal"];

/// Argo's words for a stage that did not run.
const NOT_RUN: [&str; 2] = ["Omitted", "Skipped"];

/// In what the reports of two runs differ, but for circumstances: nothing, where both are right.
#[must_use]
pub fn differences(one: &Value, other: &Value) -> Vec<String> {
    let mut differences = Vec::new();
    compare(one, other, "", &mut differences);
    differences
}

fn compare(here: &Value, there: &Value, path: &str, differences: &mut Vec<String>) {
    match (here, there) {
        (Value::Object(one), Value::Object(other)) => {
            let names: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
            // Which of its two time limits a program passes first, CPU or wall clock, is up to what else the machine does.
            let either = one.get("verdict").is_some_and(|verdict| verdict == "time-limit");
            let circumstance = |name: &str| CIRCUMSTANCES.contains(&name) || (either && name == "reason");
            for name in names.into_iter().filter(|name| !circumstance(name)) {
                let field = |map: &Map<String, Value>| map.get(name).cloned().unwrap_or(Value::Null);
                compare(&field(one), &field(other), &format!("{path}/{name}"), differences);
            }
        }
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            for (number, (one, other)) in one.iter().zip(other).enumerate() {
                compare(one, other, &format!("{path}/{number}"), differences);
            }
        }
        (one, other) if one == other => {}
        // Argo has two words for a stage that had no reason to run, and which it takes depends on how it was told.
        (Value::String(one), Value::String(other))
            if [one, other].iter().all(|word| NOT_RUN.contains(&word.as_str())) => {}
        (one, other) => differences.push(format!("{path}: {one} in one, {other} in the other")),
    }
}
