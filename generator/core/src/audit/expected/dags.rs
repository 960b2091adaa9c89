//! The templates that hold no pod: in what order stages run, and on what condition.

use assay_contract::{Fact, Stage};
use serde_json::{Value, json};

use super::{display, names};
use crate::isolation::Isolation;
use crate::operator::Operator;
use crate::plan::Plan;
use crate::render::tag::Tag;
use crate::render::{steps, wiring};

/// The three DAGs, and the handler of what did not come to its end.
pub(super) fn templates(plan: &Plan, operator: &Operator) -> Vec<Value> {
    let strict = plan.isolation == Isolation::Strict;
    let behind_locks = |fact| wiring::behind_locks(fact, plan.isolation);
    let cap = &operator.settings().cap;
    let carried = wiring::carried();
    let inputs = json!({"parameters": names(&carried)});
    let results: Vec<_> = wiring::inputs(Stage::Results).collect();
    let finalise: Vec<_> = wiring::inputs(Stage::Finalise).collect();
    let tested = format!("({}) && ({})", ended("verify"), ended("test"));
    let mut test = json!({"name": "test", "template": "test", "depends": "verify.Succeeded"});
    if let Some(built) = wiring::built(plan.isolation) {
        test["when"] = built.into();
    }
    let mut told = format!("{tested} && ({})", ended("cause"));
    let mut tasks = vec![
        json!({"name": "verify", "template": "verify", "when": wiring::accepted()}),
        test,
        json!({
            "name": "cause",
            "template": "cause",
            "depends": tested,
            "when": steps::cause_is_asked(plan.isolation),
        }),
    ];
    if strict {
        told = format!("{told} && ({})", ended("remove"));
        tasks.push(json!({
            "name": "remove",
            "template": "remove",
            "depends": tested,
            "when": wiring::has_bare_pods(),
        }));
    }
    tasks.push(json!({
        "name": "results",
        "template": "results",
        "depends": told,
        "arguments": arguments(&results, behind_locks),
    }));
    tasks.push(json!({
        "name": "finalise",
        "template": "finalise",
        "depends": ended("results"),
        "arguments": arguments(&finalise, behind_locks),
    }));
    vec![
        json!({
            "name": "job",
            "annotations": display("Job"),
            "dag": {"tasks": [
                {"name": "setup", "template": "setup"},
                {
                    "name": "turn",
                    "template": "turn",
                    "depends": ended("setup"),
                    "arguments": arguments(&carried, wiring::from_task),
                },
            ]},
        }),
        json!({
            "name": "turn",
            "annotations": display("Turn"),
            "inputs": inputs,
            "synchronization": {"mutexes": [{"name": wiring::lock()}]},
            "dag": {"tasks": [{
                "name": "graded",
                "template": "graded",
                "arguments": arguments(&carried, behind_locks),
            }]},
        }),
        json!({
            "name": "graded",
            "annotations": display("Graded"),
            "inputs": inputs,
            "synchronization": {"semaphores": [{"configMapKeyRef": {"name": cap.config_map, "key": cap.key}}]},
            "dag": {"tasks": tasks},
        }),
        rescue(strict),
    ]
}

/// Concludes a job that did not come to its end, by what is known without it: nothing.
fn rescue(strict: bool) -> Value {
    let when = wiring::is_rescued();
    let facts: Vec<_> = wiring::inputs(Stage::Finalise)
        .map(|fact| json!({"name": fact.name(), "value": wiring::unknown(fact)}))
        .collect();
    let mut steps = vec![];
    if strict {
        steps.push(json!([{
            "name": "remove",
            "template": "remove",
            "when": when,
            "continueOn": {"failed": true, "error": true},
        }]));
    }
    steps.push(json!([{
        "name": "finalise",
        "template": "finalise",
        "when": when,
        "arguments": {"parameters": facts},
    }]));
    json!({"name": "rescue", "annotations": display("Rescue"), "steps": steps})
}

/// That a task has ended, in whatever way.
fn ended(task: &str) -> String {
    ["Succeeded", "Failed", "Errored", "Skipped", "Omitted"].map(|end| format!("{task}.{end}")).join(" || ")
}

fn arguments(facts: &[Fact], value: impl Fn(Fact) -> Option<Tag>) -> Value {
    let parameter =
        |fact: &Fact| json!({"name": fact.name(), "value": value(*fact).map(|tag| tag.to_string())});
    json!({"parameters": facts.iter().map(parameter).collect::<Vec<_>>()})
}
