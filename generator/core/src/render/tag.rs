//! Tags that Argo replaces when a job runs. They are made here from checked names and nowhere else; text from an author
//! or student never becomes part of one.

use std::fmt;

use assay_contract::result::StageStatus;
use assay_contract::{Cause, Exit, Fact, Output, Stage, facts};

use super::steps::PodWord;

/// A parameter of the whole job, which whoever starts it sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Parameter {
    /// Whose submission.
    Student,
    /// SHA-256 of the zip.
    Digest,
    /// When it was handed in.
    HandedIn,
}

impl Parameter {
    pub(crate) const ALL: [Parameter; 3] = [Parameter::Student, Parameter::Digest, Parameter::HandedIn];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Parameter::Student => "student",
            Parameter::Digest => "digest",
            Parameter::HandedIn => "handed-in",
        }
    }

    pub(crate) const fn description(self) -> &'static str {
        match self {
            Parameter::Student => "Whose submission: the name in the student's claim.",
            Parameter::Digest => "SHA-256 of the zip, in lower-case hexadecimal.",
            Parameter::HandedIn => {
                "When it was handed in, RFC 3339 in UTC; the queue server's ticket says it. Otherwise now."
            }
        }
    }

    /// What holds where it is not set. Argo replaces tags in a parameter's value where the parameter is used.
    pub(crate) fn default(self) -> Option<Tag> {
        match self {
            Parameter::Student | Parameter::Digest => None,
            Parameter::HandedIn => Some(Tag::created()),
        }
    }
}

/// A tag of Argo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tag(String);

impl Tag {
    /// The job's id.
    pub(crate) fn job() -> Self {
        Self("{{workflow.name}}".into())
    }

    /// When the job was created.
    fn created() -> Self {
        Self("{{workflow.creationTimestamp.RFC3339}}".into())
    }

    /// The job's phase, as its exit handler knows it.
    pub(crate) fn phase() -> Self {
        Self("{{workflow.status}}".into())
    }

    /// A parameter of the job.
    pub(crate) fn parameter(parameter: Parameter) -> Self {
        Self(format!("{{{{workflow.parameters.{}}}}}", parameter.name()))
    }

    /// What a template was handed under that name.
    pub(crate) fn input(name: &str) -> Self {
        Self(format!("{{{{inputs.parameters.{name}}}}}"))
    }

    /// How an earlier task of the same DAG ended; always known.
    pub(crate) fn status(stage: Stage) -> Self {
        Self(format!("{{{{tasks.{stage}.status}}}}"))
    }

    /// The exit code of an earlier task of the same DAG.
    ///
    /// A task that was skipped, omitted or lost has none, and a plain tag without a value makes Argo wait for ever. There
    /// must be no `?.` behind the task's name: Argo would then settle on the default before the task has run.
    pub(crate) fn exit_code(stage: Stage) -> Self {
        Self(format!("{{{{=tasks.{stage}.exitCode ?? '{}'}}}}", facts::NONE))
    }

    /// Why an earlier stage's pod ended, as the step of that name found. Where it was left out there is nothing to tell; where
    /// it failed, perhaps by what ended the stage too, a bare exit code must not decide against the student.
    pub(crate) fn cause(stage: Stage) -> Self {
        let otherwise = unseen("cause", Cause::Other);
        Self(format!("{{{{=tasks.cause.outputs?.parameters?.{stage} ?? {otherwise}}}}}"))
    }

    /// A word that the step which made a stage's bare pod left of it; `otherwise` where it left none.
    ///
    /// `otherwise` is part of the tag's expression: names of tasks and quoted words of ours.
    fn of_bare_pod(stage: Stage, word: PodWord, otherwise: &str) -> Self {
        Self(format!("{{{{=tasks.{stage}.outputs?.parameters?.{} ?? {otherwise}}}}}", word.id()))
    }

    /// How a stage ended that ran in a bare pod: the task that made the pod succeeds however the pod ended.
    pub(crate) fn bare_status(stage: Stage) -> Self {
        Self::of_bare_pod(stage, PodWord::Status, &format!("tasks.{stage}.status"))
    }

    /// The exit code of a stage that ran in a bare pod.
    pub(crate) fn bare_exit_code(stage: Stage) -> Self {
        Self::of_bare_pod(stage, PodWord::Exit, &format!("'{}'", facts::NONE))
    }

    /// Why a bare pod ended. Where the task that made it failed, nobody saw its end, and what that task's own pod died of is
    /// nothing that a student did.
    pub(crate) fn bare_cause(stage: Stage) -> Self {
        let otherwise = unseen(stage.id(), Cause::Lost);
        Self::of_bare_pod(stage, PodWord::Cause, &otherwise)
    }

    /// Whether a stage ended so that its tool could not say why: it failed, and not with a code of ours.
    ///
    /// Of Setup, which ended before the locks, it is asked through what was handed down. Each question is a tag of its own:
    /// the two are answered at different times. A task's status comes first in it, so that Argo cannot settle it early.
    pub(crate) fn ended_without_a_word(stage: Stage) -> Self {
        let (status, exit) = match stage {
            Stage::Setup => (
                format!("inputs.parameters['{}']", Fact::Status(stage).name()),
                format!("inputs.parameters['{}']", Fact::ExitCode(stage).name()),
            ),
            Stage::Verify | Stage::Test | Stage::Results | Stage::Finalise => {
                (format!("tasks.{stage}.status"), format!("(tasks.{stage}.exitCode ?? '{}')", facts::NONE))
            }
        };
        let ours: Vec<_> = Exit::ALL
            .iter()
            .filter(|exit| **exit != Exit::Done)
            .map(|exit| format!("'{}'", exit.code()))
            .collect();
        let (failed, error, ours) = (StageStatus::Failed.id(), StageStatus::Error.id(), ours.join(", "));
        Self(format!("{{{{={status} in ['{failed}', '{error}'] && !({exit} in [{ours}])}}}}"))
    }

    /// What an earlier task of the same DAG left, as [`Tag::exit_code`]; a failed task may lack any part of the path.
    pub(crate) fn output(output: Output) -> Self {
        let (stage, name) = (output.stage(), output.name());
        Self(format!("{{{{=tasks.{stage}.outputs?.parameters?.['{name}'] ?? '{}'}}}}", facts::NONE))
    }
}

/// The part of an expression that is `cause` where that task failed, and no cause where it did not.
fn unseen(task: &str, cause: Cause) -> String {
    let (failed, error) = (StageStatus::Failed.id(), StageStatus::Error.id());
    format!("(tasks.{task}.status in ['{failed}', '{error}'] ? '{cause}' : '{}')", Cause::None)
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
