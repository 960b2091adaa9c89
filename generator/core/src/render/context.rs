//! What the layout is given: a plan and an operator's configuration as flat values, tags included.

use assay_contract::{Lifetime, Stage, Volume, facts, layout};
use serde::Serialize;

use super::steps::{PodWord, Step};
use super::tag::{Parameter, Tag};
use super::{steps, wiring};
use crate::isolation::Isolation;
use crate::operator::{Nodes, Operator, Quantity, TaintEffect, Toleration};
use crate::plan::{Plan, StagePlan};

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

/// A step of Argo's own.
#[derive(Serialize)]
struct StepContext {
    id: &'static str,
    title: &'static str,
    label: &'static str,
    outputs: Vec<OutputWord>,
    account: String,
    deadline_seconds: String,
    timeout: String,
    user: u32,
    workflow: String,
}

#[derive(Serialize)]
struct OutputWord {
    name: &'static str,
    filter: String,
    default: Option<&'static str>,
}

/// What a stage has in addition that runs in a bare pod.
#[derive(Serialize)]
struct Bare {
    step: StepContext,
    ended: &'static str,
    name: String,
    account: String,
    runtime_class: Option<String>,
    deadline_seconds: u64,
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

#[derive(Serialize)]
struct StageContext {
    id: &'static str,
    title: &'static str,
    trust: assay_contract::Trust,
    inputs: Vec<String>,
    outputs: Vec<OutputFile>,
    deadline_seconds: String,
    timeout: String,
    retries: Option<String>,
    user: u32,
    image: String,
    command: [String; 2],
    arguments: Vec<String>,
    key: Option<Key>,
    cpu: String,
    memory: String,
    disk: String,
    bare: Option<Bare>,
    mounts: Vec<MountContext>,
}

#[derive(Serialize)]
struct OutputFile {
    name: &'static str,
    path: String,
    default: &'static str,
}

#[derive(Serialize)]
struct Key {
    variable: &'static str,
    secret: String,
    key: String,
}

#[derive(Serialize)]
struct MountContext {
    volume: &'static str,
    claim: String,
    path: String,
    read_only: bool,
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

impl StepContext {
    fn new(step: Step, operator: &Operator) -> Self {
        let (account, deadline) = steps::rights_and_deadline(step, operator);
        Self {
            id: step.id(),
            title: step.title(),
            label: step.label(),
            outputs: vec![],
            account: account.to_owned(),
            deadline_seconds: deadline.to_string(),
            timeout: wiring::timeout(deadline),
            user: operator.settings().users.trusted,
            workflow: Tag::job().to_string(),
        }
    }
}

impl Bare {
    fn new(stage: Stage, deadline_seconds: u64, operator: &Operator) -> Self {
        let settings = operator.settings();
        let word =
            |word: PodWord| OutputWord { name: word.id(), filter: word.filter(), default: word.default() };
        Self {
            step: StepContext {
                outputs: PodWord::ALL.map(word).into(),
                ..StepContext::new(Step::Launch { stage, deadline_seconds }, operator)
            },
            ended: steps::POD_ENDED,
            name: steps::bare_pod(stage),
            account: settings.service_accounts.job.clone(),
            runtime_class: settings.isolation.runtime_class.clone(),
            deadline_seconds,
        }
    }
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

impl StageContext {
    fn new(stage_plan: &StagePlan, plan: &Plan, operator: &Operator) -> Self {
        let StagePlan { stage, image, uid, deadline_seconds, memory_bytes, cpu_milli } = stage_plan;
        let settings = operator.settings();
        let retries = wiring::retries(*stage);
        Self {
            id: stage.id(),
            title: title(*stage),
            trust: stage.trust(),
            inputs: wiring::inputs(*stage).map(facts::Fact::name).collect(),
            outputs: stage_plan
                .outputs()
                .iter()
                .map(|output| OutputFile { name: output.name(), path: output.path(), default: facts::NONE })
                .collect(),
            deadline_seconds: deadline_seconds.to_string(),
            timeout: wiring::timeout(*deadline_seconds),
            retries: (retries > 0).then(|| retries.to_string()),
            user: *uid,
            image: image.clone(),
            command: [stage_plan.program(), stage.id().into()],
            arguments: wiring::arguments(*stage, plan),
            key: stage.holds_key().then(|| Key {
                variable: layout::SIGNING_KEY,
                secret: settings.signing_key.secret.clone(),
                key: settings.signing_key.key.clone(),
            }),
            cpu: format!("{cpu_milli}m"),
            memory: Quantity::from_bytes(*memory_bytes).to_string(),
            disk: operator.ephemeral_storage(*stage).to_string(),
            bare: wiring::is_bare(*stage, plan.isolation)
                .then(|| Bare::new(*stage, *deadline_seconds, operator)),
            mounts: stage_plan
                .mounts()
                .into_iter()
                .map(|mount| MountContext {
                    volume: mount.volume.id(),
                    claim: operator.claim(
                        mount.volume,
                        &plan.assignment,
                        &Tag::parameter(Parameter::Student).to_string(),
                        &Tag::job().to_string(),
                    ),
                    path: mount.volume.path(),
                    read_only: mount.access.is_read_only(),
                })
                .collect(),
        }
    }
}

/// A stage's name in Argo's pages.
pub(crate) const fn title(stage: Stage) -> &'static str {
    match stage {
        Stage::Setup => "Setup",
        Stage::Verify => "Verify",
        Stage::Test => "Test",
        Stage::Results => "Results",
        Stage::Finalise => "Finalise",
    }
}
