//! Jobs: starting one, and seeing where it stands.

mod label;
mod read;
mod start;

use assay_contract::result::StageStatus;
use assay_contract::{AssignmentId, JobId, Stage, Trust};
use k8s_openapi::api::core::v1::{ConfigMap, Pod};
use kube::api::ListParams;
use serde::Serialize;

use crate::argo::Kind;
use crate::connect::Cluster;
use crate::error::ClusterError;
use crate::rights::Right;
use crate::waiting::{Waiting, waiting};

pub use label::label;
pub(crate) use read::read as view_of;
pub use start::{Start, start, start_once};
pub(crate) use start::{create, workflow};

const OF_WORKFLOW: &str = "workflows.argoproj.io/workflow";
const OF_STAGE: &str = "assay.dev/stage";
/// The label of bare pods: of which job they are.
const OF_JOB: &str = "assay.dev/job";
/// The label of the pods of Argo's own steps.
const OF_STEP: &str = "assay.dev/step";

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Argo has not taken it up, or it waits for its turn.
    Waiting,
    /// It is between its first stage and its end, and waits for no other job.
    Running,
    /// The pipeline worked, whatever the verdict.
    Succeeded,
    /// The pipeline did not work.
    Failed,
}

impl State {
    /// Its name in tables.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            State::Waiting => "waiting",
            State::Running => "running",
            State::Succeeded => "succeeded",
            State::Failed => "failed",
        }
    }

    /// Whether nothing more will happen.
    #[must_use]
    pub const fn is_over(self) -> bool {
        matches!(self, State::Succeeded | State::Failed)
    }
}

/// Where a stage stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum StageState {
    /// It has not begun.
    Waiting,
    /// Its pod is there and does not run yet.
    Starting,
    /// It runs.
    Running,
    /// It did its job.
    Succeeded,
    /// It did not.
    Failed,
    /// It was not run, because of how an earlier one ended.
    NotRun,
}

impl StageState {
    /// Its name in tables.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            StageState::Waiting => "waiting",
            StageState::Starting => "starting",
            StageState::Running => "running",
            StageState::Succeeded => "succeeded",
            StageState::Failed => "failed",
            StageState::NotRun => "not run",
        }
    }
}

/// A stage of a job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StageView {
    /// Which one.
    pub stage: Stage,
    /// Where it stands.
    pub state: StageState,
    /// Argo's own word for its end; `None` before.
    pub status: Option<StageStatus>,
    /// Its exit code, where it has one.
    pub exit: Option<u8>,
    /// How long it took, or has taken so far, in milliseconds; Argo counts seconds.
    pub measured_ms: Option<u64>,
    /// Why it does not run yet.
    pub waits: Option<Waiting>,
}

/// A job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct JobView {
    /// Its id.
    pub job: String,
    /// The assignment, `<course>/<name>`.
    pub assignment: String,
    /// The revision's first digits.
    pub revision: String,
    /// Whose submission.
    pub student: String,
    /// The submission's SHA-256.
    pub digest: String,
    /// When it was created, RFC 3339 in UTC.
    pub created: String,
    /// Where it stands.
    pub state: State,
    /// What it waits for, or what is wrong with it, in words; empty where nothing is to be said.
    pub message: String,
    /// The stages, in their order.
    pub stages: Vec<StageView>,
    /// The verdict, once there is one.
    pub verdict: Option<String>,
    /// Whose fault that was, as Results told it.
    pub fault: Option<String>,
    /// The marks, once there are some.
    pub points: Option<String>,
}

/// Where a job stands; `None` where the cluster does not know it, which forgets jobs some time after their end.
///
/// # Errors
/// If the cluster cannot be asked.
pub async fn view(cluster: &Cluster, job: &JobId) -> Result<Option<JobView>, ClusterError> {
    let jobs = Kind::Workflow.api(cluster);
    let Some(object) = cluster.ask_for(Right::GET_JOB, jobs.get(job.as_str())).await? else {
        return Ok(None);
    };
    let mut view = read::read(&object);
    if let Some(stage) = view.stages.iter_mut().find(|stage| stage.state == StageState::Starting) {
        let pods = pods(cluster, OF_WORKFLOW, job).await?;
        stage.waits = pods.iter().filter(|pod| is_of(pod, stage.stage)).find_map(waiting);
    }
    // In strict isolation what runs is the step that made the stage's own pod, which may still wait.
    let may_be_bare = |stage: &&mut StageView| {
        stage.state == StageState::Running && stage.stage.trust() == Trust::Untrusted
    };
    if let Some(stage) = view.stages.iter_mut().find(may_be_bare) {
        let pods = pods(cluster, OF_JOB, job).await?;
        stage.waits = pods.iter().filter(|pod| is_of(pod, stage.stage)).find_map(waiting);
        if stage.waits.is_some() {
            stage.state = StageState::Starting;
        }
    }
    Ok(Some(view))
}

async fn pods(cluster: &Cluster, label: &str, job: &JobId) -> Result<Vec<Pod>, ClusterError> {
    let of_job = ListParams::default().labels(&format!("{label}={job}"));
    cluster.list(Right::LIST_PODS, &cluster.api::<Pod>(), &of_job).await
}

/// Whether a pod of a job is that of a stage, or the step's that is to make it; one stage at a time is made so.
fn is_of(pod: &Pod, stage: Stage) -> bool {
    let label = |key| pod.metadata.labels.as_ref().and_then(|labels| labels.get(key)).map(String::as_str);
    label(OF_STAGE) == Some(stage.id())
        || (stage.trust() == Trust::Untrusted && label(OF_STEP) == Some("launch"))
}

/// How many jobs may run at once, as Argo reads it.
///
/// # Errors
/// If it cannot be read, or is no number.
pub async fn cap(cluster: &Cluster) -> Result<usize, ClusterError> {
    let cap = &cluster.operator().settings().cap;
    let map = cluster.ask(Right::READ_LIMITS, cluster.api::<ConfigMap>().get(&cap.config_map)).await?;
    let text = map.data.as_ref().and_then(|data| data.get(&cap.key)).map(String::as_str).unwrap_or_default();
    text.trim().parse().map_err(|_| ClusterError::Cap { map: cap.config_map.clone(), key: cap.key.clone() })
}

/// The jobs of an assignment that the cluster still knows, the newest first.
///
/// # Errors
/// If the cluster cannot be asked.
pub async fn list(cluster: &Cluster, assignment: &AssignmentId) -> Result<Vec<JobView>, ClusterError> {
    let jobs = Kind::Workflow.api(cluster);
    let of_assignment = ListParams::default().labels(&format!(
        "assay.dev/course={},assay.dev/assignment={}",
        assignment.course(),
        assignment.name()
    ));
    let found = cluster.list(Right::LIST_JOBS, &jobs, &of_assignment).await?;
    let mut found: Vec<JobView> = found.iter().map(read::read).collect();
    found.sort_by(|a, b| b.created.cmp(&a.created).then_with(|| a.job.cmp(&b.job)));
    Ok(found)
}
