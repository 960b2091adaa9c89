//! Why a stage could not do its job.
//!
//! Only faults of the system and of published documents end up here. What a submission does wrong is no error: it is
//! recorded, and the stage succeeds.

use std::fmt;

use assay_contract::{Exit, Stage};

/// Why a stage could not do its job, and what to do about it.
#[derive(Debug)]
pub(crate) struct StageError {
    pub(crate) exit: Exit,
    stage: Option<Stage>,
    message: String,
    hint: Option<String>,
}

impl StageError {
    pub(crate) fn new(exit: Exit, stage: Stage, message: impl Into<String>) -> StageError {
        StageError { exit, stage: Some(stage), message: message.into(), hint: None }
    }

    /// An error of the command line, before it is known which stage is meant.
    pub(crate) fn usage(message: impl Into<String>) -> StageError {
        StageError { exit: Exit::Usage, stage: None, message: message.into(), hint: None }
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> StageError {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for StageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(stage) = self.stage {
            write!(f, "{stage}: ")?;
        }
        f.write_str(&self.message)?;
        if let Some(hint) = &self.hint {
            write!(f, "\n  hint: {hint}")?;
        }
        Ok(())
    }
}

impl std::error::Error for StageError {}
