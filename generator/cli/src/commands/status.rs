//! `assay status`.

use std::time::Duration;

use assay_cluster::job::{self, JobView};
use assay_cluster::patience::Patience;
use assay_contract::{Exit, JobId};
use serde::Serialize;
use tokio::time::{Instant, sleep};

use crate::args::Status;
use crate::commands::cluster::{Session, failed};
use crate::console::Console;
use crate::error::CliError;
use crate::show;

/// Between two looks at a job. Why a pod waits is not told by the job, so looking again is all there is.
const LOOK: Duration = Duration::from_secs(1);

#[derive(Serialize)]
struct Jobs {
    jobs: Vec<JobView>,
}

pub(crate) fn run(console: &Console, args: &Status) -> Result<Exit, CliError> {
    if args.job.is_none() && args.assignment.is_none() {
        return Err(CliError::new(Exit::Usage, "no job is named").hint("name one, or all of an assignment by --assignment"));
    }
    let session = Session::connect(&args.cluster)?;
    if let Some(assignment) = &args.assignment {
        let jobs = Jobs { jobs: session.wait(job::list(&session.cluster, assignment))? };
        console.data(&jobs, || show::job::list(&jobs.jobs))?;
        return Ok(Exit::Done);
    }
    let Some(job) = &args.job else { return Err(CliError::new(Exit::Usage, "no job is named")) };
    let view = if args.follow {
        follow(console, &session, job)?
    } else {
        session.wait(job::view(&session.cluster, job))?.ok_or_else(|| unknown(job))?
    };
    console.data(&view, || show::job::text(&view))?;
    Ok(Exit::Done)
}

/// Says what changes until the job is over.
pub(crate) fn follow(console: &Console, session: &Session, job: &JobId) -> Result<JobView, CliError> {
    let limit = session.cluster.operator().settings().job_deadline_seconds;
    session.block_on(async {
        let until = Instant::now() + Duration::from_secs(limit);
        let mut told = String::new();
        let mut patience = Patience::default();
        loop {
            let looked = patience.bear(job::view(&session.cluster, job).await).await;
            let Some(view) = looked.map_err(failed)? else { continue };
            let view = view.ok_or_else(|| unknown(job))?;
            let now = show::job::line(&view);
            if now != told {
                console.note(&now);
                told = now;
            }
            if view.state.is_over() {
                return Ok(view);
            }
            if Instant::now() >= until {
                let message = format!("the job {job} is past its deadline of {limit} s and not over");
                return Err(CliError::new(Exit::StageFailed, message).hint("ask who operates the cluster"));
            }
            sleep(LOOK).await;
        }
    })
}

fn unknown(job: &JobId) -> CliError {
    CliError::new(Exit::Usage, format!("the cluster does not know a job {job}"))
        .hint("jobs are forgotten some time after their end; `assay result` with --assignment still finds their results")
}
