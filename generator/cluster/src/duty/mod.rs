//! Administrative pods: one request over standard input, one answer over standard output, and gone.
//!
//! The pod is removed whatever happens, also when the caller is told to stop; its deadline is the backstop, and a later
//! run removes what was left. What it did is what its answer says; without a whole answer its status tells what ended it.

mod exchange;
mod pod;

use std::pin::{Pin, pin};
use std::time::Duration;

use assay_contract::duties::{Answer, DEADLINE_SECONDS, Request};
use assay_contract::{Duty, Exit, Volume};
use k8s_openapi::api::core::v1::{PersistentVolumeClaim, Pod};
use kube::api::{AttachParams, DeleteParams, ListParams, PostParams};
use tokio::time::{Instant, sleep, timeout, timeout_at};

use crate::connect::Cluster;
use crate::error::ClusterError;
use crate::patience::Patience;
use crate::pod::CONTAINER;
use crate::rights::Right;
use crate::waiting::{Waiting, waiting};

pub use exchange::{Broken, Reply};
pub use pod::{LABEL, Whose};

/// The longest that a pod may take to run: room in a quota, scheduling, mounting and pulling a small image.
const START: Duration = Duration::from_secs(180);
/// The longest that removing it may take us.
const REMOVE: Duration = Duration::from_secs(15);
/// How long the status of a pod that has ended may lag behind its end.
const LAG: Duration = Duration::from_secs(20);
/// Between two tries to make a pod that there is no room for.
const FULL: Duration = Duration::from_secs(2);
/// Between two looks at a pod.
const LOOK: Duration = Duration::from_millis(300);

/// Has a pod of its duty answer `request`, after which the bytes of `parts` follow.
///
/// `stop` ends it early: then the pod is removed, and the error says that it was interrupted.
///
/// # Errors
/// Where a claim is missing, the pod cannot start, it ends without an answer, or its answer is that it failed.
pub async fn run(
    cluster: &Cluster,
    whose: Whose<'_>,
    request: &Request,
    parts: &[&[u8]],
    stop: impl Future<Output = ()>,
) -> Result<Reply, ClusterError> {
    let duty = request.duty();
    check_claims(cluster, duty, whose).await?;
    remove_stale(cluster, duty).await;
    let pod =
        pod::pod(cluster.operator(), duty, whose).map_err(|error| ClusterError::Bug(Box::new(error)))?;
    let start = Instant::now() + START;
    let mut stop = pin!(stop);
    let name = create(cluster, duty, &pod, start, stop.as_mut()).await?;
    let deadline = Instant::now() + Duration::from_secs(DEADLINE_SECONDS);
    let answered = tokio::select! {
        answered = timeout_at(deadline, converse(cluster, duty, &name, start, request, parts)) => {
            answered.unwrap_or(Err(ClusterError::PodSlow { duty }))
        }
        () = stop => Err(ClusterError::Interrupted { duty }),
    };
    remove(cluster, &name).await;
    let reply = answered?;
    match reply.answer {
        Answer::Failed { exit, message } => {
            let exit = Exit::from_code(exit).unwrap_or(Exit::StageFailed);
            Err(ClusterError::Duty { exit, message })
        }
        _ => Ok(reply),
    }
}

/// Whether the claim of a volume is there.
///
/// # Errors
/// [`ClusterError::NoClaim`] if it is not.
pub async fn check_claim(cluster: &Cluster, volume: Volume, claim: &str) -> Result<(), ClusterError> {
    let claims = cluster.api::<PersistentVolumeClaim>();
    match cluster.ask_for(Right::GET_CLAIM, claims.get_metadata(claim)).await? {
        Some(_) => Ok(()),
        None => {
            Err(ClusterError::NoClaim { volume, claim: claim.into(), namespace: cluster.namespace().into() })
        }
    }
}

async fn check_claims(cluster: &Cluster, duty: Duty, whose: Whose<'_>) -> Result<(), ClusterError> {
    for (volume, claim) in pod::claims(cluster.operator(), duty, whose) {
        check_claim(cluster, volume, &claim).await?;
    }
    Ok(())
}

/// Makes the pod, as soon as there is room for it; its name. An answer is always waited for: nobody else knows the name.
async fn create(
    cluster: &Cluster,
    duty: Duty,
    pod: &Pod,
    until: Instant,
    mut stop: Pin<&mut impl Future<Output = ()>>,
) -> Result<String, ClusterError> {
    let pods = cluster.api::<Pod>();
    loop {
        match cluster.ask(Right::CREATE_POD, pods.create(&PostParams::default(), pod)).await {
            Ok(created) => return Ok(created.metadata.name.unwrap_or_default()),
            Err(ClusterError::Full { .. }) if Instant::now() < until => tokio::select! {
                () = sleep(FULL) => {}
                () = stop.as_mut() => return Err(ClusterError::Interrupted { duty }),
            },
            Err(error) => return Err(error),
        }
    }
}

async fn converse(
    cluster: &Cluster,
    duty: Duty,
    name: &str,
    start: Instant,
    request: &Request,
    parts: &[&[u8]],
) -> Result<Reply, ClusterError> {
    wait_until_running(cluster, duty, name, start).await?;
    let attach = AttachParams::default()
        .container(CONTAINER)
        .stdin(true)
        .stdout(true)
        .stderr(true)
        .max_stdin_buf_size(exchange::BUFFER)
        .max_stdout_buf_size(exchange::BUFFER);
    let pods = cluster.api::<Pod>();
    let attached = cluster.ask(Right::CREATE_ATTACH, pods.attach(name, &attach)).await?;
    match exchange::exchange(attached, request, parts).await {
        Ok(reply) => Ok(reply),
        Err(broken) => Err(how_it_ended(cluster, duty, name, broken).await),
    }
}

async fn wait_until_running(
    cluster: &Cluster,
    duty: Duty,
    name: &str,
    until: Instant,
) -> Result<(), ClusterError> {
    let pods = cluster.api::<Pod>();
    let mut patience = Patience::default();
    loop {
        let looked = cluster.ask(Right::GET_POD, pods.get(name)).await;
        let Some(pod) = patience.bear(looked).await? else { continue };
        if is_over(&pod) {
            return Err(ended(duty, &pod, exchange::Broken::default()));
        }
        if phase(&pod) == Some("Running") {
            return Ok(());
        }
        let why = waiting(&pod).unwrap_or(Waiting::Starting);
        if why.is_hopeless() || Instant::now() >= until {
            return Err(ClusterError::PodNotStarted { duty, why });
        }
        sleep(LOOK).await;
    }
}

/// An answer that is not whole says nothing; the pod's status says what ended it.
async fn how_it_ended(cluster: &Cluster, duty: Duty, name: &str, broken: exchange::Broken) -> ClusterError {
    let pods = cluster.api::<Pod>();
    let until = Instant::now() + LAG;
    let mut patience = Patience::default();
    loop {
        let looked = cluster.ask(Right::GET_POD, pods.get(name)).await;
        match patience.bear(looked).await {
            Ok(Some(pod)) if is_over(&pod) => return ended(duty, &pod, broken),
            Ok(Some(_)) if Instant::now() < until => sleep(LOOK).await,
            Ok(Some(_)) => return ClusterError::Broken { duty, source: broken },
            Ok(None) => {}
            Err(error) => return error,
        }
    }
}

fn phase(pod: &Pod) -> Option<&str> {
    pod.status.as_ref().and_then(|status| status.phase.as_deref())
}

fn is_over(pod: &Pod) -> bool {
    matches!(phase(pod), Some("Succeeded" | "Failed"))
}

fn ended(duty: Duty, pod: &Pod, broken: exchange::Broken) -> ClusterError {
    let status = pod.status.as_ref();
    let terminated = status
        .and_then(|status| status.container_statuses.as_ref()?.first()?.state.as_ref()?.terminated.as_ref());
    let reason = status
        .and_then(|status| status.reason.clone())
        .or_else(|| terminated.and_then(|terminated| terminated.reason.clone()))
        .unwrap_or_else(|| "its status does not say why".into());
    let code = terminated.map(|terminated| terminated.exit_code);
    ClusterError::PodEnded { duty, reason, code, said: broken.said }
}

/// Nobody can be told if this fails: the pod's own deadline ends it, and a later run removes it.
async fn remove(cluster: &Cluster, name: &str) {
    let pods = cluster.api::<Pod>();
    let parameters = DeleteParams::default().grace_period(0);
    let _left = timeout(REMOVE, pods.delete(name, &parameters)).await;
}

/// Removes what interrupted commands left, once it has ended; a pod's own deadline sees to that. By whose clock a pod that
/// runs is too old, nobody here knows.
async fn remove_stale(cluster: &Cluster, duty: Duty) {
    let pods = cluster.api::<Pod>();
    let of_duty = ListParams::default().labels(&format!("{LABEL}={duty}"));
    // It is a courtesy: what cannot be listed or removed stands in nobody's way.
    let Ok(found) = cluster.list(Right::LIST_PODS, &pods, &of_duty).await else { return };
    for name in found.iter().filter(|pod| is_over(pod)).filter_map(|pod| pod.metadata.name.as_deref()) {
        remove(cluster, name).await;
    }
}
