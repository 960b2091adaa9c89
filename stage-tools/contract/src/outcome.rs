//! What Verify and Test leave behind. Everything here was written where student code ran: readers treat it as hostile.

use serde::{Deserialize, Serialize};

use crate::CaseId;

/// How a confined process tree ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum End {
    /// Its first process ended by itself.
    Exited(u8),
    /// Its first process was ended by a signal that was not ours.
    Signalled(u8),
    /// It was killed because it passed a limit.
    Limit(LimitKind),
    /// It could not be started, because the command is missing or is not executable.
    NotStarted(String),
    /// It could not be confined or watched; the system's fault.
    Unconfined(String),
}

/// Which limit was passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LimitKind {
    /// CPU time.
    Cpu,
    /// Wall-clock time.
    Wall,
    /// Memory.
    Memory,
    /// Processes.
    Processes,
    /// Output.
    Output,
    /// Disk: bytes in its own directory, or one file too large.
    Disk,
}

/// What a confined process tree used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Usage {
    /// CPU time of the tree, user and system, in milliseconds.
    pub cpu_ms: u64,
    /// Wall-clock time, in milliseconds.
    pub wall_ms: u64,
    /// The largest resident memory of the tree that was seen, in bytes.
    pub memory_bytes: u64,
}

/// `outcome.json` of a case, in `testing`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct CaseOutcome {
    /// [`crate::API_VERSION`].
    pub api_version: String,
    /// Which case.
    pub id: CaseId,
    /// How it ended.
    pub end: End,
    /// What it used.
    pub usage: Usage,
    /// Bytes kept of standard output, in `stdout` beside this file.
    pub stdout_bytes: u64,
    /// Bytes kept of standard error, in `stderr` beside this file.
    pub stderr_bytes: u64,
}

/// `outcome.json` of the build, in `verification`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct BuildOutcome {
    /// [`crate::API_VERSION`].
    pub api_version: String,
    /// How Verify ended.
    pub end: BuildEnd,
    /// What the build used.
    pub usage: Usage,
    /// Bytes kept of the log, in `log` beside this file.
    pub log_bytes: u64,
}

/// How Verify ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum BuildEnd {
    /// The build left what Test needs; also where there is no build.
    Built,
    /// Required files are missing.
    Missing(Vec<String>),
    /// The build failed in this way.
    Failed(End),
    /// The build ended well and left what no later stage can use; why, in words.
    Unusable(String),
}

/// `environment.json`, left by both stages: what the confinement was made of.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Confinement {
    /// The kernel's release.
    pub kernel: String,
    /// The Landlock ABI in use; 0 where there is none.
    pub landlock_abi: u32,
    /// What this kernel or machine lacks, in words; empty where nothing is.
    pub lacks: Vec<String>,
}
