//! What `samples:` says of a submission, held against a run of it.

use std::path::Path;

use assay_core::assignment::{Assignment, Sample};

use crate::report::{Expected, RunReport};
use crate::show::parts::count;

/// The expectation for the submission at `path`, if the assignment has one.
pub(crate) fn of(assignment: &Assignment, path: &Path, report: &RunReport) -> Option<Expected> {
    let path = path.canonicalize().ok()?;
    let is_it =
        |sample: &&Sample| assignment.folder().join(sample.folder()).canonicalize().is_ok_and(|p| p == path);
    assignment.samples().iter().find(is_it).map(|sample| hold(sample, report))
}

fn hold(sample: &Sample, report: &RunReport) -> Expected {
    let mut differences = Vec::new();
    if sample.points() != report.points {
        differences.push(format!("{}, expected {}", count(report.points, "point"), sample.points()));
    }
    if let Some(verdict) = sample.verdict()
        && verdict != report.verdict
    {
        differences.push(format!("verdict {}, expected {verdict}", report.verdict));
    }
    for (name, verdict) in sample.cases() {
        match report.cases.iter().find(|case| case.name == *name) {
            Some(case) if case.verdict == *verdict => {}
            Some(case) => differences.push(format!("`{name}` is {}, expected {verdict}", case.verdict)),
            None => differences.push(format!("there is no case `{name}`")),
        }
    }
    Expected { points: sample.points(), verdict: sample.verdict(), met: differences.is_empty(), differences }
}
