//! A valid assignment: everything in it has been held against everything else and against the author's files.

use std::collections::BTreeMap;
use std::path::PathBuf;

use assay_contract::answers::{Compare, ExpectedExit, LatePenalty, Show, ShowFrom};
use assay_contract::configuration::{BuildPlan, CommandLine, Network, Schedule, SubmissionRules};
use assay_contract::{AssignmentId, CaseId, Limits, Points, Verdict};

use super::folder::{Content, Laid};
use crate::isolation::Isolation;

/// An assignment that can be published and run. Made by [`super::load`] alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    pub(super) id: AssignmentId,
    pub(super) title: String,
    pub(super) description: String,
    pub(super) salt: Option<String>,
    pub(super) image: String,
    pub(super) isolation: Option<Isolation>,
    pub(super) rules: SubmissionRules,
    pub(super) zone: Option<String>,
    pub(super) schedule: Schedule,
    pub(super) late: LatePenalty,
    pub(super) overlay: Vec<Laid>,
    pub(super) build: Option<BuildPlan>,
    pub(super) env: Vec<(String, String)>,
    pub(super) network: Network,
    pub(super) cases: Vec<Case>,
    pub(super) samples: Vec<Sample>,
    pub(super) folder: PathBuf,
}

/// One scored check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    pub(super) id: CaseId,
    pub(super) name: String,
    pub(super) group: Option<String>,
    pub(super) run: CommandLine,
    pub(super) args: Vec<String>,
    pub(super) stdin: Option<Content>,
    pub(super) expected: Expected,
    pub(super) exit: ExpectedExit,
    pub(super) compare: Compare,
    pub(super) points: Points,
    pub(super) show: Show,
    pub(super) from: ShowFrom,
    pub(super) limits: Limits,
}

/// The output that a case must have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Expected {
    /// Any output.
    Any,
    /// A text of `assignment.yaml` itself.
    Inline(Content),
    /// A file; without content while it waits to be recorded.
    File { path: String, content: Option<Content> },
}

impl Expected {
    pub(super) fn content(&self) -> Option<&Content> {
        match self {
            Expected::Any => None,
            Expected::Inline(content) => Some(content),
            Expected::File { content, .. } => content.as_ref(),
        }
    }
}

/// A folder with a submission, and what it must get.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    pub(super) folder: String,
    pub(super) points: Points,
    pub(super) verdict: Option<Verdict>,
    pub(super) cases: BTreeMap<String, Verdict>,
}

/// A case whose expected output can be written from what the solution prints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerToRecord {
    /// The case.
    pub case: CaseId,
    /// Its name.
    pub name: String,
    /// Where its expected output lives.
    pub place: AnswerPlace,
}

/// Where the expected output of a case lives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AnswerPlace {
    /// In a file, relative to the assignment's folder; it may not exist yet.
    File(String),
    /// In `assignment.yaml` itself, which is not written by programs.
    Inline,
    /// Nowhere: the case accepts any output.
    Nowhere,
}

impl Assignment {
    /// `<course>/<name>`.
    #[must_use]
    pub fn id(&self) -> &AssignmentId {
        &self.id
    }

    /// Its title, one line without template marks.
    #[must_use]
    pub fn title(&self) -> &str {
        &self.title
    }

    /// Its description; may be empty, may have several lines.
    #[must_use]
    pub fn description(&self) -> &str {
        &self.description
    }

    /// The image of Verify and Test, a checked reference.
    #[must_use]
    pub fn image(&self) -> &str {
        &self.image
    }

    /// The same assignment with its image pinned. The image is part of the revision, so this is another one.
    #[must_use]
    pub fn pinned(self, image: &crate::operator::Image) -> Assignment {
        Assignment { image: image.to_string(), ..self }
    }

    /// What may be handed in.
    #[must_use]
    pub fn rules(&self) -> &SubmissionRules {
        &self.rules
    }

    /// The dates.
    #[must_use]
    pub fn schedule(&self) -> &Schedule {
        &self.schedule
    }

    /// The point in time at which a clock in the assignment's zone (UTC if it has none) shows `text`.
    ///
    /// # Errors
    /// If `text` is no time, or one that the clock skips or shows twice; in words.
    pub fn time(&self, text: &str) -> Result<jiff::Timestamp, String> {
        super::schedule::time(self.zone.as_deref().unwrap_or("UTC"), text)
    }

    /// What lateness costs.
    #[must_use]
    pub fn late(&self) -> LatePenalty {
        self.late
    }

    /// The build, if there is one.
    #[must_use]
    pub fn build(&self) -> Option<&BuildPlan> {
        self.build.as_ref()
    }

    /// The cases in the order in which they run; at least one.
    #[must_use]
    pub fn cases(&self) -> &[Case] {
        &self.cases
    }

    /// The samples in the order written.
    #[must_use]
    pub fn samples(&self) -> &[Sample] {
        &self.samples
    }

    /// What all cases together are worth.
    #[must_use]
    pub fn points(&self) -> Points {
        self.cases.iter().map(|case| case.points).sum()
    }

    /// The folder of `assignment.yaml`, absolute and without links.
    #[must_use]
    pub fn folder(&self) -> &std::path::Path {
        &self.folder
    }

    /// For every case, where its expected output lives.
    #[must_use]
    pub fn answers_to_record(&self) -> Vec<AnswerToRecord> {
        let answer = |case: &Case| AnswerToRecord {
            case: case.id.clone(),
            name: case.name.clone(),
            place: match &case.expected {
                Expected::Any => AnswerPlace::Nowhere,
                Expected::Inline(_) => AnswerPlace::Inline,
                Expected::File { path, .. } => AnswerPlace::File(path.clone()),
            },
        };
        self.cases.iter().map(answer).collect()
    }
}

impl Case {
    /// Its place in the plan.
    #[must_use]
    pub fn id(&self) -> &CaseId {
        &self.id
    }

    /// Its name, unique in the assignment; `<group>/<part>` in a group.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The group that it belongs to.
    #[must_use]
    pub fn group(&self) -> Option<&str> {
        self.group.as_deref()
    }

    /// What runs, arguments included.
    #[must_use]
    pub fn run(&self) -> &CommandLine {
        &self.run
    }

    /// What it is worth.
    #[must_use]
    pub fn points(&self) -> Points {
        self.points
    }

    /// How much of it the student sees.
    #[must_use]
    pub fn show(&self) -> Show {
        self.show
    }

    /// Under what limits it runs.
    #[must_use]
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// The expected output, where there is one.
    #[must_use]
    pub fn expected(&self) -> Option<&[u8]> {
        self.expected.content().map(Content::bytes)
    }
}

impl Sample {
    /// Its folder, relative to the assignment's folder.
    #[must_use]
    pub fn folder(&self) -> &str {
        &self.folder
    }

    /// Its name: the last part of the folder's path.
    #[must_use]
    pub fn name(&self) -> &str {
        self.folder.rsplit('/').next().unwrap_or(&self.folder)
    }

    /// The points that it must get.
    #[must_use]
    pub fn points(&self) -> Points {
        self.points
    }

    /// The verdict that it must get, where one is demanded.
    #[must_use]
    pub fn verdict(&self) -> Option<Verdict> {
        self.verdict
    }

    /// The verdicts that cases must get, by their names.
    #[must_use]
    pub fn cases(&self) -> &BTreeMap<String, Verdict> {
        &self.cases
    }
}
