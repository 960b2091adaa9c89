//! One case: what was found of it, held against its answer.
//!
//! What Test left is believed only as far as nothing contradicts it; a contradiction earns nothing and is named for a
//! person. Points are all or nothing.

use assay_contract::answers::{AnswerCase, ExpectedExit, Show, ShowFrom};
use assay_contract::outcome::{CaseOutcome, End, Usage};
use assay_contract::result::{CaseResult, DiffLine, Evidence};
use assay_contract::{API_VERSION, CaseId, Fault, Limits, Oddity, OddityCode, Points, Stage, Verdict};

use crate::input::{CaseEvidence, Found, Job};
use crate::stop::{Stop, failed_stage};
use crate::{compare, diff, safe_text, sentence};

/// How a case is decided.
struct Ruling {
    verdict: Verdict,
    fault: Option<Fault>,
    reason: String,
}

impl Ruling {
    fn passed() -> Ruling {
        Ruling { verdict: Verdict::Passed, fault: None, reason: String::new() }
    }

    fn new(verdict: Verdict, fault: Fault, reason: impl Into<String>) -> Ruling {
        Ruling { verdict, fault: Some(fault), reason: reason.into() }
    }
}

/// What is carried from one case to the next.
#[derive(Debug)]
pub(crate) struct Progress {
    /// What was odd so far.
    pub(crate) oddities: Vec<Oddity>,
    /// Whether a case was met that the end of its stage broke off.
    broken_off: bool,
}

impl Progress {
    /// Before the first case, with what was odd before.
    pub(crate) fn new(oddities: Vec<Oddity>) -> Progress {
        Progress { oddities, broken_off: false }
    }
}

/// The texts that are shown of all cases share this many bytes, so that a result stays a document that opens.
const ALL_TEXTS: usize = 8 * 1024 * 1024;
/// The most that is shown of one text, in bytes.
const ONE_TEXT: usize = 8 * 1024;
/// Arguments that are shown.
const SHOWN_ARGS: usize = 100;

/// How much of each text is shown, in bytes, where there are so many cases with three texts each.
pub(crate) fn text_budget(cases: usize) -> usize {
    (ALL_TEXTS / (3 * cases.max(1))).min(ONE_TEXT)
}

/// The result of a case that could run.
pub(crate) fn judge(
    job: &Job,
    case: &AnswerCase,
    found: &CaseEvidence,
    budget: usize,
    progress: &mut Progress,
) -> CaseResult {
    let Progress { oddities, broken_off } = progress;
    let CaseEvidence { outcome, stdout, stderr, stdin, expected } = found;
    let mut odd = |code, what: String| oddities.push(Oddity { code, case: Some(case.id.clone()), what });
    let ruling = rule(job, case, found, broken_off, &mut odd);
    if case.stdin.is_some() && stdin.present().is_none() {
        odd(
            OddityCode::InputMissing,
            "its input is missing from the answers, so it cannot be shown".to_owned(),
        );
    }
    let outcome = outcome.present();
    let [stdin, stdout, stderr] =
        [stdin, stdout, stderr].map(|found| found.present().map_or(&[][..], Vec::as_slice));
    let evidence = Evidence {
        args: shown_args(&case.args),
        stdin: if case.stdin.is_some() { safe_text::start(stdin, budget) } else { String::new() },
        stdout: safe_text::start(stdout, budget),
        stderr: safe_text::tail(stderr, budget),
        diff: shown_diff(case, ruling.verdict, outcome, expected, stdout),
    };
    result(job, case, ruling, outcome, evidence)
}

/// The result of a case of a job whose cases could not run.
pub(crate) fn stopped(job: &Job, case: &AnswerCase, stop: &Stop) -> CaseResult {
    let ruling = Ruling::new(Verdict::NotRun, stop.fault, stop.reason.clone());
    result(job, case, ruling, None, Evidence { args: shown_args(&case.args), ..Evidence::default() })
}

fn result(
    job: &Job,
    case: &AnswerCase,
    ruling: Ruling,
    outcome: Option<&CaseOutcome>,
    evidence: Evidence,
) -> CaseResult {
    let AnswerCase {
        id,
        name,
        group,
        points,
        compare: _,
        stdout: _,
        exit,
        show,
        from,
        stdin: _,
        args: _,
        limits,
    } = case;
    let Ruling { verdict, fault, reason } = ruling;
    let waits = *from == ShowFrom::Due && !job.due_passed;
    CaseResult {
        id: id.clone(),
        name: name.clone(),
        group: group.clone(),
        verdict,
        fault,
        points: if verdict == Verdict::Passed { *points } else { Points::ZERO },
        max_points: *points,
        reason,
        end: outcome.map(|outcome| safe_end(&outcome.end)),
        expected_exit: *exit,
        limits: *limits,
        measured: outcome.map_or_else(Usage::default, |outcome| outcome.usage),
        shown: if waits { Show::Nothing } else { *show },
        show: *show,
        evidence,
    }
}

fn rule(
    job: &Job,
    case: &AnswerCase,
    found: &CaseEvidence,
    broken_off: &mut bool,
    odd: &mut impl FnMut(OddityCode, String),
) -> Ruling {
    let CaseEvidence { outcome, stdout, stderr, stdin: _, expected } = found;
    let outcome = match outcome {
        Found::Present(outcome) => outcome,
        Found::Missing => {
            let what = "its outcome is missing".to_owned();
            return nothing_left(job, broken_off, odd, OddityCode::OutcomeMissing, what);
        }
        Found::Damaged(why) => {
            let what = format!("its outcome is damaged: {}", safe_text::line(why.as_bytes()));
            return nothing_left(job, broken_off, odd, OddityCode::OutcomeDamaged, what);
        }
    };
    if let Some(what) = contradiction(job, &case.id, &case.limits, outcome, stdout, stderr) {
        odd(OddityCode::OutcomeContradicts, what);
        return Ruling::new(Verdict::Suspect, Fault::Student, sentence::SUSPECT);
    }
    match &outcome.end {
        End::Exited(status) => match case.exit {
            ExpectedExit::Status(expected) if *status != expected => {
                let reason = format!("it ended with status {status}, expected {expected}");
                Ruling::new(Verdict::Crashed, Fault::Student, reason)
            }
            ExpectedExit::Status(_) | ExpectedExit::Any => rule_output(case, expected, stdout, odd),
        },
        End::Signalled(signal) => {
            Ruling::new(Verdict::Crashed, Fault::Student, sentence::signal("it", *signal))
        }
        End::Limit(kind) => {
            Ruling::new(sentence::limit_verdict(*kind), Fault::Student, sentence::limit("it", *kind))
        }
        End::NotStarted(why) => {
            // A path inside the submission is the student's to fill; a program of the image is the author's to know.
            let program = why.split_whitespace().next().unwrap_or_default();
            let of_submission = program.contains('/') && !program.starts_with('/');
            let fault = if of_submission { Fault::Student } else { Fault::Author };
            let reason = format!("its command cannot be started: {}", safe_text::line(why.as_bytes()));
            Ruling::new(Verdict::NotRun, fault, reason)
        }
        End::Unconfined(why) => {
            let reason = format!("it cannot be isolated here: {}", safe_text::line(why.as_bytes()));
            Ruling::new(Verdict::NotRun, Fault::System, reason)
        }
    }
}

fn rule_output(
    case: &AnswerCase,
    expected: &Found<Vec<u8>>,
    stdout: &Found<Vec<u8>>,
    odd: &mut impl FnMut(OddityCode, String),
) -> Ruling {
    if case.stdout.is_none() {
        return Ruling::passed();
    }
    // The sentence is for students, so it must not quote the answers; tutors find the rest among the oddities.
    let mut broken_answer = |why: String| {
        let what = format!("its expected output cannot be used: {}", safe_text::line(why.as_bytes()));
        odd(OddityCode::AnswerUnusable, what);
        let reason = "its expected output cannot be used; this is not your fault";
        Ruling::new(Verdict::NotRun, Fault::Author, reason)
    };
    let expected = match expected {
        Found::Present(expected) => expected,
        Found::Missing => return broken_answer("the file is missing".to_owned()),
        Found::Damaged(why) => return broken_answer(why.clone()),
    };
    let actual: &[u8] = stdout.present().map_or(&[], Vec::as_slice);
    match compare(&case.compare, expected, actual) {
        Ok(true) => Ruling::passed(),
        Ok(false) => Ruling::new(Verdict::WrongOutput, Fault::Student, sentence::WRONG_OUTPUT),
        Err(error) => broken_answer(error.to_string()),
    }
}

/// Test left no outcome that can be read: odd if Test did its job, else as Test or Verify before it ended. Cases run in
/// order, so what ended the stage ended the first of these; the others did not run.
fn nothing_left(
    job: &Job,
    broken_off: &mut bool,
    odd: &mut impl FnMut(OddityCode, String),
    code: OddityCode,
    what: String,
) -> Ruling {
    if let Some(Stop { verdict, fault, reason }) = failed_stage(job, &[Stage::Verify, Stage::Test]) {
        let first = !std::mem::replace(broken_off, true);
        return Ruling::new(if first { verdict } else { Verdict::NotRun }, fault, reason);
    }
    odd(code, what);
    Ruling::new(Verdict::Suspect, Fault::Student, sentence::SUSPECT)
}

/// What in an outcome cannot be true; for tutors.
fn contradiction(
    job: &Job,
    id: &CaseId,
    limits: &Limits,
    outcome: &CaseOutcome,
    stdout: &Found<Vec<u8>>,
    stderr: &Found<Vec<u8>>,
) -> Option<String> {
    let CaseOutcome { api_version, id: claimed, end, usage, stdout_bytes, stderr_bytes } = outcome;
    if job.was_left_out(Stage::Test) {
        return Some("it has an outcome, although Test did not run".to_owned());
    }
    if api_version != API_VERSION {
        return Some(format!("its outcome is not of version {API_VERSION}"));
    }
    if claimed != id {
        return Some(format!("its outcome says that it is of {claimed}"));
    }
    for (name, found, claimed) in [("stdout", stdout, stdout_bytes), ("stderr", stderr, stderr_bytes)] {
        let kept = match found {
            Found::Present(bytes) => bytes.len(),
            Found::Missing => 0,
            Found::Damaged(why) => {
                return Some(format!("its {name} is damaged: {}", safe_text::line(why.as_bytes())));
            }
        };
        if u64::try_from(kept) != Ok(*claimed) {
            return Some(format!("its {name} is not as long as its outcome says"));
        }
        if *claimed > limits.output_bytes {
            return Some(format!("its {name} is longer than its limit lets Test keep"));
        }
    }
    if matches!(end, End::Exited(_) | End::Signalled(_)) && is_far_beyond(usage, limits) {
        return Some("it ended by itself, and says that it used far more than its limits".to_owned());
    }
    None
}

/// Whether a tree used so much that whoever watched it must have noticed. A watcher looks at intervals, so the last
/// reading may lie somewhat above a limit that was never seen to be passed.
fn is_far_beyond(usage: &Usage, limits: &Limits) -> bool {
    const SLACK_MS: u64 = 500;
    const SLACK_BYTES: u64 = 16 * 1024 * 1024;
    let Usage { cpu_ms, wall_ms, memory_bytes } = *usage;
    let beyond =
        |used: u64, limit: u64, slack: u64| used > limit.saturating_add(limit / 4).saturating_add(slack);
    beyond(cpu_ms, limits.cpu_ms, SLACK_MS)
        || beyond(wall_ms, limits.wall_ms, SLACK_MS)
        || beyond(memory_bytes, limits.memory_bytes, SLACK_BYTES)
}

/// The difference, where a case ran to its own end: what was cut short differs anyhow.
fn shown_diff(
    case: &AnswerCase,
    verdict: Verdict,
    outcome: Option<&CaseOutcome>,
    expected: &Found<Vec<u8>>,
    actual: &[u8],
) -> Vec<DiffLine> {
    let ended = outcome.is_some_and(|outcome| matches!(outcome.end, End::Exited(_)));
    match expected.present() {
        Some(expected) if ended && verdict != Verdict::Suspect && case.stdout.is_some() => {
            diff(&case.compare, expected, actual)
        }
        _ => Vec::new(),
    }
}

fn shown_args(args: &[String]) -> Vec<String> {
    let mut shown: Vec<String> =
        args.iter().take(SHOWN_ARGS).map(|arg| safe_text::line(arg.as_bytes())).collect();
    if args.len() > SHOWN_ARGS {
        shown.push(format!("[… {} more]", args.len() - SHOWN_ARGS));
    }
    shown
}

/// The end with its words made safe to show; they come from where student code ran.
fn safe_end(end: &End) -> End {
    match end {
        End::NotStarted(why) => End::NotStarted(safe_text::line(why.as_bytes())),
        End::Unconfined(why) => End::Unconfined(safe_text::line(why.as_bytes())),
        End::Exited(_) | End::Signalled(_) | End::Limit(_) => end.clone(),
    }
}
