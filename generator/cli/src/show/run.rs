//! A run as its author sees it.

use std::fmt::Write;

use assay_contract::Verdict;
use assay_contract::answers::Show;
use assay_contract::result::StageStatus;

use super::parts::{
    BAD, Column, GOOD, HEAD, QUIET, count, cpu, difference, indent, late, memory, milliseconds, table,
    verdict,
};
use crate::console::inert;
use crate::report::{CaseReport, RunReport};

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
    if report.cases.iter().any(|case| case.verdict != Verdict::NotRun) {
        let _ = writeln!(out, "{}\n", cases(&report.cases));
    }
    for case in &report.cases {
        failure(&mut out, case, &report.reason);
    }
    marks(&mut out, report);
    circumstances(&mut out, report);
    out
}

fn cases(cases: &[CaseReport]) -> String {
    let columns = [
        Column::Words("case"),
        Column::Words("verdict"),
        Column::Amount("points"),
        Column::Time("cpu"),
        Column::Memory("memory"),
        Column::Words("student sees"),
    ];
    let rows = cases.iter().map(|case| {
        [
            case.name.clone(),
            verdict(case.verdict),
            format!("{}/{}", case.points, case.max_points),
            cpu(&case.measured),
            memory(&case.measured),
            sees(case),
        ]
    });
    table(columns, rows)
}

/// Why a case did not pass, unless `told` will say the same once for all.
fn failure(out: &mut String, case: &CaseReport, told: &str) {
    if case.verdict == Verdict::Passed || (case.verdict == Verdict::NotRun && case.reason == told) {
        return;
    }
    let _ = writeln!(out, "{HEAD}{}{HEAD:#}: {}", case.name, case.reason);
    for line in difference(&case.diff) {
        let _ = writeln!(out, "  {line}");
    }
    out.push('\n');
}

fn marks(out: &mut String, report: &RunReport) {
    let RunReport { points, max_points, .. } = report;
    if !report.reason.is_empty() {
        let _ = writeln!(out, "{}", report.why());
    }
    let _ =
        write!(out, "{HEAD}{points} of {}{HEAD:#}, {}", count(max_points, "point"), verdict(report.verdict));
    if report.late_seconds > 0 {
        let _ = write!(out, ", {}", late(report.late_seconds, report.verdict, report.penalty_percent));
    }
    match &report.expected {
        None => out.push('\n'),
        Some(expected) if expected.met => {
            let _ = writeln!(out, " ({GOOD}as expected{GOOD:#})");
        }
        Some(expected) => {
            out.push('\n');
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

fn sees(case: &CaseReport) -> String {
    let word = |show| match show {
        Show::Nothing => "nothing",
        Show::Verdict => "verdict",
        Show::Output => "output",
        Show::Diff => "diff",
    };
    if case.student_sees == case.student_sees_at_last {
        word(case.student_sees).to_owned()
    } else {
        format!("{} once due", word(case.student_sees_at_last))
    }
}
