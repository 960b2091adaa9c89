//! The one template that is acceptable for a plan, built from the table and the contract and from no layout.

use assay_contract::{Fact, Lifetime, Volume};
use serde_json::{Value, json};

use crate::operator::{Nodes, Operator, Toleration};
use crate::plan::Plan;
use crate::render::tag::Parameter;

mod dags;
mod stage;
mod steps;

pub(super) const API_VERSION: &str = "argoproj.io/v1alpha1";
pub(super) const KIND: &str = "WorkflowTemplate";
pub(super) const ASSIGNMENT: &str = "assay.dev/assignment";
pub(super) const REVISION: &str = "assay.dev/revision";
pub(super) const TITLE: &str = "workflows.argoproj.io/title";
pub(super) const DESCRIPTION: &str = "workflows.argoproj.io/description";

pub(super) fn template(plan: &Plan, operator: &Operator) -> Value {
    let labels = json!({
        "assay.dev/assignment": plan.assignment.name(),
        "assay.dev/course": plan.assignment.course(),
        "assay.dev/revision": plan.revision.short(),
    });
    json!({
        "apiVersion": API_VERSION,
        "kind": KIND,
        "metadata": {
            "name": plan.name(),
            "namespace": operator.settings().namespace,
            "labels": labels,
            "annotations": {
                ASSIGNMENT: plan.assignment,
                REVISION: plan.revision,
                TITLE: plan.title,
                DESCRIPTION: plan.description,
            },
        },
        "spec": spec(plan, operator, &labels),
    })
}

fn spec(plan: &Plan, operator: &Operator, labels: &Value) -> Value {
    let settings = operator.settings();
    let mut templates = dags::templates(plan, operator);
    templates.extend(plan.stages.iter().map(|stage| stage::template(stage, plan, operator)));
    templates.extend(steps::templates(plan, operator));
    let mut spec = json!({
        "entrypoint": "job",
        "onExit": "rescue",
        "arguments": {"parameters": Parameter::ALL.map(job_parameter)},
        "workflowMetadata": {
            "labels": labels,
            "labelsFrom": {"assay.dev/student": {"expression": "workflow.parameters.student"}},
        },
        "serviceAccountName": settings.service_accounts.job,
        "automountServiceAccountToken": false,
        "executor": {"serviceAccountName": settings.service_accounts.executor},
        "archiveLogs": false,
        "dnsPolicy": "None",
        "dnsConfig": no_names(),
        "activeDeadlineSeconds": settings.job_deadline_seconds,
        "podGC": {
            "strategy": "OnWorkflowCompletion",
            "deleteDelayDuration": format!("{}s", settings.keep.pods_seconds),
        },
        "volumeClaimGC": {"strategy": "OnWorkflowCompletion"},
        "ttlStrategy": {
            "secondsAfterCompletion": settings.keep.failure_seconds,
            "secondsAfterFailure": settings.keep.failure_seconds,
            "secondsAfterSuccess": settings.keep.success_seconds,
        },
        "volumeClaimTemplates": Volume::ALL
            .into_iter()
            .filter(|volume| volume.lifetime() == Lifetime::Job)
            .map(|volume| job_claim(volume, operator))
            .collect::<Vec<_>>(),
        "templates": templates,
    });
    place(&mut spec, operator);
    spec
}

/// A resolver that answers nothing.
fn no_names() -> Value {
    json!({"nameservers": ["127.0.0.1"]})
}

/// Where pods may run, in a workflow or in a pod of its own.
fn place(spec: &mut Value, operator: &Operator) {
    let Nodes { selector, tolerations } = &operator.settings().nodes;
    if !selector.is_empty() {
        spec["nodeSelector"] = json!(selector);
    }
    if !tolerations.is_empty() {
        spec["tolerations"] = tolerations.iter().map(toleration).collect();
    }
}

fn toleration(toleration: &Toleration) -> Value {
    let Toleration { key, value, effect } = toleration;
    let mut out = json!({"key": key, "operator": if value.is_some() { "Equal" } else { "Exists" }});
    if let Some(value) = value {
        out["value"] = json!(value);
    }
    if let Some(effect) = effect {
        out["effect"] = json!(effect);
    }
    out
}

fn names(facts: &[Fact]) -> Vec<Value> {
    facts.iter().map(|fact| json!({"name": fact.name()})).collect()
}

/// Every pod's user and confinement.
fn pod_security(uid: u32) -> Value {
    json!({
        "runAsNonRoot": true,
        "runAsUser": uid,
        "runAsGroup": uid,
        "seccompProfile": {"type": "RuntimeDefault"},
    })
}

fn job_parameter(parameter: Parameter) -> Value {
    let mut value = json!({"name": parameter.name(), "description": parameter.description()});
    if let Some(default) = parameter.default() {
        value["value"] = default.to_string().into();
    }
    value
}

fn job_claim(volume: Volume, operator: &Operator) -> Value {
    let storage = &operator.settings().job_storage;
    json!({
        "metadata": {"name": volume},
        "spec": {
            "accessModes": ["ReadWriteMany"],
            "storageClassName": storage.class,
            "resources": {"requests": {"storage": storage.size}},
        },
    })
}

fn display(title: &str) -> Value {
    json!({"workflows.argoproj.io/display-name": title})
}
