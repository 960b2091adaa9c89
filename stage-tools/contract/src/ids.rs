//! Names that travel through parameters, paths and labels.
//!
//! Each is checked when it is made, also when it is read from a document, so that none can carry a path, a template tag
//! or a control character anywhere.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A name that is not of the required form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidId {
    /// What was expected, in words.
    pub expected: &'static str,
}

impl fmt::Display for InvalidId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expected)
    }
}

impl std::error::Error for InvalidId {}

macro_rules! checked_string {
    ($(#[$doc:meta])* $name:ident, $check:path, $expected:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// What the name must look like, in words.
            pub const EXPECTED: &'static str = $expected;

            /// The name, if it is of the required form.
            ///
            /// # Errors
            /// If it is not; the error says what was expected.
            pub fn new(text: impl Into<String>) -> Result<Self, InvalidId> {
                let text = text.into();
                if $check(&text) { Ok(Self(text)) } else { Err(InvalidId { expected: $expected }) }
            }

            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;
            fn try_from(text: String) -> Result<Self, InvalidId> {
                Self::new(text)
            }
        }

        impl std::str::FromStr for $name {
            type Err = InvalidId;
            fn from_str(text: &str) -> Result<Self, InvalidId> {
                Self::new(text)
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> String {
                name.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

/// A DNS label: lower-case letters, digits and inner hyphens, at most `max` long.
fn is_label(text: &str, max: usize) -> bool {
    let bytes = text.as_bytes();
    let inner = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'-';
    let edge = |b: Option<&u8>| b.is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    bytes.len() <= max && bytes.iter().all(inner) && edge(bytes.first()) && edge(bytes.last())
}

fn is_assignment(text: &str) -> bool {
    text.split_once('/').is_some_and(|(course, name)| is_label(course, 20) && is_label(name, 30))
}

/// Folders of `private-results` that stand beside the students' own.
const RESERVED: [&str; 2] = ["answers", "gradebook"];

fn is_student(text: &str) -> bool {
    is_label(text, 63) && !RESERVED.contains(&text)
}

fn is_job(text: &str) -> bool {
    is_label(text, 63)
}

fn is_digest(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

fn is_request_key(text: &str) -> bool {
    (16..=64).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

fn is_case(text: &str) -> bool {
    text.strip_prefix("case-")
        .is_some_and(|n| (3..=5).contains(&n.len()) && n.bytes().all(|b| b.is_ascii_digit()))
}

checked_string!(
    /// An assignment: `<course>/<name>`.
    AssignmentId,
    is_assignment,
    "`<course>/<name>`, each of lower-case letters, digits and inner hyphens, at most 20 and 30 characters"
);
checked_string!(
    /// A student, as claims and labels can carry the name.
    StudentId,
    is_student,
    "lower-case letters, digits and inner hyphens, at most 63 characters, and not `answers` or `gradebook`"
);
checked_string!(
    /// A job: the name of its Argo Workflow.
    JobId,
    is_job,
    "lower-case letters, digits and inner hyphens, at most 63 characters"
);
checked_string!(
    /// A SHA-256 in lower-case hexadecimal; also a revision.
    Digest,
    is_digest,
    "a SHA-256 of 64 lower-case hexadecimal digits"
);
checked_string!(
    /// What makes a request for a job the same one when it is sent again.
    RequestKey,
    is_request_key,
    "16 to 64 letters, digits, hyphens and underscores"
);
checked_string!(
    /// A case's place in the plan, `case-001`; unlike its name it tells a student nothing.
    CaseId,
    is_case,
    "`case-` and three to five digits"
);

impl AssignmentId {
    /// The part before the slash.
    #[must_use]
    pub fn course(&self) -> &str {
        self.0.split_once('/').map_or("", |(course, _)| course)
    }

    /// The part after the slash.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.split_once('/').map_or("", |(_, name)| name)
    }
}

impl Digest {
    /// The first eight digits, as they stand in names.
    #[must_use]
    pub fn short(&self) -> &str {
        self.0.get(..8).unwrap_or(&self.0)
    }
}

impl CaseId {
    /// The id of the case at `index`, counted from 0.
    #[must_use]
    pub fn at(index: usize) -> CaseId {
        CaseId(format!("case-{:03}", index + 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_names_are_refused() {
        for text in
            ["", "A", "a b", "a\n", "-a", "a-", "../x", "{{=x}}", "a\"},", "a\0", "ä", &"a".repeat(64)]
        {
            assert!(StudentId::new(text).is_err(), "{text:?}");
            assert!(JobId::new(text).is_err(), "{text:?}");
            assert!(AssignmentId::new(format!("{text}/x")).is_err(), "{text:?}");
        }
        assert!(AssignmentId::new("a/b/c").is_err());
        assert!(StudentId::new("answers").is_err(), "its folder would be the answers' folder");
        assert!(Digest::new("A".repeat(64)).is_err());
        assert!(Digest::new("a".repeat(63)).is_err());
        assert!(serde_json::from_str::<CaseId>("\"case-../\"").is_err());
    }

    #[test]
    fn cases_are_counted_from_one() {
        assert_eq!(CaseId::at(0).as_str(), "case-001");
        assert!(CaseId::new(CaseId::at(99_998).as_str()).is_ok());
    }
}
