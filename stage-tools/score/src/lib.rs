//! Scoring: comparing outputs with answers, adding up, and deciding what a student may see.
//!
//! Everything that comes from Verify and Test is hostile here, already bounded in size by whoever read it. This crate is
//! pure: no files, no clock, no randomness; the same input gives the same documents, byte for byte.

#![forbid(unsafe_code)]

mod case;
mod compare;
mod diff;
mod grade;
mod input;
mod marks;
mod number;
mod pattern;
pub mod safe_text;
mod sentence;
mod stop;
mod student;

pub use compare::{CompareError, compare};
pub use diff::{MAX_LINES, MAX_WIDTH, diff};
pub use grade::grade;
pub use input::{BuildLog, CaseEvidence, Found, Job, Setup};
pub use marks::{penalty_basis_points, uses_attempt};
pub use pattern::check_pattern;
pub use stop::LOG_END;
pub use student::student_view;

#[cfg(test)]
mod samples;
