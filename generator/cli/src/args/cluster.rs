//! Arguments of the commands that need a cluster.

use std::path::PathBuf;

use assay_contract::StudentId;
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
