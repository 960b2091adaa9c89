//! What an administrative pod looks like. Nothing of a request is in it but the duty's id.

use assay_contract::duties::DEADLINE_SECONDS;
use assay_contract::{AssignmentId, Duty, StudentId, Volume};
use assay_core::admission::duty_pod;
use assay_core::operator::Operator;
use k8s_openapi::api::core::v1::Pod;
use serde_json::json;

use crate::pod::{self, ClaimMount, Restricted};

/// The label that says what an administrative pod is for.
pub const LABEL: &str = "assay.dev/duty";

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

/// The pod of a duty: its row of the table and nothing else, the stage image, no right, no token, no network needed.
pub(super) fn pod(operator: &Operator, duty: Duty, whose: Whose<'_>) -> Result<Pod, serde_json::Error> {
    let settings = operator.settings();
    let size = &settings.trusted_pods;
    let mounts = duty.mounts().into_iter().zip(claims(operator, duty, whose));
    let restricted = Restricted {
        user: settings.users.trusted,
        resources: json!({
            "cpu": format!("{}m", size.cpu_milli),
            "memory": size.memory.to_string(),
            "ephemeral-storage": size.ephemeral_storage.to_string(),
        }),
        deadline_seconds: DEADLINE_SECONDS,
        grace_seconds: 5,
        command: vec!["/assay-stage", duty.id()],
        mounts: mounts
            .map(|(mount, (volume, claim))| ClaimMount {
                name: volume.id().into(),
                claim,
                path: volume.path(),
                read_only: mount.access.is_read_only(),
            })
            .collect(),
    };
    let metadata = json!({"generateName": duty_pod(duty.id()), "labels": {LABEL: duty.id()}});
    let mut pod = pod::restricted(operator, metadata, &restricted);
    let container = &mut pod["spec"]["containers"][0];
    container["stdin"] = true.into();
    container["stdinOnce"] = true.into();
    serde_json::from_value(pod)
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
