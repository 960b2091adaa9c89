//! The small facts: what a stage is told on its command line, and what of a stage's output files is believed.

use std::collections::BTreeMap;

use assay_contract::facts::{self, NONE};
use assay_contract::result::{StageEnd, StageStatus};
use assay_contract::{AssignmentId, Cause, Digest, Fact, JobId, Output, Points, Stage, StudentId, Verdict};

/// The largest output file, in bytes.
pub(crate) const MAX_OUTPUT: u64 = 256;

/// Everything that a stage could be told.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    pub(crate) job: JobId,
    pub(crate) assignment: AssignmentId,
    pub(crate) revision: Digest,
    pub(crate) student: StudentId,
    pub(crate) digest: Digest,
    pub(crate) handed_in: String,
    pub(crate) ends: Vec<StageEnd>,
    pub(crate) outputs: BTreeMap<Output, String>,
}

impl Known {
    /// The command line of `stage`, without the program.
    pub(crate) fn arguments(&self, stage: Stage) -> Vec<String> {
        let mut arguments = vec![stage.id().to_owned()];
        for fact in facts::facts(stage) {
            arguments.push(format!("--{}", fact.name()));
            arguments.push(self.value(*fact));
        }
        arguments
    }

    /// What `output` is known to be.
    pub(crate) fn output(&self, output: Output) -> &str {
        self.outputs.get(&output).map_or(NONE, String::as_str)
    }

    /// How `stage` ended, where it came to its turn.
    pub(crate) fn end(&self, stage: Stage) -> Option<&StageEnd> {
        self.ends.iter().find(|end| end.stage == stage)
    }

    fn value(&self, fact: Fact) -> String {
        match fact {
            Fact::Job => self.job.to_string(),
            Fact::Assignment => self.assignment.to_string(),
            Fact::Revision => self.revision.to_string(),
            Fact::Student => self.student.to_string(),
            Fact::Digest => self.digest.to_string(),
            Fact::HandedIn => self.handed_in.clone(),
            Fact::Status(stage) => {
                self.end(stage).map_or(StageStatus::Error, |end| end.status).id().to_owned()
            }
            Fact::ExitCode(stage) => self
                .end(stage)
                .and_then(|end| end.exit)
                .map_or_else(|| NONE.to_owned(), |code| code.to_string()),
            Fact::Cause(stage) => self.end(stage).map_or(Cause::None, |end| end.cause).id().to_owned(),
            Fact::From(output) => self.output(output).to_owned(),
        }
    }
}

/// What comes next for a stage: run it, or give it this status.
pub(crate) fn skipped(stage: Stage, known: &Known) -> Option<StageStatus> {
    let succeeded = |stage| known.end(stage).is_some_and(|end| end.status == StageStatus::Succeeded);
    match stage {
        Stage::Verify if !succeeded(Stage::Setup) => Some(StageStatus::Omitted),
        Stage::Verify if known.output(Output::Outcome) != "accepted" => Some(StageStatus::Skipped),
        Stage::Test if !succeeded(Stage::Verify) => Some(StageStatus::Omitted),
        Stage::Setup | Stage::Verify | Stage::Test | Stage::Results | Stage::Finalise => None,
    }
}

/// The value of an output file, if it is one that this output can have. One line end is taken off, as Argo does.
pub(crate) fn believed(output: Output, bytes: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(bytes).ok()?;
    let text = text.strip_suffix('\n').unwrap_or(text);
    let fits = match output {
        Output::Outcome => ["accepted", "refused"].contains(&text),
        Output::Refusal => {
            (1..=64).contains(&text.len())
                && !text.starts_with('-')
                && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        }
        Output::LateSeconds => text.parse::<u64>().is_ok_and(|n| n.to_string() == text),
        Output::Due => text.parse::<i64>().is_ok_and(|n| n.to_string() == text),
        Output::ReceivedDigest | Output::PrivateDigest | Output::StudentDigest => Digest::new(text).is_ok(),
        Output::Network => ["none", "loopback"].contains(&text),
        Output::Verdict | Output::FinalVerdict => Verdict::from_id(text).is_some(),
        Output::Fault => ["student", "author", "system"].contains(&text),
        Output::Points | Output::MaxPoints | Output::FinalPoints => text.parse::<Points>().is_ok(),
    };
    (fits || text == NONE).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn known() -> Known {
        Known {
            job: JobId::new("job-1").unwrap(),
            assignment: AssignmentId::new("c/a").unwrap(),
            revision: Digest::new("a".repeat(64)).unwrap(),
            student: StudentId::new("s").unwrap(),
            digest: Digest::new("b".repeat(64)).unwrap(),
            handed_in: "2026-03-02T09:00:00Z".into(),
            ends: Vec::new(),
            outputs: BTreeMap::new(),
        }
    }

    fn ended(stage: Stage, status: StageStatus) -> StageEnd {
        StageEnd { stage, status, exit: None, cause: Cause::None }
    }

    #[test]
    fn a_stage_is_told_its_facts_in_their_order() {
        for stage in Stage::ALL {
            let arguments = known().arguments(stage);
            let names: Vec<String> = arguments.iter().skip(1).step_by(2).cloned().collect();
            let expected: Vec<String> =
                facts::facts(stage).iter().map(|fact| format!("--{}", fact.name())).collect();
            assert_eq!(names, expected, "{stage}");
            assert_eq!(arguments[0], stage.id());
        }
    }

    #[test]
    fn a_stage_that_did_not_exit_has_no_code() {
        let mut known = known();
        known.ends.push(StageEnd { exit: Some(137), ..ended(Stage::Setup, StageStatus::Failed) });
        known.ends.push(ended(Stage::Verify, StageStatus::Omitted));
        let arguments = known.arguments(Stage::Results).join(" ");
        assert!(arguments.contains("--setup-status Failed --setup-exit 137 --setup-cause none"));
        assert!(arguments.contains("--verify-status Omitted --verify-exit none --verify-cause none"));
    }

    #[test]
    fn what_runs_depends_on_what_came_before() {
        let mut known = known();
        assert_eq!(skipped(Stage::Verify, &known), Some(StageStatus::Omitted), "setup did not succeed");
        known.ends.push(ended(Stage::Setup, StageStatus::Succeeded));
        assert_eq!(skipped(Stage::Verify, &known), Some(StageStatus::Skipped), "not accepted");
        known.outputs.insert(Output::Outcome, "accepted".into());
        assert_eq!(skipped(Stage::Verify, &known), None);
        assert_eq!(skipped(Stage::Test, &known), Some(StageStatus::Omitted));
        known.ends.push(ended(Stage::Verify, StageStatus::Failed));
        assert_eq!(skipped(Stage::Test, &known), Some(StageStatus::Omitted));
        for stage in [Stage::Setup, Stage::Results, Stage::Finalise] {
            assert_eq!(skipped(stage, &known), None, "{stage} always runs");
        }
    }

    #[test]
    fn values_out_of_their_range_are_not_believed() {
        for (output, value) in [
            (Output::Outcome, "Accepted"),
            (Output::LateSeconds, "-1"),
            (Output::LateSeconds, "+1"),
            (Output::Due, "1e9"),
            (Output::Points, "NaN"),
            (Output::Verdict, "passed\n\n"),
            (Output::ReceivedDigest, "abc"),
            (Output::Refusal, "a b"),
            (Output::Refusal, ""),
            (Output::Refusal, "--job"),
            (Output::Refusal, "-"),
            (Output::Fault, "{{x}}"),
        ] {
            assert_eq!(believed(output, value.as_bytes()), None, "{value:?}");
        }
        assert_eq!(believed(Output::Points, b"6.25\n").as_deref(), Some("6.25"));
        assert_eq!(believed(Output::Due, b"none").as_deref(), Some("none"));
        assert_eq!(believed(Output::Outcome, b"\xff"), None);
    }

    proptest! {
        #[test]
        fn nothing_believed_can_be_an_option_or_a_template(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            for stage in Stage::ALL {
                for output in facts::outputs(stage) {
                    if let Some(text) = believed(*output, &bytes) {
                        let dangerous = text.starts_with("--") || text.contains(['{', '\n', ' ', '\0']);
                        prop_assert!(!dangerous);
                    }
                }
            }
        }
    }
}
