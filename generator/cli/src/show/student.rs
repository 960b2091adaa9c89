//! A run as the student sees it.

use std::fmt::Write;

use assay_contract::Verdict;
use assay_contract::result::{DiffSide, Evidence, StudentCase, StudentResult};

use super::run::{milliseconds, plain_table, trimmed, verdict};

/// The student's result as text.
pub(crate) fn text(result: &StudentResult) -> String {
    let StudentResult { api_version: _, conclusion, build, cases, hidden } = result;
    let mut out = String::new();
    let _ =
        writeln!(out, "{}: {} of {} points\n", conclusion.title, conclusion.points, conclusion.max_points);
    if let Some(build) = build.as_ref().filter(|build| !build.passed) {
        let _ = writeln!(out, "{}\n{}", build.reason, build.log);
    }
    if !cases.is_empty() {
        let mut table = plain_table(["case", "verdict", "points", "cpu", "limit"]);
        for case in cases {
            table.add_row([
                case.name.clone(),
                verdict(case.verdict),
                format!("{}/{}", case.points, case.max_points),
                milliseconds(case.measured.cpu_ms),
                milliseconds(case.limits.cpu_ms),
            ]);
        }
        let _ = writeln!(out, "{}\n", trimmed(&table));
    }
    for case in cases.iter().filter(|case| case.verdict != Verdict::Passed) {
        evidence(&mut out, case);
    }
    if !conclusion.reason.is_empty() {
        let _ = writeln!(out, "{}", conclusion.reason);
    }
    if hidden.cases > 0 {
        let _ = writeln!(out, "{} more cases worth {} points are not shown", hidden.cases, hidden.max_points);
        if hidden.shown_from_due > 0 {
            let _ = writeln!(out, "{} of them are shown from the due date on", hidden.shown_from_due);
        }
    }
    out
}

fn evidence(out: &mut String, case: &StudentCase) {
    let _ = writeln!(out, "{}: {}", case.name, case.reason);
    let Some(Evidence { args, stdin, stdout, stderr, diff }) = &case.evidence else { return };
    let mut part = |name: &str, text: &str| {
        if !text.is_empty() {
            let _ = writeln!(out, "  {name}:");
            for line in text.lines() {
                let _ = writeln!(out, "    {line}");
            }
        }
    };
    part("arguments", &args.join(" "));
    part("input", stdin);
    part("standard error", stderr);
    if diff.is_empty() {
        part("output", stdout);
    } else {
        let lines: Vec<String> = diff
            .iter()
            .map(|line| {
                let mark = match line.side {
                    DiffSide::Both | DiffSide::Gap => ' ',
                    DiffSide::Expected => '-',
                    DiffSide::Written => '+',
                };
                format!("{mark} {}", line.text)
            })
            .collect();
        part("difference (- expected, + written)", &lines.join("\n"));
    }
    out.push('\n');
}
