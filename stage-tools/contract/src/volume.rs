//! The ten volumes.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One of the ten volumes of a job; the order is the design's numbering.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Volume {
    /// 1: the student's own claim, the home of the hub.
    Student,
    /// 2: published assignments, without their answers.
    AssignmentConfiguration,
    /// 3: snapshots of what was handed in.
    RawSubmissions,
    /// 4: answers, full results, gradebook.
    PrivateResults,
    /// 5: what Setup tells Verify about the job.
    SetupConfiguration,
    /// 6: the unpacked submission, the test plan, inputs and the stage tool.
    Submission,
    /// 7: what the build left.
    Verification,
    /// 8: what the cases left.
    Testing,
    /// 9: the two result documents on their way to Finalise.
    Results,
    /// 10: Finalise's own notes.
    Finalisation,
}

/// How long a volume lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Lifetime {
    /// One per student, kept by the hub.
    PerStudent,
    /// One per course, kept.
    Always,
    /// Made for a job and gone with it.
    Job,
}

impl Volume {
    /// All volumes in the order of the table.
    pub const ALL: [Volume; 10] = [
        Volume::Student,
        Volume::AssignmentConfiguration,
        Volume::RawSubmissions,
        Volume::PrivateResults,
        Volume::SetupConfiguration,
        Volume::Submission,
        Volume::Verification,
        Volume::Testing,
        Volume::Results,
        Volume::Finalisation,
    ];

    /// The volume's id, the same in YAML, paths, code and messages.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Volume::Student => "student",
            Volume::AssignmentConfiguration => "assignment-configuration",
            Volume::RawSubmissions => "raw-submissions",
            Volume::PrivateResults => "private-results",
            Volume::SetupConfiguration => "setup-configuration",
            Volume::Submission => "submission",
            Volume::Verification => "verification",
            Volume::Testing => "testing",
            Volume::Results => "results",
            Volume::Finalisation => "finalisation",
        }
    }

    /// The volume of that id.
    #[must_use]
    pub fn from_id(id: &str) -> Option<Volume> {
        Volume::ALL.into_iter().find(|volume| volume.id() == id)
    }

    /// The volume's name for people.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Volume::Student => "Student Claim",
            Volume::AssignmentConfiguration => "Assignment Configuration",
            Volume::RawSubmissions => "Raw Submissions",
            Volume::PrivateResults => "Private Results",
            Volume::SetupConfiguration => "Ephemeral Setup Configuration",
            Volume::Submission => "Ephemeral Submission",
            Volume::Verification => "Ephemeral Verification",
            Volume::Testing => "Ephemeral Testing",
            Volume::Results => "Ephemeral Results",
            Volume::Finalisation => "Ephemeral Finalisation",
        }
    }

    /// Its number in the table, from 1.
    #[must_use]
    pub const fn number(self) -> usize {
        self as usize + 1
    }

    /// How long it lives.
    #[must_use]
    pub const fn lifetime(self) -> Lifetime {
        match self {
            Volume::Student => Lifetime::PerStudent,
            Volume::AssignmentConfiguration | Volume::RawSubmissions | Volume::PrivateResults => {
                Lifetime::Always
            }
            Volume::SetupConfiguration
            | Volume::Submission
            | Volume::Verification
            | Volume::Testing
            | Volume::Results
            | Volume::Finalisation => Lifetime::Job,
        }
    }

    /// Where a stage finds it: `/volumes/<id>`.
    #[must_use]
    pub fn path(self) -> String {
        format!("{}/{}", crate::layout::VOLUMES_ROOT, self.id())
    }
}

impl fmt::Display for Volume {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}
