//! What a Workflow tells of its job. What it does not say, or in a form that is not known, is as if it were not there yet.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use assay_contract::facts::NONE;
use assay_contract::result::StageStatus;
use assay_contract::{Output, Stage};
use jiff::Timestamp;
use kube::api::DynamicObject;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{JobView, StageState, StageView, State};

/// What is read of a Workflow's specification; what is missing is as if it were not there yet.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Spec {
    arguments: Parameters,
}

/// What is read of its status.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Status {
    phase: String,
    message: String,
    /// Read one by one: a node of an unknown form hides no other.
    nodes: BTreeMap<String, Value>,
    /// The template as Argo took it when the job began.
    stored_workflow_template_spec: Template,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Template {
    workflow_metadata: Metadata,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Metadata {
    labels: BTreeMap<String, String>,
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
    children: Vec<String>,
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

pub(crate) fn read(object: &DynamicObject) -> JobView {
    let spec: Spec = part(&object.data, "spec");
    let status: Status = part(&object.data, "status");
    let nodes: BTreeMap<String, Node> = status
        .nodes
        .iter()
        .filter_map(|(id, node)| Some((id.clone(), serde_json::from_value(node.clone()).ok()?)))
        .collect();
    // Argo 4.0.7 may forget to put the template's labels on a Workflow that had to wait for the controller's own cap.
    let meant = &status.stored_workflow_template_spec.workflow_metadata.labels;
    let label = |key: &str| {
        object.metadata.labels.as_ref().and_then(|all| all.get(key)).or_else(|| meant.get(key)).cloned()
    };
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
    let said = |output: Output| {
        let told = standing_for(output.stage(), &nodes);
        told.iter().find_map(|node| value(&node.outputs.parameters, output.name()))
    };
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
        fault: said(Output::Fault).filter(|fault| fault != NONE),
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

/// The nodes that stand for a stage, the telling one first. Of a stage that is tried again it is the whole. Finalise is
/// called by the handler of exits too: then it is the call that succeeded, or else the later one.
fn standing_for(stage: Stage, nodes: &BTreeMap<String, Node>) -> Vec<&Node> {
    let tries: BTreeSet<&String> =
        nodes.values().filter(|node| node.kind == "Retry").flat_map(|node| &node.children).collect();
    let of_stage = nodes.iter().filter(|(id, node)| node.template_name == stage.id() && !tries.contains(id));
    let mut of_stage: Vec<&Node> = of_stage.map(|(_, node)| node).collect();
    of_stage.sort_by_key(|node| Reverse((node.phase == "Succeeded", node.started_at)));
    of_stage
}

fn stage_view(stage: Stage, nodes: &BTreeMap<String, Node>) -> StageView {
    let unborn = Node::default();
    let node = standing_for(stage, nodes).first().copied().unwrap_or(&unborn);
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
    use serde_json::json;

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
    fn a_job_without_its_labels_is_known_by_its_template() {
        let labels =
            json!({"assay.dev/course": "c", "assay.dev/assignment": "a", "assay.dev/revision": "01234567"});
        let job: DynamicObject = serde_json::from_value(json!({
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "Workflow",
            "metadata": {"name": "j-1", "labels": {"workflows.argoproj.io/phase": "Running"}},
            "spec": {},
            "status": {"storedWorkflowTemplateSpec": {"workflowMetadata": {"labels": labels}}},
        }))
        .unwrap();
        let view = read(&job);
        assert_eq!((view.assignment.as_str(), view.revision.as_str()), ("c/a", "01234567"));
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
    fn a_stage_that_is_tried_again_is_one_stage_and_tells_the_verdict() {
        let over = view(json!({"phase": "Succeeded", "nodes": {
            "a": {"type": "Pod", "templateName": "finalise", "phase": "Error"},
            "b": {"type": "Retry", "templateName": "finalise", "phase": "Succeeded", "children": ["a"], "outputs": {"parameters": [
                {"name": "verdict", "value": "passed"}, {"name": "points", "value": "10"}]}},
            "c": {"type": "Skipped", "templateName": "test", "phase": "Omitted"},
            "d": {"type": "Pod", "templateName": 7, "phase": {}},
        }}));
        assert_eq!(over.stages[4].state, StageState::Succeeded);
        assert_eq!(over.stages[2].state, StageState::NotRun);
        assert_eq!((over.verdict.as_deref(), over.points.as_deref()), (Some("passed"), Some("10")));
    }

    #[test]
    fn a_stage_that_is_to_be_tried_again_has_not_failed() {
        let running = view(json!({"phase": "Running", "nodes": {
            "a": {"type": "Retry", "templateName": "finalise", "phase": "Running", "children": ["b"],
                "startedAt": "2026-03-16T10:00:00Z"},
            "b": {"type": "Pod", "templateName": "finalise", "phase": "Failed", "startedAt": "2026-03-16T10:00:01Z"},
        }}));
        assert_eq!(running.stages[4].state, StageState::Running);
    }

    #[test]
    fn of_finalise_and_its_rescue_the_one_that_concluded_is_told_in_whatever_order_argo_names_them() {
        let concluded = json!({"type": "Retry", "templateName": "finalise", "phase": "Succeeded",
            "startedAt": "2026-03-16T10:00:00Z", "outputs": {"parameters": [
                {"name": "verdict", "value": "not-run"}, {"name": "points", "value": "0"}]}});
        let failed = json!({"type": "Retry", "templateName": "finalise", "phase": "Failed",
            "startedAt": "2026-03-16T10:01:00Z"});
        let pending = json!({"type": "Pod", "templateName": "finalise", "phase": "Pending",
            "startedAt": "2026-03-16T10:02:00Z"});
        for (one, other) in [(&concluded, &failed), (&failed, &concluded)] {
            let over = view(json!({"phase": "Failed", "nodes": {"a": one, "b": other}}));
            assert_eq!(over.stages[4].state, StageState::Succeeded);
            assert_eq!((over.verdict.as_deref(), over.points.as_deref()), (Some("not-run"), Some("0")));
        }
        for (one, other) in [(&pending, &failed), (&failed, &pending)] {
            let rescued = view(json!({"phase": "Running", "nodes": {"a": one, "b": other}}));
            assert_eq!(rescued.stages[4].state, StageState::Starting, "the later one");
        }
    }
}
