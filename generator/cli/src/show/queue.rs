//! Where jobs stand, by the queue server's word. All of it is made harmless: what answers may be anything.

use std::fmt::Write;

use assay_contract::queue::{Phase, Standing};

use super::clock::Clock;
use super::parts::{Column, HEAD, days, table};
use crate::console::inert;

/// What is said once a ticket is there.
pub(crate) fn received(handed_in: &str, late_seconds: Option<u64>, standing: &Standing, clock: &Clock) -> String {
    let mut text = format!("received {}", clock.exactly(handed_in));
    match late_seconds {
        Some(0) => text.push_str(", on time"),
        Some(late) => {
            let _ = write!(text, ", {} after the due date", days(late));
        }
        None => {}
    }
    let _ = write!(text, ", {}", place(standing, clock));
    if !standing.message.is_empty() {
        let _ = write!(text, " ({})", inert(&standing.message));
    }
    text.push_str(", you may close this");
    text
}

/// A job in one line.
pub(crate) fn line(standing: &Standing, clock: &Clock) -> String {
    let mut text = place(standing, clock);
    let now = standing.stages.iter().rev().find(|stage| stage.state != "not-run");
    if let (Phase::Running, Some(stage)) = (standing.phase, now) {
        let _ = write!(text, ", {} {}", stage.stage, inert(&stage.state));
    }
    if !standing.message.is_empty() {
        let _ = write!(text, ": {}", inert(&standing.message));
    }
    text
}

/// A job with its stages.
pub(crate) fn text(standing: &Standing, clock: &Clock) -> String {
    let Standing {
        api_version: _,
        job,
        assignment,
        student,
        digest: _,
        handed_in,
        phase: _,
        place: _,
        expected: _,
        message: _,
        stages,
        verdict: _,
        fault: _,
        points: _,
    } = standing;
    let mut out = format!(
        "{HEAD}{job}{HEAD:#} {assignment} of {student}, handed in {}: {}\n",
        clock.exactly(handed_in),
        line(standing, clock)
    );
    if !stages.is_empty() {
        let rows = stages.iter().map(|stage| [stage.stage.id().to_owned(), inert(&stage.state)]);
        out.push_str(&table([Column::Words("stage"), Column::Words("state")], rows));
        out.push('\n');
    }
    out
}

/// Many jobs, a line each.
pub(crate) fn list(jobs: &[Standing], clock: &Clock) -> String {
    if jobs.is_empty() {
        return "nothing of yours is known here\n".into();
    }
    let columns = [
        Column::Words("job"),
        Column::Words("assignment"),
        Column::Words("handed in"),
        Column::Words("state"),
        Column::Words("verdict"),
        Column::Amount("points"),
    ];
    let rows = jobs.iter().map(|job| {
        [
            job.job.to_string(),
            job.assignment.to_string(),
            clock.exactly(&job.handed_in),
            job.phase.id().to_owned(),
            job.verdict.map_or_else(String::new, |verdict| verdict.to_string()),
            inert(job.points.as_deref().unwrap_or_default()),
        ]
    });
    table(columns, rows) + "\n"
}

/// Where it stands in the line, or how it ended.
fn place(standing: &Standing, clock: &Clock) -> String {
    let mut text = match (standing.phase, standing.place) {
        (Phase::Waiting, Some(place)) => format!("place {place}"),
        (phase, _) => phase.to_string(),
    };
    if let Some(expected) = &standing.expected {
        let _ = write!(text, ", about {}", clock.about(&expected.at));
    }
    if let Some(verdict) = standing.verdict {
        let _ = write!(text, ", {verdict}");
        if let Some(points) = &standing.points {
            let _ = write!(text, " with {} points", inert(points));
        }
    }
    text
}
