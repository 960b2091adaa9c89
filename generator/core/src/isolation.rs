//! How strongly Verify and Test are kept apart from the cluster.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The strength of the isolation of stages in which student code runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Isolation {
    /// Pods as Argo makes them, hardened: Argo's own container runs beside the stage.
    #[default]
    Standard,
    /// Bare pods: nothing of Argo in them, no token, no way to the cluster.
    Strict,
}

impl Isolation {
    /// Both.
    pub const ALL: [Isolation; 2] = [Isolation::Standard, Isolation::Strict];

    /// The word for it.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Isolation::Standard => "standard",
            Isolation::Strict => "strict",
        }
    }
}

impl fmt::Display for Isolation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}
