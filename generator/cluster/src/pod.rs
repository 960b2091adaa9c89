//! The one form of the pods that this program makes: the stage image, restricted, no token, where jobs go.
//!
//! Whoever makes one says what it mounts and runs; nobody loosens the rest.

use assay_core::operator::{Nodes, Operator, Toleration};
use serde_json::{Value, json};

/// The one container.
pub(crate) const CONTAINER: &str = "main";

/// What differs from one pod to the next.
#[derive(Debug)]
pub(crate) struct Restricted<'a> {
    pub(crate) user: u32,
    /// Requests and limits alike, as Kubernetes has them.
    pub(crate) resources: Value,
    pub(crate) deadline_seconds: u64,
    /// How long it may take to end when it is told to.
    pub(crate) grace_seconds: u64,
    pub(crate) command: Vec<&'a str>,
    pub(crate) mounts: Vec<ClaimMount>,
}

/// A claim that it mounts.
#[derive(Debug)]
pub(crate) struct ClaimMount {
    pub(crate) name: String,
    pub(crate) claim: String,
    pub(crate) path: String,
    pub(crate) read_only: bool,
}

/// The pod, which `metadata` names and labels.
pub(crate) fn restricted(operator: &Operator, mut metadata: Value, pod: &Restricted<'_>) -> Value {
    let Restricted { user, resources, deadline_seconds, grace_seconds, command, mounts } = pod;
    let settings = operator.settings();
    let Nodes { selector, tolerations } = &settings.nodes;
    let tolerations: Vec<Value> = tolerations.iter().map(toleration).collect();
    // Read-only at the source too: a mount alone could be undone by another container of the pod.
    let volume = |ClaimMount { name, claim, path: _, read_only }: &ClaimMount| json!({"name": name, "persistentVolumeClaim": {"claimName": claim, "readOnly": read_only}});
    let mount = |ClaimMount { name, claim: _, path, read_only }: &ClaimMount| json!({"name": name, "mountPath": path, "readOnly": read_only});
    metadata["namespace"] = settings.namespace.as_str().into();
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": metadata,
        "spec": {
            "restartPolicy": "Never",
            "activeDeadlineSeconds": deadline_seconds,
            "terminationGracePeriodSeconds": grace_seconds,
            "serviceAccountName": settings.service_accounts.job,
            "automountServiceAccountToken": false,
            "enableServiceLinks": false,
            "nodeSelector": selector,
            "tolerations": tolerations,
            // Never an fsGroup: it would re-own a student's home.
            "securityContext": {
                "runAsNonRoot": true,
                "runAsUser": user,
                "runAsGroup": user,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            "volumes": mounts.iter().map(volume).collect::<Vec<_>>(),
            "containers": [{
                "name": CONTAINER,
                "image": settings.stage_image.as_str(),
                "imagePullPolicy": "IfNotPresent",
                "command": command,
                "resources": {"requests": resources, "limits": resources},
                "securityContext": {
                    "allowPrivilegeEscalation": false,
                    "capabilities": {"drop": ["ALL"]},
                    "privileged": false,
                    "readOnlyRootFilesystem": true,
                    "runAsNonRoot": true,
                },
                "volumeMounts": mounts.iter().map(mount).collect::<Vec<_>>(),
            }],
        },
    })
}

fn toleration(Toleration { key, value, effect }: &Toleration) -> Value {
    let operator = if value.is_some() { "Equal" } else { "Exists" };
    json!({"key": key, "operator": operator, "value": value, "effect": effect})
}
