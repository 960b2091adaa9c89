//! `assay history`.

use assay_contract::queue::Standing;
use assay_contract::{AssignmentId, Exit};
use serde::Serialize;

use super::{Desk, failed};
use crate::args::History;
use crate::console::Console;
use crate::error::CliError;
use crate::{route, show};

#[derive(Serialize)]
struct Jobs {
    jobs: Vec<Standing>,
}

pub(crate) fn run(console: &Console, args: &History) -> Result<Exit, CliError> {
    let desk = Desk::open(&route::queue()?)?;
    show(console, &desk, args.assignment.as_ref())
}

/// Shows the caller's jobs.
pub(super) fn show(console: &Console, desk: &Desk, assignment: Option<&AssignmentId>) -> Result<Exit, CliError> {
    let jobs = desk.wait(desk.client.history(assignment)).map_err(|error| failed(&error))?;
    let jobs = Jobs { jobs };
    console.data(&jobs, || show::queue::list(&jobs.jobs, &show::clock::Clock::of_system()))?;
    Ok(Exit::Done)
}
