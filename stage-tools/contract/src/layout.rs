//! Where files live inside the volumes. Paths are relative to the volume unless said otherwise.

use crate::{AssignmentId, CaseId, Digest, JobId, StudentId};

/// Where stages find their volumes.
pub const VOLUMES_ROOT: &str = "/volumes";

/// In each trusted stage's last volume: small facts for the engine, one file each.
pub const OUTPUTS: &str = "outputs";

/// The environment variable that holds the signing key of Setup and Finalise.
pub const SIGNING_KEY: &str = "ASSAY_SIGNING_KEY";

/// `assignment-configuration`: the rules, build and test plan of a revision, under [`revision_dir`].
pub const CONFIGURATION: &str = "configuration.json";
/// `private-results`: the scoring plan of a revision, under [`answers_dir`].
pub const ANSWERS: &str = "answers.json";
/// Beside either: contents named by their SHA-256.
pub const FILES: &str = "files";
/// `assignment-configuration`: the schedule, under [`assignment_dir`].
pub const SCHEDULE: &str = "schedule.json";

/// `setup-configuration`: what Setup tells Verify.
pub const JOB: &str = "job.json";
/// What Setup found that tutors may want to know.
pub const INTAKE: &str = "intake.json";

/// `submission` and `verification`: the unpacked submission with the author's files over it; what the build made of it.
pub const TREE: &str = "tree";
/// `submission`: the test plan.
pub const PLAN: &str = "plan.json";
/// `submission`: the static stage tool, so that any image can run Verify and Test.
pub const TOOL: &str = "tool/assay-stage";

/// `verification` and each case of `testing`: how it ended.
pub const OUTCOME: &str = "outcome.json";
/// `verification` and `testing`: what the confinement was made of.
pub const CONFINEMENT: &str = "confinement.json";
/// `verification`: the build's log.
pub const LOG: &str = "log";
/// `testing`, in each case: what it wrote to standard output.
pub const STDOUT: &str = "stdout";
/// `testing`, in each case: what it wrote to standard error.
pub const STDERR: &str = "stderr";
/// `verification` and `testing`: where confined processes have their own directory.
pub const SCRATCH: &str = "scratch";

/// `results`, and in `private-results` under [`job_dir`]: the full result.
pub const PRIVATE_RESULT: &str = "private.json";
/// `results`, in `private-results` under [`job_dir`] and in the student's claim under [`student_job_dir`]: what the
/// student sees.
pub const STUDENT_RESULT: &str = "result.json";
/// `private-results`, under [`job_dir`]: the outputs of all cases, so that scoring again needs no new run.
pub const CASE_OUTPUTS: &str = "outputs.tar.gz";
/// Under [`student_job_dir`] and [`job_dir`]: the signed receipt of what was received.
pub const RECEIVED: &str = "received.json";
/// Under [`student_job_dir`] and [`job_dir`]: the signed receipt of what was concluded.
pub const CONCLUDED: &str = "concluded.json";
/// In the student's claim: the folder of all that is ours.
pub const STUDENT_DIR: &str = ".assay";
/// In the student's claim, under [`student_job_dir`]: the queue server's ticket, byte for byte as it was given.
pub const TICKET: &str = "ticket.json";
/// In the student's claim, under [`student_job_dir`]: the student's result as a page.
pub const STUDENT_PAGE: &str = "result.html";
/// In the student's claim: the folder of what is handed in.
pub const OUTBOX: &str = ".assay/outbox";
/// In the student's claim, under [`student_job_dir`]: where the job stands.
pub const STATUS: &str = "status.json";

/// `assignment-configuration`, `raw-submissions`, `private-results`: the folder of an assignment.
#[must_use]
pub fn assignment_dir(assignment: &AssignmentId) -> String {
    assignment.to_string()
}

/// `assignment-configuration`: the folder of a revision; immutable.
#[must_use]
pub fn revision_dir(assignment: &AssignmentId, revision: &Digest) -> String {
    format!("{assignment}/{revision}")
}

/// `private-results`: the folder of a revision's answers; immutable.
#[must_use]
pub fn answers_dir(assignment: &AssignmentId, revision: &Digest) -> String {
    format!("{assignment}/answers/{revision}")
}

/// `raw-submissions`: the folder of a student's snapshots.
#[must_use]
pub fn snapshots_dir(assignment: &AssignmentId, student: &StudentId) -> String {
    format!("{assignment}/{student}")
}

/// In [`snapshots_dir`]: the snapshot of a job.
#[must_use]
pub fn snapshot(job: &JobId) -> String {
    format!("{job}.zip")
}

/// In [`snapshots_dir`]: the `received` receipt of a job.
#[must_use]
pub fn snapshot_receipt(job: &JobId) -> String {
    format!("{job}.json")
}

/// In [`snapshots_dir`]: the mark that a job used the student's nth attempt, counted from 1.
#[must_use]
pub fn attempt(n: u32) -> String {
    format!("attempt-{n:04}")
}

/// `private-results`: the folder of a job.
#[must_use]
pub fn job_dir(assignment: &AssignmentId, student: &StudentId, job: &JobId) -> String {
    format!("{assignment}/{student}/{job}")
}

/// `private-results`: the folder of the gradebook.
#[must_use]
pub fn gradebook_dir(assignment: &AssignmentId) -> String {
    format!("{assignment}/gradebook")
}

/// In [`gradebook_dir`]: the entry of a job.
#[must_use]
pub fn gradebook_entry(job: &JobId) -> String {
    format!("{job}.json")
}

/// `student`: the folder that a job writes.
#[must_use]
pub fn student_job_dir(assignment: &AssignmentId, job: &JobId) -> String {
    format!("{STUDENT_DIR}/{assignment}/{job}")
}

/// `student`: the zip that was handed in, until it is received.
#[must_use]
pub fn outbox(digest: &Digest) -> String {
    format!("{OUTBOX}/{digest}.zip")
}

/// `testing`: the folder of a case.
#[must_use]
pub fn case_dir(case: &CaseId) -> String {
    case.to_string()
}
