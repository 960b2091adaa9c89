//! What an administrative pod looks like. Nothing of a request is in it but the duty's id.

use assay_contract::duties::DEADLINE_SECONDS;
use assay_contract::{AssignmentId, Duty, StudentId, Volume};
use assay_core::admission::duty_pod;
use assay_core::operator::{Nodes, Operator, Toleration};
use k8s_openapi::api::core::v1::Pod;
use serde_json::{Value, json};

/// The label that says what an administrative pod is for.
pub const LABEL: &str = "assay.dev/duty";
/// Its one container.
pub(super) const CONTAINER: &str = "main";

/// Whose volumes a duty is about.
#[derive(Debug, Clone, Copy)]
pub struct Whose<'a> {
    /// The assignment; its course has the claims.
    pub assignment: &'a AssignmentId,
    /// The student; needed for duties that mount a student's claim.
    pub student: Option<&'a StudentId>,
}

/// The claims of a duty, in the order of its row.
pub(super) fn claims(operator: &Operator, duty: Duty, whose: Whose<'_>) -> Vec<(Volume, String)> {
    let student = whose.student.map_or("", StudentId::as_str);
    let claim = |volume| operator.claim(volume, whose.assignment, student, "");
    duty.mounts().into_iter().map(|mount| (mount.volume, claim(mount.volume))).collect()
}

/// Where pods that are no stage's go: where jobs go. The selector and the tolerations, as a pod has them.
pub(crate) fn placement(nodes: &Nodes) -> (Value, Value) {
    let Nodes { selector, tolerations } = nodes;
    let toleration = |Toleration { key, value, effect }: &Toleration| {
        let operator = if value.is_some() { "Equal" } else { "Exists" };
        json!({"key": key, "operator": operator, "value": value, "effect": effect})
    };
    (json!(selector), tolerations.iter().map(toleration).collect())
}

/// The pod of a duty: its row of the table and nothing else, the stage image, no right, no token, no network needed.
pub(super) fn pod(operator: &Operator, duty: Duty, whose: Whose<'_>) -> Result<Pod, serde_json::Error> {
    let settings = operator.settings();
    let user = settings.users.trusted;
    let cpu = format!("{}m", settings.trusted_pods.cpu_milli);
    let memory = settings.trusted_pods.memory.to_string();
    let disk = settings.trusted_pods.ephemeral_storage.to_string();
    let (selector, tolerations) = placement(&settings.nodes);
    let volumes: Vec<_> = duty
        .mounts()
        .into_iter()
        .zip(claims(operator, duty, whose))
        .map(|(mount, (volume, claim))| {
            let read_only = mount.access.is_read_only();
            // Read-only at the source too: a mount alone could be undone by another container of the pod.
            json!({"name": volume.id(), "persistentVolumeClaim": {"claimName": claim, "readOnly": read_only}})
        })
        .collect();
    let mounts: Vec<_> = duty
        .mounts()
        .into_iter()
        .map(|mount| {
            json!({
                "name": mount.volume.id(),
                "mountPath": mount.volume.path(),
                "readOnly": mount.access.is_read_only(),
            })
        })
        .collect();
    serde_json::from_value(json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "generateName": duty_pod(duty.id()),
            "namespace": settings.namespace,
            "labels": {LABEL: duty.id()},
        },
        "spec": {
            "restartPolicy": "Never",
            "activeDeadlineSeconds": DEADLINE_SECONDS,
            "terminationGracePeriodSeconds": 5,
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
            "volumes": volumes,
            "containers": [{
                "name": CONTAINER,
                "image": settings.stage_image.as_str(),
                "imagePullPolicy": "IfNotPresent",
                "command": ["/assay-stage", duty.id()],
                "stdin": true,
                "stdinOnce": true,
                "resources": {
                    "requests": {"cpu": cpu, "memory": memory, "ephemeral-storage": disk},
                    "limits": {"cpu": cpu, "memory": memory, "ephemeral-storage": disk},
                },
                "securityContext": {
                    "allowPrivilegeEscalation": false,
                    "capabilities": {"drop": ["ALL"]},
                    "privileged": false,
                    "readOnlyRootFilesystem": true,
                    "runAsNonRoot": true,
                },
                "volumeMounts": mounts,
            }],
        },
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pod_mounts_its_row_and_is_told_nothing() {
        let assignment = AssignmentId::new("comp/one").unwrap();
        let student = StudentId::new("ada").unwrap();
        let whose = Whose { assignment: &assignment, student: Some(&student) };
        for duty in [Duty::Publish, Duty::HandIn, Duty::Read, Duty::Sweep] {
            let pod = pod(&Operator::default(), duty, whose).unwrap();
            let spec = pod.spec.unwrap();
            let container = &spec.containers[0];
            assert_eq!(container.command.as_deref().unwrap(), ["/assay-stage", duty.id()]);
            assert!(container.env.is_none() && container.args.is_none() && spec.containers.len() == 1);
            let mounts = container.volume_mounts.as_deref().unwrap();
            let volumes = spec.volumes.unwrap();
            assert_eq!(mounts.len(), duty.mounts().len());
            assert_eq!(volumes.len(), duty.mounts().len());
            for (mount, (there, volume)) in duty.mounts().iter().zip(mounts.iter().zip(&volumes)) {
                let claim = volume.persistent_volume_claim.as_ref().unwrap();
                assert_eq!(there.mount_path, mount.volume.path());
                assert_eq!(there.read_only, Some(mount.access.is_read_only()));
                assert_eq!(claim.read_only, Some(mount.access.is_read_only()));
            }
        }
        let hand_in = claims(&Operator::default(), Duty::HandIn, whose);
        assert_eq!(hand_in, [(Volume::Student, "claim-ada".to_owned())]);
    }
}
