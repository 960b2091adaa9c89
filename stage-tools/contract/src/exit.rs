//! Exit codes of `assay` and `assay-stage`.
//!
//! 0 means that the program did its job: a bad mark is not a failure. The ranges say whose fault a failure is: 10–19
//! the submission's, 20–29 the author's, 30–39 the system's (a retry may help), 70 a bug in Assay. Not used: 2 (command
//! line), 64 and 65 (argoexec), 125–127 (shells and container runtimes), 128 and above (signals). Append only.

/// Why a program of Assay ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// It did its job.
    Done = 0,
    /// The command line was wrong.
    Usage = 2,
    /// The submission was refused.
    SubmissionRefused = 10,
    /// Marks differ from what the author expects (`assay test`, `assay try` with expectations).
    MarksDiffer = 19,
    /// The assignment has mistakes.
    AssignmentInvalid = 20,
    /// A file that the assignment names is missing or unreadable.
    AssignmentFile = 21,
    /// A template or manifest breaks the table or the allow-list.
    AuditFailed = 22,
    /// The operator's file has mistakes.
    OperatorInvalid = 23,
    /// The model solution did not run as a model should (`assay record`).
    SolutionFailed = 24,
    /// This machine cannot isolate, or lacks something that was demanded.
    IsolationUnavailable = 30,
    /// Reading or writing failed.
    Io = 31,
    /// A document of the system was missing or damaged.
    DocumentDamaged = 32,
    /// A stage did not come to its end.
    StageFailed = 33,
    /// A signing key is missing or cannot be used.
    Key = 34,
    /// A receipt is not what it claims to be.
    ReceiptInvalid = 35,
    /// The run was interrupted.
    Interrupted = 36,
    /// A bug in Assay.
    Bug = 70,
}

impl Exit {
    /// The code itself.
    #[must_use]
    pub const fn code(self) -> u8 {
        self as u8
    }
}
