//! How a case or a job ended, and whose fault that was.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How a case ended; of a job, how its first case that did not pass ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It did what the answers ask.
    Passed,
    /// It ran, and its output is not the expected one.
    WrongOutput,
    /// It ended by a signal or with an unexpected exit status.
    Crashed,
    /// It used more time than allowed, CPU or wall clock.
    TimeLimit,
    /// It used more memory than allowed.
    MemoryLimit,
    /// It wrote more than allowed, to its output or to disk.
    OutputLimit,
    /// It started more processes than allowed.
    ProcessLimit,
    /// The submission did not build.
    BuildFailed,
    /// The submission was refused before anything ran.
    Refused,
    /// It did not run.
    NotRun,
    /// What it left contradicts itself; a person must look.
    Suspect,
}

impl Verdict {
    /// All verdicts.
    pub const ALL: [Verdict; 11] = [
        Verdict::Passed,
        Verdict::WrongOutput,
        Verdict::Crashed,
        Verdict::TimeLimit,
        Verdict::MemoryLimit,
        Verdict::OutputLimit,
        Verdict::ProcessLimit,
        Verdict::BuildFailed,
        Verdict::Refused,
        Verdict::NotRun,
        Verdict::Suspect,
    ];

    /// The word for it.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Verdict::Passed => "passed",
            Verdict::WrongOutput => "wrong-output",
            Verdict::Crashed => "crashed",
            Verdict::TimeLimit => "time-limit",
            Verdict::MemoryLimit => "memory-limit",
            Verdict::OutputLimit => "output-limit",
            Verdict::ProcessLimit => "process-limit",
            Verdict::BuildFailed => "build-failed",
            Verdict::Refused => "refused",
            Verdict::NotRun => "not-run",
            Verdict::Suspect => "suspect",
        }
    }

    /// The verdict of that name.
    #[must_use]
    pub fn from_id(id: &str) -> Option<Verdict> {
        Verdict::ALL.into_iter().find(|verdict| verdict.id() == id)
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

/// Whose fault it was that something did not pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    /// The submission's.
    Student,
    /// The assignment's.
    Author,
    /// The installation's or Assay's.
    System,
}

impl Fault {
    /// The word for it.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Fault::Student => "student",
            Fault::Author => "author",
            Fault::System => "system",
        }
    }

    /// The fault of that name.
    #[must_use]
    pub fn from_id(id: &str) -> Option<Fault> {
        [Fault::Student, Fault::Author, Fault::System].into_iter().find(|fault| fault.id() == id)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_in_documents_are_the_words_in_messages() {
        for verdict in Verdict::ALL {
            assert_eq!(serde_json::to_string(&verdict).unwrap(), format!("\"{verdict}\""));
            assert_eq!(Verdict::from_id(verdict.id()), Some(verdict));
        }
    }
}
