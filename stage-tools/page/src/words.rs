//! Verdicts and faults in words, and what a student does about them. `docs/src/students/result.md` says the same.

use assay_contract::{Fault, Verdict};

/// A verdict as a heading says it.
#[must_use]
pub fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Passed => "Passed",
        Verdict::WrongOutput => "Wrong output",
        Verdict::Crashed => "Crashed",
        Verdict::TimeLimit => "Time limit",
        Verdict::MemoryLimit => "Memory limit",
        Verdict::OutputLimit => "Output limit",
        Verdict::ProcessLimit => "Process limit",
        Verdict::BuildFailed => "Build failed",
        Verdict::Refused => "Refused",
        Verdict::NotRun => "Not run",
        Verdict::Suspect => "Suspect",
    }
}

/// A sign beside it, so that no colour is needed to tell them apart.
pub(crate) fn sign(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Passed => "✓",
        Verdict::NotRun => "–",
        Verdict::Suspect => "?",
        Verdict::WrongOutput
        | Verdict::Crashed
        | Verdict::TimeLimit
        | Verdict::MemoryLimit
        | Verdict::OutputLimit
        | Verdict::ProcessLimit
        | Verdict::BuildFailed
        | Verdict::Refused => "✗",
    }
}

/// How good the news is; also the name of its colours.
pub(crate) fn tone(verdict: Verdict, fault: Option<Fault>) -> &'static str {
    match (verdict, fault) {
        (Verdict::Passed, _) => "good",
        (Verdict::NotRun | Verdict::Suspect, _) | (_, Some(Fault::Author | Fault::System)) => "open",
        _ => "bad",
    }
}

/// Whose fault it was.
pub(crate) fn fault(fault: Fault) -> &'static str {
    match fault {
        Fault::Student => "the submission’s",
        Fault::Author => "the assignment’s, not yours",
        Fault::System => "the system’s, not yours",
    }
}

/// What to do about a verdict; empty where there is nothing to do.
#[must_use]
pub fn advice(verdict: Verdict, fault: Option<Fault>) -> &'static str {
    match (fault, verdict) {
        (_, Verdict::Passed) => "",
        (Some(Fault::System), _) => {
            "There is nothing to mend in your work. Keep the receipts, and ask your course staff when it will be graded."
        }
        (Some(Fault::Author), _) => {
            "There is nothing to mend in your work for this. Tell your course staff, and name the job."
        }
        (_, Verdict::WrongOutput) => {
            "Compare what was expected with what your program wrote. Blanks and line ends are made visible where they matter."
        }
        (_, Verdict::Crashed) => {
            "Run your program yourself with the same arguments and input. Look at its exit status, at what it wrote to standard \
             error, and at how it uses memory."
        }
        (_, Verdict::TimeLimit) => {
            "Look for loops that do not end, for waiting on input that does not come, and for work that is done again and again."
        }
        (_, Verdict::MemoryLimit) => {
            "Look for recursion that does not end, for data that is kept without need, and for memory that is never given back."
        }
        (_, Verdict::OutputLimit) => "Look for loops that print or write to files without end.",
        (_, Verdict::ProcessLimit) => "Start fewer processes at once, and wait for those that you started.",
        (_, Verdict::BuildFailed) => {
            "Read the first error in the log of the build, mend it, and build it yourself by the same command before you hand in again."
        }
        (_, Verdict::Refused) => "Nothing of it was run. Change what the reason names, and hand in again.",
        (_, Verdict::NotRun) => "Something before it went wrong. Look at that first.",
        (_, Verdict::Suspect) => {
            "It earns nothing as it is, and a person must look at it. Ask your course staff."
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_those_of_the_documents() {
        for word in Verdict::ALL {
            assert_eq!(verdict(word).to_lowercase().replace(' ', "-"), word.id());
        }
    }

    #[test]
    fn whatever_did_not_pass_has_something_to_do() {
        for verdict in Verdict::ALL {
            for fault in [None, Some(Fault::Student), Some(Fault::Author), Some(Fault::System)] {
                assert_eq!(
                    advice(verdict, fault).is_empty(),
                    verdict == Verdict::Passed,
                    "{verdict} {fault:?}"
                );
            }
        }
    }

    #[test]
    fn the_documentation_says_the_same() {
        let page = include_str!("../../../docs/src/students/result.md");
        let page = page.split_whitespace().collect::<Vec<_>>().join(" ");
        for word in Verdict::ALL {
            assert!(page.contains(&format!("| {} |", verdict(word))), "{word}");
            for fault in [Fault::Student, Fault::Author, Fault::System] {
                assert!(page.contains(advice(word, Some(fault))), "{word}, {fault}");
            }
        }
    }
}
