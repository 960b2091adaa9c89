//! What a check is, and how one comes out.

use serde::{Serialize, Serializer};

/// Something that is checked; its text is the operators' reference.
#[derive(Debug, PartialEq, Eq)]
pub struct Definition {
    /// Its name in the output.
    pub id: &'static str,
    /// What must hold, in words.
    pub title: &'static str,
    /// What follows where it does not hold.
    pub why: &'static str,
    /// What to do, unless a check knows better.
    pub fix: &'static str,
}

/// How a check came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// As it must be.
    Ok,
    /// It could not be looked at.
    NotChecked,
    /// Jobs work, and something is worse than it should be.
    Warning,
    /// Jobs do not work, or are not safe.
    Problem,
}

impl Outcome {
    /// The outcome as it is printed.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Outcome::Ok => "ok",
            Outcome::NotChecked => "not checked",
            Outcome::Warning => "warning",
            Outcome::Problem => "problem",
        }
    }
}

/// A check that came out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What was checked.
    #[serde(flatten, serialize_with = "named")]
    pub definition: &'static Definition,
    /// How it came out.
    pub outcome: Outcome,
    /// What was found, or why nothing was.
    pub found: String,
    /// What to do; `None` where nothing needs doing.
    pub fix: Option<String>,
}

fn named<S: Serializer>(definition: &&'static Definition, serializer: S) -> Result<S::Ok, S::Error> {
    use serde::ser::SerializeMap as _;
    let Definition { id, title, why: _, fix: _ } = definition;
    let mut map = serializer.serialize_map(Some(2))?;
    map.serialize_entry("id", id)?;
    map.serialize_entry("title", title)?;
    map.end()
}

impl Definition {
    fn check(&'static self, outcome: Outcome, found: String, fix: Option<String>) -> Check {
        Check { definition: self, outcome, found, fix }
    }

    pub(super) fn ok(&'static self, found: impl Into<String>) -> Check {
        self.check(Outcome::Ok, found.into(), None)
    }

    pub(super) fn warning(&'static self, found: impl Into<String>) -> Check {
        self.check(Outcome::Warning, found.into(), Some(self.fix.into()))
    }

    pub(super) fn problem(&'static self, found: impl Into<String>) -> Check {
        self.check(Outcome::Problem, found.into(), Some(self.fix.into()))
    }

    pub(super) fn not_checked(&'static self, why: impl Into<String>) -> Check {
        self.check(Outcome::NotChecked, why.into(), None)
    }

    /// A problem, or ok where nothing is wrong.
    pub(super) fn problem_unless_empty(
        &'static self,
        wrong: &[String],
        otherwise: impl Into<String>,
    ) -> Check {
        if wrong.is_empty() { self.ok(otherwise) } else { self.problem(wrong.join("; ")) }
    }
}

impl Check {
    /// The same with what is to be done here.
    pub(super) fn fix(mut self, fix: impl Into<String>) -> Check {
        self.fix = Some(fix.into());
        self
    }
}
