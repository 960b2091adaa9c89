//! What interrupted commands and jobs left: pods past their deadline are removed, claims are reported.

use assay_contract::{Duty, Lifetime, Volume, duties};
use jiff::Timestamp;
use k8s_openapi::api::core::v1::{PersistentVolumeClaim, Pod};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::api::{DeleteParams, ListParams, Preconditions};
use serde::Serialize;

use crate::argo::Kind;
use crate::connect::Cluster;
use crate::doctor::probe;
use crate::duty;
use crate::error::ClusterError;
use crate::rights::{ARGO, Right};

/// Something that was left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Leftover {
    /// `pod` or `claim`.
    pub kind: &'static str,
    /// Its name.
    pub name: String,
    /// Whether it was removed.
    pub removed: bool,
    /// What it was, and what to do about it.
    pub why: String,
}

/// Removes pods of duties and probes that are past their deadlines, and reports claims that nobody owns.
pub(super) async fn collect(cluster: &Cluster, dry_run: bool) -> Result<Vec<Leftover>, ClusterError> {
    let pods = cluster.api::<Pod>();
    let now = Timestamp::now().as_second();
    let mut leftovers = Vec::new();
    for (label, seconds, what) in [
        (duty::LABEL, i64::try_from(duties::DEADLINE_SECONDS).unwrap_or(i64::MAX), "an administrative pod"),
        (probe::LABEL, probe::DEADLINE_SECONDS, "a probe"),
    ] {
        let found = cluster.list(Right::LIST_PODS, &pods, &ListParams::default().labels(label)).await?;
        for pod in found {
            if !is_over_age(&pod.metadata, now, seconds) || is_desk(&pod.metadata) {
                continue;
            }
            let name = pod.metadata.name.clone().unwrap_or_default();
            let removed = !dry_run && remove(cluster, &pod.metadata).await?;
            leftovers.push(Leftover { kind: "pod", name, removed, why: format!("{what} past its deadline") });
        }
    }
    leftovers.extend(claims(cluster, now).await?);
    Ok(leftovers)
}

fn is_over_age(metadata: &ObjectMeta, now: i64, seconds: i64) -> bool {
    let born = metadata.creation_timestamp.as_ref().map(|time| time.0.as_second());
    born.is_some_and(|born| now.saturating_sub(born) > seconds)
}

/// A desk is the server of an author or tutor, which has no deadline.
fn is_desk(metadata: &ObjectMeta) -> bool {
    let duty = metadata.labels.as_ref().and_then(|labels| labels.get(duty::LABEL));
    duty.is_some_and(|duty| duty == Duty::Desk.id())
}

async fn remove(cluster: &Cluster, metadata: &ObjectMeta) -> Result<bool, ClusterError> {
    let pods = cluster.api::<Pod>();
    let this_one = Preconditions { uid: metadata.uid.clone(), resource_version: None };
    let parameters =
        DeleteParams { preconditions: Some(this_one), ..DeleteParams::default().grace_period(0) };
    let name = metadata.name.as_deref().unwrap_or_default();
    match cluster.ask(Right::DELETE_POD, pods.delete(name, &parameters)).await {
        Ok(_) => Ok(true),
        Err(error) if error.is_missing() || error.is_taken() => Ok(false),
        Err(error) => Err(error),
    }
}

/// Claims of jobs whose Workflow is gone, which the garbage collector should have removed, and of probes.
async fn claims(cluster: &Cluster, now: i64) -> Result<Vec<Leftover>, ClusterError> {
    let api = cluster.api::<PersistentVolumeClaim>();
    let claims = cluster.list(Right::LIST_CLAIMS, &api, &ListParams::default()).await?;
    let jobs = Kind::Workflow.api(cluster);
    let mut leftovers = Vec::new();
    for claim in claims.iter().map(|claim| &claim.metadata) {
        let name = claim.name.as_deref().unwrap_or_default();
        let is_probes = claim.labels.as_ref().is_some_and(|labels| labels.contains_key(probe::LABEL));
        let why = if is_probes && is_over_age(claim, now, probe::DEADLINE_SECONDS) {
            "a probe left it"
        } else if let Some(job) = job_of(claim, name) {
            match cluster.ask_for(Right::GET_JOB, jobs.get_metadata(job)).await? {
                Some(_) => continue,
                None => "its job's Workflow is gone",
            }
        } else {
            continue;
        };
        let why = format!("{why}: kubectl delete pvc {name} -n {}", cluster.namespace());
        leftovers.push(Leftover { kind: "claim", name: name.into(), removed: false, why });
    }
    Ok(leftovers)
}

/// The job that a claim is of: it is owned by a Workflow and called after it and a volume.
fn job_of<'a>(claim: &'a ObjectMeta, name: &str) -> Option<&'a str> {
    let owner = claim
        .owner_references
        .iter()
        .flatten()
        .find(|owner| owner.kind == "Workflow" && owner.api_version.starts_with(ARGO))?;
    let volume = name.strip_prefix(owner.name.as_str())?.strip_prefix('-')?;
    let is_jobs = Volume::from_id(volume).is_some_and(|volume| volume.lifetime() == Lifetime::Job);
    is_jobs.then_some(owner.name.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn metadata(value: serde_json::Value) -> ObjectMeta {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn only_claims_that_a_workflow_owns_are_of_jobs() {
        let owned = |kind: &str, name: &str| {
            let owner =
                json!({"kind": kind, "name": "j-1", "apiVersion": "argoproj.io/v1alpha1", "uid": "u"});
            let metadata = metadata(json!({"name": name, "ownerReferences": [owner]}));
            job_of(&metadata, name).map(str::to_owned)
        };
        assert_eq!(owned("Workflow", "j-1-testing").as_deref(), Some("j-1"));
        assert_eq!(owned("Workflow", "j-1-private-results"), None);
        assert_eq!(owned("Workflow", "other-testing"), None);
        assert_eq!(owned("Pod", "j-1-testing"), None);
        assert_eq!(job_of(&metadata(json!({"name": "j-1-testing"})), "j-1-testing"), None);
    }

    #[test]
    fn a_desk_is_no_leftover_however_old() {
        let old = |duty: &str| {
            metadata(json!({"creationTimestamp": "2026-01-01T00:00:00Z", "labels": {"assay.dev/duty": duty}}))
        };
        assert!(is_desk(&old("desk")) && !is_desk(&old("publish")));
        let born = old("read").creation_timestamp.unwrap().0.as_second();
        assert!(is_over_age(&old("read"), born + 901, 900));
        assert!(!is_over_age(&old("read"), born + 900, 900));
        assert!(!is_over_age(&ObjectMeta::default(), born, 900));
    }
}
