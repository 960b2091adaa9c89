//! Runs one submission of an assignment through the local engine, and turns what comes back into a report.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use assay_contract::result::{PrivateResult, StudentResult};
use assay_contract::{Digest, Exit, JobId, StudentId};
use assay_core::assignment::{Assignment, Content, Publication};
use assay_core::operator::Operator;
use assay_core::pack;
use assay_local::{Event, Job, Run, StageRun, ToolchainKind};
use assay_receipt::SigningKey;
use jiff::Timestamp;
use serde::de::DeserializeOwned;

use crate::args::Machine;
use crate::commands;
use crate::error::CliError;
use crate::expect;
use crate::files;
use crate::report::{Circumstances, Isolation, RunReport, StageReport};
use crate::show::progress::Progress;

/// What a run is to be like.
pub(crate) struct Order<'a> {
    pub(crate) assignment: &'a Assignment,
    pub(crate) submission: &'a Path,
    pub(crate) machine: &'a Machine,
    /// When it is handed in; otherwise on time.
    pub(crate) at: Option<Timestamp>,
    pub(crate) keep: Option<PathBuf>,
}

/// What came of a run.
pub(crate) struct Graded {
    pub(crate) report: RunReport,
    pub(crate) student: StudentResult,
    /// The student's result as a page of HTML, as Finalise delivered it.
    pub(crate) page: Option<Vec<u8>>,
    /// Gzipped tar of what the cases wrote.
    pub(crate) outputs: Option<Vec<u8>>,
    /// What the stages said, a line each.
    pub(crate) said: Vec<String>,
    /// What could not be kept.
    pub(crate) not_kept: Vec<String>,
}

/// Runs a submission.
pub(crate) fn run(order: &Order<'_>) -> Result<Graded, CliError> {
    let Order { assignment, submission, machine, at, keep } = order;
    let packed = pack::pack(submission).map_err(|error| {
        CliError::new(Exit::SubmissionRefused, "the submission cannot be handed in").because(error)
    })?;
    let packed = Content::new(packed.zip);
    let digest = packed.digest().clone();
    let operator = Operator::default();
    let plan = commands::plan(assignment, &operator)?;
    let Publication { configuration, answers, schedule, configuration_files, answer_files } =
        assignment.publication();
    let handed_in = at.map_or_else(|| on_time(assignment), Ok)?;
    // A key for one run: its receipts prove nothing beyond that the stages sign.
    let key = SigningKey::from_seed(files::random()?);
    let progress = Progress::new(&submission.display().to_string());
    let mut said = Vec::new();
    let job = Job {
        plan,
        configuration,
        answers,
        schedule,
        configuration_files: bytes(configuration_files),
        answer_files: bytes(answer_files),
        submission: packed.bytes().to_vec(),
        student: StudentId::new("local").map_err(CliError::bug)?,
        // Derived, so that the same submission gives the same documents.
        job: JobId::new(format!("try-{}", digest.short())).map_err(CliError::bug)?,
        digest,
        handed_in: handed_in.to_string(),
        signing_key: key.to_pem().to_string(),
        rootfs: machine.rootfs.clone(),
        toolchain_folders: machine.toolchain.clone(),
        keep: keep.clone(),
        tool: assay_stage_bundle::STAGE_TOOL,
    };
    let run = assay_local::run(job, &mut |event| match event {
        Event::Started(stage) => progress.stage(stage),
        Event::Line { stage, text } => {
            progress.said(stage, &text);
            said.push(format!("{stage}: {text}"));
        }
        Event::Ended(_) => {}
        Event::Odd(text) => said.push(format!("odd: {text}")),
    })
    .map_err(|error| {
        let fix = error.fix();
        let wrapped = CliError::new(error.exit(), "the job could not be run on this machine").because(error);
        if fix.is_empty() { wrapped } else { wrapped.hint(fix) }
    })?;
    progress.finish();
    graded(order, run, said)
}

fn bytes(contents: BTreeMap<Digest, Content>) -> BTreeMap<Digest, Vec<u8>> {
    contents.into_iter().map(|(digest, content)| (digest, content.bytes().to_vec())).collect()
}

fn graded(order: &Order<'_>, run: Run, said: Vec<String>) -> Result<Graded, CliError> {
    let Run {
        stages,
        private_result,
        student_result,
        student_page,
        received: _,
        concluded: _,
        outputs: _,
        case_outputs,
        lacks,
        toolchain,
        not_kept,
    } = run;
    let (Some(private), Some(student)) = (private_result, student_result) else {
        return Err(without_result(&stages, &said));
    };
    let private: PrivateResult = parse(&private, "private result")?;
    let student: StudentResult = parse(&student, "student's result")?;
    let circumstances = Circumstances {
        submission: order.submission.display().to_string(),
        measured_stages: stages
            .iter()
            .map(|stage| u64::try_from(stage.wall.as_millis()).unwrap_or(u64::MAX))
            .collect(),
        stages: stages.iter().map(stage_report).collect(),
        isolation: Isolation {
            toolchain: match toolchain {
                ToolchainKind::Host => "host",
                ToolchainKind::Rootfs => "rootfs",
            },
            lacks,
            landlock_abi: None,
        },
    };
    let mut report = RunReport::new(private, circumstances);
    // Expectations are for hand-ins that are on time; a time that was named may cost marks.
    report.expected =
        if order.at.is_none() { expect::of(order.assignment, order.submission, &report) } else { None };
    Ok(Graded { report, student, page: student_page, outputs: case_outputs, said, not_kept })
}

fn stage_report(run: &StageRun) -> StageReport {
    StageReport { stage: run.end.stage, status: run.end.status, exit: run.end.exit }
}

/// A run whose stages did not come to a result: the system's fault, told with all that is known.
fn without_result(stages: &[StageRun], said: &[String]) -> CliError {
    let ends: Vec<String> = stages
        .iter()
        .map(|stage| {
            let exit = stage.end.exit.map_or(String::new(), |exit| format!(" ({exit})"));
            format!("{} {}{exit}", stage.end.stage, stage.end.status.id().to_lowercase())
        })
        .collect();
    let mut message = format!("the job came to no result: {}", ends.join(", "));
    for line in said.iter().rev().take(10).rev() {
        message.push_str("\n  ");
        message.push_str(line);
    }
    CliError::new(Exit::StageFailed, message)
}

fn parse<T: DeserializeOwned>(bytes: &[u8], what: &str) -> Result<T, CliError> {
    serde_json::from_slice(bytes).map_err(|error| {
        CliError::new(Exit::DocumentDamaged, format!("the {what} is damaged")).because(error)
    })
}

/// A hand-in that is on time: now if that is allowed, otherwise the nearest moment that is.
fn on_time(assignment: &Assignment) -> Result<Timestamp, CliError> {
    let schedule = assignment.schedule();
    let mut at = Timestamp::now().as_second();
    if let Some(opens) = &schedule.opens {
        at = at.max(opens.unix);
    }
    if let Some(due) = &schedule.due {
        at = at.min(due.unix);
    }
    Timestamp::from_second(at).map_err(CliError::bug)
}
