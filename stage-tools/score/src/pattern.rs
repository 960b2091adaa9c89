//! Expected outputs that are regular expressions.
//!
//! The pattern is the author's, the text is hostile: matching is linear in the text, and a pattern that is too large is
//! refused where it is written, not where it is used.

use regex::bytes::{Regex, RegexBuilder};

use crate::CompareError;

/// The longest pattern, in bytes.
const MAX_PATTERN: usize = 16 * 1024;
/// The largest compiled pattern, in bytes.
const MAX_COMPILED: usize = 2 * 1024 * 1024;
/// The largest cache of a match, in bytes.
const MAX_CACHE: usize = 8 * 1024 * 1024;

/// Checks that `pattern` can be an expected output, so that authors hear of a mistake before students do.
///
/// # Errors
/// [`CompareError::Pattern`], with the place and the reason.
pub fn check_pattern(pattern: &str) -> Result<(), CompareError> {
    compile(pattern.as_bytes()).map(drop)
}

/// Whether `pattern` matches the whole of `text`, one final newline aside.
pub(crate) fn matches_whole(pattern: &[u8], text: &[u8]) -> Result<bool, CompareError> {
    Ok(compile(pattern)?.is_match(text))
}

fn compile(pattern: &[u8]) -> Result<Regex, CompareError> {
    let invalid = |reason: String| CompareError::Pattern { reason };
    if pattern.len() > MAX_PATTERN {
        return Err(invalid(format!("it is longer than {MAX_PATTERN} bytes")));
    }
    let pattern = std::str::from_utf8(pattern).map_err(|_| invalid("it is not UTF-8".into()))?;
    // The line end with which an editor ends the file is not part of the pattern.
    let pattern = pattern.strip_suffix('\n').map_or(pattern, |rest| rest.strip_suffix('\r').unwrap_or(rest));

    // By itself first: `a)|(b` must not become valid by being wrapped.
    build(pattern).map_err(|error| invalid(error.to_string()))?;
    // In the `x` mode a comment at the end would swallow the bracket; only then does the first form fail, and the line
    // end of the second is ignored.
    build(&format!(r"\A(?:{pattern})\n?\z"))
        .or_else(|_| build(&format!("\\A(?:{pattern}\n)\\n?\\z")))
        .map_err(|error| invalid(error.to_string()))
}

fn build(pattern: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(pattern).size_limit(MAX_COMPILED).dfa_size_limit(MAX_CACHE).build()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, text: &str) -> bool {
        matches_whole(pattern.as_bytes(), text.as_bytes()).unwrap()
    }

    #[test]
    fn the_whole_output_must_match() {
        assert!(matches("a|ab", "ab"));
        assert!(matches("a|ab", "ab\n"));
        assert!(!matches("a|ab", "ab\n\n"));
        assert!(!matches("a|ab", "xab"));
        assert!(!matches("(?m)^a$", "a\nb"));
        assert!(matches("a\n", "a"), "the pattern file's own line end is not part of it");
        assert!(matches("a\r\n", "a"));
        assert!(matches("a\\n", "a\n"));
        assert!(matches("", "\n"));
    }

    #[test]
    fn flags_and_comments_stay_inside_the_pattern() {
        assert!(matches("(?i)a|b", "B"));
        assert!(matches("(?x) a b # a comment", "ab"));
        assert!(matches("(?x) a b # a comment", "ab\n"));
        assert!(!matches("(?x) a b # a comment", "ab\n\n"));
        assert!(matches("a#b", "a#b"));
    }

    #[test]
    fn output_that_is_not_text_can_match() {
        assert!(matches_whole(br"(?s-u)a.b", b"a\xffb").unwrap());
        assert!(!matches_whole(b"a.b", b"a\xffb").unwrap());
        assert!(matches("a.b", "aéb"));
    }

    #[test]
    fn bad_patterns_are_the_authors_mistake() {
        for pattern in ["(", ")", "a)|(b", "[", r"\", "*", r"(?<n>a)\k<n>", r"\p{Nothing}", r"(?x) a ) # ("] {
            assert!(check_pattern(pattern).is_err(), "{pattern}");
        }
        assert!(matches_whole(b"\xff", b"").is_err());
        assert!(check_pattern(&"a".repeat(MAX_PATTERN + 1)).is_err());
        assert!(check_pattern(r"(\w{100}){100}").is_err());
        assert!(check_pattern(r"\p{Greek}+(?i)straße").is_ok());
    }
}
