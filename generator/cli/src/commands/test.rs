//! `assay test`: every sample gets what it must get.

use assay_contract::Exit;
use serde::Serialize;

use crate::args::Test;
use crate::commands;
use crate::console::Console;
use crate::error::CliError;
use crate::job::{self, Order};
use crate::report::{Expected, RunReport};
use crate::show::run::{plain_table, trimmed, verdict};

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
        return Err(CliError::new(
            Exit::AssignmentInvalid,
            format!("{} has no such sample", assignment.id()),
        )
        .hint("name submissions and the marks they must get under `samples:`"));
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

fn text(tested: &Tested) -> String {
    let mut table = plain_table(["sample", "points", "expected", "verdict", ""]);
    let mut differences = String::new();
    for run in &tested.runs {
        let Some(Expected { points, met, differences: found, .. }) = &run.expected else { continue };
        table.add_row([
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
    let met = tested.runs.iter().filter(|run| run.expected.as_ref().is_some_and(|e| e.met)).count();
    let total = tested.runs.len();
    format!("{}\n\n{differences}{met} of {total} samples as expected\n", trimmed(&table))
}
