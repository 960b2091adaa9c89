//! The registry of problem codes: what each means, and how to put it right.
//!
//! A problem can only be made from an entry of this registry, and a test holds a sample of each under `tests/problems`.
//! Codes are kept once they are released; texts may change.

mod files;
mod form;
mod meaning;

pub use files::*;
pub use form::*;
pub use meaning::*;

use super::{Severity, nearest};

/// One kind of problem.
#[derive(Debug, PartialEq, Eq)]
pub struct Code {
    /// Its code, in kebab case.
    pub id: &'static str,
    /// Whether it stops the work.
    pub severity: Severity,
    /// What it means, in one line.
    pub summary: &'static str,
    /// Why it is a problem, and what to do.
    pub explanation: &'static str,
    /// An example of it.
    pub bad: &'static str,
    /// The same, put right.
    pub good: &'static str,
}

/// Declares the codes of one file and its list of them.
macro_rules! codes {
    ($list:ident; $($name:ident $severity:ident $id:literal $summary:literal $explanation:literal $bad:literal $good:literal)*) => {
        $(
            #[doc = $summary]
            pub static $name: $crate::diagnostics::Code = $crate::diagnostics::Code {
                id: $id,
                severity: $crate::diagnostics::Severity::$severity,
                summary: $summary,
                explanation: $explanation,
                bad: $bad,
                good: $good,
            };
        )*
        /// All codes of this file.
        pub(super) static $list: &[&$crate::diagnostics::Code] = &[$(&$name),*];
    };
}
use codes;

/// All codes, in the order in which an assignment meets them.
pub fn all() -> impl Iterator<Item = &'static Code> {
    [form::FORM, meaning::MEANING, files::FILES].into_iter().flatten().copied()
}

/// The entry of a code.
#[must_use]
pub fn find(code: &str) -> Option<&'static Code> {
    all().find(|known| known.id == code)
}

/// What `assay explain CODE` prints; `None` for a code that does not exist.
#[must_use]
pub fn explain(code: &str) -> Option<String> {
    let Code { id, severity, summary, explanation, bad, good } = find(code)?;
    let indent = |text: &str| text.lines().map(|line| format!("    {line}\n")).collect::<String>();
    Some(format!(
        "{id} ({})\n\n{summary}\n\n{explanation}\n\nWrong:\n\n{}\nRight:\n\n{}",
        severity.id(),
        indent(bad),
        indent(good)
    ))
}

/// The known code nearest to one that does not exist.
#[must_use]
pub fn nearest_code(code: &str) -> Option<&'static str> {
    nearest(code, all().map(|known| known.id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_in_kebab_case() {
        let mut ids: Vec<_> = all().map(|code| code.id).collect();
        for id in &ids {
            assert!(id.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'), "{id}");
        }
        ids.sort_unstable();
        let before = ids.len();
        ids.dedup();
        assert_eq!(ids.len(), before);
    }

    #[test]
    fn every_code_is_explained_with_two_different_examples() {
        for code in all() {
            assert!(code.summary.len() > 10 && code.explanation.len() > 30, "{}", code.id);
            assert_ne!(code.bad, code.good, "{}", code.id);
            assert!(explain(code.id).is_some_and(|page| page.contains(code.explanation)));
        }
    }

    #[test]
    fn slips_in_a_code_find_it() {
        assert_eq!(nearest_code("unknown-kye"), Some("unknown-key"));
        assert_eq!(nearest_code("zzz"), None);
        assert_eq!(explain("unknown-kye"), None);
    }
}
