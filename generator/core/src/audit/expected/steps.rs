//! The templates of steps that run no stage.

use assay_contract::facts;
use serde_json::{Value, json};

use super::display;
use crate::operator::Operator;
use crate::render::steps::{self, Step};
use crate::render::tag::Tag;
use crate::render::wiring;

/// The step that tells why a stage's pod ended.
pub(super) fn cause(operator: &Operator) -> Value {
    let output = |stage: assay_contract::Stage| json!({"name": stage, "valueFrom": {"jqFilter": steps::cause_of(stage), "default": facts::NONE}});
    let mut template = step(Step::Cause, &operator.settings().service_accounts.cause, operator);
    template["outputs"] = json!({"parameters": steps::ASKED.map(output)});
    template["resource"] = json!({
        "action": "get",
        "manifest": {
            "apiVersion": super::API_VERSION,
            "kind": "Workflow",
            "metadata": {"name": Tag::job().to_string()},
        },
    });
    template
}

/// What all of them share: no volume, no input, the rights of one account.
fn step(step: Step, account: &str, operator: &Operator) -> Value {
    let user = operator.settings().users.trusted;
    json!({
        "name": step.id(),
        "annotations": display(step.title()),
        "metadata": {"labels": {"assay.dev/step": step.id(), "assay.dev/trust": "trusted"}},
        "executor": {"serviceAccountName": account},
        "activeDeadlineSeconds": steps::DEADLINE_SECONDS.to_string(),
        "timeout": wiring::timeout(steps::DEADLINE_SECONDS),
        "securityContext": super::pod_security(user),
    })
}
