//! Amounts of bytes as Kubernetes writes them: `512Mi`.

use std::fmt;

use serde::{Deserialize, Serialize};

/// An amount of bytes. Written as a whole number with `Ki`, `Mi`, `Gi`, `Ti` or nothing behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Quantity(u64);

/// A text that is not an amount of bytes.
#[derive(Debug, thiserror::Error)]
#[error("expected a whole number of bytes, with `Ki`, `Mi`, `Gi` or `Ti` behind it, such as `512Mi`")]
pub struct InvalidQuantity;

/// Units from the largest to the smallest, so that a quantity is written as briefly as it can be.
const UNITS: [(&str, u32); 4] = [("Ti", 40), ("Gi", 30), ("Mi", 20), ("Ki", 10)];

impl Quantity {
    /// That many bytes.
    #[must_use]
    pub const fn from_bytes(bytes: u64) -> Self {
        Self(bytes)
    }

    /// How many bytes.
    #[must_use]
    pub const fn bytes(self) -> u64 {
        self.0
    }

    /// Reads a quantity.
    ///
    /// # Errors
    /// If the text is not one, or is too large for 64 bits.
    pub fn parse(text: &str) -> Result<Self, InvalidQuantity> {
        let (digits, shift) = UNITS
            .into_iter()
            .find_map(|(unit, shift)| text.strip_suffix(unit).map(|digits| (digits, shift)))
            .unwrap_or((text, 0));
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(InvalidQuantity);
        }
        let count: u64 = digits.parse().map_err(|_| InvalidQuantity)?;
        count.checked_mul(1 << shift).map(Self).ok_or(InvalidQuantity)
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = |shift: u32| self.0 != 0 && self.0.trailing_zeros() >= shift;
        match UNITS.into_iter().find(|(_, shift)| whole(*shift)) {
            Some((unit, shift)) => write!(f, "{}{unit}", self.0 >> shift),
            None => write!(f, "{}", self.0),
        }
    }
}

impl TryFrom<String> for Quantity {
    type Error = InvalidQuantity;
    fn try_from(text: String) -> Result<Self, InvalidQuantity> {
        Self::parse(&text)
    }
}

impl From<Quantity> for String {
    fn from(quantity: Quantity) -> String {
        quantity.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_written_is_read_again(bytes in any::<u64>(), shift in 0_u32..45) {
            for bytes in [bytes, (bytes >> 45) << shift] {
                let text = Quantity::from_bytes(bytes).to_string();
                prop_assert_eq!(Quantity::parse(&text).unwrap().bytes(), bytes);
            }
        }
    }

    #[test]
    fn only_whole_binary_amounts_are_read() {
        for text in ["", "Mi", "-1", "+1", "1.5Gi", "1 Gi", "1G", "1gi", "99999999Ti", "{{x}}"] {
            assert!(Quantity::parse(text).is_err(), "{text}");
        }
    }
}
