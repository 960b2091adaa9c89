//! Why the queue server could not be asked, or would not.

use assay_contract::Fault;
use assay_contract::queue::{Problem, ProblemCode};

/// Why there is no answer that can be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClientError {
    /// No connection came about: nothing was sent.
    #[error("the queue server cannot be reached: {0}")]
    Unreachable(String),
    /// Something was sent, and no whole answer came.
    #[error("the queue server's answer did not arrive: {0}")]
    Lost(String),
    /// The server says what is wrong.
    #[error("{}", .0.message)]
    Problem(Box<Problem>),
    /// Something answers that is no queue server, or one that has gone wrong.
    #[error("what answers is no queue server: {0}")]
    Strange(String),
    /// The answer is well formed and is about something else than was asked.
    #[error("the queue server's answer is about something else: {0}")]
    Other(&'static str),
    /// This machine cannot make connections at all.
    #[error("this machine cannot make connections: {0}")]
    Machine(String),
}

impl ClientError {
    /// The server's word for what is wrong, where it said one.
    #[must_use]
    pub fn code(&self) -> Option<ProblemCode> {
        match self {
            ClientError::Problem(problem) => Some(problem.code),
            _ => None,
        }
    }

    /// Whose fault it is.
    #[must_use]
    pub fn fault(&self) -> Fault {
        match self {
            ClientError::Problem(problem) => problem.fault,
            ClientError::Unreachable(_)
            | ClientError::Lost(_)
            | ClientError::Strange(_)
            | ClientError::Other(_)
            | ClientError::Machine(_) => Fault::System,
        }
    }

    /// What to do.
    #[must_use]
    pub fn hint(&self) -> &str {
        match self {
            ClientError::Problem(problem) => &problem.hint,
            ClientError::Unreachable(_) | ClientError::Lost(_) => "try again in a moment",
            ClientError::Strange(_) => "check the address in ASSAY_QUEUE, or ask who runs this installation",
            ClientError::Other(_) | ClientError::Machine(_) => "show this to who runs this installation",
        }
    }

    /// Whether the same will be answered the same, however often it is sent.
    #[must_use]
    pub fn is_final(&self) -> bool {
        !self.may_pass()
    }

    /// Whether the same may be answered otherwise in a moment.
    pub(crate) fn may_pass(&self) -> bool {
        match self {
            ClientError::Unreachable(_) | ClientError::Lost(_) => true,
            ClientError::Problem(problem) => matches!(
                problem.code,
                ProblemCode::TooMany | ProblemCode::Unavailable | ProblemCode::Bug
            ),
            ClientError::Strange(_) | ClientError::Other(_) | ClientError::Machine(_) => false,
        }
    }
}
