//! Reads from a template what its assignment decided, so that all the rest can be held against what follows from it.

use assay_contract::{AssignmentId, Digest, Stage};
use serde_json::Value;

use super::expected::{ASSIGNMENT, DESCRIPTION, REVISION, TITLE};
use super::finding::{Code, Finding, shown, visible};
use super::path::Path;
use crate::isolation::Isolation;
use crate::operator::{Image, Operator, Quantity};
use crate::plan::{Described, Needs, Plan, PlanError};

/// What could be read.
pub(super) struct Recovered {
    /// The plan, with stand-ins for what is in `problems`; `None` where no template can be right under this operator.
    pub(super) plan: Option<Plan>,
    /// What could not be read, or is not allowed.
    pub(super) problems: Vec<Finding>,
}

pub(super) fn recover(found: &Value, operator: &Operator) -> Recovered {
    let mut problems = vec![];
    let mut described = described(found, operator, &mut problems);
    // Each round replaces one refused value by a stand-in that is allowed; there are nine of them: an image may be refused twice.
    for _ in 0..10 {
        match Plan::new(&described, operator) {
            Ok(plan) => return Recovered { plan: Some(plan), problems },
            Err(error) => problems.push(stand_in(&error, &mut described, operator)),
        }
    }
    Recovered { plan: None, problems }
}

fn described(found: &Value, operator: &Operator, problems: &mut Vec<Finding>) -> Described {
    let slack = &operator.settings().slack;
    let text = |name: &str| {
        let value = found.get("metadata").and_then(|m| m.get("annotations")).and_then(|a| a.get(name));
        value.and_then(Value::as_str).ok_or_else(|| format!("expected a text, found {}", shown(value)))
    };
    let mut read = |name: &str, problem: String| {
        problems.push(Finding::new(Code::Described, &annotation(name), problem))
    };
    let assignment = text(ASSIGNMENT).and_then(|text| {
        AssignmentId::new(text).map_err(|error| format!("expected {error}, found {}", visible(text)))
    });
    let assignment = assignment.unwrap_or_else(|problem| {
        read(ASSIGNMENT, problem);
        stand_in_assignment()
    });
    let revision = text(REVISION).and_then(|text| {
        Digest::new(text).map_err(|error| format!("expected {error}, found {}", visible(text)))
    });
    let revision = revision.unwrap_or_else(|problem| {
        read(REVISION, problem);
        stand_in_revision()
    });
    let title = text(TITLE).unwrap_or_else(|problem| {
        read(TITLE, problem);
        STAND_IN_TITLE
    });
    let description = text(DESCRIPTION).unwrap_or_else(|problem| {
        read(DESCRIPTION, problem);
        ""
    });
    // A stage is as strict as its own template: one of the two that is not as the other differs from what is expected.
    let bare = |stage| template(found, stage).and_then(|template| bare_pod(template));
    let container = |stage| match bare(stage) {
        Some(pod) => main_container(pod),
        None => template(found, stage).and_then(|template| template.get("container")),
    };
    let image = |stage| container(stage).and_then(|c| c.get("image")).and_then(Value::as_str);
    let isolation = Some(if bare(Stage::Verify).is_some() { Isolation::Strict } else { Isolation::Standard });
    let (of_verify, of_test) = (image(Stage::Verify), image(Stage::Test));
    if of_verify != of_test {
        let message = format!(
            "expected the same image as in test, found {}",
            of_verify.map_or_else(|| "nothing".into(), visible)
        );
        let path = container_path(Stage::Verify, isolation).field("image");
        problems.push(Finding::new(Code::Image, &path, message));
    }
    let needs = |stage| {
        let deadline =
            |value: Option<&Value>| value.and_then(|value| value.get("activeDeadlineSeconds")).cloned();
        let deadline = match bare(stage) {
            Some(pod) => deadline(pod.get("spec")).as_ref().and_then(Value::as_u64),
            None => deadline(template(found, stage))
                .as_ref()
                .and_then(Value::as_str)
                .and_then(|text| text.parse::<u64>().ok()),
        };
        let limits = container(stage).and_then(|c| c.get("resources")).and_then(|r| r.get("limits"));
        let memory = limits.and_then(|l| l.get("memory")).and_then(Value::as_str);
        let memory = memory.and_then(|text| Quantity::parse(text).ok()).map_or(0, Quantity::bytes);
        Needs {
            // Less than the slack cannot be; what is expected then is the least there can be, and differs.
            wall_seconds: deadline.unwrap_or(0).saturating_sub(slack.start_seconds),
            memory_bytes: memory.saturating_sub(slack.memory.bytes()),
        }
    };
    Described {
        assignment,
        revision,
        title: title.to_owned(),
        description: description.to_owned(),
        image: of_verify.unwrap_or(STAND_IN_IMAGE).to_owned(),
        isolation,
        verify: needs(Stage::Verify),
        test: needs(Stage::Test),
    }
}

/// Names the refused value, and puts in its place one that is allowed.
fn stand_in(error: &PlanError, described: &mut Described, operator: &Operator) -> Finding {
    let isolation = described.isolation;
    let (code, path) = match error {
        PlanError::Text { field: "title", .. } => {
            described.title = STAND_IN_TITLE.into();
            (Code::Described, annotation(TITLE))
        }
        PlanError::Text { .. } => {
            described.description = String::new();
            (Code::Described, annotation(DESCRIPTION))
        }
        PlanError::Image(_) => {
            described.image = STAND_IN_IMAGE.into();
            (Code::Image, container_path(Stage::Verify, isolation).field("image"))
        }
        PlanError::Deadline { stage, .. } => {
            needs_of(described, *stage).wall_seconds = 0;
            (Code::Deadline, pod_path(*stage, isolation).field("activeDeadlineSeconds"))
        }
        PlanError::Memory { stage, .. } => {
            needs_of(described, *stage).memory_bytes = 0;
            (Code::Resources, container_path(*stage, isolation).fields(["resources", "limits", "memory"]))
        }
        PlanError::Registry { .. } => {
            // Some registry is allowed, or none would have been refused.
            let allowed = operator.settings().registries.first();
            described.image = allowed.map_or_else(|| STAND_IN_IMAGE.into(), |host| Image::unknown_of(host));
            (Code::Image, container_path(Stage::Verify, isolation).field("image"))
        }
        PlanError::ClaimOfAStudent { .. } => {
            described.assignment = stand_in_assignment();
            (Code::Claim, annotation(ASSIGNMENT))
        }
    };
    Finding::new(code, &path, error.to_string())
}

const STAND_IN_TITLE: &str = "untitled";
const STAND_IN_IMAGE: &str = "unknown";

fn stand_in_assignment() -> AssignmentId {
    AssignmentId::new("unknown/unknown").expect("a course and a name of letters")
}

fn stand_in_revision() -> Digest {
    Digest::new("0".repeat(64)).expect("64 digits")
}

fn needs_of(described: &mut Described, stage: Stage) -> &mut Needs {
    if stage == Stage::Verify { &mut described.verify } else { &mut described.test }
}

fn annotation(name: &str) -> Path {
    Path::root().fields(["metadata", "annotations", name])
}

fn stage_path(stage: Stage) -> Path {
    Path::root().fields(["spec", "templates"]).named(stage.id())
}

/// Where a stage's container is.
fn container_path(stage: Stage, isolation: Option<Isolation>) -> Path {
    match isolation {
        Some(Isolation::Strict) => pod_path(stage, isolation).field("containers").named("main"),
        _ => stage_path(stage).field("container"),
    }
}

/// Where what holds of a stage's pod is.
fn pod_path(stage: Stage, isolation: Option<Isolation>) -> Path {
    match isolation {
        Some(Isolation::Strict) => stage_path(stage).fields(["resource", "manifest", "spec"]),
        _ => stage_path(stage),
    }
}

fn template(found: &Value, stage: Stage) -> Option<&Value> {
    let templates = found.get("spec")?.get("templates")?.as_array()?;
    templates.iter().find(|template| template.get("name").and_then(Value::as_str) == Some(stage.id()))
}

/// The opened manifest of the pod that a template makes.
fn bare_pod(template: &Value) -> Option<&Value> {
    template.get("resource")?.get("manifest").filter(|manifest| manifest.is_object())
}

fn main_container(pod: &Value) -> Option<&Value> {
    let containers = pod.get("spec")?.get("containers")?.as_array()?;
    containers.iter().find(|container| container.get("name").and_then(Value::as_str) == Some("main"))
}
