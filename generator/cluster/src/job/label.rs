//! Telling tutors in Argo's UI how a job ended: by its title and two labels, by which they can filter. Admission lets nothing
//! else of a job change.

use assay_contract::JobId;
use kube::api::{Patch, PatchParams};
use serde_json::json;

use crate::argo::Kind;
use crate::connect::Cluster;
use crate::error::ClusterError;
use crate::rights::Right;

/// Says how a job ended; that it is gone is no error.
///
/// # Errors
/// If the cluster does not take it.
pub async fn label(
    cluster: &Cluster,
    job: &JobId,
    title: &str,
    verdict: &str,
    points: &str,
) -> Result<(), ClusterError> {
    let patch = Patch::Merge(json!({"metadata": {
        "labels": {"assay.dev/verdict": verdict, "assay.dev/points": points},
        "annotations": {"workflows.argoproj.io/title": title},
    }}));
    let jobs = Kind::Workflow.api(cluster);
    let parameters = PatchParams::default();
    let patched = jobs.patch_metadata(job.as_str(), &parameters, &patch);
    cluster.ask_for(Right::LABEL_JOB, patched).await.map(drop)
}
