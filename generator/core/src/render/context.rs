//! What the layout is given: a plan and an operator's configuration as flat values, tags included.

mod stage;

use assay_contract::{Lifetime, Stage, Volume, facts};
use serde::Serialize;

use super::steps::Step;
use super::tag::{Parameter, Tag};
use super::{steps, wiring};
use crate::isolation::Isolation;
use crate::operator::{Nodes, Operator, TaintEffect, Toleration};
use crate::plan::Plan;
use stage::{OutputWord, StageContext, StepContext};

pub(crate) use stage::title;

#[derive(Serialize)]
pub(super) struct Job {
    name: String,
    namespace: String,
    labels: Labels,
    assignment: String,
    revision: String,
    title: String,
    description: String,
    parameters: Vec<JobParameter>,
    service_account: String,
    executor_account: String,
    job_deadline_seconds: u64,
    keep: KeepFor,
    job_claims: Vec<&'static str>,
    storage: Storage,
    locks: Locks,
    turn: Turn,
    graded: Graded,
    nodes: NodesContext,
    stages: Vec<StageContext>,
    cause: StepContext,
    remove: Option<Removal>,
    rescue: Rescue,
}

#[derive(Serialize)]
struct Labels {
    course: String,
    assignment: String,
    revision: String,
}

#[derive(Serialize)]
struct JobParameter {
    name: &'static str,
    description: &'static str,
    value: Option<String>,
}

#[derive(Serialize)]
struct KeepFor {
    pods: String,
    success_seconds: u64,
    failure_seconds: u64,
}

#[derive(Serialize)]
struct Storage {
    class: String,
    size: String,
}

#[derive(Serialize)]
struct Locks {
    student: String,
    cap_config_map: String,
    cap_key: String,
}

#[derive(Serialize)]
struct Turn {
    after_setup: Vec<FactValue>,
    handed_down: Vec<FactValue>,
}

#[derive(Serialize)]
struct Graded {
    accepted: String,
    built: Option<String>,
    cause_is_asked: String,
    has_bare_pods: String,
    results: Vec<FactValue>,
    finalise: Vec<FactValue>,
}

#[derive(Serialize)]
struct Removal {
    step: StepContext,
    pods: Vec<String>,
}

#[derive(Serialize)]
struct Rescue {
    when: String,
    facts: Vec<FactValue>,
}

#[derive(Serialize)]
struct NodesContext {
    selector: Vec<LabelContext>,
    tolerations: Vec<TolerationContext>,
}

#[derive(Serialize)]
struct LabelContext {
    key: String,
    value: String,
}

#[derive(Serialize)]
struct TolerationContext {
    key: String,
    value: Option<String>,
    effect: Option<TaintEffect>,
}

#[derive(Serialize)]
struct FactValue {
    name: String,
    value: String,
}

impl Job {
    pub(super) fn new(plan: &Plan, operator: &Operator) -> Self {
        let Plan { assignment, revision, title, description, isolation, stages } = plan;
        let isolation = *isolation;
        let settings = operator.settings();
        let behind_locks = |fact| wiring::behind_locks(fact, isolation);
        Self {
            name: plan.name(),
            namespace: settings.namespace.clone(),
            labels: Labels {
                course: assignment.course().into(),
                assignment: assignment.name().into(),
                revision: revision.short().into(),
            },
            assignment: assignment.to_string(),
            revision: revision.to_string(),
            title: title.clone(),
            description: description.clone(),
            parameters: Parameter::ALL
                .into_iter()
                .map(|parameter| JobParameter {
                    name: parameter.name(),
                    description: parameter.description(),
                    value: parameter.default().map(|tag| tag.to_string()),
                })
                .collect(),
            service_account: settings.service_accounts.job.clone(),
            executor_account: settings.service_accounts.executor.clone(),
            job_deadline_seconds: settings.job_deadline_seconds,
            keep: KeepFor {
                pods: format!("{}s", settings.keep.pods_seconds),
                success_seconds: settings.keep.success_seconds,
                failure_seconds: settings.keep.failure_seconds,
            },
            job_claims: Volume::ALL
                .into_iter()
                .filter(|volume| volume.lifetime() == Lifetime::Job)
                .map(Volume::id)
                .collect(),
            storage: Storage {
                class: settings.job_storage.class.clone(),
                size: settings.job_storage.size.to_string(),
            },
            locks: Locks {
                student: wiring::lock(),
                cap_config_map: settings.cap.config_map.clone(),
                cap_key: settings.cap.key.clone(),
            },
            turn: Turn {
                after_setup: values(wiring::carried(), wiring::from_task),
                handed_down: values(wiring::carried(), behind_locks),
            },
            graded: Graded {
                accepted: wiring::accepted(),
                built: wiring::built(isolation),
                cause_is_asked: steps::cause_is_asked(isolation),
                has_bare_pods: wiring::has_bare_pods(),
                results: values(wiring::inputs(Stage::Results), behind_locks),
                finalise: values(wiring::inputs(Stage::Finalise), behind_locks),
            },
            stages: stages.iter().map(|stage| StageContext::new(stage, plan, operator)).collect(),
            nodes: NodesContext::new(operator),
            cause: StepContext {
                outputs: steps::asked(isolation).into_iter().map(cause_of).collect(),
                ..StepContext::new(Step::Cause, operator)
            },
            remove: (isolation == Isolation::Strict).then(|| Removal {
                step: StepContext::new(Step::Remove, operator),
                pods: [Stage::Verify, Stage::Test].map(steps::bare_pod).into(),
            }),
            rescue: Rescue {
                when: wiring::is_rescued(),
                facts: wiring::inputs(Stage::Finalise)
                    .map(|fact| FactValue { name: fact.name(), value: wiring::unknown(fact).into() })
                    .collect(),
            },
        }
    }
}

fn cause_of(stage: Stage) -> OutputWord {
    OutputWord { name: stage.id(), filter: steps::cause_of(stage), default: Some(facts::NONE) }
}

impl NodesContext {
    fn new(operator: &Operator) -> Self {
        let Nodes { selector, tolerations } = operator.settings().nodes.clone();
        let toleration =
            |Toleration { key, value, effect }: Toleration| TolerationContext { key, value, effect };
        Self {
            selector: selector.into_iter().map(|(key, value)| LabelContext { key, value }).collect(),
            tolerations: tolerations.into_iter().map(toleration).collect(),
        }
    }
}

/// Facts with their values as a DAG knows them.
fn values(
    facts: impl IntoIterator<Item = facts::Fact>,
    value: impl Fn(facts::Fact) -> Option<Tag>,
) -> Vec<FactValue> {
    facts
        .into_iter()
        .filter_map(|fact| Some(FactValue { name: fact.name(), value: value(fact)?.to_string() }))
        .collect()
}
