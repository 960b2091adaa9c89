//! The small facts that stages are given and leave: command-line options of `assay-stage`, parameters of Argo.
//!
//! Facts from untrusted stages do not exist; only how such a stage ended is told, by the engine.

use crate::{Stage, layout};

/// A small fact that a stage is given as `--<name> <value>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fact {
    /// The job's id.
    Job,
    /// `<course>/<name>`.
    Assignment,
    /// The revision.
    Revision,
    /// Whose submission.
    Student,
    /// SHA-256 of the zip.
    Digest,
    /// When it was handed in, RFC 3339 in UTC.
    HandedIn,
    /// How a stage ended: one of Argo's words.
    Status(Stage),
    /// A stage's exit code, or `none`.
    ExitCode(Stage),
    /// Why a stage's pod ended: one of the words of [`crate::Cause`].
    Cause(Stage),
    /// What an earlier trusted stage left, or `none`.
    From(Output),
}

/// A small fact that a trusted stage leaves as a file, which the engine hands on; Argo: an output parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Output {
    /// Setup: `accepted` or `refused`.
    Outcome,
    /// Setup: the code of the refusal, or `none`.
    Refusal,
    /// Setup: seconds late, 0 on time.
    LateSeconds,
    /// Setup: seconds since 1970 of the due date, or `none`.
    Due,
    /// Setup: SHA-256 of the `received` receipt's file.
    ReceivedDigest,
    /// Setup: `none` or `loopback`, what the assignment declares for builds and cases together.
    Network,
    /// Results: the job's verdict.
    Verdict,
    /// Results: whose fault that was, or `none`.
    Fault,
    /// Results: marks.
    Points,
    /// Results: the most that could be had.
    MaxPoints,
    /// Results: SHA-256 of the private result's file.
    PrivateDigest,
    /// Results: SHA-256 of the student's result's file.
    StudentDigest,
    /// Finalise: the job's final verdict.
    FinalVerdict,
    /// Finalise: the final marks.
    FinalPoints,
}

/// The value of a fact that is not known.
pub const NONE: &str = "none";

impl Output {
    /// The stage that leaves it.
    #[must_use]
    pub const fn stage(self) -> Stage {
        match self {
            Output::Outcome
            | Output::Refusal
            | Output::LateSeconds
            | Output::Due
            | Output::ReceivedDigest
            | Output::Network => Stage::Setup,
            Output::Verdict
            | Output::Fault
            | Output::Points
            | Output::MaxPoints
            | Output::PrivateDigest
            | Output::StudentDigest => Stage::Results,
            Output::FinalVerdict | Output::FinalPoints => Stage::Finalise,
        }
    }

    /// Its name as an Argo parameter and as a file.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Output::Outcome => "outcome",
            Output::Refusal => "refusal",
            Output::LateSeconds => "late-seconds",
            Output::Due => "due",
            Output::ReceivedDigest => "received-digest",
            Output::Network => "network",
            Output::Verdict | Output::FinalVerdict => "verdict",
            Output::Fault => "fault",
            Output::Points | Output::FinalPoints => "points",
            Output::MaxPoints => "max-points",
            Output::PrivateDigest => "private-digest",
            Output::StudentDigest => "student-digest",
        }
    }

    /// The file in which its stage leaves it.
    #[must_use]
    pub fn path(self) -> String {
        let volume = match self.stage() {
            Stage::Setup => crate::Volume::SetupConfiguration,
            Stage::Results => crate::Volume::Results,
            Stage::Verify | Stage::Test | Stage::Finalise => crate::Volume::Finalisation,
        };
        format!("{}/{}/{}", volume.path(), layout::OUTPUTS, self.name())
    }
}

/// What `stage` leaves for the engine; untrusted stages leave nothing.
#[must_use]
pub const fn outputs(stage: Stage) -> &'static [Output] {
    match stage {
        Stage::Setup => &[
            Output::Outcome,
            Output::Refusal,
            Output::LateSeconds,
            Output::Due,
            Output::ReceivedDigest,
            Output::Network,
        ],
        Stage::Verify | Stage::Test => &[],
        Stage::Results => &[
            Output::Verdict,
            Output::Fault,
            Output::Points,
            Output::MaxPoints,
            Output::PrivateDigest,
            Output::StudentDigest,
        ],
        Stage::Finalise => &[Output::FinalVerdict, Output::FinalPoints],
    }
}

const SETUP: [Fact; 6] =
    [Fact::Job, Fact::Assignment, Fact::Revision, Fact::Student, Fact::Digest, Fact::HandedIn];

const RESULTS: [Fact; 19] = [
    Fact::Job,
    Fact::Assignment,
    Fact::Revision,
    Fact::Student,
    Fact::Digest,
    Fact::HandedIn,
    Fact::Status(Stage::Setup),
    Fact::ExitCode(Stage::Setup),
    Fact::Cause(Stage::Setup),
    Fact::From(Output::Outcome),
    Fact::From(Output::Refusal),
    Fact::From(Output::LateSeconds),
    Fact::From(Output::Due),
    Fact::Status(Stage::Verify),
    Fact::ExitCode(Stage::Verify),
    Fact::Cause(Stage::Verify),
    Fact::Status(Stage::Test),
    Fact::ExitCode(Stage::Test),
    Fact::Cause(Stage::Test),
];

const FINALISE: [Fact; 16] = [
    Fact::Job,
    Fact::Assignment,
    Fact::Revision,
    Fact::Student,
    Fact::Digest,
    Fact::HandedIn,
    Fact::From(Output::Outcome),
    Fact::From(Output::ReceivedDigest),
    Fact::From(Output::Network),
    Fact::Status(Stage::Results),
    Fact::From(Output::Verdict),
    Fact::From(Output::Fault),
    Fact::From(Output::Points),
    Fact::From(Output::MaxPoints),
    Fact::From(Output::PrivateDigest),
    Fact::From(Output::StudentDigest),
];

/// What `stage` is told, in the order of its command line.
#[must_use]
pub const fn facts(stage: Stage) -> &'static [Fact] {
    match stage {
        Stage::Setup => &SETUP,
        Stage::Verify | Stage::Test => &[],
        Stage::Results => &RESULTS,
        Stage::Finalise => &FINALISE,
    }
}

impl Fact {
    /// Its name, as an option of `assay-stage` (after `--`) and as an Argo parameter.
    #[must_use]
    pub fn name(self) -> String {
        match self {
            Fact::Job => "job".into(),
            Fact::Assignment => "assignment".into(),
            Fact::Revision => "revision".into(),
            Fact::Student => "student".into(),
            Fact::Digest => "digest".into(),
            Fact::HandedIn => "handed-in".into(),
            Fact::Status(stage) => format!("{stage}-status"),
            Fact::ExitCode(stage) => format!("{stage}-exit"),
            Fact::Cause(stage) => format!("{stage}-cause"),
            Fact::From(output) => output.name().into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn option_names_of_a_stage_are_distinct() {
        for stage in Stage::ALL {
            let names: BTreeSet<_> = facts(stage).iter().map(|fact| fact.name()).collect();
            assert_eq!(names.len(), facts(stage).len(), "{stage}");
        }
    }

    #[test]
    fn a_stage_is_told_only_what_trusted_stages_before_it_left() {
        for stage in Stage::ALL {
            for fact in facts(stage) {
                if let Fact::From(output) = fact {
                    assert!(output.stage() < stage, "{stage} is told {}", output.name());
                    assert!(outputs(output.stage()).contains(output));
                }
            }
        }
        assert!(outputs(Stage::Verify).is_empty() && outputs(Stage::Test).is_empty());
    }
}
