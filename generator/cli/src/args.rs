//! The command line. Nothing here does anything.

mod cluster;
mod local;
mod routed;
mod visible;

use std::path::PathBuf;

use clap::{ArgGroup, Args, Parser, Subcommand, ValueEnum};

pub(crate) use cluster::{Doctor, InCluster, Publish, Sweep};
pub(crate) use local::{
    Audit, Explain, Language, Machine, Mounts, New, OneAssignment, OperatorFile, Record, Render, Test, Try,
};
pub(crate) use routed::{History, JobResult, Routed, Status, Submit, Via};
pub(crate) use visible::{Reader, command_for};

/// Runs, tests and marks student code in isolation.
///
/// An author writes one assignment.yaml; Assay checks it, tries it on this machine with the isolation of the cluster, and
/// renders it into an Argo WorkflowTemplate.
#[derive(Debug, Parser)]
#[command(name = "assay", version, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Where help lists the options of every command.
const EVERYWHERE: &str = "Options of every command";

/// Options of every command.
#[derive(Debug, Args)]
pub(crate) struct Global {
    /// How data is printed: for people, or for programs
    #[arg(
        long,
        global = true,
        value_enum,
        default_value_t = Format::Text,
        value_name = "FORMAT",
        help_heading = EVERYWHERE
    )]
    pub(crate) output: Format,
    /// Whether text is coloured; NO_COLOR is respected
    #[arg(
        long,
        global = true,
        value_enum,
        default_value_t = ColorChoice::Auto,
        value_name = "WHEN",
        help_heading = EVERYWHERE
    )]
    pub(crate) color: ColorChoice,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Text,
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColorChoice {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make a new assignment: commented, and working at once
    New(New),
    /// Check an assignment and report every mistake
    Check(OneAssignment),
    /// Render an assignment into an Argo WorkflowTemplate
    Render(Render),
    /// Hold any WorkflowTemplate against the table and the allow-list
    Audit(Audit),
    /// Show which stage sees which volume
    Mounts(Mounts),
    /// Print the admission policies that hold a cluster to the table
    Admission(OperatorFile),
    /// Print the JSON Schema of assignment.yaml
    Schema,
    /// Say more about a code of `check` or `audit`, or about a check of `doctor`
    Explain(Explain),
    /// Run the model solution, write the expected outputs, propose limits
    Record(Record),
    /// Run one submission through all five stages on this machine
    Try(Try),
    /// Run solution, starter and samples, and hold their marks against what is expected
    Test(Test),
    /// Publish an assignment in a cluster: its files, then its WorkflowTemplate
    Publish(Publish),
    /// Hand a submission in, and start a job
    Submit(Submit),
    /// Show where a job stands, or the jobs of an assignment
    Status(Status),
    /// List what you handed in, the newest first
    History(History),
    /// Show the result of a job
    Result(JobResult),
    /// Build the images that clusters run
    Image(Image),
    /// Look a cluster over: what is missing or wrong, and what mends it
    Doctor(Doctor),
    /// Bring jobs to a conclusion that were received and never concluded
    Sweep(Sweep),
    /// Work with receipts
    Receipt(Receipt),
    /// Print the completions of a shell
    Completions(Completions),
}

#[derive(Debug, Args)]
pub(crate) struct Image {
    #[command(subcommand)]
    pub(crate) command: ImageCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ImageCommand {
    /// Build the image of trusted stages, the same to the byte on every machine
    Build(ImageBuild),
}

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("destination").args(["push", "to"]).required(true).multiple(true))]
pub(crate) struct ImageBuild {
    /// Push the image to its registry
    #[arg(long)]
    pub(crate) push: bool,
    /// Write the image to this archive, for `ctr images import`, `kind load` and `skopeo`
    #[arg(long, value_name = "FILE")]
    pub(crate) to: Option<PathBuf>,
    /// What the image is called; otherwise as the operator's `stage-image` says
    #[arg(long, value_name = "REFERENCE")]
    pub(crate) tag: Option<String>,
    /// Add the tool to this image instead of to nothing
    #[arg(long, value_name = "REFERENCE")]
    pub(crate) base: Option<String>,
    /// Put this very program in too, and start it by default; it must be static
    #[arg(long, requires = "tag")]
    pub(crate) assay: bool,
    /// Speak to this registry without TLS, as to those on this machine; may be given several times
    #[arg(long, value_name = "HOST[:PORT]")]
    pub(crate) plain_http: Vec<String>,
    #[command(flatten)]
    pub(crate) operator: OperatorFile,
}

#[derive(Debug, Args)]
pub(crate) struct Receipt {
    #[command(subcommand)]
    pub(crate) command: ReceiptCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ReceiptCommand {
    /// Make a new signing key, and print its public key
    Key {
        /// Where the private key goes; the file must not exist
        #[arg(value_name = "FILE")]
        to: PathBuf,
    },
    /// Check a receipt without a network
    Verify {
        /// The receipt
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// A public key in PEM; may be given several times
        #[arg(long, required = true, value_name = "FILE")]
        key: Vec<PathBuf>,
        /// The zip that the receipt is said to be for
        #[arg(long, value_name = "FILE")]
        zip: Option<PathBuf>,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// Which shell
    #[arg(value_enum)]
    pub(crate) shell: clap_complete::Shell,
}
