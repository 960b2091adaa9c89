//! What is published of an assignment for Setup: rules, schedule, build and test plan. No answers, no case names, no
//! points: Setup lays parts of this where student code can read them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{AssignmentId, CaseId, Digest, Limits};

/// `configuration.json` of a revision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Configuration {
    /// [`crate::API_VERSION`].
    pub api_version: String,
    /// Which assignment.
    pub assignment: AssignmentId,
    /// Which revision of it.
    pub revision: Digest,
    /// Its title, for people.
    pub title: String,
    /// What may be handed in.
    pub rules: SubmissionRules,
    /// The author's files that are laid over the submission; they win over files of the same name.
    pub overlay: Vec<OverlayFile>,
    /// The build; `None` where the submission needs none.
    pub build: Option<BuildPlan>,
    /// The cases.
    pub test: TestPlan,
}

/// What may be handed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct SubmissionRules {
    /// Files that must be there, as paths inside the submission.
    pub required: Vec<String>,
    /// Globs, one of which every file must match; empty allows every file.
    pub allowed: Vec<String>,
    /// The largest zip, in bytes.
    pub size_bytes: u64,
    /// The largest sum of the unpacked files, in bytes.
    pub unpacked_bytes: u64,
    /// The largest number of files.
    pub files: u32,
    /// How many graded attempts a student has; `None` for any number.
    pub attempts: Option<u32>,
    /// The least time between two runs of one student, in seconds.
    pub cooldown_seconds: u64,
}

/// `schedule.json`: dates change without a new revision, so they stand beside the revisions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Schedule {
    /// [`crate::API_VERSION`].
    pub api_version: String,
    /// From when on submissions are taken.
    pub opens: Option<Instant>,
    /// Until when they are on time.
    pub due: Option<Instant>,
    /// Until when late ones are taken, in seconds after `due`; 0 takes none.
    pub late_seconds: u64,
}

/// A point in time, for computing and for reading.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Instant {
    /// Seconds since 1970-01-01T00:00:00Z.
    pub unix: i64,
    /// The same in the assignment's time zone, as people read it: `2026-03-16 23:59 Australia/Melbourne`.
    pub text: String,
}

/// A file of the author's that is laid over the submission.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct OverlayFile {
    /// Where it goes, as a path inside the submission.
    pub path: String,
    /// Its content, a file of the revision's `files/`.
    pub content: Digest,
    /// Whether it may be executed.
    pub executable: bool,
}

/// A program and its first arguments; never empty, resolved from the author's line when the assignment is read.
pub type CommandLine = Vec<String>;

/// `build.json`: what Verify does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct BuildPlan {
    /// What runs, in a writable copy of the submission.
    pub run: CommandLine,
    /// Under what limits; `output-bytes` caps the log that is kept.
    pub limits: Limits,
    /// Environment, beside the few variables that every confined process has.
    pub env: Vec<(String, String)>,
    /// What network it sees.
    pub network: Network,
}

/// `plan.json` in `submission`: what Setup tells Test. Student code may come to see it, so it holds inputs only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct TestConfiguration {
    /// [`crate::API_VERSION`].
    pub api_version: String,
    /// Where in `submission` the contents lie that are named by their digests. No name tells of another, nor of a content:
    /// who can ask whether a file exists could otherwise find out hidden inputs by trying.
    pub files: BTreeMap<Digest, String>,
    /// The author's files, laid again over what each case starts from: a build may have replaced them.
    pub overlay: Vec<OverlayFile>,
    /// The cases.
    pub test: TestPlan,
}

/// What Test does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct TestPlan {
    /// The cases in the order in which they run.
    pub cases: Vec<TestCase>,
    /// Environment of every case, beside the few variables that every confined process has.
    pub env: Vec<(String, String)>,
    /// What network the cases see.
    pub network: Network,
}

/// One case as Test knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct TestCase {
    /// Its place in the plan.
    pub id: CaseId,
    /// What runs, arguments included.
    pub run: CommandLine,
    /// Standard input, one of [`TestConfiguration::files`]; `None` is empty input.
    pub stdin: Option<Digest>,
    /// Under what limits.
    pub limits: Limits,
}

/// What network a confined process sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Network {
    /// No sockets at all.
    #[default]
    None,
    /// The stage's own loopback; named in the receipt.
    Loopback,
}

/// `job.json` in `setup-configuration`: what Setup tells Verify.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct JobConfiguration {
    /// [`crate::API_VERSION`].
    pub api_version: String,
    /// Files that must be there, as paths inside the submission.
    pub required: Vec<String>,
    /// The build, if any.
    pub build: Option<BuildPlan>,
}
