//! What each stage of an assignment's jobs is: image, command, mounts, user, limits.
//!
//! Rendering and local runs both follow a [`Plan`]; neither decides anything of its own. Mounts and facts are not
//! fields that could be set: they come from the table for the stage.

use assay_contract::facts::{self, Fact, Output};
use assay_contract::{AssignmentId, Digest, Mount, Stage, table};

/// The plan of an assignment's jobs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Which assignment.
    pub assignment: AssignmentId,
    /// Which revision.
    pub revision: Digest,
    /// Its title, for people.
    pub title: String,
    /// Its description, for people; may be empty.
    pub description: String,
    /// The stages in the order in which they run.
    pub stages: [StagePlan; 5],
}

/// The plan of one stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StagePlan {
    /// Which stage.
    pub stage: Stage,
    /// The image it runs in: ours for trusted stages, the author's for untrusted ones.
    pub image: String,
    /// The user and group it runs as.
    pub uid: u32,
    /// Until when it must have ended, in seconds after its start.
    pub deadline_seconds: u64,
    /// Memory of its pod, in bytes.
    pub memory_bytes: u64,
    /// CPU of its pod, in thousandths of a core.
    pub cpu_milli: u32,
}

impl StagePlan {
    /// What it mounts: the row of the table.
    #[must_use]
    pub fn mounts(&self) -> Vec<Mount> {
        table::mounts(self.stage)
    }

    /// What it is told.
    #[must_use]
    pub fn facts(&self) -> &'static [Fact] {
        facts::facts(self.stage)
    }

    /// What it leaves for the engine.
    #[must_use]
    pub fn outputs(&self) -> &'static [Output] {
        facts::outputs(self.stage)
    }

    /// The program it runs: our image's own tool, or the one that Setup brought into `submission`.
    #[must_use]
    pub fn program(&self) -> String {
        match self.stage.trust() {
            assay_contract::Trust::Trusted => "/assay-stage".into(),
            assay_contract::Trust::Untrusted => {
                format!("{}/{}", assay_contract::Volume::Submission.path(), assay_contract::layout::TOOL)
            }
        }
    }
}
