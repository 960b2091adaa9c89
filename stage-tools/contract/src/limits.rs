//! What a build or a case may use.

use serde::{Deserialize, Serialize};

/// Limits of one build or one case; all of them hold, and the first to be passed decides the verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Limits {
    /// CPU time of the whole process tree, in milliseconds.
    pub cpu_ms: u64,
    /// Wall-clock time, in milliseconds.
    pub wall_ms: u64,
    /// Resident memory of the whole process tree, in bytes.
    pub memory_bytes: u64,
    /// Processes alive at once, the first included; threads do not count.
    pub processes: u32,
    /// Bytes written to standard output, and the same to standard error.
    pub output_bytes: u64,
    /// Bytes that its own directory may hold, and the largest file.
    pub disk_bytes: u64,
}
