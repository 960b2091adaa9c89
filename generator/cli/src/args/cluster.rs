//! Arguments of the commands that need a cluster.

use std::path::PathBuf;

use assay_contract::{AssignmentId, Digest, JobId, StudentId};
use clap::Args;

use super::OneAssignment;

/// Which cluster, and whose settings.
#[derive(Debug, Args)]
pub(crate) struct InCluster {
    /// A context of the kubeconfig; otherwise its current one
    #[arg(long, value_name = "NAME")]
    pub(crate) context: Option<String>,
    /// The jobs' namespace; otherwise assay-jobs, or the operator's
    #[arg(long, value_name = "NAME")]
    pub(crate) namespace: Option<String>,
    /// The operator's file; otherwise it is read from the cluster
    #[arg(long, value_name = "FILE")]
    pub(crate) operator: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Publish {
    #[command(flatten)]
    pub(crate) assignment: OneAssignment,
    /// Do not ask
    #[arg(long)]
    pub(crate) yes: bool,
    /// Only say what would change
    #[arg(long, conflicts_with = "yes")]
    pub(crate) dry_run: bool,
    /// Ask this registry for the image's digest without TLS; may be given several times
    #[arg(long, value_name = "HOST[:PORT]")]
    pub(crate) plain_http: Vec<String>,
    #[command(flatten)]
    pub(crate) cluster: InCluster,
}

#[derive(Debug, Args)]
pub(crate) struct Submit {
    /// The assignment's id, `<course>/<name>`, or its folder
    #[arg(value_name = "ASSIGNMENT")]
    pub(crate) assignment: String,
    /// A folder, a zip or one file
    #[arg(value_name = "SUBMISSION", required_unless_present = "digest")]
    pub(crate) submission: Option<PathBuf>,
    /// The SHA-256 of a zip that is in the student's outbox already
    #[arg(long, value_name = "SHA256", conflicts_with = "submission")]
    pub(crate) digest: Option<Digest>,
    /// Whose submission it is
    #[arg(long, value_name = "STUDENT")]
    pub(crate) student: StudentId,
    /// When it was handed in, as `2026-03-17T10:00:00+11:00`; otherwise now
    #[arg(long, value_name = "TIME")]
    pub(crate) handed_in: Option<jiff::Timestamp>,
    /// The revision, by its first digits; otherwise the one published last
    #[arg(long, value_name = "REVISION")]
    pub(crate) revision: Option<String>,
    /// Wait for the result and show it
    #[arg(long)]
    pub(crate) wait: bool,
    #[command(flatten)]
    pub(crate) cluster: InCluster,
}

#[derive(Debug, Args)]
pub(crate) struct Status {
    /// The job
    #[arg(value_name = "JOB", required_unless_present = "assignment", conflicts_with = "assignment")]
    pub(crate) job: Option<JobId>,
    /// All jobs of this assignment that the cluster still knows
    #[arg(long, value_name = "ID")]
    pub(crate) assignment: Option<AssignmentId>,
    /// Follow the job until it is over
    #[arg(long, conflicts_with = "assignment")]
    pub(crate) follow: bool,
    #[command(flatten)]
    pub(crate) cluster: InCluster,
}

#[derive(Debug, Args)]
pub(crate) struct JobResult {
    /// The job
    #[arg(value_name = "JOB")]
    pub(crate) job: JobId,
    /// Its assignment; needed once the cluster has forgotten the job
    #[arg(long, value_name = "ID")]
    pub(crate) assignment: Option<AssignmentId>,
    /// Show what the student sees
    #[arg(long)]
    pub(crate) student: bool,
    /// Show the build's log
    #[arg(long)]
    pub(crate) log: bool,
    #[command(flatten)]
    pub(crate) cluster: InCluster,
}

#[derive(Debug, Args)]
pub(crate) struct Doctor {
    /// Make no pods: look at what the API server tells, and at nothing else
    #[arg(long)]
    pub(crate) quick: bool,
    /// Look at this student's home too
    #[arg(long, value_name = "STUDENT", conflicts_with = "quick")]
    pub(crate) student: Option<StudentId>,
    /// Where Argo's controller is
    #[arg(long, value_name = "NAME", default_value = "argo")]
    pub(crate) argo_namespace: String,
    #[command(flatten)]
    pub(crate) cluster: InCluster,
}

#[derive(Debug, Args)]
pub(crate) struct Sweep {
    /// Only say what would be done
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Leave jobs that were handed in less than this many minutes ago
    #[arg(long, value_name = "MINUTES", default_value_t = 10)]
    pub(crate) young: u32,
    #[command(flatten)]
    pub(crate) cluster: InCluster,
}
