//! What is published of an assignment for Results alone: names, points, comparisons, visibility, expected outputs.
//!
//! Points, comparisons, visibility and late rules are read from here and nowhere else.

use serde::{Deserialize, Serialize};

use crate::{AssignmentId, CaseId, Digest, Limits, Points};

/// `answers.json` of a revision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Answers {
    /// [`crate::API_VERSION`].
    pub api_version: String,
    /// Which assignment.
    pub assignment: AssignmentId,
    /// Which revision of it.
    pub revision: Digest,
    /// The assignment's title, for people.
    pub title: String,
    /// How submissions are tested.
    pub mode: Mode,
    /// What lateness costs.
    pub late: LatePenalty,
    /// The cases, in the order of the plan.
    pub cases: Vec<AnswerCase>,
}

/// How submissions are tested, named in results and receipts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Test gets inputs only; Results compares what came out with the answers.
    Sealed,
}

/// What lateness costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct LatePenalty {
    /// Taken off the marks for each period that has begun, in hundredths of a percent.
    pub basis_points: u32,
    /// The period, in seconds; 0 where nothing is taken off.
    pub per_seconds: u64,
}

/// One case as Results knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct AnswerCase {
    /// Its place in the plan.
    pub id: CaseId,
    /// Its name, for people.
    pub name: String,
    /// The group that it belongs to.
    pub group: Option<String>,
    /// What it is worth.
    pub points: Points,
    /// How the output is compared.
    pub compare: Compare,
    /// The expected standard output (or pattern), a file of the answers' `files/`; `None` accepts any output.
    pub stdout: Option<Digest>,
    /// The expected exit status.
    pub exit: ExpectedExit,
    /// What the student sees of it.
    pub show: Show,
    /// From when on the student sees it.
    pub from: ShowFrom,
    /// The input, repeated here so that it can be shown with a difference; a file of the answers' `files/`.
    pub stdin: Option<Digest>,
    /// The arguments, repeated here for the same reason.
    pub args: Vec<String>,
    /// The limits, repeated here so that what the student reads does not come from student-visible volumes.
    pub limits: Limits,
}

impl AnswerCase {
    /// The round in which it runs: see [`round`].
    #[must_use]
    pub fn round(&self) -> u8 {
        round(self.show, self.from)
    }
}

/// The round in which a case runs, counted from 0; in a round, cases run in the order of the assignment.
///
/// What students see runs before what they do not: nothing that a program learns from the input of a hidden case, by what
/// it leaves, by how long it takes or however else, can come to the output of one that is shown.
#[must_use]
pub const fn round(show: Show, from: ShowFrom) -> u8 {
    match (show, from) {
        (Show::Output | Show::Diff, ShowFrom::Start) => 0,
        (Show::Verdict, ShowFrom::Start) => 1,
        (Show::Output | Show::Diff, ShowFrom::Due) => 2,
        (Show::Verdict, ShowFrom::Due) => 3,
        (Show::Nothing, _) => 4,
    }
}

/// How an output is compared with the expected one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Compare {
    /// Byte by byte.
    Exact,
    /// Line by line, without blanks at line ends and empty lines at the end; CRLF counts as LF.
    Trimmed,
    /// Word by word, words being separated by any white space.
    Tokens,
    /// Word by word; words that are numbers on both sides may differ within either tolerance.
    Numeric {
        /// The largest absolute difference; not negative.
        absolute: f64,
        /// The largest difference relative to the expected number; not negative.
        relative: f64,
    },
    /// The expected output is a regular expression that must match the whole output, one final newline aside.
    Regex,
}

impl Eq for Compare {}

/// Which exit status is right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum ExpectedExit {
    /// Any status; a signal is still a crash.
    Any,
    /// This one.
    Status(u8),
}

/// How much of a case a student sees; each includes what stands before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Show {
    /// Nothing, not even its name; only the number of such cases and their points.
    Nothing,
    /// Name, verdict and points.
    Verdict,
    /// Also what the program wrote.
    Output,
    /// Also the input and the difference from the expected output.
    Diff,
}

/// From when on a student sees a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ShowFrom {
    /// At once.
    Start,
    /// From the due date on.
    Due,
}
