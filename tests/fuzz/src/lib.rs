//! What fuzzers and the kept corpora feed to Assay, and what must hold whatever they feed.
//!
//! Each module has one function that takes any bytes and panics where a promise is broken. The same bytes always do the
//! same: nothing here reads a clock, random numbers or anything outside its own scratch folder. A check never asks the
//! code that it checks whether that code is right; it has a rule of its own, or another reader.

mod edit;
mod scratch;
mod text;

// Modules of programs, and of a test, which no library has.
#[path = "../../../stage-tools/stage/src/args.rs"]
mod args;
#[path = "../../../stage-tools/untrusted/tests/zips/builder.rs"]
#[expect(dead_code, reason = "its own tests need more of it")]
mod builder;
#[path = "../../../stage-tools/stage/src/error.rs"]
#[expect(dead_code, reason = "the stages need more of it")]
mod error;
#[path = "../../../generator/local/src/facts.rs"]
#[expect(dead_code, reason = "what is believed is checked here, not what comes next")]
mod local_facts;

pub mod assignment;
pub mod parameters;
pub mod receipts;
pub mod rendering;
pub mod results;
pub mod tree;
pub mod zip;

/// Checks one input; panics where a promise is broken.
pub type Check = fn(&[u8]);

/// The targets by name.
pub const TARGETS: [(&str, Check); 7] = [
    ("assignment", assignment::check),
    ("zip", zip::check),
    ("tree", tree::check),
    ("results", results::check),
    ("receipts", receipts::check),
    ("parameters", parameters::check),
    ("rendering", rendering::check),
];
