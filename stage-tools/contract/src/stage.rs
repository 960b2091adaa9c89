//! The five stages of a job and who is trusted in them.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A stage of a job, in the order in which the stages run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// Takes the submission in, makes the snapshot, lays out what the later stages need.
    Setup,
    /// Checks required files and runs the author's build.
    Verify,
    /// Runs the cases.
    Test,
    /// Scores what the cases left.
    Results,
    /// Signs, records and delivers.
    Finalise,
}

/// Whose code runs in a stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trust {
    /// Our image, run as the trusted user; no student code.
    Trusted,
    /// The author's image, run as an untrusted user; student code runs here.
    Untrusted,
}

impl Stage {
    /// All stages in the order in which they run.
    pub const ALL: [Stage; 5] = [Stage::Setup, Stage::Verify, Stage::Test, Stage::Results, Stage::Finalise];

    /// The stage's name in YAML, on the command line and in messages.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Stage::Setup => "setup",
            Stage::Verify => "verify",
            Stage::Test => "test",
            Stage::Results => "results",
            Stage::Finalise => "finalise",
        }
    }

    /// The stage of that name.
    #[must_use]
    pub fn from_id(id: &str) -> Option<Stage> {
        Stage::ALL.into_iter().find(|stage| stage.id() == id)
    }

    /// Whose code runs in this stage.
    #[must_use]
    pub const fn trust(self) -> Trust {
        match self {
            Stage::Verify | Stage::Test => Trust::Untrusted,
            Stage::Setup | Stage::Results | Stage::Finalise => Trust::Trusted,
        }
    }

    /// Whether the stage is given a signing key, as an environment variable.
    #[must_use]
    pub const fn holds_key(self) -> bool {
        matches!(self, Stage::Setup | Stage::Finalise)
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}
