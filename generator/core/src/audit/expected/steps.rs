//! The templates of steps that run no stage.

use assay_contract::{Stage, facts};
use serde_json::{Value, json};

use super::{API_VERSION, display, pod_security};
use crate::isolation::Isolation;
use crate::operator::Operator;
use crate::plan::Plan;
use crate::render::steps::{self, Step};
use crate::render::tag::Tag;
use crate::render::wiring;

/// The steps of a job.
pub(super) fn templates(plan: &Plan, operator: &Operator) -> Vec<Value> {
    let mut templates = vec![cause(plan, operator)];
    if plan.isolation == Isolation::Strict {
        templates.push(remove(operator));
    }
    templates
}

/// Tells why a stage's pod ended.
fn cause(plan: &Plan, operator: &Operator) -> Value {
    let output = |stage: Stage| {
        let from = json!({"jqFilter": steps::cause_of(stage), "default": facts::NONE});
        json!({"name": stage, "valueFrom": from})
    };
    let outputs: Vec<_> = steps::asked(plan.isolation).into_iter().map(output).collect();
    let mut template = step(Step::Cause, operator);
    template["outputs"] = json!({"parameters": outputs});
    template["resource"] = json!({
        "action": "get",
        "manifest": {
            "apiVersion": API_VERSION,
            "kind": "Workflow",
            "metadata": {"name": Tag::job().to_string()},
        },
    });
    template
}

/// Removes the bare pods.
fn remove(operator: &Operator) -> Value {
    let pod =
        |stage| json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": steps::bare_pod(stage)}});
    let mut template = step(Step::Remove, operator);
    let pods = [Stage::Verify, Stage::Test].map(pod);
    template["resource"] = json!({"action": "delete", "flags": ["--wait=false"], "manifest": pods});
    template
}

/// What all of them share: no volume, no input, the rights of one account.
pub(super) fn step(step: Step, operator: &Operator) -> Value {
    let (account, deadline) = steps::rights_and_deadline(step, operator);
    json!({
        "name": step.id(),
        "annotations": display(step.title()),
        "metadata": {"labels": {"assay.dev/step": step.label(), "assay.dev/trust": "trusted"}},
        "executor": {"serviceAccountName": account},
        "activeDeadlineSeconds": deadline.to_string(),
        "timeout": wiring::timeout(deadline),
        "securityContext": pod_security(operator.settings().users.trusted),
    })
}
