//! Scoring: comparing outputs with answers, adding up, and deciding what a student may see.
//!
//! Everything that comes from Verify and Test is hostile bytes here, already bounded in size by whoever read it. This
//! crate is pure: no files, no clock, no randomness; the same input gives the same documents, byte for byte.

#![forbid(unsafe_code)]

mod compare;
mod diff;
mod number;
mod pattern;
pub mod safe_text;

pub use compare::{CompareError, compare};
pub use diff::{MAX_LINES, MAX_WIDTH, diff};
pub use pattern::check_pattern;
