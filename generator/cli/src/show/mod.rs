//! What people see of a run: tables, differences, progress. Nothing here decides anything.

pub(crate) mod job;
pub(crate) mod parts;
pub(crate) mod progress;
pub(crate) mod run;
pub(crate) mod student;
