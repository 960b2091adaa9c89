//! Whether an output is the expected one.
//!
//! The actual output is hostile and may be as large as the output limit: every comparison is linear in both texts and
//! copies neither. The order of strictness is exact, trimmed, tokens, numeric: each accepts what the one before does.

use assay_contract::answers::Compare;
use thiserror::Error;

use crate::number::Number;
use crate::pattern;

/// Why an output could not be compared; always the author's mistake.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CompareError {
    /// The expected output is to be a regular expression and is none that can be used.
    #[error("the expected output is not a usable regular expression: {reason}")]
    Pattern {
        /// Why not, and where; may quote the pattern, so it is not for students.
        reason: String,
    },
    /// A tolerance is negative or not a number.
    #[error("a tolerance must be a number that is not negative")]
    Tolerance,
}

/// Whether `actual` is what `expected` asks for.
///
/// # Errors
/// If the answers themselves cannot be used.
pub fn compare(how: &Compare, expected: &[u8], actual: &[u8]) -> Result<bool, CompareError> {
    match *how {
        Compare::Exact => Ok(expected == actual),
        Compare::Trimmed => Ok(trimmed_lines(expected).eq(trimmed_lines(actual))),
        Compare::Tokens => Ok(words(expected).eq(words(actual))),
        Compare::Numeric { absolute, relative } => {
            // Written so that a NaN is refused too.
            if !(absolute >= 0.0 && relative >= 0.0) {
                return Err(CompareError::Tolerance);
            }
            let (mut left, mut right) = (words(expected), words(actual));
            loop {
                match (left.next(), right.next()) {
                    (None, None) => return Ok(true),
                    (Some(left), Some(right)) if same_word(left, right, absolute, relative) => {}
                    _ => return Ok(false),
                }
            }
        }
        Compare::Regex => pattern::matches_whole(expected, actual),
    }
}

fn same_word(expected: &[u8], actual: &[u8], absolute: f64, relative: f64) -> bool {
    expected == actual
        || Number::parse(expected)
            .zip(Number::parse(actual))
            .is_some_and(|(expected, actual)| expected.is_near(&actual, absolute, relative))
}

/// White space as C's `isspace` has it; a no-break space is not.
pub(crate) fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

pub(crate) fn trim_end(text: &[u8]) -> &[u8] {
    let end = text.iter().rposition(|b| !is_space(*b)).map_or(0, |last| last + 1);
    &text[..end]
}

/// The lines without white space at their ends, and without the empty ones at the end of the text.
fn trimmed_lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    trim_end(text).split(|b| *b == b'\n').map(trim_end)
}

pub(crate) fn words(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|b| is_space(*b)).filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const CLOSE: Compare = Compare::Numeric { absolute: 1e-6, relative: 1e-6 };
    const SAME_NUMBER: Compare = Compare::Numeric { absolute: 0.0, relative: 0.0 };

    fn equal(how: &Compare, expected: &str, actual: &str) -> bool {
        compare(how, expected.as_bytes(), actual.as_bytes()).unwrap()
    }

    #[test]
    fn exact_is_every_byte() {
        assert!(equal(&Compare::Exact, "a\n", "a\n"));
        assert!(!equal(&Compare::Exact, "a\n", "a"));
    }

    #[test]
    fn trimmed_ignores_what_cannot_be_seen_at_line_ends() {
        for actual in ["a\nb", "a \nb\t\n", "a\r\nb\r\n\r\n", "a\nb\n \n\n", "a\nb\u{b}\u{c}"] {
            assert!(equal(&Compare::Trimmed, "a\nb\n", actual), "{actual:?}");
        }
        for actual in ["a\n\nb", " a\nb", "\na\nb", "a b", "a\rb", "a\nb\u{a0}"] {
            assert!(!equal(&Compare::Trimmed, "a\nb\n", actual), "{actual:?}");
        }
        assert!(equal(&Compare::Trimmed, "", "\n \n"));
    }

    #[test]
    fn tokens_ignores_how_words_are_separated() {
        assert!(equal(&Compare::Tokens, "1 2\n3", "\t1\r\n2 3\n\n"));
        assert!(!equal(&Compare::Tokens, "1 2", "12"));
        assert!(!equal(&Compare::Tokens, "1", "1 2"));
        assert!(!equal(&Compare::Tokens, "1", "1.0"));
        assert!(equal(&Compare::Tokens, "", " \n"));
    }

    #[test]
    fn numeric_compares_numbers_as_numbers_and_the_rest_as_text() {
        assert!(equal(&CLOSE, "mean 3.0000001", "mean\n3"));
        assert!(equal(&CLOSE, "-0", "0.0"));
        assert!(equal(&CLOSE, "nan inf", "nan inf"));
        for (expected, actual) in [
            ("nan", "NaN"),
            ("inf", "infinity"),
            ("inf", "1e999"),
            ("1", "nan"),
            ("16", "0x10"),
            ("1", "1 1"),
        ] {
            assert!(!equal(&CLOSE, expected, actual), "{expected} {actual}");
        }
    }

    #[test]
    fn tolerances_that_make_no_sense_are_the_authors_mistake() {
        for (absolute, relative) in [(-1.0, 0.0), (0.0, -0.5), (f64::NAN, 0.0)] {
            let how = Compare::Numeric { absolute, relative };
            assert_eq!(compare(&how, b"1", b"1"), Err(CompareError::Tolerance));
        }
    }

    fn text() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            Just(" "),
            Just("\n"),
            Just("\r\n"),
            Just("\t"),
            Just("a"),
            Just("b"),
            Just("1"),
            Just("1.0"),
            Just("-0"),
            Just("0"),
            Just("1e0"),
            Just("nan"),
            Just("é"),
        ];
        proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn each_comparison_accepts_what_a_stricter_one_does(a in text(), b in text()) {
            let order = [Compare::Exact, Compare::Trimmed, Compare::Tokens, SAME_NUMBER, CLOSE];
            let accepted: Vec<bool> = order.iter().map(|how| equal(how, &a, &b)).collect();
            prop_assert!(accepted.is_sorted(), "{accepted:?}");
        }

        #[test]
        fn every_text_is_equal_to_itself_and_equality_has_no_direction(a in text(), b in text()) {
            for how in [Compare::Exact, Compare::Trimmed, Compare::Tokens, SAME_NUMBER] {
                prop_assert!(equal(&how, &a, &a));
                prop_assert_eq!(equal(&how, &a, &b), equal(&how, &b, &a));
            }
        }

        #[test]
        fn any_bytes_compare_without_a_panic(a in any::<Vec<u8>>(), b in any::<Vec<u8>>()) {
            for how in [Compare::Exact, Compare::Trimmed, Compare::Tokens, CLOSE] {
                prop_assert!(compare(&how, &a, &a).unwrap());
                prop_assert!(compare(&how, &a, &b).is_ok());
            }
        }
    }
}
