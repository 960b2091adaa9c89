//! Exit codes of `assay` and `assay-stage`.
//!
//! 0 means that the program did its job: a bad mark is not a failure. The ranges say whose fault a failure is: 10–19
//! the submission's, 20–29 the author's, 30–39 the system's (a retry may help), 70 a bug in Assay, 2 the command line.
//! Not used: 64 and 65 (argoexec), 125–127 (shells and container runtimes), 128 and above (signals). Append only.

/// Declares the codes; the meaning is documentation, and data for the reference.
macro_rules! exits {
    ($($name:ident = $code:literal $meaning:literal)*) => {
        /// Why a program of Assay ended.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[repr(u8)]
        pub enum Exit {
            $(#[doc = $meaning] $name = $code,)*
        }

        impl Exit {
            /// All codes, in ascending order.
            pub const ALL: &'static [Exit] = &[$(Exit::$name),*];

            /// What it means, in a sentence for people.
            #[must_use]
            pub const fn meaning(self) -> &'static str {
                match self { $(Exit::$name => $meaning,)* }
            }
        }
    };
}

exits! {
    Done = 0 "It did its job."
    Usage = 2 "The command line was wrong."
    SubmissionRefused = 10 "The submission was refused."
    MarksDiffer = 19 "Marks differ from what the author expects, or expected outputs from what the solution prints."
    AssignmentInvalid = 20 "The assignment has mistakes."
    AssignmentFile = 21 "The assignment, or a file that it names, is missing or unreadable."
    AuditFailed = 22 "A template or manifest breaks the table or the allow-list."
    OperatorInvalid = 23 "The operator's file has mistakes."
    SolutionFailed = 24 "The model solution did not run as a model should."
    IsolationUnavailable = 30 "This machine cannot isolate, or lacks something that was demanded."
    Io = 31 "Reading or writing failed."
    DocumentDamaged = 32 "A document of the system was missing or damaged."
    StageFailed = 33 "A stage did not come to its end."
    Key = 34 "A signing key is missing or cannot be used."
    ReceiptInvalid = 35 "A receipt is not what it claims to be."
    Interrupted = 36 "The run was interrupted."
    ClusterUnavailable = 37 "The cluster cannot be reached, or lacks something."
    ClusterRefused = 38 "The cluster does not let this account do that."
    ClusterUnfit = 39 "The cluster is not as it must be for jobs; `assay doctor` says what to do."
    Bug = 70 "A bug in Assay."
}

impl Exit {
    /// The code itself.
    #[must_use]
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// What that code means; `None` where it is none of ours, so that something else ended the program.
    #[must_use]
    pub fn from_code(code: u8) -> Option<Exit> {
        Exit::ALL.iter().copied().find(|exit| exit.code() == code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_ascend_and_leave_the_ranges_of_others_alone() {
        let codes: Vec<u8> = Exit::ALL.iter().map(|exit| exit.code()).collect();
        assert!(codes.is_sorted_by(|a, b| a < b));
        assert!(codes.iter().all(|code| !matches!(code, 64 | 65 | 125..)));
    }
}
