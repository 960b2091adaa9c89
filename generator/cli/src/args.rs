//! The command line. Nothing here does anything.

use std::path::PathBuf;

use assay_contract::{AssignmentId, Digest, JobId, StudentId};
use clap::{ArgGroup, Args, Parser, Subcommand, ValueEnum};

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
    /// Say more about a code that `check` or `audit` reported
    Explain(Explain),
    /// Run the model solution, write the expected outputs, propose limits
    Record(Record),
    /// Run one submission through all five stages on this machine
    Try(Try),
    /// Run solution, starter and samples, and hold their marks against what is expected
    Test(Test),
    /// Publish an assignment in a cluster: its files, then its WorkflowTemplate
    Publish(Publish),
    /// Hand a submission in for a student and start a job in a cluster
    Submit(Submit),
    /// Show where a job stands, or the jobs of an assignment
    Status(Status),
    /// Show the result of a job in a cluster
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
pub(crate) struct OneAssignment {
    /// The assignment.yaml, or its folder
    #[arg(default_value = ".", value_name = "ASSIGNMENT")]
    pub(crate) assignment: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct New {
    /// The folder to make; it must not exist, or be empty
    #[arg(value_name = "FOLDER")]
    pub(crate) folder: PathBuf,
    /// The assignment's id, `<course>/<name>`
    #[arg(long, value_name = "ID")]
    pub(crate) id: Option<String>,
    /// What students write
    #[arg(long, value_enum, default_value_t = Language::C)]
    pub(crate) language: Language,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Language {
    C,
    Python,
    Java,
}

#[derive(Debug, Args)]
pub(crate) struct Render {
    #[command(flatten)]
    pub(crate) assignment: OneAssignment,
    /// Write the text to this file instead of standard output
    #[arg(long, short, value_name = "FILE")]
    pub(crate) to: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) operator: OperatorFile,
}

#[derive(Debug, Args)]
pub(crate) struct OperatorFile {
    /// The operator's file: claims, images, users, ceilings
    #[arg(long, value_name = "FILE")]
    pub(crate) operator: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Audit {
    /// Files with WorkflowTemplates
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) operator: OperatorFile,
}

#[derive(Debug, Args)]
pub(crate) struct Mounts {
    #[command(flatten)]
    pub(crate) assignment: OneAssignment,
    #[command(flatten)]
    pub(crate) operator: OperatorFile,
}

#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// The code, as it was printed
    #[arg(value_name = "CODE")]
    pub(crate) code: String,
}

#[derive(Debug, Args)]
pub(crate) struct Record {
    #[command(flatten)]
    pub(crate) assignment: OneAssignment,
    /// The model solution; otherwise the sample named `solution`
    #[arg(long, value_name = "SUBMISSION")]
    pub(crate) solution: Option<PathBuf>,
    /// Only say what would change; fails if anything would
    #[arg(long)]
    pub(crate) check: bool,
    #[command(flatten)]
    pub(crate) machine: Machine,
}

/// What untrusted stages run on.
#[derive(Debug, Args)]
pub(crate) struct Machine {
    /// Run builds and cases on this unpacked image instead of the host's toolchain
    #[arg(long, value_name = "FOLDER")]
    pub(crate) rootfs: Option<PathBuf>,
    /// Show this folder, read only, to builds and cases too; for toolchains outside /usr
    #[arg(long, value_name = "FOLDER", conflicts_with = "rootfs")]
    pub(crate) toolchain: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Try {
    /// A folder, a zip or one file
    #[arg(value_name = "SUBMISSION")]
    pub(crate) submission: PathBuf,
    /// The assignment.yaml, or its folder; otherwise the nearest one above the submission
    #[arg(long, short, value_name = "ASSIGNMENT")]
    pub(crate) assignment: Option<PathBuf>,
    /// Hand in at this time, as `2026-03-17 10:00` in the assignment's zone; otherwise on time
    #[arg(long, value_name = "TIME")]
    pub(crate) at: Option<String>,
    /// Show what the student sees
    #[arg(long)]
    pub(crate) student: bool,
    /// Keep every file of every volume in this new folder
    #[arg(long, value_name = "FOLDER")]
    pub(crate) keep: Option<PathBuf>,
    /// Show the build's log and what the stages say
    #[arg(long)]
    pub(crate) log: bool,
    /// Run again whenever the submission or the assignment changes
    #[arg(long, conflicts_with = "keep")]
    pub(crate) watch: bool,
    #[command(flatten)]
    pub(crate) machine: Machine,
}

#[derive(Debug, Args)]
pub(crate) struct Test {
    #[command(flatten)]
    pub(crate) assignment: OneAssignment,
    /// Only samples whose folder contains this text
    #[arg(long, value_name = "TEXT")]
    pub(crate) only: Option<String>,
    #[command(flatten)]
    pub(crate) machine: Machine,
}

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
