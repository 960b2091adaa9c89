//! One run of probes: what it makes, it removes, whatever happens.

use std::time::Duration;

use assay_contract::probe::PORT;
use assay_core::operator::Operator;
use jiff::Timestamp;
use k8s_openapi::api::core::v1::{PersistentVolumeClaim, Pod};
use k8s_openapi::api::networking::v1::NetworkPolicy;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::api::{DeleteParams, LogParams, PostParams};
use kube::{Api, Client, Resource};
use serde::de::DeserializeOwned;
use tokio::time::{Instant, sleep, timeout};

use super::manifests::{self, DEADLINE_SECONDS, Spec, object_name};
use crate::doctor::look::{self, Seen};
use crate::pod::CONTAINER;
use crate::waiting::{Waiting, waiting};

/// Between two looks at a pod.
const LOOK: Duration = Duration::from_millis(500);
/// The longest that removing one object may take us.
const REMOVE: Duration = Duration::from_secs(15);

/// Why a probe did not answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Silence {
    /// Its pod was refused.
    Refused(String),
    /// Its pod did not start.
    NotStarted(Waiting),
    /// It ended without an answer.
    Ended(String),
    /// Something else that is not the cluster's state.
    Other(String),
}

impl std::fmt::Display for Silence {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Silence::Refused(why) => write!(f, "the probe was refused: {why}"),
            Silence::NotStarted(why) => write!(f, "the probe did not start: {why}"),
            Silence::Ended(why) => write!(f, "the probe ended: {why}"),
            Silence::Other(why) => f.write_str(why),
        }
    }
}

/// One run of probes, and what it made.
pub(super) struct Run<'a> {
    client: Client,
    operator: &'a Operator,
    id: String,
}

impl<'a> Run<'a> {
    pub(super) fn new(client: &Client, operator: &'a Operator) -> Run<'a> {
        // Two doctors at once must not meet: nanoseconds are far enough apart.
        let id = format!("{:x}", Timestamp::now().as_nanosecond() & 0xff_ffff_ffff);
        Run { client: client.clone(), operator, id }
    }

    fn pods(&self) -> Api<Pod> {
        Api::namespaced(self.client.clone(), &self.operator.settings().namespace)
    }

    fn claims(&self) -> Api<PersistentVolumeClaim> {
        Api::namespaced(self.client.clone(), &self.operator.settings().namespace)
    }

    fn policies(&self) -> Api<NetworkPolicy> {
        Api::namespaced(self.client.clone(), &self.operator.settings().namespace)
    }

    /// Makes the claim that storage is probed with.
    pub(super) async fn make_claim(&self) -> Result<(), Silence> {
        let claim = manifests::claim(self.operator, &self.id).map_err(other)?;
        made(look::see(self.claims().create(&PostParams::default(), &claim)).await)
    }

    /// Makes the policy that cuts off the run's pods.
    pub(super) async fn make_policy(&self) -> Result<(), Silence> {
        let policy = manifests::policy(self.operator, &self.id).map_err(other)?;
        made(look::see(self.policies().create(&PostParams::default(), &policy)).await)
    }

    /// Has a probe look, and gives what it found.
    pub(super) async fn ask<T: DeserializeOwned>(&self, spec: &Spec<'_>) -> Result<T, Silence> {
        self.start(spec).await?;
        let name = object_name(&self.id, spec.name);
        let pod = self.wait(&name, |phase| matches!(phase, "Succeeded" | "Failed")).await?;
        let log = LogParams { container: Some(CONTAINER.into()), ..LogParams::default() };
        let told = match look::see(self.pods().logs(&name, &log)).await {
            Seen::There(told) => told,
            Seen::Missing => return Err(Silence::Other("its pod is gone".into())),
            Seen::Hidden(why) => return Err(Silence::Other(why)),
        };
        let phase = pod.status.as_ref().and_then(|status| status.phase.as_deref());
        if phase == Some("Failed") {
            return Err(Silence::Ended(how_it_ended(&pod, &told)));
        }
        serde_json::from_str(told.trim())
            .map_err(|error| Silence::Ended(format!("its answer is none: {error}")))
    }

    /// Starts a listener, and gives its address.
    pub(super) async fn listen(&self, spec: &Spec<'_>) -> Result<String, Silence> {
        self.start(spec).await?;
        let name = object_name(&self.id, spec.name);
        let pod = self.wait(&name, |phase| phase != "Pending").await?;
        let address = pod.status.and_then(|status| status.pod_ip);
        address.ok_or_else(|| Silence::Other(format!("a pod has no address; port {PORT} cannot be tried")))
    }

    async fn start(&self, spec: &Spec<'_>) -> Result<(), Silence> {
        let pod = manifests::pod(self.operator, &self.id, spec).map_err(other)?;
        made(look::see(self.pods().create(&PostParams::default(), &pod)).await)
    }

    async fn wait(&self, name: &str, is_there: impl Fn(&str) -> bool) -> Result<Pod, Silence> {
        let until = Instant::now() + Duration::from_secs(DEADLINE_SECONDS.unsigned_abs());
        loop {
            let pod = match look::object(&self.pods(), name).await {
                Seen::There(pod) => pod,
                Seen::Missing => return Err(Silence::Other("its pod is gone".into())),
                Seen::Hidden(why) => return Err(Silence::Other(why)),
            };
            let phase = pod.status.as_ref().and_then(|status| status.phase.as_deref()).unwrap_or("Pending");
            if is_there(phase) {
                return Ok(pod);
            }
            let why = waiting(&pod).unwrap_or(Waiting::Starting);
            if why.is_hopeless() || Instant::now() >= until {
                return Err(Silence::NotStarted(why));
            }
            sleep(LOOK).await;
        }
    }

    /// Removes all that the run made; what cannot be removed ends by its deadline, and a later run removes it.
    pub(super) async fn clean(&self) {
        self.remove(&format!("{}={}", manifests::LABEL, self.id), |_| true).await;
    }

    /// Removes what earlier runs left that were killed.
    pub(super) async fn clean_up_after_others(&self) {
        let before = Timestamp::now().as_second().saturating_sub(DEADLINE_SECONDS);
        let is_old = |metadata: &ObjectMeta| {
            metadata.creation_timestamp.as_ref().is_some_and(|born| born.0.as_second() < before)
        };
        self.remove(manifests::LABEL, is_old).await;
    }

    async fn remove(&self, labels: &str, which: impl Fn(&ObjectMeta) -> bool) {
        remove(&self.pods(), labels, &which).await;
        // Claims that pods still mount go when those have gone.
        remove(&self.claims(), labels, &which).await;
        remove(&self.policies(), labels, &which).await;
    }
}

/// It is a courtesy: what cannot be listed or removed stands in nobody's way.
async fn remove<K>(api: &Api<K>, labels: &str, which: impl Fn(&ObjectMeta) -> bool)
where
    K: Resource + Clone + DeserializeOwned + std::fmt::Debug,
{
    let Seen::There(found) = look::list(api, Some(labels)).await else { return };
    for name in
        found.iter().map(Resource::meta).filter(|meta| which(meta)).filter_map(|meta| meta.name.as_deref())
    {
        let _left = timeout(REMOVE, api.delete(name, &DeleteParams::default().grace_period(0))).await;
    }
}

fn other(error: serde_json::Error) -> Silence {
    Silence::Other(error.to_string())
}

fn made<T>(seen: Seen<T>) -> Result<(), Silence> {
    match seen {
        Seen::There(_) => Ok(()),
        Seen::Missing => Err(Silence::Other("the namespace is not there".into())),
        Seen::Hidden(why) => Err(Silence::Refused(why)),
    }
}

fn how_it_ended(pod: &Pod, told: &str) -> String {
    let status = pod.status.as_ref();
    let terminated = status
        .and_then(|status| status.container_statuses.as_ref()?.first()?.state.as_ref()?.terminated.as_ref());
    let reason = status
        .and_then(|status| status.reason.clone())
        .or_else(|| terminated.and_then(|terminated| terminated.reason.clone()))
        .unwrap_or_else(|| "no reason".into());
    let code =
        terminated.map_or_else(String::new, |terminated| format!(", exit code {}", terminated.exit_code));
    let said = told.trim();
    let said = if said.is_empty() { String::new() } else { format!(": {}", said.escape_debug()) };
    format!("{reason}{code}{said}")
}
