//! `assay check` and `assay schema`.

use assay_contract::Exit;
use assay_core::assignment;
use assay_core::diagnostics::{self, ProblemRecord};
use serde::Serialize;

use crate::args::OneAssignment;
use crate::console::Console;
use crate::error::CliError;
use crate::show::parts::count;

/// What `check --output json` prints; also printed by any command whose assignment has mistakes.
#[derive(Debug, Serialize)]
pub(crate) struct Problems {
    pub(crate) problems: Vec<ProblemRecord>,
}

pub(crate) fn run(console: &Console, args: &OneAssignment) -> Result<Exit, CliError> {
    let loaded = assignment::load(&args.assignment).map_err(CliError::Assignment)?;
    if !console.is_json() {
        for warning in &loaded.warnings {
            console.note(&diagnostics::render(warning, &loaded.text, console.colors_errors()));
        }
    }
    let problems = loaded.warnings.iter().map(|warning| diagnostics::record(warning, &loaded.text)).collect();
    let assignment = &loaded.assignment;
    console.data(&Problems { problems }, || {
        format!(
            "{}: {}, {}, {}, revision {}\n",
            assignment.id(),
            count(assignment.cases().len(), "case"),
            count(assignment.points(), "point"),
            count(assignment.samples().len(), "sample"),
            assignment.described().revision.short()
        )
    })?;
    Ok(Exit::Done)
}

pub(crate) fn schema(console: &Console) -> Result<Exit, CliError> {
    console.json(&assay_core::schema::assignment_schema())?;
    Ok(Exit::Done)
}
