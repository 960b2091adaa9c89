//! The statements that receipts sign. Integers and strings only: a statement has one form.

use serde::{Deserialize, Serialize};

use crate::answers::Mode;
use crate::configuration::Network;
use crate::{AssignmentId, Digest, Fault, JobId, StudentId, Verdict};

/// What a receipt says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "statement", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Statement {
    /// A snapshot of this submission exists.
    Received(Received),
    /// This job came to this conclusion.
    Concluded(Concluded),
    /// The queue server took this request, at this time.
    Ticket(Ticket),
}

/// A snapshot of this submission exists, and whether it was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Received {
    /// Which job.
    pub job: JobId,
    /// Which assignment.
    pub assignment: AssignmentId,
    /// Which revision.
    pub revision: Digest,
    /// Whose submission.
    pub student: StudentId,
    /// SHA-256 of the zip.
    pub digest: Digest,
    /// Its size in bytes.
    pub size_bytes: u64,
    /// When it was handed in, RFC 3339 in UTC.
    pub handed_in: String,
    /// How late that was, in seconds.
    pub late_seconds: u64,
    /// Why it was refused; `None` where it was accepted.
    pub refused: Option<String>,
}

/// This job came to this conclusion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Concluded {
    /// Which job.
    pub job: JobId,
    /// Which assignment.
    pub assignment: AssignmentId,
    /// Which revision.
    pub revision: Digest,
    /// Whose submission.
    pub student: StudentId,
    /// SHA-256 of the zip.
    pub digest: Digest,
    /// SHA-256 of the `received` receipt's file; `None` where there is none.
    pub received: Option<Digest>,
    /// How submissions are tested.
    pub mode: Mode,
    /// What network builds and cases saw.
    pub network: Network,
    /// Which cases the four fields below are of.
    pub cases: CasesCounted,
    /// How the job ended.
    pub verdict: Verdict,
    /// Whose fault that was.
    pub fault: Option<Fault>,
    /// Marks in thousandths.
    pub thousandths: u32,
    /// The most that could be had, in thousandths.
    pub max_thousandths: u32,
    /// SHA-256 of the private result; `None` where there is none.
    pub private_result: Option<Digest>,
}

/// Which cases a conclusion is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CasesCounted {
    /// All of them: what the gradebook has.
    All,
    /// Those that the student was shown when the job was concluded. What a student holds must not tell of the others.
    Shown,
}

/// The queue server took this request, at this time: what a student holds from the moment of the hand-in on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Ticket {
    /// Which job it became.
    pub job: JobId,
    /// Which assignment.
    pub assignment: AssignmentId,
    /// Whose submission.
    pub student: StudentId,
    /// SHA-256 of the zip.
    pub digest: Digest,
    /// When it was handed in, RFC 3339 in UTC. Lateness is judged by this alone, whenever the job runs.
    pub handed_in: String,
}
