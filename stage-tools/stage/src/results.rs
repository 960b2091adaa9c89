//! Results: scores what Verify and Test left by the answers, and splits what the student may see from what only tutors see.
//!
//! Everything in volumes 5–8 is hostile: student code ran there. This module only finds and reads it, under caps, and
//! passes on what it could not read as it is; judging is `assay_score`'s. Only answers, and the facts that the engine
//! tells of trusted stages, are believed.

use std::cell::RefCell;

use assay_contract::answers::{AnswerCase, Answers};
use assay_contract::facts::NONE;
use assay_contract::result::{Conclusion, PrivateResult, StudentResult};
use assay_contract::{Digest, Exit, Output, Stage, Volume, layout};
use assay_score::{CaseEvidence, Found, Job, Setup};
use assay_untrusted::Error;
use serde::de::DeserializeOwned;

use crate::args::ResultsFacts;
use crate::confine::Reach;
use crate::documents::{DOCUMENT_CAP, Mounted, digest, to_bytes};
use crate::error::StageError;

mod outputs;

const STAGE: Stage = Stage::Results;

/// The largest outcome that Test or Verify writes.
const OUTCOME_CAP: u64 = 256 << 10;
/// The most that is read of a build's log; what Verify keeps is below it.
const LOG_CAP: u64 = 256 << 20;
/// The largest file of the answers.
const ANSWER_CAP: u64 = 64 << 20;

/// Runs the stage. Bad marks, and student code that left rubbish, are successes of the stage.
pub(crate) fn run(facts: &ResultsFacts) -> Result<Exit, StageError> {
    let private = Mounted::open(STAGE, Volume::PrivateResults)?;
    let results = Mounted::open(STAGE, Volume::Results)?;
    // Student code may have closed its own stage's volume; then nothing was left there.
    let verification = Mounted::open(STAGE, Volume::Verification).map_err(|error| error.to_string());
    let testing = Mounted::open(STAGE, Volume::Testing).map_err(|error| error.to_string());
    let answers_dir = layout::answers_dir(&facts.job.assignment, &facts.job.revision);
    let job_dir = layout::job_dir(&facts.job.assignment, &facts.job.student, &facts.job.job);
    private.folders(&job_dir)?;
    // Nothing that student code left was read before this.
    let reach =
        Reach::default().reads(&private, &answers_dir).writes(&private, &job_dir).writes(&results, "");
    let hostile = [&verification, &testing].into_iter().flatten();
    hostile.fold(reach, |reach, volume| reach.reads(volume, "")).confine(STAGE)?;
    let answers: Answers = private.read(&format!("{answers_dir}/{}", layout::ANSWERS))?;

    let job = job(facts, answers, &verification, &testing);
    // A conclusion that was signed holds: a job that runs again finds its result and measures nothing anew.
    if private.root.open_file(format!("{job_dir}/{}", layout::CONCLUDED)).is_ok() {
        let result: PrivateResult = private.read(&format!("{job_dir}/{}", layout::PRIVATE_RESULT))?;
        let student = assay_score::student_view(&result, job.due_passed);
        return publish(&result, &student, &private, &job_dir, &results);
    }
    let archive = RefCell::new(outputs::Archive::new(&private, &job_dir)?);
    let result = assay_score::grade(&job, |case| {
        let evidence = evidence(case, &testing, &private, &answers_dir);
        archive.borrow_mut().add(case, &evidence);
        evidence
    });
    archive.into_inner().commit()?;
    let student = assay_score::student_view(&result, job.due_passed);
    publish(&result, &student, &private, &job_dir, &results)
}

/// What is known of the job before its cases are looked at.
fn job(facts: &ResultsFacts, answers: Answers, verification: &Hostile, testing: &Hostile) -> Job {
    let told = facts.job.clone();
    let setup = match (facts.accepted, &facts.refusal) {
        (Some(true), _) => Setup::Accepted,
        (Some(false), code) => Setup::Refused(code.clone().unwrap_or_else(|| NONE.into())),
        (None, _) => Setup::Failed,
    };
    Job {
        job: told.job,
        assignment: told.assignment,
        revision: told.revision,
        student: told.student,
        digest: told.digest,
        handed_in: told.handed_in.to_string(),
        late_seconds: facts.late_seconds,
        due_passed: facts.due.is_none_or(|due| told.handed_in.as_second() > due),
        setup,
        stages: vec![facts.setup.clone(), facts.verify.clone(), facts.test.clone()],
        answers: Found::Present(answers),
        build: document(verification, layout::OUTCOME, OUTCOME_CAP),
        build_log: bytes(verification, layout::LOG, LOG_CAP),
        verify_confinement: document(verification, layout::CONFINEMENT, OUTCOME_CAP),
        test_confinement: document(testing, layout::CONFINEMENT, OUTCOME_CAP),
    }
}

fn evidence(case: &AnswerCase, testing: &Hostile, private: &Mounted, answers_dir: &str) -> CaseEvidence {
    let dir = layout::case_dir(&case.id);
    // Test keeps at most the limit; more is not Test's doing.
    let cap = case.limits.output_bytes;
    let answer = |file: &Option<Digest>| match file {
        Some(digest) => found(private, &format!("{answers_dir}/{}/{digest}", layout::FILES), ANSWER_CAP),
        None => Found::Missing,
    };
    CaseEvidence {
        outcome: document(testing, &format!("{dir}/{}", layout::OUTCOME), OUTCOME_CAP),
        stdout: bytes(testing, &format!("{dir}/{}", layout::STDOUT), cap),
        stderr: bytes(testing, &format!("{dir}/{}", layout::STDERR), cap),
        stdin: answer(&case.stdin),
        expected: answer(&case.stdout),
    }
}

/// A volume where student code ran, or why it cannot be opened.
type Hostile = Result<Mounted, String>;

fn bytes(volume: &Hostile, path: &str, cap: u64) -> Found<Vec<u8>> {
    match volume {
        Ok(volume) => found(volume, path, cap),
        Err(why) => Found::Damaged(why.clone()),
    }
}

fn found(volume: &Mounted, path: &str, cap: u64) -> Found<Vec<u8>> {
    match volume.root.read(path, cap) {
        Ok(bytes) => Found::Present(bytes),
        Err(Error::Missing { .. }) => Found::Missing,
        Err(error) => Found::Damaged(error.to_string()),
    }
}

fn document<T: DeserializeOwned>(volume: &Hostile, path: &str, cap: u64) -> Found<T> {
    match bytes(volume, path, cap.min(DOCUMENT_CAP)) {
        Found::Missing => Found::Missing,
        Found::Damaged(why) => Found::Damaged(why),
        Found::Present(bytes) => match serde_json::from_slice(&bytes) {
            Ok(document) => Found::Present(document),
            Err(error) => Found::Damaged(format!("`{path}` is not the document it should be: {error}")),
        },
    }
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
