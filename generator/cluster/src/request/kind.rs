//! The kind `Request` of the API group `assay.dev`, from which its CustomResourceDefinition is generated.

use assay_contract::{AssignmentId, Digest, JobId, RequestKey, StudentId};
use jiff::Timestamp;
use kube::{CustomResource, ResourceExt};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What was asked. It never changes.
#[derive(CustomResource, Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[kube(
    group = "assay.dev",
    version = "v1",
    kind = "Request",
    plural = "requests",
    namespaced,
    status = "RequestStatus",
    doc = "A submission that was handed in. The queue server makes these; nobody else has to.",
    printcolumn = r#"{"name": "Assignment", "type": "string", "jsonPath": ".spec.assignment"}"#,
    printcolumn = r#"{"name": "Student", "type": "string", "jsonPath": ".spec.student"}"#,
    printcolumn = r#"{"name": "Handed in", "type": "string", "jsonPath": ".spec.handedIn"}"#,
    printcolumn = r#"{"name": "Progress", "type": "string", "jsonPath": ".status.progress"}"#,
    printcolumn = r#"{"name": "Verdict", "type": "string", "jsonPath": ".status.verdict"}"#,
    printcolumn = r#"{"name": "Points", "type": "string", "jsonPath": ".status.points"}"#,
    validation = Rule::new("self.spec == oldSelf.spec").message("a request says what was asked, for good"),
    derive = "PartialEq"
)]
#[kube(crates(kube_core = "kube::core", k8s_openapi = "k8s_openapi", schemars = "schemars"))]
#[serde(rename_all = "camelCase")]
pub struct RequestSpec {
    /// Which assignment, `<course>/<name>`.
    #[schemars(with = "String")]
    pub assignment: AssignmentId,
    /// Whose submission.
    #[schemars(with = "String")]
    pub student: StudentId,
    /// SHA-256 of the zip in the student's outbox.
    #[schemars(with = "String")]
    pub digest: Digest,
    /// By which the same request is known again.
    #[schemars(with = "String")]
    pub key: RequestKey,
    /// When it was handed in, RFC 3339 in UTC.
    #[schemars(with = "String")]
    pub handed_in: Timestamp,
    /// Who handed it in.
    pub origin: Origin,
    /// The signed ticket, as the student has it.
    pub ticket: String,
}

/// Who handed something in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// The student.
    Student,
    /// Course staff; their own jobs come first.
    Staff,
}

/// How far it is. A request without a status waits.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RequestStatus {
    /// How far.
    pub progress: Progress,
    /// The template that its job was started from; the same one if it has to be made again.
    pub template: Option<String>,
    /// Whether its job has been seen. From then on, one that is gone is the sweeper's to make anew: it knows what a job leaves.
    #[serde(default)]
    pub seen: bool,
    /// Since when its job is to be there, RFC 3339 in UTC.
    #[schemars(with = "Option<String>")]
    pub started: Option<Timestamp>,
    /// When its conclusion was seen, RFC 3339 in UTC.
    #[schemars(with = "Option<String>")]
    pub concluded: Option<Timestamp>,
    /// The verdict, where there is one.
    pub verdict: Option<String>,
    /// Whose fault that was.
    pub fault: Option<String>,
    /// The marks, where there are some.
    pub points: Option<String>,
}

/// How far a request is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Progress {
    /// It waits for its turn.
    #[default]
    Waiting,
    /// Its job is there, or is being made.
    Started,
    /// Its job is over.
    Concluded,
}

impl Request {
    /// The job that it becomes: its own name.
    #[must_use]
    pub fn job(&self) -> Option<JobId> {
        JobId::new(self.name_any()).ok()
    }

    /// How far it is.
    #[must_use]
    pub fn progress(&self) -> Progress {
        self.status.as_ref().map_or(Progress::Waiting, |status| status.progress)
    }

    /// Its status; an empty one where it has none yet.
    #[must_use]
    pub fn standing(&self) -> RequestStatus {
        self.status.clone().unwrap_or_default()
    }
}
