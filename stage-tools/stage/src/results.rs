//! Results: scores what Verify and Test left by the answers, and splits what the student may see from what only tutors see.
//!
//! Everything in volumes 5–8 is hostile: student code ran there. This module only finds and reads it, under caps, and
//! passes on what it could not read as it is; judging is `assay_score`'s. Only answers, and the facts that the engine
//! tells of trusted stages, are believed.

use std::io::{Read as _, Seek as _, SeekFrom};

use assay_contract::answers::{AnswerCase, Answers};
use assay_contract::facts::NONE;
use assay_contract::result::{Conclusion, Intake, PrivateResult, Refusal, StudentResult};
use assay_contract::{Digest, Exit, Output, Stage, Volume, layout};
use assay_score::{BuildLog, CaseEvidence, Found, Job, LOG_END, Setup};
use assay_untrusted::{Error, Opened};
use serde::de::DeserializeOwned;

use crate::args::ResultsFacts;
use crate::confine::Reach;
use crate::documents::{DOCUMENT_CAP, Mounted, digest, to_bytes};
use crate::error::StageError;

mod outputs;

const STAGE: Stage = Stage::Results;

/// The largest outcome that Test or Verify writes.
const OUTCOME_CAP: u64 = 256 << 10;
/// The largest file of the answers.
const ANSWER_CAP: u64 = 64 << 20;

/// Runs the stage. Bad marks, and student code that left rubbish, are successes of the stage.
pub(crate) fn run(facts: &ResultsFacts) -> Result<Exit, StageError> {
    let private = Mounted::open(STAGE, Volume::PrivateResults)?;
    let results = Mounted::open(STAGE, Volume::Results)?;
    let setup = Mounted::open(STAGE, Volume::SetupConfiguration)?;
    let verification = Mounted::open_hostile(STAGE, Volume::Verification)?;
    let testing = Mounted::open_hostile(STAGE, Volume::Testing)?;
    let answers_dir = layout::answers_dir(&facts.job.assignment, &facts.job.revision);
    let job_dir = layout::job_dir(&facts.job.assignment, &facts.job.student, &facts.job.job);
    private.folders(&job_dir)?;
    // Nothing that student code left was read before this.
    let reach = Reach::default()
        .reads(&setup, "")
        .reads(&private, &answers_dir)
        .writes(&private, &job_dir)
        .writes(&results, "");
    let hostile = [&verification, &testing].into_iter().flatten();
    hostile.fold(reach, |reach, volume| reach.reads(volume, "")).confine(STAGE)?;
    let answers: Answers = private.read(&format!("{answers_dir}/{}", layout::ANSWERS))?;

    let intake = facts.accepted.map(|_| setup.read::<Intake>(layout::INTAKE)).transpose()?;

    let job = job(facts, intake, answers, &verification, &testing)?;
    // A conclusion that was signed holds: a job that runs again finds its result and measures nothing anew.
    if private.holds(&format!("{job_dir}/{}", layout::CONCLUDED))? {
        let result: PrivateResult = private.read(&format!("{job_dir}/{}", layout::PRIVATE_RESULT))?;
        let student = assay_score::student_view(&result, job.due_passed);
        return publish(&result, &student, &private, &job_dir, &results);
    }
    let mut archive = outputs::Archive::new(&private, &job_dir)?;
    let mut failed = None;
    let result = assay_score::grade(&job, |case| match evidence(case, &testing, &private, &answers_dir) {
        Ok(evidence) => {
            archive.add(case, &evidence);
            evidence
        }
        Err(error) => {
            failed.get_or_insert(error);
            CaseEvidence::default()
        }
    });
    if let Some(error) = failed {
        return Err(error);
    }
    archive.commit()?;
    let student = assay_score::student_view(&result, job.due_passed);
    publish(&result, &student, &private, &job_dir, &results)
}

/// What is known of the job before its cases are looked at.
fn job(
    facts: &ResultsFacts,
    intake: Option<Intake>,
    answers: Answers,
    verification: &Hostile,
    testing: &Hostile,
) -> Result<Job, StageError> {
    let told = facts.job.clone();
    let (said, oddities) = intake.map_or((None, Vec::new()), |intake| {
        let Intake { api_version: _, refusal, oddities } = intake;
        (refusal, oddities)
    });
    let setup = match facts.accepted {
        Some(true) => Setup::Accepted,
        Some(false) => Setup::Refused(Refusal {
            code: facts.refusal.clone().unwrap_or_else(|| NONE.into()),
            message: said.map(|refusal| refusal.message).unwrap_or_default(),
        }),
        None => Setup::Failed,
    };
    Ok(Job {
        job: told.job,
        assignment: told.assignment,
        revision: told.revision,
        student: told.student,
        digest: told.digest,
        handed_in: told.handed_in.to_string(),
        late_seconds: facts.late_seconds,
        // Where Setup came to no end, nobody told whether there is a due date.
        due_passed: facts.accepted.is_some() && facts.due.is_none_or(|due| told.handed_in.as_second() > due),
        setup,
        oddities,
        stages: vec![facts.setup.clone(), facts.verify.clone(), facts.test.clone()],
        answers: Found::Present(answers),
        build: document(verification, layout::OUTCOME, OUTCOME_CAP)?,
        build_log: log(verification)?,
        verify_confinement: document(verification, layout::CONFINEMENT, OUTCOME_CAP)?,
        test_confinement: document(testing, layout::CONFINEMENT, OUTCOME_CAP)?,
    })
}

fn evidence(
    case: &AnswerCase,
    testing: &Hostile,
    private: &Mounted,
    answers_dir: &str,
) -> Result<CaseEvidence, StageError> {
    let dir = layout::case_dir(&case.id);
    // Test keeps at most the limit; more is not Test's doing.
    let cap = case.limits.output_bytes;
    let answer = |file: &Option<Digest>| match file {
        Some(digest) => found(private, &format!("{answers_dir}/{}/{digest}", layout::FILES), ANSWER_CAP),
        None => Ok(Found::Missing),
    };
    Ok(CaseEvidence {
        outcome: document(testing, &format!("{dir}/{}", layout::OUTCOME), OUTCOME_CAP)?,
        stdout: bytes(testing, &format!("{dir}/{}", layout::STDOUT), cap)?,
        stderr: bytes(testing, &format!("{dir}/{}", layout::STDERR), cap)?,
        stdin: answer(&case.stdin)?,
        expected: answer(&case.stdout)?,
    })
}

/// A volume where student code ran, or why it cannot be looked into: then nothing was left there.
type Hostile = Result<Mounted, String>;

fn bytes(volume: &Hostile, path: &str, cap: u64) -> Result<Found<Vec<u8>>, StageError> {
    match volume {
        Ok(volume) => found(volume, path, cap),
        Err(why) => Ok(Found::Damaged(why.clone())),
    }
}

/// The build's log. It may be longer than this stage has memory.
fn log(verification: &Hostile) -> Result<Found<BuildLog>, StageError> {
    let volume = match verification {
        Ok(volume) => volume,
        Err(why) => return Ok(Found::Damaged(why.clone())),
    };
    let end = volume.root.open_file(layout::LOG).and_then(|log| {
        let Opened { mut file, size, mode: _ } = log;
        let read = |source| Error::Io { action: "read", path: layout::LOG.into(), source };
        file.seek(SeekFrom::Start(size.saturating_sub(LOG_END))).map_err(read)?;
        let mut end = Vec::new();
        file.take(LOG_END).read_to_end(&mut end).map_err(read)?;
        Ok(BuildLog { bytes: size, end })
    });
    found_as(volume, layout::LOG, end)
}

/// What is at `path`. That storage fails says nothing of what is there: the stage fails, and may run again.
fn found(volume: &Mounted, path: &str, cap: u64) -> Result<Found<Vec<u8>>, StageError> {
    found_as(volume, path, volume.root.read(path, cap))
}

fn found_as<T>(volume: &Mounted, path: &str, read: Result<T, Error>) -> Result<Found<T>, StageError> {
    match read {
        Ok(content) => Ok(Found::Present(content)),
        Err(Error::Missing { .. }) => Ok(Found::Missing),
        Err(error @ Error::Io { .. }) => Err(volume.error(Exit::Io, path, error)),
        Err(error) => Ok(Found::Damaged(error.to_string())),
    }
}

fn document<T: DeserializeOwned>(volume: &Hostile, path: &str, cap: u64) -> Result<Found<T>, StageError> {
    Ok(match bytes(volume, path, cap.min(DOCUMENT_CAP))? {
        Found::Missing => Found::Missing,
        Found::Damaged(why) => Found::Damaged(why),
        Found::Present(bytes) => match serde_json::from_slice(&bytes) {
            Ok(document) => Found::Present(document),
            Err(error) => Found::Damaged(format!("`{path}` is not the document it should be: {error}")),
        },
    })
}

fn publish(
    result: &PrivateResult,
    student: &StudentResult,
    private: &Mounted,
    job_dir: &str,
    results: &Mounted,
) -> Result<Exit, StageError> {
    let private_bytes = to_bytes(STAGE, result)?;
    let student_bytes = to_bytes(STAGE, student)?;
    // A run of this job that was killed later on may have left a result with other measurements; this one holds.
    private.replace(&format!("{job_dir}/{}", layout::PRIVATE_RESULT), &private_bytes)?;
    // Tutors are to see what the student was shown, also when the claim is gone.
    private.replace(&format!("{job_dir}/{}", layout::STUDENT_RESULT), &student_bytes)?;
    results.replace(layout::PRIVATE_RESULT, &private_bytes)?;
    results.replace(layout::STUDENT_RESULT, &student_bytes)?;
    let Conclusion { verdict, fault, points, max_points, .. } = &result.conclusion;
    results.tell(Output::Fault, fault.map_or(NONE, |fault| fault.id()))?;
    results.tell(Output::Points, &points.to_string())?;
    results.tell(Output::MaxPoints, &max_points.to_string())?;
    results.tell(Output::PrivateDigest, digest(STAGE, &private_bytes)?.as_str())?;
    results.tell(Output::StudentDigest, digest(STAGE, &student_bytes)?.as_str())?;
    // The verdict last: Finalise takes it as the sign that there is a conclusion.
    results.tell(Output::Verdict, verdict.id())?;
    Ok(Exit::Done)
}
