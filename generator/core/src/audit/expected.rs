//! The one template that is acceptable for a plan, built from the table and the contract and from no layout.

use assay_contract::{Fact, Lifetime, Stage, Volume, facts, layout};
use serde_json::{Value, json};

use crate::operator::{Operator, Quantity};
use crate::plan::{Plan, StagePlan};
use crate::render::tag::{Parameter, Tag};
use crate::render::{steps as own, wiring};

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
    let mut templates = dags(operator);
    templates.extend(plan.stages.iter().map(|stage| stage_template(stage, plan, operator)));
    templates.push(steps::cause(operator));
    json!({
        "entrypoint": "job",
        "arguments": {"parameters": Parameter::ALL.map(job_parameter)},
        "workflowMetadata": {
            "labels": labels,
            "labelsFrom": {"assay.dev/student": {"expression": "workflow.parameters.student"}},
        },
        "serviceAccountName": settings.service_accounts.job,
        "automountServiceAccountToken": false,
        "executor": {"serviceAccountName": settings.service_accounts.executor},
        "archiveLogs": false,
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

fn dags(operator: &Operator) -> Vec<Value> {
    let cap = &operator.settings().cap;
    let carried = wiring::carried();
    let inputs = json!({"parameters": names(&carried)});
    let results: Vec<_> = wiring::inputs(Stage::Results).collect();
    let finalise: Vec<_> = wiring::inputs(Stage::Finalise).collect();
    let tested = format!("({}) && ({})", ended("verify"), ended("test"));
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
                "arguments": arguments(&carried, wiring::behind_locks),
            }]},
        }),
        json!({
            "name": "graded",
            "annotations": display("Graded"),
            "inputs": inputs,
            "synchronization": {"semaphores": [{"configMapKeyRef": {"name": cap.config_map, "key": cap.key}}]},
            "dag": {"tasks": [
                {"name": "verify", "template": "verify", "when": wiring::accepted()},
                {"name": "test", "template": "test", "depends": "verify.Succeeded"},
                {
                    "name": "cause",
                    "template": "cause",
                    "depends": tested,
                    "when": own::cause_is_asked(),
                },
                {
                    "name": "results",
                    "template": "results",
                    "depends": format!("{tested} && ({})", ended("cause")),
                    "arguments": arguments(&results, wiring::behind_locks),
                },
                {
                    "name": "finalise",
                    "template": "finalise",
                    "depends": ended("results"),
                    "arguments": arguments(&finalise, wiring::behind_locks),
                },
            ]},
        }),
    ]
}

/// That a task has ended, in whatever way.
fn ended(task: &str) -> String {
    ["Succeeded", "Failed", "Errored", "Skipped", "Omitted"].map(|end| format!("{task}.{end}")).join(" || ")
}

fn display(title: &str) -> Value {
    json!({"workflows.argoproj.io/display-name": title})
}

fn names(facts: &[Fact]) -> Vec<Value> {
    facts.iter().map(|fact| json!({"name": fact.name()})).collect()
}

fn arguments(facts: &[Fact], value: fn(Fact) -> Option<Tag>) -> Value {
    let parameter =
        |fact: &Fact| json!({"name": fact.name(), "value": value(*fact).map(|tag| tag.to_string())});
    json!({"parameters": facts.iter().map(parameter).collect::<Vec<_>>()})
}

fn stage_template(plan: &StagePlan, job: &Plan, operator: &Operator) -> Value {
    let StagePlan { stage, image, uid, deadline_seconds, memory_bytes, cpu_milli } = plan;
    let settings = operator.settings();
    let share = json!({"cpu": format!("{cpu_milli}m"), "memory": Quantity::from_bytes(*memory_bytes)});
    let mut container = json!({
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "command": [plan.program(), stage.id()],
        "resources": {"requests": share, "limits": share},
        "securityContext": {
            "allowPrivilegeEscalation": false,
            "capabilities": {"drop": ["ALL"]},
            "privileged": false,
            "readOnlyRootFilesystem": true,
            "runAsNonRoot": true,
        },
        "volumeMounts": plan.mounts().into_iter().map(|mount| {
            let mut value = json!({"name": mount.volume, "mountPath": mount.volume.path()});
            if mount.access.is_read_only() {
                value["readOnly"] = true.into();
            }
            value
        }).collect::<Vec<_>>(),
    });
    let words = wiring::arguments(*stage, job);
    if !words.is_empty() {
        container["args"] = words.into();
    }
    if stage.holds_key() {
        let key = &settings.signing_key;
        container["env"] = json!([{
            "name": layout::SIGNING_KEY,
            "valueFrom": {"secretKeyRef": {"name": key.secret, "key": key.key}},
        }]);
    }
    let mut template = json!({
        "name": stage,
        "annotations": display(&title(*stage)),
        "metadata": {"labels": {"assay.dev/stage": stage, "assay.dev/trust": stage.trust()}},
        "activeDeadlineSeconds": deadline_seconds.to_string(),
        "timeout": wiring::timeout(*deadline_seconds),
        "securityContext": pod_security(*uid),
        "volumes": volumes(plan, job, operator),
        "container": container,
    });
    let inputs: Vec<_> = wiring::inputs(*stage).collect();
    if !inputs.is_empty() {
        template["inputs"] = json!({"parameters": names(&inputs)});
    }
    if !plan.outputs().is_empty() {
        let output = |output: &facts::Output| json!({"name": output.name(), "valueFrom": {"path": output.path(), "default": facts::NONE}});
        template["outputs"] = json!({"parameters": plan.outputs().iter().map(output).collect::<Vec<_>>()});
    }
    let retries = wiring::retries(*stage);
    if retries > 0 {
        template["retryStrategy"] = json!({"limit": retries.to_string(), "retryPolicy": "Always"});
    }
    template
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

/// Read-only mounts are read-only at their source too: Argo mounts each volume once more, read-write, beside the stage.
fn volumes(plan: &StagePlan, job: &Plan, operator: &Operator) -> Vec<Value> {
    let (student, name) = (Tag::parameter(Parameter::Student).to_string(), Tag::job().to_string());
    let volume = |mount: assay_contract::Mount| {
        let mut claim = json!({"claimName": operator.claim(mount.volume, &job.assignment, &student, &name)});
        if mount.access.is_read_only() {
            claim["readOnly"] = true.into();
        }
        json!({"name": mount.volume, "persistentVolumeClaim": claim})
    };
    plan.mounts().into_iter().map(volume).collect()
}

fn title(stage: Stage) -> String {
    let mut letters = stage.id().chars();
    letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
}
