//! What clients and the queue server say to each other: JSON over HTTP.
//!
//! The paths, the documents and the codes of what goes wrong exist here once; server, client and reference take them from
//! here. Times are RFC 3339 in UTC. A reader of an answer takes fields that it does not know: servers are newer than clients.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::configuration::{Schedule, SubmissionRules};
use crate::{AssignmentId, Digest, Fault, JobId, RequestKey, Stage, StudentId, Verdict};

/// The path under which everything is served that clients use, below the service's own prefix.
pub const PREFIX: &str = "/v1";
/// The longest body of a request, in bytes.
pub const BODY_CAP: usize = 16 << 10;
/// The name of the service in a hub, as in the scope [`SCOPE`].
pub const SERVICE: &str = "assay";
/// The scope that a hub's token must have.
pub const SCOPE: &str = "access:services!service=assay";

/// `POST /v1/jobs`: take this submission. The zip is in the student's outbox; only its digest is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct HandInRequest {
    /// [`crate::API_VERSION`].
    pub api_version: String,
    /// Which assignment.
    pub assignment: AssignmentId,
    /// Whose submission; `None` is the caller's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub student: Option<StudentId>,
    /// The zip's SHA-256.
    pub digest: Digest,
    /// The same key makes the same job, however often it is sent.
    pub key: RequestKey,
}

/// The answer to [`HandInRequest`]: proof, and where the job stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Accepted {
    /// [`crate::API_VERSION`].
    pub api_version: String,
    /// The ticket: a signed [`crate::receipts::Ticket`], byte for byte as it is to be kept.
    pub ticket: String,
    /// Where the job stands.
    pub standing: Standing,
}

/// `GET /v1/jobs/<job>`: where a job stands; also each event of `GET /v1/jobs/<job>/events`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Standing {
    /// [`crate::API_VERSION`].
    pub api_version: String,
    /// Which job.
    pub job: JobId,
    /// Which assignment.
    pub assignment: AssignmentId,
    /// Whose submission.
    pub student: StudentId,
    /// The zip's SHA-256.
    pub digest: Digest,
    /// When it was handed in.
    pub handed_in: String,
    /// Where it stands.
    pub phase: Phase,
    /// How many jobs come before it, plus one; `None` once it runs.
    pub place: Option<u64>,
    /// When it should start; `None` once it runs, or where nothing runs at all.
    pub expected: Option<Expected>,
    /// What it waits for, or what became of it, in a sentence for the student; may be empty.
    pub message: String,
    /// The stages that have begun or are over, in their order.
    pub stages: Vec<StageStanding>,
    /// How it ended, of all cases; `None` before, and for everybody but the course's staff: a student's own result, in the
    /// student's home, leaves out what is not to be seen yet.
    pub verdict: Option<Verdict>,
    /// Whose fault that was; as above.
    pub fault: Option<Fault>,
    /// Marks, as they are written: `6.25`; as above.
    pub points: Option<String>,
}

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// It was taken, and waits for its turn.
    Waiting,
    /// It runs.
    Running,
    /// There is a conclusion.
    Concluded,
}

impl Phase {
    /// Its name in documents and tables.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Phase::Waiting => "waiting",
            Phase::Running => "running",
            Phase::Concluded => "concluded",
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

/// When a job should start: an estimate, and how far it can be off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Expected {
    /// The likely time.
    pub at: String,
    /// Nine of ten such jobs start from here on.
    pub earliest: String,
    /// And until here.
    pub latest: String,
}

/// How far a stage is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct StageStanding {
    /// Which one.
    pub stage: Stage,
    /// `starting`, `running`, `succeeded`, `failed` or `not-run`.
    pub state: String,
}

/// `GET /v1/jobs?assignment=<id>`: the caller's jobs, the newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct History {
    /// [`crate::API_VERSION`].
    pub api_version: String,
    /// The jobs that the queue server still knows.
    pub jobs: Vec<Standing>,
}

/// `GET /v1/assignments/<course>/<name>`: what the rules say, for a look before handing in. Setup alone decides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Rules {
    /// [`crate::API_VERSION`].
    pub api_version: String,
    /// Which assignment.
    pub assignment: AssignmentId,
    /// Its title.
    pub title: String,
    /// The revision that a job would take now.
    pub revision: Digest,
    /// What may be handed in.
    pub rules: SubmissionRules,
    /// When.
    pub schedule: Schedule,
}

/// What whoever publishes an assignment tells the queue server of it, beside its template: what students are told before they
/// hand in, and how long two runs are apart. Setup reads none of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Notice {
    /// [`crate::API_VERSION`].
    pub api_version: String,
    /// What may be handed in.
    pub rules: SubmissionRules,
    /// When.
    pub schedule: Schedule,
}

/// The answer where something cannot be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Problem {
    /// [`crate::API_VERSION`].
    pub api_version: String,
    /// A stable word for it.
    pub code: ProblemCode,
    /// What was wrong, in a sentence.
    pub message: String,
    /// What to do.
    pub hint: String,
    /// Whose fault it is.
    pub fault: Fault,
}

macro_rules! problem_codes {
    ($($(#[$doc:meta])* $name:ident = $id:literal $status:literal $fault:ident;)*) => {
        /// What can go wrong between a client and the queue server. None of them has received anything.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum ProblemCode {
            $($(#[$doc])* $name,)*
        }

        impl ProblemCode {
            /// All of them.
            pub const ALL: &'static [ProblemCode] = &[$(ProblemCode::$name),*];

            /// Its name in documents.
            #[must_use]
            pub const fn id(self) -> &'static str {
                match self { $(ProblemCode::$name => $id,)* }
            }

            /// The HTTP status that goes with it.
            #[must_use]
            pub const fn status(self) -> u16 {
                match self { $(ProblemCode::$name => $status,)* }
            }

            /// Whose fault it is.
            #[must_use]
            pub const fn fault(self) -> Fault {
                match self { $(ProblemCode::$name => Fault::$fault,)* }
            }
        }
    };
}

problem_codes! {
    /// The request is not of a form that this server knows.
    Malformed = "malformed" 400 Student;
    /// There is no token, or the hub does not know it.
    Unknown = "unknown" 401 Student;
    /// The token is good and does not allow this.
    Forbidden = "forbidden" 403 Student;
    /// There is no such assignment, job or result, or none that the caller may know of.
    Missing = "missing" 404 Student;
    /// The method does not fit the path.
    Method = "method" 405 Student;
    /// The student has no home that jobs could read.
    NoHome = "no-home" 409 System;
    /// The body is too long.
    TooLong = "too-long" 413 Student;
    /// Too many requests in too short a time.
    TooMany = "too-many" 429 Student;
    /// A mistake of the server's.
    Bug = "bug" 500 System;
    /// The hub, the cluster or the server itself cannot be reached now; sending the same again later is right.
    Unavailable = "unavailable" 503 System;
}

impl fmt::Display for ProblemCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_written_as_it_is_called() {
        for code in ProblemCode::ALL {
            assert_eq!(serde_json::to_value(code).unwrap(), code.id());
        }
        for phase in [Phase::Waiting, Phase::Running, Phase::Concluded] {
            assert_eq!(serde_json::to_value(phase).unwrap(), phase.id());
        }
    }

    #[test]
    fn a_request_says_nothing_that_is_not_known() {
        let text = |more: &str| {
            format!(
                r#"{{"api-version":"assay.dev/v1","assignment":"c/a","digest":"{}","key":"0123456789abcdef"{more}}}"#,
                "0".repeat(64)
            )
        };
        assert!(serde_json::from_str::<HandInRequest>(&text("")).is_ok());
        assert!(
            serde_json::from_str::<HandInRequest>(&text(r#","handed-in":"2026-01-01T00:00:00Z""#)).is_err()
        );
    }
}
