//! `assay test`: every sample gets what it must get.

use assay_contract::Exit;
use assay_core::assignment::Assignment;
use serde::Serialize;

use crate::args::Test;
use crate::commands;
use crate::console::Console;
use crate::error::CliError;
use crate::job::{self, Order};
use crate::report::{Expected, RunReport};
use crate::show::parts::{Column, count, table, verdict};

#[derive(Serialize)]
struct Tested {
    runs: Vec<RunReport>,
    met: bool,
}

pub(crate) fn run(console: &Console, args: &Test) -> Result<Exit, CliError> {
    let assignment = commands::load(console, &args.assignment.assignment)?;
    let only = args.only.as_deref().unwrap_or("");
    let samples: Vec<_> =
        assignment.samples().iter().filter(|sample| sample.folder().contains(only)).collect();
    if samples.is_empty() {
        return Err(no_sample(&assignment, only));
    }
    let mut runs = Vec::new();
    for (index, sample) in samples.iter().enumerate() {
        console.note(&format!("{} of {}: {}", index + 1, samples.len(), sample.folder()));
        let submission = assignment.folder().join(sample.folder());
        let order = Order {
            assignment: &assignment,
            submission: &submission,
            machine: &args.machine,
            at: None,
            keep: None,
        };
        let mut report = job::run(&order)?.report;
        report.submission = sample.folder().to_owned();
        runs.push(report);
    }
    let met = runs.iter().all(|run| run.expected.as_ref().is_some_and(|expected| expected.met));
    let tested = Tested { runs, met };
    console.data(&tested, || text(&tested))?;
    Ok(if met { Exit::Done } else { Exit::MarksDiffer })
}

fn no_sample(assignment: &Assignment, only: &str) -> CliError {
    let known: Vec<_> = assignment.samples().iter().map(|sample| sample.folder()).collect();
    if known.is_empty() {
        return CliError::new(Exit::AssignmentInvalid, format!("{} has no samples", assignment.id()))
            .hint("name submissions and the marks they must get under `samples:`");
    }
    CliError::new(Exit::Usage, format!("no sample's folder contains `{}`", only.escape_debug()))
        .hint(format!("there are: {}", known.join(", ")))
}

fn text(tested: &Tested) -> String {
    let mut rows = Vec::new();
    let mut differences = String::new();
    for run in &tested.runs {
        let Some(Expected { points, verdict: _, met, differences: found }) = &run.expected else { continue };
        rows.push([
            run.submission.clone(),
            run.points.to_string(),
            points.to_string(),
            verdict(run.verdict),
            if *met { "as expected" } else { "not as expected" }.to_owned(),
        ]);
        for difference in found {
            differences.push_str(&format!("{}: {difference}\n", run.submission));
        }
    }
    let columns = [
        Column::Words("sample"),
        Column::Amount("points"),
        Column::Amount("expected"),
        Column::Words("verdict"),
        Column::Words(""),
    ];
    let separator = if differences.is_empty() { "" } else { "\n" };
    let met = tested.runs.iter().filter(|run| run.expected.as_ref().is_some_and(|e| e.met)).count();
    let total = count(tested.runs.len(), "sample");
    format!("{}\n\n{differences}{separator}{met} of {total} as expected\n", table(columns, rows))
}
