//! What was odd about a job: a code to look for, and words to read. For tutors; students are never shown any of it.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::CaseId;

/// Declares the codes; the meaning is documentation, and data for the reference.
macro_rules! oddities {
    ($($name:ident = $id:literal $meaning:literal)*) => {
        /// What kind of oddity it is. Append only.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum OddityCode {
            $(#[doc = $meaning] #[serde(rename = $id)] $name,)*
        }

        impl OddityCode {
            /// All codes.
            pub const ALL: &'static [OddityCode] = &[$(OddityCode::$name),*];

            /// The word for it.
            #[must_use]
            pub const fn id(self) -> &'static str {
                match self { $(OddityCode::$name => $id,)* }
            }

            /// What it means and what follows, in sentences for tutors.
            #[must_use]
            pub const fn meaning(self) -> &'static str {
                match self { $(OddityCode::$name => $meaning,)* }
            }
        }
    };
}

oddities! {
    EntriesIgnored = "entries-ignored" "The zip holds what file managers add of themselves, as `__MACOSX`. It was left out, which changes nothing."
    AuthorsFilesWon = "authors-files-won" "The submission holds files in places that the assignment's own files have. The assignment's stand there; the submission's were not used."
    AnswersUnusable = "answers-unusable" "The answers of this revision cannot be read or are not of this revision. No case was judged; publish the assignment again."
    AnswerUnusable = "answer-unusable" "A case's expected output cannot be used. The case earns nothing, by the author's fault."
    InputMissing = "input-missing" "A case's input is missing from the answers, so it cannot be shown. The verdict does not depend on it."
    BuildOutcomeMissing = "build-outcome-missing" "Verify did its job and left no outcome. Nothing was judged; look at the submission."
    BuildOutcomeDamaged = "build-outcome-damaged" "What Verify should have left is no outcome: another kind of file, too long, or not the document. Student code may have written it."
    BuildOutcomeContradicts = "build-outcome-contradicts" "The build's outcome cannot be true: it is of another version, or of a stage that did not run. Student code may have written it."
    LogDamaged = "log-damaged" "The build's log is no readable file. It is not shown; the verdict does not depend on it."
    LogContradicts = "log-contradicts" "The build's log is not as long as the build's outcome says. The verdict does not depend on it."
    OutcomeMissing = "outcome-missing" "Test did its job and left no outcome of a case. The case is suspect and earns nothing."
    OutcomeDamaged = "outcome-damaged" "What Test should have left of a case is no outcome: another kind of file, too long, or not the document. The case is suspect and earns nothing."
    OutcomeContradicts = "outcome-contradicts" "What Test left of a case cannot all be true. The case is suspect and earns nothing."
    ConfinementDamaged = "confinement-damaged" "What a stage says of its confinement cannot be read. The verdict does not depend on it."
}

impl fmt::Display for OddityCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

/// Something odd.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Oddity {
    /// Of which kind.
    pub code: OddityCode,
    /// Of which case; `None` where it is of the whole job.
    pub case: Option<CaseId>,
    /// What it is, in a sentence without its subject's id; made safe to show.
    pub what: String,
}

impl Oddity {
    /// An oddity of the whole job.
    #[must_use]
    pub fn new(code: OddityCode, what: impl Into<String>) -> Oddity {
        Oddity { code, case: None, what: what.into() }
    }
}

impl fmt::Display for Oddity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Oddity { code, case, what } = self;
        match case {
            Some(case) => write!(f, "{case}: {what} ({code})"),
            None => write!(f, "{what} ({code})"),
        }
    }
}
