//! Where jobs stand, as text.

use assay_cluster::job::{JobView, StageView};
use assay_cluster::waiting::Waiting;

use super::parts::{Column, HEAD, milliseconds, table};
use crate::console::inert;

/// A job with its stages.
pub(crate) fn text(job: &JobView) -> String {
    let mut out = format!(
        "{HEAD}{}{HEAD:#} {} of {}, revision {}: {}\n",
        job.job,
        job.assignment,
        job.student,
        job.revision,
        standing(job)
    );
    let columns = [Column::Words("stage"), Column::Words("state"), Column::Time("time"), Column::Words("")];
    let rows = job.stages.iter().map(|stage| {
        [
            stage.stage.id().to_owned(),
            stage.state.id().to_owned(),
            stage.measured_ms.map_or_else(String::new, milliseconds),
            waits(stage),
        ]
    });
    out.push_str(&table(columns, rows));
    out.push('\n');
    out
}

/// A job in one line.
pub(crate) fn line(job: &JobView) -> String {
    let now = job.stages.iter().find(|stage| stage.status.is_none() && !job.state.is_over());
    let stage = |stage: &StageView| {
        let waits = waits(stage);
        let why = if waits.is_empty() { waits } else { format!(": {waits}") };
        format!(", {} {}{why}", stage.stage, stage.state.id())
    };
    format!("{}{}", standing(job), now.map_or_else(String::new, stage))
}

/// Many jobs, a line each.
pub(crate) fn list(jobs: &[JobView]) -> String {
    if jobs.is_empty() {
        return "the cluster knows no job of this assignment\n".into();
    }
    let columns = [
        Column::Words("job"),
        Column::Words("student"),
        Column::Words("created"),
        Column::Words("state"),
        Column::Words("verdict"),
        Column::Amount("points"),
    ];
    let rows = jobs.iter().map(|job| {
        [
            job.job.clone(),
            inert(&job.student),
            job.created.clone(),
            job.state.id().to_owned(),
            inert(job.verdict.as_deref().unwrap_or_default()),
            inert(job.points.as_deref().unwrap_or_default()),
        ]
    });
    table(columns, rows) + "\n"
}

/// Why a stage does not run yet, beyond that it is being started.
fn waits(stage: &StageView) -> String {
    match &stage.waits {
        None | Some(Waiting::Starting) => String::new(),
        Some(waiting) => inert(&waiting.to_string()),
    }
}

fn standing(job: &JobView) -> String {
    let mut text = job.state.id().to_owned();
    if let (Some(verdict), Some(points)) = (&job.verdict, &job.points) {
        text.push_str(&format!(", {} with {} points", inert(verdict), inert(points)));
    }
    if !job.message.is_empty() {
        text.push_str(&format!(": {}", inert(&job.message)));
    }
    text
}
