//! The real binary, command by command: what it prints where, what it writes, how it exits.
//!
//! What people and programs read is held against `golden/`; with `ASSAY_UPDATE=1` in the environment those files are written
//! anew.

#[path = "../support/golden.rs"]
mod golden;
#[path = "../support/place.rs"]
mod place;
#[path = "../support/redact.rs"]
mod redact;
#[expect(dead_code, reason = "the tests of `assay-image` use the rest")]
#[path = "../../../image/tests/support/registry.rs"]
mod registry;
mod session;
#[path = "../support/update.rs"]
mod update;

mod admission;
mod audit;
mod check;
mod exits;
mod explain;
mod help;
mod image;
mod new;
mod receipt;
mod record;
mod render;
mod samples;
mod streams;
mod try_one;
mod watch;
