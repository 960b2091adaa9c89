//! The gradebook: one immutable file per job; totals are derived from them.

use serde::{Deserialize, Serialize};

use crate::{Digest, Fault, JobId, Points, StudentId, Verdict};

/// `gradebook/<job>.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct GradebookEntry {
    /// [`crate::API_VERSION`].
    pub api_version: String,
    /// Which job.
    pub job: JobId,
    /// Whose submission.
    pub student: StudentId,
    /// Which submission.
    pub digest: Digest,
    /// Which revision graded it.
    pub revision: Digest,
    /// When it was handed in, RFC 3339 in UTC.
    pub handed_in: String,
    /// How the job ended.
    pub verdict: Verdict,
    /// Whose fault that was.
    pub fault: Option<Fault>,
    /// Marks after any penalty.
    pub points: Points,
    /// The most that could be had.
    pub max_points: Points,
    /// Whether it uses up one of the student's attempts.
    pub counts: bool,
}

/// `status.json` in the student's claim: where the job stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Status {
    /// [`crate::API_VERSION`].
    pub api_version: String,
    /// Which job.
    pub job: JobId,
    /// Which submission.
    pub digest: Digest,
    /// Where it stands.
    pub state: State,
    /// A sentence for the student.
    pub message: String,
}

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// A snapshot exists; it will be graded.
    Received,
    /// A snapshot exists; it will not be graded.
    Refused,
    /// There is a result.
    Concluded,
}
