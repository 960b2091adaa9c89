//! Making requests, and moving them on. Each move is from what was seen: whoever saw something older changes nothing.

use assay_contract::JobId;
use jiff::Timestamp;
use kube::api::{DeleteParams, ListParams, PostParams, Preconditions};

use super::{Progress, Request, RequestSpec, RequestStatus};
use crate::connect::Cluster;
use crate::error::ClusterError;
use crate::patience::Patience;
use crate::rights::Right;

/// How often a request is tried to be stored where no answer comes.
const TRIES: u32 = 3;

/// What became of a request that was to be stored.
#[derive(Debug, Clone, PartialEq)]
pub enum Stored {
    /// It is there now.
    New(Request),
    /// It was there before, as it is here.
    Before(Request),
}

impl Stored {
    /// The request that is there.
    #[must_use]
    pub fn request(&self) -> &Request {
        match self {
            Stored::New(request) | Stored::Before(request) => request,
        }
    }
}

/// Stores a request under its job's name, or finds it there. Once this returns, it cannot be lost.
///
/// # Errors
/// If the cluster does not say that it is there; then it may be there all the same, and asking again is right.
pub async fn store(cluster: &Cluster, job: &JobId, spec: RequestSpec) -> Result<Stored, ClusterError> {
    let requests = cluster.api::<Request>();
    let request = Request::new(job.as_str(), spec);
    let mut patience = Patience::of(TRIES);
    loop {
        match cluster.ask(Right::CREATE_REQUEST, requests.create(&PostParams::default(), &request)).await {
            Ok(created) => return Ok(Stored::New(created)),
            Err(error) if error.is_taken() => {
                // Made before, or by an answer of ours that was lost.
                let there = cluster.ask(Right::GET_REQUEST, requests.get(job.as_str())).await?;
                return Ok(Stored::Before(there));
            }
            Err(error) => {
                patience.bear::<()>(Err(error)).await?;
            }
        }
    }
}

/// All requests.
///
/// # Errors
/// If they cannot be listed.
pub async fn list(cluster: &Cluster) -> Result<Vec<Request>, ClusterError> {
    cluster.list(Right::LIST_REQUESTS, &cluster.api::<Request>(), &ListParams::default()).await
}

/// Claims the right to start a job; `None` where somebody else moved the request on meanwhile.
///
/// # Errors
/// If the cluster does not answer.
pub async fn start(
    cluster: &Cluster,
    request: &Request,
    template: &str,
    now: Timestamp,
) -> Result<Option<Request>, ClusterError> {
    let template = Some(template.to_owned());
    let status =
        RequestStatus { progress: Progress::Started, template, started: Some(now), ..request.standing() };
    replace(cluster, request, status).await
}

/// Notes that the job is there; `None` where somebody else moved the request on meanwhile.
///
/// # Errors
/// If the cluster does not answer.
pub async fn seen(
    cluster: &Cluster,
    request: &Request,
    now: Timestamp,
) -> Result<Option<Request>, ClusterError> {
    let before = request.standing();
    let started = before.started.or(Some(now));
    let status = RequestStatus { progress: Progress::Started, seen: true, started, ..before };
    replace(cluster, request, status).await
}

/// Gives the right back, since the job could not be made; it waits again.
///
/// # Errors
/// If the cluster does not answer.
pub async fn put_back(cluster: &Cluster, request: &Request) -> Result<Option<Request>, ClusterError> {
    let status =
        RequestStatus { progress: Progress::Waiting, started: None, template: None, ..request.standing() };
    replace(cluster, request, status).await
}

/// Says how the job ended; `None` where somebody else moved the request on meanwhile.
///
/// # Errors
/// If the cluster does not answer.
pub async fn conclude(
    cluster: &Cluster,
    request: &Request,
    status: RequestStatus,
) -> Result<Option<Request>, ClusterError> {
    replace(cluster, request, RequestStatus { progress: Progress::Concluded, ..status }).await
}

/// Deletes a request as it was seen; that it is gone or changed is no error.
///
/// # Errors
/// If the cluster does not answer.
pub async fn forget(cluster: &Cluster, request: &Request) -> Result<(), ClusterError> {
    let requests = cluster.api::<Request>();
    let seen = Preconditions {
        resource_version: request.metadata.resource_version.clone(),
        uid: request.metadata.uid.clone(),
    };
    let parameters = DeleteParams { preconditions: Some(seen), ..DeleteParams::default() };
    let name = request.metadata.name.as_deref().unwrap_or_default();
    match cluster.ask(Right::DELETE_REQUEST, requests.delete(name, &parameters)).await {
        Ok(_) => Ok(()),
        Err(error) if error.is_missing() || error.is_taken() => Ok(()),
        Err(error) => Err(error),
    }
}

/// Replaces the status of a request as it was seen.
async fn replace(
    cluster: &Cluster,
    seen: &Request,
    status: RequestStatus,
) -> Result<Option<Request>, ClusterError> {
    let requests = cluster.api::<Request>();
    let changed = Request { status: Some(status), ..seen.clone() };
    let name = seen.metadata.name.as_deref().unwrap_or_default();
    match cluster
        .ask(Right::MOVE_REQUEST, requests.replace_status(name, &PostParams::default(), &changed))
        .await
    {
        Ok(there) => Ok(Some(there)),
        Err(error) if error.is_missing() || error.is_taken() => Ok(None),
        Err(error) => Err(error),
    }
}
