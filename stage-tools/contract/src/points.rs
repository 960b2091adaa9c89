//! Points, exact to a thousandth.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Points in thousandths. Never negative; adding saturates far above any sum of marks.
///
/// Floating point is never used for marks: sums are exact, and documents carry the shortest decimal form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Points(u32);

impl Points {
    /// No points.
    pub const ZERO: Points = Points(0);
    /// The most that one case or assignment may be worth: a million.
    pub const MAX: Points = Points(1_000_000_000);

    /// Points from thousandths; `None` above [`Points::MAX`].
    #[must_use]
    pub const fn from_thousandths(thousandths: u32) -> Option<Points> {
        if thousandths <= Points::MAX.0 { Some(Points(thousandths)) } else { None }
    }

    /// The value in thousandths.
    #[must_use]
    pub const fn thousandths(self) -> u32 {
        self.0
    }

    /// The sum, held at the largest value where it would not fit.
    #[must_use]
    pub const fn plus(self, other: Points) -> Points {
        Points(self.0.saturating_add(other.0))
    }

    /// These points less `basis_points` hundredths of a percent (10 % is 1,000), rounded half up to a thousandth.
    #[must_use]
    pub fn reduced_by(self, basis_points: u32) -> Points {
        let kept = u64::from(10_000_u32.saturating_sub(basis_points));
        let scaled = (u64::from(self.0) * kept + 5_000) / 10_000;
        Points(u32::try_from(scaled).unwrap_or(self.0))
    }
}

impl std::iter::Sum for Points {
    fn sum<I: Iterator<Item = Points>>(iter: I) -> Points {
        iter.fold(Points::ZERO, Points::plus)
    }
}

impl fmt::Display for Points {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, part) = (self.0 / 1_000, self.0 % 1_000);
        if part == 0 {
            write!(f, "{whole}")
        } else {
            write!(f, "{whole}.{}", format!("{part:03}").trim_end_matches('0'))
        }
    }
}

/// Text that is no number of points.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidPoints;

impl fmt::Display for InvalidPoints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number from 0 to 1000000 with at most three decimals")
    }
}

impl std::error::Error for InvalidPoints {}

impl FromStr for Points {
    type Err = InvalidPoints;

    fn from_str(text: &str) -> Result<Points, InvalidPoints> {
        let (whole, part) = text.split_once('.').unwrap_or((text, ""));
        let digits = |t: &str| t.bytes().all(|b| b.is_ascii_digit());
        let dot_without_digits = text.contains('.') && part.is_empty();
        if whole.is_empty()
            || whole.len() > 7
            || part.len() > 3
            || !digits(whole)
            || !digits(part)
            || dot_without_digits
        {
            return Err(InvalidPoints);
        }
        let whole: u32 = whole.parse().map_err(|_| InvalidPoints)?;
        let part: u32 = format!("{part:0<3}").parse().map_err(|_| InvalidPoints)?;
        whole
            .checked_mul(1_000)
            .and_then(|w| w.checked_add(part))
            .and_then(Points::from_thousandths)
            .ok_or(InvalidPoints)
    }
}

impl Serialize for Points {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.is_multiple_of(1_000) {
            serializer.serialize_u32(self.0 / 1_000)
        } else {
            // A value of at most 9 digits is the nearest double of its decimal form, and prints as that form again.
            serializer.serialize_f64(f64::from(self.0) / 1_000.0)
        }
    }
}

impl<'de> Deserialize<'de> for Points {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Points, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = Points;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{InvalidPoints}")
            }
            fn visit_u64<E: serde::de::Error>(self, v: u64) -> Result<Points, E> {
                v.to_string().parse().map_err(E::custom)
            }
            fn visit_i64<E: serde::de::Error>(self, v: i64) -> Result<Points, E> {
                v.to_string().parse().map_err(E::custom)
            }
            fn visit_f64<E: serde::de::Error>(self, v: f64) -> Result<Points, E> {
                v.to_string().parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimal_text_survives_documents() {
        for text in ["0", "10", "6.25", "0.001", "999999.999", "1000000", "0.5"] {
            let points: Points = text.parse().unwrap();
            assert_eq!(points.to_string(), text);
            let json = serde_json::to_string(&points).unwrap();
            assert_eq!(json, text);
            assert_eq!(serde_json::from_str::<Points>(&json).unwrap(), points);
        }
    }

    #[test]
    fn forged_numbers_are_refused() {
        for text in
            ["-1", "1e999", "NaN", "", ".", "1.", ".5", "1.2345", "1000001", "9999999999999", "+1", "0x1"]
        {
            assert!(text.parse::<Points>().is_err(), "{text}");
        }
        for json in ["-1", "1e300", "0.12345", "\"1\"", "null", "9007199254740993"] {
            assert!(serde_json::from_str::<Points>(json).is_err(), "{json}");
        }
    }

    #[test]
    fn penalties_round_half_up() {
        let ten: Points = "10".parse().unwrap();
        assert_eq!(ten.reduced_by(1_000).to_string(), "9");
        assert_eq!(ten.reduced_by(20_000), Points::ZERO);
        assert_eq!("0.005".parse::<Points>().unwrap().reduced_by(1_000).to_string(), "0.005");
    }
}
