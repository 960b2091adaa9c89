//! What a run is given, what it tells while it goes on, and what it ends with.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use assay_contract::answers::Answers;
use assay_contract::configuration::{Configuration, Schedule};
use assay_contract::result::StageEnd;
use assay_contract::{Digest, JobId, Output, Stage, StudentId};
use assay_core::plan::Plan;

use crate::toolchain::ToolchainKind;
use crate::users::Users;

/// A job to run.
#[derive(Debug)]
pub struct Job<'a> {
    /// What each stage is.
    pub plan: Plan,
    /// What is published for Setup.
    pub configuration: Configuration,
    /// What is published for Results.
    pub answers: Answers,
    /// When submissions are taken.
    pub schedule: Schedule,
    /// Contents that `configuration` names.
    pub configuration_files: BTreeMap<Digest, Vec<u8>>,
    /// Contents that `answers` names.
    pub answer_files: BTreeMap<Digest, Vec<u8>>,
    /// The zip that is handed in.
    pub submission: Vec<u8>,
    /// The SHA-256 that is said of it; Setup checks whether it is right.
    pub digest: Digest,
    /// Whose it is.
    pub student: StudentId,
    /// The job's id; it stands in the command line of every process of the run.
    pub job: JobId,
    /// When it was handed in, RFC 3339 in UTC.
    pub handed_in: String,
    /// The signing key of Setup and Finalise, as they take it from their environment.
    pub signing_key: String,
    /// An unpacked image for Verify and Test; `None` shows them this machine's toolchain.
    pub rootfs: Option<PathBuf>,
    /// Further toolchain folders of this machine; only without `rootfs`.
    pub toolchain_folders: Vec<PathBuf>,
    /// Where to put every file of every volume at the end; a folder that is empty or does not exist.
    pub keep: Option<PathBuf>,
    /// The static `assay-stage` program.
    pub tool: &'a [u8],
}

/// What happens during a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A stage's program runs.
    Started(Stage),
    /// A line that a stage wrote to its output or error stream, made safe to print.
    Line {
        /// Which stage.
        stage: Stage,
        /// The line, cut at 1,000 characters.
        text: String,
    },
    /// A stage has ended, or was not run.
    Ended(StageRun),
    /// Something that should not be, in words, and without which the run goes on.
    Odd(String),
}

/// How a stage ended here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StageRun {
    /// In the engine's words, as later stages are told.
    pub end: StageEnd,
    /// From its first process to its last.
    pub wall: Duration,
    /// Why it did not succeed, where its exit code does not say it.
    pub cause: Option<Cause>,
}

/// Why a stage did not succeed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// Its deadline came.
    Deadline,
    /// A signal ended it.
    Signal(u8),
    /// It could not be started; in words.
    NotStarted(String),
}

/// What a run ended with. Documents are as the stages wrote them: whoever reads them parses them.
#[derive(Debug)]
pub struct Run {
    /// All five stages, in their order.
    pub stages: Vec<StageRun>,
    /// The full result.
    pub private_result: Option<Vec<u8>>,
    /// The student's result.
    pub student_result: Option<Vec<u8>>,
    /// The student's result as a page of HTML.
    pub student_page: Option<Vec<u8>>,
    /// The signed receipt of what was received.
    pub received: Option<Vec<u8>>,
    /// The signed receipt of what was concluded.
    pub concluded: Option<Vec<u8>>,
    /// What the cases wrote, a gzipped tar of a folder a case.
    pub case_outputs: Option<Vec<u8>>,
    /// What the trusted stages left for the engine; `none` where they left nothing that could be believed.
    pub outputs: BTreeMap<Output, String>,
    /// What isolation and limits lack here, in words.
    pub lacks: Vec<String>,
    /// Which toolchain Verify and Test saw.
    pub toolchain: ToolchainKind,
    /// What was not kept, in words; empty where nothing was to be kept.
    pub not_kept: Vec<String>,
}

/// What this machine can do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capabilities {
    /// The kernel's release.
    pub kernel: String,
    /// Which users stand behind the stages' users.
    pub users: Users,
    /// What isolation and limits lack here, in words.
    pub lacks: Vec<String>,
}
