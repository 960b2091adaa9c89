//! A run as its author sees it.

use std::fmt::Write;

use anstyle::{AnsiColor, Style};
use assay_contract::Verdict;
use assay_contract::answers::Show;
use assay_contract::result::{DiffLine, DiffSide, StageStatus};
use comfy_table::{CellAlignment, Table, presets};

use crate::console::inert;
use crate::report::{CaseReport, RunReport};

const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default();
const QUIET: Style = AnsiColor::BrightBlack.on_default();
const HEAD: Style = Style::new().bold();

/// The whole report; `with_log` adds the build's log where the build passed.
pub(crate) fn text(report: &RunReport, with_log: bool) -> String {
    let mut out = String::new();
    let short = report.revision.get(..8).unwrap_or(&report.revision);
    let _ = writeln!(
        out,
        "{HEAD}{}{HEAD:#} revision {short}, {}\n",
        report.assignment,
        inert(&report.submission)
    );
    if let Some(build) = &report.build
        && (with_log || !build.passed)
        && !build.log.is_empty()
    {
        let _ = writeln!(out, "{HEAD}build{HEAD:#}\n{}", indent(&build.log));
    }
    if !report.cases.is_empty() {
        let _ = writeln!(out, "{}\n", cases(&report.cases));
    }
    for case in &report.cases {
        difference(&mut out, case);
    }
    if !report.reason.is_empty() {
        let _ = writeln!(out, "{}\n", report.reason);
    }
    marks(&mut out, report);
    circumstances(&mut out, report);
    out
}

/// Styles a verdict by whether it is good news.
pub(crate) fn verdict(verdict: Verdict) -> String {
    let style = if verdict == Verdict::Passed { GOOD } else { BAD };
    format!("{style}{verdict}{style:#}")
}

fn cases(cases: &[CaseReport]) -> String {
    let mut table = plain_table(["case", "verdict", "points", "cpu", "memory", "student sees"]);
    for case in cases {
        table.add_row([
            case.name.clone(),
            verdict(case.verdict),
            format!("{}/{}", case.points, case.max_points),
            milliseconds(case.measured.cpu_ms),
            mebibytes(case.measured.memory_bytes),
            sees(case.student_sees).to_owned(),
        ]);
    }
    for column in [2, 3, 4] {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    trimmed(&table)
}

/// A table without borders, as all of ours are.
pub(crate) fn plain_table<const N: usize>(header: [&str; N]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(header);
    table
}

/// The table's text without blanks at line ends.
pub(crate) fn trimmed(table: &Table) -> String {
    table.lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>().join("\n")
}

fn difference(out: &mut String, case: &CaseReport) {
    if case.verdict == Verdict::Passed {
        return;
    }
    let _ = writeln!(out, "{HEAD}{}{HEAD:#}: {}", case.name, case.reason);
    for DiffLine { side, text } in &case.diff {
        let (style, mark) = match side {
            DiffSide::Both => (Style::new(), ' '),
            DiffSide::Expected => (GOOD, '-'),
            DiffSide::Written => (BAD, '+'),
            DiffSide::Gap => (QUIET, ' '),
        };
        let _ = writeln!(out, "  {style}{mark} {text}{style:#}");
    }
    if !case.diff.is_empty() {
        let _ = writeln!(out, "  {QUIET}(- expected, + written){QUIET:#}");
    }
    out.push('\n');
}

fn marks(out: &mut String, report: &RunReport) {
    let RunReport { points, max_points, .. } = report;
    let _ = write!(out, "{HEAD}{points} of {max_points} points{HEAD:#}, {}", verdict(report.verdict));
    if report.late_seconds > 0 {
        let _ = write!(out, ", late by {} s, {} % taken off", report.late_seconds, report.penalty_percent);
    }
    out.push('\n');
    match &report.expected {
        None => {}
        Some(expected) if expected.met => {
            let _ = writeln!(out, "{GOOD}as expected{GOOD:#}");
        }
        Some(expected) => {
            for difference in &expected.differences {
                let _ = writeln!(out, "{BAD}not as expected{BAD:#}: {difference}");
            }
        }
    }
}

fn circumstances(out: &mut String, report: &RunReport) {
    let stages: Vec<String> = report
        .stages
        .iter()
        .zip(&report.measured_stages)
        .map(|(stage, ms)| match stage.status {
            StageStatus::Succeeded => format!("{} {}", stage.stage, milliseconds(*ms)),
            other => format!("{} {}", stage.stage, other.id().to_lowercase()),
        })
        .collect();
    let _ = writeln!(out, "{QUIET}stages: {}{QUIET:#}", stages.join(", "));
    if report.isolation.toolchain == "host" {
        let _ = writeln!(
            out,
            "{QUIET}builds and cases used the host's toolchain, not the assignment's image{QUIET:#}"
        );
    }
    for lack in &report.isolation.lacks {
        let _ = writeln!(out, "{QUIET}not to be had here: {lack}{QUIET:#}");
    }
    for oddity in &report.oddities {
        let _ = writeln!(out, "{QUIET}odd: {oddity}{QUIET:#}");
    }
}

fn sees(show: Show) -> &'static str {
    match show {
        Show::Nothing => "nothing",
        Show::Verdict => "verdict",
        Show::Output => "output",
        Show::Diff => "diff",
    }
}

pub(crate) fn milliseconds(ms: u64) -> String {
    if ms < 10_000 { format!("{ms} ms") } else { format!("{}.{} s", ms / 1_000, ms % 1_000 / 100) }
}

fn mebibytes(bytes: u64) -> String {
    let tenths = bytes.saturating_mul(10) >> 20;
    format!("{}.{} MiB", tenths / 10, tenths % 10)
}

fn indent(text: &str) -> String {
    text.lines().map(|line| format!("  {line}\n")).collect()
}
