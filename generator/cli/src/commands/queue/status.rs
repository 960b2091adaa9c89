//! `assay status`, by the queue server.

use assay_client::{Address, ClientError};
use assay_contract::queue::{ProblemCode, Standing};
use assay_contract::{Exit, JobId};

use super::{Desk, failed, history, refuse_clusters};
use crate::args::Status;
use crate::console::Console;
use crate::error::CliError;
use crate::show;

pub(crate) fn run(console: &Console, args: &Status, address: &Address) -> Result<Exit, CliError> {
    let Status { job, assignment, follow, routed: _, cluster } = args;
    refuse_clusters(cluster)?;
    let desk = Desk::open(address)?;
    if assignment.is_some() {
        return history::show(console, &desk, assignment.as_ref());
    }
    let job = desk.job(job.as_ref())?;
    let standing = if *follow {
        desk.follow(console, &job)?
    } else {
        desk.wait(desk.client.standing(&job)).map_err(|error| with_home(&desk, &job, &error))?
    };
    tell(console, &standing)?;
    Ok(Exit::Done)
}

/// Shows where a job stands.
pub(super) fn tell(console: &Console, standing: &Standing) -> Result<(), CliError> {
    console.data(standing, || show::queue::text(standing, &show::clock::Clock::of_system()))
}

/// What the queue server cannot tell, the home may.
fn with_home(desk: &Desk, job: &JobId, error: &ClientError) -> CliError {
    let known = desk.home.place(job);
    let has_result = known.as_ref().is_some_and(|place| place.result().is_ok_and(|result| result.is_some()));
    if has_result {
        failed(error).hint(format!("its result is in your home: `assay result {job}`"))
    } else if error.code() == Some(ProblemCode::Missing) && known.is_some() {
        failed(error).hint("your home knows the job, and the queue server does not: show its ticket to your teachers")
    } else {
        failed(error)
    }
}
