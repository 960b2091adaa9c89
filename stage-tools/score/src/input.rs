//! What scoring is given: what trusted stages said, and what was found where student code ran.
//!
//! The caller reads files and does nothing else: whatever it could not find, open or parse is passed on as it is, and
//! judged here. Never assume that a [`Found::Present`] from Verify or Test is true.

use assay_contract::answers::Answers;
use assay_contract::outcome::{BuildOutcome, CaseOutcome, Confinement};
use assay_contract::result::{Refusal, StageEnd, StageStatus};
use assay_contract::{AssignmentId, Digest, JobId, Oddity, Stage, StudentId};

/// What a reader found at a place.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Found<T> {
    /// Nothing is there.
    #[default]
    Missing,
    /// Something is there that is not what it should be: a link, too long, not the document. In words, for tutors.
    Damaged(String),
    /// This, which is well formed; it may still be a lie.
    Present(T),
}

impl<T> Found<T> {
    /// What is there, if it is well formed.
    pub fn present(&self) -> Option<&T> {
        match self {
            Found::Present(value) => Some(value),
            Found::Missing | Found::Damaged(_) => None,
        }
    }
}

/// What Setup concluded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Setup {
    /// The submission is to be graded.
    Accepted,
    /// It is not, by this code.
    Refused(Refusal),
    /// Setup did not come to a conclusion.
    Failed,
}

/// A job before its cases are looked at.
#[derive(Debug, Clone)]
pub struct Job {
    /// Which job.
    pub job: JobId,
    /// Which assignment.
    pub assignment: AssignmentId,
    /// Which revision.
    pub revision: Digest,
    /// Whose submission.
    pub student: StudentId,
    /// Which submission.
    pub digest: Digest,
    /// When it was handed in, RFC 3339 in UTC.
    pub handed_in: String,
    /// How late that was, in seconds; 0 on time.
    pub late_seconds: u64,
    /// Whether the due date is over, so that cases which wait for it are shown.
    pub due_passed: bool,
    /// What Setup concluded.
    pub setup: Setup,
    /// What Setup found odd about the submission.
    pub oddities: Vec<Oddity>,
    /// How the stages before Results ended, as the engine reports it.
    pub stages: Vec<StageEnd>,
    /// The revision's answers.
    pub answers: Found<Answers>,
    /// What Verify says of the build.
    pub build: Found<BuildOutcome>,
    /// The build's log.
    pub build_log: Found<BuildLog>,
    /// What Verify says of its confinement.
    pub verify_confinement: Found<Confinement>,
    /// What Test says of its confinement.
    pub test_confinement: Found<Confinement>,
}

impl Job {
    pub(crate) fn stage(&self, stage: Stage) -> Option<&StageEnd> {
        self.stages.iter().find(|end| end.stage == stage)
    }

    pub(crate) fn succeeded(&self, stage: Stage) -> bool {
        self.stage(stage).is_some_and(|end| end.status == StageStatus::Succeeded)
    }

    /// Whether the engine says that the stage was not run at all.
    pub(crate) fn was_left_out(&self, stage: Stage) -> bool {
        self.stage(stage).is_some_and(|end| matches!(end.status, StageStatus::Omitted | StageStatus::Skipped))
    }
}

/// A build's log, of which the end is looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuildLog {
    /// How long it is, in bytes.
    pub bytes: u64,
    /// Its end: at least the last [`crate::LOG_END`] bytes, where it has so many.
    pub end: Vec<u8>,
}

/// What was found of one case.
#[derive(Debug, Clone, Default)]
pub struct CaseEvidence {
    /// What Test says of it.
    pub outcome: Found<CaseOutcome>,
    /// What Test kept of its standard output.
    pub stdout: Found<Vec<u8>>,
    /// What Test kept of its standard error.
    pub stderr: Found<Vec<u8>>,
    /// Its input, from the answers; not looked at where the case has none.
    pub stdin: Found<Vec<u8>>,
    /// Its expected output or pattern, from the answers; not looked at where any output is accepted.
    pub expected: Found<Vec<u8>>,
}
