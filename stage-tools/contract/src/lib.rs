//! What the generator and the stage tools agree on.
//!
//! The volume table, the stages, the names of files in the volumes, the documents that travel between stages and the
//! exit codes exist here and nowhere else. This crate holds data and its validity; it never does I/O, never reads a
//! clock, and depends on `serde` alone.

#![forbid(unsafe_code)]

pub mod administration;
pub mod answers;
pub mod cause;
pub mod configuration;
pub mod duties;
pub mod exit;
pub mod facts;
pub mod gradebook;
pub mod hardening;
pub mod ids;
pub mod layout;
pub mod limits;
pub mod oddity;
pub mod outcome;
pub mod points;
pub mod probe;
pub mod queue;
pub mod receipts;
pub mod result;
pub mod table;
pub mod verdict;
pub mod volume;

mod stage;

pub use administration::Duty;
pub use cause::Cause;
pub use exit::Exit;
pub use facts::{Fact, Output};
pub use ids::{AssignmentId, CaseId, Digest, InvalidId, JobId, RequestKey, StudentId};
pub use limits::Limits;
pub use oddity::{Oddity, OddityCode};
pub use points::Points;
pub use stage::{Stage, Trust};
pub use table::{Access, Mount};
pub use verdict::{Fault, Verdict};
pub use volume::{Lifetime, Volume};

/// The version of every document in this crate; a reader refuses any other.
pub const API_VERSION: &str = "assay.dev/v1";
