//! `assay record`: what the model solution prints becomes the expected output, and what it needs becomes a proposal.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use assay_contract::answers::Compare;
use assay_contract::{Exit, Verdict, layout};
use assay_core::assignment::{self, AnswerPlace, AnswerToRecord, Assignment, Loaded};
use assay_core::diagnostics;
use flate2::read::GzDecoder;
use serde::Serialize;

use crate::args::Record;
use crate::commands;
use crate::console::Console;
use crate::error::CliError;
use crate::job::{self, Graded, Order};
use crate::report::RunReport;
use crate::show::parts::count;

/// How often the solution runs for its measurements.
const RUNS: usize = 3;
/// Proposed CPU time over what was needed: slower machines must not fail a right program.
const CPU_FACTOR: u64 = 3;
/// Proposed memory over what was needed.
const MEMORY_FACTOR: u64 = 2;
/// The least CPU time that is proposed, in milliseconds.
const LEAST_CPU_MS: u64 = 500;
/// The least memory that is proposed, in bytes.
const LEAST_MEMORY: u64 = 32 << 20;
/// The largest archive of outputs that is read, unpacked.
const OUTPUTS_CAP: u64 = 1 << 30;

/// What was done, or would be.
#[derive(Debug, Serialize)]
struct Recorded {
    /// Files that were written, relative to the assignment.
    written: Vec<String>,
    /// Cases whose expected output stands in assignment.yaml and is not what the solution prints.
    differs: Vec<String>,
    /// Cases whose expected output is right already.
    unchanged: Vec<String>,
    /// Cases that are not recorded: patterns, and cases that accept any output.
    skipped: Vec<String>,
    measured_proposal: Proposal,
}

/// Limits that leave the solution room.
#[derive(Debug, Serialize)]
struct Proposal {
    cpu_ms: u64,
    memory_bytes: u64,
}

pub(crate) fn run(console: &Console, args: &Record) -> Result<Exit, CliError> {
    let loaded = assignment::load_for_recording(&args.assignment.assignment).map_err(CliError::Assignment)?;
    let Loaded { assignment, warnings, text: source } = loaded;
    for warning in &warnings {
        console.note(&diagnostics::render(warning, &source, console.colors_errors()));
    }
    let solution = solution(&assignment, args)?;
    let mut runs = Vec::new();
    for n in 1..=RUNS {
        console.note(&format!("run {n} of {RUNS}"));
        let order = Order {
            assignment: &assignment,
            submission: &solution,
            machine: &args.machine,
            at: None,
            keep: None,
        };
        let graded = job::run(&order)?;
        must_have_run(&graded.report)?;
        runs.push(graded);
    }
    let proposal = proposal(&runs);
    let Some(graded) = runs.into_iter().next() else { return Ok(Exit::Done) };
    let outputs = outputs(&graded)?;
    let recorded = record(&assignment, &graded, &outputs, args.check, proposal)?;
    let changed = !recorded.written.is_empty() || !recorded.differs.is_empty();
    console.data(&recorded, || text(&recorded, args.check))?;
    Ok(if changed && (args.check || !recorded.differs.is_empty()) { Exit::MarksDiffer } else { Exit::Done })
}

fn solution(assignment: &Assignment, args: &Record) -> Result<PathBuf, CliError> {
    if let Some(path) = &args.solution {
        commands::submission(path)?;
        return Ok(path.clone());
    }
    let named = assignment.samples().iter().find(|sample| sample.name() == "solution");
    named.map(|sample| assignment.folder().join(sample.folder())).ok_or_else(|| {
        CliError::new(Exit::AssignmentInvalid, "the assignment has no sample named `solution`")
            .hint("name the model solution by --solution")
    })
}

/// A solution that crashes or passes a limit would make wrong answers.
fn must_have_run(report: &RunReport) -> Result<(), CliError> {
    let mut failed =
        report.cases.iter().filter(|case| !matches!(case.verdict, Verdict::Passed | Verdict::WrongOutput));
    let what = match failed.next() {
        None if !report.cases.is_empty() => return Ok(()),
        _ if !report.reason.is_empty() => report.why(),
        None => "no case of it ran".to_owned(),
        Some(case) => {
            let more = failed.count();
            let more = if more > 0 { format!(", and {more} more") } else { String::new() };
            format!("{}: {}{more}", case.name, case.reason)
        }
    };
    Err(CliError::new(
        Exit::SolutionFailed,
        format!("the solution does not run as a solution should: {what}"),
    )
    .hint(format!("see more: assay try --log {}", report.submission)))
}

/// What each case wrote to standard output, by its id.
fn outputs(graded: &Graded) -> Result<BTreeMap<String, Vec<u8>>, CliError> {
    let damaged =
        |error| CliError::new(Exit::DocumentDamaged, "the archive of outputs is damaged").because(error);
    let bytes = graded.outputs.as_deref().unwrap_or_default();
    let mut archive = tar::Archive::new(GzDecoder::new(bytes).take(OUTPUTS_CAP));
    let mut outputs = BTreeMap::new();
    for entry in archive.entries().map_err(damaged)? {
        let mut entry = entry.map_err(damaged)?;
        let path = entry.path().map_err(damaged)?.to_string_lossy().into_owned();
        if let Some((case, layout::STDOUT)) = path.split_once('/') {
            let mut content = Vec::new();
            entry.read_to_end(&mut content).map_err(damaged)?;
            outputs.insert(case.to_owned(), content);
        }
    }
    Ok(outputs)
}

fn record(
    assignment: &Assignment,
    graded: &Graded,
    outputs: &BTreeMap<String, Vec<u8>>,
    only_check: bool,
    measured_proposal: Proposal,
) -> Result<Recorded, CliError> {
    let patterns: Vec<_> = assignment
        .publication()
        .answers
        .cases
        .into_iter()
        .filter(|case| case.compare == Compare::Regex)
        .map(|case| case.id)
        .collect();
    let mut recorded = Recorded {
        written: Vec::new(),
        differs: Vec::new(),
        unchanged: Vec::new(),
        skipped: Vec::new(),
        measured_proposal,
    };
    for AnswerToRecord { case, name, place } in assignment.answers_to_record() {
        let passed = graded.report.cases.iter().any(|c| c.name == name && c.verdict == Verdict::Passed);
        match place {
            _ if patterns.contains(&case) => recorded.skipped.push(name),
            AnswerPlace::Nowhere => recorded.skipped.push(name),
            AnswerPlace::Inline if passed => recorded.unchanged.push(name),
            AnswerPlace::Inline => recorded.differs.push(name),
            AnswerPlace::File(file) => {
                let path = assignment.folder().join(&file);
                // An output that counts as right may be written in another way on purpose.
                if passed && path.exists() {
                    recorded.unchanged.push(name);
                    continue;
                }
                let output = outputs.get(case.as_str()).map(Vec::as_slice).unwrap_or_default();
                if !only_check {
                    write(&path, output)?;
                }
                recorded.written.push(file);
            }
        }
    }
    Ok(recorded)
}

/// Writes beside the target and renames, so that an interruption leaves what was there.
fn write(path: &Path, content: &[u8]) -> Result<(), CliError> {
    let failed = |error| CliError::io(format!("cannot write {}", path.display()), error);
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(failed)?;
    crate::files::replace(path, content).map_err(failed)
}

fn proposal(runs: &[Graded]) -> Proposal {
    let cases = || runs.iter().flat_map(|run| &run.report.cases);
    let cpu = cases().map(|case| case.measured.cpu_ms).max().unwrap_or(0);
    let memory = cases().map(|case| case.measured.memory_bytes).max().unwrap_or(0);
    Proposal {
        cpu_ms: cpu.saturating_mul(CPU_FACTOR).max(LEAST_CPU_MS).next_multiple_of(LEAST_CPU_MS),
        memory_bytes: memory.saturating_mul(MEMORY_FACTOR).max(LEAST_MEMORY).next_power_of_two(),
    }
}

fn text(recorded: &Recorded, only_check: bool) -> String {
    let Recorded {
        written,
        differs,
        unchanged,
        skipped,
        measured_proposal: Proposal { cpu_ms, memory_bytes },
    } = recorded;
    let verb = if only_check { "would write" } else { "wrote" };
    let mut text: String = written.iter().map(|file| format!("{verb} {file}\n")).collect();
    for name in differs {
        text.push_str(&format!("`{name}`: the solution prints something else than assignment.yaml says\n"));
    }
    text.push_str(&format!("right already: {}\n", count(unchanged.len(), "expected output")));
    if !skipped.is_empty() {
        text.push_str(&format!(
            "not recorded, for they accept more than one output: {}\n",
            skipped.join(", ")
        ));
    }
    let cpu =
        if cpu_ms.is_multiple_of(1_000) { format!("{}s", cpu_ms / 1_000) } else { format!("{cpu_ms}ms") };
    text.push_str(&format!(
        "proposed, from {RUNS} runs: limits: {{cpu: {cpu}, memory: {}Mi}}\n",
        memory_bytes >> 20
    ));
    text
}
