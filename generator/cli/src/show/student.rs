//! A run as the student sees it.

use std::fmt::Write;

use assay_contract::Verdict;
use assay_contract::result::{Evidence, StudentCase, StudentResult};

use super::parts::{Column, HEAD, count, cpu, difference, indent, late, milliseconds, table, verdict};

/// The student's result as text.
pub(crate) fn text(result: &StudentResult) -> String {
    let StudentResult { api_version: _, conclusion, build, cases, hidden } = result;
    let mut out = String::new();
    let of = count(conclusion.max_points, "point");
    let _ = write!(out, "{HEAD}{}{HEAD:#}: {} of {of}", conclusion.title, conclusion.points);
    if conclusion.late_seconds > 0 {
        let percent = f64::from(conclusion.penalty_basis_points) / 100.0;
        let _ = write!(out, ", {}", late(conclusion.late_seconds, conclusion.verdict, percent));
    }
    out.push_str("\n\n");
    if let Some(build) = build.as_ref().filter(|build| !build.passed && !build.log.is_empty()) {
        let _ = writeln!(out, "{HEAD}build{HEAD:#}\n{}", indent(&build.log));
    }
    if cases.iter().any(|case| case.verdict != Verdict::NotRun) {
        let columns = [
            Column::Words("case"),
            Column::Words("verdict"),
            Column::Amount("points"),
            Column::Time("cpu"),
            Column::Amount("limit"),
        ];
        let rows = cases.iter().map(|case| {
            [
                case.name.clone(),
                verdict(case.verdict),
                format!("{}/{}", case.points, case.max_points),
                cpu(&case.measured),
                milliseconds(case.limits.cpu_ms),
            ]
        });
        let _ = writeln!(out, "{}\n", table(columns, rows));
    }
    let told = &conclusion.reason;
    // Why nothing ran is said once for all.
    let failed = |case: &&StudentCase| {
        case.verdict != Verdict::Passed && (case.verdict != Verdict::NotRun || told.is_empty())
    };
    for case in cases.iter().filter(failed) {
        evidence(&mut out, case);
    }
    if !told.is_empty() {
        let _ = writeln!(out, "{told}");
    }
    if hidden.cases > 0 {
        let cases = count(hidden.cases, "case");
        let points = count(hidden.max_points, "point");
        let _ = writeln!(out, "not shown: {cases}, worth {points}");
        if hidden.shown_from_due > 0 {
            let _ = writeln!(out, "shown from the due date on: {} of them", hidden.shown_from_due);
        }
    }
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

fn evidence(out: &mut String, case: &StudentCase) {
    let _ = writeln!(out, "{HEAD}{}{HEAD:#}: {}", case.name, case.reason);
    if let Some(Evidence { args, stdin, stdout, stderr, diff }) = &case.evidence {
        let mut part = |name: &str, text: &str| {
            if !text.is_empty() {
                let _ = write!(out, "  {name}:\n{}", indent(&indent(text)));
            }
        };
        part("arguments", &args.join(" "));
        part("input", stdin);
        part("standard error", stderr);
        if diff.is_empty() {
            part("output", stdout);
        } else {
            part("difference", &difference(diff).join("\n"));
        }
    }
    out.push('\n');
}
