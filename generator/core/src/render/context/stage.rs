//! A stage, and a step of Argo's own, as the layout is given them.

use assay_contract::{Stage, facts, layout};
use serde::Serialize;

use crate::operator::{Operator, Quantity};
use crate::plan::{Plan, StagePlan};
use crate::render::steps::{PodWord, Step};
use crate::render::tag::{Parameter, Tag};
use crate::render::{steps, wiring};

/// A step of Argo's own.
#[derive(Serialize)]
pub(super) struct StepContext {
    pub(super) id: &'static str,
    pub(super) title: &'static str,
    pub(super) label: &'static str,
    pub(super) outputs: Vec<OutputWord>,
    pub(super) account: String,
    pub(super) deadline_seconds: String,
    pub(super) timeout: String,
    pub(super) user: u32,
    pub(super) workflow: String,
}

#[derive(Serialize)]
pub(super) struct OutputWord {
    pub(super) name: &'static str,
    pub(super) filter: String,
    pub(super) default: Option<&'static str>,
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
pub(super) struct StageContext {
    id: &'static str,
    title: &'static str,
    trust: assay_contract::Trust,
    inputs: Vec<String>,
    outputs: Vec<OutputFile>,
    deadline_seconds: String,
    timeout: String,
    retries: Option<String>,
    pod_patch: &'static str,
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

impl StepContext {
    pub(super) fn new(step: Step, operator: &Operator) -> Self {
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

impl StageContext {
    pub(super) fn new(stage_plan: &StagePlan, plan: &Plan, operator: &Operator) -> Self {
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
            pod_patch: wiring::POD_PATCH,
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
