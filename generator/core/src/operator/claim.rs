//! Names of claims by pattern: `claim-{student}`.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a pattern leaves open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placeholder {
    /// `{student}`
    Student,
    /// `{course}`
    Course,
}

impl Placeholder {
    const fn text(self) -> &'static str {
        match self {
            Placeholder::Student => "{student}",
            Placeholder::Course => "{course}",
        }
    }
}

/// A pattern of claim names: fixed text, with at most one `{student}` or `{course}` in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ClaimPattern {
    before: String,
    placeholder: Option<Placeholder>,
    after: String,
}

/// A text that is not a pattern of claim names.
#[derive(Debug, thiserror::Error)]
#[error(
    "expected lower-case letters, digits and inner hyphens, at most 100, with at most one `{{student}}` or `{{course}}` in them"
)]
pub struct InvalidPattern;

impl ClaimPattern {
    /// The pattern of that text.
    ///
    /// # Errors
    /// If it is not such a pattern.
    pub fn new(text: &str) -> Result<Self, InvalidPattern> {
        let parts = [Placeholder::Student, Placeholder::Course].into_iter().find_map(|placeholder| {
            text.split_once(placeholder.text()).map(|(before, after)| Self::known(before, placeholder, after))
        });
        let pattern =
            parts.unwrap_or_else(|| Self { before: text.into(), placeholder: None, after: String::new() });
        // With a letter for the placeholder, the whole must be a name; a second placeholder cannot be part of one.
        if super::check::is_dns_name(&pattern.of("x"), 100, false) {
            Ok(pattern)
        } else {
            Err(InvalidPattern)
        }
    }

    pub(super) fn known(before: &str, placeholder: Placeholder, after: &str) -> Self {
        Self { before: before.into(), placeholder: Some(placeholder), after: after.into() }
    }

    /// The claim's name for that student or course, or for a tag that stands for one.
    #[must_use]
    pub fn of(&self, name: &str) -> String {
        let Self { before, placeholder, after } = self;
        if placeholder.is_some() { format!("{before}{name}{after}") } else { before.clone() }
    }

    /// What differs from one name to the next; `None` where all have one claim.
    #[must_use]
    pub fn placeholder(&self) -> Option<Placeholder> {
        self.placeholder
    }

    /// The fixed text before and after what differs.
    pub(crate) fn around(&self) -> (&str, &str) {
        (&self.before, &self.after)
    }

    /// Whose claim has this name: a student, a course, or nobody; an empty text where all share one.
    #[must_use]
    pub fn name_in<'a>(&self, claim: &'a str) -> Option<&'a str> {
        let Self { before, placeholder, after } = self;
        let middle = claim.strip_prefix(before.as_str())?.strip_suffix(after.as_str())?;
        (middle.is_empty() == placeholder.is_none()).then_some(middle)
    }

    /// Whether some student or course has a claim of this name.
    #[must_use]
    pub fn matches(&self, claim: &str) -> bool {
        self.name_in(claim).is_some()
    }

    /// Whether both give the same names.
    pub(super) fn same_names(&self, other: &Self) -> bool {
        self.of("x") == other.of("x")
    }

    /// Whether some name of the one could be a name of the other, for whatever courses; may say so where none is.
    pub(super) fn may_share_a_name(&self, other: &Self) -> bool {
        let compatible =
            |one: &str, other: &str, within: fn(&str, &str) -> bool| within(one, other) || within(other, one);
        match (self.placeholder, other.placeholder) {
            (Some(_), Some(_)) => {
                compatible(&self.before, &other.before, |a, b| a.starts_with(b))
                    && compatible(&self.after, &other.after, |a, b| a.ends_with(b))
            }
            (Some(_), None) => self.matches(&other.before),
            (None, _) => other.matches(&self.before),
        }
    }
}

impl TryFrom<String> for ClaimPattern {
    type Error = InvalidPattern;
    fn try_from(text: String) -> Result<Self, InvalidPattern> {
        Self::new(&text)
    }
}

impl From<ClaimPattern> for String {
    fn from(pattern: ClaimPattern) -> String {
        pattern.to_string()
    }
}

impl fmt::Display for ClaimPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { before, placeholder, after } = self;
        match placeholder {
            Some(placeholder) => write!(f, "{before}{}{after}", placeholder.text()),
            None => f.write_str(before),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_in_claims() {
        let pattern = ClaimPattern::new("x-{course}-raw").unwrap();
        assert_eq!(pattern.name_in("x-comp-raw"), Some("comp"));
        assert_eq!((pattern.name_in("x--raw"), pattern.name_in("y-comp-raw")), (None, None));
        let shared = ClaimPattern::new("shared").unwrap();
        assert_eq!((shared.name_in("shared"), shared.name_in("shared-x")), (Some(""), None));
    }
}
