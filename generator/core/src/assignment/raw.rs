//! An assignment as its author wrote it: every value with its place, nothing yet held against anything else.
//!
//! A field is `None` where it is absent or could not be understood; the second case has been reported already. Values
//! have their form (a duration is a duration), not their meaning (whether it is allowed, whether a file exists).

use std::time::Duration;

use assay_contract::answers::{Compare, ExpectedExit, Show, ShowFrom};
use assay_contract::configuration::Network;
use assay_contract::{Points, Verdict};

use super::scalars::{LocalTime, Penalty};
use crate::diagnostics::Place;
use crate::isolation::Isolation;

/// A value and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct At<T> {
    pub(crate) value: T,
    pub(crate) place: Place,
}

/// The whole file.
#[derive(Debug)]
pub(crate) struct RawAssignment {
    pub(crate) id: Option<At<String>>,
    pub(crate) title: Option<At<String>>,
    pub(crate) description: Option<At<String>>,
    pub(crate) salt: Option<At<String>>,
    pub(crate) image: Option<At<String>>,
    pub(crate) isolation: Option<At<Isolation>>,
    pub(crate) submit: Option<RawSubmit>,
    pub(crate) schedule: Option<RawSchedule>,
    pub(crate) files: Vec<At<String>>,
    pub(crate) build: Option<RawBuild>,
    pub(crate) test: Option<RawTest>,
    pub(crate) samples: Option<At<Vec<RawSample>>>,
}

/// `submit:`.
#[derive(Debug)]
pub(crate) struct RawSubmit {
    pub(crate) required: Vec<At<String>>,
    pub(crate) allowed: Option<At<Vec<At<String>>>>,
    pub(crate) size: Option<At<u64>>,
    pub(crate) unpacked: Option<At<u64>>,
    pub(crate) files: Option<At<u64>>,
    pub(crate) attempts: Option<At<u64>>,
    pub(crate) cooldown: Option<At<Duration>>,
}

/// `schedule:`.
#[derive(Debug)]
pub(crate) struct RawSchedule {
    pub(crate) zone: Option<At<String>>,
    pub(crate) opens: Option<At<LocalTime>>,
    pub(crate) due: Option<At<LocalTime>>,
    pub(crate) late: Option<At<RawLate>>,
}

/// `schedule.late:`.
#[derive(Debug)]
pub(crate) struct RawLate {
    pub(crate) penalty: Option<At<Penalty>>,
    pub(crate) until: Option<At<Duration>>,
}

/// `build:`.
#[derive(Debug)]
pub(crate) struct RawBuild {
    pub(crate) run: Option<At<String>>,
    pub(crate) env: Vec<(At<String>, At<String>)>,
    pub(crate) network: Option<At<Network>>,
    pub(crate) limits: RawLimits,
}

/// `limits:`, of the build, of all cases or of one.
#[derive(Debug, Default)]
pub(crate) struct RawLimits {
    pub(crate) cpu: Option<At<Duration>>,
    pub(crate) wall: Option<At<Duration>>,
    pub(crate) memory: Option<At<u64>>,
    pub(crate) processes: Option<At<u64>>,
    pub(crate) output: Option<At<u64>>,
    pub(crate) disk: Option<At<u64>>,
}

/// `test:`.
#[derive(Debug)]
pub(crate) struct RawTest {
    pub(crate) run: Option<At<String>>,
    pub(crate) env: Vec<(At<String>, At<String>)>,
    pub(crate) network: Option<At<Network>>,
    pub(crate) limits: RawLimits,
    pub(crate) compare: Option<At<Compare>>,
    pub(crate) exit: Option<At<ExpectedExit>>,
    pub(crate) show: Option<At<Show>>,
    pub(crate) cases: Option<At<Vec<RawCase>>>,
}

/// One item of `test.cases:`, which is one case or a group of them.
#[derive(Debug)]
pub(crate) struct RawCase {
    pub(crate) place: Place,
    pub(crate) name: Option<At<String>>,
    pub(crate) group: Option<At<String>>,
    pub(crate) run: Option<At<String>>,
    pub(crate) args: Vec<At<String>>,
    pub(crate) stdin: Option<At<RawText>>,
    pub(crate) stdout: Option<At<RawText>>,
    pub(crate) exit: Option<At<ExpectedExit>>,
    pub(crate) compare: Option<At<Compare>>,
    pub(crate) points: Option<At<Points>>,
    pub(crate) show: Option<At<Show>>,
    pub(crate) from: Option<At<ShowFrom>>,
    pub(crate) limits: RawLimits,
}

/// An input or an expected output.
#[derive(Debug, Clone)]
pub(crate) enum RawText {
    /// The text itself.
    Inline(String),
    /// `{file: …}`.
    File(At<String>),
    /// `{files: …}`: one for each file that matches.
    Files(At<String>),
}

/// One entry of `samples:`.
#[derive(Debug)]
pub(crate) struct RawSample {
    pub(crate) folder: At<String>,
    pub(crate) points: Option<At<Points>>,
    pub(crate) verdict: Option<At<Verdict>>,
    pub(crate) cases: Vec<(At<String>, At<Verdict>)>,
}
