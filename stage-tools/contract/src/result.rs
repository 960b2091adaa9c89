//! The two result documents: what tutors read, and what of it the student may see.

use serde::{Deserialize, Serialize};

use crate::answers::{ExpectedExit, Mode, Show};
use crate::outcome::{Confinement, End, Usage};
use crate::{
    AssignmentId, CaseId, Cause, Digest, Fault, JobId, Limits, Oddity, Points, Stage, StudentId, Verdict,
};

/// The full result of a job, for authors and tutors.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct PrivateResult {
    /// [`crate::API_VERSION`].
    pub api_version: String,
    /// What was concluded.
    pub conclusion: Conclusion,
    /// What the build did; `None` where Verify left nothing.
    pub build: Option<BuildResult>,
    /// All cases, in the order of the plan.
    pub cases: Vec<CaseResult>,
    /// How the stages before Results ended.
    pub stages: Vec<StageEnd>,
    /// What the confinement of builds and cases was made of, as they reported it; `None` where neither ran.
    pub confinement: Option<Confinement>,
    /// Why Setup refused the submission; `None` where it did not.
    pub refusal: Option<Refusal>,
    /// What was odd about the submission, and in what the stages left.
    pub oddities: Vec<Oddity>,
}

/// Why a submission was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Refusal {
    /// A stable word for it.
    pub code: String,
    /// The sentence that the student was told; it names the file where there is one.
    pub message: String,
}

/// `intake.json` of Setup, in `setup-configuration`: what it found that tutors may want to know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Intake {
    /// [`crate::API_VERSION`].
    pub api_version: String,
    /// Why it refused the submission; `None` where it did not.
    pub refusal: Option<Refusal>,
    /// What was odd about the submission.
    pub oddities: Vec<Oddity>,
}

/// What was concluded about a job; in both documents.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Conclusion {
    /// Which job.
    pub job: JobId,
    /// Which assignment.
    pub assignment: AssignmentId,
    /// The assignment's title; empty where it could not be read.
    pub title: String,
    /// Which revision.
    pub revision: Digest,
    /// Whose submission.
    pub student: StudentId,
    /// Which submission.
    pub digest: Digest,
    /// How it was tested.
    pub mode: Mode,
    /// When it was handed in, RFC 3339 in UTC.
    pub handed_in: String,
    /// How late it was, in seconds; 0 on time.
    pub late_seconds: u64,
    /// What that took off, in hundredths of a percent.
    pub penalty_basis_points: u32,
    /// How the job ended: as its first case that did not pass, or `passed`.
    pub verdict: Verdict,
    /// Whose fault that was; `None` where everything passed.
    pub fault: Option<Fault>,
    /// Why, in a sentence for the student; empty where the cases say it all.
    pub reason: String,
    /// Marks after the penalty.
    pub points: Points,
    /// The most that could be had.
    pub max_points: Points,
}

/// What the build did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct BuildResult {
    /// Whether the cases could run.
    pub passed: bool,
    /// What went wrong, in a sentence; empty where nothing did.
    pub reason: String,
    /// The end of the log, made safe to show.
    pub log: String,
    /// What it used.
    pub measured: Usage,
}

/// One case, in full.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct CaseResult {
    /// Its place in the plan.
    pub id: CaseId,
    /// Its name.
    pub name: String,
    /// The group that it belongs to.
    pub group: Option<String>,
    /// How it ended.
    pub verdict: Verdict,
    /// Whose fault that was; `None` where it passed.
    pub fault: Option<Fault>,
    /// Points it earned, before any penalty.
    pub points: Points,
    /// Points it is worth.
    pub max_points: Points,
    /// Why it did not pass, in a sentence; empty where it did.
    pub reason: String,
    /// How its process ended; `None` where it did not run.
    pub end: Option<End>,
    /// The exit status that was asked for.
    pub expected_exit: ExpectedExit,
    /// What it was allowed to use.
    pub limits: Limits,
    /// What it used.
    pub measured: Usage,
    /// What the student sees of it now.
    pub shown: Show,
    /// What the author lets the student see of it at last.
    pub show: Show,
    /// What it wrote, and how that differs; made safe to show.
    pub evidence: Evidence,
}

/// What a case wrote, made safe to show: control characters escaped, long text cut with a marker.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Evidence {
    /// The arguments it was given.
    pub args: Vec<String>,
    /// Its input.
    pub stdin: String,
    /// Its standard output.
    pub stdout: String,
    /// Its standard error.
    pub stderr: String,
    /// How its output differs from the expected one; empty where it does not or where it was not compared.
    pub diff: Vec<DiffLine>,
}

/// One line of a difference; blanks and line ends are shown by visible characters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct DiffLine {
    /// Which side it is from.
    pub side: DiffSide,
    /// The line, made safe to show.
    pub text: String,
}

/// Where a line of a difference is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DiffSide {
    /// In both.
    Both,
    /// Expected, and missing.
    Expected,
    /// Written, and not expected.
    Written,
    /// Lines left out; the text counts them.
    Gap,
}

/// How a stage ended, as the engine reports it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct StageEnd {
    /// Which stage.
    pub stage: Stage,
    /// How it ended.
    pub status: StageStatus,
    /// The exit code, where there was one.
    pub exit: Option<u8>,
    /// Why its pod ended, where the tool inside could not say so.
    #[serde(default, skip_serializing_if = "Cause::is_none")]
    pub cause: Cause,
}

/// How a stage ended; Argo's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum StageStatus {
    /// It did its job.
    Succeeded,
    /// Its container ended with an error, or was killed.
    Failed,
    /// The engine could not run it.
    Error,
    /// It was not run, because what it depends on did not succeed.
    Omitted,
    /// It was not run, because its condition did not hold.
    Skipped,
}

impl StageStatus {
    /// All words.
    pub const ALL: [StageStatus; 5] = [
        StageStatus::Succeeded,
        StageStatus::Failed,
        StageStatus::Error,
        StageStatus::Omitted,
        StageStatus::Skipped,
    ];

    /// Argo's word for it.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            StageStatus::Succeeded => "Succeeded",
            StageStatus::Failed => "Failed",
            StageStatus::Error => "Error",
            StageStatus::Omitted => "Omitted",
            StageStatus::Skipped => "Skipped",
        }
    }

    /// The status of that word.
    #[must_use]
    pub fn from_id(id: &str) -> Option<StageStatus> {
        StageStatus::ALL.into_iter().find(|status| status.id() == id)
    }
}

/// What a student sees of a job. An allow-list: nothing comes here but by being named here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct StudentResult {
    /// [`crate::API_VERSION`].
    pub api_version: String,
    /// What was concluded; points and verdict count the shown cases only.
    pub conclusion: Conclusion,
    /// What the build did.
    pub build: Option<BuildResult>,
    /// The cases that are shown.
    pub cases: Vec<StudentCase>,
    /// What is not shown.
    pub hidden: Hidden,
}

/// What is not shown to a student.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Hidden {
    /// How many cases.
    pub cases: u32,
    /// What they are worth together.
    pub max_points: Points,
    /// How many of them are shown from the due date on.
    pub shown_from_due: u32,
}

/// One case as a student sees it; fields that its `show` does not allow are absent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct StudentCase {
    /// Its name.
    pub name: String,
    /// The group that it belongs to.
    pub group: Option<String>,
    /// How it ended.
    pub verdict: Verdict,
    /// Whose fault that was; `None` where it passed.
    pub fault: Option<Fault>,
    /// Points it earned, before any penalty.
    pub points: Points,
    /// Points it is worth.
    pub max_points: Points,
    /// Why it did not pass, in a sentence.
    pub reason: String,
    /// What it was allowed to use.
    pub limits: Limits,
    /// What it used.
    pub measured: Usage,
    /// What it wrote, and how that differs.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub evidence: Option<Evidence>,
}
