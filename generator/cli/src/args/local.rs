//! Arguments of the commands that need no cluster.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

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
    /// The code, or the name of the check, as it was printed
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
    /// Write the page that the student gets to this file, in place of what may be there
    #[arg(long, value_name = "FILE")]
    pub(crate) page: Option<PathBuf>,
    /// Keep every file of every volume in this new folder
    #[arg(long, value_name = "FOLDER")]
    pub(crate) keep: Option<PathBuf>,
    /// Show the build's log and what the stages say
    #[arg(long)]
    pub(crate) log: bool,
    /// Run again whenever the submission or the assignment changes
    #[arg(long, conflicts_with_all = ["keep", "page"])]
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
