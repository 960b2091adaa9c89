//! What probe pods and their claim look like: as restricted as the pods of stages, and labelled so that they can be found.

use assay_contract::Volume;
use assay_contract::probe::{CLAIM, Probe, SUBCOMMAND};
use assay_core::operator::Operator;
use k8s_openapi::api::core::v1::{PersistentVolumeClaim, Pod};
use k8s_openapi::api::networking::v1::NetworkPolicy;
use serde_json::{Value, json};

use crate::pod::{self, ClaimMount, Restricted};

/// The label of everything that a doctor makes; its value is the run.
pub const LABEL: &str = "assay.dev/probe";
/// The label of pods that may reach nothing, for the probe of network policies.
pub(super) const CUT_OFF: &str = "assay.dev/probe-cut-off";
/// How long a probe pod may live, in seconds; nothing of one that is older is at work.
pub const DEADLINE_SECONDS: i64 = 180;

/// How a probe sees the run's own claim, or a home.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sees<'a> {
    Nothing,
    Claim { read_only: bool },
    Home { claim: &'a str },
}

/// A probe's pod.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spec<'a> {
    /// Its own name within the run.
    pub(super) name: &'a str,
    pub(super) probe: Probe,
    /// An address for [`Probe::Connect`].
    pub(super) argument: Option<&'a str>,
    pub(super) user: u32,
    pub(super) sees: Sees<'a>,
    /// Whether the run's policy is for it.
    pub(super) cut_off: bool,
}

/// The name of what a run makes.
pub(super) fn object_name(run: &str, name: &str) -> String {
    format!("assay-probe-{run}-{name}")
}

/// The pod of a probe.
pub(super) fn pod(operator: &Operator, run: &str, spec: &Spec<'_>) -> Result<Pod, serde_json::Error> {
    let Spec { name, probe, argument, user, sees, cut_off } = *spec;
    let mut metadata = json!({"name": object_name(run, name), "labels": {LABEL: run}});
    if cut_off {
        metadata["labels"][CUT_OFF] = "true".into();
    }
    let mut command = vec!["/assay-stage", SUBCOMMAND, probe.id()];
    command.extend(argument);
    let mounted = match sees {
        Sees::Nothing => None,
        Sees::Claim { read_only } => Some((object_name(run, "claim"), CLAIM.into(), read_only)),
        Sees::Home { claim } => Some((claim.to_owned(), Volume::Student.path(), true)),
    };
    let mounts = mounted.map(|(claim, path, read_only)| ClaimMount {
        name: "looked-at".into(),
        claim,
        path,
        read_only,
    });
    let restricted =
        Restricted { command, mounts: mounts.into_iter().collect(), ..small(user, "100m", "256Mi") };
    serde_json::from_value(pod::restricted(operator, metadata, &restricted))
}

/// A pod that is only tried, never made: restricted, and nothing else.
pub(in crate::doctor) fn plain_pod(operator: &Operator, user: u32) -> Result<Pod, serde_json::Error> {
    serde_json::from_value(tried(operator, &small(user, "100m", "64Mi")))
}

/// A pod that is only tried: as large as a stage's largest.
pub(in crate::doctor) fn stage_like_pod(operator: &Operator) -> Result<Pod, serde_json::Error> {
    let ceilings = &operator.settings().ceilings;
    let cpu = format!("{}m", ceilings.cpu_milli);
    let stage = small(operator.settings().users.test, &cpu, &ceilings.memory.to_string());
    let stage = Restricted { deadline_seconds: ceilings.deadline_seconds, ..stage };
    serde_json::from_value(tried(operator, &stage))
}

/// A pod that is only tried, and must be refused: it says nothing of its security.
pub(in crate::doctor) fn unrestricted_pod(operator: &Operator) -> Result<Pod, serde_json::Error> {
    let mut pod = tried(operator, &small(operator.settings().users.trusted, "100m", "64Mi"));
    pod["spec"]["securityContext"] = json!({});
    pod["spec"]["containers"][0]["securityContext"] = json!({});
    serde_json::from_value(pod)
}

fn tried(operator: &Operator, pod: &Restricted<'_>) -> Value {
    pod::restricted(operator, json!({"name": "assay-doctor", "labels": {LABEL: "tried"}}), pod)
}

fn small(user: u32, cpu: &str, memory: &str) -> Restricted<'static> {
    Restricted {
        user,
        resources: json!({"cpu": cpu, "memory": memory}),
        deadline_seconds: DEADLINE_SECONDS.unsigned_abs(),
        grace_seconds: 0,
        command: vec!["/assay-stage"],
        mounts: Vec::new(),
    }
}

/// The claim that storage is probed with.
pub(super) fn claim(operator: &Operator, run: &str) -> Result<PersistentVolumeClaim, serde_json::Error> {
    let settings = operator.settings();
    serde_json::from_value(json!({
        "metadata": {
            "name": object_name(run, "claim"),
            "namespace": settings.namespace,
            "labels": {LABEL: run},
        },
        "spec": {
            "accessModes": ["ReadWriteMany"],
            "storageClassName": settings.job_storage.class,
            "resources": {"requests": {"storage": settings.job_storage.size.to_string()}},
        },
    }))
}

/// A policy that lets the run's cut-off pods reach nothing.
pub(super) fn policy(operator: &Operator, run: &str) -> Result<NetworkPolicy, serde_json::Error> {
    serde_json::from_value(json!({
        "metadata": {
            "name": object_name(run, "policy"),
            "namespace": operator.settings().namespace,
            "labels": {LABEL: run},
        },
        "spec": {
            "podSelector": {"matchLabels": {LABEL: run, CUT_OFF: "true"}},
            "policyTypes": ["Ingress", "Egress"],
        },
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(sees: Sees<'_>) -> Spec<'_> {
        Spec { name: "x", probe: Probe::Machine, argument: None, user: 1000, sees, cut_off: false }
    }

    #[test]
    fn a_probe_mounts_what_it_looks_at_and_nothing_else() {
        let operator = Operator::default();
        let volumes = |sees| {
            let pod = pod(&operator, "r1", &spec(sees)).unwrap().spec.unwrap();
            assert_eq!(pod.containers.len(), 1);
            pod.volumes.unwrap_or_default()
        };
        assert!(volumes(Sees::Nothing).is_empty());
        let home = volumes(Sees::Home { claim: "claim-ada" });
        let claim = home[0].persistent_volume_claim.as_ref().unwrap();
        assert_eq!((claim.claim_name.as_str(), claim.read_only), ("claim-ada", Some(true)));
        let own = volumes(Sees::Claim { read_only: false });
        assert_eq!(own[0].persistent_volume_claim.as_ref().unwrap().claim_name, "assay-probe-r1-claim");
    }

    #[test]
    fn the_claim_is_none_that_admission_guards() {
        let operator = Operator::default();
        let name = claim(&operator, "r1").unwrap().metadata.name.unwrap();
        let claims = &operator.settings().claims;
        for pattern in [&claims.assignment_configuration, &claims.raw_submissions, &claims.private_results] {
            assert!(!pattern.matches(&name));
        }
        assert!(!claims.student.matches(&name));
        assert!(Volume::ALL.iter().all(|volume| !name.ends_with(&format!("-{volume}"))));
    }
}
