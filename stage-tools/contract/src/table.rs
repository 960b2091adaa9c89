//! The table: which stage sees which volume, and how.
//!
//! This is the only place where it is written. Templates, local runs, admission policies, the documentation and the
//! tests all take it from here.

use serde::{Deserialize, Serialize};

use crate::{Stage, Volume};

/// How a stage may use a volume that it mounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Access {
    /// Read only, also at the volume's source.
    Read,
    /// Read and write.
    Write,
}

impl Access {
    /// `R` or `W`, as the table prints it.
    #[must_use]
    pub const fn letter(self) -> char {
        match self {
            Access::Read => 'R',
            Access::Write => 'W',
        }
    }

    /// Whether the mount is read only.
    #[must_use]
    pub const fn is_read_only(self) -> bool {
        matches!(self, Access::Read)
    }
}

/// One cell of the table that is not empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mount {
    /// What is mounted.
    pub volume: Volume,
    /// How.
    pub access: Access,
}

const R: Option<Access> = Some(Access::Read);
const W: Option<Access> = Some(Access::Write);
const O: Option<Access> = None;

/// Rows are volumes, columns are stages, both in their declared order.
const TABLE: [[Option<Access>; 5]; 10] = [
    // setup verify test results finalise
    [W, O, O, W, W], // student
    [R, O, O, O, R], // assignment-configuration
    [W, O, O, O, O], // raw-submissions
    [O, O, O, W, W], // private-results
    [W, R, O, R, R], // setup-configuration
    [W, R, R, R, R], // submission
    [O, W, R, R, R], // verification
    [O, O, W, R, R], // testing
    [O, O, O, W, R], // results
    [O, O, O, O, W], // finalisation
];

/// How `stage` may use `volume`; `None` where the stage does not mount it.
#[must_use]
pub const fn access(stage: Stage, volume: Volume) -> Option<Access> {
    TABLE[volume as usize][stage as usize]
}

/// What `stage` mounts, in the order of the table; a stage mounts this and nothing else.
#[must_use]
pub fn mounts(stage: Stage) -> Vec<Mount> {
    Volume::ALL
        .into_iter()
        .filter_map(|volume| access(stage, volume).map(|access| Mount { volume, access }))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Lifetime, Trust};

    #[test]
    fn untrusted_stages_see_only_volumes_of_the_job() {
        for stage in Stage::ALL.into_iter().filter(|stage| stage.trust() == Trust::Untrusted) {
            for mount in mounts(stage) {
                assert_eq!(mount.volume.lifetime(), Lifetime::Job, "{stage} mounts {}", mount.volume);
            }
        }
    }

    #[test]
    fn an_untrusted_stage_writes_one_volume_that_no_earlier_stage_saw() {
        for (stage, own) in [(Stage::Verify, Volume::Verification), (Stage::Test, Volume::Testing)] {
            let written: Vec<_> = mounts(stage).into_iter().filter(|m| m.access == Access::Write).collect();
            assert_eq!(written, [Mount { volume: own, access: Access::Write }]);
            for earlier in Stage::ALL.into_iter().filter(|earlier| *earlier < stage) {
                assert_eq!(access(earlier, own), None);
            }
        }
    }

    #[test]
    fn what_students_must_never_see_is_out_of_reach_where_their_code_runs() {
        for volume in [Volume::PrivateResults, Volume::RawSubmissions, Volume::Student, Volume::Results] {
            assert_eq!(access(Stage::Verify, volume), None);
            assert_eq!(access(Stage::Test, volume), None);
        }
    }
}
