//! Arguments of the commands that go by the queue server or straight to a cluster.

use std::path::PathBuf;

use assay_contract::{AssignmentId, Digest, JobId, StudentId};
use clap::{Args, ValueEnum};

use super::InCluster;

/// Where help lists what only the route to the cluster has.
const STAFF: &str = "Options of the route to the cluster";

/// The options that mean nothing on the queue server's route; a student's help does not list them.
pub(crate) const OF_CLUSTER: [&str; 8] =
    ["digest", "student", "handed_in", "revision", "log", "context", "namespace", "operator"];

#[derive(Debug, Args)]
pub(crate) struct Routed {
    /// Ask the queue server, or the cluster; otherwise the queue server if ASSAY_QUEUE has its address
    #[arg(long, value_enum, value_name = "ROUTE")]
    pub(crate) via: Option<Via>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Via {
    Queue,
    Cluster,
}

#[derive(Debug, Args)]
pub(crate) struct Submit {
    /// The assignment's id, `<course>/<name>`, or its folder
    #[arg(value_name = "ASSIGNMENT")]
    pub(crate) assignment: String,
    /// A folder, a zip or one file; on the queue server's route, this folder unless another is named
    #[arg(value_name = "SUBMISSION")]
    pub(crate) submission: Option<PathBuf>,
    /// Hand in what the rules will refuse, too
    #[arg(long)]
    pub(crate) anyway: bool,
    /// Wait for the result and show it
    #[arg(long)]
    pub(crate) wait: bool,
    #[command(flatten)]
    pub(crate) routed: Routed,
    /// The SHA-256 of a zip that is in the student's outbox already
    #[arg(long, value_name = "SHA256", conflicts_with = "submission", help_heading = STAFF)]
    pub(crate) digest: Option<Digest>,
    /// Whose submission it is
    #[arg(long, value_name = "STUDENT", help_heading = STAFF)]
    pub(crate) student: Option<StudentId>,
    /// When it was handed in, as `2026-03-17T10:00:00+11:00`; otherwise now
    #[arg(long, value_name = "TIME", help_heading = STAFF)]
    pub(crate) handed_in: Option<jiff::Timestamp>,
    /// The revision, by its first digits; otherwise the one published last
    #[arg(long, value_name = "REVISION", help_heading = STAFF)]
    pub(crate) revision: Option<String>,
    #[command(flatten, next_help_heading = STAFF)]
    pub(crate) cluster: InCluster,
}

#[derive(Debug, Args)]
pub(crate) struct Status {
    /// The job; on the queue server's route, the last one unless another is named
    #[arg(value_name = "JOB", conflicts_with = "assignment")]
    pub(crate) job: Option<JobId>,
    /// All jobs of this assignment that are still known
    #[arg(long, value_name = "ID")]
    pub(crate) assignment: Option<AssignmentId>,
    /// Follow the job until it is over
    #[arg(long, conflicts_with = "assignment")]
    pub(crate) follow: bool,
    #[command(flatten)]
    pub(crate) routed: Routed,
    #[command(flatten, next_help_heading = STAFF)]
    pub(crate) cluster: InCluster,
}

#[derive(Debug, Args)]
pub(crate) struct History {
    /// Only jobs of this assignment
    #[arg(value_name = "ASSIGNMENT")]
    pub(crate) assignment: Option<AssignmentId>,
}

#[derive(Debug, Args)]
pub(crate) struct JobResult {
    /// The job; on the queue server's route, the last one unless another is named
    #[arg(value_name = "JOB")]
    pub(crate) job: Option<JobId>,
    /// Its assignment; needed once the cluster has forgotten the job
    #[arg(long, value_name = "ID", help_heading = STAFF)]
    pub(crate) assignment: Option<AssignmentId>,
    /// Show what the student sees
    #[arg(long, help_heading = STAFF)]
    pub(crate) student: bool,
    /// Show the build's log
    #[arg(long, help_heading = STAFF)]
    pub(crate) log: bool,
    #[command(flatten)]
    pub(crate) routed: Routed,
    #[command(flatten, next_help_heading = STAFF)]
    pub(crate) cluster: InCluster,
}
