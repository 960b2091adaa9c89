//! What people see of a run: tables, differences, progress. Nothing here decides anything.

pub(crate) mod choice;
pub(crate) mod clock;
pub(crate) mod job;
pub(crate) mod parts;
pub(crate) mod progress;
pub(crate) mod queue;
pub(crate) mod run;
pub(crate) mod student;
