//! The route of students: commands that go by the queue server, and by what is in the student's home.

pub(crate) mod history;
pub(crate) mod result;
pub(crate) mod status;
pub(crate) mod submit;

use assay_client::home::{Home, HomeError};
use assay_client::{Address, Client, ClientError};
use assay_contract::queue::{ProblemCode, Standing};
use assay_contract::{Exit, JobId};
use tokio::runtime::Runtime;

use crate::args::InCluster;
use crate::commands::cluster::runtime;
use crate::commands::refuse_given;
use crate::console::Console;
use crate::error::CliError;
use crate::route;
use crate::show;

/// A queue server, not asked yet, and the home that it is asked from.
pub(crate) struct Desk {
    runtime: Runtime,
    pub(crate) client: Client,
    pub(crate) home: Home,
}

impl Desk {
    /// The queue server at `address`, for the owner of the environment's token.
    pub(crate) fn open(address: &Address) -> Result<Desk, CliError> {
        let (home, token) = (route::home()?, route::token()?);
        let client = Client::new(address.clone(), token.as_ref(), route::patience()?).map_err(|e| failed(&e))?;
        Ok(Desk { runtime: runtime()?, client, home })
    }

    /// Awaits what the queue server answers.
    pub(crate) fn wait<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    /// The job that is named, or the last one that was handed in: from this home, else by what the queue server knows.
    pub(crate) fn job(&self, named: Option<&JobId>) -> Result<JobId, CliError> {
        if let Some(job) = named {
            return Ok(job.clone());
        }
        if let Some(last) = self.home.tickets().into_iter().next() {
            return Ok(last.ticket.job);
        }
        let jobs = self.wait(self.client.history(None)).map_err(|error| failed(&error))?;
        let last = jobs.into_iter().next().map(|standing| standing.job);
        last.ok_or_else(|| {
            CliError::new(Exit::Usage, "you have handed nothing in yet").hint("`assay submit` hands in")
        })
    }

    /// Says what changes until there is a conclusion.
    pub(crate) fn follow(&self, console: &Console, job: &JobId) -> Result<Standing, CliError> {
        let clock = show::clock::Clock::of_system();
        let mut told = String::new();
        let mut each = |standing: &Standing| {
            let now = show::queue::line(standing, &clock);
            if now != told {
                console.note(&now);
                told = now;
            }
        };
        self.wait(self.client.follow(job, &mut each)).map_err(|error| {
            let hint = match failed(&error) {
                CliError::Other { hint, .. } => hint.unwrap_or_default(),
                CliError::Assignment(_) => String::new(),
            };
            failed(&error).hint(format!("{hint}; the job goes on all the same"))
        })
    }
}

/// An error of the queue server's for whoever typed the command.
pub(crate) fn failed(error: &ClientError) -> CliError {
    let failed = CliError::new(exit(error), error.to_string());
    if error.hint().is_empty() { failed } else { failed.hint(error.hint()) }
}

/// An error of the student's home.
pub(crate) fn home_failed(error: HomeError) -> CliError {
    let hint = error.hint();
    let failed = CliError::new(Exit::Io, error.to_string());
    if hint.is_empty() { failed } else { failed.hint(hint) }
}

fn exit(error: &ClientError) -> Exit {
    match error {
        ClientError::Unreachable(_) | ClientError::Lost(_) | ClientError::Machine(_) => Exit::ClusterUnavailable,
        ClientError::Strange(_) | ClientError::Other(_) => Exit::ClusterUnfit,
        ClientError::Problem(problem) => match problem.code {
            ProblemCode::Unknown | ProblemCode::Forbidden => Exit::ClusterRefused,
            ProblemCode::NoHome => Exit::ClusterUnfit,
            ProblemCode::Unavailable | ProblemCode::TooMany | ProblemCode::Bug => Exit::ClusterUnavailable,
            ProblemCode::Malformed | ProblemCode::Missing | ProblemCode::Method | ProblemCode::TooLong => Exit::Usage,
        },
    }
}

/// What of the command line is for the cluster alone.
fn refuse_clusters(cluster: &InCluster) -> Result<(), CliError> {
    let InCluster { context, namespace, operator } = cluster;
    let given = [
        ("--context", context.is_some()),
        ("--namespace", namespace.is_some()),
        ("--operator", operator.is_some()),
    ];
    refuse_given(ROUTE, OTHER_ROUTE, given)
}

/// What this route is called.
const ROUTE: &str = "the queue server";
/// How to take the other one.
const OTHER_ROUTE: &str = "`--via cluster` goes straight to the cluster, with a kubeconfig";
