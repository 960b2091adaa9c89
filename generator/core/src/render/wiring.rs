//! How the facts of the contract reach a stage through Argo: as parameters of the job, of the templates in between, and as
//! words of the command line.

use assay_contract::result::StageStatus;
use assay_contract::{Fact, Output, Stage, Trust, facts};

use super::tag::{Parameter, Tag};
use crate::isolation::Isolation;
use crate::plan::Plan;

/// Whose task a fact is taken from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Origin {
    /// A stage's.
    Stage(Stage),
    /// That of the step which tells causes.
    Cause,
}

/// The task from which a fact is taken; `None` for facts that are known from the start.
fn origin(fact: Fact) -> Option<Origin> {
    match fact {
        Fact::Status(stage) | Fact::ExitCode(stage) => Some(Origin::Stage(stage)),
        Fact::Cause(_) => Some(Origin::Cause),
        Fact::From(output) => Some(Origin::Stage(output.stage())),
        Fact::Job | Fact::Assignment | Fact::Revision | Fact::Student | Fact::Digest | Fact::HandedIn => None,
    }
}

/// The facts that a stage is handed as input parameters.
pub(crate) fn inputs(stage: Stage) -> impl Iterator<Item = Fact> {
    assay_contract::facts::facts(stage).iter().copied().filter(|fact| origin(*fact).is_some())
}

/// What is carried from Setup past the locks to the stages behind them, each once.
pub(crate) fn carried() -> Vec<Fact> {
    let mut carried = vec![];
    for fact in Stage::ALL.into_iter().flat_map(inputs) {
        if origin(fact) == Some(Origin::Stage(Stage::Setup)) && !carried.contains(&fact) {
            carried.push(fact);
        }
    }
    carried
}

/// A fact as the DAG knows it in which its stage is a task.
///
/// `None` for facts that tell of no stage.
pub(crate) fn from_task(fact: Fact) -> Option<Tag> {
    match fact {
        Fact::Status(stage) => Some(Tag::status(stage)),
        Fact::ExitCode(stage) => Some(Tag::exit_code(stage)),
        Fact::Cause(stage) => Some(Tag::cause(stage)),
        Fact::From(output) => Some(Tag::output(output)),
        Fact::Job | Fact::Assignment | Fact::Revision | Fact::Student | Fact::Digest | Fact::HandedIn => None,
    }
}

/// A fact as the DAG behind the locks knows it: handed down where Setup is its origin, otherwise from its own tasks.
pub(crate) fn behind_locks(fact: Fact, isolation: Isolation) -> Option<Tag> {
    if origin(fact) == Some(Origin::Stage(Stage::Setup)) {
        return Some(Tag::input(&fact.name()));
    }
    match fact {
        Fact::Status(stage) if is_bare(stage, isolation) => Some(Tag::bare_status(stage)),
        Fact::ExitCode(stage) if is_bare(stage, isolation) => Some(Tag::bare_exit_code(stage)),
        Fact::Cause(stage) if is_bare(stage, isolation) => Some(Tag::bare_cause(stage)),
        _ => from_task(fact),
    }
}

/// Whether a stage runs in a bare pod, made by a step.
pub(crate) fn is_bare(stage: Stage, isolation: Isolation) -> bool {
    isolation == Isolation::Strict && stage.trust() == Trust::Untrusted
}

/// A fact as it is told where a job is concluded of which nothing is known: no stage ran, nothing was left.
pub(crate) fn unknown(fact: Fact) -> &'static str {
    match fact {
        Fact::Status(_) => StageStatus::Omitted.id(),
        _ => facts::NONE,
    }
}

/// A fact's value on a stage's command line.
pub(crate) fn word(fact: Fact, plan: &Plan) -> String {
    match fact {
        Fact::Job => Tag::job().to_string(),
        Fact::Assignment => plan.assignment.to_string(),
        Fact::Revision => plan.revision.to_string(),
        Fact::Student => Tag::parameter(Parameter::Student).to_string(),
        Fact::Digest => Tag::parameter(Parameter::Digest).to_string(),
        Fact::HandedIn => Tag::parameter(Parameter::HandedIn).to_string(),
        Fact::Status(_) | Fact::ExitCode(_) | Fact::Cause(_) | Fact::From(_) => {
            Tag::input(&fact.name()).to_string()
        }
    }
}

/// A stage's command line behind its program: `--<fact> <value>` for each fact.
pub(crate) fn arguments(stage: Stage, plan: &Plan) -> Vec<String> {
    assay_contract::facts::facts(stage)
        .iter()
        .flat_map(|fact| [format!("--{}", fact.name()), word(*fact, plan)])
        .collect()
}

/// When Verify runs, and Test after it: Setup accepted the submission.
pub(crate) fn accepted() -> String {
    format!("{} == {ACCEPTED}", Tag::input(Output::Outcome.name()))
}

/// When Test runs behind a Verify in a bare pod: that pod succeeded, and not only the step that made it.
pub(crate) fn built(isolation: Isolation) -> Option<String> {
    is_bare(Stage::Verify, isolation)
        .then(|| format!("{} == {}", Tag::bare_status(Stage::Verify), StageStatus::Succeeded.id()))
}

/// When bare pods are removed: they may have been made.
pub(crate) fn has_bare_pods() -> String {
    format!("{} != {}", Tag::status(Stage::Verify), StageStatus::Skipped.id())
}

/// When a job is rescued: it did not come to its end.
pub(crate) fn is_rescued() -> String {
    format!("{} != {}", Tag::phase(), StageStatus::Succeeded.id())
}

/// What Assay changes of the pods that Argo makes of stages: a strategic merge with Argo's own two containers.
///
/// The stage's container starts before Argo's. Both look once a second, from their starts, whether the stage has ended, and the
/// later one to start sees it sooner: by most of a second a stage.
///
/// Argo's container reads what it is to do from a file in a folder that both can write, and Argo's controller ends containers
/// by a program in there, which runs beside the executor's token. So the stage's container cannot write these two, nor
/// remove or rename them: each is a mount of its own.
pub(crate) const POD_PATCH: &str = concat!(
    r#"{"$setElementOrder/containers": [{"name": "main"}, {"name": "wait"}], "#,
    r#""containers": [{"name": "main", "volumeMounts": ["#,
    r#"{"name": "var-run-argo", "mountPath": "/var/run/argo/argoexec", "subPath": "argoexec", "readOnly": true}, "#,
    r#"{"name": "var-run-argo", "mountPath": "/var/run/argo/template", "subPath": "template", "readOnly": true}]}]}"#
);

/// What Setup leaves as its outcome when the job is to go on.
const ACCEPTED: &str = "accepted";

/// How often a stage is tried again.
///
/// Argo keeps neither exit code nor outputs of a failed task that it retries. Results is told both of Setup, Verify and
/// Test, and a second run of student code could end differently; so only the stages after them are retried.
pub(crate) const fn retries(stage: Stage) -> u32 {
    match stage {
        Stage::Setup | Stage::Verify | Stage::Test => 0,
        Stage::Results | Stage::Finalise => 2,
    }
}

/// How long Argo waits for a stage, in its notation.
///
/// It must equal the stage's deadline: Argo 4.0 puts it in the place of the pod's own deadline, even where it is longer.
/// It ends pods that find no node, which no other deadline of a pod does.
pub(crate) fn timeout(deadline_seconds: u64) -> String {
    format!("{deadline_seconds}s")
}

/// The student's lock.
pub(crate) fn lock() -> String {
    format!("student-{}", Tag::parameter(Parameter::Student))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_tells_of_a_stage_reaches_the_stages_behind_it() {
        for (stage, isolation) in [Stage::Results, Stage::Finalise]
            .into_iter()
            .flat_map(|stage| Isolation::ALL.map(|isolation| (stage, isolation)))
        {
            for fact in inputs(stage) {
                assert!(behind_locks(fact, isolation).is_some(), "{}", fact.name());
                assert!(
                    origin(fact) != Some(Origin::Stage(Stage::Setup)) || carried().contains(&fact),
                    "{}",
                    fact.name()
                );
            }
        }
        assert!(carried().contains(&Fact::From(Output::Outcome)), "Verify is decided by it");
        assert!([Stage::Setup, Stage::Verify, Stage::Test].iter().all(|stage| inputs(*stage).count() == 0));
    }

    #[test]
    fn nothing_carried_shares_a_name() {
        let carried = carried();
        let names: std::collections::BTreeSet<_> = carried.iter().map(|fact| fact.name()).collect();
        assert_eq!(names.len(), carried.len());
    }
}
