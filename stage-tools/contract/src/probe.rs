//! What a probe pod looks at and tells: how a cluster is, seen from where jobs run.
//!
//! A probe is told one word, and answers one line of JSON on its standard output. It mounts a claim of its own, or one
//! student's home, never a volume of a course or job, and is not a duty: it has no row of a table.

use serde::{Deserialize, Serialize};

/// The subcommand of `assay-stage`.
pub const SUBCOMMAND: &str = "probe";
/// Where a probe finds the claim that was made for it.
pub const CLAIM: &str = "/volumes/probe";
/// On that claim: what [`Probe::Write`] leaves for [`Probe::Look`].
pub const FOLDER: &str = "from-the-trusted-user";
/// The port on which [`Probe::Listen`] waits.
pub const PORT: u16 = 17_117;
/// How many bytes [`Probe::Write`] writes in one file.
pub const LARGE_BYTES: u64 = 64 << 20;
/// How many small files [`Probe::Write`] writes.
pub const SMALL_FILES: u32 = 1000;

/// What a probe pod looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Probe {
    /// The node: kernel, confinement, limits, clock. Mounts nothing.
    Machine,
    /// The trusted user writes to a new claim, measures how fast that is, and runs a program from it.
    Write,
    /// An untrusted user looks at the same claim, mounted read only, as Verify looks at `submission`.
    Look,
    /// An untrusted user writes to the claim's root, as Verify and Test write to their own volumes.
    Own,
    /// The trusted user looks at a student's home, mounted read only.
    Home,
    /// Takes connections until it is removed.
    Listen,
    /// Tries to reach the address of a [`Probe::Listen`], which is its argument.
    Connect,
}

impl Probe {
    /// All probes.
    pub const ALL: [Probe; 7] =
        [Probe::Machine, Probe::Write, Probe::Look, Probe::Own, Probe::Home, Probe::Listen, Probe::Connect];

    /// Its name on the command line and in labels.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Probe::Machine => "machine",
            Probe::Write => "write",
            Probe::Look => "look",
            Probe::Own => "own",
            Probe::Home => "home",
            Probe::Listen => "listen",
            Probe::Connect => "connect",
        }
    }

    /// The probe of that name.
    #[must_use]
    pub fn from_id(id: &str) -> Option<Probe> {
        Probe::ALL.into_iter().find(|probe| probe.id() == id)
    }
}

/// What [`Probe::Machine`] tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Machine {
    /// The kernel's release.
    pub kernel: String,
    /// The kernel's Landlock ABI, 0 where there is none or it cannot be used.
    pub landlock_abi: u32,
    /// 2, 1, or 0 where no control group is to be seen.
    pub cgroup: u8,
    /// The limit of processes that is to be seen in the container; `None` where it says `max` or nothing.
    pub pids_max: Option<u64>,
    /// Mode of seccomp: 2 is a filter.
    pub seccomp: u8,
    /// Whether setuid programs gain nothing.
    pub no_new_privileges: bool,
    /// Milliseconds since 1970, by the node's clock.
    pub unix_ms: i64,
}

/// What [`Probe::Write`] tells; a `None` is a step that failed, and `failed` says how.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Written {
    /// Milliseconds for a file of [`LARGE_BYTES`], until it was synced.
    pub large_ms: Option<u64>,
    /// Milliseconds for [`SMALL_FILES`] files of 100 bytes.
    pub small_ms: Option<u64>,
    /// Whether a program runs from the volume.
    pub runs: bool,
    /// What failed, in words.
    pub failed: Vec<String>,
}

/// What [`Probe::Look`] tells.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Looked {
    /// How many of the [`SMALL_FILES`] are there and whole.
    pub files: u32,
    /// Whether a program runs from the volume.
    pub runs: bool,
    /// Whether the volume could be written, which it must not.
    pub wrote: bool,
    /// What failed, in words.
    pub failed: Vec<String>,
}

/// What [`Probe::Own`] tells.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Owned {
    /// Whether it could write to the volume's root.
    pub wrote: bool,
    /// Whether a file that the trusted user made could be changed or removed, which it must not.
    pub overwrote: bool,
    /// What failed, in words.
    pub failed: Vec<String>,
}

/// What [`Probe::Home`] tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Home {
    /// Who owns it.
    pub uid: u32,
    /// Its group.
    pub gid: u32,
    /// Its permission bits.
    pub mode: u32,
    /// Whether this user can list it.
    pub listed: bool,
}

/// What [`Probe::Connect`] tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Connected {
    /// How often it was tried, from the pod's first moment on.
    pub tries: u32,
    /// How many of those succeeded.
    pub reached: u32,
    /// Milliseconds from the start to the last that succeeded: enforcers may take a moment.
    pub last_ms: Option<u64>,
    /// For how many milliseconds it was tried.
    pub tried_ms: u64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Duty, Stage};

    #[test]
    fn no_probe_is_called_as_a_stage_or_duty() {
        for probe in Probe::ALL {
            assert_eq!(Probe::from_id(probe.id()), Some(probe));
        }
        assert!(Stage::from_id(SUBCOMMAND).is_none() && Duty::from_id(SUBCOMMAND).is_none());
    }
}
