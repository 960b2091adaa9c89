//! The second table: what pods mount that run no stage of a job, but serve authors, tutors and operators.
//!
//! As narrow as the first: a duty mounts its row and nothing else, and no duty mounts a volume of a job. This is the
//! only place where it is written; admission policies, manifests and the documentation take it from here.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Volume;
use crate::table::{Access, Mount};

/// What an administrative pod is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Duty {
    /// Writes a revision: its answers first, then its configuration.
    Publish,
    /// Puts a zip into a student's outbox, on the student's behalf.
    HandIn,
    /// Reads what was concluded about a job.
    Read,
    /// Compares what was received with what was concluded.
    Sweep,
    /// The server of an author or tutor in the hub; not a pod of ours, but bound by the same table.
    Desk,
}

const R: Option<Access> = Some(Access::Read);
const W: Option<Access> = Some(Access::Write);
const O: Option<Access> = None;

/// Rows are the volumes that outlive a job, columns are duties, both in their declared order.
const TABLE: [[Option<Access>; 5]; 4] = [
    // publish hand-in read sweep desk
    [O, W, O, O, O], // student
    [W, O, O, O, R], // assignment-configuration
    [O, O, O, R, R], // raw-submissions
    [W, O, R, R, R], // private-results
];

impl Duty {
    /// All duties.
    pub const ALL: [Duty; 5] = [Duty::Publish, Duty::HandIn, Duty::Read, Duty::Sweep, Duty::Desk];

    /// The duty's name in labels, on the command line and in messages.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Duty::Publish => "publish",
            Duty::HandIn => "hand-in",
            Duty::Read => "read",
            Duty::Sweep => "sweep",
            Duty::Desk => "desk",
        }
    }

    /// The duty of that name.
    #[must_use]
    pub fn from_id(id: &str) -> Option<Duty> {
        Duty::ALL.into_iter().find(|duty| duty.id() == id)
    }

    /// How its pod may use `volume`; `None` where it does not mount it.
    #[must_use]
    pub const fn access(self, volume: Volume) -> Option<Access> {
        let row = volume as usize;
        if row < TABLE.len() { TABLE[row][self as usize] } else { None }
    }

    /// What its pod mounts, in the order of the table; it mounts this and nothing else.
    #[must_use]
    pub fn mounts(self) -> Vec<Mount> {
        Volume::ALL
            .into_iter()
            .filter_map(|volume| self.access(volume).map(|access| Mount { volume, access }))
            .collect()
    }
}

impl fmt::Display for Duty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Lifetime;

    #[test]
    fn no_duty_mounts_a_volume_of_a_job() {
        for duty in Duty::ALL {
            for mount in duty.mounts() {
                assert_ne!(mount.volume.lifetime(), Lifetime::Job, "{duty}");
            }
        }
    }

    #[test]
    fn who_reaches_a_students_claim_reaches_nothing_else() {
        for duty in Duty::ALL.into_iter().filter(|duty| duty.access(Volume::Student).is_some()) {
            assert_eq!(duty.mounts().len(), 1, "{duty}");
        }
    }

    #[test]
    fn snapshots_are_written_by_setup_alone() {
        for duty in Duty::ALL {
            assert_ne!(duty.access(Volume::RawSubmissions), Some(Access::Write), "{duty}");
        }
    }
}
