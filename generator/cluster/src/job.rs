//! Jobs: starting one, and seeing where it stands.

use std::collections::BTreeMap;

use assay_contract::result::StageStatus;
use assay_contract::{AssignmentId, Digest, JobId, Output, Stage, StudentId};
use jiff::Timestamp;
use k8s_openapi::api::core::v1::Pod;
use kube::api::{DynamicObject, ListParams, PostParams};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::argo::{Kind, VERSION};
use crate::connect::Cluster;
use crate::error::ClusterError;
use crate::rights::{ARGO, Right};
use crate::waiting::{Waiting, waiting};

const OF_WORKFLOW: &str = "workflows.argoproj.io/workflow";
const OF_STAGE: &str = "assay.dev/stage";

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
    /// The marks, once there are some.
    pub points: Option<String>,
}

/// Starts a job.
///
/// # Errors
/// If the cluster does not take it.
pub async fn start(cluster: &Cluster, start: &Start<'_>) -> Result<(), ClusterError> {
    let object = workflow(cluster, start)?;
    let parameters = PostParams::default();
    let jobs = Kind::Workflow.api(cluster);
    cluster.ask(Right::CREATE_JOB, jobs.create(&parameters, &object)).await.map(drop)
}

/// The Workflow of a job, as admission takes it.
pub(crate) fn workflow(cluster: &Cluster, start: &Start<'_>) -> Result<DynamicObject, ClusterError> {
    let Start { job, template, student, digest, handed_in } = start;
    let mut parameters = vec![
        json!({"name": "student", "value": student.as_str()}),
        json!({"name": "digest", "value": digest.as_str()}),
    ];
    if let Some(at) = handed_in {
        parameters.push(json!({"name": "handed-in", "value": at.to_string()}));
    }
    // Nothing else: admission takes this form alone, and what a job is comes from its template.
    let workflow = json!({
        "apiVersion": format!("{ARGO}/{VERSION}"),
        "kind": "Workflow",
        "metadata": {"name": job.as_str(), "namespace": cluster.namespace()},
        "spec": {"workflowTemplateRef": {"name": template}, "arguments": {"parameters": parameters}},
    });
    serde_json::from_value(workflow).map_err(|error| ClusterError::Bug(Box::new(error)))
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
    let mut view = read(&object);
    if view.stages.iter().any(|stage| stage.state == StageState::Starting) {
        let pods = cluster.api::<Pod>();
        let of_job = ListParams::default().labels(&format!("{OF_WORKFLOW}={job}"));
        let pods = cluster.ask(Right::LIST_PODS, pods.list(&of_job)).await?;
        for stage in view.stages.iter_mut().filter(|stage| stage.state == StageState::Starting) {
            let of_stage = |pod: &&Pod| {
                let labels = pod.metadata.labels.as_ref();
                labels.and_then(|labels| labels.get(OF_STAGE)).is_some_and(|id| id == stage.stage.id())
            };
            stage.waits = pods.iter().filter(of_stage).find_map(waiting);
        }
    }
    Ok(Some(view))
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
    let found = cluster.ask(Right::LIST_JOBS, jobs.list(&of_assignment)).await?;
    let mut found: Vec<JobView> = found.iter().map(read).collect();
    found.sort_by(|a, b| b.created.cmp(&a.created).then_with(|| a.job.cmp(&b.job)));
    Ok(found)
}

/// What is read of a Workflow's specification; what is missing is as if it were not there yet.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Spec {
    arguments: Parameters,
}

/// What is read of its status.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Status {
    phase: String,
    message: String,
    /// Read one by one: a node of an unknown form hides no other.
    nodes: BTreeMap<String, Value>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Node {
    #[serde(rename = "type")]
    kind: String,
    template_name: String,
    phase: String,
    started_at: Option<Timestamp>,
    finished_at: Option<Timestamp>,
    outputs: NodeOutputs,
    synchronization_status: Option<Synchronization>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct NodeOutputs {
    parameters: Vec<Parameter>,
    exit_code: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Parameters {
    parameters: Vec<Parameter>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Parameter {
    name: String,
    value: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Synchronization {
    waiting: String,
}

fn read(object: &DynamicObject) -> JobView {
    let spec: Spec = part(&object.data, "spec");
    let status: Status = part(&object.data, "status");
    let nodes: BTreeMap<String, Node> = status
        .nodes
        .iter()
        .filter_map(|(id, node)| Some((id.clone(), serde_json::from_value(node.clone()).ok()?)))
        .collect();
    let label = |key| object.metadata.labels.as_ref().and_then(|all| all.get(key)).cloned();
    let parameter = |name: &str| value(&spec.arguments.parameters, name).unwrap_or_default();
    let stages: Vec<StageView> = Stage::ALL.into_iter().map(|stage| stage_view(stage, &nodes)).collect();
    let held = held_by(&nodes);
    let begun = stages.iter().any(|stage| stage.state != StageState::Waiting);
    let state = match status.phase.as_str() {
        "Succeeded" => State::Succeeded,
        "Failed" | "Error" => State::Failed,
        _ if begun && held.is_none() => State::Running,
        _ => State::Waiting,
    };
    let message = match state {
        State::Failed => status.message.clone(),
        State::Waiting => held.unwrap_or_default().into(),
        State::Running | State::Succeeded => String::new(),
    };
    let last = best(Stage::Finalise, &nodes);
    let said = |output: Output| last.and_then(|node| value(&node.outputs.parameters, output.name()));
    JobView {
        job: object.metadata.name.clone().unwrap_or_default(),
        assignment: match (label("assay.dev/course"), label("assay.dev/assignment")) {
            (Some(course), Some(name)) => format!("{course}/{name}"),
            _ => String::new(),
        },
        revision: label("assay.dev/revision").unwrap_or_default(),
        student: parameter("student"),
        digest: parameter("digest"),
        created: object.metadata.creation_timestamp.as_ref().map_or(String::new(), |at| at.0.to_string()),
        state,
        message,
        stages,
        verdict: said(Output::FinalVerdict),
        points: said(Output::FinalPoints),
    }
}

/// A part of an object; `null`, missing or of an unknown form is as if there were nothing in it.
fn part<T: DeserializeOwned + Default>(object: &Value, name: &str) -> T {
    object.get(name).and_then(|part| serde_json::from_value(part.clone()).ok()).unwrap_or_default()
}

fn value(parameters: &[Parameter], name: &str) -> Option<String> {
    parameters.iter().find(|parameter| parameter.name == name).map(|parameter| parameter.value.clone())
}

/// The node that stands for a stage: of one that is tried again, the whole.
fn best(stage: Stage, nodes: &BTreeMap<String, Node>) -> Option<&Node> {
    let of_stage = || nodes.values().filter(|node| node.template_name == stage.id());
    let whole = || of_stage().filter(|node| node.kind == "Retry");
    // A job that was stopped has two of Finalise: one that was to run and did not, and the one that concluded it.
    let succeeded = whole().find(|node| node.phase == "Succeeded");
    succeeded.or_else(|| whole().next()).or_else(|| of_stage().next())
}

fn stage_view(stage: Stage, nodes: &BTreeMap<String, Node>) -> StageView {
    let unborn = Node::default();
    let node = best(stage, nodes).unwrap_or(&unborn);
    // The launcher of a strict stage tells how the stage's own pod ended; the launcher itself succeeds all the same.
    let told = |name| value(&node.outputs.parameters, name);
    let status =
        told("status").as_deref().and_then(StageStatus::from_id).or(StageStatus::from_id(&node.phase));
    let state = match (status, node.phase.as_str()) {
        (Some(StageStatus::Succeeded), _) => StageState::Succeeded,
        (Some(StageStatus::Failed | StageStatus::Error), _) => StageState::Failed,
        (Some(StageStatus::Omitted | StageStatus::Skipped), _) => StageState::NotRun,
        (None, "Running") => StageState::Running,
        (None, "Pending") => StageState::Starting,
        (None, _) => StageState::Waiting,
    };
    let ran = matches!(state, StageState::Running | StageState::Succeeded | StageState::Failed);
    let until = node.finished_at.or_else(|| (state == StageState::Running).then(Timestamp::now));
    let measured_ms = node.started_at.zip(until).filter(|_| ran).map(|(from, until)| {
        u64::try_from(until.as_millisecond().saturating_sub(from.as_millisecond())).unwrap_or(0)
    });
    let exit = told("exit").or_else(|| node.outputs.exit_code.clone()).and_then(|code| code.parse().ok());
    StageView { stage, state, status, exit, measured_ms, waits: None }
}

/// Which of the two locks a job waits for.
fn held_by(nodes: &BTreeMap<String, Node>) -> Option<&'static str> {
    let waits = |template: &str| {
        nodes.values().any(|node| {
            let waiting = node.synchronization_status.as_ref().is_some_and(|sync| !sync.waiting.is_empty());
            node.template_name == template && waiting
        })
    };
    if waits("turn") {
        Some("another job of this student comes first")
    } else if waits("graded") {
        Some("as many jobs run as may run at once")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(status: serde_json::Value) -> JobView {
        let object = json!({
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "Workflow",
            "metadata": {"name": "j-1", "labels": {"assay.dev/course": "c", "assay.dev/assignment": "a"}},
            "spec": {"arguments": {"parameters": [{"name": "student", "value": "ada"}]}},
            "status": status,
        });
        read(&serde_json::from_value(object).unwrap())
    }

    #[test]
    fn a_job_that_argo_has_not_seen_waits() {
        let new = view(json!(null));
        assert_eq!(new.state, State::Waiting);
        assert!(new.stages.iter().all(|stage| stage.state == StageState::Waiting));
        assert_eq!((new.assignment.as_str(), new.student.as_str()), ("c/a", "ada"));
    }

    #[test]
    fn a_strict_stage_ended_as_its_own_pod_did() {
        let job = view(json!({"phase": "Running", "nodes": {
            "a": {"type": "Pod", "templateName": "verify", "phase": "Succeeded", "outputs": {"exitCode": "0", "parameters": [
                {"name": "status", "value": "Failed"}, {"name": "exit", "value": "10"}]}},
        }}));
        let verify = job.stages.iter().find(|there| there.stage == Stage::Verify).unwrap();
        assert_eq!((verify.state, verify.exit), (StageState::Failed, Some(10)));
    }

    #[test]
    fn stages_are_found_by_their_templates_and_locks_are_named() {
        let running = view(json!({"phase": "Running", "nodes": {
            "a": {"type": "Pod", "templateName": "setup", "phase": "Succeeded", "outputs": {"exitCode": "0"},
                "startedAt": "2026-03-16T10:00:00Z", "finishedAt": "2026-03-16T10:00:02Z"},
            "b": {"type": "DAG", "templateName": "turn", "phase": "Pending",
                "synchronizationStatus": {"waiting": "ns/Mutex/x"}},
        }}));
        assert_eq!(running.state, State::Waiting);
        assert_eq!(running.message, "another job of this student comes first");
        assert_eq!(running.stages[0].state, StageState::Succeeded);
        assert_eq!((running.stages[0].exit, running.stages[0].measured_ms), (Some(0), Some(2_000)));
    }

    #[test]
    fn a_stopped_job_is_concluded_by_its_second_finalise() {
        let stopped = view(json!({"phase": "Failed", "nodes": {
            "a": {"type": "Retry", "templateName": "finalise", "phase": "Failed"},
            "b": {"type": "Retry", "templateName": "finalise", "phase": "Succeeded", "outputs": {"parameters": [
                {"name": "verdict", "value": "not-run"}, {"name": "points", "value": "0"}]}},
            "c": {"type": "Pod", "templateName": "finalise", "phase": "Failed"},
        }}));
        assert_eq!(stopped.stages[4].state, StageState::Succeeded);
        assert_eq!((stopped.verdict.as_deref(), stopped.points.as_deref()), (Some("not-run"), Some("0")));
    }

    #[test]
    fn a_stage_that_is_tried_again_is_one_stage_and_tells_the_verdict() {
        let over = view(json!({"phase": "Succeeded", "nodes": {
            "a": {"type": "Pod", "templateName": "finalise", "phase": "Error"},
            "b": {"type": "Retry", "templateName": "finalise", "phase": "Succeeded", "outputs": {"parameters": [
                {"name": "verdict", "value": "passed"}, {"name": "points", "value": "10"}]}},
            "c": {"type": "Skipped", "templateName": "test", "phase": "Omitted"},
            "d": {"type": "Pod", "templateName": 7, "phase": {}},
        }}));
        assert_eq!(over.stages[4].state, StageState::Succeeded);
        assert_eq!(over.stages[2].state, StageState::NotRun);
        assert_eq!((over.verdict.as_deref(), over.points.as_deref()), (Some("passed"), Some("10")));
    }
}
