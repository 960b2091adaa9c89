//! Why a stage could not do its job.
//!
//! Only faults of the system and of published documents end up here. What a submission does wrong is no error: it is
//! recorded, and the stage succeeds.

use std::fmt;

use assay_contract::{Duty, Exit, Stage};

/// Who could not do its job.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Who {
    Stage(Stage),
    Duty(Duty),
}

impl From<Stage> for Who {
    fn from(stage: Stage) -> Who {
        Who::Stage(stage)
    }
}

impl From<Duty> for Who {
    fn from(duty: Duty) -> Who {
        Who::Duty(duty)
    }
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Who::Stage(stage) => stage.fmt(f),
            Who::Duty(duty) => duty.fmt(f),
        }
    }
}

/// Why a stage could not do its job, and what to do about it.
#[derive(Debug)]
pub(crate) struct StageError {
    pub(crate) exit: Exit,
    who: Option<Who>,
    message: String,
    hint: Option<String>,
}

impl StageError {
    pub(crate) fn new(exit: Exit, who: impl Into<Who>, message: impl Into<String>) -> StageError {
        StageError { exit, who: Some(who.into()), message: message.into(), hint: None }
    }

    /// An error of the command line, before it is known which stage is meant.
    pub(crate) fn usage(message: impl Into<String>) -> StageError {
        StageError { exit: Exit::Usage, who: None, message: message.into(), hint: None }
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> StageError {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for StageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(who) = self.who {
            write!(f, "{who}: ")?;
        }
        f.write_str(&self.message)?;
        if let Some(hint) = &self.hint {
            write!(f, "\n  hint: {hint}")?;
        }
        Ok(())
    }
}

impl std::error::Error for StageError {}
