//! Why no case of a job could run, and whose fault that was.
//!
//! Order is meaning: a refused submission is refused however its stages ended, and a build is looked at only when the
//! answers can be read. How an untrusted stage ended is told by the engine, never by what the stage left.

use assay_contract::answers::Answers;
use assay_contract::outcome::{BuildEnd, BuildOutcome, End};
use assay_contract::result::{BuildResult, StageEnd, StageStatus};
use assay_contract::{API_VERSION, Cause, Exit, Fault, Oddity, OddityCode, Points, Stage, Verdict};

use crate::input::{Found, Job, Setup};
use crate::{safe_text, sentence};

/// How much of a build log is shown, in bytes.
const LOG_BYTES: usize = 32 * 1024;
/// How much of a build log's end must be known, in bytes, so that it can be told that something was left out.
pub const LOG_END: u64 = 2 * LOG_BYTES as u64;
/// How many missing files are named.
const NAMED_FILES: usize = 5;

/// Why no case ran.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stop {
    /// The job's verdict.
    pub(crate) verdict: Verdict,
    /// Whose fault it was, of the job and of each case.
    pub(crate) fault: Fault,
    /// In a sentence for the student.
    pub(crate) reason: String,
}

impl Stop {
    fn new(verdict: Verdict, fault: Fault, reason: impl Into<String>) -> Stop {
        Stop { verdict, fault, reason: reason.into() }
    }
}

/// The answers, if they can be read and belong to the job; otherwise what is wrong with them, in words for tutors.
pub(crate) fn usable_answers(job: &Job) -> Result<&Answers, String> {
    match &job.answers {
        Found::Present(answers) => match answers_problem(job, answers) {
            None => Ok(answers),
            Some(problem) => Err(problem),
        },
        Found::Missing => Err("they are missing".to_owned()),
        Found::Damaged(why) => Err(safe_text::line(why.as_bytes())),
    }
}

/// Why nothing before the build let the cases run; `None` where nothing speaks against it.
pub(crate) fn before_build(job: &Job, answers_are_usable: bool) -> Option<Stop> {
    match &job.setup {
        Setup::Refused(refusal) => {
            let code = safe_text::line(refusal.code.as_bytes());
            let reason = format!("the submission was refused: {code}");
            Some(Stop::new(Verdict::Refused, Fault::Student, reason))
        }
        Setup::Accepted if job.succeeded(Stage::Setup) => (!answers_are_usable).then(|| {
            let reason = "the assignment's answers cannot be used; this is not your fault";
            Stop::new(Verdict::NotRun, Fault::System, reason)
        }),
        Setup::Accepted | Setup::Failed => {
            let reason = "the submission could not be set up for grading; this is not your fault";
            Some(Stop::new(Verdict::NotRun, Fault::System, reason))
        }
    }
}

/// What is wrong with answers that could be parsed.
fn answers_problem(job: &Job, answers: &Answers) -> Option<String> {
    let mut ids: Vec<_> = answers.cases.iter().map(|case| &case.id).collect();
    ids.sort();
    let total: u64 = answers.cases.iter().map(|case| u64::from(case.points.thousandths())).sum();
    if answers.api_version != API_VERSION {
        Some(format!("they are not of version {API_VERSION}"))
    } else if answers.assignment != job.assignment || answers.revision != job.revision {
        Some("they belong to another assignment or revision".to_owned())
    } else if ids.windows(2).any(|pair| pair[0] == pair[1]) {
        Some("two cases have one id".to_owned())
    } else if total > u64::from(Points::MAX.thousandths()) {
        Some(format!("the cases are worth more than {} points together", Points::MAX))
    } else {
        None
    }
}

/// What the build did, and why it let no case run.
pub(crate) fn build(job: &Job, oddities: &mut Vec<Oddity>) -> (Option<BuildResult>, Option<Stop>) {
    let outcome = match &job.build {
        Found::Present(outcome) => outcome,
        Found::Missing => {
            let oddity = Oddity::new(OddityCode::BuildOutcomeMissing, "the build's outcome is missing");
            return (None, Some(nothing_built(job, oddities, oddity)));
        }
        Found::Damaged(why) => {
            let what = format!("the build's outcome is damaged: {}", safe_text::line(why.as_bytes()));
            let oddity = Oddity::new(OddityCode::BuildOutcomeDamaged, what);
            return (None, Some(nothing_built(job, oddities, oddity)));
        }
    };
    let BuildOutcome { api_version, end, usage, log_bytes } = outcome;
    let (log, length) = job.build_log.present().map_or((&[][..], 0), |log| (&log.end[..], log.bytes));
    if let Found::Damaged(why) = &job.build_log {
        let what = format!("the build's log is damaged: {}", safe_text::line(why.as_bytes()));
        oddities.push(Oddity::new(OddityCode::LogDamaged, what));
    } else if length != *log_bytes {
        let what = "the build's log is not as long as the build's outcome says";
        oddities.push(Oddity::new(OddityCode::LogContradicts, what));
    }
    let stop = if api_version != API_VERSION || job.was_left_out(Stage::Verify) {
        let what = "the build's outcome is of another version, or of a stage that did not run";
        oddities.push(Oddity::new(OddityCode::BuildOutcomeContradicts, what));
        Some(Stop::new(Verdict::Suspect, Fault::Student, sentence::SUSPECT))
    } else {
        build_stop(end)
    };
    let result = BuildResult {
        passed: stop.is_none(),
        reason: stop.as_ref().map(|stop| stop.reason.clone()).unwrap_or_default(),
        log: safe_text::tail(log, LOG_BYTES),
        measured: *usage,
    };
    (Some(result), stop)
}

/// Verify left no outcome that can be read: odd if it did its job, else as it ended.
fn nothing_built(job: &Job, oddities: &mut Vec<Oddity>, oddity: Oddity) -> Stop {
    if let Some(stop) = failed_stage(job, &[Stage::Verify]) {
        return stop;
    }
    oddities.push(oddity);
    Stop::new(Verdict::Suspect, Fault::Student, sentence::SUSPECT)
}

fn build_stop(end: &BuildEnd) -> Option<Stop> {
    const SUBJECT: &str = "the build";
    let failed = |reason: String| Some(Stop::new(Verdict::BuildFailed, Fault::Student, reason));
    match end {
        BuildEnd::Built => None,
        BuildEnd::Missing(files) => {
            let mut names: Vec<String> =
                files.iter().take(NAMED_FILES).map(|file| safe_text::line(file.as_bytes())).collect();
            if files.len() > NAMED_FILES {
                names.push(format!("and {} more", files.len() - NAMED_FILES));
            }
            let reason = format!("required files are missing: {}", names.join(", "));
            Some(Stop::new(Verdict::Refused, Fault::Student, reason))
        }
        BuildEnd::Unusable(why) => {
            failed(format!("what the build left cannot be used: {}", safe_text::line(why.as_bytes())))
        }
        BuildEnd::Failed(End::Exited(0)) => failed("what the build left cannot be used".to_owned()),
        BuildEnd::Failed(End::Exited(status)) => failed(format!("the build ended with status {status}")),
        BuildEnd::Failed(End::Signalled(signal)) => failed(sentence::signal(SUBJECT, *signal)),
        BuildEnd::Failed(End::Limit(kind)) => failed(sentence::limit(SUBJECT, *kind)),
        BuildEnd::Failed(End::NotStarted(why)) => {
            let reason = format!(
                "the assignment's build command cannot be started: {}",
                safe_text::line(why.as_bytes())
            );
            Some(Stop::new(Verdict::BuildFailed, Fault::Author, reason))
        }
        BuildEnd::Failed(End::Unconfined(why)) => {
            let reason = format!("the build cannot be isolated here: {}", safe_text::line(why.as_bytes()));
            Some(Stop::new(Verdict::NotRun, Fault::System, reason))
        }
    }
}

/// The first of `stages` that did not do its job, and what that says; `None` if all did.
///
/// An exit code of ours is the tool's own word and comes first; then the cause that the cluster tells; a bare exit code
/// or status is a guess.
pub(crate) fn failed_stage(job: &Job, stages: &[Stage]) -> Option<Stop> {
    let stage = *stages.iter().find(|stage| !job.succeeded(**stage))?;
    let end = job.stage(stage);
    let told = end.and_then(|end| match (end.status, end.exit.and_then(Exit::from_code)) {
        (StageStatus::Failed, Some(exit)) if exit != Exit::Done => {
            let (fault, how) = own_exit(exit);
            Some((Verdict::NotRun, fault, how))
        }
        _ => end.cause.fault(stage.trust()).map(|fault| (of_cause(end.cause), fault, end.cause.sentence())),
    });
    let (verdict, fault, how) = told.unwrap_or_else(|| {
        let (fault, how) = guess(end);
        (Verdict::NotRun, fault, how)
    });
    Some(Stop::new(verdict, fault, format!("the stage `{stage}` {how}")))
}

/// How a job ended whose pod ended so.
fn of_cause(cause: Cause) -> Verdict {
    match cause {
        Cause::OutOfMemory => Verdict::MemoryLimit,
        Cause::OverDisk => Verdict::OutputLimit,
        Cause::None
        | Cause::Deadline
        | Cause::Evicted
        | Cause::Deleted
        | Cause::Killed
        | Cause::Image
        | Cause::NotStarted
        | Cause::Lost
        | Cause::Other => Verdict::NotRun,
    }
}

/// Whose fault an exit code of ours names. The kubelet records it, so student code cannot write it.
fn own_exit(exit: Exit) -> (Fault, &'static str) {
    const SUBMISSION: u8 = Exit::SubmissionRefused.code();
    const MARKS: u8 = Exit::MarksDiffer.code();
    const AUTHOR: u8 = Exit::AssignmentInvalid.code();
    const SYSTEM: u8 = Exit::IsolationUnavailable.code();
    match exit.code() {
        SUBMISSION..=MARKS => (Fault::Student, "could not work with the submission"),
        AUTHOR..SYSTEM => (Fault::Author, "could not work with the assignment"),
        _ => (Fault::System, "failed"),
    }
}

/// What a status and a code say where no cause is told, as of a run on one machine. What no list names is not held
/// against students.
fn guess(end: Option<&StageEnd>) -> (Fault, &'static str) {
    const KILLED: u8 = 128 + 9;
    const TERMINATED: u8 = 128 + 15;
    match end.map(|end| (end.status, end.exit)) {
        Some((StageStatus::Failed, Some(KILLED | TERMINATED))) => {
            (Fault::Student, "was killed, because it used more time, memory or disk than a stage may")
        }
        Some((StageStatus::Failed, Some(_))) => (Fault::System, "failed"),
        // An image that cannot be pulled, an eviction, a lost node: the container never ended.
        Some((StageStatus::Failed, None)) => (Fault::System, "was stopped before it could end"),
        Some((StageStatus::Error, _)) => (Fault::System, "could not be run"),
        Some((StageStatus::Omitted | StageStatus::Skipped, _)) => (Fault::System, "was not run"),
        Some((StageStatus::Succeeded, _)) | None => (Fault::System, "did not report how it ended"),
    }
}
