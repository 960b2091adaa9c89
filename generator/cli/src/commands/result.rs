//! `assay result`.

use assay_cluster::files::{self, Document};
use assay_cluster::job::{self, JobView};
use assay_contract::receipts::Statement;
use assay_contract::result::{PrivateResult, StageStatus, StudentResult};
use assay_contract::{AssignmentId, Exit, JobId, Stage, layout};
use serde::de::DeserializeOwned;

use crate::args::JobResult;
use crate::commands::cluster::{Session, stop};
use crate::console::Console;
use crate::error::CliError;
use crate::report::{Circumstances, Isolation, RunReport, StageReport};
use crate::show;

/// What is to be shown.
pub(crate) struct View {
    pub(crate) student: bool,
    pub(crate) log: bool,
}

pub(crate) fn run(console: &Console, args: &JobResult) -> Result<Exit, CliError> {
    let job = args.job.as_ref().ok_or_else(|| CliError::new(Exit::Usage, "no job is named"))?;
    let session = Session::connect(&args.cluster)?;
    let view = View { student: args.student, log: args.log };
    let assignment = match &args.assignment {
        Some(assignment) => assignment.clone(),
        None => {
            let known = session.wait(job::view(&session.cluster, job))?.ok_or_else(|| {
                CliError::new(Exit::Usage, format!("the cluster does not know a job {job}"))
                    .hint("jobs are forgotten some time after their end; name its assignment by --assignment")
            })?;
            AssignmentId::new(known.assignment).map_err(|_| {
                CliError::new(Exit::StageFailed, format!("the job {job} has not begun"))
                    .hint("`assay status` tells where it stands")
            })?
        }
    };
    show(console, &session, job, &assignment, &view)
}

/// Reads and shows the result of a job.
pub(crate) fn show(
    console: &Console,
    session: &Session,
    job: &JobId,
    assignment: &AssignmentId,
    view: &View,
) -> Result<Exit, CliError> {
    let cluster = &session.cluster;
    let documents = session.wait(files::read(cluster, assignment, job, stop()))?;
    if documents.is_empty() {
        let message = format!("the job {job} of {assignment} has no result");
        return Err(CliError::new(Exit::StageFailed, message).hint("`assay status` tells where it stands"));
    }
    check_concluded(&documents, job)?;
    if view.student {
        let student: StudentResult = document(&documents, layout::STUDENT_RESULT, job)?;
        console.data(&student, || show::student::text(&student))?;
        return Ok(Exit::Done);
    }
    let private: PrivateResult = document(&documents, layout::PRIVATE_RESULT, job)?;
    let known = session.wait(job::view(cluster, job))?;
    let circumstances = circumstances(&private, known.as_ref());
    let report = RunReport::new(private, circumstances);
    console.data(&report, || show::run::text(&report, view.log))?;
    Ok(Exit::Done)
}

/// Refuses what no conclusion stands for. A run of Results that broke behind its work leaves a result, and the job may then
/// have been concluded without it, or not at all.
///
/// The receipt is not proof here: whoever can write it can write the result. It says which result is meant.
fn check_concluded(documents: &[Document], job: &JobId) -> Result<(), CliError> {
    let find = |name| documents.iter().find(|document| document.name == name);
    let Some(receipt) = find(layout::CONCLUDED) else {
        let message = format!("the job {job} is not concluded");
        return Err(CliError::new(Exit::StageFailed, message).hint("`assay status` tells where it stands"));
    };
    let damaged =
        || CliError::new(Exit::DocumentDamaged, format!("{} of the job {job} is damaged", layout::CONCLUDED));
    let Statement::Concluded(concluded) =
        assay_receipt::read_unchecked(&receipt.bytes).map_err(|error| damaged().because(error))?
    else {
        return Err(damaged());
    };
    match (concluded.private_result, find(layout::PRIVATE_RESULT)) {
        (Some(meant), Some(found)) if meant != found.digest => Err(damaged().hint(
            "its result is another one than it was concluded with; ask whoever runs this installation",
        )),
        // What is missing is said where it is read.
        (Some(_), _) => Ok(()),
        (None, _) => Err(without(layout::PRIVATE_RESULT, job)),
    }
}

fn without(name: &str, job: &JobId) -> CliError {
    let message = format!("the job {job} was concluded without {name}: Results did not come to its end");
    CliError::new(Exit::StageFailed, message).hint("`assay status` tells how its stages ended")
}

fn document<T: DeserializeOwned>(documents: &[Document], name: &str, job: &JobId) -> Result<T, CliError> {
    let Some(document) = documents.iter().find(|document| document.name == name) else {
        return Err(without(name, job));
    };
    serde_json::from_slice(&document.bytes).map_err(|error| {
        CliError::new(Exit::DocumentDamaged, format!("{name} of the job {job} is damaged")).because(error)
    })
}

/// What is known of the run beside its result. How a stage ended is first of all what Results was told: in strict isolation Argo's
/// own task is the launcher, which succeeds whatever its pod does.
fn circumstances(private: &PrivateResult, known: Option<&JobView>) -> Circumstances {
    let of = |stage: Stage| known.and_then(|job| job.stages.iter().find(|there| there.stage == stage));
    let recorded = |stage: Stage| private.stages.iter().find(|end| end.stage == stage);
    let stages = Stage::ALL.map(|stage| StageReport {
        stage,
        status: recorded(stage)
            .map(|end| end.status)
            .or_else(|| of(stage).and_then(|there| there.status))
            // There is a result, and it was found by what Finalise left.
            .unwrap_or(StageStatus::Succeeded),
        exit: match recorded(stage) {
            Some(end) => end.exit,
            None => of(stage).and_then(|there| there.exit),
        },
    });
    Circumstances {
        submission: format!("{}, handed in {}", private.conclusion.student, private.conclusion.handed_in),
        stages: stages.into(),
        measured_stages: Stage::ALL
            .map(|stage| of(stage).and_then(|there| there.measured_ms).unwrap_or(0))
            .into(),
        isolation: Isolation { toolchain: "image", lacks: Vec::new(), landlock_abi: None },
    }
}

#[cfg(test)]
mod tests {
    use assay_contract::answers::Mode;
    use assay_contract::configuration::Network;
    use assay_contract::receipts::Concluded;
    use assay_contract::{Digest, StudentId, Verdict};
    use assay_receipt::SigningKey;

    use super::*;

    fn digest(letter: &str) -> Digest {
        Digest::new(letter.repeat(64)).unwrap()
    }

    fn concluded_with(private_result: Option<Digest>) -> Document {
        let statement = Statement::Concluded(Concluded {
            job: JobId::new("j-1").unwrap(),
            assignment: AssignmentId::new("c/a").unwrap(),
            revision: digest("a"),
            student: StudentId::new("ada").unwrap(),
            digest: digest("b"),
            received: None,
            mode: Mode::Sealed,
            network: Network::None,
            verdict: Verdict::Passed,
            fault: None,
            thousandths: 1_000,
            max_thousandths: 1_000,
            private_result,
        });
        let text = assay_receipt::sign(&statement, &SigningKey::from_seed([7; 32])).unwrap();
        Document { name: layout::CONCLUDED.into(), digest: digest("c"), bytes: text.into_bytes() }
    }

    #[test]
    fn only_the_result_that_a_job_was_concluded_with_is_shown() {
        let job = JobId::new("j-1").unwrap();
        let private =
            || Document { name: layout::PRIVATE_RESULT.into(), digest: digest("d"), bytes: Vec::new() };
        let check = |documents: &[Document]| check_concluded(documents, &job).map_err(|error| error.exit());
        assert_eq!(check(&[private(), concluded_with(Some(digest("d")))]), Ok(()));
        assert_eq!(check(&[private()]), Err(Exit::StageFailed), "not concluded");
        assert_eq!(check(&[private(), concluded_with(None)]), Err(Exit::StageFailed), "without it");
        assert_eq!(check(&[private(), concluded_with(Some(digest("e")))]), Err(Exit::DocumentDamaged));
    }
}
