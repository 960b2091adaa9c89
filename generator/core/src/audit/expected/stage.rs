//! The templates of stages.

use assay_contract::{facts, layout};
use serde_json::{Value, json};

use super::{display, names, no_names, place, pod_security};
use crate::operator::{Operator, Quantity};
use crate::plan::{Plan, StagePlan};
use crate::render::steps::{self, PodWord, Step};
use crate::render::tag::{Parameter, Tag};
use crate::render::{title, wiring};

/// The template of a stage: its pod, or the step that makes it.
pub(super) fn template(plan: &StagePlan, job: &Plan, operator: &Operator) -> Value {
    if wiring::is_bare(plan.stage, job.isolation) {
        return launch(plan, job, operator);
    }
    let StagePlan { stage, image: _, uid, deadline_seconds, memory_bytes: _, cpu_milli: _ } = plan;
    let mut template = json!({
        "name": stage,
        "annotations": display(title(*stage)),
        "metadata": {"labels": {"assay.dev/stage": stage, "assay.dev/trust": stage.trust()}},
        "activeDeadlineSeconds": deadline_seconds.to_string(),
        "timeout": wiring::timeout(*deadline_seconds),
        "securityContext": pod_security(*uid),
        "volumes": volumes(plan, job, operator),
        "podSpecPatch": wiring::POD_PATCH,
        "container": container(plan, job, operator),
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

/// A stage in strict isolation. What the step mounts and may is nothing that its pod mounts and may.
fn launch(plan: &StagePlan, job: &Plan, operator: &Operator) -> Value {
    let StagePlan { stage, image: _, uid, deadline_seconds, memory_bytes: _, cpu_milli: _ } = plan;
    let settings = operator.settings();
    let mut main = container(plan, job, operator);
    main["name"] = "main".into();
    let mut spec = json!({
        "restartPolicy": "Never",
        "activeDeadlineSeconds": deadline_seconds,
        "terminationGracePeriodSeconds": 2,
        "serviceAccountName": settings.service_accounts.job,
        "automountServiceAccountToken": false,
        "enableServiceLinks": false,
        "dnsPolicy": "None",
        "dnsConfig": no_names(),
        "securityContext": pod_security(*uid),
        "containers": [main],
        "volumes": volumes(plan, job, operator),
    });
    place(&mut spec, operator);
    if let Some(class) = &settings.isolation.runtime_class {
        spec["runtimeClassName"] = json!(class);
    }
    let output = |word: PodWord| {
        let mut from = json!({"jqFilter": word.filter()});
        if let Some(default) = word.default() {
            from["default"] = default.into();
        }
        json!({"name": word.id(), "valueFrom": from})
    };
    let step = Step::Launch { stage: *stage, deadline_seconds: *deadline_seconds };
    let mut template = super::steps::step(step, operator);
    template["outputs"] = json!({"parameters": PodWord::ALL.map(output)});
    template["resource"] = json!({
        "action": "create",
        "setOwnerReference": true,
        "successCondition": steps::POD_ENDED,
        "manifest": {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {
                "name": steps::bare_pod(*stage),
                "labels": {
                    "assay.dev/job": Tag::job().to_string(),
                    "assay.dev/stage": stage,
                    "assay.dev/trust": stage.trust(),
                },
            },
            "spec": spec,
        },
    });
    template
}

fn container(plan: &StagePlan, job: &Plan, operator: &Operator) -> Value {
    let StagePlan { stage, image, uid: _, deadline_seconds: _, memory_bytes, cpu_milli } = plan;
    let settings = operator.settings();
    let share = json!({
        "cpu": format!("{cpu_milli}m"),
        "memory": Quantity::from_bytes(*memory_bytes),
        "ephemeral-storage": operator.ephemeral_storage(*stage),
    });
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
    container
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
