//! Starting a job, once.

use assay_contract::{Digest, JobId, StudentId};
use jiff::Timestamp;
use kube::api::{DynamicObject, PostParams};
use serde_json::json;

use crate::argo::Kind;
use crate::connect::Cluster;
use crate::error::ClusterError;
use crate::patience::Patience;
use crate::rights::Right;

/// How often a job is tried to be started where no answer comes.
const TRIES: u32 = 3;

/// A job to start.
#[derive(Debug, Clone)]
pub struct Start<'a> {
    /// Its id.
    pub job: &'a JobId,
    /// The WorkflowTemplate of the revision.
    pub template: &'a str,
    /// Whose submission.
    pub student: &'a StudentId,
    /// The SHA-256 of the zip in the student's outbox.
    pub digest: &'a Digest,
    /// When it was handed in; otherwise now.
    pub handed_in: Option<Timestamp>,
}

/// Starts a job.
///
/// # Errors
/// If the cluster does not take it; [`ClusterError::StartUnknown`] if it does not say whether it did.
pub async fn start(cluster: &Cluster, start: &Start<'_>) -> Result<(), ClusterError> {
    create(cluster, &workflow(cluster, start)).await
}

/// The same for a job whose name is made from what was asked: that it is there already is what was wanted.
///
/// # Errors
/// See [`start`].
pub async fn start_once(cluster: &Cluster, start: &Start<'_>) -> Result<(), ClusterError> {
    match self::start(cluster, start).await {
        Err(error) if error.is_taken() => Ok(()),
        started => started,
    }
}

/// Creates a job's Workflow. Where no answer comes it is tried again under the same name, so that there is never a second
/// one; that it is there then is what was wanted.
pub(crate) async fn create(cluster: &Cluster, workflow: &DynamicObject) -> Result<(), ClusterError> {
    let jobs = Kind::Workflow.api(cluster);
    let name = workflow.metadata.name.as_deref().unwrap_or_default();
    let unknown = |source| ClusterError::StartUnknown { job: name.into(), source: Box::new(source) };
    let mut patience = Patience::of(TRIES);
    let mut unanswered = false;
    loop {
        let created = cluster.ask(Right::CREATE_JOB, jobs.create(&PostParams::default(), workflow)).await;
        match created {
            Err(error) if unanswered && error.is_taken() => {
                let there = cluster.ask(Right::GET_JOB, jobs.get(name)).await.map_err(unknown)?;
                return if is_same(&there, workflow) { Ok(()) } else { Err(error) };
            }
            Err(error) if error.is_passing() => {
                unanswered = true;
                patience.bear::<()>(Err(error)).await.map_err(unknown)?;
            }
            // After an answer that was lost, no other one says that the job is not there.
            Err(error) if unanswered => return Err(unknown(error)),
            created => return created.map(drop),
        }
    }
}

/// Whether both are the same run of the same template.
fn is_same(one: &DynamicObject, other: &DynamicObject) -> bool {
    ["workflowTemplateRef", "arguments"]
        .into_iter()
        .all(|field| one.data["spec"][field] == other.data["spec"][field])
}

/// The Workflow of a job, as admission takes it.
pub(crate) fn workflow(cluster: &Cluster, start: &Start<'_>) -> DynamicObject {
    let Start { job, template, student, digest, handed_in } = start;
    let mut parameters = vec![
        json!({"name": "student", "value": student.as_str()}),
        json!({"name": "digest", "value": digest.as_str()}),
    ];
    if let Some(at) = handed_in {
        parameters.push(json!({"name": "handed-in", "value": at.to_string()}));
    }
    // Nothing else: admission takes this form alone, and what a job is comes from its template.
    let spec = json!({"workflowTemplateRef": {"name": template}, "arguments": {"parameters": parameters}});
    DynamicObject::new(job.as_str(), &Kind::Workflow.resource())
        .within(cluster.namespace())
        .data(json!({"spec": spec}))
}
