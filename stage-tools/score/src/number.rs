//! Numbers in outputs: strict decimals, compared exactly or within a tolerance.
//!
//! What is not a plain decimal (`NaN`, `inf`, `0x10`, `1_000`, `1e999`) is not a number here and is compared as text by
//! the caller. Linear in the length of the word; never an allocation as large as an exponent claims.

/// A decimal number as it was written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Number<'a> {
    negative: bool,
    whole: &'a [u8],
    part: &'a [u8],
    exponent: i64,
    value: f64,
}

impl<'a> Number<'a> {
    /// The number that `word` is: `[+-]digits[.digits][e[+-]digits]`, with digits on one side of the dot at least.
    pub(crate) fn parse(word: &'a [u8]) -> Option<Number<'a>> {
        let (negative, unsigned) = match word {
            [b'-', rest @ ..] => (true, rest),
            [b'+', rest @ ..] => (false, rest),
            _ => (false, word),
        };
        let (mantissa, exponent) = match unsigned.iter().position(|b| matches!(b, b'e' | b'E')) {
            Some(at) => (&unsigned[..at], parse_exponent(&unsigned[at + 1..])?),
            None => (unsigned, 0),
        };
        let (whole, part) = match mantissa.iter().position(|b| *b == b'.') {
            Some(at) => (&mantissa[..at], &mantissa[at + 1..]),
            None => (mantissa, &mantissa[mantissa.len()..]),
        };
        let digits = |text: &[u8]| text.iter().all(u8::is_ascii_digit);
        if whole.len() + part.len() == 0 || !digits(whole) || !digits(part) {
            return None;
        }
        let value: f64 = std::str::from_utf8(word).ok()?.parse().ok()?;
        value.is_finite().then_some(Number { negative, whole, part, exponent, value })
    }

    /// Whether both are the same number, however it is written: `-0`, `0.0` and `0e5` are one.
    pub(crate) fn equals(&self, other: &Number<'_>) -> bool {
        let (mine, my_scale) = self.significant();
        let (theirs, their_scale) = other.significant();
        let zero = mine.len() == 0;
        mine.eq(theirs) && (zero || (my_scale == their_scale && self.negative == other.negative))
    }

    /// Whether `self`, the expected number, and `other` differ by no more than either tolerance.
    ///
    /// Decimal fractions are rounded when they are read, so that 0.3 and 0.4 are a little more than 0.1 apart; the
    /// tolerances are widened by that rounding, in favour of the submission. A tolerance of 0 is exact.
    pub(crate) fn is_near(&self, other: &Number<'_>, absolute: f64, relative: f64) -> bool {
        if self.equals(other) {
            return true;
        }
        let tolerance = absolute.max(relative * self.value.abs());
        let rounding = 2.0 * f64::EPSILON * self.value.abs().max(other.value.abs());
        tolerance > 0.0 && (self.value - other.value).abs() <= tolerance + rounding
    }

    /// The digits without zeros at either end, and the power of ten of the digit after the last of them.
    fn significant(&self) -> (impl ExactSizeIterator<Item = u8> + 'a, i64) {
        let (whole, part) = (self.whole, self.part);
        let at = move |i: usize| if i < whole.len() { whole[i] } else { part[i - whole.len()] };
        let all = whole.len() + part.len();
        let first = (0..all).find(|i| at(*i) != b'0').unwrap_or(all);
        let last = (first..all).rev().find(|i| at(*i) != b'0').map_or(first, |i| i + 1);
        let after = i64::try_from(whole.len()).unwrap_or(i64::MAX) - i64::try_from(last).unwrap_or(i64::MAX);
        ((first..last).map(at), self.exponent.saturating_add(after))
    }
}

/// An exponent that fits; a longer one is nothing that a program prints for a finite number.
fn parse_exponent(text: &[u8]) -> Option<i64> {
    let digits = text.strip_prefix(b"-").or_else(|| text.strip_prefix(b"+")).unwrap_or(text);
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(text).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn equal(a: &str, b: &str) -> bool {
        Number::parse(a.as_bytes()).unwrap().equals(&Number::parse(b.as_bytes()).unwrap())
    }

    fn near(expected: &str, actual: &str, absolute: f64, relative: f64) -> bool {
        Number::parse(expected.as_bytes()).unwrap().is_near(
            &Number::parse(actual.as_bytes()).unwrap(),
            absolute,
            relative,
        )
    }

    #[test]
    fn only_plain_decimals_are_numbers() {
        for word in ["0", "-0", "+1", "1.", ".5", "1.5e3", "1E-7", "00012"] {
            assert!(Number::parse(word.as_bytes()).is_some(), "{word}");
        }
        for word in [
            "",
            "-",
            "+",
            ".",
            "e5",
            "1e",
            "1e+",
            "--1",
            "1.2.3",
            "0x10",
            "1_000",
            "1,5",
            "nan",
            "NaN",
            "inf",
            "-inf",
            "infinity",
            "1e999",
            "1e99999999999999999999",
            "1e-99999999999999999999",
            "١",
            "1f",
        ] {
            assert!(Number::parse(word.as_bytes()).is_none(), "{word}");
        }
    }

    #[test]
    fn spellings_of_one_number_are_equal() {
        for (a, b) in [
            ("0", "-0"),
            ("0", "0e5"),
            ("1", "1.0"),
            ("1", "+1"),
            ("1000", "1e3"),
            ("0.5", ".5"),
            ("007", "7"),
            ("120", "1.2e2"),
            ("0.001", "1e-3"),
        ] {
            assert!(equal(a, b) && equal(b, a), "{a} {b}");
        }
        for (a, b) in [("1", "-1"), ("1", "10"), ("0.1", "0.01"), ("9007199254740993", "9007199254740992")] {
            assert!(!equal(a, b), "{a} {b}");
        }
    }

    #[test]
    fn a_tolerance_of_zero_is_exact_beyond_what_floating_point_holds() {
        assert!(!near("9007199254740993", "9007199254740992", 0.0, 0.0));
        assert!(!near("0", "1e-400", 0.0, 0.0));
        assert!(near("9007199254740993", "9007199254740993.000", 0.0, 0.0));
    }

    #[test]
    fn a_difference_as_large_as_the_tolerance_is_allowed() {
        assert!(near("0.3", "0.4", 0.1, 0.0));
        assert!(near("0.3", "0.2", 0.1, 0.0));
        assert!(!near("0.3", "0.400001", 0.1, 0.0));
        assert!(near("100", "101", 0.0, 0.01));
        assert!(!near("100", "101.1", 0.0, 0.01));
        assert!(near("-100", "-101", 0.0, 0.01));
        assert!(!near("1e308", "-1e308", 1e300, 0.1));
    }

    proptest! {
        #[test]
        fn equality_agrees_with_integers(a in any::<i32>(), b in any::<i32>(), zeros in 0_usize..5) {
            let padded = format!("{a}.{}", "0".repeat(zeros));
            prop_assert!(equal(&a.to_string(), &padded));
            prop_assert_eq!(equal(&a.to_string(), &b.to_string()), a == b);
        }
    }
}
