//! Runs one command — a build or a case — as a confined process tree, and tells how it ended.
//!
//! The command sees the toolchain, its own directory and its standard streams. Confinement is applied by the command's
//! own process before it becomes the command (`helper`), so nothing here needs privileges. Limits are watched from
//! outside (`watch`); when the first process ends or a limit is passed, every process of the tree is killed before the
//! output is looked at. This module never writes to a volume and never trusts what the command printed.

mod census;
mod helper;
mod ledger;
mod listed;
mod open;
mod own;
mod paths;
mod syscalls;
mod watch;

use std::path::PathBuf;

use assay_contract::Limits;
use assay_contract::configuration::Network;
use assay_contract::outcome::{Confinement, End, Usage};
use assay_untrusted::Budget;
use serde::{Deserialize, Serialize};

pub(crate) use census::Census;
pub(crate) use helper::{SUBCOMMAND, become_command};
pub(crate) use own::Reach;
pub(crate) use paths::give_up_all_paths;

/// Whether this program confines anything. A build that does not exists to measure what the others pay; limits are watched
/// all the same. Left out are Landlock and seccomp, of commands and of trusted stages; the helper, and with it the limits that
/// the kernel holds; and the process without a key that reads the zip.
pub(crate) const HARDENED: bool = !cfg!(feature = "without-hardening");

/// What makes such a build known, whatever of it is used.
#[cfg(feature = "without-hardening")]
#[used]
static NOT_HARDENED: [u8; assay_contract::hardening::NONE.len()] = {
    let mut bytes = [0; assay_contract::hardening::NONE.len()];
    bytes.copy_from_slice(assay_contract::hardening::NONE.as_bytes());
    bytes
};

/// What is to run, and within what.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Command {
    /// The program and its arguments; never empty.
    pub(crate) argv: Vec<String>,
    /// Its own directory, absolute: the only place where it can write. Holds `work`, `home` and `tmp`.
    pub(crate) own: PathBuf,
    /// Its standard input; `None` is empty input.
    pub(crate) stdin: Option<PathBuf>,
    /// Environment, beside PATH, HOME, TMPDIR and LANG.
    pub(crate) env: Vec<(String, String)>,
    /// What it may use.
    pub(crate) limits: Limits,
    /// What network it sees.
    pub(crate) network: Network,
    /// Whether it is a build or a case.
    pub(crate) kind: Kind,
}

/// What a confined command is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Kind {
    /// A build: linkers must be able to make their output executable.
    Build,
    /// A case.
    Case,
}

/// What a command's directory may hold before copying or measuring it is given up: such a tree is over every limit.
pub(crate) const TREE: Budget = Budget { entries: 200_000, depth: 256, bytes: 16 << 30 };

/// The folder in a command's own directory in which it starts.
pub(crate) const WORK: &str = "work";
/// The folder in a command's own directory that is its HOME.
const HOME: &str = "home";
/// The folder in a command's own directory that is its TMPDIR.
const TMP: &str = "tmp";

impl Command {
    /// The folders that must exist in the own directory before the command starts.
    pub(crate) const FOLDERS: [&str; 3] = [WORK, HOME, TMP];
}

/// How a command ended.
#[derive(Debug)]
pub(crate) struct Ended {
    /// How its first process ended.
    pub(crate) end: End,
    /// What the tree used.
    pub(crate) usage: Usage,
    /// What it wrote to standard output, at most the limit.
    pub(crate) stdout: Vec<u8>,
    /// What it wrote to standard error, at most the limit.
    pub(crate) stderr: Vec<u8>,
    /// What the confinement was made of.
    pub(crate) confinement: Confinement,
}

/// Runs `command` to its end and leaves no process of it alive.
pub(crate) fn run(command: &Command, census: &Census) -> Ended {
    watch::run(command, census)
}
