//! The only code that opens, walks, unpacks, copies and removes what a student could have written.
//!
//! Everything is done relative to a directory that is held open ([`Root`]): no path is resolved from the file system's
//! root, no symbolic link is followed, no mount is crossed, every read and every tree has a limit, and passing a limit
//! is an error, never a cut. A file that is looked at is opened without blocking and must be a regular file.
//!
//! This crate never runs anything, never reads a clock for a decision about a submission, never prints, and depends on
//! no other crate of Assay.

#![forbid(unsafe_code)]
// A test that panics has failed; the library must not panic whatever it reads.
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        clippy::cast_possible_truncation
    )
)]

mod beneath;
mod copy;
mod descent;
mod error;
mod escape;
mod listing;
mod new_tree;
mod path;
mod remove;
mod rename;
mod root;
mod scratch;
mod tree;
mod walk;
pub mod zip;

pub use copy::{Copied, copy_hashed, receive_hashed};
pub use error::{Blame, Error, Kind};
pub use escape::escaped;
pub use path::{NameProblem, SubmissionPath};
pub use remove::remove_tree;
pub use rename::rename_dir;
pub use root::{HardLinks, Opened, Published, Replacement, Root};
pub use tree::{Links, copy_tree, readable_by_all};
pub use walk::{Budget, Entry, Measured, Walk, measure, walk};

#[cfg(test)]
mod testing;
